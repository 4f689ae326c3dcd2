"""Claude's export in every documented shape."""

from __future__ import annotations

from typing import Any

from memories.tests.samples.archives import dumps, zipped

AT = "2026-02-03T10:00:00.123456Z"


def message(name: str, sender: str, text: str, **more: Any) -> dict[str, Any]:
    """A message with one text block."""
    return {
        "uuid": name,
        "text": text,
        "content": [{"type": "text", "text": text, "citations": []}],
        "sender": sender,
        "created_at": AT,
        "updated_at": AT,
        "attachments": [],
        "files": [],
        **more,
    }


def conversation(name: str, messages: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """A conversation."""
    return {
        "uuid": name,
        "name": f"Title of {name}",
        "summary": "",
        "account": {"uuid": "account"},
        "created_at": AT,
        "updated_at": AT,
        "chat_messages": messages,
        **more,
    }


def simple(name: str) -> dict[str, Any]:
    """A question and its answer."""
    return conversation(
        name,
        [message(f"{name}-1", "human", "Why is tea bitter?"), message(f"{name}-2", "assistant", "Tannins.")],
    )


def rich() -> dict[str, Any]:
    """Tools, thinking, attachments and files."""
    blocks = [
        {"type": "thinking", "thinking": "secret thought"},
        {"type": "tool_use", "name": "web_search", "input": {"q": "x"}},
        {"type": "tool_result", "content": [{"type": "text", "text": "secret result"}]},
        {"type": "text", "text": "Here is the answer."},
    ]
    flat = "This block is not supported on your current device yet. Here is the answer."
    attachment = {
        "file_name": "a.txt",
        "file_size": 3,
        "file_type": "txt",
        "extracted_content": "Attached words",
    }
    return conversation(
        "rich",
        [
            message("r1", "human", "Read this", attachments=[attachment], files=[{"file_name": "p.png"}]),
            message("r2", "assistant", flat, content=blocks),
            message("r3", "human", "", content=[], files=[{"file_name": "only.png"}]),
            message("r4", "assistant", "Old style text", content=[]),
        ],
        model="claude-opus",
        is_starred=True,
        project_uuid="project-1",
    )


def branched() -> dict[str, Any]:
    """An edited question: the leaf names the first version."""
    return conversation(
        "branched",
        [
            message("b1", "human", "First", parent_message_uuid="00000000-0000-4000-8000-000000000000"),
            message("b2", "assistant", "Kept", parent_message_uuid="b1"),
            message("b3", "assistant", "Thrown away", parent_message_uuid="b1"),
        ],
        current_leaf_message_uuid="b2",
    )


def projects() -> list[dict[str, Any]]:
    """A project with instructions and a document."""
    document = {"uuid": "doc-1", "filename": "plan.md", "content": "# Plan\nPlant trees.", "created_at": AT}
    return [
        {
            "uuid": "project-1",
            "name": "Garden",
            "description": "Trees",
            "is_private": True,
            "prompt_template": "Answer like a gardener.",
            "created_at": AT,
            "docs": [document],
        }
    ]


def memories() -> list[dict[str, Any]]:
    """What Claude remembers."""
    return [
        {
            "conversations_memory": "The person keeps bees.",
            "project_memories": {"project-1": "Trees are to be planted in autumn."},
            "account_uuid": "account",
        }
    ]


def export() -> bytes:
    """A whole export."""
    return zipped(
        {
            "conversations.json": dumps([simple("plain"), rich(), branched()]),
            "projects.json": dumps(projects()),
            "memories.json": dumps(memories()),
            "users.json": dumps([{"uuid": "account", "full_name": "A", "email_address": "a@example.org"}]),
        }
    )


def indexed() -> bytes:
    """An index, and each conversation in a file of its own."""
    full = [simple("one"), simple("two")]
    index = [{key: value for key, value in c.items() if key != "chat_messages"} for c in full]
    members = {f"conversations/{c['uuid']}.json": dumps(c) for c in full}
    return zipped({"conversations.json": dumps(index), **members})
