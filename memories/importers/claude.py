"""Claude's data export: conversations, projects with their documents, and what Claude remembers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from memories.importers import _json
from memories.importers._clean import dicts, digest, one_line, text_of
from memories.importers._pieces import items_from, values
from memories.importers._run import Run, guarded
from memories.importers._sources import Source
from memories.importers._time import parse_time
from memories.importers._tree import branch
from memories.importers._turns import conversation, make_turn, role_of
from memories.importers.items import Failed, Item, ParsedDocument, ParsedTurn, Skipped

PREFIXES = ("[]", ".conversations[]", "")
TOOLS = "tool-call: tool calls and their results"
THINKING = "reasoning: the model's thoughts"
OTHER_BRANCH = "other-branch: versions of messages that were regenerated or edited"
INDEX = "index: entries of an index whose conversations lie in files of their own"
ROOT_PARENT = "00000000-0000-4000-8000-000000000000"
LEFT_OUT = {
    "thinking": THINKING, "redacted_thinking": THINKING, "tool_use": TOOLS, "tool_result": TOOLS,
    "server_tool_use": TOOLS, "token_budget": TOOLS, "flag": TOOLS,
}  # fmt: skip


def recognises(source: Source) -> bool:
    """Conversations, their index, projects or memories."""
    shape = source.outline
    return (
        any(shape.has(f"{prefix}.chat_messages") for prefix in PREFIXES)
        or _is_projects(source)
        or _is_memories(source)
        or shape.has("[].uuid", "[].name", "[].created_at", "[].updated_at")
    )


def _is_projects(source: Source) -> bool:
    return any(source.outline.has(f"{prefix}.docs", f"{prefix}.prompt_template") for prefix in ("[]", ""))


def _is_memories(source: Source) -> bool:
    return any(
        source.outline.has(f"{prefix}.conversations_memory") or source.outline.has(f"{prefix}.project_memories")
        for prefix in ("[]", "")
    )


def read(source: Source, run: Run) -> Iterator[Item]:
    """Conversations or documents, as the file has them."""
    if _is_projects(source):
        yield from _each(source, run, _project_documents)
    elif _is_memories(source):
        yield from _each(source, run, _memories)
    else:
        items = items_from(source, run, lambda data: parse_conversation(data, run))
        yield from (item for item in items if not (isinstance(item, Skipped) and item.reason == INDEX))


def _each(source: Source, run: Run, make: Callable[[dict[str, Any]], Iterator[Item]]) -> Iterator[Item]:
    """For objects that hold several documents."""
    if source.outline.kind == "object":
        with source.open_utf8() as stream:
            whole = _json.load_whole(stream, run.limits)
        yield from make(whole)
        return
    for _, where, value in values(source, run):
        made = value if isinstance(value, Failed) else guarded(lambda value=value: list(make(value)), where)  # type: ignore[misc]
        yield from [made] if isinstance(made, Failed) else made


def parse_conversation(data: dict[str, Any], run: Run) -> Item | None:
    """The branch last seen where parents are known, else all messages in order."""
    if "chat_messages" not in data:
        run.leave_out(INDEX)
        return Skipped(INDEX, one_line(data.get("uuid"), 200))
    messages = dicts(data["chat_messages"])
    turns = [turn for message in _branch(messages, data, run) for turn in _turn(message, data, run)]
    return conversation(
        turns,
        external_id=data.get("uuid"),
        title=data.get("name"),
        started=data.get("created_at"),
        ended=data.get("updated_at"),
        model=data.get("model"),
        metadata={
            "summary": data.get("summary"),
            "is_starred": data.get("is_starred") or None,
            "project_uuid": data.get("project_uuid"),
        },
    )


def _branch(messages: list[dict[str, Any]], data: dict[str, Any], run: Run) -> list[dict[str, Any]]:
    linked = any(m.get("parent_message_uuid") not in (None, "", ROOT_PARENT) for m in messages)
    if not linked or not all(isinstance(m.get("uuid"), str) for m in messages):
        return messages
    nodes = {m["uuid"]: {**m, "parent": m.get("parent_message_uuid")} for m in messages}
    path = branch(nodes, data.get("current_leaf_message_uuid"))
    run.leave_out(OTHER_BRANCH, len(nodes) - len(path))
    return path


def _turn(message: dict[str, Any], data: dict[str, Any], run: Run) -> list[ParsedTurn]:
    role = role_of(message.get("sender"))
    if role not in ("user", "assistant"):
        run.leave_out("unknown-sender: messages of neither person nor model")
        return []
    attached = dicts(message.get("attachments"))
    names = [one_line(a.get("file_name"), 200) for a in attached]
    files = [one_line(f.get("file_name"), 200) for f in dicts(message.get("files"))]
    texts = [_text(message, run), *(_attachment(a) for a in attached)]
    body = "\n\n".join(text for text in texts if text.strip())
    named = [name for name in dict.fromkeys([*names, *files]) if name]
    return [
        make_turn(
            role,
            body or "\n".join(f"[file: {name}]" for name in named),
            external_id=message.get("uuid"),
            at=message.get("created_at"),
            model=data.get("model") if role == "assistant" else "",
            metadata={"attachments": named} if named else None,
        )
    ]


def _text(message: dict[str, Any], run: Run) -> str:
    """The text blocks; the flat `text`, with its placeholders for tools, only where there are none."""
    blocks = message.get("content")
    texts = []
    for block in blocks if isinstance(blocks, list) else ():
        kind = block.get("type") if isinstance(block, dict) else None
        if kind == "text":
            texts.append(text_of(block.get("text")))
        elif kind is not None:
            run.leave_out(LEFT_OUT.get(kind) or f"unknown-content: {one_line(kind, 60)}")
    joined = "\n\n".join(text for text in texts if text.strip())
    return joined if joined or blocks else text_of(message.get("text"))


def _attachment(attachment: dict[str, Any]) -> str:
    text = text_of(attachment.get("extracted_content")).strip()
    name = one_line(attachment.get("file_name"), 200)
    return f"[file: {name or 'unnamed'}]\n{text}" if text else ""


def _project_documents(project: dict[str, Any]) -> Iterator[Item]:
    """Each document of a project, and its instructions."""
    name = one_line(project.get("name"))
    base = {"project": name, "project_uuid": one_line(project.get("uuid"), 100)}
    instructions = text_of(project.get("prompt_template")).strip()
    if instructions:
        yield ParsedDocument(
            external_id=f"{base['project_uuid'] or digest(name)}:instructions",
            title=f"{name}: instructions",
            content=instructions,
            occurred_at=parse_time(project.get("created_at")),
            metadata={**base, "description": text_of(project.get("description"))[:2000]},
            kind="note",
        )
    for document in dicts(project.get("docs")):
        if text_of(document.get("content")).strip():
            yield ParsedDocument(
                external_id=one_line(document.get("uuid"), 200) or digest(name, document.get("filename")),
                title=one_line(document.get("filename")) or name,
                content=text_of(document["content"]),
                occurred_at=parse_time(document.get("created_at")),
                metadata=dict(base),
            )


def _memories(entry: dict[str, Any]) -> Iterator[Item]:
    """What Claude remembers of all conversations, and of each project."""
    texts = [("conversations", text_of(entry.get("conversations_memory")))]
    projects = entry.get("project_memories")
    if isinstance(projects, dict):
        texts += [(one_line(key, 100), text_of(value)) for key, value in projects.items()]
    for key, text in texts:
        if text.strip():
            yield ParsedDocument(
                external_id=f"memory:{key}",
                title="What Claude remembers" if key == "conversations" else "What Claude remembers of a project",
                content=text,
                occurred_at=parse_time(entry.get("updated_at") or entry.get("created_at")),
                metadata={"origin": "claude-memory", "memory_of": key},
                kind="fact",
            )
