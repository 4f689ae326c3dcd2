"""Hashes by their length, and the numbers of vulnerabilities, weaknesses and ATT&CK techniques."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from enrichment.entities._found import Found, found

_HASH_KINDS: Final = {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}
# Neither inside a word nor inside base64.
_HASH: Final = re.compile(
    r"(?<![\w+=\-])(?:[0-9A-Fa-f]{128}|[0-9A-Fa-f]{64}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{32})(?![\w+=\-])"
)
_FINGERPRINT: Final = re.compile(r"(?<![\w:])[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){15,63}(?![\w:])")
_CVE: Final = re.compile(r"(?<![\w\-])CVE[-‑–]((?:19|20)\d\d)[-‑–](\d{4,19})(?![\w\-])", re.IGNORECASE)
_CWE: Final = re.compile(r"(?<![\w\-])CWE[-‑–]([1-9]\d{0,3})(?![\w\-]|\.\d)", re.IGNORECASE)
_ATTACK: Final = re.compile(r"(?<![\w\-./])(?:T1\d{3}(?:\.\d{3})?|TA0\d{3})(?![\w\-]|\.\d)")
# Groups, software, mitigations, data sources and campaigns look like a hundred other things.
_ATTACK_OTHERS: Final = re.compile(r"(?<![\w\-./])(?:[GSMC][01]\d{3}|DS0\d{3})(?![\w\-]|\.\d)")
_SPEAKS_OF_ATTACK: Final = re.compile(r"ATT&CK|ATT&amp;CK|\bMITRE\b")
_FIRST_CVE: Final = 1999


def hashes(text: str) -> Iterator[Found]:
    """MD5, SHA-1, SHA-256 and SHA-512 in hexadecimal; the value has small letters and no colons."""
    for match in _HASH.finditer(text):
        digits = match.group().lower()
        if not digits.isdigit() and len(set(digits)) > 1:
            yield found(_HASH_KINDS[len(digits)], text, match.span(), digits, f"{len(digits)} hexadecimal digits")
    for match in _FINGERPRINT.finditer(text):
        digits = match.group().lower().replace(":", "")
        if len(digits) in _HASH_KINDS:
            yield found(_HASH_KINDS[len(digits)], text, match.span(), digits, f"{len(digits)} digits, in pairs")


def vulnerabilities(text: str) -> Iterator[Found]:
    """CVE and CWE numbers, in capitals."""
    for match in _CVE.finditer(text):
        if int(match[1]) >= _FIRST_CVE:
            yield found("cve", text, match.span(), f"CVE-{match[1]}-{match[2]}", "a CVE number since 1999")
    for match in _CWE.finditer(text):
        yield found("cwe", text, match.span(), f"CWE-{match[1]}", "a CWE number")


def techniques(text: str) -> Iterator[Found]:
    """ATT&CK's tactics and techniques; groups, software and the like only where the text speaks of ATT&CK."""
    for match in _ATTACK.finditer(text):
        if match.group() != "T1000":
            yield found("attack", text, match.span(), match.group(), "an ATT&CK tactic or technique")
    if _SPEAKS_OF_ATTACK.search(text):
        for match in _ATTACK_OTHERS.finditer(text):
            yield found("attack", text, match.span(), match.group(), "an ATT&CK number in a text about ATT&CK")
