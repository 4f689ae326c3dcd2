"""The search page: as you type, with filters in the box and in the address."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from accounts.access import needs, owner_of
from accounts.models import User
from memories.access import memory_or_404, saved_search_or_404
from memories.asking import Answer, ask, parsed_for
from memories.query_language import ParsedSearch, Problem, without
from memories.rendering import source_label
from memories.reranking import configured
from memories.retrieval import NO_RERANK, SearchRequest, related
from memories.selectors import saved_searches_for
from memories.services.feedback import log_retrieval
from memories.services.saved_searches import note_use
from memories.views.cards import Card, card_of, hit_card, near_card, title_of
from memories.views.feedback import judged_cards
from memories.views.filtering import filters_of, memory_filter, page_url, query_text
from memshadow.lib.errors import MemshadowError, NotFound
from memshadow.lib.htmx import render_page, wants_partial

_PAGE = 20
_SIMILAR = 20
_UNLIKELY = 0.005  # a score that reads 0 %
_SIMILAR_COSINE = 0.25  # as on the memory's page
_CHIP_WORDS = {
    "tag": "Tag",
    "kind": "",
    "from": "From",
    "by": "By",
    "role": "Role",
    "persona": "Persona",
    "in": "In",
    "before": "Before",
    "after": "Since",
    "on": "On",
    "is": "",
    "state": "",
}


@needs("memories:read")
@require_GET
def search_page(request: HttpRequest) -> HttpResponse:
    """Results for `q`, or for a `saved` search, or what one can ask."""
    owner = owner_of(request)
    query = _saved_query(request, owner) or request.GET.get("q", "")
    filters = filters_of(request, owner)
    filters.q = query.strip()
    context: dict[str, Any] = {
        "query": query.strip(),
        "filters": filters,
        "explain": bool(request.GET.get("explain")),
        "rerank": request.GET.get("rerank", ""),
        "rerankers": configured(),
        "saved": saved_searches_for(owner),
        "save_text": query_text(filters),
    }
    if query.strip():
        context |= _answered(request, owner, query)
    return render_page(request, "memories/search.html", "memories/_results.html", context)


@needs("memories:read")
@require_GET
def similar(request: HttpRequest, memory_id: UUID) -> HttpResponse:
    """The memories that mean nearly the same as one, nearest first."""
    owner = owner_of(request)
    memory = memory_or_404(owner, memory_id)
    near = [(m, cosine) for m, cosine in related(owner, memory, limit=_SIMILAR) if cosine >= _SIMILAR_COSINE]
    card = card_of(memory)
    card.title = title_of(memory)
    context = {"memory": memory, "card": card, "cards": [near_card(m, cosine) for m, cosine in near]}
    return render(request, "memories/similar.html", context)


def _saved_query(request: HttpRequest, owner: User) -> str:
    """The query of the saved search that the address names. Raises NotFound for someone else's."""
    named = request.GET.get("saved", "")
    if not named:
        return ""
    try:
        saved = saved_search_or_404(owner, UUID(named))
    except ValueError:
        raise NotFound("There is no saved search of yours with this id.") from None
    note_use(saved)
    return str(saved.query)


@dataclass(frozen=True, slots=True)
class Note:
    """What is said below the box: about a mistake (`level` bad), or by the way (`level` hint)."""

    level: str
    text: str
    fix_url: str = ""
    fix_label: str = ""
    words_url: str = ""


def _answered(request: HttpRequest, owner: User, query: str) -> dict[str, Any]:
    """The results with their chips and notes; a mistake becomes a note beside no results."""
    try:
        asked = SearchRequest(
            owner=owner,
            query=query,
            wanted=memory_filter(request.GET),
            limit=_PAGE,
            cursor=request.GET.get("cursor") or None,
            explain=True,
            sealed=True,
            rerank=request.GET.get("rerank") or NO_RERANK,
        )
        parsed = parsed_for(asked)
        typing = wants_partial(request) and not asked.cursor
        notes = [_note(request, query, problem, typing=typing) for problem in _in_order(parsed)]
        context: dict[str, Any] = {"notes": notes, "operator_chips": _operator_chips(request, parsed)}
        if any(note.level == "bad" for note in notes):
            return context
        return context | _found(request, owner, ask(asked, parsed=replace(parsed, problems=())))
    except MemshadowError as error:
        return {"notes": [Note("bad", error.message)]}


