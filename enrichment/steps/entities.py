"""Entities: what each memory names, by its language's pipeline and by exact patterns, kept as mentions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.models import User
from enrichment.entities import Found
from enrichment.language import has_pipeline, parsed, passages
from enrichment.protocol import Cost, Outcome, Result, Step, StepInput
from enrichment.services.recording import record_mentions
from memories.models import Memory
from memories.people import people_for

_FALLBACK = "en"


class EntitiesStep(Step):
    """The result is `found`: a list of kind, start, end, words, value, rule, and for dates starts_at and ends_at."""

    name = "entities"
    label = "Entities"
    version = 1
    cost = Cost.LIGHT

    def run(self, batch: Sequence[StepInput]) -> Sequence[Outcome]:
        """All texts of a language go through its pipeline at once."""
        from enrichment.entities.finding import find_entities

        people = _people({one.owner_id for one in batch})
        outcomes = []
        for one in _parsed_first(batch):
            found = find_entities(
                one.text, language=_language(one), occurred_at=one.occurred_at, people=people[one.owner_id]
            )
            outcomes.append(Outcome({"found": [_as_json(thing) for thing in found]}))
        return outcomes

    def record(self, done: Sequence[tuple[StepInput, Result]]) -> None:
        """Mentions, and the entities that they are of."""
        owner_id = done[0][0].owner_id
        rows = Memory.objects.filter(owner_id=owner_id).in_bulk([one.memory_id for one, _ in done])
        found = {rows[one.memory_id]: _from_json(result) for one, result in done if one.memory_id in rows}
        record_mentions(owner_id=owner_id, found=found)


def _parsed_first(batch: Sequence[StepInput]) -> Iterator[StepInput]:
    """The batch, once its texts are parsed: each is then found among those that were parsed last."""
    texts: dict[str, list[str]] = {}
    for one in batch:
        texts.setdefault(_language(one), []).extend(passage for _, passage in passages(one.text))
    for language, found in texts.items():
        parsed(found, language)
    yield from batch


def _language(one: StepInput) -> str:
    """Texts too short to tell are read as English in Latin letters: a name is one in any language."""
    if one.language in ("", "und") and has_pipeline(_FALLBACK) and one.text[:200].isascii():
        return _FALLBACK
    return one.language


def _people(owner_ids: set[UUID]) -> dict[UUID, list[str]]:
    """Whoever said something that each owner's memories hold."""
    return {owner.id: people_for(owner) for owner in User.objects.filter(id__in=owner_ids)}


def _as_json(one: Found) -> dict[str, Any]:
    plain: dict[str, Any] = {"kind": one.kind, "start": one.start, "end": one.end, "words": one.text}
    plain |= {"value": one.value, "rule": one.rule}
    if one.starts_at and one.ends_at:
        plain |= {"starts_at": one.starts_at.isoformat(), "ends_at": one.ends_at.isoformat()}
    return plain


def _from_json(result: Mapping[str, Any]) -> list[Found]:
    return [
        Found(
            one["kind"],
            one["start"],
            one["end"],
            one["words"],
            one["value"],
            one["rule"],
            *(datetime.fromisoformat(one[side]) for side in ("starts_at", "ends_at") if side in one),
        )
        for one in result.get("found", ())
    ]


STEP = EntitiesStep()
