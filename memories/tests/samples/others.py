"""Grok, DeepSeek, Perplexity, Le Chat, the coding agents, and our own export."""

from __future__ import annotations

from typing import Any

from memories.tests.samples.archives import dumps, lines, zipped

AT = "2026-04-05T06:07:08Z"


def grok() -> dict[str, Any]:
    """The nested shape, and the flat one."""
    time = {"$date": {"$numberLong": "1775369228000"}}
    nested = {
        "conversation": {"id": "g1", "title": "Mars", "create_time": AT, "starred": True},
        "responses": [
            {"response": {"_id": "g1a", "sender": "human", "message": "How far?", "create_time": time}},
            {"response": {"_id": "g1b", "sender": "ASSISTANT", "message": "It varies.", "create_time": time,
                          "model": "grok-4"}},
        ],
    }  # fmt: skip
    flat = {
        "conversation_id": "g2",
        "title": "Moon",
        "create_time": AT,
        "responses": [
            {"sender": "human", "message": "And the Moon?"},
            {"sender": "assistant", "message": "Near."},
        ],
    }
    return {"conversations": [nested, flat], "projects": [], "tasks": []}


def deepseek() -> list[dict[str, Any]]:
    """A tree with fragments and a regenerated answer."""

    def node(name: str, parent: str | None, fragments: list[dict[str, Any]] | None, at: str = AT) -> dict[str, Any]:
        message = {"files": [], "model": "deepseek-chat", "inserted_at": at, "fragments": fragments}
        return {"id": name, "parent": parent, "children": [], "message": message if fragments else None}

    nodes = [
        node("root", None, None),
        node("1", "root", [{"type": "REQUEST", "content": "Why is the sky blue?"}]),
        node("2", "1", [{"type": "RESPONSE", "content": "Thrown away"}]),
        node("3", "1", [{"type": "THINK", "content": "secret"}, {"type": "RESPONSE", "content": "Air."}]),
    ]  # fmt: skip
    nodes[3]["message"]["inserted_at"] = "2026-04-05T07:00:00Z"
    return [
        {
            "id": "d1",
            "title": "Sky",
            "inserted_at": AT,
            "updated_at": AT,
            "mapping": {entry["id"]: entry for entry in nodes},
        }
    ]


def perplexity() -> dict[str, Any]:
    """A question with its sources."""
    return {
        "metadata": {"exported_at": AT},
        "conversations": [
            {
                "uuid": "p1",
                "query": "Highest mountain of Wales?",
                "answer": "Snowdon.",
                "model": "sonar",
                "timestamp": AT,
                "sources": [{"url": "https://example.org/snowdon", "title": "Snowdon"}],
            }
        ],
    }


def lechat() -> bytes:
    """Two chats, each a file; the second newest first."""

    def said(chat: str, number: int, role: str, text: str) -> dict[str, Any]:
        at = f"2026-04-05T06:0{number}:00.000Z"
        return {
            "id": f"{chat}-{number}",
            "chatId": chat,
            "role": role,
            "content": text,
            "createdAt": at,
            "version": 0,
        }

    one = [said("l1", 1, "user", "Bonjour"), said("l1", 2, "assistant", "Salut")]
    two = [said("l2", 2, "assistant", "Deux"), said("l2", 1, "user", "Un et un ?")]
    return zipped(
        {
            "chat-11111111-1111-1111-1111-111111111111.json": dumps(one),
            "chat-22222222-2222-2222-2222-222222222222.json": dumps(two),
            "chat-11111111-1111-1111-1111-111111111111-files/notes.txt": b"attachment",
        }
    )


