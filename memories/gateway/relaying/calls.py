"""What is relayed: the request to another server, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address

import h11

Header = tuple[bytes, bytes]
# Of one connection only (RFC 9110, section 7.6.1).
HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)


class Ending(StrEnum):
    """How an exchange ended."""

    COMPLETE = "complete"
    CLIENT_GONE = "client_gone"
    UPSTREAM_BROKE = "upstream_broke"
    TIMED_OUT = "timed_out"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Server:
    """Where to connect: the name for certificates, and the addresses that were checked."""

    host: str
    port: int
    tls: bool
    addresses: tuple[IPv4Address | IPv6Address, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A request, ready to be sent. Times in seconds: to connect, and of silence after that."""

    server: Server
    method: str
    target: str
    headers: tuple[Header, ...]
    body: bytes = field(repr=False)
    connect_s: float = 10.0
    silence_s: float = 600.0

    def head(self) -> bytes:
        """The request line and headers as they are sent. Raises h11.LocalProtocolError for what HTTP cannot say."""
        request = h11.Request(method=self.method, target=self.target, headers=list(self.headers))
        return h11.Connection(h11.CLIENT).send(request) or b""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the other server answered, as far as it came. `content` is without chunk sizes; times in seconds."""

    ending: Ending
    status: int = 0
    headers: tuple[Header, ...] = ()
    content: bytes = field(default=b"", repr=False)
    cut: bool = False
    first_byte_s: float = 0.0
    took_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer of our own, when the other server gives none."""

    status: int
    body: bytes
    content_type: str = "application/json"