def _found(request: HttpRequest, owner: User, answer: Answer) -> dict[str, Any]:
    result, asked = answer.result, answer.asked
    noted = log_retrieval(owner=owner, request=asked, result=result, via="dashboard") if asked else None
    cards = [hit_card(hit) for hit in result.hits]
    if not (result.rerank and result.rerank.applied):  # else the order is not that of the scores
        cards = _divided(cards, first_page=not (asked and asked.cursor))
    shown = len(cards)
    more = " and more" if result.next_cursor else ""
    return {
        "cards": judged_cards(owner, asked.query, noted, cards) if asked else [_unscored(card) for card in cards],
        "retrieval_id": noted,
        "count_text": f"{shown} {'memory' if shown == 1 else 'memories'}{more}",
        "took_ms": round(result.took_ms) if asked else None,
        "understood": result.understood if asked else (),
        "reranking": result.rerank if asked else None,
        "absent": _absent_note(request, answer),
        "older_url": page_url(request, result.next_cursor),
    }


def _divided(cards: list[Card], *, first_page: bool) -> list[Card]:
    """The hits with a heading where those begin that hardly answer; all of them do where even the best hardly does."""
    for place, card in enumerate(cards):
        if (card.score or 0.0) < _UNLIKELY:
            nothing = "Nothing answers this clearly. Nearest to it:" if first_page else ""
            card.begins = "Less likely" if place else nothing
            break
    return cards


def _absent_note(request: HttpRequest, answer: Answer) -> Note | None:
    """What the filters name and the owner does not have, or that filters alone decided."""
    if answer.asked or not answer.result.understood:
        return None
    fix = answer.corrected
    return Note("hint", " ".join(answer.result.understood), _asking(request, fix) if fix else "", fix)


def _unscored(card: Any) -> Any:
    """Where filters alone decided, a score says nothing."""
    card.score, card.score_label, card.begins = None, "", ""
    return card


def _in_order(parsed: ParsedSearch) -> list[Problem]:
    return sorted(parsed.problems, key=lambda problem: problem.start)


def _note(request: HttpRequest, query: str, problem: Problem, *, typing: bool) -> Note:
    """A mistake in what is still being typed is said softly, for it may be none in a moment."""
    level = "hint" if problem.hint or (typing and problem.end == len(query)) else "bad"
    before, written, after = query[: problem.start], query[problem.start : problem.end], query[problem.end :]
    fix = f"{before}{problem.replacement}{after}" if problem.replacement else ""
    words = written.lstrip("-").replace('"', "")
    return Note(
        level=level,
        text=problem.message,
        fix_url=_asking(request, fix) if fix else "",
        fix_label=problem.replacement,
        words_url="" if problem.hint else _asking(request, f'{before}"{words}"{after}'),
    )


def _operator_chips(request: HttpRequest, parsed: ParsedSearch) -> list[dict[str, str]]:
    """The filters in the text as chips; each one's address is the same search without it."""
    chips = []
    refused = {problem.start for problem in parsed.errors}
    for operator in parsed.operators:
        if operator.start in refused:
            continue
        value = " or ".join(map(_shown(operator.key), operator.values))
        word = _CHIP_WORDS[operator.key] or (operator.key if operator.negated else "")
        label = " ".join(filter(None, [word, "not" if operator.negated else "", value]))
        chips.append({"label": label[:1].upper() + label[1:], "url": _asking(request, without(parsed, operator))})
    return chips


def _shown(key: str) -> Any:
    return source_label if key == "from" else str


def _asking(request: HttpRequest, query: str) -> str:
    """The address of the same page with another text in the box."""
    kept = [(k, str(v)) for k, v in request.GET.items() if v and k not in ("q", "cursor", "saved")]
    return f"{reverse('memories:search')}?{urlencode([('q', query), *kept])}"
