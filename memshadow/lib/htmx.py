"""HTMX requests: the only module that reads HX headers."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django_htmx.middleware import HtmxDetails


def wants_partial(request: HttpRequest) -> bool:
    """True when htmx will swap a fragment: not a boosted link and not a history restore."""
    details: HtmxDetails | None = getattr(request, "htmx", None)
    return bool(details) and not details.boosted and not details.history_restore_request  # type: ignore[union-attr]


def target(request: HttpRequest) -> str:
    """The id of the element that htmx will swap, or an empty string."""
    details: HtmxDetails | None = getattr(request, "htmx", None)
    return (details.target or "") if details else ""


def render_page(
    request: HttpRequest, page: str, partial: str, context: dict[str, object], status: int = 200
) -> HttpResponse:
    """The partial for htmx, the whole page for everyone else; `Vary` keeps caches apart."""
    template = partial if wants_partial(request) else page
    response = render(request, template, context, status=status)
    response["Vary"] = "HX-Request"
    return response
