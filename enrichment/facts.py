"""Reads: facts on two clocks, what is true at a time as it was known at another, and what ended which.

An interval's end is not stored. It follows from what was known then, so that it never depends on the order in which
memories came in, and that what people say to a fact holds for all that follows from it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import (
    Case,
    DateTimeField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    UUIDField,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Least, TruncDate

from accounts.models import User
from enrichment.models import FactVerdict, Relation
from memories.models import State

_EVER: Final = Value(datetime(1, 1, 2, tzinfo=UTC), output_field=DateTimeField())
# Declared on the model, so that what reads them is checked.
_ENDS_AT, _ENDED_BY, _VERDICT_ID = "ends_at", "ended_by", "verdict_id"
_Action = FactVerdict.Action


def known_relations(owner: User, known_at: datetime | None = None) -> QuerySet[Relation]:
    """What is stated by memories that are not in the trash, as far as it was known then and nobody disagreed yet."""
    rows = Relation.objects.filter(owner=owner).exclude(memory__state=State.DELETED)
    rows = rows.exclude(subject__is_hidden=True).exclude(object__is_hidden=True)
    if known_at is None:
        rows = rows.filter(unlearnt_at=None)
    else:
        rows = rows.filter(Q(unlearnt_at=None) | Q(unlearnt_at__gt=known_at), learnt_at__lte=known_at)
    return rows.filter(~Exists(verdicts(owner, known_at).filter(action=_Action.REJECT, older_key=OuterRef("fact_key"))))


def verdicts(owner: User, known_at: datetime | None = None) -> QuerySet[FactVerdict]:
    """What people had said by then and not taken back."""
    rows = FactVerdict.objects.filter(owner=owner)
    if known_at is None:
        return rows.filter(undone_at=None)
    return rows.filter(Q(undone_at=None) | Q(undone_at__gt=known_at), at__lte=known_at)


def facts(owner: User, known_at: datetime | None = None) -> QuerySet[Relation]:
    """What is known, with `ends_at`: when it was over, by its own words, by a newer fact or by what a person said."""
    begun = Coalesce("valid_from", _EVER)
    rows = known_relations(owner, known_at).annotate(begun=begun, begun_on=TruncDate(begun, tzinfo=UTC))
    return rows.annotate(
        newer_at=_of_closer(owner, known_at, "closes_at", DateTimeField()),
        said_over_at=Subquery(_said_over(owner, known_at).values("ends_at")[:1]),
    ).annotate(**{_ENDS_AT: Least("valid_to", "newer_at", "said_over_at")})


def with_reasons(rows: QuerySet[Relation], owner: User, known_at: datetime | None = None) -> QuerySet[Relation]:
    """Facts with `ended_by`, the id of the newer one that ends each, where one does."""
    return rows.annotate(
        closer=_of_closer(owner, known_at, "id", UUIDField()),
        said_newer=Subquery(_newer_by_hand(owner, known_at).values("id")[:1]),
    ).annotate(**{_ENDED_BY: Coalesce("said_newer", "closer")})


def true_at(rows: QuerySet[Relation], moment: datetime) -> QuerySet[Relation]:
    """Those facts that had begun and were not over."""
    begun = Q(valid_from=None) | Q(valid_from__lte=moment)
    return rows.filter(begun, Q(ends_at=None) | Q(ends_at__gt=moment))


def stated(rows: QuerySet[Relation]) -> QuerySet[Relation]:
    """Those that are said to be so: neither denied nor only possible, wanted or told by another."""
    return rows.filter(is_negated=False, modality="")


def _of_closer(owner: User, known_at: datetime | None, name: str, field: Any) -> Case:
    """A column of the first fact that ends this one."""
    closers = _closers(owner, known_at).order_by("closes_at", "id").values(name)[:1]
    return Case(When(is_negated=False, modality="", then=Subquery(closers)), default=None, output_field=field)


def _closers(owner: User, known_at: datetime | None) -> QuerySet[Relation]:
    """What ends a fact: the end of the same, or another object of a predicate that has one at a time, a day later.

    Two that begin on one day have no order: neither ends the other, and both are shown for review.
    """
    rows = known_relations(owner, known_at).filter(
        subject_node=OuterRef("subject_node"),
        predicate_key=OuterRef("predicate_key"),
        closes_at__gt=OuterRef("begun"),
        modality="",
    )
    rows = rows.annotate(day=TruncDate("closes_at", tzinfo=UTC))
    same = Q(is_end=True, object_node=OuterRef("object_node"))
    other = Q(is_end=False, is_single=True, day__gt=OuterRef("begun_on")) & ~Q(object_node=OuterRef("object_node"))
    both = verdicts(owner, known_at).filter(
        action=_Action.BOTH, older_key=OuterRef(OuterRef("fact_key")), newer_key=OuterRef("fact_key")
    )
    return rows.filter(same | other).filter(~Exists(both))


def _said_over(owner: User, known_at: datetime | None) -> QuerySet[FactVerdict]:
    """What a person ended by choosing the newer of two; what is stated later again is not."""
    rows = verdicts(owner, known_at).filter(action=_Action.NEWER, older_key=OuterRef("fact_key"))
    return rows.filter(ends_at__gte=OuterRef("begun")).order_by("ends_at", "id")


def _newer_by_hand(owner: User, known_at: datetime | None) -> QuerySet[Relation]:
    chosen = _said_over_of(owner, known_at).values("newer_key")[:1]
    return known_relations(owner, known_at).filter(fact_key=Subquery(chosen)).order_by(F("valid_from").asc(), "id")


def _said_over_of(owner: User, known_at: datetime | None) -> QuerySet[FactVerdict]:
    rows = verdicts(owner, known_at).filter(action=_Action.NEWER, older_key=OuterRef(OuterRef("fact_key")))
    return rows.filter(ends_at__gte=OuterRef(OuterRef("begun"))).order_by("ends_at", "id")


def disputed_relations(owner: User) -> QuerySet[Relation]:
    """What a person said is wrong, with `verdict_id`, by which that is taken back."""
    said = verdicts(owner).filter(action=_Action.REJECT, older_key=OuterRef("fact_key"))
    rows = Relation.objects.filter(owner=owner, unlearnt_at=None).exclude(memory__state=State.DELETED)
    return rows.filter(Exists(said)).annotate(**{_VERDICT_ID: Subquery(said.order_by("at", "id").values("id")[:1])})


def about(rows: QuerySet[Relation], nodes: Collection[UUID]) -> QuerySet[Relation]:
    """Those whose subject or object is one of these."""
    return rows.filter(Q(subject_node__in=nodes) | Q(object_node__in=nodes))


def with_memory(rows: QuerySet[Relation]) -> QuerySet[Relation]:
    """The same, with what is needed to show them."""
    return rows.select_related("subject", "object", "memory")
