"""What is declared, in the words of the protocol: tools with schemas and hints, resources, prompts."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import mcp_types as wire

from accounts.agents import Listed, Prompt, Resource, Tool

MIME = "text/markdown"


@lru_cache
def tool(declared: Tool) -> wire.Tool:
    """A tool. What it works on is this person's own, so no hint speaks of an open world."""
    hints = wire.ToolAnnotations(
        title=declared.title,
        read_only_hint=declared.reads_only,
        destructive_hint=declared.destroys,
        idempotent_hint=declared.reads_only or declared.repeatable,
        open_world_hint=False,
    )
    return wire.Tool(
        name=declared.name,
        title=declared.title,
        description=declared.about,
        input_schema=plain_schema(declared.takes.model_json_schema()),
        output_schema=plain_schema(declared.gives.model_json_schema(mode="serialization")),
        annotations=hints,
    )


def resource(listed: Listed) -> wire.Resource:
    """Something that can be attached as it stands."""
    about = listed.about or None
    return wire.Resource(
        uri=listed.uri, name=listed.name, title=listed.title or None, description=about, mime_type=MIME
    )


def template(declared: Resource) -> wire.ResourceTemplate:
    """A resource with a parameter."""
    return wire.ResourceTemplate(
        uri_template=declared.uri,
        name=declared.name,
        title=declared.title,
        description=declared.about,
        mime_type=MIME,
    )


def prompt(declared: Prompt) -> wire.Prompt:
    """A prompt with its arguments."""
    arguments = [
        wire.PromptArgument(name=one.name, description=one.about, required=one.required) for one in declared.arguments
    ]
    return wire.Prompt(
        name=declared.name, title=declared.title, description=declared.about, arguments=arguments or None
    )


def plain_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema without references and without the titles that repeat names: several clients understand neither."""
    definitions = schema.pop("$defs", {})
    plain: dict[str, Any] = _plain(schema, definitions)
    return plain


def _plain(node: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_plain(one, definitions) for one in node]
    if not isinstance(node, dict):
        return node
    if (reference := node.get("$ref")) is not None:
        named = definitions[reference.rpartition("/")[2]]
        return _plain({**named, **{key: value for key, value in node.items() if key != "$ref"}}, definitions)
    kept = {key: value for key, value in node.items() if key != "title" or isinstance(value, dict)}
    return {key: _properties(value, definitions) if key == "properties" else _plain(value, definitions)
            for key, value in kept.items()}  # fmt: skip


def _properties(named: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """The names of properties are the caller's, whatever they are."""
    return {name: _plain(schema, definitions) for name, schema in named.items()}
