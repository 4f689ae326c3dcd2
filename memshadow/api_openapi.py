"""The OpenAPI description: what django-ninja derives, completed by scopes, errors and credentials."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, cast

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from accounts.scopes import RequiredScope
from memshadow.lib.problems import CONTENT_TYPE, Problem

_REF = "#/components/schemas/{model}"
SECURITY_SCHEMES = {
    "ApiKey": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key: `Authorization: Bearer msh_…` (`Token` works in place of `Bearer`).",
    },
    "ApiKeyHeader": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The same key."},
    "Session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "sessionid",
        "description": "A signed-in browser; changes need the X-CSRFToken header.",
    },
}
_ALWAYS = (401, 403, 500)


def operations(api: NinjaAPI) -> Iterator[Operation]:
    """Every operation of the API."""
    for router in api._get_bound_routers():
        for view in router.path_operations.values():
            yield from view.operations


def scope_of(operation: Operation) -> str | None:
    """The scope that an operation declares."""
    declared = [auth.name for auth in operation.auth_callbacks if isinstance(auth, RequiredScope)]
    return declared[0] if declared else None


def complete(api: NinjaAPI, schema: OpenAPISchema) -> OpenAPISchema:
    """The schema with what every operation shares written out."""
    by_id = {api.get_openapi_operation_id(operation): operation for operation in operations(api)}
    definitions = Problem.model_json_schema(ref_template=_REF)
    schemas = schema["components"]["schemas"]
    schemas.update(definitions.pop("$defs", {}))
    schemas["Problem"] = definitions
    schema["components"]["securitySchemes"] = SECURITY_SCHEMES
    for methods in schema["paths"].values():
        for details in methods.values():
            _complete_operation(details, by_id[details["operationId"]])
    return schema


def _complete_operation(details: dict[str, Any], operation: Operation) -> None:
    scope = cast(str, scope_of(operation))
    text = details.get("description", "").strip()
    details["summary"] = text.split("\n")[0].rstrip(".")
    details["description"] = f"{text}\n\nScope: `{scope}`."
    details["x-required-scope"] = scope
    details["security"] = [{name: []} for name in SECURITY_SCHEMES]
    for parameter in details["parameters"]:
        _without_null(parameter["schema"])
    if not details["parameters"]:
        del details["parameters"]
    for content in details.get("requestBody", {}).get("content", {}).values():
        if "properties" in content["schema"]:
            content["schema"]["additionalProperties"] = False
    responses = {str(status): body for status, body in details["responses"].items()}
    for status in _problem_statuses(details):
        responses.setdefault(str(status), _problem_response(status))
    details["responses"] = dict(sorted(responses.items()))


def _without_null(schema: dict[str, Any]) -> None:
    """A parameter is left out or has a value; it cannot be null."""
    choices = [choice for choice in schema.get("anyOf", []) if choice != {"type": "null"}]
    if len(choices) == 1:
        del schema["anyOf"]
        schema.update({**choices[0], **schema})


def _problem_statuses(details: dict[str, Any]) -> set[int]:
    statuses = set(_ALWAYS)
    parameters, body = details.get("parameters", []), "requestBody" in details
    if any(parameter["in"] == "path" for parameter in parameters):
        statuses.add(404)
    if parameters or body:
        statuses.add(422)
    if body:
        statuses |= {400, 411, 413, 415}
    if details["x-required-scope"] != "read":
        statuses |= {404, 409}
    return statuses


def _problem_response(status: int) -> dict[str, Any]:
    return {
        "description": HTTPStatus(status).phrase,
        "content": {CONTENT_TYPE: {"schema": {"$ref": _REF.format(model="Problem")}}},
    }
