"""The many content types of a ChatGPT message, read as text with notes on what is no text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from memories.importers._clean import dicts, one_line, text_of

REASONING = "reasoning: the model's thoughts"
CONTEXT = "context: custom instructions and other context that was sent along"
# Markers that ChatGPT's page turns into links: private use characters around a reference, or 【4†source】.
MARKERS = re.compile("\ue200[^\ue201]{0,2000}\ue201|[\ue200-\ue206]|【\\d+(?::\\d+)?†[^】]{0,200}】")
IMAGE, AUDIO = "image_asset_pointer", "audio_asset_pointer"


@dataclass(slots=True)
class ReadOut:
    """`left_out` is a reason to count ('code: words'), '' when everything was kept."""

    text: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    left_out: str = ""


def read(body: object, metadata: dict[str, Any]) -> ReadOut:
    """The content of a message that is shown. Without text, its images and files stand in for it."""
    if not isinstance(body, dict):
        return ReadOut(left_out="unknown-content: a message without content")
    reader = READERS.get(str(body.get("content_type") or "text"))
    if reader is None:
        return ReadOut(left_out=f"unknown-content: {one_line(body.get('content_type'), 60) or 'no type'}")
    out = reader(body)
    out.text = (out.text if out.text.isascii() else MARKERS.sub("", out.text)).strip()
    _note_files(out, metadata)
    return out


def canvas(message: dict[str, Any]) -> ReadOut | None:
    """A document that the model wrote into the canvas: shown to the person, though addressed to a tool."""
    if message.get("recipient") != "canmore.create_textdoc":
        return None
    body = message.get("content")
    source = _joined(body).text or text_of(body.get("text")) if isinstance(body, dict) else ""
    try:
        document = json.loads(source, strict=False)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or not text_of(document.get("content")):
        return None
    name, kind = one_line(document.get("name")), one_line(document.get("type"), 60)
    text = text_of(document["content"])
    if kind.startswith("code"):
        text = f"```{kind.partition('/')[2]}\n{text}\n```"
    return ReadOut(text=text, metadata={"canvas": name, "canvas_type": kind})


def saved_memories(message: dict[str, Any]) -> str:
    """ChatGPT's own memory of the person, which it sends to itself with each conversation."""
    body = message.get("content")
    if isinstance(body, dict) and body.get("content_type") == "model_editable_context":
        return text_of(body.get("model_set_context"))
    return ""


def _joined(body: dict[str, Any]) -> ReadOut:
    """`parts`: strings, and for multimodal text also objects."""
    parts = body.get("parts")
    if not isinstance(parts, list):
        return ReadOut(text=text_of(body.get("text")) or text_of(parts))
    out = ReadOut()
    texts = []
    for part in parts:
        texts.append(_part(part, out) if isinstance(part, dict) else text_of(part))
    out.text = "\n".join(text for text in texts if text)
    return out


def _part(part: dict[str, Any], out: ReadOut) -> str:
    kind = str(part.get("content_type") or part.get("type") or "")
    if kind == IMAGE:
        out.metadata.setdefault("images", []).append(_image_name(part))
        return ""
    if "audio" in kind or "video" in kind:
        if kind != "audio_transcription":
            return ""
        out.metadata["spoken"] = True
    elif kind and "text" not in part:
        out.left_out = f"unknown-content: {one_line(kind, 60)}"
    return text_of(part.get("text"))


def _image_name(part: dict[str, Any]) -> str:
    details = part.get("metadata")
    made = details.get("dalle") if isinstance(details, dict) else None
    prompt = one_line(made.get("prompt"), 120) if isinstance(made, dict) else ""
    pointer = one_line(part.get("asset_pointer"), 200).rpartition("://")[2]
    return f"[image: {prompt or pointer or 'unnamed'}]"


def _note_files(out: ReadOut, metadata: dict[str, Any]) -> None:
    named = (one_line(file.get("name"), 200) for file in dicts(metadata.get("attachments")))
    names = [name for name in named if name]
    if names:
        out.metadata["attachments"] = names
    if not out.text and not out.left_out:
        images = out.metadata.get("images", [])
        out.text = "\n".join(images or [f"[file: {name}]" for name in names])


def _code(body: dict[str, Any]) -> ReadOut:
    text = text_of(body.get("text"))
    language = one_line(body.get("language"), 30)
    return ReadOut(text=f"```{'' if language == 'unknown' else language}\n{text}\n```" if text.strip() else "")


def _output(body: dict[str, Any]) -> ReadOut:
    text = text_of(body.get("text"))
    return ReadOut(text=f"```\n{text}\n```" if text.strip() else "")


def _quote(body: dict[str, Any]) -> ReadOut:
    lines = [f"> {line}" for line in text_of(body.get("text")).splitlines()]
    title, url = one_line(body.get("title")), one_line(body.get("url"), 500)
    return ReadOut(text="\n".join(_present(title, *lines)), metadata={"url": url} if url else {})


def _browsing(body: dict[str, Any]) -> ReadOut:
    return ReadOut(text="\n".join(_present(text_of(body.get("summary")), text_of(body.get("result")))))


def _present(*texts: str) -> Iterator[str]:
    return (text for text in texts if text)


def _reasoning(_: dict[str, Any]) -> ReadOut:
    return ReadOut(left_out=REASONING)


def _context(_: dict[str, Any]) -> ReadOut:
    return ReadOut(left_out=CONTEXT)


READERS = {
    "text": _joined,
    "multimodal_text": _joined,
    "code": _code,
    "execution_output": _output,
    "tether_quote": _quote,
    "tether_browsing_display": _browsing,
    "user_editable_context": _context,
    "model_editable_context": _context,
    "thoughts": _reasoning,
    "reasoning_recap": _reasoning,
}
