"""/mcp as a transport: versions, methods, origins and broken requests."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from pytest_django import Settings

from accounts.models import User
from memshadow.mcp import calling
from memshadow.mcp.describing import plain_schema
from tests.mcp_client import McpClient

CLIENT = {"clientInfo": {"name": "test", "version": "1"}, "capabilities": {}}


@pytest.fixture
def agent(owner: User) -> McpClient:
    return McpClient(owner)


@pytest.mark.parametrize(
    ("asked", "answered"),
    [("2024-11-05", "2024-11-05"), ("2025-06-18", "2025-06-18"), ("1999-01-01", "2025-11-25")],
)
def test_the_protocols_version_is_negotiated(agent: McpClient, asked: str, answered: str) -> None:
    result = agent.ask("initialize", protocolVersion=asked, **CLIENT)
    assert result["protocolVersion"] == answered and result["serverInfo"]["name"] == "memshadow"
    assert set(result["capabilities"]) == {"tools", "resources", "prompts"} and "add_memory" in result["instructions"]


def test_a_client_of_the_stateless_revision_needs_no_handshake(agent: McpClient) -> None:
    version = "2026-07-28"
    meta = {"protocolVersion": version, "clientCapabilities": {}, "clientInfo": CLIENT["clientInfo"]}
    params = {"_meta": {f"io.modelcontextprotocol/{name}": value for name, value in meta.items()}}
    headers = {"MCP-Protocol-Version": version, "Mcp-Method": "server/discover"}
    response = agent.post("server/discover", params, **headers)
    assert response.json()["result"]["supportedVersions"] == [version], response.content
    refused = agent.post("server/discover", params, **{**headers, "MCP-Protocol-Version": "2099-01-01"})
    assert refused.status_code == 400 and "error" in refused.json()


def test_no_session_and_no_stream_is_kept(agent: McpClient) -> None:
    response = agent.post("tools/list")
    assert "Mcp-Session-Id" not in response and response["Content-Type"] == "application/json"
    for method in ("get", "delete", "put"):
        refused = getattr(agent.client, method)("/mcp")
        assert (refused.status_code, refused["Allow"]) == (405, "OPTIONS, POST")
    note = agent.client.post("/mcp", {"jsonrpc": "2.0", "method": "notifications/initialized"}, "application/json")
    assert (note.status_code, note.content) == (202, b"")


@pytest.mark.parametrize(
    "body", [b" ", b"{", b"[]", b"null", b"[" * 50_000, b'{"jsonrpc":"2.0","id":1}', b'{"id":"\xff"}']
)
def test_a_broken_request_is_refused(agent: McpClient, body: bytes) -> None:
    response = agent.client.post("/mcp", body, content_type="application/json")
    assert response.status_code == 400 and "error" in response.json()


def test_what_the_protocol_does_not_know_is_an_error_of_it(agent: McpClient) -> None:
    assert agent.error("tools/destroy")["code"] == -32601
    assert agent.error("tools/call", name=7)["code"] == -32602
    assert agent.client.post("/mcp", b"x", content_type="text/plain").status_code in (400, 415)
    assert agent.post("tools/list", Accept="text/html").status_code == 406


def test_a_page_of_an_unknown_site_is_refused(agent: McpClient, settings: Settings) -> None:
    assert agent.post("tools/list", Origin="https://evil.example").status_code == 403
    assert agent.post("tools/list", Origin="null").status_code == 403
    assert agent.post("tools/list", Origin="http://testserver").status_code == 200
    settings.CORS_ORIGINS = frozenset({"https://inspector.example"})
    response = agent.post("tools/list", Origin="https://inspector.example")
    assert (response.status_code, response["Access-Control-Allow-Origin"]) == (200, "https://inspector.example")


def test_our_own_failure_is_told_without_its_inside(
    agent: McpClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("inner secret")

    monkeypatch.setattr("memories.mcp_tools.reading.people_for", fail)
    with caplog.at_level(logging.ERROR, logger="memshadow.mcp.calling"):
        refusal = agent.refusal("list_entities")
    (record,) = [one for one in caplog.records if one.name == "memshadow.mcp.calling"]
    assert refusal.startswith("internal-error: ") and "secret" not in refusal
    assert refusal.split()[-1].rstrip(".") in record.getMessage() and record.exc_info is not None


def test_each_request_is_its_callers_own(owner: User, other: User) -> None:
    agents = {user.email: McpClient(user) for user in (owner, other)}
    for email, agent in agents.items():
        agent.call("add_memory", text=f"I am {email}", tags=["me"])
    for email, agent in agents.items():
        assert [m["text"] for m in agent.call("get_memories")["items"]] == [f"I am {email}"]


def test_schemas_lose_references_and_titles_but_no_property() -> None:
    schema = {
        "$defs": {"A": {"title": "A", "type": "object", "properties": {"title": {"title": "Title", "type": "string"}}}},
        "properties": {"a": {"$ref": "#/$defs/A", "description": "x"}, "b": {"items": {"$ref": "#/$defs/A"}}},
    }
    inner = {"type": "object", "properties": {"title": {"type": "string"}}}
    assert plain_schema(schema) == {"properties": {"a": {**inner, "description": "x"}, "b": {"items": inner}}}


def test_names_are_unique() -> None:
    from enrichment import mcp_tools as enrichment_tools
    from memories import mcp_tools

    assert len(calling.TOOLS) == len(mcp_tools.TOOLS) + len(enrichment_tools.TOOLS)
    assert len(calling.PROMPTS) == len(mcp_tools.PROMPTS)
