"""Every tool, resource and prompt of MCP, called by whoever may not; they come from the declarations themselves."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from accounts.agents import Prompt, Resource, Tool
from accounts.models import Role, User
from accounts.oauth.metadata import RESOURCES as PARTS
from accounts.permissions import PERMISSIONS
from memshadow.mcp.calling import PROMPTS, RESOURCES, TOOLS
from tests.contracts.objects import SECRET, objects_of, watching
from tests.contracts.routes import routes
from tests.mcp_client import McpClient

ASKING = {"query": SECRET}
# Arguments that a tool needs; `{name}` is an object of Alice's. A tool that is missing here fails the tests: add it.
ARGUMENTS: dict[str, dict[str, Any]] = {
    "search_memories": ASKING,
    "search": ASKING,
    "get_context": {"prompt": SECRET},
    "get_memory": {"memory_id": "{memory_id}"},
    "fetch": {"id": "{memory_id}"},
    "get_memories": {"conversation_id": "{conversation_id}"},
    "list_entities": {},
    "find_entities": {},
    "get_entity": {"entity_id": "{entity_id}"},
    "find_facts": {},
    "update_fact": {"fact_id": "{relation_id}", "verdict": "wrong"},
    "get_profile": {},
    "list_topics": {},
    "get_topic": {"topic_id": "{topic_id}"},
    "get_timeline": {},
    "summarize_conversation": {"conversation_id": "{conversation_id}"},
    "list_action_items": {},
    "add_memory": {"text": "a new memory", "persona": "{persona_id}"},
    "update_memory": {"memory_id": "{memory_id}", "text": "taken over"},
    "delete_memory": {"memory_id": "{memory_id}"},
}
MARK = re.compile(r"{(\w+)}")


@pytest.fixture
def things(owner: User) -> dict[str, Any]:
    """One object of every kind, all of them Alice's."""
    return objects_of(owner)


def filled(template: Any, things: dict[str, Any]) -> Any:
    if isinstance(template, dict):
        return {name: filled(value, things) for name, value in template.items()}
    return MARK.sub(lambda found: str(things[found[1]]), template)


def names_object(tool: Tool) -> bool:
    return any(MARK.search(str(value)) for value in ARGUMENTS[tool.name].values())


def test_every_tool_is_declared_and_tried_here() -> None:
    assert [route.name for route in routes() if "mcp" in route.name] == ["mcp"]
    assert set(TOOLS) == set(ARGUMENTS), "give these tools arguments in ARGUMENTS"
    everything: list[Tool | Resource | Prompt] = [*TOOLS.values(), *RESOURCES, *PROMPTS.values()]
    for declared in everything:
        assert declared.permission in PERMISSIONS, declared.name
    scopes = {PERMISSIONS[declared.permission].scope for declared in everything}
    assert scopes == PARTS["mcp"], "what an app is told to ask for"
    with pytest.raises(KeyError):
        Resource("memshadow://x", "x", "X", "", "memories:raed", str)


def test_whatever_changes_something_says_so_and_needs_more_than_reading(owner: User) -> None:
    listed = {tool["name"]: tool for tool in McpClient(owner).ask("tools/list")["tools"]}
    assert set(listed) == set(TOOLS)
    for name, tool in listed.items():
        declared, hints = TOOLS[name], tool["annotations"]
        assert hints["readOnlyHint"] is not name.startswith(("add", "update", "delete")), name
        assert hints["destructiveHint"] is name.startswith(("update", "delete")), name
        assert declared.permission == "memories:delete" or not name.startswith("delete"), name
        assert tool["title"] and tool["description"] and tool["outputSchema"]["type"] == "object"
        assert "$ref" not in str(tool), "several clients do not follow references"


def test_without_a_key_nobody_is_told_anything(owner: User, things: dict[str, Any]) -> None:
    session = Client(headers={"Accept": "application/json"})
    session.force_login(owner)
    look = watching()
    before = look()
    for client in (McpClient().client, session, Client(headers={"Authorization": "Bearer msh_wrong"})):
        for method in ("get", "post", "delete"):
            response = getattr(client, method)("/mcp")
            assert response.status_code == 401, method
            assert "/.well-known/oauth-protected-resource/mcp" in response["WWW-Authenticate"]
    assert look() == before


def test_another_persons_things_do_not_exist(other: User, things: dict[str, Any]) -> None:
    client, look = McpClient(other), watching()
    before = look()
    for name, tool in TOOLS.items():
        if names_object(tool):
            assert client.refusal(name, **filled(ARGUMENTS[name], things)).startswith("not-found: "), name
    assert look() == before
    for name, tool in TOOLS.items():
        if not names_object(tool) and tool.reads_only:
            told = client.call(name, **ARGUMENTS[name])
            told.pop("messages", None)  # the prompt itself, which came from here
            assert SECRET not in str(told), name
    for resource in RESOURCES:
        answer = client.post("resources/read", {"uri": filled(resource.uri, things)}).json()
        assert SECRET not in str(answer), resource
        assert ("error" in answer) == ("{" in resource.uri), resource
    assert SECRET not in str(client.ask("resources/list"))


def test_ones_own_things_do(owner: User, things: dict[str, Any]) -> None:
    client = McpClient(owner)
    for name in TOOLS:
        assert client.call(name, **filled(ARGUMENTS[name], things)), name
    for resource in RESOURCES:
        (content,) = client.ask("resources/read", uri=filled(resource.uri, things))["contents"]
        assert content["text"].startswith("# "), resource


@pytest.mark.parametrize("missing", sorted(PARTS["mcp"]))
def test_without_its_scope_a_tool_is_not_offered_and_refuses(missing: str, owner: User, things: dict[str, Any]) -> None:
    client, look = McpClient(owner, tuple(PARTS["mcp"] - {missing})), watching()
    before = look()
    offered = {tool["name"] for tool in client.ask("tools/list")["tools"]}
    lacking = {name for name, tool in TOOLS.items() if PERMISSIONS[tool.permission].scope == missing}
    assert lacking and offered == set(TOOLS) - lacking
    for name in lacking:
        refusal = client.refusal(name, **filled(ARGUMENTS[name], things))
        assert refusal.startswith(f"permission-refused: This needs the scope {missing}"), name
    for resource in RESOURCES if missing == "memories:read" else ():
        assert client.error("resources/read", uri=filled(resource.uri, things))["data"]["code"] == "permission-refused"
    assert look() == before


def test_a_viewer_reads_and_changes_nothing(owner: User, things: dict[str, Any]) -> None:
    client = McpClient(owner)
    User.objects.filter(pk=owner.pk).update(role=Role.VIEWER)
    look = watching()
    before = look()
    for name, tool in TOOLS.items():
        if not tool.reads_only:
            assert client.refusal(name, **filled(ARGUMENTS[name], things)).startswith("permission-refused: "), name
    assert look() == before
