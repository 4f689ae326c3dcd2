"""Where a request comes from: the one place that decides whom to believe about it."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

Network = IPv4Network | IPv6Network
_HOPS_MAX = 20


def client_address(request: HttpRequest) -> str | None:
    """The client's IP address in its shortest spelling, or None when there is none (a command, a test).

    X-Forwarded-For is believed only from TRUSTED_PROXIES, and only as far as they vouch for it: read from its end, the
    first address that is not a trusted proxy is the client; whatever stands before it is the client's own invention.
    """
    address = canonical(request.META.get("REMOTE_ADDR", ""))
    if address is None or not is_trusted_proxy(address):
        return address
    hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    for hop in reversed(hops[-_HOPS_MAX:]):
        given = canonical(hop)
        if given is None:
            break
        address = given
        if not is_trusted_proxy(given):
            break
    return address


def is_trusted_proxy(address: str) -> bool:
    """Whether this (canonical) address is one of TRUSTED_PROXIES."""
    parsed = ip_address(address)
    return any(parsed in network for network in settings.TRUSTED_PROXIES)


def canonical(text: str) -> str | None:
    """An address in one spelling, without zone, IPv4 in IPv6 as IPv4; None for anything else."""
    try:
        parsed = ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return str(mapped or parsed)


def network_of(address: str) -> str:
    """The network that an address most likely shares with its owner's next one: /24 of IPv4, /48 of IPv6."""
    prefix = 48 if ":" in address else 24
    return str(ip_network(f"{address}/{prefix}", strict=False))
