"""The lines of a MEMSHADOW export as typed values, checked as strictly as what a stranger sends."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from memories.drafts import (
    AUTHOR_MAX_CHARS,
    EXTERNAL_ID_MAX_CHARS,
    SOURCE_MAX_CHARS,
    MemoryDraft,
    checked,
    clean_tag,
)
from memories.injected import strip_injected
from memories.models import Kind, MemoryLink, MemoryRevision, MemoryRole, State
from memshadow.lib.errors import ValidationFailed

_NAME_MAX_CHARS = 80
_INT_MAX = 2**31 - 1
_TAGS_MAX = 1000
_PLAIN_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
_NOTHING: Any = object()


@dataclass(slots=True)
class Fields:
    """Reads typed fields out of a JSON object, and remembers which, so that the rest can be named.

    Every reader raises ValidationFailed that names the field. Without a default, the field is required.
    """

    data: dict[str, Any]
    _read: set[str] = field(default_factory=lambda: {"type"})
    _inner: dict[str, Fields] = field(default_factory=dict)

    def unknown(self) -> list[str]:
        """The fields that nobody asked for, those of inner objects as 'outer.inner'."""
        own = sorted(name if _PLAIN_NAME.fullmatch(name) else "…" for name in set(self.data) - self._read)
        return own + [f"{name}.{part}" for name, fields in self._inner.items() for part in fields.unknown()]

    def inner(self, name: str) -> Fields:
        """The fields of an object within this one."""
        self._inner[name] = Fields(self.object(name))
        return self._inner[name]

    def is_null(self, name: str) -> bool:
        """True where the field is null or missing."""
        self._read.add(name)
        return self.data.get(name) is None

    def name(self, name: str) -> str:
        """A name: one line, not empty."""
        value = " ".join(self.text(name, _NAME_MAX_CHARS).split())
        if not value:
            raise ValidationFailed(f"{name} is empty", field=name)
        return value

    def optional_name(self, name: str) -> str | None:
        """A name, or None where it is null or missing."""
        return None if self.is_null(name) else self.name(name)

    def key(self, name: str) -> UUID:
        """A UUID."""
        try:
            return UUID(self.text(name, 64))
        except ValueError:
            raise _wrong(name, "a UUID") from None

    def text(self, name: str, max_chars: int, default: str = _NOTHING) -> str:
        """A string that can be stored: without NUL and lone surrogates."""
        value = self._value(name, default)
        if not isinstance(value, str):
            raise _wrong(name, "a string")
        if len(value) > max_chars:
            raise ValidationFailed(f"{name} has more than {max_chars} characters", field=name)
        return value.replace("\x00", "").encode("utf-8", "replace").decode()

    def moment(self, name: str) -> datetime:
        """A time with its zone, in UTC."""
        return parse_moment(name, self.text(name, 64))

    def optional_moment(self, name: str) -> datetime | None:
        """A time, or None where it is null or missing."""
        return None if self.is_null(name) else self.moment(name)

    def whole(self, name: str, default: int, low: int = 0) -> int:
        """A whole number from `low` to what the database holds."""
        value = self._value(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= _INT_MAX:
            raise _wrong(name, f"a whole number from {low}")
        return value

    def share(self, name: str, default: float = _NOTHING) -> float:
        """A number from 0 to 1."""
        value = self._value(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise _wrong(name, "a number from 0 to 1")
        # The index keeps single precision, which refuses what is nearly nothing.
        return float(value) if value > 1e-30 else 0.0

    def flag(self, name: str, default: bool = _NOTHING) -> bool:
        """True or false."""
        value = self._value(name, default)
        if not isinstance(value, bool):
            raise _wrong(name, "true or false")
        return value

    def choice(self, name: str, allowed: Collection[str], default: str = _NOTHING) -> str:
        """One of some words."""
        value = self._value(name, default)
        if not isinstance(value, str) or value not in allowed:
            raise _wrong(name, f"one of {', '.join(filter(None, allowed))}")
        return value

    def object(self, name: str, default: dict[str, Any] = _NOTHING) -> dict[str, Any]:
        """A JSON object."""
        value = self._value(name, default)
        if not isinstance(value, dict):
            raise _wrong(name, "an object")
        return value

    def tags(self, name: str) -> tuple[str, ...]:
        """A list of tags' names."""
        value = self._value(name, [])
        if not isinstance(value, list) or len(value) > _TAGS_MAX or not all(isinstance(tag, str) for tag in value):
            raise _wrong(name, f"a list of at most {_TAGS_MAX} strings")
        return tuple(dict.fromkeys(clean_tag(tag) for tag in value))

    def _value(self, name: str, default: Any) -> Any:
        self._read.add(name)
        value = self.data.get(name, default)
        if value is _NOTHING:
            raise ValidationFailed(f"{name} is missing", field=name)
        return value


