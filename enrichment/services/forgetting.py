"""What no memory mentions any more is forgotten, so that an erased memory leaves no name behind."""

from __future__ import annotations

from django.apps import apps
from django.db.models import Exists, OuterRef, Q, QuerySet

from enrichment.models import Entity, EntityName, FactVerdict, Mention, Relation

_BATCH = 1000


def forget_unmentioned() -> int:
    """Delete names and entities that no memory mentions; returns how many entities.

    Whoever speaks is named as long as something stands that they said. What is merged into one that is still mentioned
    stays, for undoing; what other tables refer to stays with them.
    """
    silent = ~Exists(Relation.objects.filter(speaker=OuterRef("pk")))
    EntityName.objects.filter(~Exists(Mention.objects.filter(name=OuterRef("pk"))), silent, is_by_hand=False).delete()
    ids = list(unmentioned().values_list("id", flat=True)[:_BATCH])
    count, _ = Entity.objects.filter(id__in=ids).delete()
    return len(ids) if count else 0


def forget_verdicts() -> int:
    """Delete what people said to facts that nothing states any more; returns how many."""
    stated = Relation.objects.filter(owner=OuterRef("owner"))
    older, newer = stated.filter(fact_key=OuterRef("older_key")), stated.filter(fact_key=OuterRef("newer_key"))
    gone = ~Exists(older) | (~Q(newer_key=b"") & ~Exists(newer))
    return FactVerdict.objects.filter(gone).delete()[0]


def unmentioned() -> QuerySet[Entity]:
    """Entities without a mention of their own, or of what they were merged into."""
    rows = Entity.objects.filter(~Exists(Mention.objects.filter(entity=OuterRef("pk"))))
    rows = rows.filter(~Exists(Mention.objects.filter(entity=OuterRef("merged_into"))))
    for model in apps.get_models():
        if model._meta.label in _ITS_OWN:
            continue
        for reference in model._meta.concrete_fields:
            if reference.related_model is Entity:
                rows = rows.filter(~Exists(model._base_manager.filter(**{reference.name: OuterRef("pk")})))
    return rows


_ITS_OWN = {"enrichment.EntityName", "enrichment.Mention", "enrichment.EntityChange", "enrichment.Entity"}
