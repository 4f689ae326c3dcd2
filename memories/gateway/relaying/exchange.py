"""One exchange with another server in the event loop: connect, send, pass the answer on as it comes."""

from __future__ import annotations

import asyncio
import ssl
import time
from functools import cache
from typing import cast

import h11
import httpx

from memories.gateway.relaying.calls import Call, Ending, Header, Outcome, Refusal
from memories.gateway.relaying.framing import BadFraming, Framing, framing_of
from memories.gateway.relaying.idle import IdleConnections
from memories.gateway.relaying.sinks import Sink, end_to_end

KEPT_MAX = 8 * 1024**2  # bytes of an answer that are kept to be read afterwards
_HEAD_MAX = 128 * 1024
_LOOK_S = 5.0  # how often silence is looked for


@cache
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context()


class Exchange(asyncio.Protocol):
    """The other server's side of a relayed request, and what holds both sides together."""

    def __init__(self, call: Call, sink: Sink, idle: IdleConnections, extra: list[Header]) -> None:
        """`extra` headers go to the client with the other server's."""
        self._call, self._sink, self._idle, self._extra = call, sink, idle, extra
        self._ended: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport | None = None
        self._parser = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD_MAX)
        self._parser.send(h11.Request(method=call.method, target=call.target, headers=list(call.headers)))
        self._framing: Framing | None = None
        self._status, self._headers = 0, list[Header]()
        self._kept, self._kept_size, self._cut = list[bytes](), 0, False
        self._begun = self._heard_at = time.monotonic()
        self._first_byte_s = 0.0
        self._reusable, self._fresh, self._heard = False, True, False

    async def run(self) -> tuple[Ending, bool]:
        """Relay to the end; how it ended, and whether anything reached the client."""
        await self._sink.open(self)
        ending = await self._connected()
        if ending is None:
            ending = await self._until_the_end()
        self._let_go(ending)
        return ending, bool(self._status)

    async def _connected(self) -> Ending | None:
        """Send the request over a connection that is there or a new one; None when that worked."""
        if (kept := self._idle.take(self._call.server)) is not None:
            self._transport, self._fresh = kept, False
            kept.set_protocol(self)
        elif (trouble := await self._connect()) is not None:
            return trouble
        if not self._ended.done():
            self._send()
        return None

    async def _connect(self) -> Ending | None:
        try:
            async with asyncio.timeout(self._call.connect_s):
                self._transport = await self._opened()
        except TimeoutError:
            return Ending.TIMED_OUT
        except OSError:
            return Ending.UNREACHABLE
        return None

    async def _opened(self) -> asyncio.Transport:
        """A connection to the first address that takes one; certificates are checked for the name. Raises OSError."""
        server, trouble = self._call.server, OSError("no address")
        for address in server.addresses:
            try:
                made, _ = await asyncio.get_running_loop().create_connection(
                    lambda: self,
                    str(address),
                    server.port,
                    ssl=_tls() if server.tls else None,
                    server_hostname=server.host if server.tls else None,
                )
                return made
            except OSError as error:
                trouble = error
        raise trouble

    def _send(self) -> None:
        if self._transport is not None:
            self._transport.write(self._call.head() + self._call.body)

    async def _until_the_end(self) -> Ending:
        while True:
            done, _ = await asyncio.wait([self._ended], timeout=_LOOK_S)
            if done:
                ending = self._ended.result()
                if ending is not Ending.UPSTREAM_BROKE or self._fresh or self._heard:
                    return ending
                # A kept connection that the other server was just ending: it has not read the request.
                self._ended, self._fresh = asyncio.get_running_loop().create_future(), True
                if (trouble := await self._connected()) is not None:
                    return trouble
            elif time.monotonic() - self._heard_at > self._call.silence_s:
                return Ending.TIMED_OUT

    def _let_go(self, ending: Ending) -> None:
        if self._transport is None:
            return
        if ending is Ending.COMPLETE and self._reusable:
            self._idle.keep(self._call.server, self._transport)
        else:
            self._transport.abort()

    def _end(self, ending: Ending) -> None:
        if not self._ended.done():
            self._ended.set_result(ending)

    # What the other server does.

    def data_received(self, data: bytes) -> None:
        """A piece of the answer."""
        self._heard_at, self._heard = time.monotonic(), True
        if self._ended.done():
            return
        try:
            if self._framing is None:
                self._head(data)
            else:
                self._body(data)
        except (h11.RemoteProtocolError, BadFraming):
            self._end(Ending.UPSTREAM_BROKE)

    def _head(self, data: bytes) -> None:
        self._parser.receive_data(data)
        while isinstance(event := self._parser.next_event(), h11.InformationalResponse):
            continue
        if not isinstance(event, h11.Response):
            return
        self._status, self._headers = event.status_code, list(event.headers.raw_items())
        lowered = [(name, value) for name, value in event.headers]
        self._framing = framing_of(self._call.method, event.status_code, lowered)
        closes = b"close" in dict(lowered).get(b"connection", b"").lower() or event.http_version != b"1.1"
        self._reusable = not closes
        self._first_byte_s = time.monotonic() - self._begun
        self._sink.head(self._status, end_to_end(self._headers) + self._extra, chunked=self._framing.chunked)
        rest = bytes(self._parser.trailing_data[0])
        if rest or self._framing.done:
            self._body(rest)

    def _body(self, data: bytes) -> None:
        framing = cast(Framing, self._framing)
        content = framing.feed(data)
        self._sink.body(data, content)
        self._keep(content)
        if framing.done:
            self._end(Ending.COMPLETE)

    def _keep(self, content: bytes) -> None:
        if self._kept_size + len(content) > KEPT_MAX:
            self._cut = True
        elif content and not self._cut:
            self._kept.append(content)
            self._kept_size += len(content)

    def connection_lost(self, exc: Exception | None) -> None:
        """The other server ended the connection: the end of an answer that says no length, else too early."""
        framing = self._framing
        unmeasured = framing is not None and not framing.chunked and not framing.done and not self._announced()
        self._reusable = False
        self._end(Ending.COMPLETE if unmeasured and exc is None else Ending.UPSTREAM_BROKE)

    def _announced(self) -> bool:
        return any(name.lower() == b"content-length" for name, _ in self._headers)

    # What the client does.

    def client_gone(self) -> None:
        """Nobody listens any more: the other server need not go on."""
        self._end(Ending.CLIENT_GONE)

    def client_full(self, full: bool) -> None:
        """Read from the other server no faster than the client takes it."""
        if self._transport is None or self._transport.is_closing():
            return
        if full:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def outcome(self, ending: Ending) -> Outcome:
        """What is known afterwards."""
        return Outcome(
            ending,
            status=self._status,
            headers=tuple(self._headers),
            content=b"".join(self._kept),
            cut=self._cut,
            first_byte_s=self._first_byte_s,
            took_s=time.monotonic() - self._begun,
        )


def refuse(sink: Sink, refusal: Refusal, extra: list[Header]) -> None:
    """Send an answer of our own."""
    length = (b"content-length", str(len(refusal.body)).encode())
    kind = (b"content-type", refusal.content_type.encode())
    sink.head(refusal.status, [kind, length, *extra], chunked=False)
    sink.body(refusal.body, refusal.body)
