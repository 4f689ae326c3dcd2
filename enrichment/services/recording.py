"""What was found in memories becomes mentions of entities; found again, it replaces what was there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Count

from enrichment.entities import NAME_KINDS, THING_KINDS, Found
from enrichment.models import Entity, Mention
from enrichment.services.resolving import Resolved, resolve_names
from memories.models import Memory
from memshadow.lib.ids import new_id

SAME_MEMORY: Final = "named in full in the same memory"
SAME_CONVERSATION: Final = "named in full in the same conversation"


@transaction.atomic
def record_mentions(*, owner_id: UUID, found: Mapping[Memory, Sequence[Found]]) -> None:
    """Make these the mentions of memories of one owner. Corrections by hand stay: names keep whose they are."""
    names = [(one.kind, one.value) for seen in found.values() for one in seen if one.kind in THING_KINDS]
    resolved = resolve_names(owner_id=owner_id, names=names)
    Mention.objects.filter(owner_id=owner_id, memory__in=list(found)).delete()
    Mention.objects.bulk_create(
        mention for memory, seen in found.items() for mention in _mentions(memory, seen, resolved)
    )
    _sort_by_most({whose.name.entity_id for named, whose in resolved.items() if named[0] in NAME_KINDS})


def _mentions(memory: Memory, seen: Sequence[Found], resolved: Mapping[tuple[str, str], Resolved]) -> Iterator[Mention]:
    mine = {(one.kind, one.value): resolved[one.kind, one.value] for one in seen if one.kind in THING_KINDS}
    certain = {whose.name.entity_id for whose in mine.values() if not whose.rivals}
    meant = {named: _meant(memory, whose, certain) for named, whose in mine.items()}
    for one in seen:
        mention = Mention(id=new_id(), owner_id=memory.owner_id, memory=memory, kind=one.kind, rule=one.rule)
        mention.start, mention.end = one.start, one.end
        mention.said = {"words": one.text} | ({"value": one.value} if one.value != one.text else {})
        if whose := mine.get((one.kind, one.value)):
            mention.name = whose.name
            mention.entity_id, mention.reason = meant[one.kind, one.value]
        yield mention


def _meant(memory: Memory, whose: Resolved, certain: set[UUID]) -> tuple[UUID, str]:
    """Whom a part of a name means here: the one of several who is named in full nearby, else whose it was first."""
    own = whose.name.entity_id
    if not whose.rivals:
        return own, ""
    possible = {own, *whose.rivals}
    for nearby, reason in ((certain & possible, SAME_MEMORY), (_in_conversation(memory, possible), SAME_CONVERSATION)):
        if len(nearby) == 1:
            return nearby.pop(), reason
    return own, ""


def _sort_by_most(entities: set[UUID]) -> None:
    """What pipelines see now as this and now as that is what they see most, unless a person said what it is."""
    rows = Mention.objects.filter(entity__in=entities, entity__is_sorted_by_hand=False, kind__in=NAME_KINDS)
    counts: dict[UUID, dict[str, int]] = {}
    for entity_id, kind, number in rows.values_list("entity", "kind").annotate(n=Count("id")).order_by("kind"):
        counts.setdefault(entity_id, {})[kind] = number
    for entity_id, kinds in counts.items():
        most = max(kinds, key=lambda kind: kinds[kind])
        if len(kinds) > 1:
            Entity.objects.filter(id=entity_id).exclude(kind=most).update(kind=most)


def _in_conversation(memory: Memory, possible: set[UUID]) -> set[UUID]:
    """Those whose full names other turns of the conversation hold."""
    if memory.conversation_id is None:
        return set()
    rows = Mention.objects.filter(owner_id=memory.owner_id, memory__conversation_id=memory.conversation_id)
    names = rows.filter(entity__in=possible).exclude(memory=memory).select_related("name")
    return {row.entity_id for row in names if row.entity_id and row.name and " " in row.name.name}
