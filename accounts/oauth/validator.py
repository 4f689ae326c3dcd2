"""The authorization server's rules, stricter than django-oauth-toolkit's: codes are hashed, reuse ends tokens."""

from __future__ import annotations

from typing import Any

from oauth2_provider.models import Grant, RefreshToken
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.oauth2.rfc6749 import errors

from accounts.audit import Result, record
from accounts.models import SpentCode
from accounts.oauth.clients import DEVICE_GRANT, may_use_devices
from accounts.oauth.resources import check_resources
from accounts.oauth.token_texts import checksum


class Validator(OAuth2Validator):  # type: ignore[misc]
    """Runs in a transaction (accounts/oauth/issuing.py), so that a code or token is used once, whatever races."""

    def validate_grant_type(
        self, client_id: str, grant_type: str, client: Any, request: Any, *a: Any, **kw: Any
    ) -> bool:
        """Codes and refreshing for all, typed codes for those who may; passwords and client credentials for nobody."""
        if grant_type == DEVICE_GRANT:
            return may_use_devices(request.client)
        return grant_type in ("authorization_code", "refresh_token")

    def validate_response_type(
        self, client_id: str, response_type: str, client: Any, request: Any, *a: Any, **kw: Any
    ) -> bool:
        """Codes only: no token ever stands in an address."""
        return response_type == "code" and bool(client.redirect_uris)

    def _create_authorization_code(self, request: Any, code: dict[str, str], expires: Any = None) -> Grant:
        """Stores the code's hash, for an app that can prove later that it asked (PKCE with S256)."""
        if request.code_challenge_method != "S256":
            raise errors.InvalidRequestError(description="Use PKCE with code_challenge_method=S256.", request=request)
        check_resources(getattr(request, "resource", []), request)
        return super()._create_authorization_code(request, {"code": checksum(code["code"])}, expires)

    def validate_code(self, client_id: str, code: str, client: Any, request: Any, *a: Any, **kw: Any) -> bool:
        """Whether the code is unused, in time, this app's, and of somebody who may still sign in."""
        hashed = checksum(code)
        grant = Grant.objects.select_for_update().filter(code=hashed, application=client).first()
        if grant is None:
            _end_what_the_code_gave(hashed)
            return False
        return bool(grant.user.is_active) and super().validate_code(client_id, hashed, client, request, *a, **kw)

    def confirm_redirect_uri(
        self, client_id: str, code: str, redirect_uri: str, client: Any, *a: Any, **kw: Any
    ) -> bool:
        """The very address with which the code was asked for."""
        return bool(super().confirm_redirect_uri(client_id, checksum(code), redirect_uri, client, *a, **kw))

    def get_code_challenge(self, code: str, request: Any) -> str | None:
        """The challenge that came with the question."""
        challenge: str | None = super().get_code_challenge(checksum(code), request)
        return challenge

    def get_code_challenge_method(self, code: str, request: Any) -> str | None:
        """Always S256."""
        method: str | None = super().get_code_challenge_method(checksum(code), request)
        return method

    def invalidate_authorization_code(self, client_id: str, code: str, request: Any, *a: Any, **kw: Any) -> None:
        """Remember, when the code goes, which tokens it gave."""
        hashed = checksum(code)
        super().invalidate_authorization_code(client_id, hashed, request, *a, **kw)
        SpentCode.objects.create(
            code_hash=hashed, owner=request.user, application=request.client, token_family=request.token_family
        )

    def _check_and_set_request_resource(self, request: Any) -> None:
        """The grant is found by the code's hash."""
        code = request.code
        request.code = checksum(code) if code else code
        try:
            super()._check_and_set_request_resource(request)
        finally:
            request.code = code
        check_resources(request.resource, request)

    def _create_refresh_token(self, request: Any, code: str, access_token: Any, previous: Any) -> RefreshToken:
        """Keeps the family at hand for `invalidate_authorization_code`."""
        made = super()._create_refresh_token(request, code, access_token, previous)
        request.token_family = made.token_family
        return made

    def validate_refresh_token(self, refresh_token: str, client: Any, request: Any, *a: Any, **kw: Any) -> bool:
        """Whether it is unused and of somebody who may still sign in; one that was used ends its whole family."""
        hashed = checksum(refresh_token)
        row = RefreshToken.objects.select_for_update().filter(token_checksum=hashed).order_by("pk").first()
        if row is None or row.application_id != client.pk or not row.user.is_active:
            return False
        if (
            row.revoked is not None
            and RefreshToken.objects.filter(token_family=row.token_family, revoked=None).exists()
        ):
            _note_reuse("oauth.refresh_reused", row.user, row.application)
        return bool(super().validate_refresh_token(refresh_token, client, request, *a, **kw))


def _end_what_the_code_gave(code_hash: str) -> None:
    """A code that comes twice was stolen, before or after its use: nobody keeps its tokens."""
    spent = SpentCode.objects.select_related("owner", "application").filter(code_hash=code_hash).first()
    if spent is not None:
        RefreshToken.revoke_family(spent.token_family)
        _note_reuse("oauth.code_reused", spent.owner, spent.application)


def _note_reuse(action: str, owner: Any, application: Any) -> None:
    record(action, actor=owner, target=application, result=Result.REFUSED)
