"""Tags: the list, and renaming, merging and deleting one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import needs, owner_of
from accounts.models import User
from memories.access import tag_or_404
from memories.forms import TagForm
from memories.models import Tag
from memories.selectors import tags_for
from memories.services.tagging import delete_tag, rename_tag
from memshadow.lib.confirming import ask_first
from memshadow.lib.errors import MemshadowError, ValidationFailed


@needs("memories:read")
@require_GET
def tags(request: HttpRequest) -> HttpResponse:
    """Every tag with how many memories carry it."""
    return render(request, "memories/tags.html", {"tags": [_shown(t) for t in tags_for(owner_of(request))]})


@needs("memories:read", post="memories:write")
@require_http_methods(["GET", "POST"])
def tag(request: HttpRequest, tag_id: UUID) -> HttpResponse:
    """One tag; POST renames, merges or deletes it."""
    owner = owner_of(request)
    row = tag_or_404(owner, tag_id)
    form, error_text = TagForm(request.POST or None, initial={"name": row.name}), ""
    if request.method == "POST":
        if page := _asked(request, row):
            return page
        try:
            messages.success(request, _change(owner, row, request.POST.get("action", ""), request))
            return redirect("memories:tags")
        except MemshadowError as error:
            error_text = error.message
    everyone = tags_for(owner)
    shown = next(t for t in everyone if t.id == row.id)
    others = [(t.id, t.name) for t in everyone if t.id != row.id]
    context = {"tag": _shown(shown), "form": form, "others": others, "error": error_text}
    return render(request, "memories/tag.html", context)


def _asked(request: HttpRequest, row: Tag) -> HttpResponse | None:
    if request.POST.get("action") != "delete":
        return None
    return ask_first(
        request,
        question=f"Take the tag “{row.name}” away?",
        text="Its memories stay; only the tag goes.",
        yes="Take it away",
        back_url=reverse("memories:tag", args=[row.id]),
    )


def _change(owner: User, row: Tag, action: str, request: HttpRequest) -> str:
    """Do it and say what was done."""
    name = row.name
    if action == "rename":
        return f"“{name}” is now “{rename_tag(tag=row, name=request.POST.get('name', '')).name}”."
    if action == "merge":
        other = tag_or_404(owner, _id(request.POST.get("into", "")))
        return f"“{name}” was merged into “{rename_tag(tag=row, name=other.name).name}”."
    if action == "delete":
        delete_tag(tag=row)
        return f"“{name}” was taken away; its memories are as they were."
    raise ValidationFailed("action is rename, merge or delete.", field="action")


def _id(value: str) -> UUID:
    try:
        return UUID(value)
    except ValueError:
        raise ValidationFailed("Choose a tag to merge into.", field="into") from None


def _shown(row: Any) -> dict[str, Any]:
    url = f"{reverse('memories:library')}?{urlencode({'tag': row.name})}"
    return {"id": row.id, "name": row.name, "count": row.memory_count, "url": url}
