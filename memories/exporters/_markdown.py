"""A zip of Markdown notes for Obsidian: a note a conversation, a note for everything that belongs to none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any
from uuid import UUID

import yaml
from django.db.models import Q

from accounts.models import User
from memories.exporters._names import file_stem, safe_title, tag_name
from memories.exporters._rows import conversation_loads, single_loads, turn_loads
from memories.exporters._zip import ZipWriter
from memories.filters import MemoryFilter
from memories.models import Conversation, Kind, Memory, MemoryLink
from memories.rendering import plain_title, source_label

# Obsidian grows slow with notes of many megabytes, and a part is held in memory while it is packed.
_PART_CHARS = 1024**2
_FOLDERS = {
    Kind.NOTE: "Notes",
    Kind.TURN: "Turns",
    Kind.DOCUMENT: "Documents",
    Kind.FACT: "Facts",
    Kind.SUMMARY: "Summaries",
    Kind.INSIGHT: "Insights",
}
Links = dict[UUID, list[str]]


def markdown_chunks(owner: User, wanted: MemoryFilter) -> Iterator[bytes]:
    """The archive, note by note."""
    archive = ZipWriter()
    for conversations in conversation_loads(owner, wanted):
        by_id = {conversation.id: conversation for conversation in conversations}
        loads = turn_loads(owner, wanted, list(by_id))
        for path, text, at in _conversation_notes(owner, wanted, by_id, loads):
            yield archive.member(path, text.encode(), at)
    for memories in single_loads(owner, wanted):
        links = _links(owner, wanted, memories)
        for memory in memories:
            yield archive.member(*_single_note(memory, links[memory.id]))
    yield from archive.end()


def _single_note(memory: Memory, links: list[str]) -> tuple[str, bytes, datetime]:
    title = plain_title(memory, 80)
    front = {
        **_front(memory.id, title, memory.kind, memory.source, [memory]),
        "created": memory.created_at,
        "occurred": memory.occurred_at,
        "updated": memory.updated_at,
        "role": memory.role,
        "author": memory.author,
        "state": memory.state,
        "pinned": memory.pinned or None,
        "sealed": memory.is_sealed or None,
        "persona": memory.persona.name if memory.persona else None,
        "metadata": memory.metadata,
    }
    text = _front_matter(front) + memory.carried_text + "\n" + _links_section(links)
    return f"{_FOLDERS[Kind(memory.kind)]}/{file_stem(title, memory.id)}.md", text.encode(), memory.updated_at


def _conversation_notes(
    owner: User, wanted: MemoryFilter, by_id: dict[UUID, Conversation], loads: Iterable[list[Memory]]
) -> Iterator[tuple[str, str, datetime]]:
    """(path, text, time of change) of each note; a long conversation becomes several."""
    turns = ((memory, links[memory.id]) for load in loads for links in [_links(owner, wanted, load)] for memory in load)
    for conversation_id, group in groupby(turns, key=lambda turn: turn[0].conversation_id):
        if conversation_id in by_id:
            yield from _parts(by_id[conversation_id], group)


def _parts(
    conversation: Conversation, turns: Iterable[tuple[Memory, list[str]]]
) -> Iterator[tuple[str, str, datetime]]:
    number, size = 1, 0
    memories: list[Memory] = []
    bodies: list[str] = []
    for memory, links in turns:
        if memories and size + len(memory.carried_text) > _PART_CHARS:
            yield _conversation_note(conversation, number, memories, bodies)
            number, size, memories, bodies = number + 1, 0, [], []
        memories.append(memory)
        bodies.append(_turn(memory, links))
        size += len(memory.carried_text)
    yield _conversation_note(conversation, number, memories, bodies)


def _conversation_note(
    conversation: Conversation, number: int, memories: list[Memory], bodies: list[str]
) -> tuple[str, str, datetime]:
    title = _title_of(conversation)
    front = {
        **_front(conversation.id, title, "conversation", conversation.source, memories),
        "created": conversation.created_at,
        "occurred": conversation.started_at,
        "ended": conversation.ended_at,
        "model": conversation.model,
        "persona": conversation.persona.name if conversation.persona else None,
        "part": number if number > 1 else None,
    }
    stem = file_stem(title, conversation.id) + (f" part {number}" if number > 1 else "")
    path = f"Conversations/{safe_title(source_label(conversation.source))}/{stem}.md"
    changed = max(memory.updated_at for memory in memories)
    return path, _front_matter(front) + f"# {title}\n\n" + "\n".join(bodies), changed


def _title_of(conversation: Conversation) -> str:
    return conversation.title or f"Conversation of {conversation.started_at.astimezone(UTC):%Y-%m-%d}"


def _turn(memory: Memory, links: list[str]) -> str:
    if memory.kind == Kind.DOCUMENT:
        return f"{memory.carried_text}\n{_links_section(links)}"
    who = " ".join(memory.author.split()) or memory.role.capitalize() or "Unknown"
    head = f"## {who} · {memory.occurred_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return f"{head}\n\n{memory.carried_text}\n{_links_section(links)}"


def _front(key: UUID, title: str, kind: str, source: str, memories: Sequence[Memory]) -> dict[str, Any]:
    names = dict.fromkeys(tag.name for memory in memories for tag in memory.tags.all())
    return {
        "id": str(key),
        "title": title,
        "aliases": [title],
        "kind": kind,
        "source": source,
        "tags": sorted({tag_name(name) for name in names} - {""}),
    }


def _front_matter(values: dict[str, Any]) -> str:
    filled = {name: _yaml(value) for name, value in values.items() if value not in (None, "", [], {})}
    body: str = yaml.safe_dump(filled, allow_unicode=True, sort_keys=False, width=10**6)
    return f"---\n{body}---\n\n"


def _yaml(value: Any) -> Any:
    return value.astimezone(UTC).isoformat(timespec="seconds") if isinstance(value, datetime) else value


def _links_section(links: list[str]) -> str:
    return "\n" + "\n".join(f"- {link}" for link in links) + "\n" if links else ""


def _links(owner: User, wanted: MemoryFilter, memories: Sequence[Memory]) -> Links:
    """For each memory of the load: its links, such as 'duplicates: [[name of the other's note]]'."""
    ids = {memory.id for memory in memories}
    found = (
        MemoryLink.objects.filter(Q(from_memory__in=ids) | Q(to_memory__in=ids), owner=owner)
        .select_related("from_memory__conversation", "to_memory__conversation")
        .order_by("created_at", "id")
    )
    texts: Links = defaultdict(list)
    # Each row may bring two texts of 1 MiB.
    for link in found.iterator(20):
        for here, other, arrow in (
            (link.from_memory, link.to_memory, ""),
            (link.to_memory, link.from_memory, " by"),
        ):
            if here.id in ids and other.state in wanted.states:
                texts[here.id].append(f"{link.relation}{arrow}: [[{_note_of(other)}]]")
    return texts


def _note_of(memory: Memory) -> str:
    conversation = memory.conversation
    if conversation is None:
        return file_stem(plain_title(memory, 80), memory.id)
    return file_stem(_title_of(conversation), conversation.id)
