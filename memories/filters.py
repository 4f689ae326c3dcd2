"""Which memories: one description of a filter, shared by lists, search, exports and bulk actions."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import User
from memories.fingerprints import tag_key
from memories.models import Kind, Memory, MemoryRole, MemoryTag, State, Tag
from memshadow.lib.errors import ValidationFailed


@dataclass(frozen=True, slots=True)
class MemoryFilter:
    """What a memory must be. Empty parts allow everything; `states` defaults to active memories only."""

    states: tuple[str, ...] = (State.ACTIVE,)
    kinds: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    tags_any: tuple[str, ...] = ()
    tags_all: tuple[str, ...] = ()
    persona_id: UUID | None = None
    conversation_id: UUID | None = None
    after: datetime | None = None
    before: datetime | None = None
    pinned: bool | None = None

    def __post_init__(self) -> None:
        """Raises ValidationFailed for a value that no memory can have."""
        for name, allowed in (("states", State), ("kinds", Kind), ("roles", MemoryRole)):
            unknown = set(getattr(self, name)) - set(allowed.values)
            if unknown:
                choices = ", ".join(filter(None, allowed.values))
                raise ValidationFailed(f"{name} can be {choices}; not {', '.join(sorted(unknown))}.", field=name)
        for name in ("after", "before"):
            moment = getattr(self, name)
            if moment is not None and moment.tzinfo is None:
                raise ValidationFailed(f"{name} needs a time zone, such as 2025-03-01T00:00:00Z.", field=name)

    @property
    def is_default(self) -> bool:
        """True when nothing was narrowed."""
        return all(getattr(self, f.name) == f.default for f in fields(self))


@dataclass(frozen=True, slots=True)
class TagIds:
    """A filter's tag names as ids. `impossible` when a name that must match is not known at all."""

    any_of: tuple[UUID, ...]
    all_of: tuple[UUID, ...]
    impossible: bool


def tag_ids(owner: User, wanted: MemoryFilter) -> TagIds:
    """Look the filter's tag names up among the owner's tags."""
    names = {*wanted.tags_any, *wanted.tags_all}
    if not names:
        return TagIds((), (), False)
    keys = {name: tag_key(owner.id, name.strip().lstrip("#")) for name in names}
    known = {
        bytes(key): tag_id
        for key, tag_id in Tag.objects.filter(owner=owner, name_key__in=list(keys.values())).values_list(
            "name_key", "id"
        )
    }
    any_of = tuple(known[keys[name]] for name in wanted.tags_any if keys[name] in known)
    all_of = tuple(known[keys[name]] for name in wanted.tags_all if keys[name] in known)
    impossible = (bool(wanted.tags_any) and not any_of) or len(all_of) < len(wanted.tags_all)
    return TagIds(any_of, all_of, impossible)


def filtered(owner: User, wanted: MemoryFilter) -> QuerySet[Memory]:
    """The owner's memories that pass the filter."""
    rows = Memory.objects.filter(owner=owner, state__in=wanted.states).filter(_simple(wanted))
    ids = tag_ids(owner, wanted)
    if ids.impossible:
        return rows.none()
    if ids.any_of:
        rows = rows.filter(Exists(MemoryTag.objects.filter(memory=OuterRef("pk"), tag_id__in=ids.any_of)))
    for tag_id in ids.all_of:
        rows = rows.filter(Exists(MemoryTag.objects.filter(memory=OuterRef("pk"), tag_id=tag_id)))
    return rows


def _simple(wanted: MemoryFilter) -> Q:
    conditions = Q()
    for column, values in (("kind", wanted.kinds), ("role", wanted.roles), ("source", wanted.sources)):
        if values:
            conditions &= Q(**{f"{column}__in": values})
    exact = {
        "persona_id": wanted.persona_id,
        "conversation_id": wanted.conversation_id,
        "occurred_at__gte": wanted.after,
        "occurred_at__lt": wanted.before,
        "pinned": wanted.pinned,
    }
    return conditions & Q(**{name: value for name, value in exact.items() if value is not None})
