"""Who is asking, and what they may manage."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest

from accounts.models import Role, User
from memshadow.lib.errors import PermissionRefused


def signed_in(request: HttpRequest) -> User:
    """The signed-in person; LoginRequiredMiddleware lets nobody else through."""
    return cast(User, request.user)


def require_manager(user: User) -> User:
    """The user, if they manage this server. Raises PermissionRefused otherwise."""
    if user.role not in (Role.OWNER, Role.ADMINISTRATOR):
        raise PermissionRefused("Only the owner or an administrator can do this.")
    return user
