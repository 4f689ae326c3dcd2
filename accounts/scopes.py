"""Who calls the API and what they may do: by an API key's scopes, or by a signed-in person's role."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from django.conf import settings
from django.http import HttpRequest
from ninja.utils import check_csrf

from accounts.access import NOBODY, confine_to, require
from accounts.flows.api_keys import authenticate_api_key
from accounts.flows.confirming import require_confirmed
from accounts.flows.tokens import authenticate_access_token
from accounts.intrusion.places import note_key_use
from accounts.limits.charging import charge_caller, charge_stranger
from accounts.models import ApiKey, User
from accounts.oauth.connections import authenticate_token
from accounts.permissions import permission_named, scopes_of_role
from accounts.spaces.acting import acting_in, require_in
from accounts.spaces.membership import Membership
from accounts.tokens import ACCESS, OAUTH_ACCESS
from memshadow.lib.client_address import client_address
from memshadow.lib.errors import NotAuthenticated, PermissionRefused

_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_CONFIRMED_SCOPES = ("admin", "export")
_KEY_SCHEMES = ("bearer", "token")


@dataclass(frozen=True, slots=True)
class Access:
    """An authenticated request: who asks, whose memories are meant, with which scopes, and how the person came in.

    What is the person's own (keys, privacy, the trail) belongs to `person`; memories and what sorts them to `owner`.
    """

    person: User
    owner: User
    scopes: frozenset[str]
    key: ApiKey | None
    by_session: bool = False
    space: Membership | None = None

    def require(self, permission: str) -> None:
        """Raises PermissionRefused unless the person's role and the program's scopes both give the permission.

        In a space, the role there must give it too.
        """
        if self.space is not None:
            require_in(self.space, permission)
        require(self.person, permission)
        needed = permission_named(permission).scope
        if needed and needed not in self.scopes:
            carried = ", ".join(sorted(self.scopes)) or "none"
            message = f"This needs the scope {needed}; yours: {carried}. Use a key that has it."
            raise PermissionRefused(message, scope=needed)


class ApiRequest(HttpRequest):
    """A request that passed `scope(...)`."""

    auth: Access


class RequiredScope:
    """What an operation's `auth=` declares. Called before anything of the request is parsed."""

    def __init__(self, permission: str, *, confirmed: bool = False, by_session: bool = True) -> None:
        self.permission = permission
        self.by_session = by_session
        self.name = permission_named(permission).scope or "any"
        self.confirmed = confirmed or self.name in _CONFIRMED_SCOPES

    def __call__(self, request: HttpRequest) -> Access:
        """The caller.

        Raises NotAuthenticated, RateLimited, NotFound (of a space), PermissionRefused or ConfirmationNeeded.
        """
        text = _key_text(request)
        access = _counted(request, lambda: _by_key(request, text) if text is not None else self._by_session(request))
        access.require(self.permission)
        if access.by_session and self.confirmed:
            require_confirmed(request)
        request.user = access.person
        confine_to(access.person, self.permission, owner=access.owner)
        return access

    def _by_session(self, request: HttpRequest) -> Access:
        if not self.by_session:
            raise NotAuthenticated("Send an API key (Authorization: Bearer msh_…), or sign in by OAuth.")
        return _by_session(request)


class NoSignIn:
    """`auth=NoSignIn()`: anybody may call it; what it needs is in its body."""

    permission = NOBODY
    name = "none"

    def __call__(self, request: HttpRequest) -> bool:
        """Whoever asks. Raises RateLimited."""
        charge_stranger(request)
        return True


Declaration = RequiredScope | NoSignIn


def scope(permission: str, *, confirmed: bool = False, by_session: bool = True) -> RequiredScope:
    """`auth=scope("memories:write")`: the operation needs this permission of accounts/permissions.py, and its scope.

    With `confirmed`, and for admin and export always, a session must have proved its person within the last minutes.
    Without `by_session` only a key or token counts.
    """
    return RequiredScope(permission, confirmed=confirmed, by_session=by_session)


def access_by_key(request: HttpRequest, text: str, permission: str) -> Access:
    """The caller that a key's or token's text names, for a face that finds it elsewhere than in the usual headers.

    Raises NotAuthenticated, RateLimited, NotFound (of a space) or PermissionRefused.
    """
    access = _counted(request, lambda: _by_key(request, text))
    access.require(permission)
    confine_to(access.person, permission, owner=access.owner)
    return access


def _counted(request: HttpRequest, authenticate: Callable[[], Access]) -> Access:
    try:
        access = authenticate()
    except NotAuthenticated:
        charge_stranger(request)
        raise
    charge_caller(request, access.person, access.key)
    if access.key is not None:
        note_key_use(access.key)
    return _where_meant(request, access)


def _where_meant(request: HttpRequest, access: Access) -> Access:
    """The same person in the space that the request names, if any. Raises NotFound when it is not one of theirs."""
    membership = acting_in(request, access.person)
    if membership is None:
        return access
    return replace(access, owner=membership.space.owner, space=membership)


def require_confirmed_session(request: ApiRequest) -> None:
    """For an operation that hurts in some cases only: raises ConfirmationNeeded for a session that is not confirmed."""
    if request.auth.by_session:
        require_confirmed(request)


def _key_text(request: HttpRequest) -> str | None:
    """The key that was sent, or None. Other Authorization schemes are a proxy's business and are ignored."""
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() in _KEY_SCHEMES:
        return credentials.strip()
    header = request.headers.get("X-API-Key")
    return header.strip() if header is not None else None


def _by_key(request: HttpRequest, text: str) -> Access:
    if text.startswith(f"{ACCESS}_"):
        return _by_token(text)
    if text.startswith(f"{OAUTH_ACCESS}_"):
        return _by_app(request, text)
    key = authenticate_api_key(text, address=client_address(request))
    if key is None:
        raise NotAuthenticated("This API key is unknown, revoked or expired; make a new one.", error="invalid_token")
    return _access(key.owner, key.carried, key=key)


def _by_token(text: str) -> Access:
    family = authenticate_access_token(text)
    if family is None:
        message = "This access token is unknown, revoked or expired; renew it with the refresh token, or sign in again."
        raise NotAuthenticated(message, error="invalid_token")
    return _access(family.owner, family.carried)


def _by_app(request: HttpRequest, text: str) -> Access:
    bearer = authenticate_token(text, path=request.path, address=client_address(request))
    if bearer is None:
        message = "This access token is unknown, revoked, expired or for another part of this server; renew it."
        raise NotAuthenticated(message, error="invalid_token")
    return _access(bearer.owner, bearer.scopes)


def _by_session(request: HttpRequest) -> Access:
    user = request.user
    if not isinstance(user, User) or not user.is_active:
        raise NotAuthenticated("Send an API key (Authorization: Bearer msh_…), or sign in.")
    if request.method not in _SAFE_METHODS:
        _check_csrf(request)
    return _access(user, scopes_of_role(user.role), by_session=True)


def _access(person: User, carried: frozenset[str], *, key: ApiKey | None = None, by_session: bool = False) -> Access:
    scopes = scopes_of_role(person.role) & carried
    return Access(person=person, owner=person, scopes=scopes, key=key, by_session=by_session)


def _check_csrf(request: HttpRequest) -> None:
    """The token is taken from the header only, so that an upload is not read before this is settled."""
    if settings.CSRF_HEADER_NAME not in request.META or check_csrf(request) is not None:
        raise PermissionRefused("With a session, send the csrftoken cookie's value as X-CSRFToken; or use an API key.")