def _wrong(name: str, expected: str) -> ValidationFailed:
    return ValidationFailed(f"{name} is not {expected}", field=name)


def parse_moment(name: str, value: str) -> datetime:
    """ISO 8601 with a zone, as UTC. Raises ValidationFailed."""
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise _wrong(name, "a time with its zone, such as 2025-03-01T10:00:00Z")


class Line(Protocol):
    """What all lines have."""

    @property
    def id(self) -> UUID: ...


@dataclass(frozen=True, slots=True)
class PersonaLine:
    """A persona."""

    id: UUID
    name: str
    description: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class TagLine:
    """A tag."""

    id: UUID
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ConversationLine:
    """A conversation, or as much of one as a memory says about it."""

    id: UUID
    source: str
    external_id: str
    started_at: datetime
    title: str = ""
    model: str = ""
    persona: str | None = None
    ended_at: datetime | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class MemoryLine:
    """A memory: its draft, checked, and what it has lived through. `columns` go into the row as they are."""

    id: UUID
    draft: MemoryDraft
    tags: tuple[str, ...]
    persona: str | None
    conversation: ConversationLine | None
    same_by: str
    columns: dict[str, Any]
    vectors: dict[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class RevisionLine:
    """A revision of a memory."""

    id: UUID
    memory: UUID
    number: int
    action: str
    by_owner: bool
    via: str
    reason: str
    persona: str | None
    snapshot: dict[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class LinkLine:
    """A link between two memories."""

    id: UUID
    from_memory: UUID
    to_memory: UUID
    relation: str
    reason: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SavedSearchLine:
    """A saved search."""

    id: UUID
    name: str
    query: str
    created_at: datetime
    last_used_at: datetime | None


def persona_line(fields: Fields) -> PersonaLine:
    """Raises ValidationFailed, as all of these do."""
    return PersonaLine(
        id=fields.key("id"),
        name=fields.name("name"),
        description=fields.text("description", 100_000, ""),
        created_at=fields.moment("created_at"),
    )


def tag_line(fields: Fields) -> TagLine:
    """A tag."""
    return TagLine(
        id=fields.key("id"), name=clean_tag(fields.text("name", 1000)), created_at=fields.moment("created_at")
    )


def conversation_line(fields: Fields) -> ConversationLine:
    """A conversation."""
    return ConversationLine(
        id=fields.key("id"),
        source=_source(fields),
        external_id=fields.text("external_id", EXTERNAL_ID_MAX_CHARS, ""),
        title=fields.text("title", 1000, ""),
        model=fields.text("model", 80, ""),
        persona=fields.optional_name("persona"),
        started_at=fields.moment("started_at"),
        ended_at=fields.optional_moment("ended_at"),
        created_at=fields.moment("created_at"),
    )


def memory_line(fields: Fields) -> MemoryLine:
    """A memory."""
    occurred_at = fields.moment("occurred_at")
    return MemoryLine(
        id=fields.key("id"),
        draft=checked(_draft(fields, occurred_at)),
        tags=fields.tags("tags"),
        persona=fields.optional_name("persona"),
        conversation=_conversation_ref(fields, occurred_at),
        same_by=fields.choice("same_by", ("content", "undated", "id"), "content"),
        columns=_columns(fields),
        vectors=_vectors(fields.object("sealed_vectors", {})),
    )


def _vectors(given: dict[str, Any]) -> dict[str, NDArray[np.float32]]:
    """By model: what a client made of a sealed memory, (n, dimension)."""
    return {name[:100]: _read_vectors(Fields(one if isinstance(one, dict) else {})) for name, one in given.items()}


def _read_vectors(fields: Fields) -> NDArray[np.float32]:
    dimension = fields.whole("dimension", 0, low=1)
    try:
        packed = base64.b64decode(fields.text("float16", 2 * settings.SEALED_MAX_BYTES), validate=True)
        vectors = np.frombuffer(packed, "<f2").astype(np.float32).reshape(-1, dimension)
    except ValueError:
        raise _wrong("sealed_vectors", f"numbers of {dimension} dimensions") from None
    if not (0 < len(vectors) <= settings.SEALED_VECTORS_MAX and np.isfinite(vectors).all()):
        raise _wrong("sealed_vectors", f"1 to {settings.SEALED_VECTORS_MAX} vectors of finite numbers")
    return vectors


def _draft(fields: Fields, occurred_at: datetime) -> MemoryDraft:
    content = fields.text("content", 4 * 1024**2)
    return MemoryDraft(
        content=strip_injected(content) or content,
        ciphertext=fields.text("ciphertext", 2 * settings.SEALED_MAX_BYTES, ""),
        kind=fields.choice("kind", Kind.values),
        role=fields.choice("role", MemoryRole.values, ""),
        author=fields.text("author", AUTHOR_MAX_CHARS, ""),
        source=_source(fields),
        external_id=fields.text("external_id", EXTERNAL_ID_MAX_CHARS, ""),
        metadata=fields.object("metadata", {}),
        importance=fields.share("importance", 0.5),
        pinned=fields.flag("pinned", False),
        occurred_at=occurred_at,
    )


def _columns(fields: Fields) -> dict[str, Any]:
    created_at = fields.moment("created_at")
    return {
        "language": fields.text("language", 8, "und"),
        "state": fields.choice("state", State.values),
        "created_at": created_at,
        "updated_at": fields.optional_moment("updated_at") or created_at,
        "valid_from": fields.optional_moment("valid_from"),
        "valid_to": fields.optional_moment("valid_to"),
        "state_changed_at": fields.optional_moment("state_changed_at"),
        "sightings": fields.whole("sightings", 1),
        "last_seen_at": fields.optional_moment("last_seen_at") or created_at,
        "revision_count": fields.whole("revision_count", 0),
    }


def _conversation_ref(fields: Fields, occurred_at: datetime) -> ConversationLine | None:
    if fields.is_null("conversation"):
        return None
    ref = fields.inner("conversation")
    return ConversationLine(
        id=ref.key("id"),
        source=_source(ref),
        external_id=ref.text("external_id", EXTERNAL_ID_MAX_CHARS, ""),
        started_at=occurred_at,
    )


def revision_line(fields: Fields) -> RevisionLine:
    """A revision."""
    return RevisionLine(
        id=fields.key("id"),
        memory=fields.key("memory"),
        number=fields.whole("number", 0, low=1),
        action=fields.choice("action", MemoryRevision.Action.values),
        by_owner=fields.flag("by_owner", False),
        via=fields.text("via", 40, ""),
        reason=fields.text("reason", 200, ""),
        persona=fields.optional_name("persona"),
        snapshot=_snapshot(fields.inner("snapshot")),
        created_at=fields.moment("created_at"),
    )


def _snapshot(fields: Fields) -> dict[str, Any]:
    """What `revising.snapshot_of` makes, checked field by field: undo relies on all of it."""
    draft = checked(
        MemoryDraft(
            content=fields.text("content", 4 * 1024**2),
            ciphertext=fields.text("ciphertext", 2 * settings.SEALED_MAX_BYTES, ""),
            author=fields.text("author", AUTHOR_MAX_CHARS),
            metadata=fields.object("metadata"),
            importance=fields.share("importance"),
            occurred_at=fields.moment("occurred_at"),
        )
    )
    sealed = {"ciphertext": draft.ciphertext} if draft.ciphertext else {}
    return sealed | {
        "content": draft.content,
        "author": draft.author,
        "metadata": draft.metadata,
        "tags": sorted(fields.tags("tags")),
        "importance": draft.importance,
        "pinned": fields.flag("pinned"),
        "state": fields.choice("state", State.values),
        "persona_id": None if fields.is_null("persona_id") else str(fields.key("persona_id")),
        "occurred_at": fields.moment("occurred_at").isoformat(),
    }


def link_line(fields: Fields) -> LinkLine:
    """A link."""
    return LinkLine(
        id=fields.key("id"),
        from_memory=fields.key("from"),
        to_memory=fields.key("to"),
        relation=fields.choice("relation", MemoryLink.Relation.values),
        reason=fields.text("reason", 200, ""),
        created_at=fields.moment("created_at"),
    )


def saved_search_line(fields: Fields) -> SavedSearchLine:
    """A saved search. What its query says is for the search page to judge, and may be of a later version."""
    query = fields.text("query", 2000).strip()
    if not query:
        raise ValidationFailed("query is empty", field="query")
    return SavedSearchLine(
        id=fields.key("id"),
        name=fields.name("name"),
        query=query,
        created_at=fields.moment("created_at"),
        last_used_at=fields.optional_moment("last_used_at"),
    )


def _source(fields: Fields) -> str:
    source = fields.text("source", SOURCE_MAX_CHARS)
    if not source.strip():
        raise ValidationFailed("source is empty", field="source")
    return source


READERS: dict[str, Callable[[Fields], Line]] = {
    "persona": persona_line,
    "tag": tag_line,
    "conversation": conversation_line,
    "memory": memory_line,
    "revision": revision_line,
    "link": link_line,
    "saved_search": saved_search_line,
}
