"""A local HTTP server that answers as OpenAI, Anthropic and Google document, and misbehaves when the model says so.

The model's name is the script: `…-429`, `…-500`, `…-529` answer with that error, `…-silent` never answers, `…-drop`
breaks off in the middle, `…-wait` waits after its first words until `proceed` is set.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.model_servers import anthropic, gemini, openai
from tests.model_servers.answers import Answer, Piece

_WORDS = "I have noted that. Is there anything else?"


@dataclass
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    raw: bytes
    body: dict[str, Any]
    hung_up: threading.Event = field(default_factory=threading.Event)


class ModelServer:
    """Answers on a free port of 127.0.0.1 while it is used as a context manager."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.sent = b""
        self.proceed = threading.Event()
        self.words = _WORDS
        handler = type("Handler", (_Handler,), {"server_of": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._http.daemon_threads = True

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._http.server_port}"

    @property
    def last(self) -> Seen:
        """The latest request."""
        return self.seen[-1]

    @contextmanager
    def running(self) -> Iterator[ModelServer]:
        """Serve in a thread."""
        thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.proceed.set()
            self._http.shutdown()
            self._http.server_close()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_of: ModelServer

    def log_message(self, format: str, *args: Any) -> None:
        """Be quiet."""

    def do_GET(self) -> None:
        """Lists of models."""
        self._answer(self._note(b""))

    def do_POST(self) -> None:
        """Everything else."""
        self._answer(self._note(self.rfile.read(int(self.headers.get("Content-Length", 0)))))

    def _note(self, raw: bytes) -> Seen:
        headers = {name.lower(): value for name, value in self.headers.items()}
        seen = Seen(self.command, self.path, headers, raw, json.loads(raw) if raw else {})
        self.server_of.seen.append(seen)
        return seen

    def _answer(self, seen: Seen) -> None:
        family = anthropic if "anthropic-version" in seen.headers else gemini if _is_gemini(seen.path) else openai
        model = str(seen.body.get("model", "")) or seen.path.rpartition("/")[2].partition(":")[0]
        script = model.rpartition("-")[2]
        if script == "silent":
            self.server_of.proceed.wait(30)
            self.close_connection = True
            return
        if script in ("429", "500", "529", "400"):
            self._send_whole(family.error(int(script)))
            return
        answer = family.answer(seen.path, seen.body, model, self.server_of.words)
        try:
            self._send_pieces(answer, script) if answer.pieces else self._send_whole(answer)
        except OSError:
            seen.hung_up.set()
            self.close_connection = True

    def _send_whole(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.server_of.sent = answer.body
        self.wfile.write(answer.body)

    def _send_pieces(self, answer: Answer, script: str) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.server_of.sent = b""
        for number, piece in enumerate(answer.pieces):
            if number == len(answer.pieces) // 2 and script in ("wait", "drop"):
                if script == "drop":
                    self.close_connection = True
                    return
                self._wait_or_notice()
            self._chunk(piece)
        self.wfile.write(b"0\r\n\r\n")

    def _chunk(self, piece: Piece) -> None:
        self.server_of.sent += piece
        self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))

    def _wait_or_notice(self) -> None:
        """Until told to proceed; raises OSError when the other side hangs up meanwhile."""
        self.connection.settimeout(0.02)
        deadline = time.monotonic() + 30
        while not self.server_of.proceed.is_set() and time.monotonic() < deadline:
            try:
                if self.connection.recv(1) == b"":
                    raise ConnectionResetError
            except TimeoutError:
                continue
        self.connection.settimeout(None)


def _is_gemini(path: str) -> bool:
    return "/v1beta/" in path or ("/models/" in path and ":" in path)
