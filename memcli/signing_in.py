"""Signing in by a code that a person types in a browser (OAuth device grant, RFC 8628), and signing out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from memcli.client import CLIENT_ID, http, sent
from memcli.credentials import Credentials
from memcli.errors import CliError, NotAllowed, ServerAway

SCOPES = "memories:read memories:write memories:delete"
_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


@dataclass(frozen=True, slots=True)
class Question:
    """What the person has to do: open `url`, where the code is filled in, or type `code` at `page`."""

    code: str
    page: str
    url: str


def check_transport(address: str, *, allow_http: bool) -> None:
    """Raises CliError for an address at which anybody on the way could read the key."""
    parts = urlsplit(address)
    if parts.scheme == "https" or allow_http or _is_local(parts.hostname or ""):
        return
    raise CliError(
        f"{address} is not encrypted: everybody on the way could read your key. Use https://, or say --allow-http "
        "for a network of your own."
    )


def sign_in(address: str, tell: Callable[[Question], None], *, may_export: bool = False) -> Credentials:
    """Ask for a code, tell it, and wait until the person has answered. Raises NotAllowed or ServerAway."""
    form = {"client_id": CLIENT_ID, "scope": f"{SCOPES} export" if may_export else SCOPES}
    with http(address) as connection:
        begun = sent(connection, "POST", "/oauth/device-authorization", data=form)
        asked = _body(begun.is_success, begun, address)
        tell(Question(asked["user_code"], asked["verification_uri"], asked["verification_uri_complete"]))
        interval, ends = float(asked.get("interval", 5)), time.monotonic() + float(asked["expires_in"])
        form = {"grant_type": _GRANT, "device_code": asked["device_code"], "client_id": CLIENT_ID}
        while time.monotonic() < ends:
            time.sleep(interval)
            response = sent(connection, "POST", "/oauth/token", data=form)
            error = "" if response.is_success else _error_of(response)
            if not error:
                tokens = response.json()
                return Credentials(access_token=tokens["access_token"], refresh_token=tokens["refresh_token"])
            if error == "slow_down":
                interval += 5
            elif error != "authorization_pending":
                raise NotAllowed(_REFUSALS.get(error, f"The server refused: {error}."))
    raise NotAllowed(_REFUSALS["expired_token"])


def sign_out(address: str, known: Credentials) -> None:
    """End the sign-in at the server; an API key stays until it is revoked there."""
    if not known.refresh_token:
        return
    with http(address) as connection:
        sent(connection, "POST", "/oauth/revoke", data={"token": known.refresh_token, "client_id": CLIENT_ID})


_REFUSALS = {
    "access_denied": "You refused it in the browser.",
    "expired_token": "Nobody answered in time. Run memcli login again.",
    "invalid_client": "This server lets no memcli in by a typed code; make an API key and use memcli login --api-key.",
}


def _body(good: bool, response: Any, address: str) -> dict[str, Any]:
    if not good:
        error = _error_of(response)
        raise NotAllowed(_REFUSALS.get(error, f"{address} does not let memcli sign in: {error}."))
    found: dict[str, Any] = response.json()
    return found


def _error_of(response: Any) -> str:
    try:
        return str(response.json().get("error") or response.json().get("detail") or response.status_code)
    except (ValueError, AttributeError):
        raise ServerAway(f"{response.url.host} answered {response.status_code} and no JSON: no MEMSHADOW?") from None


def _is_local(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
