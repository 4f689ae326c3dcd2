"""Where an answer goes: straight into the client's socket, or through a queue to whatever WSGI server asked."""

from __future__ import annotations

import asyncio
import errno
import queue
import socket
import struct
from collections.abc import Callable, Iterator
from functools import partial
from http import HTTPStatus
from typing import Protocol

from memories.gateway.relaying.calls import HOP_BY_HOP, Header

_HIGH_WATER = 256 * 1024  # bytes that may wait for a slow client before the other server is paused
_SENDING_S = 30.0  # for what is left when the answer is complete


class Listener(Protocol):
    """Told about the client."""

    def client_gone(self) -> None:
        """It hung up."""

    def client_full(self, full: bool) -> None:
        """It takes no more for now, or does again."""


class Sink(Protocol):
    """Takes an answer piece by piece. Called in the event loop's thread."""

    async def open(self, listener: Listener) -> None:
        """Make ready."""

    def head(self, status: int, headers: list[Header], *, chunked: bool) -> None:
        """The status and headers, without those of the other connection."""

    def body(self, raw: bytes, content: bytes) -> None:
        """A piece as it came, and without chunk sizes."""

    async def close(self, *, clean: bool) -> None:
        """The end: as it should be, or so that the client sees that something is missing."""


class SocketSink(asyncio.Protocol):
    """Writes into the client's own socket, which nobody else uses any more."""

    def __init__(self, client: socket.socket, *, framed: bool) -> None:
        """`framed`: the client speaks HTTP/1.1 and can read chunks."""
        self._socket, self._framed = client, framed
        self._chunks = False
        self._transport: asyncio.Transport | None = None
        self._listener: Listener | None = None
        self._lost = asyncio.Event()

    async def open(self, listener: Listener) -> None:
        """Take the socket into the loop."""
        self._listener = listener
        loop = asyncio.get_running_loop()
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._transport, _ = await loop.connect_accepted_socket(lambda: self, self._socket)
        self._transport.set_write_buffer_limits(high=_HIGH_WATER)

    def head(self, status: int, headers: list[Header], *, chunked: bool) -> None:
        """One write; the connection ends with the answer."""
        self._chunks = chunked and self._framed
        lines = [f"HTTP/1.1 {status} {_phrase(status)}".encode()]
        lines += [name + b": " + value for name, value in headers]
        lines += [b"transfer-encoding: chunked"] if self._chunks else []
        self._write(b"\r\n".join([*lines, b"connection: close", b"", b""]))

    def body(self, raw: bytes, content: bytes) -> None:
        """As it came, chunk sizes and all."""
        self._write(raw if self._chunks else content)

    async def close(self, *, clean: bool) -> None:
        """Ends the connection once all is sent. What is missing is missed: the last chunk, or announced bytes.

        A client of HTTP/1.0 knows no chunks and takes the end of the connection for the end of the answer: for it the
        connection is reset.
        """
        self._listener = None
        if self._transport is None:
            self._socket.close()
            return
        if not clean and not self._framed:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._transport.abort()
            return
        self._transport.close()
        try:
            await asyncio.wait_for(self._lost.wait(), _SENDING_S)
        except TimeoutError:
            self._transport.abort()

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def eof_received(self) -> bool:
        """A client that ends its side has gone."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """It hung up, or all is done."""
        self._lost.set()
        if self._listener is not None:
            self._listener.client_gone()

    def pause_writing(self) -> None:
        """It reads slower than the other server writes."""
        if self._listener is not None:
            self._listener.client_full(True)

    def resume_writing(self) -> None:
        """It has caught up."""
        if self._listener is not None:
            self._listener.client_full(False)


class QueueSink:
    """Hands the answer to a waiting thread."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[tuple[int, list[Header]] | bytes | None] = queue.SimpleQueue()
        self._clean = False
        self._waiting = 0
        self._listener: Listener | None = None
        self._tell: Callable[[Callable[[], None]], object] | None = None

    async def open(self, listener: Listener) -> None:
        """Remember whom to tell."""
        self._listener, self._tell = listener, asyncio.get_running_loop().call_soon_threadsafe

    def head(self, status: int, headers: list[Header], *, chunked: bool) -> None:
        """First into the queue."""
        self._queue.put((status, headers))

    def body(self, raw: bytes, content: bytes) -> None:
        """The content; whoever sends it on makes chunks of it again."""
        if content:
            self._queue.put(content)
            self._waiting += len(content)
            if self._waiting > _HIGH_WATER and self._listener is not None:
                self._listener.client_full(True)

    async def close(self, *, clean: bool) -> None:
        """Last into the queue."""
        self._clean = clean
        self._queue.put(None)

    def wait_head(self) -> tuple[int, list[Header]]:
        """Status and headers; blocks. Raises BrokenPipeError when there will be none."""
        first = self._queue.get()
        if not isinstance(first, tuple):
            raise BrokenPipeError(errno.EPIPE, "no answer")
        return first

    def pieces(self) -> Iterator[bytes]:
        """The content piece by piece; blocks. Raises BrokenPipeError when it ends before its end."""
        finished = False
        try:
            while isinstance(piece := self._queue.get(), bytes):
                yield piece
                self._call(partial(self._taken, len(piece)))
            finished = True
        finally:
            if not finished:
                self._call(self._gone)
        if not self._clean:
            raise BrokenPipeError(errno.EPIPE, "the other server's answer broke off")

    def _call(self, function: Callable[[], None]) -> None:
        if self._tell is not None:
            self._tell(function)

    def _taken(self, size: int) -> None:
        was_full = self._waiting > _HIGH_WATER
        self._waiting -= size
        if was_full and self._waiting <= _HIGH_WATER and self._listener is not None:
            self._listener.client_full(False)

    def _gone(self) -> None:
        if self._listener is not None:
            self._listener.client_gone()


def end_to_end(headers: list[Header]) -> list[Header]:
    """Those that are meant for the client and not for our connection (RFC 9110, section 7.6.1)."""
    named = {
        word.strip().lower() for name, value in headers if name.lower() == b"connection" for word in value.split(b",")
    }
    return [(name, value) for name, value in headers if name.lower() not in HOP_BY_HOP | named]


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
