"""Who calls the API and what they may do: by an API key's scopes, or by a signed-in person's role."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from ninja.utils import check_csrf

from accounts.flows.api_keys import authenticate_api_key
from accounts.models import ApiKey, User
from memshadow.lib.errors import NotAuthenticated, PermissionRefused

READ, WRITE, ADMIN = ApiKey.Scope.READ.value, ApiKey.Scope.WRITE.value, ApiKey.Scope.ADMIN.value
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_KEY_SCHEMES = ("bearer", "token")


@dataclass(frozen=True, slots=True)
class Access:
    """An authenticated request: whose data it reaches, with which scopes, and the key when there was one."""

    owner: User
    scopes: frozenset[str]
    key: ApiKey | None


class ApiRequest(HttpRequest):
    """A request that passed `scope(...)`."""

    auth: Access


class RequiredScope:
    """What an operation's `auth=` declares. Called before anything of the request is parsed."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, request: HttpRequest) -> Access:
        """The caller. Raises NotAuthenticated or PermissionRefused."""
        text = _key_text(request)
        access = _by_key(text) if text is not None else _by_session(request)
        if self.name not in access.scopes:
            carried = ", ".join(sorted(access.scopes)) or "none"
            raise PermissionRefused(
                f"This needs the scope {self.name}; yours: {carried}. Use a key that has it.", scope=self.name
            )
        request.user = access.owner
        return access


def scope(name: str) -> RequiredScope:
    """`auth=scope("write")`: the operation needs this scope (read, write or admin)."""
    return RequiredScope(ApiKey.Scope(name).value)


def _key_text(request: HttpRequest) -> str | None:
    """The key that was sent, or None. Other Authorization schemes are a proxy's business and are ignored."""
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() in _KEY_SCHEMES:
        return credentials.strip()
    header = request.headers.get("X-API-Key")
    return header.strip() if header is not None else None


def _by_key(text: str) -> Access:
    key = authenticate_api_key(text)
    if key is None:
        raise NotAuthenticated("This API key is unknown, revoked or expired; make a new one.", error="invalid_token")
    scopes = frozenset(name for name in _scopes_of(key.owner) if key.allows(name))
    return Access(owner=key.owner, scopes=scopes, key=key)


def _by_session(request: HttpRequest) -> Access:
    user = request.user
    if not isinstance(user, User) or not user.is_active:
        raise NotAuthenticated("Send an API key (Authorization: Bearer msh_…), or sign in.")
    if request.method not in _SAFE_METHODS:
        _check_csrf(request)
    return Access(owner=user, scopes=_scopes_of(user), key=None)


def _check_csrf(request: HttpRequest) -> None:
    """The token is taken from the header only, so that an upload is not read before this is settled."""
    if settings.CSRF_HEADER_NAME not in request.META or check_csrf(request) is not None:
        raise PermissionRefused("With a session, send the csrftoken cookie's value as X-CSRFToken; or use an API key.")


def _scopes_of(user: User) -> frozenset[str]:
    return frozenset({READ, WRITE, ADMIN}) if user.may_write else frozenset({READ})
