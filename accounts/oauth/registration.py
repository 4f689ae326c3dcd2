"""Apps register themselves (RFC 7591): anybody may, within limits, and what nobody lets in is forgotten a day later."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Any

from oauth2_provider.generators import generate_client_secret
from oauth2_provider.models import Application
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from accounts.audit import record
from accounts.oauth.clients import UNVERIFIED_SCOPES, is_confidential
from accounts.oauth.redirects import check_redirects
from memshadow.lib.errors import ValidationFailed

_NAME_CHARS = 80


class ClientMetadata(BaseModel):
    """What an app tells of itself; other names are ignored, as the standard asks."""

    model_config = ConfigDict(extra="ignore", strict=True)

    redirect_uris: list[str] = Field(max_length=10)
    client_name: str = Field(default="", max_length=400)
    grant_types: list[str] = Field(default=["authorization_code"], max_length=20)
    response_types: list[str] = Field(default=["code"], max_length=20)
    token_endpoint_auth_method: str = "client_secret_basic"  # noqa: S105 - a method, no secret


_AUTH_METHODS = ("none", "client_secret_basic", "client_secret_post")


@dataclass(frozen=True, slots=True)
class Registered:
    """An app, and its secret at the one moment when it is known (empty for an app that cannot keep one)."""

    application: Application
    secret: str
    auth_method: str

    def answer(self) -> dict[str, Any]:
        """What the app is told (RFC 7591, section 3.2.1)."""
        row = self.application
        told: dict[str, Any] = {
            "client_id": row.client_id,
            "client_id_issued_at": int(row.created.timestamp()),
            "client_name": row.name,
            "redirect_uris": row.redirect_uris.split(),
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": self.auth_method,
            "scope": " ".join(sorted(UNVERIFIED_SCOPES)),
        }
        return told | ({"client_secret": self.secret, "client_secret_expires_at": 0} if self.secret else {})


def register(body: bytes) -> Registered:
    """A new app as a JSON document describes it. Raises ValidationFailed with field `redirect_uris` or `body`."""
    wanted = _read(body)
    check_redirects(wanted.redirect_uris)
    public = wanted.token_endpoint_auth_method == _AUTH_METHODS[0]
    secret = generate_client_secret()
    row = Application.objects.create(
        name=_shown_name(wanted.client_name),
        redirect_uris=" ".join(wanted.redirect_uris),
        client_type=Application.CLIENT_PUBLIC if public else Application.CLIENT_CONFIDENTIAL,
        client_secret=secret,
        authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
        registration_source=Application.RegistrationSource.DCR,
    )
    record("oauth.registered", actor=None, target=row, name=row.name)
    return Registered(row, secret if is_confidential(row) else "", wanted.token_endpoint_auth_method)


def _read(body: bytes) -> ClientMetadata:
    try:
        wanted = ClientMetadata.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise ValidationFailed(f"{'.'.join(map(str, first['loc'])) or 'body'}: {first['msg']}", field="body") from error
    if wanted.token_endpoint_auth_method not in _AUTH_METHODS:
        raise ValidationFailed(f"token_endpoint_auth_method is one of {', '.join(_AUTH_METHODS)}.", field="body")
    if "authorization_code" not in wanted.grant_types or "code" not in wanted.response_types:
        raise ValidationFailed("Apps that register themselves use authorization_code and code.", field="body")
    return wanted


def _shown_name(name: str) -> str:
    """One line without anything invisible, which could make a page say something else."""
    plain = "".join(c for c in " ".join(name.split()) if unicodedata.category(c)[0] != "C")
    return plain[:_NAME_CHARS].strip() or "An app without a name"
