"""The kinds of entities, and what each is called."""

from __future__ import annotations

from typing import Final

# What spaCy's pipelines find; the order is that of lists.
NAME_KINDS: Final = {
    "person": "Person",
    "organization": "Organisation",
    "place": "Place",
    "group": "Group of people",
    "event": "Event",
    "product": "Product",
    "work": "Work",
    "law": "Law",
    "language": "Language",
}
# What patterns find. The rest of the product may rely on their values' forms: see docs/entities.md.
EXACT_KINDS: Final = {
    "email": "E-mail address",
    "phone": "Phone number",
    "url": "Web address",
    "domain": "Domain",
    "ipv4": "IPv4 address",
    "ipv6": "IPv6 address",
    "cidr": "Network",
    "mac": "MAC address",
    "path": "File",
    "identifier": "Code identifier",
    "version": "Version",
    "md5": "MD5",
    "sha1": "SHA-1",
    "sha256": "SHA-256",
    "sha512": "SHA-512",
    "cve": "Vulnerability (CVE)",
    "cwe": "Weakness (CWE)",
    "attack": "ATT&CK",
    "iban": "Bank account (IBAN)",
    "isbn": "Book (ISBN)",
    "money": "Amount of money",
    "date": "Date",
    "time": "Time of day",
}
KINDS: Final = NAME_KINDS | EXACT_KINDS
# Amounts and times say something about things and are none themselves.
THING_KINDS: Final = {kind: name for kind, name in KINDS.items() if kind not in ("money", "date", "time")}


def label(kind: str) -> str:
    """A kind's name for people; the kind itself when a plugin brought it."""
    return KINDS.get(kind, kind)
