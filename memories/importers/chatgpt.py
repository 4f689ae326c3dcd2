"""ChatGPT's data export: conversations as trees of messages, of which the branch last seen is kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from memories.importers import _chatgpt_content as content
from memories.importers._clean import digest, one_line
from memories.importers._pieces import items_from
from memories.importers._run import Run
from memories.importers._sources import Source
from memories.importers._time import parse_time
from memories.importers._tree import Nodes, branch, nodes_of
from memories.importers._turns import conversation, make_turn, role_of
from memories.importers.items import Item, ParsedConversation, ParsedDocument, ParsedTurn, Skipped

FORGOTTEN = "do-not-remember: marked in ChatGPT as not to be remembered"
HIDDEN = "hidden: messages that ChatGPT does not show"
SYSTEM = "system: instructions and tool output"
TOOL_CALL = "tool-call: messages from the model to its tools"
OTHER_BRANCH = "other-branch: versions of messages that were regenerated or edited"
KEPT_KEYS = ("is_archived", "is_starred", "gizmo_id", "gizmo_type", "conversation_origin", "memory_scope")
SHELLS = ("[].mapping", ".conversations[].mapping", ".mapping")
EMPTY_NAME = re.compile(r"(^|/)conversations(-\d+)?\.json$")
SAVED = re.compile(r"^[ \t]*\d+\.[ \t]*\[(\d{4}-\d{2}-\d{2})\]\.?[ \t]*(.+)$", re.MULTILINE)


def recognises(source: Source) -> bool:
    """Conversations with a mapping that are not DeepSeek's; or an export with no conversation in it."""
    shape = source.outline
    if any(shape.has(path) for path in SHELLS):
        return not any(shape.has(path.replace("mapping", "inserted_at")) for path in SHELLS)
    return source.head_utf8.strip() == b"[]" and bool(EMPTY_NAME.search(source.name.lower()))


def read(source: Source, run: Run) -> Iterator[Item]:
    """A conversation each, then the memories that ChatGPT had saved, as facts."""
    memories = SavedMemories()
    yield from items_from(source, run, lambda data: parse_conversation(data, run, memories))
    yield from memories.documents()


class SavedMemories:
    """The newest 'model set context' of the export: ChatGPT's own memory, which each conversation repeats."""

    def __init__(self) -> None:
        self.text = ""
        self.at = float("-inf")

    def offer(self, message: dict[str, Any], at: object) -> None:
        """Keeps the newest."""
        text = content.saved_memories(message)
        if not text:
            return
        moment = parse_time(message.get("create_time")) or parse_time(at)
        stamp = moment.timestamp() if moment else 0.0
        if stamp >= self.at:
            self.text, self.at = text, stamp

    def documents(self) -> Iterator[ParsedDocument]:
        """A fact for each numbered line, or one for the whole."""
        found = SAVED.findall(self.text)
        for day, fact in found or ([("", self.text.strip())] if self.text.strip() else []):
            yield ParsedDocument(
                external_id=f"memory:{digest(fact)}",
                title=one_line(fact, 80),
                content=fact.strip(),
                occurred_at=parse_time(day),
                metadata={"origin": "chatgpt-memory"},
                kind="fact",
            )


def parse_conversation(data: dict[str, Any], run: Run, memories: SavedMemories) -> Item | None:
    """The branch last seen; None when nothing on it is to be kept."""
    name = data.get("conversation_id") or data.get("id")
    if data.get("is_do_not_remember"):
        return Skipped(FORGOTTEN, one_line(name, 200) or one_line(data.get("title")) or "conversation")
    nodes = nodes_of(data.get("mapping"))
    path = branch(nodes, data.get("current_node"))
    _count_other_branches(nodes, path, run)
    default = data.get("default_model_slug")
    turns = []
    for node in path:
        message = node.get("message")
        if isinstance(message, dict):
            memories.offer(message, data.get("create_time"))
            turns += _turn(message, node, default, run)
    return _finished(data, turns, name)


def _finished(data: dict[str, Any], turns: list[ParsedTurn], name: object) -> ParsedConversation | None:
    return conversation(
        turns,
        external_id=name,
        title=data.get("title"),
        started=data.get("create_time"),
        ended=data.get("update_time"),
        model=data.get("default_model_slug"),
        metadata={key: data.get(key) for key in KEPT_KEYS if data.get(key)},
    )


def _count_other_branches(nodes: Nodes, path: list[dict[str, Any]], run: Run) -> None:
    on_path = {id(node) for node in path}
    others = (node.get("message") for node in nodes.values() if id(node) not in on_path)
    run.leave_out(OTHER_BRANCH, sum(1 for message in others if isinstance(message, dict)))


def _turn(message: dict[str, Any], node: dict[str, Any], default_model: object, run: Run) -> list[ParsedTurn]:
    """The message as a turn, or nothing, counted."""
    author = message["author"] if isinstance(message.get("author"), dict) else {}
    metadata = message["metadata"] if isinstance(message.get("metadata"), dict) else {}
    role = role_of(author.get("role"))
    body = message.get("content")
    canvas = content.canvas(message) if role == "assistant" else None
    reason = _reason_to_leave_out(message, metadata, role, bool(canvas))
    if reason:
        run.leave_out(reason)
        return []
    read_out = canvas or content.read(body, metadata)
    if read_out.left_out:
        run.leave_out(read_out.left_out)
    if not read_out.text:
        return []
    return [
        make_turn(
            role,
            read_out.text,
            external_id=message.get("id") or node.get("id"),
            at=message.get("create_time"),
            author=author.get("name"),
            model=(metadata.get("model_slug") or default_model) if role == "assistant" else "",
            metadata=read_out.metadata,
        )
    ]


def _reason_to_leave_out(message: dict[str, Any], metadata: dict[str, Any], role: str, canvas: bool) -> str:
    if metadata.get("is_visually_hidden_from_conversation") or message.get("weight") == 0:
        return HIDDEN
    if role not in ("user", "assistant"):
        return SYSTEM
    if canvas:
        return ""
    if message.get("recipient") not in (None, "", "all"):
        return TOOL_CALL
    return content.REASONING if message.get("channel") == "analysis" else ""
