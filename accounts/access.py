"""Who is asking, and what they may manage."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts.models import ApiKey, Invitation, User
from accounts.permissions import permission_named
from accounts.spaces.acting import acting_in, require_in
from memshadow.lib.errors import NotFound, PermissionRefused
from memshadow.lib.row_wall import confine

View = Callable[..., HttpResponseBase]
NOBODY = "nobody"


def signed_in(request: HttpRequest) -> User:
    """The signed-in person; LoginRequiredMiddleware lets nobody else through."""
    return cast(User, request.user)


def owner_of(request: HttpRequest) -> User:
    """Whose memories a page shows and changes; who asks, and does it in the trail and in revisions, is `signed_in`."""
    membership = acting_in(request, signed_in(request))
    return membership.space.owner if membership else signed_in(request)


def require(user: User, permission: str) -> User:
    """The user, if their role has the permission. Raises PermissionRefused otherwise."""
    if not user.may(permission):
        raise PermissionRefused(permission_named(permission).refusal)
    return user


def confine_to(person: User, permission: str, *, owner: User | None = None) -> None:
    """From here on this request sees rows of the person, and of the owner whose memories are meant, and no others.

    Nothing changes for a permission that is for what all share.
    """
    if not permission_named(permission).over_all:
        confine(person.pk, owner=(owner or person).pk)


def needs(permission: str, *, post: str = "") -> Callable[[View], View]:
    """Declares what a page needs: a permission of accounts/permissions.py, and another one for its POST if given.

    Every page declares it, or `needs_no_sign_in`: a test walks all addresses.
    """
    declared = tuple(name for name in (permission, post) if name and permission_named(name))

    def declare(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            needed = post if post and request.method == "POST" else permission
            _let_in(request, needed)
            return view(request, *args, **kwargs)

        checked.needs = declared  # type: ignore[attr-defined]
        return checked

    return declare


def _let_in(request: HttpRequest, permission: str) -> None:
    """Raises NotFound for a space that is not one of theirs, and PermissionRefused for a role that may not."""
    person = signed_in(request)
    membership = acting_in(request, person)
    if membership is not None:
        require_in(membership, permission)
    confine_to(require(person, permission), permission, owner=owner_of(request))


def needs_no_sign_in(view: View) -> View:
    """Declares a page that anybody may see."""
    open_to_all: View = login_not_required(view)
    open_to_all.needs = (NOBODY,)  # type: ignore[attr-defined]
    return open_to_all


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
