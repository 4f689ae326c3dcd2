"""mem0's bodies, filters and items in our words. Names that we do not know are ignored, as its own servers do."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from memories.drafts import ConversationRef, MemoryDraft
from memories.filters import MemoryFilter
from memories.models import Memory, MemoryRevision, MemoryRole
from memshadow.lib.errors import ValidationFailed
from memshadow.lib.strict import JsonObject

ENTITIES = {"user_id": "user", "agent_id": "agent", "app_id": "app", "run_id": "run"}
"""mem0's names, and the beginning of the tag that stands for each."""

_FILTERS = "user_id, agent_id, app_id, run_id and created_at {gte, lte}, in AND; OR of values of one list"
_CONDITIONS_MAX = 50


class Scoped(BaseModel):
    """Whom something belongs to: beside the other names, or under `filters`."""

    model_config = ConfigDict(extra="ignore")

    user_id: str | None = None
    agent_id: str | None = None
    app_id: str | None = None
    run_id: str | None = None
    filters: JsonObject | None = None

    def named(self) -> dict[str, str]:
        """The entities that are named beside the other names."""
        return {name: value for name in ENTITIES if (value := getattr(self, name))}

    def wanted(self) -> MemoryFilter:
        """The filter of both places. Raises ValidationFailed for one that we do not have."""
        return narrowed(MemoryFilter(), {"AND": [self.named(), self.filters or {}]})


class AddIn(Scoped):
    """What to remember."""

    messages: str | JsonObject | list[JsonObject]
    metadata: JsonObject | None = None
    timestamp: int | None = Field(default=None, ge=0, le=253_402_300_799)

    def drafts(self) -> list[MemoryDraft]:
        """One memory a message; several are the turns of a conversation, named by `run_id` or by what they say."""
        given = self.messages if isinstance(self.messages, list) else [self.messages]
        messages = [one if isinstance(one, dict) else {"role": "user", "content": one} for one in given]
        if not messages:
            raise ValidationFailed("messages is a text, a message or a list of them.", field="messages")
        entities = self._entities()
        shared = MemoryDraft(
            content="",
            source="mem0",
            tags=tuple(f"{ENTITIES[name]}:{value}" for name, value in entities.items()),
            metadata=self.metadata or {},
            occurred_at=datetime.fromtimestamp(self.timestamp, UTC) if self.timestamp is not None else None,
        )
        if len(messages) > 1 or "run_id" in entities:
            talk = entities.get("run_id") or hashlib.sha256(json.dumps(messages).encode()).hexdigest()
            shared = replace(shared, kind="turn", conversation=ConversationRef(external_id=talk))
        return [replace(shared, content=_text(one), role=_role(one)) for one in messages]

    def _entities(self) -> dict[str, str]:
        inner = {name: value for name in ENTITIES if isinstance(value := (self.filters or {}).get(name), str) and value}
        return {**inner, **self.named()}


def _text(message: Mapping[str, Any]) -> str:
    """A message's text; of one in parts, the parts that are text."""
    content = message.get("content")
    if isinstance(content, list):
        content = "\n".join(str(part["text"]) for part in content if isinstance(part, dict) and part.get("text"))
    if not isinstance(content, str):
        raise ValidationFailed("Each message has a text as content.", field="messages")
    return content


def _role(message: Mapping[str, Any]) -> str:
    role = str(message.get("role", ""))
    return role if role in MemoryRole.values else ""


class SearchIn(Scoped):
    """A question."""

    query: str = Field(min_length=1, max_length=10_000)
    top_k: int | None = Field(default=None, ge=1, le=200)
    limit: int | None = Field(default=None, ge=1, le=200)
    threshold: float | None = Field(default=None, ge=0, le=1)


class UpdateIn(BaseModel):
    """What to change. The self-hosted server calls the text `data` or `memory`."""

    model_config = ConfigDict(extra="ignore")

    text: str | None = None
    data: str | None = None
    memory: str | None = None
    metadata: JsonObject | None = None

    @property
    def content(self) -> str | None:
        """The new text, if any."""
        return self.text or self.data or self.memory


