"""The search page: as you type, with filters in the address."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from accounts.access import signed_in
from accounts.models import User
from memories.retrieval import SearchRequest, search
from memories.services.feedback import log_retrieval
from memories.views.cards import hit_card
from memories.views.feedback import judged_cards
from memories.views.filtering import filters_of, memory_filter, page_url
from memshadow.lib.errors import MemshadowError
from memshadow.lib.htmx import render_page

_PAGE = 20


@require_GET
def search_page(request: HttpRequest) -> HttpResponse:
    """Results for `q`, or what one can ask."""
    owner = signed_in(request)
    query = request.GET.get("q", "").strip()
    context: dict[str, Any] = {
        "query": query,
        "filters": filters_of(request, owner),
        "explain": bool(request.GET.get("explain")),
    }
    if query:
        try:
            context |= _results(request, owner, query)
        except MemshadowError as error:
            context["error"] = error.message
    return render_page(request, "memories/search.html", "memories/_results.html", context)


def _results(request: HttpRequest, owner: User, query: str) -> dict[str, Any]:
    asked = SearchRequest(
        owner=owner,
        query=query,
        wanted=memory_filter(request.GET),
        limit=_PAGE,
        cursor=request.GET.get("cursor") or None,
        explain=bool(request.GET.get("explain")),
    )
    result = search(asked)
    retrieval_id = log_retrieval(owner=owner, request=asked, result=result, via="dashboard")
    shown = len(result.hits)
    more = " and more" if result.next_cursor else ""
    return {
        "cards": judged_cards(owner, query, retrieval_id, [hit_card(hit) for hit in result.hits]),
        "retrieval_id": retrieval_id,
        "count_text": f"{shown} {'memory' if shown == 1 else 'memories'}{more}",
        "took_ms": round(result.took_ms),
        "older_url": page_url(request, result.next_cursor),
    }
