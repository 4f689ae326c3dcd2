"""People say what is right: a fact is wrong, two facts both stand, or only the newer one. Each can be undone."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from accounts.models import User
from enrichment import facts
from enrichment.models import FactVerdict, Relation
from memshadow.lib.clock import now
from memshadow.lib.errors import Conflict

_Action = FactVerdict.Action


@transaction.atomic
def reject_fact(*, owner: User, relation: Relation) -> FactVerdict:
    """Disagree: it is wrong, whoever states it, also when it is read again. Raises Conflict when that was said."""
    keys = _keys(owner, relation)
    if not keys:
        raise Conflict("You have disagreed with this already.")
    return _noted(owner, _Action.REJECT, [(key, b"") for key in keys])


@transaction.atomic
def keep_both(*, owner: User, older: Relation, newer: Relation) -> FactVerdict:
    """Say that the newer fact does not end the older one."""
    pairs = [(old, new) for old in _keys(owner, older) for new in _keys(owner, newer)]
    if not pairs:
        raise Conflict("You have disagreed with one of these facts; undo that first.")
    chosen = facts.verdicts(owner).filter(action=_Action.NEWER)
    for old, new in pairs:
        chosen.filter(older_key=old, newer_key=new).update(undone_at=now())
    return _noted(owner, _Action.BOTH, pairs)


def keep_beside_newer(*, owner: User, relation: Relation) -> FactVerdict:
    """Say that the fact that ended this one did not. Raises Conflict where none did."""
    row = facts.with_reasons(facts.facts(owner), owner).filter(id=relation.id).first()
    if row is None or row.ended_by is None:
        raise Conflict("No newer fact ended this one.")
    newer = Relation.objects.get(owner=owner, id=row.ended_by)
    return keep_both(owner=owner, older=relation, newer=newer)


@transaction.atomic
def keep_newer(*, owner: User, older: Relation, newer: Relation) -> FactVerdict:
    """Say that the older fact ended when the newer one began."""
    pairs = [(old, new) for old in _keys(owner, older) for new in _keys(owner, newer)]
    if not pairs:
        raise Conflict("You have disagreed with one of these facts; undo that first.")
    return _noted(owner, _Action.NEWER, pairs, newer.valid_from or newer.learnt_at)


@transaction.atomic
def undo_verdict(*, owner: User, verdict: FactVerdict) -> None:
    """Take back what was said, of every way to state it. Raises Conflict for what is undone already."""
    told = FactVerdict.objects.select_for_update().filter(owner=owner, action=verdict.action, at=verdict.at)
    if not told.filter(undone_at=None).update(undone_at=now()):
        raise Conflict("This is undone already.")


def undo_rejection(*, owner: User, relation: Relation) -> None:
    """Take back that a fact is wrong. Raises Conflict where nobody said so."""
    told = facts.verdicts(owner).filter(action=_Action.REJECT, older_key=relation.fact_key).first()
    if told is None:
        raise Conflict("Nobody disagreed with this.")
    undo_verdict(owner=owner, verdict=told)


def same_fact(owner: User, relation: Relation) -> list[Relation]:
    """All that states the same of the same, in whichever words, and was not found wrong."""
    rows = facts.known_relations(owner).filter(
        subject_node=relation.subject_node,
        predicate_key=relation.predicate_key,
        object_node=relation.object_node,
        is_negated=relation.is_negated,
    )
    return list(rows.order_by("learnt_at", "id"))


def _keys(owner: User, relation: Relation) -> list[bytes]:
    return sorted({bytes(row.fact_key) for row in same_fact(owner, relation)})


def _noted(
    owner: User, action: str, pairs: Collection[tuple[bytes, bytes]], ends_at: datetime | None = None
) -> FactVerdict:
    """One row for each way to state it, all of one moment, by which they are undone together."""
    moment = now()
    rows = [
        FactVerdict(owner=owner, action=action, older_key=older, newer_key=newer, ends_at=ends_at, at=moment)
        for older, newer in pairs
    ]
    return FactVerdict.objects.bulk_create(rows)[0]
