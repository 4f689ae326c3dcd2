"""The graph explorer: a canvas and a list of the same facts, as of a day, and what is known of one of its nodes."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any, Final
from uuid import UUID

from django.db.models import Min
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts.access import needs, owner_of
from accounts.models import User
from enrichment.entities import THING_KINDS
from enrichment.forms import GraphForm
from enrichment.graph import PHRASE, Edge, Graph, GraphFilter, Node, graph_of
from enrichment.models import Entity, Relation
from enrichment.relations import shown_predicate
from enrichment.views.facts import facts_of_node
from memshadow.lib.clock import now
from memshadow.lib.errors import NotFound, ValidationFailed
from memshadow.lib.htmx import render_page

DRAWN: Final = 4_000  # edges on the canvas
_LISTED: Final = 100
_NOWHERE: Final = UUID(int=0)


@needs("memories:read")
@require_GET
def graph(request: HttpRequest) -> HttpResponse:
    """The facts that were true at a time as a list; a script draws them above it."""
    owner, form = owner_of(request), GraphForm(request.GET or None)
    number = int(request.GET["page"]) if request.GET.get("page", "")[:4].isdecimal() else 0
    found = graph_of(owner, _wanted(form), offset=number * _LISTED, limit=_LISTED)
    first = Relation.objects.filter(owner=owner).aggregate(at=Min("valid_from"))["at"]
    context: dict[str, object] = {
        "form": form,
        "any_facts": first is not None or bool(found.total),
        "first": (first or now()).date(),
        "today": now().date(),
        "kinds": [*THING_KINDS.items(), (PHRASE, "Other words")],
        "chosen": request.GET.getlist("kind"),
        "facts": _listed(found),
        "total": found.total,
        "is_whole": found.is_whole,
        "drawn": DRAWN,
        "newer_url": _page_url(request, number - 1) if number else "",
        "older_url": _page_url(request, number + 1) if (number + 1) * _LISTED < found.total else "",
        "node_url": reverse("enrichment:graph_node", args=[_NOWHERE]),
    }
    return render_page(request, "enrichment/graph.html", "enrichment/_graph_list.html", context)


@needs("memories:read")
@require_GET
def graph_data(request: HttpRequest) -> HttpResponse:
    """Nodes and edges for the canvas; the edges name their nodes by their places in the list."""
    form = GraphForm(request.GET)
    if not form.is_valid():
        raise ValidationFailed("; ".join(str(message) for found in form.errors.values() for message in found))
    wanted = _wanted(form)
    if "around" in request.GET:  # all that is known of it then, of whatever kind
        wanted = GraphFilter(wanted.as_of, wanted.known_at, [_uuid(request.GET["around"])])
    found = graph_of(owner_of(request), wanted, limit=DRAWN)
    places = {node.id: place for place, node in enumerate(found.nodes)}
    return JsonResponse(
        {
            "nodes": [[node.id, node.kind, node.name, node.degree] for node in found.nodes],
            "edges": [
                [places[edge.source], places[edge.target], shown_predicate(edge.predicate), edge.statements]
                for edge in found.edges
            ],
            "total": found.total,
        }
    )


@needs("memories:read")
@require_GET
def graph_node(request: HttpRequest, node_id: UUID) -> HttpResponse:
    """What is known of an entity, or of a phrase of the graph."""
    owner = owner_of(request)
    entity = Entity.objects.filter(owner=owner, id=node_id).first()
    known = facts_of_node(owner, node_id)["facts"]
    if entity is None and not any(known.values()):
        raise NotFound("There is no such node in your graph.")
    context: dict[str, object] = {
        "known": known,
        "entity": entity,
        "name": entity.name if entity else _phrase(owner, node_id),
    }
    return render_page(request, "enrichment/graph_node.html", "enrichment/_graph_node.html", context)


def _wanted(form: GraphForm) -> GraphFilter:
    """What a valid form asks for; everything of now where it is not one."""
    given = form.cleaned_data if form.is_bound and form.is_valid() else {}
    return GraphFilter(
        as_of=_end_of(given.get("as_of")),
        known_at=_end_of(given.get("known_at")),
        kinds=given.get("kind") or (),
        predicate=given.get("predicate") or "",
        phrases=not given.get("named"),
    )


def _end_of(day: date | None) -> datetime | None:
    return datetime.combine(day, time.max, tzinfo=UTC) if day else None


def _listed(found: Graph) -> list[dict[str, Any]]:
    nodes = {node.id: node for node in found.nodes}
    return [_row(edge, nodes[edge.source], nodes[edge.target]) for edge in found.edges]


def _row(edge: Edge, source: Node, target: Node) -> dict[str, Any]:
    shown = {"label": shown_predicate(edge.predicate), "times": edge.statements}
    shown |= {"valid_from": edge.valid_from, "valid_to": edge.valid_to}
    return shown | {"subject": _end(source), "object": _end(target)}


def _end(node: Node) -> dict[str, str]:
    return {"name": node.name, "url": "" if node.kind == PHRASE else reverse("enrichment:entity", args=[node.id])}


def _phrase(owner: User, node_id: UUID) -> str:
    row = Relation.objects.filter(owner=owner, subject_node=node_id).first()
    if row is not None:
        return str(row.said["subject"])
    other = Relation.objects.filter(owner=owner, object_node=node_id).first()
    return str(other.said["object"]) if other is not None else ""


def _page_url(request: HttpRequest, number: int) -> str:
    query = request.GET.copy()
    query["page"] = str(number)
    return f"?{query.urlencode()}"


def _uuid(value: str) -> UUID:
    try:
        return UUID(value)
    except ValueError:
        raise ValidationFailed("That is not the id of a node.", field="around") from None
