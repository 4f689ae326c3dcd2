"""Saved searches: the list, saving one from the search page, renaming and deleting one."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from accounts.access import needs, owner_of
from memories.access import saved_search_or_404
from memories.forms import SavedSearchForm
from memories.models import SavedSearch
from memories.selectors import saved_searches_for
from memories.services.saved_searches import delete_saved_search, edit_saved_search, save_search
from memshadow.lib.confirming import ask_first
from memshadow.lib.errors import MemshadowError


@needs("memories:read", post="memories:write")
@require_http_methods(["GET", "POST"])
def saved_searches(request: HttpRequest) -> HttpResponse:
    """The list, and a form for a new one, which the search page sends here filled in."""
    owner = owner_of(request)
    form = SavedSearchForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            saved = save_search(owner=owner, **form.cleaned_data)
            messages.success(request, f"Saved as “{saved.name}”.")
            return redirect(opened(saved))
        except MemshadowError as error:
            form.refuse(error)
    rows = [(saved, opened(saved)) for saved in saved_searches_for(owner)]
    return render(request, "memories/saved_searches.html", {"rows": rows, "form": form})


@needs("memories:read", post="memories:write")
@require_http_methods(["GET", "POST"])
def saved_search(request: HttpRequest, search_id: UUID) -> HttpResponse:
    """One saved search; POST changes or deletes it."""
    saved = saved_search_or_404(owner_of(request), search_id)
    if request.method == "POST" and request.POST.get("action") == "delete":
        return _delete(request, saved)
    initial = {"name": saved.name, "query": saved.query}
    form = SavedSearchForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            edit_saved_search(saved=saved, **form.cleaned_data)
            messages.success(request, "Saved.")
            return redirect("memories:saved_searches")
        except MemshadowError as error:
            form.refuse(error)
    context = {"saved": saved, "name": initial["name"], "open_url": opened(saved), "form": form}
    return render(request, "memories/saved_search.html", context)


def opened(saved: SavedSearch) -> str:
    """The address at which a saved search is asked."""
    return f"{reverse('memories:search')}?{urlencode({'saved': str(saved.id)})}"


def _delete(request: HttpRequest, saved: SavedSearch) -> HttpResponse:
    page = ask_first(
        request,
        question=f"Delete the saved search “{saved.name}”?",
        text="The memories that it finds stay.",
        yes="Delete it",
        back_url=reverse("memories:saved_search", args=[saved.id]),
    )
    if page is not None:
        return page
    name = saved.name
    delete_saved_search(saved=saved)
    messages.success(request, f"“{name}” was deleted.")
    return redirect("memories:saved_searches")
