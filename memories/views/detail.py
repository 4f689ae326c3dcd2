"""One memory: its page, its edits, its history."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import needs, owner_of, signed_in
from accounts.models import User
from memories.access import memory_or_404
from memories.forms import MemoryForm, split_tags
from memories.indexing import retry_failed
from memories.models import Memory, MemoryLink, State
from memories.panels import parts_of
from memories.rendering import source_label
from memories.retrieval import related
from memories.screening import LABELS, SIGNS
from memories.selectors import find_duplicates
from memories.services.lifecycle import apply_to_many
from memories.services.revising import By, Change, edit_memory, undo
from memories.services.sealing import without_vectors
from memories.views.cards import card_of, near_card, title_of
from memories.views.feedback import came_from
from memories.views.histories import history_of
from memories.views.toasts import toast_oob
from memshadow.lib.errors import MemshadowError
from memshadow.lib.htmx import wants_partial

_RELATED = 6
_RELATED_COSINE = 0.25  # below it, what is nearest in a small library has nothing to do with the memory
_DONE = {
    "pin": "Pinned.",
    "unpin": "Unpinned.",
    "archive": "Archived.",
    "restore": "Restored.",
    "delete": "Moved to the trash.",
}
_OPPOSITE = {"archive": "restore", "delete": "restore", "pin": "unpin", "unpin": "pin"}


@needs("memories:read")
@require_GET
def detail(request: HttpRequest, memory_id: UUID) -> HttpResponse:
    """The memory with everything that is known about it."""
    owner = owner_of(request)
    memory = memory_or_404(owner, memory_id)
    near = [(m, cosine) for m, cosine in related(owner, memory, limit=_RELATED) if cosine >= _RELATED_COSINE]
    twins = {m.id for m in find_duplicates(owner, memory, [m for m, _ in near])}
    card = card_of(memory)
    card.title = title_of(memory)
    context = {
        "memory": memory,
        "lacks_vectors": memory.is_sealed and without_vectors(owner).filter(id=memory.id).exists(),
        "card": card,
        "persona_name": card.persona,
        "source_label": card.source_label,
        "conversation": _conversation(memory, card.conversation_url),
        "related": [near_card(m, cosine) for m, cosine in near if m.id not in twins],
        "duplicates": [near_card(m, cosine) for m, cosine in near if m.id in twins],
        "revisions_count": memory.revision_count,
        "provenance": _provenance(memory),
        "findings": _findings(memory),
        "superseded_by_url": _superseded_by(memory),
        **_tags_context(memory),
        **came_from(request, owner, card),
        **parts_of(request, owner, memory),
    }
    return render(request, "memories/detail.html", context)


def _findings(memory: Memory) -> dict[str, list[str]]:
    """What screening found, in plain words."""
    found = memory.findings if memory.has_secret or memory.is_suspicious else {}
    return {
        "secrets": list(dict.fromkeys(LABELS[kind] for kind, _, _ in found.get("secrets", ()))),
        "signs": list(dict.fromkeys(SIGNS[kind] for kind, _, _ in found.get("signs", ()))),
    }


@needs("memories:write")
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, memory_id: UUID) -> HttpResponse:
    """The form with everything editable."""
    owner = owner_of(request)
    memory = memory_or_404(owner, memory_id)
    form = MemoryForm(request.POST or None, owner=owner, initial=MemoryForm.initial_of(memory), sealed=memory.is_sealed)
    if request.method == "POST" and form.is_valid():
        by = By(signed_in(request), via="dashboard", reason=form.cleaned_data["reason"])
        try:
            edit_memory(owner=owner, memory_id=memory.id, change=form.change(memory), by=by)
        except MemshadowError as error:
            form.refuse(error)
        else:
            messages.success(request, "Saved. What it was before is in its history.")
            return redirect("memories:detail", memory.id)
    return render(request, "memories/edit.html", {"form": form, "memory": memory})


@needs("memories:write")
@require_POST
def action(request: HttpRequest, memory_id: UUID) -> HttpResponse:
    """Pin, archive, restore, delete, or set the tags."""
    owner = owner_of(request)
    memory = memory_or_404(owner, memory_id)
    name = request.POST.get("action", "")
    if name == "tags":
        return _set_tags(request, owner, memory)
    if name == "reindex":
        return _index_again(request, owner, memory)
    apply_to_many(owner=owner, memory_ids=[memory.id], action=name, by=By(signed_in(request), via="dashboard"))
    if not wants_partial(request):
        messages.success(request, _DONE[name])
        return redirect("memories:detail", memory.id)
    fresh = memory_or_404(owner, memory.id)
    selectable = request.POST.get("selectable", "")
    context = {"card": card_of(fresh), "selectable": bool(selectable), "form_id": "bulk"}
    response = render(request, "components/_memory_card.html", context)
    return toast_oob(request, response, _DONE[name], **_way_back(request.path, memory, name, selectable))


def _way_back(url: str, memory: Memory, name: str, selectable: str) -> dict[str, str]:
    if name not in _OPPOSITE:
        return {}
    return {
        "undo_url": url,
        "undo_action": _OPPOSITE[name],
        "undo_target": f"#memory-{memory.id}",
        "undo_selectable": selectable,
    }


def _index_again(request: HttpRequest, owner: User, memory: Memory) -> HttpResponse:
    count = retry_failed(owner.id)
    messages.success(request, f"Indexing is tried again for {count} {'memory' if count == 1 else 'memories'}.")
    return redirect("memories:detail", memory.id)


def _set_tags(request: HttpRequest, owner: User, memory: Memory) -> HttpResponse:
    change, error_text = Change(tags=split_tags(request.POST.get("tags", ""))), ""
    try:
        edit_memory(owner=owner, memory_id=memory.id, change=change, by=By(signed_in(request), via="dashboard"))
    except MemshadowError as error:
        error_text = error.message
    if not wants_partial(request):
        messages.add_message(request, messages.ERROR if error_text else messages.SUCCESS, error_text or "Tags saved.")
        return redirect("memories:detail", memory.id)
    context = _tags_context(memory_or_404(owner, memory.id)) | {"tags_error": error_text}
    return render(request, "memories/_tags_editor.html", context)


@needs("memories:read")
@require_GET
def history(request: HttpRequest, memory_id: UUID) -> HttpResponse:
    """Every revision with what changed in it."""
    memory = memory_or_404(owner_of(request), memory_id)
    card = card_of(memory)
    card.title = title_of(memory)
    context = {"memory": memory, "card": card, "revisions": history_of(memory)}
    return render(request, "memories/history.html", context)


@needs("memories:write")
@require_POST
def undo_view(request: HttpRequest, memory_id: UUID, number: int) -> HttpResponse:
    """Go back to what the memory was before revision `number`."""
    owner = owner_of(request)
    undo(owner=owner, memory_id=memory_id, number=number, by=By(signed_in(request), via="dashboard"))
    messages.success(request, "Gone back. The text in between is kept in the history.")
    return redirect("memories:detail", memory_id)


def _tags_context(memory: Memory) -> dict[str, Any]:
    names = sorted(tag.name for tag in memory.tags.all())
    return {"memory": memory, "tags": names, "tags_text": ", ".join(names)}


def _conversation(memory: Memory, url: str) -> dict[str, str] | None:
    if memory.conversation is None:
        return None
    return {"url": url.partition("#")[0], "title": memory.conversation.title}


def _superseded_by(memory: Memory) -> str:
    if memory.state != State.SUPERSEDED:
        return ""
    relations = (MemoryLink.Relation.DUPLICATES, MemoryLink.Relation.UPDATES)
    link = memory.links_in.filter(relation__in=relations).order_by("-created_at").first()
    return reverse("memories:detail", args=[link.from_memory_id]) if link else ""


def _provenance(memory: Memory) -> list[tuple[str, str]]:
    moment = "%-d %B %Y, %H:%M"
    rows = [
        ("Happened", timezone.localtime(memory.occurred_at).strftime(moment)),
        ("Stored", timezone.localtime(memory.created_at).strftime(moment)),
        ("By", str(memory.captured_by or "")),
        ("Seen", f"{memory.sightings} times" if memory.sightings > 1 else ""),
        ("Language", memory.language if memory.language != "und" else ""),
        ("Importance", f"{memory.importance:g}" if memory.importance != 0.5 else ""),
        ("Model", str(memory.metadata.get("model", ""))),
        ("Index", memory.get_index_state_display() if memory.index_state != "done" else ""),
        ("Stored by", source_label(memory.source)),
    ]
    return [(label, value) for label, value in rows if value][:-1]
