"""Memories that name people, as the step of entities records them, without a pipeline that might see them otherwise."""

from __future__ import annotations

import re

from accounts.models import User
from enrichment.entities import Found
from enrichment.models import Entity, EntityName, Mention
from enrichment.services.recording import record_mentions
from memories.drafts import ConversationRef, MemoryDraft
from memories.models import Memory
from memories.services.capture import capture_memory

_NAMED = re.compile(r"\[(?:(\w+):)?([^\[\]]+)\]")


def told(owner: User, text: str, conversation: str = "", at: str | None = None) -> Memory:
    """A memory of the text without its brackets; what stands in brackets is named: '[Anna]', '[place:Berlin]'."""
    reference = ConversationRef(external_id=conversation, title="Talk") if conversation else None
    plain = _NAMED.sub(r"\2", text)
    memory = capture_memory(owner=owner, draft=MemoryDraft(content=plain, conversation=reference)).memory
    record_again(memory, text)
    return memory


def record_again(memory: Memory, text: str) -> None:
    """Run the recording of a memory once more, as a new version of the step would."""
    found, gone = [], 0
    for match in _NAMED.finditer(text):
        start = match.start() - gone
        kind, words = match[1] or "person", match[2]
        found.append(Found(kind, start, start + len(words), words, words, "test"))
        gone += len(match.group()) - len(words)
    record_mentions(owner_id=memory.owner_id, found={memory: found})


def meant(memory: Memory) -> list[str]:
    """What the entities of a memory's mentions are called, in the order of the text."""
    rows = Mention.objects.filter(memory=memory).order_by("start").select_related("entity")
    return [row.entity.name for row in rows if row.entity]


def entity(owner: User, name: str) -> Entity:
    """The one entity of the owner that has this name."""
    return next(row for row in EntityName.objects.filter(owner=owner) if row.name == name).entity


def known(owner: User) -> dict[str, list[str]]:
    """Every entity's name with all of its names, sorted."""
    names: dict[str, list[str]] = {}
    for row in EntityName.objects.filter(owner=owner).select_related("entity"):
        names.setdefault(row.entity.name, []).append(row.name)
    return {name: sorted(found) for name, found in names.items()}
