"""The shape of what a model's server answers."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

Piece = bytes


@dataclass(frozen=True)
class Answer:
    """A whole body, or pieces of a stream."""

    status: int = 200
    body: bytes = b""
    pieces: tuple[Piece, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)


def whole(body: Any, status: int = 200, **headers: str) -> Answer:
    """A JSON answer."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, json.dumps(body).encode(), headers={"Content-Type": "application/json", **named})


def stream(*pieces: bytes, kind: str = "text/event-stream; charset=utf-8") -> Answer:
    """An answer that comes in pieces."""
    return Answer(pieces=pieces, headers={"Content-Type": kind, "X-Request-Cost": "7"})


def event(data: Any, name: str = "") -> bytes:
    """One server-sent event."""
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    return (f"event: {name}\n" if name else "").encode() + f"data: {text}\n\n".encode()


def split(text: str) -> list[str]:
    """A text in the small pieces in which models write."""
    words = text.split(" ")
    return [word + " " for word in words[:-1]] + words[-1:]
