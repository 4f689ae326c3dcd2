"""Telling people that a space came or went: a notice on their pages, and mail where it is set up.

It is another member's request that makes the notice, so this module works outside the wall.
"""

from __future__ import annotations

from uuid import UUID

from accounts.intrusion.raising import raise_signal
from accounts.models import SecuritySignal, Space, SpaceRole, User
from memshadow.lib.row_wall import outside_the_wall


@outside_the_wall()
def tell_of_share(member_id: UUID, *, space: Space, role: str, by: User | None) -> None:
    """Somebody is in a space now, or in another role."""
    owner = User.objects.people().filter(id=member_id).first()
    if owner is not None and owner != by:
        name = SpaceRole(role).label.lower()
        shared_by = by.email if by else "An administrator"
        kind = SecuritySignal.Kind.SPACE_SHARED
        raise_signal(kind, owner=owner, apart=f"{space.id}|{role}", space=str(space.id), role=name, by=shared_by)


@outside_the_wall()
def tell_of_offer(owner: User, *, space: Space, role: str, by: User) -> None:
    """Somebody may take up a space."""
    kind, name = SecuritySignal.Kind.SPACE_OFFERED, SpaceRole(role).label.lower()
    raise_signal(kind, owner=owner, apart=f"{space.id}|{role}", space=str(space.id), role=name, by=by.email)


@outside_the_wall()
def tell_of_end(member_id: UUID, *, space: Space, why: str) -> None:
    """Somebody is not in a space any more, or will not be; `why` is the end of a sentence."""
    owner = User.objects.people().filter(id=member_id).first()
    if owner is not None:
        kind = SecuritySignal.Kind.SPACE_CLOSED
        raise_signal(kind, owner=owner, apart=f"{space.id}|{why}", space=str(space.id), why=why)
