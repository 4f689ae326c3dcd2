"""What memories state becomes relations; read again, what is still stated stays the same row and as old."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from enrichment.models import EntityName, Relation, fact_key, predicate_key
from enrichment.relations import Statement, is_own, is_single
from enrichment.services.following import Nodes, place
from enrichment.services.resolving import hold_names
from enrichment.services.speaking import speakers_of
from memories.models import Memory
from memshadow.lib.ids import new_id

_Key = tuple[bytes, str, bool]


@transaction.atomic
def record_relations(*, owner_id: UUID, stated: Mapping[Memory, Sequence[Statement]]) -> None:
    """Make these the statements of memories of one owner. What people said to facts holds, for it is kept by words."""
    hold_names(owner_id)
    talking = [memory for memory, found in stated.items() if any(_needs_speaker(one) for one in found)]
    speakers = speakers_of(talking)
    nodes = Nodes(owner_id, {memory.id for memory in stated})
    known = _known(owner_id, stated)
    fresh = [
        row
        for memory, found in stated.items()
        for row in _rows(memory, found, nodes, speakers.get(memory.id), known.get(memory.id, {}))
    ]
    _give_up(stated, known, {row.id for row in fresh})
    Relation.objects.filter(owner_id=owner_id, id__in=[row.id for row in fresh]).delete()
    Relation.objects.bulk_create(fresh, batch_size=1000)


def _needs_speaker(one: Statement) -> bool:
    return any(part.is_speaker or is_own(part.text) for part in (one.subject, one.object))


def _known(owner_id: UUID, stated: Mapping[Memory, Sequence[Statement]]) -> dict[UUID, dict[_Key, Relation]]:
    """What was read in these memories before and still stands, by what it states."""
    found: dict[UUID, dict[_Key, Relation]] = {}
    for row in Relation.objects.filter(owner_id=owner_id, memory__in=list(stated), unlearnt_at=None):
        found.setdefault(row.memory_id, {})[bytes(row.fact_key), row.modality, row.is_end] = row
    return found


def _rows(
    memory: Memory, found: Sequence[Statement], nodes: Nodes, speaker: EntityName | None, known: Mapping[_Key, Relation]
) -> list[Relation]:
    """A row for each different statement, the surest where one is made twice."""
    rows: dict[_Key, Relation] = {}
    for one in sorted(found, key=lambda one: -one.confidence):
        row = _row(memory, one, speaker if _needs_speaker(one) else None)
        key = (bytes(row.fact_key), row.modality, row.is_end)
        if key not in rows:
            before = known.get(key)
            row.id = before.id if before else row.id
            row.learnt_at = before.learnt_at if before else learnt_from(memory)
            row.said = _said(memory, one)
            place(row, nodes, row.said)
            rows[key] = row
    return list(rows.values())


def _row(memory: Memory, one: Statement, speaker: EntityName | None) -> Relation:
    row = Relation(id=new_id(), owner_id=memory.owner_id, memory=memory, speaker=speaker)
    row.predicate_key = predicate_key(memory.owner_id, one.predicate)
    subject, thing = (_words(part.text, part.is_speaker, speaker) for part in (one.subject, one.object))
    row.fact_key = fact_key(memory.owner_id, subject, one.predicate, thing, one.is_negated)
    row.start, row.end, row.rule, row.confidence = one.start, one.end, one.rule, one.confidence
    row.is_negated, row.is_end, row.modality = one.is_negated, one.is_end, one.modality
    row.is_single, row.time_rule = is_single(one.predicate), one.time_rule
    row.valid_from, row.valid_to = one.valid_from, one.valid_to
    row.closes_at = _closes_at(row)
    return row


def _words(text: str, is_speaker: bool, speaker: EntityName | None) -> str:
    """What a verdict remembers a subject or object by: its words, and whose where they say 'I' or 'my'."""
    mine = speaker is not None and (is_speaker or is_own(text))
    return f"{speaker.id if speaker and mine else ''} {text.casefold()}".strip()


def _closes_at(row: Relation) -> datetime | None:
    if row.modality:
        return None
    if row.is_end:
        return row.valid_from if row.is_negated else row.valid_to
    starts = row.is_single and not row.is_negated and row.valid_to is None
    return row.valid_from if starts else None


def learnt_from(memory: Memory) -> datetime:
    """When its words were known: since it was saved, or last edited."""
    return memory.updated_at if memory.revision_count else memory.created_at


def _said(memory: Memory, one: Statement) -> dict[str, Any]:
    said: dict[str, Any] = {"predicate": one.predicate, "sentence": memory.content[one.start : one.end]}
    for side, part in (("subject", one.subject), ("object", one.object)):
        said |= {side: part.text, f"{side}_at": part.head} | ({f"{side}_speaks": True} if part.is_speaker else {})
    return said


def _give_up(
    stated: Mapping[Memory, Sequence[Statement]], known: Mapping[UUID, Mapping[_Key, Relation]], kept: set[UUID]
) -> None:
    """What a text says no more was known until it was edited; what is only read otherwise now was never so."""
    for memory in stated:
        for row in known.get(memory.id, {}).values():
            if row.id in kept:
                continue
            if str(row.said["sentence"]) in memory.content:
                row.delete()
            else:
                row.unlearnt_at = memory.updated_at
                row.save(update_fields=["unlearnt_at"])
