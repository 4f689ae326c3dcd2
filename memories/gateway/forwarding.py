"""From a client's request to the one that goes on: where to, with which key, headers and body."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest

from memories.gateway.admission import Caller
from memories.gateway.credentials import credentials_of, key_header, passed_headers, passed_query
from memories.gateway.relaying.calls import Call, Header, Server
from memories.gateway.routing import Route, joined, usual_base
from memories.gateway.wishes import Wishes
from memshadow.lib.net import permitted_addresses


@dataclass(frozen=True, slots=True)
class Destination:
    """The other server's address for one request, and the stored key for it, if any."""

    url: str
    provider: str
    api_key: str

    @property
    def host(self) -> str:
        """Its name and port, for the record."""
        return urlsplit(self.url).netloc


def destination_of(route: Route, caller: Caller, wishes: Wishes) -> Destination:
    """Where the request goes. A stored key goes only to the server that it was stored for. Raises GatewayRefused."""
    provider = route.dialect.provider
    named = caller.upstream(provider, wishes.upstream)
    if route.base:
        named = next((one for one in caller.upstreams if _origin(one.base_url) == _origin(route.base)), None)
        provider = named.provider if named else provider
        return Destination(route.base + route.path, provider, named.api_key if named else "")
    base = named.base_url if named else usual_base(provider)
    return Destination(joined(base, route.path), provider, named.api_key if named else "")


def call_of(request: HttpRequest, destination: Destination, body: bytes) -> Call:
    """The request as it is sent. Raises OutboundRefused, or httpcore.ConnectError for a host that nobody knows."""
    headers = passed_headers(request)
    if not credentials_of(request).theirs:
        headers += key_header(destination.provider, destination.api_key)
    if body or request.method in ("POST", "PUT", "PATCH"):
        headers.append((b"Content-Length", str(len(body)).encode()))
    return sent(destination, request.method or "GET", headers, body, query=passed_query(request))


def sent(destination: Destination, method: str, headers: Sequence[Header], body: bytes, *, query: str = "") -> Call:
    """A request to the other server, whose addresses are checked now. Raises as `call_of`."""
    parts = urlsplit(destination.url)
    host, tls = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if tls else 80)
    return Call(
        server=Server(host, port, tls, tuple(permitted_addresses(host, port))),
        method=method,
        target=(parts.path or "/") + (f"?{query}" if query else ""),
        headers=((b"Host", parts.netloc.encode()), *headers),
        body=body,
        connect_s=settings.GATEWAY_CONNECT_S,
        silence_s=settings.GATEWAY_SILENCE_S,
    )


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or {"http": 80, "https": 443}.get(parts.scheme)
