"""Which space a request is about: a page says it by its address (`/in/<space>/…`), a program by a header.

Nothing is kept between requests, so that two tabs never disagree about where a note goes, and whoever is in a space no
more is refused by their very next request.
"""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest
from django.urls import get_script_prefix, set_script_prefix

from accounts.models import User
from accounts.permissions import permission_named
from accounts.spaces.membership import Membership, membership_or_404
from memshadow.lib.errors import NotFound, PermissionRefused

HEADER = "X-Memshadow-Space"
NOT_OF_A_SPACE = f"This is about you or the server, not about a space; send it without {HEADER}."
_NAMED, _FOUND, _OWN_PREFIX = "_space_named", "_space_found", "_own_prefix"


def name_space(request: HttpRequest, space_id: str, *, own_prefix: str) -> None:
    """Note the space that a page's address names, and where the person's own addresses begin."""
    setattr(request, _NAMED, space_id)
    setattr(request, _OWN_PREFIX, own_prefix)


def name_no_space(request: HttpRequest) -> None:
    """From here on the request is about the person's own."""
    setattr(request, _NAMED, "")
    setattr(request, _FOUND, None)


def own_prefix_of(request: HttpRequest) -> str:
    """How the addresses of the person's own pages begin, also while a page of a space is shown."""
    prefix: str = getattr(request, _OWN_PREFIX, "") or get_script_prefix()
    return prefix


def acting_in(request: HttpRequest, person: User) -> Membership | None:
    """The person in the space that the request names; None when it names none. Raises NotFound for one not of theirs.

    Asked of the database once a request.
    """
    if not hasattr(request, _FOUND):
        named = getattr(request, _NAMED, "") or request.headers.get(HEADER)
        # An empty header is a mistake (a variable that is not set), and does not mean one's own memories.
        setattr(request, _FOUND, None if named is None else _found(request, person, named.strip()))
    found: Membership | None = getattr(request, _FOUND)
    return found


def require_in(membership: Membership, permission: str) -> None:
    """Raises PermissionRefused unless the role in the space gives a permission that means something in a space."""
    if not permission_named(permission).in_space:
        raise PermissionRefused(NOT_OF_A_SPACE)
    membership.require(permission)


def _found(request: HttpRequest, person: User, named: str) -> Membership:
    try:
        return membership_or_404(person, _as_id(named))
    except NotFound:
        name_no_space(request)
        set_script_prefix(own_prefix_of(request))  # so that the page that says so leads back to their own
        raise


def _as_id(named: str) -> UUID:
    try:
        return UUID(named)
    except ValueError:
        raise NotFound(f"{HEADER} is the id of a space; GET /api/v1/spaces lists yours.") from None
