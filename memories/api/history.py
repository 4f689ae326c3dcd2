"""What each revision of a memory changed."""

from __future__ import annotations

from datetime import datetime
from difflib import unified_diff
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from memories.models import Memory, MemoryRevision
from memories.selectors import revisions_of
from memories.services.revising import snapshot_of

# difflib's time grows with the square of the lines; beyond this only the fact of the change is told.
_DIFF_MAX_LINES = 4000


class ChangeOut(BaseModel):
    """One part that was changed; of `content`, the diff tells more."""

    field: str
    before: Any
    after: Any


class RevisionOut(BaseModel):
    """One change of a memory."""

    id: UUID
    number: int
    action: str
    actor: str | None = Field(description="Who did it.")
    via: str
    reason: str
    created_at: datetime
    changes: list[ChangeOut]
    diff: str | None = Field(description="Unified diff of the text; null when it is too long to compare.")


class RevisionPageOut(BaseModel):
    """A page of a memory's history."""

    items: list[RevisionOut]
    next_cursor: str | None


def revision_page(memory: Memory, *, before: int | None, limit: int) -> RevisionPageOut:
    """Revisions with lower numbers than `before`, newest first, each compared with what followed it."""
    rows = revisions_of(memory)
    after = snapshot_of(memory)
    if before is not None:
        following = rows.filter(number=before).first()
        after = following.snapshot if following else after
        rows = rows.filter(number__lt=before)
    found = list(rows[: limit + 1])
    items = []
    for revision in found[:limit]:
        snapshot = revision.snapshot
        items.append(_revision(revision, snapshot, after))
        after = snapshot
    return RevisionPageOut(items=items, next_cursor=str(items[-1].number) if len(found) > limit else None)


def _revision(revision: MemoryRevision, before: dict[str, Any], after: dict[str, Any]) -> RevisionOut:
    changed = [name for name in before if name != "content" and before[name] != after.get(name)]
    return RevisionOut(
        id=revision.id,
        number=revision.number,
        action=revision.action,
        actor=str(revision.actor) if revision.actor else None,
        via=revision.via,
        reason=revision.reason,
        created_at=revision.created_at,
        changes=[ChangeOut(field=name, before=before[name], after=after.get(name)) for name in changed],
        diff=_diff(before["content"], after["content"]),
    )


def _diff(before: str, after: str) -> str | None:
    if before == after:
        return ""
    old, new = before.split("\n"), after.split("\n")
    if len(old) + len(new) > _DIFF_MAX_LINES:
        return None
    return "\n".join(unified_diff(old, new, "before", "after", lineterm=""))
