"""Reads conversations with questions, in the shape of shared/bench, and captures them as a person's memories."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from accounts.models import User

BATCH = 500


@dataclass
class Conversation:
    """Everything said in one conversation, and the questions about it."""

    id: str
    turns: list[dict[str, Any]] = field(default_factory=list)
    queries: list[dict[str, Any]] = field(default_factory=list)


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The JSON lines of a file, gzipped or not."""
    with path.open("rb") as file:
        raw = gzip.GzipFile(fileobj=file) if path.suffix == ".gz" else file
        yield from (json.loads(line) for line in raw if line.strip())


def read_conversations(turns: Path, queries: Path) -> list[Conversation]:
    """The conversations of both files, in the order of the turns."""
    found: dict[str, Conversation] = {}
    for turn in read_lines(turns):
        found.setdefault(turn["conversation_id"], Conversation(turn["conversation_id"])).turns.append(turn)
    for query in read_lines(queries):
        found.setdefault(query["conversation_id"], Conversation(query["conversation_id"])).queries.append(query)
    return list(found.values())


def moment(text: str | None) -> datetime | None:
    """A time of the files; without a zone it is UTC."""
    if not text:
        return None
    parsed = datetime.fromisoformat(text)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def capture(owner: User, conversation: Conversation) -> dict[UUID, str]:
    """Capture every turn through the product's service; returns turn ids by memory id.

    A turn keeps its author, its session (as the conversation that it belongs to) and its time. An image is what its
    caption says.
    """
    from memories.services.capture import capture_memories

    turn_ids: dict[UUID, str] = {}
    for first in range(0, len(conversation.turns), BATCH):
        part = conversation.turns[first : first + BATCH]
        captured = capture_memories(owner=owner, drafts=[_draft(turn) for turn in part])
        turn_ids |= {result.memory.id: turn["turn_id"] for turn, result in zip(part, captured, strict=True)}
    return turn_ids


def _draft(turn: dict[str, Any]) -> Any:
    from memories.drafts import ConversationRef, MemoryDraft

    caption = turn.get("image_caption")
    text = str(turn.get("text") or "")
    return MemoryDraft(
        content=f"{text}\n[image: {caption}]" if caption else text or "(nothing)",
        kind="turn",
        author=str(turn.get("speaker") or ""),
        source="api",
        external_id=str(turn["turn_id"]),
        conversation=ConversationRef(external_id=str(turn.get("session_id") or turn["conversation_id"])),
        occurred_at=moment(turn.get("timestamp")),
    )
