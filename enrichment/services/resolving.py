"""Whose name is this: names of one owner become entities by rules that say why, never against what a person said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from django.db import connection

from enrichment.entities import naming
from enrichment.models import Entity, EntityName, entity_name_key, entity_part_keys
from enrichment.services.following import follow_entities
from memshadow.lib.ids import new_id

# Two workers that name things of one owner wait for each other here, and so never make one thing twice.
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 7208))"
FIRST: Final = "first seen by this name"
SEVERAL: Final = "several are called so"
Named = tuple[str, str]  # kind, name


@dataclass(frozen=True, slots=True)
class Resolved:
    """A name, and other entities that it might mean too where it is one part of theirs alone."""

    name: EntityName
    rivals: tuple[UUID, ...] = ()


@dataclass(slots=True)
class _Known:
    """An entity with its names and the parts by which they meet others."""

    entity: Entity
    names: list[str] = field(default_factory=list)
    parts: set[bytes] = field(default_factory=set)
    by_hand: bool = False

    def why(self, kind: str, name: str) -> str:
        """The rule by which a name may be this entity's; empty where it may not."""
        if self.entity.is_hidden or self.entity.kind != kind or naming.conflicts(kind, name, self.names):
            return ""
        return next((reason for known in self.names if (reason := naming.why_same(kind, name, known))), "")

    def is_full(self, kind: str) -> bool:
        """Whether any of its names says all of it."""
        return any(naming.is_full(kind, name) for name in self.names)


def hold_names(owner_id: UUID) -> None:
    """Until the transaction ends nobody else gives names of this owner to entities."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [str(owner_id)])


def resolve_names(*, owner_id: UUID, names: Iterable[Named]) -> dict[Named, Resolved]:
    """The entity of each (kind, name), made where it is new, in the caller's transaction.

    A name that is known stays whose it is. A new one joins the one entity that a rule fits to; where several fit, it is
    its own, unless it is the full name of them all. Fuller names are looked at first.
    """
    hold_names(owner_id)
    wanted = list(dict.fromkeys(names))
    keys = {one: entity_name_key(owner_id, one[0], naming.normal(*one)) for one in wanted}
    rows = EntityName.objects.filter(owner_id=owner_id, name_key__in=set(keys.values())).select_related("entity")
    stored = {bytes(row.name_key): row for row in rows}
    resolver = _Resolver(owner_id, wanted)
    for one in sorted(wanted, key=lambda one: -len(one[1])):
        if keys[one] not in stored:
            stored[keys[one]] = resolver.settle(one, keys[one])
        resolver.give_parts(one, stored[keys[one]])
    return {one: Resolved(stored[keys[one]], resolver.rivals(one, stored[keys[one]])) for one in wanted}


class _Resolver:
    """The entities that share a part with the names at hand, kept up to date while names are settled."""

    def __init__(self, owner_id: UUID, names: Sequence[Named]) -> None:
        self._owner_id = owner_id
        self._parts = {one: entity_part_keys(owner_id, naming.parts(*one)) for one in names}
        self._known: dict[UUID, _Known] = {}
        parts = {part for found in self._parts.values() for part in found}
        if parts:
            self._read(parts)

    def _read(self, parts: set[bytes]) -> None:
        rows = EntityName.objects.filter(owner_id=self._owner_id)
        meeting = rows.filter(part_keys__overlap=list(parts)).values_list("entity_id", flat=True)
        for row in rows.filter(entity__in=set(meeting)).select_related("entity").order_by("created_at", "id"):
            self._note(row)

    def _note(self, row: EntityName) -> None:
        known = self._known.setdefault(row.entity_id, _Known(row.entity))
        known.names.append(row.name)
        known.parts.update(bytes(part) for part in row.part_keys)
        known.by_hand = known.by_hand or row.is_by_hand or row.entity.is_named_by_hand

    def settle(self, one: Named, key: bytes) -> EntityName:
        """The row of a name that is new, with the entity that the rules give it."""
        kind, name = one
        fitting = self._fitting(one)
        if len(fitting) > 1 and self._is_whole(kind, name, fitting):
            fitting = [self._joined(kind, fitting)]
        rule = fitting[0][1] if len(fitting) == 1 else SEVERAL if fitting else FIRST
        entity = fitting[0][0].entity if len(fitting) == 1 else self._new(kind, name)
        return self._add(entity, one, key, rule)

    def give_parts(self, one: Named, row: EntityName) -> None:
        """A name that was no person's before gets the parts by which it meets other names."""
        if self._parts[one] and not row.part_keys:
            row.kind, row.part_keys = one[0], self._parts[one]
            row.save(update_fields=["kind", "part_keys"])
            self._note(row)

    def rivals(self, one: Named, row: EntityName) -> tuple[UUID, ...]:
        """Others whom a part of a name might mean; none where it says all, or a person said whose it is."""
        if row.is_by_hand or naming.is_full(*one):
            return ()
        return tuple(k.entity.id for k, _ in self._fitting(one) if k.entity.id != row.entity_id)

    def _fitting(self, one: Named) -> list[tuple[_Known, str]]:
        parts = set(self._parts.get(one, ()))
        sharing = [known for known in self._known.values() if known.parts & parts]
        return [(known, reason) for known in sharing if (reason := known.why(*one))]

    def _is_whole(self, kind: str, name: str, fitting: Sequence[tuple[_Known, str]]) -> bool:
        """Whether a full name explains all of several partial ones, none of which a person has touched."""
        if not naming.is_full(kind, name):
            return False
        fuller = all(all(not naming.is_fuller(kind, other, name) for other in known.names) for known, _ in fitting)
        return fuller and not any(known.by_hand for known, _ in fitting) and self._agree(kind, fitting)

    def _agree(self, kind: str, fitting: Sequence[tuple[_Known, str]]) -> bool:
        """Whether no two of them are full names of different people."""
        full = [name for known, _ in fitting for name in known.names if naming.is_full(kind, name)]
        return not any(naming.conflicts(kind, name, [other]) for name in full for other in full)

    def _joined(self, kind: str, fitting: Sequence[tuple[_Known, str]]) -> tuple[_Known, str]:
        """All of them as one, which keeps the row that was there first."""
        (kept, reason), *others = sorted(
            fitting, key=lambda pair: (not pair[0].is_full(kind), pair[0].entity.created_at)
        )
        for known, _ in others:
            known.entity.names.update(entity=kept.entity)
            known.entity.mentions.update(entity=kept.entity)
            known.entity.merged_into = kept.entity
            known.entity.save(update_fields=["merged_into"])
            follow_entities(self._owner_id, [known.entity.id])
            kept.names += known.names
            kept.parts |= known.parts
            del self._known[known.entity.id]
        return kept, reason

    def _new(self, kind: str, name: str) -> Entity:
        entity = Entity(id=new_id(), owner_id=self._owner_id, kind=kind)
        entity.name = name
        entity.save(force_insert=True)
        return entity

    def _add(self, entity: Entity, one: Named, key: bytes, rule: str) -> EntityName:
        kind, name = one
        row = EntityName(id=new_id(), owner_id=self._owner_id, entity=entity, kind=kind, name_key=key, rule=rule)
        row.name, row.part_keys = name, self._parts.get(one, [])
        row.save(force_insert=True)
        if not entity.is_named_by_hand and naming.is_fuller(kind, name, entity.name):
            entity.name = name
            entity.save(update_fields=["name_sealed"])
        self._note(row)
        return row
