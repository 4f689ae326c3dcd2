"""Which entities and names are the owner's own, and from when things are recent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Max

from accounts.keys import keyring
from accounts.models import User
from enrichment.entities import naming
from enrichment.models import EntityName, entity_name_key
from memories.models import Memory, MemoryRole, State
from memshadow.lib.clock import now
from memshadow.lib.crypto import keyed_hash

# What these say tells nothing of the owner's life.
NO_WITNESS: Final = (MemoryRole.ASSISTANT, MemoryRole.SYSTEM, MemoryRole.TOOL)


@dataclass(frozen=True, slots=True)
class Own:
    """The owner as memories know them: entities, and all names of theirs in small letters."""

    entities: frozenset[UUID]
    names: frozenset[str]

    def wrote(self, memory: Memory) -> bool:
        """Whether the memory is in the owner's words: a note, or a turn of theirs."""
        if memory.role in NO_WITNESS:
            return False
        return not memory.author or memory.author.casefold() in self.names or memory.role == MemoryRole.USER


def own_of(owner: User) -> Own:
    """Whoever 'I' is in what nobody else is named to have written, and who is called as the account is."""
    keys = [keyed_hash(keyring(owner.id).name_key, "speaker", str(owner.id))]
    called = owner.display_name.strip()
    if called:
        keys.append(entity_name_key(owner.id, "person", naming.normal("person", called)))
    entities = frozenset(EntityName.objects.filter(owner=owner, name_key__in=keys).values_list("entity", flat=True))
    names = {row.name.casefold() for row in EntityName.objects.filter(owner=owner, entity__in=entities)}
    return Own(entities, frozenset(names | {called.casefold()} - {""}))


def recent_moment(owner: User) -> datetime:
    """Now, or for who has imported old chats and written nothing since, when the newest memory happened."""
    newest = Memory.objects.filter(owner=owner, state=State.ACTIVE).aggregate(at=Max("occurred_at"))["at"]
    return min(newest or now(), now())
