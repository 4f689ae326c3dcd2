"""An answer of a model server as events of our own: what was remembered, the words as they come, and the end."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from memories.gateway.dialects import Dialect, Reply
from memories.gateway.relaying.calls import Header
from memories.gateway.relaying.sinks import Listener, Sink

_HEAD: list[Header] = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]
_EVENT_MAX = 8 * 1024**2  # bytes of one event of the model server


class EventStream:
    """A sink that reads one vendor's events and gives `memories`, `words`, and `done` or `error` to another sink."""

    def __init__(
        self,
        inner: Sink,
        dialect: Dialect,
        *,
        first: Mapping[str, Any],
        last: Callable[[Reply], Mapping[str, Any]],
        refused: Callable[[int, bytes], tuple[int, bytes]],
    ) -> None:
        """`first` is told before any words, `last` of the whole answer after them; `refused` words an error."""
        self._inner, self._dialect = inner, dialect
        self._first, self._last, self._refused = first, last, refused
        self._status, self._rest, self._heard = 0, b"", list[bytes]()

    async def open(self, listener: Listener) -> None:
        """As the inner one."""
        await self._inner.open(listener)

    def head(self, status: int, headers: list[Header], *, chunked: bool) -> None:
        """A stream begins with what was remembered; an error waits for its words."""
        self._status = status
        if self._is_stream:
            self._inner.head(200, _HEAD, chunked=True)
            self._tell("memories", self._first)

    def body(self, raw: bytes, content: bytes) -> None:
        """Whole events become words; half a one waits for its rest."""
        self._heard.append(content)
        if not self._is_stream:
            return
        *events, self._rest = (self._rest + content).replace(b"\r\n", b"\n").split(b"\n\n")
        for event in events:
            if text := self._dialect.reply(event, streamed=True).text:
                self._tell("words", {"text": text})
        self._rest = self._rest[-_EVENT_MAX:]

    async def close(self, *, clean: bool) -> None:
        """The end, or that there is none."""
        content = b"".join(self._heard)
        if not self._is_stream:
            self._refuse(content)
        elif clean:
            self._tell("done", self._last(self._dialect.reply(content, streamed=True)))
        else:
            self._tell("error", {"detail": "The model's server broke off before its answer was whole."})
        if self._is_stream:
            self._inner.body(b"0\r\n\r\n", b"")
        await self._inner.close(clean=True)

    @property
    def _is_stream(self) -> bool:
        return 200 <= self._status < 300

    def _refuse(self, content: bytes) -> None:
        status, body = self._refused(self._status, content)
        kind, length = (b"content-type", b"application/problem+json"), (b"content-length", str(len(body)).encode())
        self._inner.head(status, [kind, length], chunked=False)
        self._inner.body(body, body)

    def _tell(self, name: str, data: Mapping[str, Any]) -> None:
        event = f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode("utf-8", "replace")
        self._inner.body(b"%x\r\n%s\r\n" % (len(event), event), event)
