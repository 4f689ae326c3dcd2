"""One HTTP request of MCP, answered by the SDK: it speaks ASGI, our server WSGI, and nothing is kept between requests.

Each request runs the SDK's own stateless transport (JSON answers) in an event loop of its own. asgiref runs that loop
in a second thread, while the request's thread waits and does the database's work.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any

import anyio
from asgiref.sync import async_to_sync
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from accounts.agents import Caller
from memshadow.mcp.server import server_for

Message = MutableMapping[str, Any]
_OURS = ("content-length", "connection")  # hop by hop, or set again


@dataclass
class _Exchange:
    """The two ends of ASGI: a body to read once, and an answer to collect."""

    body: bytes
    status: int = 500
    headers: list[tuple[str, str]] = field(default_factory=list)
    answer: bytes = b""
    is_read: bool = False

    async def receive(self) -> Message:
        """The body; after it nothing comes, and nobody hangs up."""
        if self.is_read:
            await anyio.sleep_forever()
        self.is_read = True
        return {"type": "http.request", "body": self.body, "more_body": False}

    async def send(self, message: Message) -> None:
        """Keep what the SDK answers."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in message["headers"]]
        else:
            self.answer += message.get("body", b"")


def answer(caller: Caller, request: HttpRequest) -> HttpResponse:
    """What the SDK says to this POST."""
    exchange = _Exchange(request.body)
    async_to_sync(_exchanged)(caller, _scope(request), exchange)
    response = HttpResponse(exchange.answer, status=exchange.status)
    del response.headers["Content-Type"]
    for name, value in exchange.headers:
        if name.lower() not in _OURS:
            response.headers[name] = value
    return response


async def _exchanged(caller: Caller, scope: Message, exchange: _Exchange) -> None:
    manager = StreamableHTTPSessionManager(
        server_for(caller), json_response=True, stateless=True, max_request_body_size=settings.API_BODY_MAX_BYTES
    )
    async with manager.run():
        await manager.handle_request(scope, exchange.receive, exchange.send)


def _scope(request: HttpRequest) -> Message:
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in request.headers.items()]
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.scheme,
        "path": request.path,
        "raw_path": request.path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": None,
        "server": None,
    }
