"""Topics: the list, one with its memories, people, activity and neighbours, and correcting what was found."""

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
from enrichment import topic_selectors as selectors
from enrichment.access import topic_change_or_404, topic_or_404
from enrichment.charts import bars
from enrichment.entities import label as kind_label
from enrichment.models import Topic
from enrichment.services import correcting_topics as correcting
from enrichment.services.naming_topics import told_of
from enrichment.services.regrouping import LEAST_MEMORIES
from memories.views.cards import cards_of
from memshadow.lib.errors import MemshadowError, ValidationFailed
from memshadow.lib.paging import paginate

_MEMORIES = 20
_TELLING = 3
_CHANGES = 50
_TERMS_IN_LIST = 6


@needs("memories:read")
@require_GET
def topics(request: HttpRequest) -> HttpResponse:
    """What the memories are about, the largest topic first."""
    owner = owner_of(request)
    rows = selectors.counted_topics(owner)
    most = max((row.memories for row in rows), default=1)
    context = {
        "topics": [
            _counted(row) | {"share": (share := round(100 * row.memories / most)), "rest": 100 - share} for row in rows
        ],
        "run": selectors.run_of(owner),
        "least": LEAST_MEMORIES,
        "hidden": bool(selectors.counted_topics(owner, hidden=True)),
    }
    return render(request, "enrichment/topics.html", context)


@needs("memories:read")
@require_GET
def hidden(request: HttpRequest) -> HttpResponse:
    """Topics that a person does not want to see; each can be shown again."""
    rows = selectors.counted_topics(owner_of(request), hidden=True)
    return render(request, "enrichment/hidden_topics.html", {"topics": [_counted(row) for row in rows]})


@needs("memories:read")
@require_GET
def topic(request: HttpRequest, topic_id: UUID) -> HttpResponse:
    """One topic: what it is about, its memories, whom they name, when, and what is near to it."""
    owner = owner_of(request)
    row = topic_or_404(owner, topic_id)
    if row.id != topic_id:
        return redirect("enrichment:topic", row.id)
    cursor = request.GET.get("cursor")
    page = paginate(selectors.memories_about(owner, row), cursor=cursor, limit=_MEMORIES, by="occurred_at")
    months = selectors.months_of(owner, row)
    context = {
        "topic": _counted(selectors.counted_topic(owner, row)) | {"is_hidden": row.is_hidden},
        "terms": [one.words for one in told_of(row)],
        "telling": [] if cursor else cards_of(selectors.telling_memories(owner, row, _TELLING)),
        "cards": cards_of(page.items),
        "named": [_named(one) for one in selectors.named_about(owner, row)],
        "months": months,
        "bars": bars([month.memories for month in months]),
        "neighbours": [_shown(other) | {"near": near} for other, near in selectors.neighbours_of(owner, row)],
        "others": _others(owner, row),
        "changes": list(selectors.changes_of(owner, row)[:_CHANGES]),
        "newer_url": _cursor_url(request, page.previous_cursor),
        "older_url": _cursor_url(request, page.next_cursor),
        "bulk_url": request.get_full_path(),
    }
    return render(request, "enrichment/topic.html", context)


@needs("memories:write")
@require_POST
def change(request: HttpRequest, topic_id: UUID) -> HttpResponse:
    """Rename, merge, hide or show."""
    owner = owner_of(request)
    row = topic_or_404(owner, topic_id)
    try:
        messages.success(request, _corrected(request, owner, row))
    except MemshadowError as error:
        messages.error(request, error.message)
    return redirect("enrichment:topic", row.id)


@needs("memories:write")
@require_POST
def undo(request: HttpRequest, topic_change_id: UUID) -> HttpResponse:
    """Take a correction back."""
    owner = owner_of(request)
    row = topic_change_or_404(owner, topic_change_id)
    try:
        correcting.undo_topic_change(owner=owner, change=row)
        messages.success(request, "Undone. It is as it was before.")
    except MemshadowError as error:
        messages.error(request, error.message)
    return redirect("enrichment:topic", row.topic_id)


def _corrected(request: HttpRequest, owner: User, row: Topic) -> str:
    """Do it; returns what was done."""
    action, label = request.POST.get("action", ""), row.label
    if action == "merge":
        others = [topic_or_404(owner, _uuid(value)) for value in request.POST.getlist("others")]
        correcting.merge_topics(owner=owner, into=row, others=others)
        return f"{', '.join(f'“{other.label}”' for other in others)} and “{label}” are one now."
    if action == "rename":
        correcting.rename_topic(owner=owner, topic=row, label=request.POST.get("label", ""))
        return f"“{label}” is called “{row.label}” now."
    if action in ("hide", "show"):
        correcting.hide_topic(owner=owner, topic=row, hidden=action == "hide")
        return "Hidden. It stays so when topics are found again." if row.is_hidden else "Shown again."
    raise ValidationFailed("action is merge, rename, hide or show.", field="action")


def _uuid(value: str) -> UUID:
    try:
        return UUID(value)
    except ValueError:
        raise ValidationFailed("Choose one from the list.", field="others") from None


def _others(owner: User, row: Topic) -> list[tuple[UUID, str]]:
    others = [(other.id, other.label) for other in selectors.others_than(owner, row)]
    return sorted(others, key=lambda other: other[1].casefold())


def _named(one: Any) -> dict[str, Any]:
    entity = one.entity
    url = reverse("enrichment:entity", args=[entity.id])
    return {"name": entity.name, "kind": kind_label(entity.kind), "url": url, "memories": one.memories}


def _counted(row: selectors.CountedTopic) -> dict[str, Any]:
    terms = [one.words for one in told_of(row.topic) if one.words.casefold() not in row.topic.label.casefold()]
    return _shown(row.topic) | {
        "memories": row.memories,
        "first_at": row.first_at,
        "last_at": row.last_at,
        "terms": terms[:_TERMS_IN_LIST],
    }


def _shown(row: Topic) -> dict[str, Any]:
    return {"id": row.id, "label": row.label, "url": reverse("enrichment:topic", args=[row.id])}


def _cursor_url(request: HttpRequest, cursor: str | None) -> str:
    return f"{request.path}?{urlencode({'cursor': cursor})}#memories" if cursor else ""
