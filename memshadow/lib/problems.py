"""Problem documents (RFC 9457): the one shape in which the JSON API says no."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from pydantic import BaseModel, Field
from pydantic_core import to_json

CONTENT_TYPE = "application/problem+json"
_TYPE = "urn:memshadow:problem:"


class FieldProblem(BaseModel):
    """What is wrong with one part of the request."""

    field: str = Field(description="Where: `memories.3.content`; empty for the whole.")
    message: str = Field(description="What is wrong, and what would pass.")
    code: str = Field(description="A stable name of the rule that was broken.")
    location: str = Field(description="body, query, path, header, form or file.")


class Problem(BaseModel):
    """An error, as RFC 9457 describes it, with a stable `code`."""

    type: str = Field(description="A URI that names the kind of problem.", examples=[f"{_TYPE}not-found"])
    title: str = Field(description="The kind of problem in words.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What happened, and what to do next.")
    instance: str = Field(description="The path that was asked for.")
    code: str = Field(description="A stable name that programs may rely on.")
    errors: list[FieldProblem] | None = Field(default=None, description="Each part of the request that is at fault.")


_PLAIN = {
    "missing": "This is required.",
    "model_type": "Send a JSON object.",
    "model_attributes_type": "Send a JSON object.",
    "dict_type": "Send a JSON object.",
}


def in_plain_words(error: Any) -> str:
    """What Pydantic found wrong (one of its error dicts), for people."""
    return _PLAIN.get(error["type"], str(error["msg"]).removeprefix("Value error, "))


def problem(
    request: HttpRequest,
    *,
    status: int,
    detail: str,
    code: str = "",
    headers: dict[str, str] | None = None,
    **more: Any,
) -> HttpResponse:
    """A problem document; `more` becomes extension members. `code` defaults to the status in words."""
    title = HTTPStatus(status).phrase
    code = code or title.lower().replace(" ", "-")
    body = {
        "type": _TYPE + code,
        "title": title,
        "status": status,
        "detail": detail,
        "instance": request.path,
        "code": code,
        **more,
    }
    content = to_json(body, serialize_unknown=True, fallback=str)
    return HttpResponse(content, status=status, content_type=CONTENT_TYPE, headers=headers)
