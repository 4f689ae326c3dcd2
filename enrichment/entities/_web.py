"""Web addresses, e-mail addresses and domains: a domain is one only under a suffix of the public list."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

import tldextract

from enrichment.entities._found import Found, found
from enrichment.entities._words import alternatives, word_set

_URL: Final = re.compile(
    rf"(?<![\w+.\-])(?:{alternatives('schemes')})://[^\s<>\"`{{}}|\\^\x00-\x1f。，、）】」]+", re.IGNORECASE
)
_LABEL: Final = r"[^\W_](?:[\w\-]{0,61}[^\W_])?"
_SCP: Final = re.compile(rf"(?<![\w.@\-])[\w\-]+@((?:{_LABEL}\.)+{_LABEL}):(?!\d+(?:\W|$))[\w~][\w./~\-]*[\w]")
_EMAIL: Final = re.compile(
    rf"(?<![\w.+\-@/:%!#$&'*?^{{|}}~])(?:mailto:)?([^\W_][\w.+\-']{{0,63}}|_[\w.+\-]{{1,62}})@((?:{_LABEL}\.)+{_LABEL})(?![\w@]|-\w|\.\w)"
)
_DOMAIN: Final = re.compile(rf"(?<![\w@.\-/\\$%&=+#~])((?:_?{_LABEL}\.)+{_LABEL})(:\d{{1,5}})?(/[^\s<>\"`{{}}|\\^]*)?")
_CLOSING: Final = {")": "(", "]": "[", "}": "{"}
_BARE_SUFFIXES: Final = word_set("bare_suffixes")
_CODE_WORDS: Final = word_set("code_words")
_PRODUCT: Final = re.compile(alternatives("domain_like_products"))
_SITE: Final = re.compile(
    rf"(?<!\w)(?:{alternatives('site')})\W{{1,3}}(?:is|was|called|ist|of)?\s?[\"'(`]?$", re.IGNORECASE
)


def urls(text: str) -> Iterator[Found]:
    """Addresses with a scheme, and `www.example.org/page`; what ends the sentence is no part of them."""
    for match in _URL.finditer(text):
        address = _without_ending(match.group())
        if _has_host(address):
            span = match.start(), match.start() + len(address)
            yield found("url", text, span, _normal(address), "a scheme and a host")
    for match in _SCP.finditer(text):
        if _suffix(match[1]):
            yield found("url", text, match.span(), match.group(), "a repository's address")


def emails(text: str) -> Iterator[Found]:
    """E-mail addresses at a domain of the public list; the value's domain has small letters."""
    if "@" not in text:
        return
    for match in _EMAIL.finditer(text):
        name, domain = match[1], match[2]
        if ".." in name or name.endswith((".", "'")) or not _suffix(domain):
            continue
        start = match.start(1)
        yield found("email", text, (start, match.end()), f"{name}@{domain.lower()}", "a name at a domain")


def domains(text: str) -> Iterator[Found]:
    """Domains, and pages below one, without a scheme. Suffixes that are also words or file names need a reason."""
    for match in _DOMAIN.finditer(text):
        name, page = match[1], _without_ending(match[3] or "")
        after = text[match.end(1) : match.end(1) + 1]
        if after in ("@", "(", "_", "\\") or text[match.end(1) : match.end(1) + 2] == "::":
            continue
        if not _is_domain(name, text[max(0, match.start() - 30) : match.start()], page):
            continue
        if len(page) > 1 or match[2]:
            end = match.end(1) + len(match[2] or "") + len(page)
            written = text[match.start() : end]
            yield found("url", text, (match.start(), end), _normal(written), "a domain and a page")
        else:
            yield found("domain", text, match.span(1), name.lower(), "under a public suffix")


@lru_cache(maxsize=1)
def _extract() -> tldextract.TLDExtract:
    """The public suffix list as the package brings it; nothing is fetched or written."""
    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


@lru_cache(maxsize=4096)
def _suffix(domain: str) -> str:
    """The public suffix of a registrable domain, empty when there is none."""
    parts = _extract()(domain)
    return parts.suffix.lower() if parts.domain and parts.suffix else ""


def _is_domain(name: str, before: str, page: str) -> bool:
    suffix = _suffix(name)
    labels = name.split(".")
    if not suffix or _PRODUCT.fullmatch(name) or not _one_case(labels[-1]) or labels[0].lower() in _CODE_WORDS:
        return False
    if any(len(label) > 63 or "__" in label for label in labels) or name.replace(".", "").isdigit():
        return False
    if labels[0].lower() == "www":
        return len(labels) > 2
    if suffix.split(".")[-1] not in _BARE_SUFFIXES:
        return bool(_SITE.search(before)) or bool(page)
    return True


def _one_case(label: str) -> bool:
    """`home.In the` lacks a space; nobody writes a suffix with a capital alone."""
    return label.islower() or label.isupper() or not label.isascii()


def _has_host(address: str) -> bool:
    try:
        parts = urlsplit(address.removeprefix("jdbc:"))
        _ = parts.port
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme in ("file", "magnet"):
        return bool(parts.path or parts.query)
    return bool(host) and (_is_address(host) or _plain(host))


def _plain(host: str) -> bool:
    """Names inside a network have no suffix; a dotted number that is no address is nothing."""
    labels = host.rstrip(".").split(".")
    return all(labels) and not all(label.isdigit() for label in labels) and not host.startswith("-")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _without_ending(address: str) -> str:
    """Without the sentence's punctuation, and without a bracket that was opened before."""
    while address:
        last = address[-1]
        unopened = last in _CLOSING and address.count(last) > address.count(_CLOSING[last])
        if last not in ".,;:!?'\"*_…’”»" and not unopened:
            break
        address = address[:-1]
    return address


def _normal(address: str) -> str:
    """Scheme and host in small letters; no lone slash at the end."""
    head, scheme, rest = address.rpartition("://")
    host, slash, path = rest.partition("/")
    user, at, place = host.rpartition("@")
    return f"{head.lower()}{scheme}{user}{at}{place.lower()}{slash if path else ''}{path}"
