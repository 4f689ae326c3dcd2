"""People correct what was found: merge, split, rename, sort, hide. Each can be undone, and holds when steps rerun."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from accounts.models import User
from enrichment.entities import THING_KINDS
from enrichment.models import Entity, EntityChange, EntityName, Mention
from enrichment.services.following import follow_entities
from enrichment.services.resolving import hold_names
from memshadow.lib.clock import now
from memshadow.lib.errors import Conflict, NotFound, ValidationFailed

MERGED: Final = "merged by hand"
SPLIT: Final = "split off by hand"
NAME_MAX_CHARS: Final = 200
_CHANGED: Final = ("name", "kind", "is_named_by_hand", "is_sorted_by_hand", "is_hidden")


@transaction.atomic
def merge_entities(*, owner: User, into: Entity, others: Sequence[Entity]) -> EntityChange:
    """Make others part of `into`: their names and mentions are its from now on, also when they are found again."""
    hold_names(owner.id)
    others = [other for other in others if other.id != into.id]
    if not others:
        raise ValidationFailed("Choose another entity to merge with this one.", field="others")
    before = _state([into, *others])
    ids = [other.id for other in others]
    EntityName.objects.filter(owner=owner, entity__in=ids).update(entity=into, rule=MERGED, is_by_hand=True)
    EntityName.objects.filter(owner=owner, entity=into).update(is_by_hand=True)
    Mention.objects.filter(owner=owner, entity__in=ids).update(entity=into)
    Entity.objects.filter(owner=owner, id__in=ids).update(merged_into=into)
    follow_entities(owner.id, ids)
    return _noted(into, EntityChange.Action.MERGE, before)


@transaction.atomic
def split_entity(*, owner: User, entity: Entity, names: Collection[UUID]) -> tuple[Entity, EntityChange]:
    """Make some of an entity's names another entity, with the mentions that use them. Returns it and the correction."""
    hold_names(owner.id)
    rows = list(EntityName.objects.filter(owner=owner, entity=entity).order_by("created_at", "id"))
    going = [row for row in rows if row.id in set(names)]
    if not going or len(going) == len(rows):
        raise ValidationFailed("Choose some of the names, and leave at least one.", field="names")
    before = _state([entity])
    fresh = Entity(owner=owner, kind=entity.kind)
    fresh.name = max((row.name for row in going), key=len)
    fresh.save(force_insert=True)
    ids = [row.id for row in going]
    EntityName.objects.filter(owner=owner, id__in=ids).update(entity=fresh, rule=SPLIT, is_by_hand=True)
    EntityName.objects.filter(owner=owner, entity=entity).update(is_by_hand=True)
    Mention.objects.filter(owner=owner, name__in=ids).update(entity=fresh, reason="")
    _name_again(entity, [row for row in rows if row.id not in set(ids)])
    follow_entities(owner.id, [entity.id])
    return fresh, _noted(entity, EntityChange.Action.SPLIT, before | {"fresh": str(fresh.id)})


@transaction.atomic
def rename_entity(*, owner: User, entity: Entity, name: str) -> EntityChange:
    """Call it so from now on; its other names stay, and find it as before."""
    name = " ".join(name.split())
    if not name or len(name) > NAME_MAX_CHARS:
        raise ValidationFailed(f"Give a name of 1 to {NAME_MAX_CHARS} characters.", field="name")
    before = _state([entity])
    entity.name, entity.is_named_by_hand = name, True
    entity.save(update_fields=["name_sealed", "is_named_by_hand"])
    return _noted(entity, EntityChange.Action.RENAME, before)


@transaction.atomic
def sort_entity(*, owner: User, entity: Entity, kind: str) -> EntityChange:
    """Say what kind of thing it is."""
    if kind not in THING_KINDS:
        raise ValidationFailed(f"kind is one of {', '.join(THING_KINDS)}.", field="kind")
    before = _state([entity])
    entity.kind, entity.is_sorted_by_hand = kind, True
    entity.save(update_fields=["kind", "is_sorted_by_hand"])
    return _noted(entity, EntityChange.Action.KIND, before)


@transaction.atomic
def hide_entity(*, owner: User, entity: Entity, hidden: bool = True) -> EntityChange:
    """Say that it is nothing, and show it nowhere, also when it is found again; or show it again."""
    before = _state([entity])
    entity.is_hidden = hidden
    entity.save(update_fields=["is_hidden"])
    return _noted(entity, EntityChange.Action.HIDE if hidden else EntityChange.Action.SHOW, before)


@transaction.atomic
def undo_change(*, owner: User, change: EntityChange) -> Entity:
    """Bring names, mentions and what it was called back to where they were. Raises Conflict for one already undone.

    Mentions that were found since go with their names. Returns the entity that the correction was about.
    """
    hold_names(owner.id)
    change = EntityChange.objects.select_for_update().get(owner=owner, id=change.id)
    if change.undone_at is not None:
        raise Conflict("This correction is undone already.")
    rows = {str(row.id): row for row in Entity.objects.filter(owner=owner, id__in=list(change.before["entities"]))}
    if len(rows) < len(change.before["entities"]):
        raise NotFound("What this correction was about is gone.")
    touched = _touched(owner, change)
    for key, row in rows.items():
        _restore(row, change.before["entities"][key])
    _restore_names(owner, change.before["names"])
    follow_entities(owner.id, touched)
    change.undone_at = now()
    change.save(update_fields=["undone_at"])
    return rows[str(change.entity_id)]


def _touched(owner: User, change: EntityChange) -> set[UUID]:
    """The entities that a correction was about, and those to which it gave their names."""
    names = [UUID(key) for key in change.before["names"]]
    now_of = EntityName.objects.filter(owner=owner, id__in=names).values_list("entity_id", flat=True)
    return {UUID(key) for key in change.before["entities"]} | set(now_of)


def _state(entities: Sequence[Entity]) -> dict[str, Any]:
    """All that a correction changes, as JSON."""
    names = EntityName.objects.filter(entity__in=[entity.id for entity in entities])
    return {
        "entities": {
            str(entity.id): [getattr(entity, field) for field in _CHANGED] + [_id(entity)] for entity in entities
        },
        "names": {str(row.id): [str(row.entity_id), row.rule, row.is_by_hand] for row in names},
    }


def _id(entity: Entity) -> str | None:
    return str(entity.merged_into_id) if entity.merged_into_id else None


def _restore(row: Entity, values: Sequence[Any]) -> None:
    *plain, merged = values
    for field, value in zip(_CHANGED, plain, strict=True):
        setattr(row, field, value)
    row.merged_into_id = UUID(merged) if merged else None
    row.save()


def _restore_names(owner: User, names: dict[str, Sequence[Any]]) -> None:
    for key, (entity_id, rule, by_hand) in names.items():
        found = EntityName.objects.filter(owner=owner, id=UUID(key))
        if found.exclude(entity_id=entity_id).exists():
            Mention.objects.filter(owner=owner, name_id=UUID(key)).update(entity_id=entity_id)
        found.update(entity_id=entity_id, rule=rule, is_by_hand=by_hand)


def _name_again(entity: Entity, left: Sequence[EntityName]) -> None:
    """What it was called may have gone with the others."""
    if not entity.is_named_by_hand and entity.name not in {row.name for row in left}:
        entity.name = max((row.name for row in left), key=len)
        entity.save(update_fields=["name_sealed"])


def _noted(entity: Entity, action: str, before: dict[str, Any]) -> EntityChange:
    change = EntityChange(owner_id=entity.owner_id, entity=entity, action=action)
    change.before = before
    change.save(force_insert=True)
    return change
