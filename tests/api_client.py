"""A client of the JSON API for tests: JSON in, JSON out, an API key in the header."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse
from django.test import Client

from accounts.flows.api_keys import create_api_key
from accounts.models import User

ROOT = "/api/v1"


class ApiClient:
    """Calls paths under /api/v1 with a key of `user`, or without one."""

    def __init__(self, user: User | None = None, scopes: tuple[str, ...] = ("memories:*", "export")) -> None:
        self.key = create_api_key(owner=user, name="test", scopes=scopes)[1] if user else ""
        headers = {"Authorization": f"Bearer {self.key}"} if user else {}
        self.client = Client(headers=headers, enforce_csrf_checks=True)

    def get(self, path: str, **query: Any) -> Any:
        """GET with query parameters."""
        return self.client.get(ROOT + path, query)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        """POST a JSON body; a keyword `idempotency_key` becomes the header Idempotency-Key."""
        return self._send("POST", path, body, headers)

    def patch(self, path: str, body: Any) -> Any:
        """PATCH a JSON body."""
        return self._send("PATCH", path, body, {})

    def put(self, path: str, body: Any) -> Any:
        """PUT a JSON body."""
        return self._send("PUT", path, body, {})

    def delete(self, path: str) -> Any:
        """DELETE."""
        return self.client.delete(ROOT + path)

    def _send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> HttpResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        send = getattr(self.client, method.lower())
        data = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        response: HttpResponse = send(ROOT + path, headers=named, **data)
        return response
