"""The OpenAPI description: what django-ninja derives, completed by scopes, errors and credentials."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, cast

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from accounts.permissions import MANAGERS_ONLY, PERMISSIONS
from accounts.scopes import Declaration, NoSignIn, RequiredScope
from accounts.spaces.acting import HEADER as SPACE_HEADER
from memshadow.lib.problems import CONTENT_TYPE, Problem

_REF = "#/components/schemas/{model}"
SECURITY_SCHEMES = {
    "ApiKey": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key or access token: `Authorization: Bearer msh_…` (`Token` works for `Bearer` too).",
    },
    "ApiKeyHeader": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The same key."},
    "Session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "sessionid",
        "description": "A signed-in browser; changes need the X-CSRFToken header.",
    },
}
_ALWAYS = (401, 403, 429, 500)
_SPACE = {
    "in": "header",
    "name": SPACE_HEADER,
    "required": False,
    "description": "The id of a space whose memories are meant, instead of one's own.",
    "schema": {"type": "string", "format": "uuid"},
}
_ADDRESS_TOO_LONG = {
    "description": "The address has more than 8,190 bytes; what can be sent by POST has room there.",
    "content": {"text/html": {"schema": {"type": "string"}}},
}

_STATUS_IN_TEXT = re.compile(r"\b([45]\d\d): ")  # what an operation's own text says of a status


def operations(api: NinjaAPI) -> Iterator[Operation]:
    """Every operation of the API."""
    for router in api._get_bound_routers():
        for view in router.path_operations.values():
            yield from view.operations


def declared_by(operation: Operation) -> Declaration | None:
    """What an operation declares that it needs."""
    declared = [auth for auth in operation.auth_callbacks if isinstance(auth, Declaration)]
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
    declared = cast(Declaration, declared_by(operation))
    text = details.get("description", "").strip()
    details["summary"] = text.split("\n")[0].rstrip(".")
    details["description"] = f"{text}\n\n{_needed(declared)}"
    details["x-required-scope"] = declared.name
    details["security"] = [] if isinstance(declared, NoSignIn) else [{name: []} for name in SECURITY_SCHEMES]
    if _is_of_spaces(declared):
        details["parameters"].append(_SPACE)
    for parameter in details["parameters"]:
        parameter["schema"] = _without_null(parameter["schema"])
    if not details["parameters"]:
        del details["parameters"]
    for content in details.get("requestBody", {}).get("content", {}).values():
        if "properties" in content["schema"]:
            content["schema"]["additionalProperties"] = False
    responses = {str(status): body for status, body in details["responses"].items()}
    for status in _problem_statuses(details):
        responses.setdefault(str(status), _problem_response(status))
    if any(parameter["in"] == "query" for parameter in details.get("parameters", [])):
        responses.setdefault("414", _ADDRESS_TOO_LONG)
    details["responses"] = dict(sorted(responses.items()))


def _is_of_spaces(declared: Declaration) -> bool:
    """Whether an operation means something in a space, and so may be refused as in one that is not there."""
    return isinstance(declared, RequiredScope) and bool(PERMISSIONS[declared.permission].in_space)


def _needed(declared: Declaration) -> str:
    """The scope in words, the roles where not all have it, and whether a session must be confirmed."""
    scope = f"Scope: `{declared.name}`."
    roles = f" {MANAGERS_ONLY}" if declared.permission == "server" else ""
    session = " A session must be confirmed at `/account/confirm/` (else 403 `confirmation-needed`)."
    return scope + roles + (session if isinstance(declared, RequiredScope) and declared.confirmed else "")


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter is left out or has a value, never null; the same schema may stand in a body, where null is one."""
    choices = [choice for choice in schema.get("anyOf", []) if choice != {"type": "null"}]
    if len(choices) != 1:
        return schema
    return {**choices[0], **{name: value for name, value in schema.items() if name != "anyOf"}}


def _problem_statuses(details: dict[str, Any]) -> set[int]:
    statuses = set(_ALWAYS)
    parameters, body = details.get("parameters", []), "requestBody" in details
    if any(parameter["in"] == "path" or parameter is _SPACE for parameter in parameters):
        statuses.add(404)
    if parameters or body:
        statuses.add(422)
    if body:
        statuses |= {400, 411, 413, 415}
    if details["x-required-scope"] not in ("any", "memories:read", "export"):
        statuses |= {404, 409}
    return statuses | {int(status) for status in _STATUS_IN_TEXT.findall(details["description"])}


def _problem_response(status: int) -> dict[str, Any]:
    return {
        "description": HTTPStatus(status).phrase,
        "content": {CONTENT_TYPE: {"schema": {"$ref": _REF.format(model="Problem")}}},
    }
