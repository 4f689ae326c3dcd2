"""Whose key came where: ours is found and taken out, the other server's is left in or put in."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

from django.http import HttpRequest

from accounts.tokens import ACCESS, KEY, OAUTH_ACCESS
from memories.gateway.relaying.calls import HOP_BY_HOP, Header

OWN_HEADER = "X-Memshadow-Key"
_OURS = tuple(f"{mark}_" for mark in (KEY, ACCESS, OAUTH_ACCESS))
# Headers in which the vendors' clients send their key.
_KEY_HEADERS = ("Authorization", "X-Api-Key", "X-Goog-Api-Key", "Api-Key")
# What is between the client and us alone.
_NOT_PASSED = {
    "host",
    "content-length",
    "cookie",
    "forwarded",
    "accept-encoding",
    "expect",
    "via",
    "x-real-ip",
    "x-request-id",
    "origin",
    "referer",
    *(name.decode() for name in HOP_BY_HOP),
}
_NOT_PASSED_PREFIXES = ("x-memshadow-", "x-forwarded-", "sec-", "cf-")


@dataclass(frozen=True, slots=True)
class Credentials:
    """`ours`: the text of a MEMSHADOW key; empty when none came. `theirs`: a key for the other server came along."""

    ours: str = field(repr=False)
    theirs: bool


def credentials_of(request: HttpRequest) -> Credentials:
    """Our key from its own header, or from where the client puts its API key."""
    given = [_bare(request.headers.get(name, "")) for name in _KEY_HEADERS] + [request.GET.get("key", "")]
    theirs = any(text and not is_ours(text) for text in given)
    own = request.headers.get(OWN_HEADER, "").strip()
    return Credentials(str(own or next(filter(is_ours, given), "")), theirs)


def is_ours(text: str) -> bool:
    """Whether a key has the form of one of this server's."""
    return text.startswith(_OURS)


def passed_headers(request: HttpRequest) -> list[Header]:
    """The client's headers as they go on: without ours, and without what concerns this connection alone."""
    named = {word.strip().lower() for word in request.headers.get("Connection", "").split(",")}
    kept = [
        (name, value)
        for name, value in request.headers.items()
        if name.lower() not in _NOT_PASSED | named
        and not name.lower().startswith(_NOT_PASSED_PREFIXES)
        and not (name in _KEY_HEADERS and is_ours(_bare(value)))
    ]
    zipped = "gzip" in request.headers.get("Accept-Encoding", "")
    kept.append(("Accept-Encoding", "gzip" if zipped else "identity"))
    return [(name.encode("latin-1", "replace"), value.encode("latin-1", "replace")) for name, value in kept]


def key_header(provider: str, key: str) -> list[Header]:
    """The header in which a provider expects its key."""
    if not key:
        return []
    if provider == "anthropic":
        return [(b"x-api-key", key.encode())]
    if provider == "google":
        return [(b"x-goog-api-key", key.encode())]
    return [(b"Authorization", b"Bearer " + key.encode())]


def passed_query(request: HttpRequest) -> str:
    """The query as it goes on, without a key of ours."""
    query: str = request.META.get("QUERY_STRING", "")
    if not is_ours(request.GET.get("key", "")):
        return query
    pairs = parse_qsl(query, keep_blank_values=True)
    kept = [(name, value) for name, value in pairs if not (name == "key" and is_ours(value))]
    return urlencode(kept)


def _bare(value: str) -> str:
    """A key without its scheme."""
    value = value.strip()
    scheme, _, rest = value.partition(" ")
    return rest.strip() if rest and scheme.lower() in ("bearer", "token") else value
