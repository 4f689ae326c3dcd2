"""The JSON API under /api/v1: its routers, its error documents and its limits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, path, re_path
from ninja import NinjaAPI
from ninja.errors import ValidationError, ValidationErrorContext
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from accounts.api import routers as account_routers
from enrichment.api import routers as enrichment_routers
from memories.api import routers as memory_routers
from memories.api.mem0 import router as mem0_router
from memshadow import api_errors, api_openapi
from memshadow.api_docs import Docs
from memshadow.api_wire import JsonParser, JsonRenderer
from memshadow.lib.problems import problem
from personas.api import router as personas_router

View = Callable[..., HttpResponseBase]
ALIASES = ("ingest", "retrieve")
DESCRIPTION = """One memory for every language model: capture, search, import and export.

Errors are problem documents (RFC 9457, `application/problem+json`). Lists are pages: pass `next_cursor` as
`cursor` until it is null. Times are ISO 8601 with a zone. Names that are not known, in a body or in a query, are
refused.
"""


class MemshadowAPI(NinjaAPI):
    """django-ninja with our limits, errors and names."""

    def _get_urls(self) -> list[URLResolver | URLPattern]:
        patterns = super()._get_urls()
        for pattern in patterns:
            if isinstance(pattern, URLPattern):
                pattern.callback = guarded(pattern.callback)
        return patterns

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """The OpenAPI 3.1 description."""
        schema = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        return api_openapi.complete(self, schema)

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """The name of the function: unique, and stable for generated clients."""
        return operation.view_func.__name__

    def validation_error_from_error_contexts(
        self, error_contexts: list[ValidationErrorContext[Any]]
    ) -> ValidationError:
        """The mistakes of a request under the names that the client used."""
        return ValidationError(api_errors.field_errors(error_contexts))


def guarded(view: View) -> View:
    """What surrounds every address: body limits before reading, HEAD, and problems for what is left."""

    def guard(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        refusal = _body_refusal(request)
        if refusal is not None:
            return refusal
        method = request.method
        if method == "HEAD":
            request.method = "GET"
        try:
            response = view(request, *args, **kwargs)
        except Exception as error:
            return api.on_exception(request, error)
        finally:
            request.method = method
        return _not_allowed(request, response) if response.status_code == 405 else response

    guard.csrf_exempt = True  # type: ignore[attr-defined]  # RequiredScope checks it for sessions
    guard.counted_when_authenticated = True  # type: ignore[attr-defined]  # RateLimitMiddleware leaves it to RequiredScope
    guard.login_required = False  # type: ignore[attr-defined]  # RequiredScope authenticates
    return guard


def _body_refusal(request: HttpRequest) -> HttpResponse | None:
    if request.META.get("HTTP_TRANSFER_ENCODING") and not request.META.get("CONTENT_LENGTH"):
        return problem(request, status=411, detail="Send the body with a Content-Length, not chunked.")
    length = request.META.get("CONTENT_LENGTH") or "0"
    multipart = request.content_type == "multipart/form-data"
    limit = settings.MAX_UPLOAD_BYTES if multipart else settings.API_BODY_MAX_BYTES
    if length.isdecimal() and int(length) > limit:
        detail = f"The body has {length} bytes; at most {limit} are accepted. Send it in parts."
        return problem(request, status=413, code="too-large", detail=detail, limit_bytes=limit)
    return None


def _not_allowed(request: HttpRequest, response: HttpResponseBase) -> HttpResponse:
    """405 as a problem; OPTIONS is answered with what is allowed."""
    methods = {name.strip() for name in response.headers["Allow"].split(",")} | {"OPTIONS"}
    allow = ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))
    if request.method == "OPTIONS":
        return HttpResponse(status=204, headers={"Allow": allow})
    detail = f"{request.method} does not work here; {allow} do."
    return problem(request, status=405, detail=detail, headers={"Allow": allow})


def _unknown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    raise Http404


def _mem0() -> MemshadowAPI:
    """mem0's shapes beside our own; its documentation is mem0's, so that it has none here."""
    made = MemshadowAPI(
        urls_namespace="mem0", openapi_url=None, docs_url=None, parser=JsonParser(), renderer=JsonRenderer()
    )
    api_errors.install(made)
    made.add_router("", mem0_router)
    return made


def _make() -> MemshadowAPI:
    made = MemshadowAPI(
        title="MEMSHADOW",
        version="1",
        description=DESCRIPTION,
        urls_namespace="api",
        docs=Docs(),
        parser=JsonParser(),
        renderer=JsonRenderer(),
    )
    api_errors.install(made)
    for router in (*memory_routers, *enrichment_routers, personas_router, *account_routers):
        made.add_router("", router)
    return made


api = _make()
_urls, _app, _namespace = api.urls

api_urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", (_urls, _app, _namespace)),
    re_path(r"^api(?:/[\s\S]*)?\Z", guarded(_unknown), name="api-unknown"),
]
"""The API, and a problem document for every other address under /api."""

alias_urlpatterns: list[URLPattern | URLResolver] = [
    path(pattern.name, pattern.callback, name=f"{pattern.name}-alias")
    for pattern in _urls
    if isinstance(pattern, URLPattern) and pattern.name in ALIASES
]
"""The short names of the original design: POST /ingest and GET /retrieve."""

mem0_api = _mem0()
_mem0_urls, _mem0_app, _mem0_namespace = mem0_api.urls

mem0_urlpatterns: list[URLPattern | URLResolver] = [
    path("mem0/", (_mem0_urls, _mem0_app, _mem0_namespace)),
    *(
        path(str(pattern.pattern), pattern.callback, name=f"{pattern.name}-alias")
        for pattern in _mem0_urls
        if isinstance(pattern, URLPattern) and str(pattern.pattern).startswith(("v1/", "v2/", "v3/"))
    ),
]
"""All of mem0's addresses under /mem0, and those of its platform at the root too, where its client looks for them."""