def narrowed(wanted: MemoryFilter, filters: Mapping[str, Any]) -> MemoryFilter:
    """The filter, narrowed by mem0's. Raises ValidationFailed for what we cannot do, never ignoring a condition."""
    for name, value in filters.items():
        if value is None or value == "*":
            continue
        if name == "AND" and isinstance(value, list) and len(value) <= _CONDITIONS_MAX:
            for one in value:
                wanted = narrowed(wanted, _condition(one))
        elif name == "OR" and isinstance(value, list) and len(value) <= _CONDITIONS_MAX:
            wanted = _any_of(wanted, [tag for one in value for tag in _alternative(_condition(one))])
        elif name in ENTITIES:
            wanted = _by_entity(wanted, name, value)
        elif name == "created_at" and isinstance(value, dict) and set(value) <= {"gte", "lte"}:
            wanted = replace(wanted, after=_moment(value.get("gte")), before=_moment(value.get("lte")))
        else:
            raise _unsupported(name)
    return wanted


def _condition(one: Any) -> Mapping[str, Any]:
    if not isinstance(one, dict):
        raise _unsupported("a condition that is no object")
    return one


def _alternative(one: Mapping[str, Any]) -> list[str]:
    if len(one) != 1:
        raise _unsupported("OR of several names at once")
    ((name, value),) = one.items()
    if name not in ENTITIES or not isinstance(value, str):
        raise _unsupported(f"{name} in OR")
    return [f"{ENTITIES[name]}:{value}"]


def _by_entity(wanted: MemoryFilter, name: str, value: Any) -> MemoryFilter:
    values = value.get("in") if isinstance(value, dict) and set(value) == {"in"} else value
    if isinstance(values, str):
        return replace(wanted, tags_all=(*wanted.tags_all, f"{ENTITIES[name]}:{values}"))
    if not isinstance(values, list) or not all(isinstance(one, str) for one in values):
        raise _unsupported(name)
    return _any_of(wanted, [f"{ENTITIES[name]}:{one}" for one in values])


def _any_of(wanted: MemoryFilter, tags: list[str]) -> MemoryFilter:
    if wanted.tags_any or not tags:
        raise _unsupported("more than one list of alternatives")
    return replace(wanted, tags_any=tuple(tags))


def _moment(text: Any) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        raise ValidationFailed(f"{str(text)[:40]!r} is no ISO 8601 date.", field="filters") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _unsupported(what: str) -> ValidationFailed:
    return ValidationFailed(f"Filters here know {_FILTERS}; not {what[:80]}.", field="filters")


def item(memory: Memory, score: float | None = None) -> dict[str, Any]:
    """A memory as mem0 shows it."""
    tags = [tag.name for tag in memory.tags.all()]
    named = {name: _named(tags, kind) for name, kind in ENTITIES.items()}
    told = {
        "id": str(memory.id),
        "memory": memory.content,
        "hash": hashlib.md5(memory.content.encode(), usedforsecurity=False).hexdigest(),
        "metadata": memory.metadata or None,
        "categories": sorted(tag for tag in tags if tag.partition(":")[0] not in ENTITIES.values()),
        "created_at": memory.created_at.isoformat(),
        "updated_at": memory.updated_at.isoformat(),
        **named,
    }
    return told if score is None else {**told, "score": score}


def _named(tags: list[str], kind: str) -> str | None:
    return next((tag.removeprefix(f"{kind}:") for tag in tags if tag.startswith(f"{kind}:")), None)


def history(memory: Memory, newest_first: list[MemoryRevision]) -> list[dict[str, Any]]:
    """A memory's life as mem0 tells it: added, changed and deleted, oldest first."""
    oldest_first = newest_first[::-1]
    texts = [*(revision.snapshot["content"] for revision in oldest_first), memory.content]
    events = [_event(memory, str(memory.id), "ADD", None, texts[0], memory.created_at)]
    for revision, before, after in zip(oldest_first, texts, texts[1:], strict=False):
        name = "DELETE" if revision.action == MemoryRevision.Action.DELETED else "UPDATE"
        events.append(_event(memory, str(revision.id), name, before, after, revision.created_at))
    return events


def _event(memory: Memory, key: str, name: str, before: str | None, after: str, at: datetime) -> dict[str, Any]:
    return {
        "id": key,
        "memory_id": str(memory.id),
        "event": name,
        "old_memory": before,
        "new_memory": None if name == "DELETE" else after,
        "created_at": memory.created_at.isoformat(),
        "updated_at": at.isoformat(),
    }
