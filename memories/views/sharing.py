"""Sharing a persona or a tag by moving its memories into a space, taking memories back, and how far each move is."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import get_script_prefix, reverse
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import needs, owner_of, signed_in
from accounts.models import User
from accounts.spaces.acting import acting_in, own_prefix_of
from accounts.spaces.making import checked_name, create_space
from accounts.spaces.membership import Membership, membership_or_404, memberships_of, shares_of
from memories.access import move_or_404, tag_or_404
from memories.forms import ShareForm
from memories.models import MemoryMove
from memories.selectors import moves_for
from memories.services.moving import NEEDED, counted, start_move
from memshadow.lib.confirming import ask_first
from memshadow.lib.errors import MemshadowError
from memshadow.lib.htmx import render_page
from personas.selectors import persona_or_404

_Way, _What = MemoryMove.Way, MemoryMove.What
_NAMED_MAX = 6


@needs("memories:delete")
@require_http_methods(["GET", "POST"])
def share_tag(request: HttpRequest, tag_id: UUID) -> HttpResponse:
    """Move a tag's memories into a space; in a space, take them back."""
    tag = tag_or_404(owner_of(request), tag_id)
    return _page(request, _What.TAG, tag_id, tag.name, reverse("memories:tag", args=[tag_id]))


@needs("memories:delete")
@require_http_methods(["GET", "POST"])
def share_persona(request: HttpRequest, persona_id: UUID) -> HttpResponse:
    """Move a persona's memories into a space; in a space, take them back."""
    persona = persona_or_404(owner_of(request), persona_id)
    return _page(request, _What.PERSONA, persona_id, persona.name, reverse("personas:edit", args=[persona_id]))


@needs("memories:delete")
@require_http_methods(["GET", "POST"])
def take_back(request: HttpRequest, space_id: UUID) -> HttpResponse:
    """Take all of a space's memories back."""
    member = membership_or_404(owner_of(request), space_id)
    for permission in NEEDED:
        member.require(permission)
    context = _context(member.space.owner, _What.ALL, None, "", reverse("accounts:space", args=[space_id]))
    return _take_back(request, member, context, None)


def _page(request: HttpRequest, what: str, what_id: UUID | None, name: str, back_url: str) -> HttpResponse:
    person = signed_in(request)
    member, context = acting_in(request, person), _context(owner_of(request), what, what_id, name, back_url)
    if member is not None:
        return _take_back(request, member, context, what_id)
    form = ShareForm(request.POST or None, person=person)
    if request.method == "POST" and form.is_valid():
        try:
            return _into(request, form, context, what_id)
        except MemshadowError as error:
            form.refuse(error)
    return render(request, "memories/share.html", {**context, "form": form})


def _context(owner: User, what: str, what_id: UUID | None, name: str, back_url: str) -> dict[str, Any]:
    count, sealed = counted(owner=owner, what=what, what_id=what_id)
    return {"name": name, "what": what, "memory_count": count, "sealed": sealed, "back_url": back_url}


def _into(request: HttpRequest, form: ShareForm, context: dict[str, Any], what_id: UUID | None) -> HttpResponse:
    """Ask, then move. A new space is made only once the person has said yes."""
    person, chosen = signed_in(request), form.cleaned_data["space"]
    member = membership_or_404(person, UUID(chosen)) if chosen else None
    new = "" if member else checked_name(form.cleaned_data["name"])
    title = member.space.name if member else new
    page = ask_first(
        request,
        question=f"Share the {context['what']} “{context['name']}” with “{title}”?",
        text=_what_happens(context, member),
        yes="Move them into the space",
        back_url=request.get_full_path(),
    )
    if page is not None:
        return page
    member = member or create_space(by=person, name=new)
    return _started(request, member, _Way.INTO, context["what"], what_id)


def _what_happens(context: dict[str, Any], member: Membership | None) -> str:
    who = _in_it(member) if member else "so far only you; offer it to others on its page"
    return (
        f"{_memories(context['memory_count'])} will no longer be in My own and will belong to the space, "
        f"with history, tags and conversations. Who is in the space reads all of it: {who}. You can take it back. "
        f"{_staying(context['sealed'])}"
    )


def _take_back(request: HttpRequest, member: Membership, context: dict[str, Any], what_id: UUID | None) -> HttpResponse:
    if request.method == "POST" and request.POST.get("confirmed"):
        return _started(request, member, _Way.HOME, context["what"], what_id)
    named = f"of the {context['what']} “{context['name']}” " if what_id else ""
    question = {
        "question": f"Take the memories {named}out of “{member.space.name}”?",
        "text": f"{_memories(context['memory_count'])} will no longer be in the space and will be your own, "
        "no matter who put what there. "
        f"The others no longer find any of it; in the space now: {_in_it(member)}. {_staying(context['sealed'])}",
        "yes": "Take them home",
        "url": request.get_full_path(),
        "back_url": context["back_url"],
    }
    return render(request, "confirm.html", question)


def _memories(count: int) -> str:
    return "1 memory" if count == 1 else f"{count:,} memories"


def _staying(sealed: int) -> str:
    stays = (
        f"{_memories(sealed)} that a program sealed, and what is in the trash," if sealed else "What is in the trash"
    )
    return f"{stays} will stay."


def _in_it(member: Membership) -> str:
    """With whom the space is shared, and as what."""
    shares = shares_of(member.space)
    named = [
        f"everybody in {share.group.name}"
        if share.group
        else ("you" if share.person == member.person else f"{share.person}")
        for share in shares[:_NAMED_MAX]
    ]
    more = [f"and {len(shares) - _NAMED_MAX} more"] if len(shares) > _NAMED_MAX else []
    return ", ".join(named + more)


def _started(request: HttpRequest, member: Membership, way: str, what: str, what_id: UUID | None) -> HttpResponse:
    """Begin, and lead to the progress, which is at the person's own address."""
    move = start_move(member=member, way=way, what=what, what_id=what_id)
    messages.success(request, "The memories are on their way.")
    path = reverse("memories:move", args=[member.space.id, move.id]).removeprefix(get_script_prefix())
    return redirect(own_prefix_of(request) + path)


@needs("memories:read")
@require_GET
def moves(request: HttpRequest) -> HttpResponse:
    """What the person moved into spaces and out of them."""
    owner = owner_of(request)
    shown = [_shown(move, _names(owner)) for move in moves_for(owner)]
    return render(request, "memories/moves.html", {"moves": shown})


@needs("memories:read")
@require_GET
def move(request: HttpRequest, space_id: UUID, move_id: UUID) -> HttpResponse:
    """One move with its live progress."""
    owner = owner_of(request)
    found = move_or_404(owner, space_id, move_id)
    return render_page(request, "memories/move.html", "memories/_move.html", {"move": _shown(found, _names(owner))})


def _names(person: User) -> dict[UUID, str]:
    """Of the spaces that they are in: what others are called is not theirs to know any more."""
    return {member.space.id: member.space.name for member in memberships_of(person)}


def _shown(row: MemoryMove, names: dict[UUID, str]) -> dict[str, Any]:
    done = row.moved + row.merged + row.failed
    return {
        "row": row,
        "space": names.get(row.space_id, "a space that you are not in any more"),
        "is_member": row.space_id in names,
        "url": reverse("memories:move", args=[row.space_id, row.id]),
        "fraction": min(1.0, done / row.total) if row.total else None,
    }
