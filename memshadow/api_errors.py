"""Every error of the API as a problem document: what was refused, what was wrong, and our own failures."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError, ValidationErrorContext
from pydantic import BaseModel

from accounts.oauth.metadata import challenge
from memshadow.lib.errors import MemshadowError, NotAuthenticated, PermissionRefused
from memshadow.lib.problems import in_plain_words, problem
from memshadow.lib.request_context import current

logger = logging.getLogger(__name__)

Handler = Callable[[HttpRequest, Any], HttpResponse]


def install(api: NinjaAPI) -> None:
    """Give the API a handler for everything that an operation can raise."""
    handlers: list[tuple[type[Exception], Handler]] = [
        (MemshadowError, _refused),
        (ValidationError, _invalid),
        (Http404, _not_found),
        (HttpError, _http_error),
        (RequestDataTooBig, _too_big),
        (SuspiciousOperation, _suspicious),
        (MultiPartParserError, _bad_upload),
        (OSError, _io_error),
        (Exception, failed),
    ]
    for kind, handler in handlers:
        api.add_exception_handler(kind, handler)


def field_errors(contexts: list[ValidationErrorContext[Any]]) -> list[dict[str, Any]]:
    """Pydantic's errors of a request's parts, each with the name that the client used."""
    return [
        entry
        for context in contexts
        for error in context.pydantic_validation_error.errors(include_url=False, include_input=False)
        for entry in _entries(context.model, error)
    ]


def _entries(model: Any, error: Any) -> list[dict[str, Any]]:
    path = _path(model, tuple(error["loc"]))
    location = model.__ninja_param_source__
    if error["type"] == "unknown_field":
        names = error["ctx"]["names"]
        return [_entry((*path, name[:80]), error["msg"], "unknown-field", location) for name in names]
    return [_entry(path, in_plain_words(error), error["type"].replace("_", "-"), location)]


def _path(model: Any, loc: tuple[Any, ...]) -> tuple[Any, ...]:
    """Where in the request: without the name that our own function gives to the whole body or query."""
    if loc and _is_whole(model.model_fields.get(loc[0])):
        return loc[1:]
    return loc


def _is_whole(field: Any) -> bool:
    return field is not None and isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)


def _entry(path: tuple[Any, ...], message: str, code: str, location: str) -> dict[str, Any]:
    return {"field": ".".join(map(str, path)), "message": message, "code": code, "location": location}


def _refused(request: HttpRequest, error: MemshadowError) -> HttpResponse:
    details = dict(error.details)
    headers = _challenge(request, error)
    if "field" in details:
        location = str(details.pop("location", "body" if request.method in ("POST", "PATCH") else "query"))
        details["errors"] = [_entry((details.pop("field"),), error.message, error.code, location)]
    for internal in ("error", "index"):
        details.pop(internal, None)
    return problem(request, status=error.status, detail=error.message, code=error.code, headers=headers, **details)


def _challenge(request: HttpRequest, error: MemshadowError) -> dict[str, str]:
    if isinstance(error, NotAuthenticated):
        reason = error.details.get("error")
        why = f', error="{reason}"' if reason else ""
        return {"WWW-Authenticate": f'Bearer realm="memshadow"{why}, {challenge(request)}'}
    if isinstance(error, PermissionRefused) and (scope := error.details.get("scope")):
        insufficient = f'Bearer realm="memshadow", error="insufficient_scope", scope="{scope}"'
        return {"WWW-Authenticate": insufficient}
    return {"Retry-After": str(wait_s)} if (wait_s := error.details.get("retry_after_s")) else {}


def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    first = error.errors[0]
    where = f"{first['field']}: " if first["field"] else ""
    more = f" (and {len(error.errors) - 1} more)" if len(error.errors) > 1 else ""
    return problem(
        request,
        status=422,
        code="validation-failed",
        detail=f"{where}{first['message']}{more}",
        errors=error.errors,
    )


def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    cause = error.__cause__
    if isinstance(cause, MemshadowError):
        return _refused(request, cause)
    return problem(request, status=error.status_code, detail=error.message)


def _not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return problem(request, status=404, detail="There is nothing at this address; /api/v1/docs lists what there is.")


def _too_big(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return problem(request, status=413, code="too-large", detail="The body is too large; send it in parts.")


def _suspicious(request: HttpRequest, error: SuspiciousOperation) -> HttpResponse:
    return problem(request, status=400, detail="The request has too many fields or a part that cannot be read.")


def _bad_upload(request: HttpRequest, error: MultiPartParserError) -> HttpResponse:
    return problem(request, status=400, detail=f"The multipart body cannot be read: {error}.")


def _io_error(request: HttpRequest, error: OSError) -> HttpResponse:
    if isinstance(error, UnreadablePostError):
        return problem(request, status=400, detail="The body ended before it was complete; send it again.")
    if error.errno == errno.ENOSPC:
        detail = "The server's disk is full; nothing was stored. Free some space and send it again."
        return problem(request, status=507, detail=detail)
    return failed(request, error)


def failed(request: HttpRequest, error: Exception) -> HttpResponse:
    """500 without any inner detail; the log has the traceback under the id that the client is shown."""
    request_id = current().request_id
    logger.error("Request %s failed: %s %s", request_id, request.method, request.path, exc_info=error)
    detail = f"The server failed. Try again; if it stays, its log explains it under {request_id}."
    return problem(request, status=500, detail=detail, request_id=request_id)
