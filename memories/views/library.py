"""The library, the trash and what is done to many memories at once."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import needs, owner_of, signed_in
from accounts.models import User
from accounts.views.confirming import confirmed_to_change
from memories.filters import MemoryFilter
from memories.models import Memory, State
from memories.retrieval import SearchRequest, search
from memories.selectors import memories_by_id, memory_page
from memories.services.lifecycle import apply_to_many, empty_trash
from memories.services.merging import merge_memories
from memories.services.revising import By
from memories.services.tagging import add_tags
from memories.views.cards import Card, card_of, cards_of
from memories.views.filtering import filters_of, memory_filter, page_url
from memshadow.lib.confirming import ask_first
from memshadow.lib.errors import NotFound, ValidationFailed
from memshadow.lib.htmx import render_page

_PAGE = 30


@needs("memories:read")
@require_GET
def library(request: HttpRequest) -> HttpResponse:
    """Every memory, newest first, narrowed by the filters in the address."""
    owner = owner_of(request)
    wanted = memory_filter(request.GET)
    words = request.GET.get("q", "").strip()
    cards, newer, older = _with_words(request, owner, words, wanted) if words else _listed(request, owner, wanted)
    context = {
        "filters": filters_of(request, owner),
        "cards": cards,
        "newer_url": page_url(request, newer),
        "older_url": page_url(request, older),
        "bulk_url": request.get_full_path(),
    }
    return render_page(request, "memories/library.html", "memories/_library_list.html", context)


def _listed(request: HttpRequest, owner: User, wanted: MemoryFilter) -> tuple[list[Card], str | None, str | None]:
    page = memory_page(owner, wanted, cursor=request.GET.get("cursor"), limit=_PAGE)
    return cards_of(page.items), page.previous_cursor, page.next_cursor


def _with_words(
    request: HttpRequest, owner: User, words: str, wanted: MemoryFilter
) -> tuple[list[Card], None, str | None]:
    """Content is encrypted, so words are looked up in the keyed index: all of them must occur."""
    query = words if '"' in words else " ".join(f'"{word}"' for word in words.split())
    result = search(SearchRequest(owner, query, wanted, limit=_PAGE, cursor=request.GET.get("cursor") or None))
    return [card_of(hit.memory) for hit in result.hits], None, result.next_cursor


@needs("memories:read")
@require_GET
def trash(request: HttpRequest) -> HttpResponse:
    """What waits to be erased or restored."""
    owner = owner_of(request)
    page = memory_page(
        owner, MemoryFilter(states=(State.DELETED,)), cursor=request.GET.get("cursor"), limit=_PAGE, by="updated_at"
    )
    context = {
        "cards": cards_of(page.items),
        "newer_url": page_url(request, page.previous_cursor),
        "older_url": page_url(request, page.next_cursor),
    }
    return render(request, "memories/trash.html", context)


@needs("memories:delete")
@require_POST
@confirmed_to_change
def trash_empty(request: HttpRequest) -> HttpResponse:
    """Erase the trash, after a page that asks when no script has asked before."""
    owner = owner_of(request)
    page = ask_first(
        request,
        question="Erase everything in the trash?",
        text="The text, its history, and all that was derived from it are erased for good. This cannot be undone.",
        yes="Erase for good",
        back_url=reverse("memories:trash"),
    )
    if page is not None:
        return page
    count = empty_trash(owner=owner, by=signed_in(request))
    messages.success(request, f"{count} {'memory was' if count == 1 else 'memories were'} erased for good.")
    return redirect("memories:trash")


@needs("memories:write")
@require_POST
def bulk(request: HttpRequest) -> HttpResponse:
    """One action on the selected memories."""
    owner, ids = owner_of(request), _ids(request.POST.getlist("ids"))
    action, back = request.POST.get("action", ""), _back(request)
    if not ids:
        messages.warning(request, "Select some memories first.")
        return redirect(back)
    if action == "merge":
        return redirect(f"{reverse('memories:merge')}?{urlencode([('ids', str(i)) for i in ids])}")
    if action == "tag":
        _tag_many(owner, ids, request.POST.get("tag", ""))
    else:
        apply_to_many(owner=owner, memory_ids=ids, action=action, by=By(signed_in(request), via="dashboard"))
    messages.success(request, f"Done, for {len(ids)} {'memory' if len(ids) == 1 else 'memories'}.")
    return redirect(back)


def _tag_many(owner: User, ids: list[UUID], tag: str) -> None:
    add_tags(owner=owner, memories=list(_all_of(owner, ids).values()), names=[tag])


def _all_of(owner: User, ids: list[UUID]) -> dict[UUID, Memory]:
    rows = memories_by_id(owner, ids)
    if len(rows) != len(set(ids)):
        raise NotFound("There is no memory of yours with this id.")
    return rows


@needs("memories:write")
@require_http_methods(["GET", "POST"])
def merge(request: HttpRequest) -> HttpResponse:
    """Choose which of several memories stays; the others are superseded by it."""
    owner = owner_of(request)
    if request.method == "POST":
        ids, keep = _ids(request.POST.getlist("ids")), _ids([request.POST.get("keep", "")])[0]
        merge_memories(owner=owner, keep_id=keep, other_ids=ids, by=By(signed_in(request), via="dashboard"))
        count = len(set(ids) - {keep})
        messages.success(request, f"Merged {count} {'memory' if count == 1 else 'memories'} into this one.")
        return redirect("memories:detail", keep)
    ids = _ids(request.GET.getlist("ids"))
    rows = _all_of(owner, ids)
    chosen = sorted(rows.values(), key=lambda m: m.created_at)
    context = {
        "candidates": [{"memory": memory, "card": card_of(memory)} for memory in chosen],
        "keep_id": chosen[0].id if chosen else None,
        "back_url": reverse("memories:library"),
    }
    return render(request, "memories/merge.html", context)


def _ids(values: list[str]) -> list[UUID]:
    try:
        return [UUID(value) for value in values]
    except ValueError:
        raise ValidationFailed("That is not the id of a memory.", field="ids") from None


def _back(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()})
    return wanted if safe else reverse("memories:library")
