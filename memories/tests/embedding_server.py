"""A local server that speaks the wire format of OpenAI's `/v1/embeddings`, and misbehaves as it is told."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np

from memories.embedding.protocol import Vectors


def vector_of(text: str, dimension: int) -> Vectors:
    """A vector of the text's words: texts with the same words are near, and nothing else is. Not of unit length."""
    vector = np.full(dimension, 0.01, np.float32)
    for word in text.casefold().split():
        seed = int.from_bytes(hashlib.blake2b(word.strip(".,?!:").encode(), digest_size=8).digest(), "big")
        vector += np.random.default_rng(seed).standard_normal(dimension).astype(np.float32)
    return vector * 3


class EmbeddingServer:
    """Answers with `vector_of`. `next_answers` come first: a status, a callable of the handler, or a whole body.

    `requests` holds the bodies and headers received; `delay_s` holds every answer back.
    """

    def __init__(self, dimension: int = 64, *, model: str = "words") -> None:
        self.dimension, self.model = dimension, model
        self.requests: list[tuple[dict[str, Any], dict[str, str]]] = []
        self.next_answers: deque[int | dict[str, Any] | Callable[[Any], None]] = deque()
        self.retry_after = ""
        self.closed = False
        self.delay_s = 0.0
        self.refused: Callable[[str], bool] = lambda text: False
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                """One request."""
                if server.closed:
                    self.close_connection = True
                    return
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                server.requests.append((body, dict(self.headers)))
                time.sleep(server.delay_s)
                answer = server.next_answers.popleft() if server.next_answers else server.answer(body)
                if callable(answer):
                    return answer(self)
                if isinstance(answer, int):
                    return self.reply(answer, {"error": {"message": f"told to say {answer}"}})
                self.reply(int(answer.pop("status", 200)), answer)

            def reply(self, status: int, body: dict[str, Any]) -> None:
                """JSON with that status."""
                data = json.dumps(body).encode()
                self.send_response(status)
                if server.retry_after:
                    self.send_header("Retry-After", server.retry_after)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                # Who has lost patience is gone.
                with suppress(BrokenPipeError, ConnectionResetError):
                    self.wfile.write(data)

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._http.server_port}/v1"

    def answer(self, body: dict[str, Any]) -> dict[str, Any]:
        """The right answer, in an order of its own, as the protocol allows."""
        if any(self.refused(text) for text in body["input"]):
            return {"status": 400, "error": {"message": "input refused"}}
        dimension = body.get("dimensions", self.dimension)
        data = [
            {"object": "embedding", "index": index, "embedding": vector_of(text, dimension).tolist()}
            for index, text in enumerate(body["input"])
        ]
        tokens = sum(len(text.split()) for text in body["input"])
        return {"object": "list", "data": data[::-1], "model": self.model, "usage": {"total_tokens": tokens}}

    def close(self) -> None:
        """Stop, and refuse every further connection."""
        self.closed = True
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()
