"""A client of /mcp for tests: JSON-RPC in, JSON-RPC out, through Django's own test client."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from accounts.flows.api_keys import create_api_key
from accounts.models import User

ACCEPT = "application/json, text/event-stream"


class McpClient:
    """Calls /mcp with a key of `user`, or without one."""

    def __init__(self, user: User | None = None, scopes: tuple[str, ...] = ("memories:*",)) -> None:
        key = create_api_key(owner=user, name="test", scopes=scopes)[1] if user else ""
        headers = {"Authorization": f"Bearer {key}"} if user else {}
        self.client = Client(headers={"Accept": ACCEPT, **headers}, enforce_csrf_checks=True)

    def post(self, method: str, params: Any = None, **headers: str) -> Any:
        """The HTTP response to one request."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}}
        return self.client.post("/mcp", data=json.dumps(body), content_type="application/json", headers=headers)

    def ask(self, method: str, **params: Any) -> Any:
        """The result of a request that must succeed."""
        answer = self.post(method, params).json()
        assert "result" in answer, answer
        return answer["result"]

    def error(self, method: str, **params: Any) -> Any:
        """The protocol's error of a request that must fail."""
        return self.post(method, params).json()["error"]

    def call(self, tool: str, **arguments: Any) -> Any:
        """What a tool answers, as JSON."""
        result = self.ask("tools/call", name=tool, arguments=arguments)
        assert not result["isError"], result
        assert json.loads(result["content"][0]["text"]) == result["structuredContent"]
        return result["structuredContent"]

    def refusal(self, tool: str, **arguments: Any) -> str:
        """The words in which a tool says no."""
        result = self.ask("tools/call", name=tool, arguments=arguments)
        assert result["isError"] and "structuredContent" not in result, result
        text: str = result["content"][0]["text"]
        return text
