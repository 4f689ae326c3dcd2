"""Which memories: one description of a filter, shared by lists, search, exports and bulk actions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import reduce
from operator import or_
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, TextChoices

from accounts.models import User
from memories.fingerprints import tag_key
from memories.models import Kind, Memory, MemoryRole, MemoryTag, State, Tag, author_key
from memshadow.lib.errors import ValidationFailed

# What screening finds, and the column that says so.
FOUND = {"secret": "has_secret", "suspicious": "is_suspicious"}
_CHOICES: dict[str, type[TextChoices]] = {
    "states": State,
    "kinds": Kind,
    "kinds_none": Kind,
    "roles": MemoryRole,
    "roles_none": MemoryRole,
}


@dataclass(frozen=True, slots=True)
class MemoryFilter:
    """What a memory must be. Empty parts allow everything; `states` defaults to active memories only.

    The values of a part are alternatives, but `tags_all` must all be there; what ends in `_none` must not be.
    """

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
    kinds_none: tuple[str, ...] = ()
    roles_none: tuple[str, ...] = ()
    sources_none: tuple[str, ...] = ()
    tags_none: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    authors_none: tuple[str, ...] = ()
    persona_ids: tuple[UUID, ...] = ()
    persona_ids_none: tuple[UUID, ...] = ()
    conversation_ids: tuple[UUID, ...] = ()
    conversation_ids_none: tuple[UUID, ...] = ()
    has: tuple[str, ...] = ()
    has_none: tuple[str, ...] = ()
    sealed: bool | None = None

    def __post_init__(self) -> None:
        """Raises ValidationFailed for a value that no memory can have."""
        for name, allowed in _CHOICES.items():
            unknown = set(getattr(self, name)) - set(allowed.values)
            if unknown:
                choices = ", ".join(filter(None, allowed.values))
                raise ValidationFailed(f"{name} can be {choices}; not {', '.join(sorted(unknown))}.", field=name)
        if unknown := {*self.has, *self.has_none} - set(FOUND):
            raise ValidationFailed(f"has can be {', '.join(FOUND)}; not {', '.join(sorted(unknown))}.", field="has")
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
    none_of: tuple[UUID, ...] = ()


def tag_ids(owner: User, wanted: MemoryFilter) -> TagIds:
    """Look the filter's tag names up among the owner's tags."""
    names = {*wanted.tags_any, *wanted.tags_all, *wanted.tags_none}
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
    none_of = tuple(known[keys[name]] for name in wanted.tags_none if keys[name] in known)
    return TagIds(any_of, all_of, impossible, none_of)


def unknown_tags(owner: User, names: Sequence[str]) -> tuple[str, ...]:
    """Those of the names that are no tag of the owner's."""
    keys = {name: tag_key(owner.id, name) for name in names}
    rows = Tag.objects.filter(owner=owner, name_key__in=list(keys.values()))
    known = {bytes(key) for key in rows.values_list("name_key", flat=True)}
    return tuple(name for name, key in keys.items() if key not in known)


def author_keys(owner: User, names: Sequence[str]) -> list[bytes]:
    """The keyed hashes under which these authors' memories are found."""
    return [author_key(owner.id, name) for name in names]


def filtered(owner: User, wanted: MemoryFilter) -> QuerySet[Memory]:
    """The owner's memories that pass the filter."""
    rows = Memory.objects.filter(owner=owner, state__in=wanted.states).filter(_simple(wanted))
    if wanted.authors:
        rows = rows.filter(author_key__in=author_keys(owner, wanted.authors))
    if wanted.authors_none:
        rows = rows.exclude(author_key__in=author_keys(owner, wanted.authors_none))
    ids = tag_ids(owner, wanted)
    if ids.impossible:
        return rows.none()
    if ids.any_of:
        rows = rows.filter(Exists(MemoryTag.objects.filter(memory=OuterRef("pk"), tag_id__in=ids.any_of)))
    if ids.none_of:
        rows = rows.exclude(Exists(MemoryTag.objects.filter(memory=OuterRef("pk"), tag_id__in=ids.none_of)))
    for tag_id in ids.all_of:
        rows = rows.filter(Exists(MemoryTag.objects.filter(memory=OuterRef("pk"), tag_id=tag_id)))
    return rows


def _simple(wanted: MemoryFilter) -> Q:
    conditions = Q()
    several: tuple[tuple[str, Iterable[object], Iterable[object]], ...] = (
        ("kind", wanted.kinds, wanted.kinds_none),
        ("role", wanted.roles, wanted.roles_none),
        ("source", wanted.sources, wanted.sources_none),
        ("persona_id", wanted.persona_ids, wanted.persona_ids_none),
        ("conversation_id", wanted.conversation_ids, wanted.conversation_ids_none),
    )
    for column, values, refused in several:
        if values:
            conditions &= Q(**{f"{column}__in": values})
        if refused:
            conditions &= ~Q(**{f"{column}__in": refused})
    if wanted.has:
        conditions &= reduce(or_, (Q(**{FOUND[name]: True}) for name in wanted.has))
    for name in wanted.has_none:
        conditions &= Q(**{FOUND[name]: False})
    exact = {
        "persona_id": wanted.persona_id,
        "conversation_id": wanted.conversation_id,
        "occurred_at__gte": wanted.after,
        "occurred_at__lt": wanted.before,
        "pinned": wanted.pinned,
        "is_sealed": wanted.sealed,
    }
    return conditions & Q(**{name: value for name, value in exact.items() if value is not None})
