"""DeepSeek's data export: trees of messages like ChatGPT's, whose text comes in fragments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from memories.importers._clean import dicts, one_line, text_of
from memories.importers._pieces import items_from
from memories.importers._run import Run
from memories.importers._sources import Source
from memories.importers._tree import branch, nodes_of
from memories.importers._turns import conversation, make_turn, role_of
from memories.importers.items import Item, ParsedTurn

PREFIXES = ("[]", ".conversations[]", "")
ROLE_OF_FRAGMENT = {"REQUEST": "user", "RESPONSE": "assistant"}
LEFT_OUT = {
    "THINK": "reasoning: the model's thoughts",
    "SEARCH": "tool-call: searches and what they found",
    "TOOL_SEARCH": "tool-call: searches and what they found",
    "TOOL_OPEN": "tool-call: searches and what they found",
}


def recognises(source: Source) -> bool:
    """A mapping, with DeepSeek's name for the time."""
    return any(source.outline.has(f"{prefix}.mapping", f"{prefix}.inserted_at") for prefix in PREFIXES)


def read(source: Source, run: Run) -> Iterator[Item]:
    """A conversation each."""
    yield from items_from(source, run, lambda data: parse_conversation(data, run))


def parse_conversation(data: dict[str, Any], run: Run) -> Item | None:
    """The branch of the newest message."""
    nodes = nodes_of(data.get("mapping"))
    path = branch(nodes, data.get("current_node"))
    turns = [turn for node in path for turn in _turns(node, run)]
    on_path = sum(1 for node in path if node.get("message"))
    others = sum(1 for node in nodes.values() if node.get("message")) - on_path
    run.leave_out("other-branch: versions of messages that were regenerated or edited", others)
    return conversation(
        turns,
        external_id=data.get("id"),
        title=data.get("title"),
        started=data.get("inserted_at"),
        ended=data.get("updated_at"),
    )


def _turns(node: dict[str, Any], run: Run) -> list[ParsedTurn]:
    """A message's fragments, those of one side joined; older exports have `role` and `content` instead."""
    message = node.get("message")
    if not isinstance(message, dict):
        return []
    sides: dict[str, list[str]] = {}
    for fragment in dicts(message.get("fragments")):
        kind = one_line(fragment.get("type"), 40).upper()
        role = ROLE_OF_FRAGMENT.get(kind)
        if role:
            sides.setdefault(role, []).append(text_of(fragment.get("content")))
        else:
            run.leave_out(LEFT_OUT.get(kind) or f"unknown-content: {kind or 'no type'}")
    if not sides and role_of(message.get("role")):
        sides[role_of(message["role"])] = [text_of(message.get("content"))]
    names = [one_line(f.get("file_name") or f.get("name"), 200) for f in dicts(message.get("files"))]
    base = one_line(message.get("id") or node.get("id"), 150)
    return [
        make_turn(
            role,
            "\n\n".join(text for text in texts if text.strip()),
            external_id=base if len(sides) == 1 else f"{base}-{role}",
            at=message.get("inserted_at"),
            model=message.get("model") if role == "assistant" else "",
            metadata={"attachments": [name for name in names if name]},
        )
        for role, texts in sides.items()
    ]
