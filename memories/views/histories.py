"""A memory's history as a page shows it: states newest first, each with what its change did."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from memories.models import Memory, MemoryRevision
from memories.rendering import diff_words
from memories.selectors import revisions_of
from memories.services.revising import snapshot_of

_LABELS = {
    "author": "Author",
    "tags": "Tags",
    "importance": "Importance",
    "pinned": "Pinned",
    "state": "State",
    "occurred_at": "When",
    "persona_id": "Persona",
}


@dataclass(slots=True)
class Entry:
    """One state of the memory and the change that led to it. `number` is what undo needs to return to it."""

    number: int
    at: datetime
    actor: str
    action: str
    reason: str
    current: bool
    diff: list[tuple[str, str]] = field(default_factory=list)
    changes: list[tuple[str, str, str]] = field(default_factory=list)


def history_of(memory: Memory) -> list[Entry]:
    """Newest first; the last entry is the memory as it was captured.

    A revision keeps the state before its change. The state that revision n led to is therefore what revision n + 1
    keeps, and undo to that state takes the number n + 1.
    """
    revisions = list(revisions_of(memory))
    entries, after = [], snapshot_of(memory)
    for position, revision in enumerate(revisions):
        before = revision.snapshot
        leads_back = revisions[position - 1].number if position else 0
        entries.append(_entry(revision, before, after, number=leads_back, current=position == 0))
        after = before
    first = revisions[-1].number if revisions else 0
    entries.append(
        Entry(first, memory.created_at, "", "captured", "", current=not revisions, diff=[("equal", after["content"])])
    )
    return entries


def _entry(
    revision: MemoryRevision, before: dict[str, Any], after: dict[str, Any], *, number: int, current: bool
) -> Entry:
    changed = before["content"] != after["content"]
    return Entry(
        number=number,
        at=revision.created_at,
        actor=str(revision.actor or revision.via or "MEMSHADOW"),
        action=revision.get_action_display(),
        reason=revision.reason,
        current=current,
        diff=diff_words(before["content"], after["content"]) if changed else [],
        changes=[
            (label, _shown(before[name]), _shown(after[name]))
            for name, label in _LABELS.items()
            if before[name] != after[name]
        ]
        + ([("Sealed text", "", "replaced")] if before.get("ciphertext") != after.get("ciphertext") else []),
    )


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
