"""A small HTTP/1.1 client on asyncio streams: a tenth of a full client's cost, so that the load is the server's."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from urllib.parse import urlsplit


class Connection:
    """One connection, kept open between requests and opened again when the server closed it."""

    def __init__(self, base_url: str, timeout_s: float) -> None:
        address = urlsplit(base_url)
        self._host, self._port = address.hostname or "127.0.0.1", address.port or 80
        self._timeout_s = timeout_s
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, request: bytes) -> int:
        """Send a whole request and read the whole answer; returns its status.

        Raises OSError, TimeoutError or asyncio.IncompleteReadError. As in any browser, a request on a kept connection
        that the server had just closed is sent once more on a new one.
        """
        reused = self._streams is not None
        try:
            return await asyncio.wait_for(self._send(request), self._timeout_s)
        except (ConnectionError, asyncio.IncompleteReadError):
            self.close()
            if not reused:
                raise
            return await asyncio.wait_for(self._send(request), self._timeout_s)
        except (OSError, TimeoutError):
            self.close()
            raise

    async def _send(self, request: bytes) -> int:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        status = int(head.split(" ", 2)[1])
        if "content-length:" in head:
            await reader.readexactly(int(head.split("content-length:", 1)[1].split("\r\n", 1)[0]))
        if "connection: close" in head:
            self.close()
        return status

    def close(self) -> None:
        """Close it; the next request opens a new one."""
        if self._streams is not None:
            with suppress(OSError):
                self._streams[1].close()
            self._streams = None