def claude_code() -> bytes:
    """A session with all that is to be left out."""
    base = {
        "sessionId": "s1",
        "cwd": "/home/a/project",
        "gitBranch": "main",
        "isSidechain": False,
        "timestamp": AT,
    }

    def line(kind: str, name: str, content: Any, **more: Any) -> dict[str, Any]:
        message = {"role": kind, "content": content, **more.pop("message", {})}
        return {**base, "type": kind, "uuid": name, "parentUuid": None, "message": message, **more}

    answer = {"id": "msg_1", "model": "claude-opus"}
    return lines(
        {"type": "summary", "summary": "Fixing the parser", "leafUuid": "x"},
        line("user", "u1", "Fix the parser<system-reminder>secret reminder</system-reminder>"),
        line("assistant", "a1", [{"type": "thinking", "thinking": "secret thought"}], message=answer),
        line("assistant", "a2", [{"type": "text", "text": "I look at it."}], message=answer),
        line("assistant", "a3", [{"type": "tool_use", "name": "Bash", "input": {}}], message=answer),
        line("user", "u2", [{"type": "tool_result", "content": "secret output"}]),
        line("assistant", "a4", [{"type": "text", "text": "Done."}], message=answer),
        line("user", "u3", "<command-name>/clear</command-name>"),
        line("user", "u4", "secret meta", isMeta=True),
        line("assistant", "a5", [{"type": "text", "text": "secret agent"}], isSidechain=True),
    )


def codex() -> bytes:
    """A new log, which says everything twice."""

    def line(kind: str, **payload: Any) -> dict[str, Any]:
        return {"timestamp": AT, "type": kind, "payload": payload}

    text = [{"type": "input_text", "text": "Add a test"}]
    context = [{"type": "input_text", "text": "<environment_context>"}]
    return lines(
        line("session_meta", id="x1", cwd="/home/a/project", originator="codex_cli", instructions="secret"),
        line("turn_context", model="gpt-5-codex", cwd="/home/a/project"),
        line(
            "response_item",
            type="message",
            role="user",
            content=context,
        ),
        line("response_item", type="message", role="user", content=text),
        line("event_msg", type="user_message", message="Add a test"),
        line("event_msg", type="agent_reasoning", text="secret thought"),
        line("response_item", type="function_call", name="shell", arguments="{}"),
        line("event_msg", type="agent_message", message="Added."),
        line(
            "response_item",
            type="message",
            role="assistant",
            content=[{"type": "output_text", "text": "Added, as item."}],
        ),
    )


def codex_old() -> bytes:
    """A header without type, then the messages alone."""
    text = [{"type": "input_text", "text": "Old question"}]
    return lines(
        {"id": "x2", "timestamp": AT, "instructions": None, "git": {}},
        {"record_type": "state"},
        {"type": "message", "id": None, "role": "user", "content": text},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Old answer"}]},
    )


def gemini_cli() -> dict[str, Any]:
    """A session file."""
    return {
        "sessionId": "gc1",
        "projectHash": "abc",
        "startTime": AT,
        "lastUpdated": AT,
        "messages": [
            {"id": "1", "timestamp": AT, "type": "user", "content": [{"text": "List the files"}]},
            {"id": "2", "timestamp": AT, "type": "info", "content": "secret note"},
            {
                "id": "3",
                "timestamp": AT,
                "type": "gemini",
                "content": "There are two.",
                "model": "gemini-2.5-pro",
            },
        ],
    }


def gemini_cli_lines() -> bytes:
    """The same as lines."""
    session = gemini_cli()
    return lines({key: session[key] for key in ("sessionId", "projectHash", "startTime")}, *session["messages"])


def gemini_cli_log() -> list[dict[str, Any]]:
    """The plain log of prompts."""
    return [{"sessionId": "gc2", "messageId": 0, "type": "user", "message": "Logged prompt", "timestamp": AT}]


def own_export() -> bytes:
    """A header and one record of each type."""
    return lines(
        {"memshadow_export": 1, "exported_at": AT},
        {"type": "tag", "id": "t1", "name": "bees"},
        {"type": "persona", "id": "p1", "name": "Me"},
        {"type": "conversation", "id": "c1", "title": "Bees"},
        {"type": "memory", "id": "m1", "content": "Bees dance.\r\n", "metadata": {"a": [1, None]}},
        {"type": "revision", "memory": "m1", "number": 1},
        {"type": "link", "from": "m1", "to": "m1"},
        {"type": "hologram"},
    )
