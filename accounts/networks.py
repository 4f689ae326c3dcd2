"""The networks that a key is bound to."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address, ip_network

from memshadow.lib.client_address import canonical
from memshadow.lib.errors import ValidationFailed

NETWORKS_MAX = 20


def networks(texts: Iterable[str]) -> list[str]:
    """The networks in one spelling: `10.0.0.7` becomes `10.0.0.7/32`. Raises ValidationFailed for anything else."""
    found = list(dict.fromkeys(_network(text.strip()) for text in texts if text.strip()))
    if len(found) > NETWORKS_MAX:
        raise ValidationFailed(f"At most {NETWORKS_MAX} networks; name larger ones.", field="allowed_addresses")
    return found


def within(address: str | None, allowed: Iterable[str]) -> bool:
    """Whether the address lies in one of the networks; in none of them when it is not known."""
    known = canonical(address or "")
    return known is not None and any(ip_address(known) in ip_network(network) for network in allowed)


def _network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError:
        message = f"{text[:80]} is not a network; write 203.0.113.7, 10.0.0.0/8 or 2001:db8::/32."
        raise ValidationFailed(message, field="allowed_addresses") from None
