"""What capture takes: a memory before it is one."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from memories.ciphertexts import checked_ciphertext, is_ciphertext
from memories.models import Kind, MemoryRole
from memshadow.lib.errors import TooLarge, ValidationFailed

METADATA_MAX_BYTES = 64 * 1024
METADATA_MAX_DEPTH = 32
TAGS_MAX = 50
TAG_MAX_CHARS = 80
AUTHOR_MAX_CHARS = 200
EXTERNAL_ID_MAX_CHARS = 500
SOURCE_MAX_CHARS = 40


_USERS = frozenset({"user", "human", "me"})
_MODEL_NAME = re.compile(
    r"(?:assistant|ai|bot|chatbot|model|chatgpt|gpt|claude|gemini|copilot|grok|perplexity|deepseek|le chat|mistral"
    r"|mixtral|llama|qwen|gemma|phi|o[134])(?:[\s\-_.:/\d].*)?$"
)


@dataclass(frozen=True, slots=True)
class ConversationRef:
    """The conversation that a turn belongs to, as its source names it (`external_id`), or by our own id."""

    external_id: str = ""
    title: str = ""
    model: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class MemoryDraft:
    """A memory to capture. Only `content` is required; a sealed one has none but a `ciphertext`."""

    content: str
    kind: str = Kind.NOTE
    role: str = MemoryRole.NONE
    author: str = ""
    source: str = "api"
    external_id: str = ""
    conversation: ConversationRef | None = None
    persona_id: UUID | None = None
    tags: tuple[str, ...] = ()
    metadata: dict[str, Any] = field(default_factory=dict)
    language: str = ""
    importance: float = 0.5
    pinned: bool = False
    occurred_at: datetime | None = None
    ciphertext: str = ""


def role_of(author: str) -> str:
    """The role that an author's name tells: 'user' and 'human' ask, 'assistant' and models answer, else none."""
    name = author.strip().casefold()
    if name in _USERS:
        return str(MemoryRole.USER)
    return str(MemoryRole.ASSISTANT if _MODEL_NAME.match(name) else MemoryRole.NONE)


def clean_text(text: str) -> str:
    """Text that PostgreSQL and UTF-8 can hold: no NUL, no lone surrogates, NFC, lines ended by LF."""
    text = text.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")
    text = text.encode("utf-8", "replace").decode("utf-8") if _has_surrogates(text) else text
    return unicodedata.normalize("NFC", text)


def _has_surrogates(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text) if not text.isascii() else False


def clean_tag(name: str) -> str:
    """A tag as it is stored: without leading # and with single spaces. Raises ValidationFailed."""
    tag = " ".join(clean_text(name).split()).lstrip("#").strip()
    if not tag or len(tag) > TAG_MAX_CHARS:
        raise ValidationFailed(f"A tag has 1 to {TAG_MAX_CHARS} characters.", field="tags")
    return tag


def checked(draft: MemoryDraft) -> MemoryDraft:
    """The draft with its texts cleaned. Raises ValidationFailed or TooLarge and names the field.

    A text that is an age file itself, such as from an export, is a sealed memory's.
    """
    content, sealed = clean_text(draft.content).strip("\n"), draft.ciphertext
    if not sealed and is_ciphertext(content):
        content, sealed = "", content
    ciphertext = checked_ciphertext(sealed) if sealed else ""
    _check_content(content, ciphertext)
    _check_choices(draft)
    _check_extras(draft)
    return replace(
        draft,
        content=content,
        ciphertext=ciphertext,
        author=clean_text(draft.author).strip(),
        role=draft.role or (role_of(draft.author) if draft.kind == Kind.TURN else MemoryRole.NONE),
        external_id=clean_text(draft.external_id),
        importance=round(draft.importance, 6),  # the search index keeps single precision
        tags=tuple(dict.fromkeys(clean_tag(tag) for tag in draft.tags)),
        source=clean_text(draft.source).strip(),
        metadata=_clean_json(draft.metadata),
    )


def _check_content(content: str, ciphertext: str) -> None:
    if content and ciphertext:
        raise ValidationFailed("A sealed memory has a ciphertext and no text in the open.", field="content")
    if not content.strip() and not ciphertext:
        raise ValidationFailed("A memory needs some text.", field="content")
    if len(content.encode()) > settings.MEMORY_MAX_BYTES:
        limit = settings.MEMORY_MAX_BYTES // 1024
        raise TooLarge(f"A memory holds at most {limit} KiB of text; send it as a document.", field="content")


def _check_choices(draft: MemoryDraft) -> None:
    if draft.kind not in Kind.values:
        raise ValidationFailed(f"kind is one of {', '.join(Kind.values)}.", field="kind")
    if draft.role not in MemoryRole.values:
        raise ValidationFailed(f"role is one of {', '.join(filter(None, MemoryRole.values))}.", field="role")
    if not 0 <= draft.importance <= 1:
        raise ValidationFailed("importance lies between 0 and 1.", field="importance")
    if draft.occurred_at is not None and draft.occurred_at.tzinfo is None:
        raise ValidationFailed("occurred_at needs a time zone, such as 2025-03-01T10:00:00Z.", field="occurred_at")


def _check_extras(draft: MemoryDraft) -> None:
    lengths = [
        ("author", draft.author, AUTHOR_MAX_CHARS),
        ("external_id", draft.external_id, EXTERNAL_ID_MAX_CHARS),
        ("source", draft.source, SOURCE_MAX_CHARS),
    ]
    for name, value, limit in lengths:
        if len(value) > limit:
            raise ValidationFailed(f"{name} has at most {limit} characters.", field=name)
    if not draft.source.strip():
        raise ValidationFailed("source names where the memory comes from, such as api.", field="source")
    if len(draft.tags) > TAGS_MAX:
        raise ValidationFailed(f"A memory carries at most {TAGS_MAX} tags.", field="tags")
    if _depth(draft.metadata) > METADATA_MAX_DEPTH:
        raise ValidationFailed(f"metadata is nested at most {METADATA_MAX_DEPTH} deep.", field="metadata")
    if draft.metadata and len(_metadata_json(draft.metadata)) > METADATA_MAX_BYTES:
        raise TooLarge(f"metadata holds at most {METADATA_MAX_BYTES // 1024} KiB of JSON.", field="metadata")


def _depth(value: Any) -> int:
    """How deep objects and lists are nested, level by level, so that no depth is too much to count."""
    level, depth = [value], 0
    while level := [inner for outer in level if isinstance(outer, dict | list | tuple) for inner in _inner(outer)]:
        depth += 1
        if depth > METADATA_MAX_DEPTH:
            break
    return depth


def _inner(value: dict[str, Any] | list[Any] | tuple[Any, ...]) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else list(value)


def _clean_json(value: Any) -> Any:
    """The same JSON with every text and key cleaned."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict):
        return {clean_text(str(key)): _clean_json(inner) for key, inner in value.items()}
    return [_clean_json(inner) for inner in value] if isinstance(value, list | tuple) else value


def _metadata_json(metadata: dict[str, Any]) -> bytes:
    try:
        return json.dumps(metadata, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")
    except (TypeError, ValueError, RecursionError):
        raise ValidationFailed("metadata must be a JSON object without NaN.", field="metadata") from None
