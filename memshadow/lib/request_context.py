"""Which request is being served: its id, the client's address and program, known wherever something is recorded."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import uuid4

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from memshadow.lib.client_address import canonical, client_address, is_trusted_proxy

HEADER = "X-Request-ID"
_AGENT_CHARS = 300
_GIVEN = re.compile(r"[A-Za-z0-9._-]{8,64}")


@dataclass(frozen=True, slots=True)
class RequestContext:
    """A request as records know it; all empty outside of one (commands, background work)."""

    request_id: str = ""
    address: str | None = None
    agent: str = ""


_NONE = RequestContext()
_current: ContextVar[RequestContext] = ContextVar("request_context", default=_NONE)


def current() -> RequestContext:
    """The request that this thread serves, or an empty one."""
    return _current.get()


class RequestContextMiddleware:
    """Keeps the context while a request is served, and names the request in the answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        context = context_of(request)
        token = _current.set(context)
        try:
            response = self.get_response(request)
        finally:
            _current.reset(token)
        response.headers.setdefault(HEADER, context.request_id)  # the gateway passes on that of a model's server
        return response


def context_of(request: HttpRequest) -> RequestContext:
    """The context of a request. An id is taken over from a trusted proxy, so that both logs name it the same."""
    given = request.headers.get(HEADER, "")
    near = canonical(request.META.get("REMOTE_ADDR", ""))
    believed = near is not None and is_trusted_proxy(near) and _GIVEN.fullmatch(given)
    return RequestContext(
        request_id=given if believed else uuid4().hex,
        address=client_address(request),
        agent=request.headers.get("User-Agent", "")[:_AGENT_CHARS],
    )
