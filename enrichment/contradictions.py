"""Reads: facts that cannot both be so and that no rule sets in order, and what people decided about such pairs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import TruncDate

from accounts.models import User
from enrichment import facts
from enrichment.models import FactVerdict, Relation
from memshadow.lib.clock import now

# Statements that are looked at, the newest first, and verdicts that are listed.
STATEMENTS_MAX: Final = 2000
DECIDED_MAX: Final = 200
DENIED: Final = "one says what the other denies"
TWO_AT_ONCE: Final = "there is one at a time, and neither is the newer by a day"
_Key = tuple[UUID, bytes, UUID]
_Action = FactVerdict.Action


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two facts, the older first, why they cannot both be so, and what a person decided."""

    older: Relation
    newer: Relation
    reason: str
    verdict: FactVerdict | None = None


def open_contradictions(owner: User) -> list[Contradiction]:
    """Pairs that wait for a person, the newest first; each fact once, however often it is stated."""
    decided = _decided_keys(owner)
    pairs = [*_denials(owner), *_rivals(owner)]
    waiting = [pair for pair in pairs if not {_keys(pair), _keys(pair)[::-1]} & decided]
    return sorted(waiting, key=lambda pair: (_time(pair.newer), pair.newer.id), reverse=True)


def decided_contradictions(owner: User, action: str) -> list[Contradiction]:
    """Pairs of which a person said that only the newer is so (`newer`), or that both stand (`both`), newest first."""
    rows = facts.verdicts(owner).filter(action=action).exclude(newer_key=b"").order_by("-at", "id")[:DECIDED_MAX]
    verdicts = list({(row.at, row.action): row for row in rows}.values())
    stated = _stated_by(owner, [key for row in verdicts for key in (bytes(row.older_key), bytes(row.newer_key))])
    found = []
    for row in verdicts:
        older, newer = stated.get(bytes(row.older_key)), stated.get(bytes(row.newer_key))
        if older and newer:
            reason = DENIED if older.is_negated != newer.is_negated else TWO_AT_ONCE
            found.append(Contradiction(older, newer, reason, row))
    return found


def _denials(owner: User) -> Iterator[Contradiction]:
    """'Likes coffee' and 'does not like coffee', each by its last statement."""
    rows = _standing(owner)
    denied = rows.filter(is_negated=True, **_same())
    affirmed = rows.filter(is_negated=False, **_same())
    no = _last(rows.filter(Exists(affirmed), is_negated=True))
    yes = _last(rows.filter(Exists(denied), is_negated=False))
    for key in no.keys() & yes.keys():
        older, newer = sorted((no[key], yes[key]), key=lambda row: (_time(row), row.id))
        yield Contradiction(older, newer, DENIED)


def _rivals(owner: User) -> Iterator[Contradiction]:
    """Two objects of a predicate that has one at a time, since the same day."""
    rows = _standing(owner).filter(is_single=True, is_negated=False, valid_from__isnull=False)
    rows = rows.annotate(since=TruncDate("valid_from", tzinfo=UTC))
    same = {name: OuterRef(name) for name in ("subject_node", "predicate_key", "since")}
    others = rows.filter(~Q(object_node=OuterRef("object_node")), **same)
    groups: dict[tuple[UUID, bytes, object], dict[_Key, Relation]] = {}
    for key, row in _last(rows.filter(Exists(others))).items():
        groups.setdefault((*key[:2], _time(row).date()), {})[key] = row
    for group in groups.values():
        listed = sorted(group.values(), key=lambda row: (_time(row), row.id))
        for older, newer in pairwise(listed):
            yield Contradiction(older, newer, TWO_AT_ONCE)


def _standing(owner: User) -> QuerySet[Relation]:
    """What is said to be so or not so, and is not over; 'no longer' ends by itself and contradicts nothing."""
    rows = facts.facts(owner).filter(modality="", is_end=False)
    return rows.filter(Q(ends_at=None) | Q(ends_at__gt=now()))


def _same() -> dict[str, OuterRef]:
    return {name: OuterRef(name) for name in ("subject_node", "predicate_key", "object_node")}


def _last(rows: QuerySet[Relation]) -> dict[_Key, Relation]:
    """The last statement of each fact."""
    listed = facts.with_memory(rows).order_by("-learnt_at", "-id")[:STATEMENTS_MAX]
    found: dict[_Key, Relation] = {}
    for row in sorted(listed, key=lambda row: (_time(row), row.id)):
        found[row.subject_node, bytes(row.predicate_key), row.object_node] = row
    return found


def _time(row: Relation) -> datetime:
    return row.valid_from or row.memory.occurred_at


def _keys(pair: Contradiction) -> tuple[bytes, bytes]:
    return bytes(pair.older.fact_key), bytes(pair.newer.fact_key)


def _decided_keys(owner: User) -> set[tuple[bytes, bytes]]:
    rows = facts.verdicts(owner).exclude(newer_key=b"").values_list("older_key", "newer_key")
    return {(bytes(older), bytes(newer)) for older, newer in rows}


def _stated_by(owner: User, keys: Sequence[bytes]) -> dict[bytes, Relation]:
    """The last statement of each fact by its key."""
    rows = facts.with_memory(facts.facts(owner)).filter(fact_key__in=keys)
    return {bytes(row.fact_key): row for row in rows.order_by("learnt_at", "id")}
