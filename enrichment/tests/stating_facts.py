"""Memories that state facts, read by the steps of entities and relations as the pipeline does."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from enrichment import facts
from enrichment.models import Relation
from enrichment.protocol import StepInput
from enrichment.registry import step_named
from memories.drafts import MemoryDraft
from memories.models import Memory
from memories.services.capture import capture_memory


def day(text: str) -> datetime:
    """Noon of a day."""
    return datetime.fromisoformat(text).replace(hour=12, tzinfo=UTC)


def told(owner: User, text: str, at: str = "2026-05-13", **parts: Any) -> Memory:
    """A memory of that day, read."""
    draft = MemoryDraft(content=text, occurred_at=day(at), **({"language": "en"} | parts))
    memory = capture_memory(owner=owner, draft=draft).memory
    read([memory])
    return memory


def read(memories: Iterable[Memory]) -> None:
    """Have memories of one owner read, as they are now."""
    results: dict[Any, dict[str, Any]] = {}
    for name in ("entities", "relations"):
        step = step_named(name)
        items = [_item(memory, results.get(memory.id, {})) for memory in memories]
        found = [outcome.result for outcome in step.run(items)]
        with transaction.atomic():
            step.record(list(zip(items, found, strict=True)))
        for item, result in zip(items, found, strict=True):
            results.setdefault(item.memory_id, {})[name] = result


def _item(memory: Memory, results: dict[str, Any]) -> StepInput:
    return StepInput(
        memory.id,
        memory.owner_id,
        memory.content,
        memory.kind,
        memory.author,
        memory.role,
        memory.language,
        memory.occurred_at,
        memory.conversation_id,
        results,
    )


def known(owner: User, known_at: datetime | None = None) -> list[str]:
    """Every fact with its interval: 'Anna live in Berlin 2026-05-13..'."""
    return sorted(line(row) for row in facts.facts(owner, known_at))


def line(row: Any) -> str:
    """A fact in one line, named by its entities."""
    subject = row.subject.name if row.subject else row.said["subject"]
    thing = row.object.name if row.object else row.said["object"]
    signs = [row.modality] * bool(row.modality) + ["not"] * row.is_negated
    words = " ".join([subject, *signs, row.said["predicate"], thing])
    return f"{words} {_day(row.valid_from)}..{_day(row.ends_at)}"


def true(owner: User, at: str, known_at: datetime | None = None) -> list[str]:
    """What is true on a day, without its interval."""
    rows = facts.true_at(facts.stated(facts.facts(owner, known_at)), day(at))
    return sorted(line(row).rsplit(" ", 1)[0] for row in rows)


def relation(owner: User, words: str) -> Relation:
    """The one whose line holds these words."""
    return next(row for row in facts.facts(owner) if words in line(row))


def _day(moment: datetime | None) -> str:
    return moment.date().isoformat() if moment else ""
