"""Strict requests: what is not known is refused, so that a misspelt field or filter never just vanishes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Annotated, Any, get_args

from django.conf import settings
from django.http import HttpRequest, QueryDict
from ninja.params.models import Form, FormModel, Query, QueryModel
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from memshadow.lib.errors import ValidationFailed

JSON_DEPTH_MAX = 32
NOT_GIVEN: Any = None  # default of a patch's part that may be left out but not be null
LIMIT_MAX: int = settings.NINJA_PAGINATION_MAX_LIMIT


class StrictModel(BaseModel):
    """A request body or query: unknown names are refused with the list of known ones, and true is not the number 1."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _only_known_names(cls, data: Any) -> Any:
        known = [field.alias or name for name, field in cls.model_fields.items()]
        if isinstance(data, dict) and (unknown := _unknown(data, known)):
            message = unknown_names(unknown, known)
            raise PydanticCustomError("unknown_field", "{message}", {"message": message, "names": unknown})
        return data

    @field_validator("*", mode="before")
    @classmethod
    def _no_flag_for_a_number(cls, value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, bool) and info.field_name and _is_number(cls.model_fields[info.field_name].annotation):
            raise PydanticCustomError("not_a_number", "Give a number, not true or false.")
        return value


def _is_number(annotation: Any) -> bool:
    kinds = {annotation, *get_args(annotation)}
    return bool(kinds & {int, float}) and bool not in kinds


def _unknown(given: Iterable[str], known: Iterable[str]) -> list[str]:
    names = set(known)
    return [name for name in given if name not in names]


def unknown_names(unknown: list[str], known: Iterable[str]) -> str:
    """A message that names the mistakes, the likeliest right spelling and everything that is known."""
    names = list(known)
    close = get_close_matches(unknown[0], names, n=1)
    guess = f" Did you mean {close[0]}?" if close else ""
    listed = ", ".join(name[:80] for name in unknown[:10])
    return f"Unknown: {listed}.{guess} Known are {', '.join(names) or 'none'}."


def _refuse_unknown(given: QueryDict, known: Iterable[str], location: str) -> None:
    names = list(known)
    if unknown := _unknown(given, names):
        raise ValidationFailed(unknown_names(unknown, names), field=unknown[0][:80], location=location)


class _StrictQueryModel(QueryModel):
    @classmethod
    def get_request_data(cls, request: HttpRequest, api: Any, path_params: dict[str, Any]) -> dict[str, Any] | None:
        _refuse_unknown(request.GET, cls.__ninja_flatten_map__, "query")  # type: ignore[attr-defined]
        return super().get_request_data(request, api, path_params)


class _StrictFormModel(FormModel):
    @classmethod
    def get_request_data(cls, request: HttpRequest, api: Any, path_params: dict[str, Any]) -> dict[str, Any] | None:
        given = request.POST.copy()
        given.pop("csrfmiddlewaretoken", None)
        _refuse_unknown(given, cls.__ninja_flatten_map__, "form")  # type: ignore[attr-defined]
        return super().get_request_data(request, api, path_params)


class StrictQuery(Query):  # type: ignore[misc]
    """Query parameters of an operation: `Annotated[SomeStrictModel, StrictQuery(...)]`."""

    _model = _StrictQueryModel

    @classmethod
    def _param_source(cls) -> str:
        return "query"


class StrictForm(Form):  # type: ignore[misc]
    """Form fields of an operation: `Annotated[SomeStrictModel, StrictForm(...)]`."""

    _model = _StrictFormModel

    @classmethod
    def _param_source(cls) -> str:
        return "form"


def _moment(value: Any) -> datetime:
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise PydanticCustomError(
                "time_zone_missing",
                "Add the time zone: 2025-03-01T10:00:00Z or …+02:00 (in an address, %2B02:00).",
            )
        return moment.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise PydanticCustomError("not_a_time", "Write the time in ISO 8601, such as 2025-03-01T10:00:00Z.") from None


Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2025-03-01T10:00:00Z"]}),
]
"""A moment with its zone, in UTC once it is parsed."""

Flag = Annotated[bool, Strict()]
"""true or false, and nothing that looks like it."""


def _shallow(value: dict[str, Any]) -> dict[str, Any]:
    level: list[Any] = [value]
    for _ in range(JSON_DEPTH_MAX):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return value
    raise PydanticCustomError("too_deep", "Nest JSON at most {most} levels deep.", {"most": JSON_DEPTH_MAX})


def _object(value: Any) -> Any:
    return _shallow(value) if isinstance(value, dict) else value


JsonObject = Annotated[dict[str, Any], BeforeValidator(_object)]
"""A JSON object of bounded depth."""


class PageQuery(StrictModel):
    """Which page of a list."""

    cursor: str | None = Field(default=None, max_length=200, description="`next_cursor` of the page before.")
    limit: int = Field(default=50, ge=1, le=LIMIT_MAX, description="How many items at most.")


class NothingMore(StrictModel):
    """An operation without query parameters."""
