"""Where an app may have people sent: which addresses are safe to register, and how a person is told."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings

from memshadow.lib.errors import ValidationFailed

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_CHARS_MAX = 1000
_URIS_MAX = 10


def check_redirects(uris: list[str]) -> list[str]:
    """The addresses as they came. Raises ValidationFailed for none, too many, or one that is not safe."""
    if not 1 <= len(uris) <= _URIS_MAX:
        raise ValidationFailed(f"Give 1 to {_URIS_MAX} redirect URIs.", field="redirect_uris")
    for uri in uris:
        fault = _fault(uri)
        if fault:
            raise ValidationFailed(f"The redirect URI {uri[:80]!r} {fault}.", field="redirect_uris")
    return uris


def _fault(uri: str) -> str:
    """What is wrong with an address, or nothing."""
    if len(uri) > _CHARS_MAX or not uri.isascii() or any(c <= " " or c in '\\"<>^`{|}*' for c in uri):
        return "is too long or has characters that do not belong there"
    try:
        parts = urlsplit(uri)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return "cannot be read"
    if "#" in uri or "@" in parts.netloc:
        return "has a fragment or credentials"
    if parts.scheme == "https":
        return "" if host else "names no host"
    if parts.scheme == "http":
        return "" if host in LOOPBACK else "needs https; plain http works for this computer only (127.0.0.1)"
    return "" if _is_of_an_app(parts.scheme) else f"has the scheme {parts.scheme!r}, which is not one of an app"


def _is_of_an_app(scheme: str) -> bool:
    """`com.example.app` and the few well-known ones; never what a browser itself understands."""
    return scheme in settings.OAUTH_APP_SCHEMES or "." in scheme.strip(".")


def where(uri: str) -> str:
    """An address as a person understands it: the site, this computer, or the app that it opens."""
    parts = urlsplit(uri)
    if parts.hostname in LOOPBACK and parts.scheme == "http":
        return "a program on this computer"
    if parts.scheme == "https":
        return parts.netloc
    return f"the app that opens {parts.scheme}: links"


def form_targets(uri: str) -> list[str]:
    """What `form-action` must allow so that the browser follows the answer to the consent form, and on from there."""
    return sorted({"https:", f"{urlsplit(uri).scheme}:"})
