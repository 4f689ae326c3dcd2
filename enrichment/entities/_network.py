"""IP addresses, networks and MAC addresses, checked by the standard library and not by their looks."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Final

from enrichment.entities._found import Found, found
from enrichment.entities._numbering import is_numbering, is_version_word

_OCTET: Final = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
# Neither part of a longer dotted number, nor of a word, nor a fraction or path.
_IPV4: Final = re.compile(
    rf"(?<![\w.\\/])((?:{_OCTET}\.){{3}}{_OCTET})(?:/(\d{{1,3}}(?:\.\d{{1,3}}){{0,3}}))?(?![\w\\]|\.\w|/\d|-\d{{1,3}}(?![\d.]))"
)
_IPV6: Final = re.compile(
    r"(?<![\w:.\\/])((?:[0-9A-Fa-f]{0,4}:){2,7}(?:[0-9A-Fa-f]{1,4}|[\d.]{7,15})?)(%\w[\w.\-]*)?(?:/(\d{1,3}))?(?![\w:/]|\.\w)"
)
_BYTE: Final = "[0-9A-Fa-f]{2}"
_MAC: Final = re.compile(
    rf"(?<![\w:.\-])(?:{_BYTE}(?::{_BYTE}){{5}}(?:(?::{_BYTE}){{2}})?|{_BYTE}(?:-{_BYTE}){{5}}|"
    r"[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4})(?![\w]|[:.\-]\w)"
)
_OID: Final = re.compile(r"\bOIDs?\W{1,3}$", re.IGNORECASE)


def addresses(text: str) -> Iterator[Found]:
    """IPv4 and IPv6 addresses, and networks as addresses with a prefix length."""
    if ":" in text:
        for match in _IPV6.finditer(text):
            if _says_ipv6(match[1]):
                yield from _checked(text, match, "ipv6", match[3])
    if "." in text:
        for match in _IPV4.finditer(text):
            before = text[max(0, match.start() - 40) : match.start()]
            if not (is_version_word(before) or is_numbering(before) or _OID.search(before)):
                yield from _checked(text, match, "ipv4", match[2])


def macs(text: str) -> Iterator[Found]:
    """MAC-48 and EUI-64 with colons, hyphens or as Cisco writes them; the value has small letters and colons."""
    for match in _MAC.finditer(text):
        digits = re.sub(r"[^0-9a-f]", "", match.group().lower())
        yield found("mac", text, match.span(), ":".join(re.findall("..", digits)), "six or eight bytes in pairs")


def _says_ipv6(written: str) -> bool:
    """Enough to be no part of a program: `::`, `dead::beef` and `a::b` might be."""
    return any(character.isdigit() for character in written) or written.count(":") == 7


def _checked(text: str, match: re.Match[str], kind: str, prefix: str | None) -> Iterator[Found]:
    try:
        address = ipaddress.ip_address(match[1])
        if prefix is None:
            end = match.end(2) if kind == "ipv6" and match[2] else match.end(1)
            yield found(kind, text, (match.start(), end), _written(address), "a valid address")
            return
        network = ipaddress.ip_network(f"{match[1]}/{prefix}", strict=False)
    except ValueError:
        return
    yield found(
        "cidr", text, match.span(), f"{_written(address)}/{network.prefixlen}", "a valid address with a prefix length"
    )


def _written(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    """The short form (RFC 5952); Python's releases differ over addresses that hold one of version 4."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return f"::ffff:{mapped}" if mapped else str(address).partition("%")[0]
