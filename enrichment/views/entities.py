"""Entities: the list, one with all that mentions it, and correcting what was found."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST

from accounts.access import needs, owner_of
from accounts.models import User
from enrichment import entity_selectors as selectors
from enrichment.access import change_or_404, entity_or_404
from enrichment.entities import THING_KINDS, label
from enrichment.excerpts import excerpt
from enrichment.models import Entity, Mention
from enrichment.services import correcting
from enrichment.views.facts import facts_of_entity
from memories.models import Memory
from memories.rendering import plain_title
from memshadow.lib.errors import MemshadowError, ValidationFailed
from memshadow.lib.htmx import render_page
from memshadow.lib.paging import paginate

_PAGE = 50
_MENTIONING = 20
_CHOICES = 200
_SENTENCES = 3


@needs("memories:read")
@require_GET
def entities(request: HttpRequest) -> HttpResponse:
    """Everything that memories name, the most mentioned first, by kind and by words of the name."""
    owner = owner_of(request)
    kind, words = request.GET.get("kind", ""), request.GET.get("q", "").strip()[:200]
    number = min(int(request.GET.get("page", "0")[:6]), 10_000) if request.GET.get("page", "").isdecimal() else 0
    rows, total = selectors.counted_entities(owner, kind=kind, words=words, offset=number * _PAGE, limit=_PAGE)
    kinds = selectors.kind_counts(owner)
    context = {
        "entities": [_counted(row) for row in rows],
        "kind": kind,
        "q": words,
        "kinds": [(key, f"{name} ({kinds[key]})") for key, name in THING_KINDS.items() if key in kinds],
        "newer_url": _page_url(request, number - 1) if number else "",
        "older_url": _page_url(request, number + 1) if (number + 1) * _PAGE < total else "",
        "any": bool(words or kind),
    }
    return render_page(request, "enrichment/entities.html", "enrichment/_entity_list.html", context)


@needs("memories:read")
@require_GET
def hidden(request: HttpRequest) -> HttpResponse:
    """What a person said is nothing; each can be shown again."""
    rows = selectors.hidden_entities(owner_of(request))
    return render(request, "enrichment/hidden_entities.html", {"entities": [_shown(row) for row in rows]})


@needs("memories:read")
@require_GET
def entity(request: HttpRequest, entity_id: UUID) -> HttpResponse:
    """One entity: its names, the sentences that mention it, what is mentioned with it, and corrections."""
    owner = owner_of(request)
    row = entity_or_404(owner, entity_id)
    if row.id != entity_id:
        return redirect("enrichment:entity", row.id)
    page = paginate(
        selectors.memories_mentioning(owner, row),
        cursor=request.GET.get("cursor"),
        limit=_MENTIONING,
        by="occurred_at",
    )
    context = {
        "entity": _shown(row) | {"is_hidden": row.is_hidden},
        "figures": selectors.counted(owner, row),
        "names": selectors.names_of(owner, row),
        "mentioning": _mentioning(owner, row, page.items),
        "together": [_shown(one.entity) | {"memories": one.memories} for one in selectors.together_with(owner, row)],
        "changes": list(selectors.changes_of(owner, row)[:_PAGE]),
        "kinds": list(THING_KINDS.items()),
        "newer_url": _cursor_url(request, page.previous_cursor),
        "older_url": _cursor_url(request, page.next_cursor),
        **_others(request, owner, row),
        **facts_of_entity(owner, row),
    }
    return render(request, "enrichment/entity.html", context)


@needs("memories:write")
@require_POST
def change(request: HttpRequest, entity_id: UUID) -> HttpResponse:
    """Merge, split, rename, sort, hide or show."""
    owner = owner_of(request)
    row = entity_or_404(owner, entity_id)
    try:
        row, said = _corrected(request, owner, row)
        messages.success(request, said)
    except MemshadowError as error:
        messages.error(request, error.message)
    return redirect("enrichment:entity", row.id)


@needs("memories:write")
@require_POST
def undo(request: HttpRequest, change_id: UUID) -> HttpResponse:
    """Take a correction back."""
    owner = owner_of(request)
    row = change_or_404(owner, change_id)
    try:
        correcting.undo_change(owner=owner, change=row)
        messages.success(request, "Undone. It is as it was before.")
    except MemshadowError as error:
        messages.error(request, error.message)
    return redirect("enrichment:entity", row.entity_id)


def _corrected(request: HttpRequest, owner: User, row: Entity) -> tuple[Entity, str]:
    """Do it; returns the entity to look at then, and what was done."""
    action, name = request.POST.get("action", ""), row.name
    if action == "merge":
        others = [entity_or_404(owner, _uuid(value)) for value in request.POST.getlist("others")]
        correcting.merge_entities(owner=owner, into=row, others=others)
        return row, f"{', '.join(other.name for other in others)} and “{name}” are one now."
    if action == "split":
        chosen = [_uuid(value) for value in request.POST.getlist("names")]
        fresh, _ = correcting.split_entity(owner=owner, entity=row, names=chosen)
        return row, f"“{fresh.name}” is by itself now."
    if action == "rename":
        correcting.rename_entity(owner=owner, entity=row, name=request.POST.get("name", ""))
        return row, f"“{name}” is called “{row.name}” now."
    if action == "kind":
        correcting.sort_entity(owner=owner, entity=row, kind=request.POST.get("kind", ""))
        return row, f"Saved: {label(row.kind)}."
    if action in ("hide", "show"):
        correcting.hide_entity(owner=owner, entity=row, hidden=action == "hide")
        return (
            row,
            "Hidden. It is not marked any more, also when it is found again." if row.is_hidden else "Shown again.",
        )
    raise ValidationFailed("action is merge, split, rename, kind, hide or show.", field="action")


def _uuid(value: str) -> UUID:
    try:
        return UUID(value)
    except ValueError:
        raise ValidationFailed("Choose one from the list.", field="others") from None


def _others(request: HttpRequest, owner: User, row: Entity) -> dict[str, Any]:
    """Entities to merge with, those of its kind first asked for."""
    words = request.GET.get("other", "").strip()[:200]
    rows, _ = selectors.counted_entities(owner, kind="" if words else row.kind, words=words, limit=_CHOICES)
    others = [(one.entity.id, one.entity.name, label(one.entity.kind)) for one in rows if one.entity.id != row.id]
    return {"other": words, "others": sorted(others, key=lambda other: other[1].casefold())}


def _mentioning(owner: User, row: Entity, memories: list[Memory]) -> list[dict[str, Any]]:
    """Each memory with up to _SENTENCES sentences that mention it."""
    mentions: dict[UUID, list[Mention]] = {}
    for mention in selectors.mentions_in(owner, [memory.id for memory in memories]):
        if mention.entity_id == row.id:
            mentions.setdefault(mention.memory_id, []).append(mention)
    return [
        {
            "title": plain_title(memory),
            "url": reverse("memories:detail", args=[memory.id]),
            "at": memory.occurred_at,
            "author": memory.author,
            "sentences": _sentences(memory, mentions.get(memory.id, [])),
        }
        for memory in memories
    ]


def _sentences(memory: Memory, mentions: list[Mention]) -> list[Any]:
    """Where the text has changed since, nothing stands that it does not say."""
    text = memory.content
    standing = [one for one in mentions if text[one.start : one.end] == one.said.get("words")]
    found = {one.sentence: one for one in (excerpt(text, m.start, m.end) for m in standing)}
    return list(found.values())[:_SENTENCES]


def _counted(row: selectors.Counted) -> dict[str, Any]:
    return _shown(row.entity) | {"memories": row.memories, "last_at": row.last_at}


def _shown(row: Entity) -> dict[str, Any]:
    url = reverse("enrichment:entity", args=[row.id])
    return {"id": row.id, "name": row.name, "kind": row.kind, "kind_label": label(row.kind), "url": url}


def _page_url(request: HttpRequest, number: int) -> str:
    given = {name: request.GET[name] for name in ("kind", "q") if request.GET.get(name)}
    return f"{request.path}?{urlencode(given | ({'page': number} if number else {}))}"


def _cursor_url(request: HttpRequest, cursor: str | None) -> str:
    return f"{request.path}?{urlencode({'cursor': cursor})}#mentions" if cursor else ""
