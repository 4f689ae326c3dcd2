"""Texts longer than one memory may be: split at paragraphs into parts that stay together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256

from django.conf import settings

from memories.drafts import ConversationRef, MemoryDraft

_SEPARATORS = ("\n\n", "\n", ". ", " ")


def split_draft(draft: MemoryDraft) -> list[MemoryDraft]:
    """The draft itself when it fits into one memory, else its parts in order, each naming its place.

    Parts of a text that belongs to no conversation get one of their own, so that they are read in order.
    """
    if len(draft.content.encode("utf-8", "replace")) <= settings.MEMORY_MAX_BYTES:
        return [draft]
    parts = list(split_text(draft.content, settings.MEMORY_MAX_BYTES))
    container = draft.conversation or ConversationRef(
        external_id=f"document:{draft.external_id or sha256(draft.content.encode()).hexdigest()}",
        title=draft.metadata.get("title", ""),
    )
    return [
        replace(
            draft,
            content=part,
            conversation=container,
            external_id=f"{draft.external_id or 'part'}#{number}",
            metadata=draft.metadata | {"part": number, "parts": len(parts)},
        )
        for number, part in enumerate(parts, start=1)
    ]


def split_text(text: str, max_bytes: int) -> Iterator[str]:
    """Pieces of at most `max_bytes` in UTF-8, cut after a paragraph, line, sentence or word where there is one."""
    while text:
        head = text.encode("utf-8", "replace")[:max_bytes].decode("utf-8", "ignore")
        if len(head) < len(text):
            head = head[: _last_break(head)]
        yield head
        text = text[len(head) :]


def _last_break(head: str) -> int:
    for separator in _SEPARATORS:
        place = head.rfind(separator, len(head) // 2)
        if place > 0:
            return place + len(separator)
    return len(head)
