"""What belongs to nothing any more: rows of steps that are gone, names without mentions, verdicts on nothing."""

from __future__ import annotations

from typing import Final

from django.apps import apps
from django.db.models import F, Model, QuerySet

from enrichment.maintenance._finding import Check, Finding
from enrichment.models import Enrichment
from enrichment.registry import steps
from enrichment.services.forgetting import forget_unmentioned, forget_verdicts, unmentioned
from enrichment.services.planning import due_again
from memories.models import Memory

_AT_ONCE: Final = 5000


def _leftovers(mend: bool) -> Finding:
    gone = Enrichment.objects.exclude(step__in=list(steps()))
    figures = {
        "rows_of_steps_that_are_gone": gone.count(),
        "names_without_a_mention": unmentioned().count(),
        "rows_of_another_owner": sum(_strayed(model).count() for model in _derived()),
    }
    found = sum(figures.values())
    says = f"{found:,} rows belong to nothing any more." if found else "Every row belongs to something."
    return Finding(found, says, _sweep() if mend and found else 0, figures)


def _sweep() -> int:
    count = 0
    while ids := list(Enrichment.objects.exclude(step__in=list(steps())).values_list("id", flat=True)[:_AT_ONCE]):
        count += Enrichment.objects.filter(id__in=ids).delete()[0]
    while gone := forget_unmentioned():
        count += gone
    forget_verdicts()
    return count + sum(_bring_back(model) for model in _derived())


def _derived() -> list[type[Model]]:
    """Tables of what was found in a memory, whose owner each row repeats."""
    found = []
    for model in apps.get_app_config("enrichment").get_models():
        fields = {field.name: field for field in model._meta.concrete_fields}
        if "owner" in fields and "memory" in fields and fields["memory"].related_model is Memory:
            found.append(model)
    return found


def _strayed(model: type[Model]) -> QuerySet[Model]:
    """Rows whose memory is another owner's by now."""
    return model._base_manager.exclude(owner=F("memory__owner"))


def _bring_back(model: type[Model]) -> int:
    """Drop what strayed; its memories are read again for whose they are."""
    memories = list(_strayed(model).values_list("memory", flat=True).distinct())
    count, _ = _strayed(model).delete()
    due_again(Enrichment.objects.filter(memory__in=memories))
    return count


LEFTOVERS = Check("leftovers", "Leftovers", _leftovers)
