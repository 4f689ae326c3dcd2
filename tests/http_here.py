"""HTTP clients of others for tests: what they send reaches the product in this very thread, with no network between."""

from __future__ import annotations

import httpx
from django.test import Client

BASE = "http://testserver"


def client_here() -> httpx.Client:
    """An httpx client whose requests Django's test client makes."""
    return httpx.Client(transport=httpx.MockTransport(_answer), base_url=BASE)


def _answer(request: httpx.Request) -> httpx.Response:
    sent = {name: value for name, value in request.headers.items() if name not in ("content-type", "content-length")}
    kind = request.headers.get("content-type", "application/octet-stream")
    path = request.url.raw_path.decode()
    response = Client().generic(request.method, path, request.read(), content_type=kind, headers=sent)
    return httpx.Response(response.status_code, headers=dict(response.headers), content=response.content)
