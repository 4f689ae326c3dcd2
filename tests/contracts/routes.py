"""Every address of the product, found through the URL resolver."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver


@dataclass(frozen=True, slots=True)
class Route:
    """One address: its full name, the names of its parameters, and what answers."""

    name: str
    parameters: frozenset[str]
    namespaces: tuple[str, ...]
    callback: Callable[..., Any]

    @property
    def needs(self) -> tuple[str, ...]:
        """What the page declares; empty when it declares nothing."""
        declared: tuple[str, ...] = getattr(self.callback, "needs", ())
        return declared


def routes() -> Iterator[Route]:
    """All of them, the API's and the administration's too."""
    yield from _under(get_resolver(), (), frozenset())


def _under(resolver: URLResolver, spaces: tuple[str, ...], parameters: frozenset[str]) -> Iterator[Route]:
    for pattern in resolver.url_patterns:
        inner = parameters | set(pattern.pattern.regex.groupindex)
        if isinstance(pattern, URLPattern):
            yield Route(":".join((*spaces, pattern.name or "")), inner, spaces, pattern.callback)
        else:
            own = (pattern.namespace,) if pattern.namespace else ()
            yield from _under(pattern, (*spaces, *own), inner)


def pages() -> dict[str, Route]:
    """The dashboard's pages by name: without those of programs, which ask for scopes, and the administration's."""
    return {
        route.name: route
        for route in routes()
        if not {"api", "mem0", "gateway", "admin"} & set(route.namespaces)
        and route.name not in ("api-unknown", "mcp")
        and "-alias" not in route.name
    }
