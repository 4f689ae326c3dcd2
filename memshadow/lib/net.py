"""Requests to other servers that cannot be led into private networks: not by an address, a redirect or a DNS answer."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings

from memshadow.lib.errors import Unavailable, ValidationFailed

if TYPE_CHECKING:
    import httpx

Address = IPv4Address | IPv6Address
_PORTS = {"http": 80, "https": 443}


class OutboundRefused(Unavailable):
    """The server lies in a private, local or otherwise special network that the administrator has not allowed."""

    code = "outbound-refused"


@dataclass(frozen=True, slots=True)
class Allowed:
    """Hosts and networks that may be asked although they are not public."""

    hosts: frozenset[str]
    networks: tuple[IPv4Network | IPv6Network, ...]

    @classmethod
    def of(cls, entries: Iterable[str]) -> Allowed:
        """From host names, addresses and networks in CIDR notation."""
        hosts, networks = set(), []
        for entry in entries:
            try:
                networks.append(ip_network(entry.strip("[]"), strict=False))
            except ValueError:
                hosts.add(entry.lower())
        return cls(frozenset(hosts), tuple(networks))

    def includes(self, host: str, address: Address) -> bool:
        """Whether the address is public, or the administrator named it or the host."""
        if is_public(address) or host.lower() in self.hosts:
            return True
        return any(address in network for network in self.networks)


def is_public(address: Address) -> bool:
    """Whether it belongs to the internet at large, also where IPv6 wraps an IPv4 address (RFC 4291, 3056, 4380)."""
    if isinstance(address, IPv6Address):
        teredo = address.teredo[1] if address.teredo else None
        inner = address.ipv4_mapped or address.sixtofour or teredo
        if inner is not None:
            return is_public(inner)
        if address in _NAT64:
            return is_public(IPv4Address(address.packed[-4:]))
    return address.is_global and not address.is_multicast


_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052


def guarded_client() -> httpx.Client:
    """An HTTP client that follows no redirects and connects to permitted addresses only.

    Each connection resolves the name once and goes to the very address that was checked; certificates are checked for
    the name. Raises OutboundRefused. A proxy of the environment (HTTPS_PROXY) decides for itself.
    """
    import httpcore
    import httpx

    class Guarded(httpcore.SyncBackend):
        def connect_tcp(self, host: str, port: int, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
            trouble: Exception = httpcore.ConnectError(f"{host} has no address")
            for address in permitted_addresses(host, port):
                try:
                    return super().connect_tcp(str(address), port, *args, **kwargs)
                except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                    trouble = error
            raise trouble

    transport = httpx.HTTPTransport()
    transport._pool = httpcore.ConnectionPool(ssl_context=httpx.create_ssl_context(), network_backend=Guarded())
    return httpx.Client(transport=transport, follow_redirects=False)


def permitted_addresses(host: str, port: int) -> list[Address]:
    """A host's addresses that may be asked. Raises OutboundRefused, or httpcore.ConnectError when DNS knows none."""
    import httpcore

    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise httpcore.ConnectError(f"{host} is not known: {error}") from error
    addresses = list(dict.fromkeys(ip_address(str(sockaddr[0]).partition("%")[0]) for *_, sockaddr in found))
    allowed = Allowed.of(settings.OUTBOUND_ALLOW)
    permitted = [address for address in addresses if allowed.includes(host, address)]
    if not permitted:
        raise OutboundRefused(
            f"{host} is {addresses[0]}, which is no public address. If you mean it, start the server with "
            f"MEMSHADOW_OUTBOUND_ALLOW={host} (names, addresses and networks, separated by commas).",
            trouble="a private address",
        )
    return permitted


def checked_url(text: str, *, field: str, example: str, why_tls: str, max_chars: int) -> str:
    """An address that a person gave, once it is one that may be asked; http only where the administrator named it.

    Raises ValidationFailed for `field`, with what would pass: an address such as `example`.
    """
    import httpcore

    url = text.strip()
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        parts, port = urlsplit(""), 0
    if not port or not parts.hostname or len(url) > max_chars or not url.isprintable() or parts.username:
        raise ValidationFailed(f"Give an address such as {example}, without a name in it.", field=field)
    if parts.scheme not in _PORTS:
        raise ValidationFailed(f"Give an address such as {example}: https, or http where that is allowed.", field=field)
    try:
        permitted = permitted_addresses(parts.hostname, port)
    except OutboundRefused as error:
        raise ValidationFailed(error.message, field=field) from error
    except httpcore.ConnectError as error:
        raise ValidationFailed(f"{parts.hostname} is not known to the DNS.", field=field) from error
    if parts.scheme == "http" and not _is_named(parts.hostname, permitted):
        raise ValidationFailed(f"Use https://: {why_tls}.", field=field)
    return url


def _is_named(host: str, addresses: Iterable[Address]) -> bool:
    named = Allowed.of(settings.OUTBOUND_ALLOW)
    return host.lower() in named.hosts or any(a in network for a in addresses for network in named.networks)
