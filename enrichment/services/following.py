"""What statements are about follows what their words mean: where mentions go to another entity, they go along."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from enrichment.models import EntityName, Mention, Relation, phrase_node
from enrichment.relations import is_own

_BATCH = 2000


@dataclass(frozen=True, slots=True)
class Node:
    """An entity, or a phrase that is none."""

    entity_id: UUID | None
    id: UUID


class Nodes:
    """Which node the words at a place of a memory are, by the mentions of these memories."""

    def __init__(self, owner_id: UUID, memory_ids: Collection[UUID]) -> None:
        self._owner_id = owner_id
        self._places: dict[UUID, list[tuple[int, int, UUID]]] = {}
        rows = Mention.objects.filter(owner_id=owner_id, memory__in=memory_ids, entity__isnull=False)
        for memory, start, end, entity in rows.values_list("memory", "start", "end", "entity"):
            self._places.setdefault(memory, []).append((start, end, entity))

    def at(self, memory_id: UUID, place: int, words: str, speaker: EntityName | None, is_speaker: bool) -> Node:
        """Whoever speaks, what is mentioned there, else the phrase; 'my sister' is each speaker's own."""
        if is_speaker and speaker is not None:
            return Node(speaker.entity_id, speaker.entity_id)
        for start, end, entity in self._places.get(memory_id, ()):
            if start <= place < end:
                return Node(entity, entity)
        whose = f"{speaker.id} " if speaker is not None and is_own(words) else ""
        return Node(None, phrase_node(self._owner_id, whose + words.casefold()))


def follow_entities(owner_id: UUID, entities: Iterable[UUID]) -> None:
    """Look again at what is stated of these, after their names or mentions went elsewhere."""
    wanted = set(entities)
    if not wanted:
        return
    about = Q(subject__in=wanted) | Q(object__in=wanted)
    rows = Relation.objects.filter(about, owner_id=owner_id).select_related("speaker")
    ids = list(rows.order_by("id").values_list("id", flat=True))
    for first in range(0, len(ids), _BATCH):
        _follow(owner_id, list(rows.filter(id__in=ids[first : first + _BATCH])))


def _follow(owner_id: UUID, rows: Collection[Relation]) -> None:
    nodes = Nodes(owner_id, {row.memory_id for row in rows})
    for row in rows:
        place(row, nodes, row.said)
    fields = ["subject", "object", "subject_node", "object_node"]
    Relation.objects.bulk_update(rows, fields, batch_size=500)


def place(row: Relation, nodes: Nodes, said: Mapping[str, object]) -> None:
    """Set what a statement is about, from its words and their places."""
    for side in ("subject", "object"):
        at, words = int(str(said[f"{side}_at"])), str(said[side])
        node = nodes.at(row.memory_id, at, words, row.speaker, bool(said.get(f"{side}_speaks")))
        setattr(row, f"{side}_id", node.entity_id)
        setattr(row, f"{side}_node", node.id)
