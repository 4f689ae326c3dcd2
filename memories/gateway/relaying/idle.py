"""Connections to other servers that are kept for the next request: TLS takes two journeys to set up."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict

from memories.gateway.relaying.calls import Server

_KEPT_S = 60.0
_KEPT_EACH = 16  # connections to one server


class _Waiting(asyncio.Protocol):
    """Notices when the other server ends a connection that waits, or sends what nobody asked for."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Unasked for: such a connection cannot be trusted."""
        self._transport.abort()


class IdleConnections:
    """Used in one event loop only."""

    def __init__(self) -> None:
        self._kept: defaultdict[Server, list[tuple[float, asyncio.Transport]]] = defaultdict(list)

    def take(self, server: Server) -> asyncio.Transport | None:
        """A connection to exactly this server and these addresses, the one that was used last."""
        kept = self._kept.get(server, [])
        while kept:
            since, transport = kept.pop()
            if not transport.is_closing() and time.monotonic() - since < _KEPT_S:
                return transport
            transport.abort()
        return None

    def keep(self, server: Server, transport: asyncio.Transport) -> None:
        """For the next request; ended after a minute."""
        kept = self._kept[server]
        if transport.is_closing() or len(kept) >= _KEPT_EACH:
            transport.abort()
            return
        transport.set_protocol(_Waiting(transport))
        transport.resume_reading()
        kept.append((time.monotonic(), transport))

    def prune(self) -> None:
        """End those that nobody wanted."""
        oldest = time.monotonic() - _KEPT_S
        for server, kept in list(self._kept.items()):
            for entry in [entry for entry in kept if entry[0] < oldest or entry[1].is_closing()]:
                kept.remove(entry)
                entry[1].abort()
            if not kept:
                del self._kept[server]
