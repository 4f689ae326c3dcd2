"""Facts on the pages of entities and memories, current and earlier, with reasons, and what a person says to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from accounts.access import needs, owner_of
from accounts.models import User
from enrichment import facts
from enrichment.access import relation_or_404, verdict_or_404
from enrichment.models import Entity, Relation
from enrichment.relation_schemas import PartOut, part_of
from enrichment.relations import shown_predicate
from enrichment.services import judging
from memories.models import Memory
from memshadow.lib.clock import now
from memshadow.lib.errors import MemshadowError, ValidationFailed

_ROWS = 400
_SENTENCES = 3


def facts_of_entity(owner: User, entity: Entity) -> dict[str, Any]:
    """What is known of it: true now, earlier, not certain, and what a person disagreed with."""
    return facts_of_node(owner, entity.id)


def facts_of_node(owner: User, node: UUID) -> dict[str, Any]:
    """The same of an entity or a phrase, by its id in the graph."""
    known = facts.about(facts.with_reasons(facts.facts(owner), owner), [node])
    rows = list(facts.with_memory(known).order_by("-valid_from", "-id")[:_ROWS])
    newer = _newer(owner, rows)
    disputed = facts.with_memory(facts.about(facts.disputed_relations(owner), [node]))
    said = [row for row in rows if not row.modality]
    return {
        "facts": {
            "current": _shown([row for row in said if not _is_over(row)], newer),
            "earlier": _shown([row for row in said if _is_over(row)], newer),
            "unsure": _shown([row for row in rows if row.modality], newer),
            "disputed": _shown(list(disputed[:_ROWS]), {}),
        }
    }


def facts_panel(request: HttpRequest, owner: User, memory: Memory) -> SafeString:
    """What the memory states, what ended that since, and what it ended; empty when it states nothing."""
    known = facts.with_memory(facts.with_reasons(facts.facts(owner), owner))
    rows = list(known.filter(memory=memory).order_by("start", "id")[:_ROWS])
    disputed = list(facts.with_memory(facts.disputed_relations(owner)).filter(memory=memory)[:_ROWS])
    if not rows and not disputed:
        return SafeString("")
    context = {
        "stated": _shown(rows, _newer(owner, rows)),
        "ended": _shown(_ended_by(known, rows), {row.id: row for row in rows}),
        "disputed": _shown(disputed, {}),
    }
    return SafeString(render_to_string("enrichment/_memory_facts.html", context, request=request))


@needs("memories:write")
@require_POST
def change(request: HttpRequest, relation_id: UUID) -> HttpResponse:
    """Disagree with a fact, or keep it beside the newer one."""
    owner = owner_of(request)
    row = relation_or_404(owner, relation_id)
    try:
        messages.success(request, _said(request.POST.get("action", ""), owner, row))
    except MemshadowError as error:
        messages.error(request, error.message)
    return _back(request, row)


@needs("memories:write")
@require_POST
def undo(request: HttpRequest, verdict_id: UUID) -> HttpResponse:
    """Take back what was said to a fact."""
    owner = owner_of(request)
    verdict = verdict_or_404(owner, verdict_id)
    try:
        judging.undo_verdict(owner=owner, verdict=verdict)
        messages.success(request, "Undone. The fact stands again.")
    except MemshadowError as error:
        messages.error(request, error.message)
    return _back(request, None)


def _said(action: str, owner: User, row: Relation) -> str:
    if action == "reject":
        judging.reject_fact(owner=owner, relation=row)
        return "Noted: it is wrong. It is shown no more, also when it is read again."
    if action == "keep":
        judging.keep_beside_newer(owner=owner, relation=row)
        return "Noted: both stand."
    raise ValidationFailed("action is reject or keep.", field="action")


def _back(request: HttpRequest, row: Relation | None) -> HttpResponseRedirect:
    """To the page of the form, which names itself; else to what the fact is about."""
    page = request.POST.get("next", "")
    if page and url_has_allowed_host_and_scheme(page, allowed_hosts=None):
        return HttpResponseRedirect(page)
    if row is not None and row.subject_id:
        return redirect("enrichment:entity", row.subject_id)
    return redirect("enrichment:entities")


def _is_over(row: Relation) -> bool:
    return row.ends_at is not None and row.ends_at <= now()


def _newer(owner: User, rows: Iterable[Relation]) -> dict[UUID, Relation]:
    """The facts that ended some of these, by id."""
    ids = {row.ended_by for row in rows if row.ended_by}
    return Relation.objects.filter(owner=owner).select_related("subject", "object", "memory").in_bulk(list(ids))


def _ended_by(known: Any, rows: Sequence[Relation]) -> list[Relation]:
    """What these ended, in whichever memory it stands."""
    closing = [row for row in rows if row.closes_at]
    if not closing:
        return []
    about = known.filter(subject_node__in={row.subject_node for row in closing})
    return list(about.filter(ended_by__in=[row.id for row in closing]).order_by("-valid_from", "id")[:_ROWS])


def _shown(rows: Sequence[Relation], newer: dict[UUID, Relation]) -> list[dict[str, Any]]:
    """Each fact once, with the sentences of all that state it over the same time."""
    found: dict[Any, dict[str, Any]] = {}
    for row in rows:
        key = (row.subject_node, bytes(row.predicate_key), row.object_node, row.is_negated, row.modality, _end(row))
        one = found.setdefault(key, _fact(row, newer))
        one["times"] += 1
        if row.valid_from and (one["valid_from"] is None or row.valid_from < one["valid_from"]):
            one["valid_from"], one["why_from"] = row.valid_from, row.time_rule
        if len(one["sentences"]) < _SENTENCES:
            one["sentences"].append(_sentence(row))
    return list(found.values())


def fact_shown(row: Relation) -> dict[str, Any]:
    """One statement by itself."""
    return _fact(row, {}) | {"times": 1, "sentences": [_sentence(row)]}


def _fact(row: Relation, newer: dict[UUID, Relation]) -> dict[str, Any]:
    end = getattr(row, "ended_by", None)
    subject = _part(part_of(row, "subject"))
    if str(row.said["predicate"]).endswith(" is"):
        subject["name"] += "’s"
    return {
        "id": row.id,
        "subject": subject,
        "label": shown_predicate(str(row.said["predicate"]), row.modality, row.is_negated),
        "object": _part(part_of(row, "object")),
        "valid_from": row.valid_from,
        "why_from": row.time_rule,
        "valid_to": _end(row),
        "newer": _newer_shown(newer[end]) if end in newer else None,
        "why": f"{row.rule}; certainty {row.confidence:.2f}",
        "verdict_id": getattr(row, "verdict_id", None),
        "times": 0,
        "sentences": [],
    }


def _end(row: Relation) -> Any:
    return getattr(row, "ends_at", row.valid_to)


def _part(part: PartOut) -> dict[str, str]:
    return {"name": part.name, "url": reverse("enrichment:entity", args=[part.id]) if part.is_entity else ""}


def _newer_shown(row: Relation) -> dict[str, Any]:
    label = shown_predicate(str(row.said["predicate"]), row.modality, row.is_negated)
    return {"text": f"{label} {part_of(row, 'object').name}", **_sentence(row)}


def _sentence(row: Relation) -> dict[str, Any]:
    return {
        "sentence": str(row.said["sentence"]),
        "url": reverse("memories:detail", args=[row.memory_id]),
        "at": row.memory.occurred_at,
    }
