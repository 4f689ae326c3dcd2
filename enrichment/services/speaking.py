"""Who 'I' is: the author of a turn, or whoever wrote the memory down."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final
from uuid import UUID

from accounts.keys import keyring
from accounts.models import User
from enrichment.entities import is_nobody
from enrichment.models import Entity, EntityName
from enrichment.services.resolving import resolve_names
from memories.models import Memory
from memshadow.lib.crypto import keyed_hash
from memshadow.lib.ids import new_id

ME: Final = "Me"
OWN: Final = "whoever these memories are of"
MEMBER: Final = "a member of this space"


def speakers_of(memories: Collection[Memory]) -> Mapping[UUID, EntityName]:
    """The name of whoever speaks in each memory, all of one owner, by the memory's id; in the caller's transaction."""
    authors = {memory.id: _author(memory) for memory in memories}
    resolved = _resolved(next(iter(memories)).owner_id, set(authors.values()) - {""}) if memories else {}
    own = _Own()
    return {
        m.id: resolved[authors[m.id]] if authors[m.id] else own.name(m.owner_id, m.captured_by_id) for m in memories
    }


def _author(memory: Memory) -> str:
    author = " ".join(memory.author.split())[:200]
    return "" if is_nobody(author) else author


def _resolved(owner_id: UUID, authors: Collection[str]) -> dict[str, EntityName]:
    found = resolve_names(owner_id=owner_id, names=[("person", author) for author in sorted(authors)])
    return {author: whose.name for (_, author), whose in found.items()}


class _Own:
    """The names of those who write memories down themselves, found by a key of their own, whatever they are called."""

    def __init__(self) -> None:
        self._known: dict[UUID, EntityName] = {}

    def name(self, owner_id: UUID, captured_by: UUID | None) -> EntityName:
        person_id = captured_by or owner_id
        if person_id not in self._known:
            key = keyed_hash(keyring(owner_id).name_key, "speaker", str(person_id))
            stored = EntityName.objects.filter(owner_id=owner_id, name_key=key).select_related("entity").first()
            self._known[person_id] = stored or self._new(owner_id, person_id, key)
        return self._known[person_id]

    def _new(self, owner_id: UUID, person_id: UUID, key: bytes) -> EntityName:
        called = User.objects.get(id=person_id).display_name.strip()
        row = EntityName(id=new_id(), owner_id=owner_id, kind="person", name_key=key)
        row.rule = OWN if person_id == owner_id else MEMBER
        row.entity, row.name = self._entity(owner_id, called), ME if person_id == owner_id else called or ME
        row.save(force_insert=True)
        return row

    def _entity(self, owner_id: UUID, called: str) -> Entity:
        """Who is called so already, else somebody new."""
        if called:
            return resolve_names(owner_id=owner_id, names=[("person", called)])["person", called].name.entity
        entity = Entity(id=new_id(), owner_id=owner_id, kind="person")
        entity.name = ME
        entity.save(force_insert=True)
        return entity
