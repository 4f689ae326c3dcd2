"""Moves: one's memories of a persona or tag into a space, and a space's memories home."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from django.http import HttpResponse
from ninja import Router
from ninja.responses import Status
from pydantic import BaseModel, Field, model_validator

from accounts.scopes import ApiRequest, scope
from accounts.spaces.acting import HEADER
from accounts.spaces.membership import Membership, membership_or_404
from memories.access import move_or_404
from memories.models import MemoryMove
from memories.selectors import moves_for
from memories.services import moving
from memshadow.lib.errors import NotFound
from memshadow.lib.strict import StrictModel

router = Router(tags=["Spaces"])
_Way, _What = MemoryMove.Way, MemoryMove.What


class MoveIn(StrictModel):
    """Which memories move, and from where."""

    origin: Literal["own", "space"] = Field(
        alias="from", description="own: from one's own into the space. space: from the space to one's own."
    )
    persona_id: UUID | None = Field(default=None, description="Those of this persona, of the side that they leave.")
    tag_id: UUID | None = Field(default=None, description="Those with this tag, of the side that they leave.")

    @model_validator(mode="after")
    def _one_thing(self) -> MoveIn:
        given = [value for value in (self.persona_id, self.tag_id) if value is not None]
        if len(given) > 1:
            raise ValueError("Give persona_id or tag_id, not both.")
        if not given and self.origin == "own":
            raise ValueError("Give persona_id or tag_id; only a space can be taken back as a whole.")
        return self

    @property
    def what(self) -> str:
        """Of MemoryMove."""
        if self.persona_id:
            return _What.PERSONA
        return _What.TAG if self.tag_id else _What.ALL


class MoveOut(BaseModel):
    """A move and how far it is."""

    id: UUID
    space_id: UUID
    way: str = Field(description="into the space, or home.")
    what: str = Field(description="persona, tag or all.")
    what_id: UUID | None
    state: str = Field(description="queued, running, done or failed.")
    total: int = Field(description="How many were to be moved when it was asked for.")
    moved: int
    merged: int = Field(description="Those that were there already, in the same words.")
    sealed: int = Field(description="Sealed memories, which stay: only their owner's client can encrypt them again.")
    failed: int
    links_dropped: int = Field(description="Links whose other end stayed.")
    error: str
    created_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, move: MemoryMove) -> MoveOut:
        """From a row."""
        return cls(**{name: getattr(move, name) for name in cls.model_fields})


class MoveListOut(BaseModel):
    """One's moves into and out of a space, newest first, at most 50."""

    items: list[MoveOut]


def _membership(request: ApiRequest, space_id: UUID) -> Membership:
    _without_header(request)
    return membership_or_404(request.auth.person, space_id)


def _without_header(request: ApiRequest) -> None:
    """A move has two sides, of which one is always the person's own. Raises NotFound."""
    if request.auth.space is not None:
        raise NotFound(f"The address names the space of a move; send it without {HEADER}.")


@router.post("/spaces/{uuid:space_id}/moves", auth=scope("memories:delete"), response={202: MoveOut})
def start_move(request: ApiRequest, response: HttpResponse, space_id: UUID, move: MoveIn) -> Status[MoveOut]:
    """Move memories into a space or home, in the background; needs memories:write too. Follow `Location`."""
    request.auth.require("memories:write")
    started = moving.start_move(
        member=_membership(request, space_id),
        way=_Way.INTO if move.origin == "own" else _Way.HOME,
        what=move.what,
        what_id=move.persona_id or move.tag_id,
    )
    response["Location"] = f"/api/v1/spaces/{space_id}/moves/{started.id}"
    return Status(202, MoveOut.of(started))


@router.get("/spaces/{uuid:space_id}/moves", auth=scope("memories:read"), response=MoveListOut)
def list_moves(request: ApiRequest, space_id: UUID) -> MoveListOut:
    """List one's own moves into and out of a space."""
    member = _membership(request, space_id)
    return MoveListOut(items=[MoveOut.of(move) for move in moves_for(member.person, space_id)])


@router.get("/spaces/{uuid:space_id}/moves/{uuid:move_id}", auth=scope("memories:read"), response=MoveOut)
def get_move(request: ApiRequest, space_id: UUID, move_id: UUID) -> MoveOut:
    """Follow one of one's own moves."""
    _without_header(request)
    return MoveOut.of(move_or_404(request.auth.person, space_id, move_id))
