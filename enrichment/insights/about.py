"""Facts about the owner: what is true of them now, what they like, and what they want or plan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import User
from enrichment.facts import facts, true_at
from enrichment.insights._owner import Own
from enrichment.insights.telling import is_taste, is_telling
from enrichment.models import Relation
from enrichment.relations import is_single, shown_predicate

CITED: Final = 5
_READ: Final = 600
_LEAST_SURE: Final = 0.6
_PLAN_DAYS: Final = 120
_PLANS: Final = ("wanted", "planned")


@dataclass(slots=True)
class Known:
    """Something that memories state of the owner: in words, since when, and the memories, newest first."""

    relation_id: UUID
    text: str
    predicate: str
    thing: str
    is_taste: bool
    is_named: bool
    since: datetime | None
    memory_ids: list[UUID] = field(default_factory=list)
    sentence: str = ""
    count: int = 0

    @property
    def is_telling(self) -> bool:
        """Whether it is worth telling."""
        return is_telling(self.predicate, self.thing, self.sentence, count=self.count, is_named=self.is_named)

    @property
    def cited(self) -> list[UUID]:
        """The memories to name."""
        return self.memory_ids[:CITED]


def known_of(owner: User, own: Own, moment: datetime) -> list[Known]:
    """What is true now, what is one at a time first (lives in, works at), then what is stated most and last."""
    rows = true_at(facts(owner), moment).filter(modality="")
    found = [one for one in _gathered(_recent(rows, own)) if one.is_telling]
    return sorted(found, key=lambda one: (not is_single(one.predicate), -one.count))


def plans_of(owner: User, own: Own, moment: datetime) -> list[Known]:
    """What the owner said lately that they want or mean to do."""
    rows = facts(owner).filter(modality__in=_PLANS, is_negated=False)
    lately = rows.filter(memory__occurred_at__gte=moment - timedelta(days=_PLAN_DAYS))
    return [one for one in _gathered(_recent(lately, own)) if not one.predicate.startswith("be ")]


def _recent(rows: QuerySet[Relation], own: Own) -> list[Relation]:
    mine = rows.filter(subject_node__in=own.entities, confidence__gte=_LEAST_SURE)
    return list(mine.select_related("object").order_by("-memory__occurred_at", "-id")[:_READ])


def _gathered(rows: Iterable[Relation]) -> list[Known]:
    """One for each thing that is stated, in however many memories."""
    found: dict[tuple[bytes, UUID, bool, str], Known] = {}
    for row in rows:
        key = (bytes(row.predicate_key), row.object_node, row.is_negated, row.modality)
        one = found.setdefault(key, _known(row))
        one.count += 1
        if row.memory_id not in one.memory_ids:
            one.memory_ids.append(row.memory_id)
        if row.valid_from and (one.since is None or row.valid_from < one.since):
            one.since = row.valid_from
    return list(found.values())


def _known(row: Relation) -> Known:
    predicate = str(row.said["predicate"])
    return Known(
        relation_id=row.id,
        text=_words(row, predicate),
        predicate=predicate,
        thing=row.object.name if row.object else str(row.said["object"]),
        is_taste=is_taste(predicate),
        is_named=row.object is not None,
        since=row.valid_from,
        sentence=str(row.said["sentence"]),
    )


def _words(row: Relation, predicate: str) -> str:
    """'Lives in Berlin', 'Does not eat meat', 'Wants: visit Rome'."""
    thing = row.object.name if row.object else str(row.said["object"])
    if row.modality:
        plain = predicate
    elif row.is_negated:
        plain = predicate.removesuffix(" is") + " is not" if predicate.endswith(" is") else f"does not {predicate}"
        plain = plain.replace("does not be ", "is not ")
    else:
        plain = shown_predicate(predicate)
    text = f"{plain} {thing}".strip()
    return text[:1].upper() + text[1:]
