"""The steps of signing an app in, as an app and a person take them; the tests of OAuth put them together."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.test import Client
from oauth2_provider.models import Application

from accounts.models import DeviceRequest
from accounts.oauth.clients import DEVICE_GRANT

VERIFIER = "v" * 50
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
REDIRECT = "https://app.example.org/callback"
OTHER_PORT = "http://127.0.0.1:49152/callback"


def question(app: Application, **changes: Any) -> str:
    asked = {
        "response_type": "code",
        "client_id": app.client_id,
        "redirect_uri": REDIRECT,
        "scope": "memories:read memories:write",
        "state": "xyz",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changes,
    }
    return "/oauth/authorize?" + urlencode({k: v for k, v in asked.items() if v is not None}, doseq=True)


def answered(client: Client, url: str, **form: Any) -> Any:
    return client.post(url, {"answer": "approve", "scopes": ["memories:read", "memories:write"], **form})


def sent_back(response: Any) -> dict[str, str]:
    assert response.status_code == 302, response.content
    return dict(parse_qsl(urlsplit(response["Location"]).query))


def code_for(client: Client, app: Application, **changes: Any) -> str:
    return sent_back(answered(client, question(app, **changes)))["code"]


def exchange(app: Application, given: str, **changes: Any) -> Any:
    asked = {
        "grant_type": "authorization_code",
        "client_id": app.client_id,
        "code": given,
        "redirect_uri": REDIRECT,
        "code_verifier": VERIFIER,
        **changes,
    }
    return Client().post("/oauth/token", {k: v for k, v in asked.items() if v is not None})


def tokens(client: Client, app: Application, **changes: Any) -> dict[str, Any]:
    response = exchange(app, code_for(client, app, **changes))
    assert response.status_code == 200, response.content
    body: dict[str, Any] = response.json()
    return body


def refresh(app: Application, text: str, **changes: str) -> Any:
    asked = {"grant_type": "refresh_token", "client_id": app.client_id, "refresh_token": text, **changes}
    return Client().post("/oauth/token", asked)


def me(text: str) -> Any:
    return Client().get("/api/v1/me", headers={"Authorization": f"Bearer {text}"})


def error_of(response: Any) -> tuple[int, str]:
    """The status and the error of a refusal."""
    return response.status_code, str(response.json().get("error"))


def begin_device(cli: Application, **changes: str) -> dict[str, Any]:
    asked = {"client_id": cli.client_id, "scope": "memories:read memories:write", **changes}
    response = Client().post("/oauth/device-authorization", asked)
    assert response.status_code == 200, response.content
    body: dict[str, Any] = response.json()
    return body


def poll(cli: Application, device: dict[str, Any], **changes: str) -> Any:
    DeviceRequest.objects.update(polled_at=None)
    asked = {"grant_type": DEVICE_GRANT, "client_id": cli.client_id, "device_code": device["device_code"], **changes}
    return Client().post("/oauth/token", asked)
