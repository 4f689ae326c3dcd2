"""JSON in and out: the request parser and the response renderer of the API."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from ninja.parser import Parser
from ninja.renderers import BaseRenderer
from pydantic_core import to_json

from memshadow.lib.errors import MemshadowError

_SURROGATE = re.compile("[\ud800-\udfff]")
# Only an escape can bring NUL or a lone surrogate into parsed JSON; without one the text is clean.
_SUSPECT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")


class UnsupportedMediaType(MemshadowError):
    """The body is not in a format that this operation reads."""

    status = 415
    code = "unsupported-media-type"


class MalformedJson(MemshadowError):
    """The body is not JSON."""

    status = 400
    code = "malformed-json"


class JsonParser(Parser):
    """Reads JSON strictly (UTF-8, no NaN) and cleans what PostgreSQL cannot hold."""

    def parse_body(self, request: HttpRequest) -> Any:
        """The parsed body. Raises UnsupportedMediaType or MalformedJson."""
        kind = request.content_type or ""
        if kind and kind != "application/json" and not kind.endswith("+json"):
            raise UnsupportedMediaType(f"Send JSON with Content-Type: application/json, not {kind[:80]}.")
        try:
            data = json.loads(request.body, parse_constant=_refuse_constant)
            return cleaned(data) if _SUSPECT.search(request.body) else data
        except RecursionError:
            raise MalformedJson("The JSON is nested too deeply.") from None
        except UnicodeDecodeError:
            raise MalformedJson("The JSON is not UTF-8.") from None
        except ValueError as error:
            raise MalformedJson(f"The body is not valid JSON: {error}.") from None

    def parse_querydict(
        self, data: MultiValueDict[str, Any], list_fields: list[str], request: HttpRequest
    ) -> dict[str, Any]:
        """Parameters as ninja wants them, cleaned."""
        parsed = super().parse_querydict(data, list_fields, request)
        return {name: cleaned(value) for name, value in parsed.items()}


class JsonRenderer(BaseRenderer):
    """Writes JSON with exact ISO 8601 times."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        """UTF-8 JSON."""
        return to_json(data)


def cleaned(value: Any) -> Any:
    """The same JSON without NUL, and with U+FFFD in place of lone surrogates."""
    if isinstance(value, str):
        return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", value.replace("\x00", ""))
    if isinstance(value, list):
        return [cleaned(item) for item in value]
    if isinstance(value, dict):
        return {cleaned(name): cleaned(item) for name, item in value.items()}
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
