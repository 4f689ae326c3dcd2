"""The OpenAPI description is valid, complete and true; its pages load nothing from elsewhere."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import URLPattern
from jsonschema import Draft202012Validator
from jsonschema.validators import validator_for
from pydantic import BaseModel

from accounts.models import User
from accounts.tokens import ACCESS, KEY, OAUTH_ACCESS, OAUTH_REFRESH, REFRESH, new_secret, prefix_of
from memshadow.api import api
from memshadow.api_openapi import operations
from tests.api_client import ApiClient

OURS = ("memories.", "accounts.", "personas.", "memshadow.")
OTHERS = ("memories.api.mem0.", "memories.mcp_tools.")  # they have descriptions of their own


@pytest.fixture
def schema(db: None) -> dict[str, Any]:
    """The description as it is served, to anybody."""
    response = Client().get("/api/v1/openapi.json")
    assert response.status_code == 200
    served: dict[str, Any] = response.json()
    return served


def each_operation(schema: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method} {path}", details)
        for path, methods in schema["paths"].items()
        for method, details in methods.items()
    ]


def refs(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [ref for value in node.values() for ref in refs(value)]
    return [ref for item in node for ref in refs(item)] if isinstance(node, list) else []


def test_it_has_the_shape_of_openapi_3_1(schema: dict[str, Any]) -> None:
    assert schema["openapi"].startswith("3.1")
    assert schema["info"]["title"] == "MEMSHADOW"
    assert schema["info"]["version"]
    for name, details in each_operation(schema):
        assert details["operationId"].isidentifier(), name
        assert details["tags"], name
        declared = {p["name"] for p in details.get("parameters", []) if p["in"] == "path"}
        assert declared == set(re.findall(r"{(\w+)}", name)), name
        for parameter in details.get("parameters", []):
            assert parameter["in"] in ("path", "query", "header"), name
            assert {"type": "null"} not in parameter["schema"].get("anyOf", []), name
        for status, response in details["responses"].items():
            assert status.isdigit(), name
            assert response["description"], name


def test_every_reference_points_at_a_schema_and_every_schema_is_one(schema: dict[str, Any]) -> None:
    schemas = schema["components"]["schemas"]
    for ref in refs(schema):
        assert ref.removeprefix("#/components/schemas/") in schemas, ref
    for definition in schemas.values():
        validator_for(definition, default=Draft202012Validator).check_schema(definition)


def test_every_address_is_described_once(schema: dict[str, Any]) -> None:
    ids = [details["operationId"] for _, details in each_operation(schema)]
    assert len(ids) == len(set(ids)) == len(list(operations(api)))
    urls = {p.name for p in api.urls[0] if isinstance(p, URLPattern)}
    assert urls - {"openapi-json", "openapi-view", "api-root"} == set(ids)


def test_every_operation_says_what_it_does_what_it_needs_and_how_it_fails(schema: dict[str, Any]) -> None:
    schemes = schema["components"]["securitySchemes"]
    for name, details in each_operation(schema):
        assert details["summary"], name
        assert not details["summary"].endswith("."), name
        assert f"Scope: `{details['x-required-scope']}`." in details["description"], name
        needed = set(schemes) if details["x-required-scope"] != "none" else set()
        assert {key for entry in details["security"] for key in entry} == needed, name
        assert {"401", "403", "500"} <= set(details["responses"]), name
        for status, response in details["responses"].items():
            if int(status) >= 400 and status != "414":  # the web server itself says that
                content = response["content"]["application/problem+json"]["schema"]
                assert content == {"$ref": "#/components/schemas/Problem"}, name


def test_the_manual_names_every_operation_with_its_scope(schema: dict[str, Any]) -> None:
    manual = (settings.BASE_DIR / "docs" / "api.md").read_text()
    for name, details in each_operation(schema):
        method, path = name.split()
        row = f"| `{method.upper()} {path.removeprefix('/api/v1')}` | {details['x-required-scope']} |"
        assert row in manual, row


def test_bodies_refuse_unknown_names_in_the_description_too(schema: dict[str, Any]) -> None:
    for name, definition in schema["components"]["schemas"].items():
        if name.endswith(("In", "Patch")):
            assert definition["additionalProperties"] is False, name


def answers(api_client: ApiClient) -> list[tuple[str, str, Any]]:
    """(method, path template, response) of a walk through the API."""
    client = api_client
    memory = client.post("/memories", {"content": "Ada likes tea.", "tags": ["a"], "kind": "turn"})
    one = f"/memories/{memory.json()['id']}"
    client.patch(one, {"content": "Ada likes coffee."})
    return [
        ("post", "/memories", memory),
        ("get", "/memories", client.get("/memories")),
        ("get", "/memories/{memory_id}", client.get(one)),
        ("get", "/memories/{memory_id}/history", client.get(f"{one}/history")),
        ("get", "/memories/{memory_id}/related", client.get(f"{one}/related")),
        ("get", "/search", client.get("/search", q="tea", explain="true")),
        ("post", "/search", client.post("/search", {"q": "tea kind:turn", "explain": True, "filters": {"tag": ["a"]}})),
        ("post", "/search/batch", client.post("/search/batch", {"searches": [{"q": "tea"}, {"q": "tga:x"}, {}]})),
        ("get", "/search/suggestions", client.get("/search/suggestions", q="tag:")),
        ("post", "/saved-searches", client.post("/saved-searches", {"name": "Tea", "query": "tea"})),
        ("get", "/saved-searches", client.get("/saved-searches")),
        ("get", "/tags", client.get("/tags")),
        ("get", "/me", client.get("/me")),
        ("get", "/stats", client.get("/stats")),
        ("get", "/conversations", client.get("/conversations")),
        ("get", "/imports", client.get("/imports")),
        ("post", "/personas", client.post("/personas", {"name": "Work"})),
        ("get", "/personas", client.get("/personas")),
        ("get", "/api-keys", client.get("/api-keys")),
        ("post", "/api-keys", client.post("/api-keys", {"name": "k", "scopes": ["memories:read"]})),
        ("post", "/memories", client.post("/memories", {"content": "", "colour": "red"})),
        ("delete", "/memories/{memory_id}", client.delete(one)),
        ("delete", "/trash", client.delete("/trash")),
        ("get", "/memories/{memory_id}", client.get(one)),
    ]


def test_answers_are_what_the_description_says(schema: dict[str, Any], owner: User) -> None:
    for method, path, response in answers(ApiClient(owner, ("*",))):
        described = schema["paths"]["/api/v1" + path][method]["responses"][str(response.status_code)]
        if "content" not in described:
            assert response.content == b"", path
            continue
        kind = response["Content-Type"].split(";")[0]
        body_schema = {**described["content"][kind]["schema"], "components": schema["components"]}
        Draft202012Validator(body_schema).validate(response.json())


def test_the_pages_use_our_own_files_and_no_inline_code(db: None) -> None:
    response = Client().get("/api/v1/docs")
    html = response.content.decode()
    assert response.status_code == 200
    assert "csrftoken" in response.cookies
    for address in re.findall(r"""(?:src|href)=["']([^"']+)""", html):
        assert address.startswith("/"), address
        if address.startswith("/static/"):
            assert finders.find(address.removeprefix("/static/")), address
    assert not re.search(r"<style|<script(?![^>]*src=)|\son\w+=|\sstyle=", html)
    assert "unsafe-" not in response["Content-Security-Policy"]
    assert 'data-openapi-url="/api/v1/openapi.json"' in html


def test_the_manual_tells_scanners_what_secrets_look_like() -> None:
    manual = (settings.BASE_DIR / "docs" / "api.md").read_text()
    pattern = re.compile(next(line for line in manual.splitlines() if line.startswith(r"\bms")))
    for mark in (KEY, ACCESS, REFRESH, OAUTH_ACCESS, OAUTH_REFRESH):
        text = new_secret(mark).text
        assert pattern.findall(f"key={text}, and more") == [text]
        assert prefix_of(text, mark) and not prefix_of(text[:-1] + "!", mark)


def test_no_two_schemas_share_a_name(schema: dict[str, Any]) -> None:
    """The description would show one of them for both."""
    every, named = [BaseModel], dict[str, str]()
    while every:
        model = every.pop()
        every += model.__subclasses__()
        if model.__module__.startswith(OURS) and not model.__module__.startswith(OTHERS):
            where = f"{model.__module__}.{model.__qualname__}"
            assert named.setdefault(model.__name__, where) == where
    assert set(named) >= {"MemoryOut", "ContextTokensOut"}
