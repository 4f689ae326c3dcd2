"""A program that receives webhooks, on a port of this machine."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver:
    """What arrived, and what is answered (`status`; 0 hangs up without an answer)."""

    def __init__(self) -> None:
        self.status = 204
        self.got: list[tuple[dict[str, str], bytes]] = []

    @property
    def events(self) -> list[dict[str, Any]]:
        """The bodies."""
        return [json.loads(body) for _, body in self.got]

    def verified(self, secret: str) -> bool:
        """Whether each message is signed as the Standard Webhooks specification says, and fresh; written anew here."""
        key = base64.b64decode(secret.split("_", 1)[1])
        return all(_is_signed(key, headers, body) for headers, body in self.got)


def _is_signed(key: bytes, headers: dict[str, str], body: bytes) -> bool:
    name, at = headers["webhook-id"], headers["webhook-timestamp"]
    expected = hmac.new(key, f"{name}.{at}.{body.decode()}".encode(), hashlib.sha256).digest()
    given = base64.b64decode(headers["webhook-signature"].removeprefix("v1,"))
    fresh = abs(time.time() - int(at)) < 300
    return fresh and json.loads(body)["id"] == name and hmac.compare_digest(given, expected)


@contextmanager
def receiving() -> Iterator[tuple[Receiver, str]]:
    """A receiver and its address, while it runs."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            if receiver.status:
                self.send_response(receiver.status)
                self.send_header("Location", "http://127.0.0.1:1/elsewhere")
                self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield receiver, f"http://127.0.0.1:{server.server_port}/hook"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
