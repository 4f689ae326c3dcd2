"""ChatGPT conversations in every documented shape."""

from __future__ import annotations

from typing import Any

from memories.tests.samples.archives import dumps, zipped

START = 1_760_000_000.0


def message(
    name: str, role: str, content: Any, *, at: float | None = START, recipient: str = "all", **more: Any
) -> dict[str, Any]:
    """A message; a string becomes text content."""
    body = {"content_type": "text", "parts": [content]} if isinstance(content, str) else content
    metadata = more.pop("metadata", {})
    return {
        "id": name,
        "author": {"role": role, "name": None, "metadata": {}},
        "create_time": at,
        "content": body,
        "status": "finished_successfully",
        "weight": 1.0,
        "recipient": recipient,
        "channel": None,
        "metadata": metadata,
        **more,
    }


def chain(messages: list[dict[str, Any]], *, children: bool = True) -> dict[str, Any]:
    """A mapping in which each message answers the one before, below an empty root."""
    mapping: dict[str, Any] = {"root": {"id": "root", "parent": None, "message": None, "children": []}}
    last = "root"
    for entry in messages:
        mapping[last]["children"].append(entry["id"])
        mapping[entry["id"]] = {"id": entry["id"], "parent": last, "message": entry, "children": []}
        last = entry["id"]
    if not children:
        for node in mapping.values():
            del node["children"]
    return mapping


def conversation(name: str, messages: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """A conversation whose current node is its last message."""
    children = more.pop("children", True)
    return {
        "title": f"Title of {name}",
        "create_time": START,
        "update_time": START + 60,
        "mapping": chain(messages, children=children),
        "current_node": messages[-1]["id"] if messages else "root",
        "default_model_slug": "gpt-5",
        "conversation_id": name,
        "id": name,
        **more,
    }


def simple(name: str, ask: str = "How do bees fly?", answer: str = "With two pairs of wings.") -> dict[str, Any]:
    """A question and its answer."""
    return conversation(
        name,
        [
            message(f"{name}-u", "user", ask, at=START + 1),
            message(f"{name}-a", "assistant", answer, at=START + 2, metadata={"model_slug": "gpt-5-thinking"}),
        ],
    )


def regenerated() -> dict[str, Any]:
    """An answer that was regenerated: the current node is on the first branch, and is not the newest."""
    data = simple("regenerated")
    other = message("regenerated-b", "assistant", "An answer that was thrown away.", at=START + 9)
    data["mapping"]["regenerated-b"] = {
        "id": "regenerated-b",
        "parent": "regenerated-u",
        "message": other,
        "children": [],
    }
    data["mapping"]["regenerated-u"]["children"].append("regenerated-b")
    return data


def everything_hidden() -> dict[str, Any]:
    """One turn to keep among all that is to be left out."""
    hidden = {"is_visually_hidden_from_conversation": True}
    thoughts = {"content_type": "thoughts", "thoughts": [{"summary": "s", "content": "secret thought"}]}
    return conversation(
        "hidden",
        [
            message("h1", "system", "You are ChatGPT."),
            message("h2", "user", "hidden words", metadata=hidden),
            message("h3", "user", "Kept question"),
            message("h4", "assistant", "weightless", weight=0.0),
            message("h5", "assistant", "search('x')", recipient="browser"),
            message("h6", "tool", "tool output"),
            message("h7", "assistant", thoughts),
            message("h8", "assistant", {"content_type": "reasoning_recap", "content": "Thought for 4s"}),
            message("h9", "assistant", {"content_type": "hologram", "beam": 1}),
            message(
                "h10",
                "assistant",
                "Kept answer \ue200cite\ue202turn0search1\ue201 with a source【4†source】.",
            ),
        ],
    )


def multimodal() -> dict[str, Any]:
    """Images, speech, code and files."""
    image = {
        "content_type": "image_asset_pointer",
        "asset_pointer": "file-service://file-abc",
        "metadata": None,
    }
    speech = {"content_type": "audio_transcription", "text": "Spoken words", "direction": "in"}
    sound = {"content_type": "audio_asset_pointer", "asset_pointer": "sediment://file_def"}
    live = {"content_type": "real_time_user_audio_video_asset_pointer", "audio_asset_pointer": sound}
    attachments = {"attachments": [{"id": "file-1", "name": "report.pdf", "size": 9, "mime_type": "application/pdf"}]}
    canvas = '{"name": "poem", "type": "document", "content": "Roses are red"}'
    return conversation(
        "multimodal",
        [
            message("m1", "user", {"content_type": "multimodal_text", "parts": [image, "What is this?", None]}),
            message("m2", "user", {"content_type": "multimodal_text", "parts": [image]}),
            message("m3", "user", {"content_type": "multimodal_text", "parts": [speech, live, sound]}),
            message("m4", "assistant", {"content_type": "code", "language": "python", "text": "print(1)"}),
            message("m5", "user", "See the report", metadata=attachments),
            message("m6", "assistant", canvas, recipient="canmore.create_textdoc"),
        ],
    )


def with_memories() -> dict[str, Any]:
    """ChatGPT's own memory, as it is sent along, hidden."""
    text = "1. [2025-05-01]. User keeps bees.\n2. [2025-06-02]. User lives in Bremen.\n"
    context = {"content_type": "model_editable_context", "model_set_context": text}
    profile = {"content_type": "user_editable_context", "user_profile": "p", "user_instructions": "i"}
    hidden = {"is_visually_hidden_from_conversation": True}
    return conversation(
        "memories",
        [
            message("c1", "system", context, metadata=hidden),
            message("c2", "user", profile, metadata=hidden),
            message("c3", "user", "Hello"),
        ],
    )


def all_conversations() -> list[dict[str, Any]]:
    """One of each."""
    return [
        simple("plain"),
        {**simple("no-children"), "mapping": chain(_messages("no-children"), children=False)},
        regenerated(),
        everything_hidden(),
        multimodal(),
        with_memories(),
        {**simple("forgotten", ask="never import this"), "is_do_not_remember": True},
        conversation("empty", []),
    ]


def _messages(name: str) -> list[dict[str, Any]]:
    return [node["message"] for node in simple(name)["mapping"].values() if node["message"]]


def export() -> bytes:
    """A whole export with what lies beside the conversations."""
    return zipped(
        {
            "conversations.json": dumps(all_conversations()),
            "user.json": dumps({"id": "user-1", "email": "a@example.org"}),
            "message_feedback.json": dumps([{"id": "f", "rating": "thumbs_up"}]),
            "chat.html": b"<html><body>never read</body></html>",
            "file-abc-cat.png": b"\x89PNG\r\n",
            "file-def-notes.txt": b"an attachment, not a note",
        }
    )


def shards(count: int = 60) -> bytes:
    """One conversation in each of `count` shards, whose numbers pass 50."""
    members = {f"conversations-{n:03}.json": dumps([simple(f"c{n}", ask=f"Question {n}")]) for n in range(count)}
    return zipped({**members, "conversations.json.index": b"[]"})
