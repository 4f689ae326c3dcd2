"""Who is asking, and what they may manage."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.http import HttpRequest

from accounts.models import ApiKey, Invitation, Role, User
from memshadow.lib.errors import NotFound, PermissionRefused


def signed_in(request: HttpRequest) -> User:
    """The signed-in person; LoginRequiredMiddleware lets nobody else through."""
    return cast(User, request.user)


def require_manager(user: User) -> User:
    """The user, if they manage this server. Raises PermissionRefused otherwise."""
    if user.role not in (Role.OWNER, Role.ADMINISTRATOR):
        raise PermissionRefused("Only the owner or an administrator can do this.")
    return user


def api_key_or_404(owner: User, key_id: UUID) -> ApiKey:
    """One of the owner's API keys, usable or not."""
    found = ApiKey.objects.filter(owner=owner, id=key_id).first()
    if found is None:
        raise NotFound("There is no key of yours with this id.")
    return found


def invitation_or_404(user: User, invitation_id: UUID) -> Invitation:
    """One of the invitations that this person made."""
    found = Invitation.objects.filter(created_by=user, id=invitation_id).first()
    if found is None:
        raise NotFound("There is no invitation of yours with this id.")
    return found
