"""What a reader hands on: conversations, documents and records, and what it had to leave out and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from memshadow.lib.errors import MemshadowError


@dataclass(frozen=True, slots=True)
class ParsedTurn:
    """One message as its vendor's page showed it; `external_id` is unique within its conversation."""

    role: str
    content: str
    author: str = ""
    external_id: str = ""
    occurred_at: datetime | None = None
    model: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class ParsedConversation:
    """Turns in reading order. A very long one may come in parts that share the `external_id`."""

    external_id: str
    title: str
    started_at: datetime | None
    ended_at: datetime | None
    model: str
    turns: list[ParsedTurn]
    metadata: dict[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()


@dataclass(slots=True)
class ParsedDocument:
    """A text that is no conversation; `kind` is document, note or fact."""

    external_id: str
    title: str
    content: str
    occurred_at: datetime | None = None
    tags: tuple[str, ...] = ()
    metadata: dict[str, Any] = field(default_factory=dict)
    kind: str = "document"


@dataclass(slots=True)
class ParsedRecord:
    """One line of our own export, for the service to restore as it stands."""

    type: str
    data: dict[str, Any]
    line: int = 0


@dataclass(slots=True)
class Skipped:
    """Left out on purpose. `reason` is 'code: words for a person'; `count` is how many `where` stands for."""

    reason: str
    where: str
    count: int = 1

    @property
    def code(self) -> str:
        """The stable part of the reason."""
        return self.reason.partition(":")[0]


@dataclass(slots=True)
class Failed:
    """Could not be read; `error` is 'code: words for a person'."""

    error: str
    where: str

    @property
    def code(self) -> str:
        """The stable part of the error."""
        return self.error.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Progress:
    """Bytes of the file as it was given (compressed, if it is an archive); never goes back."""

    bytes_read: int
    bytes_total: int


Item = ParsedConversation | ParsedDocument | ParsedRecord | Skipped | Failed

ACCEPTED = (
    "ChatGPT, Claude, Gemini (Takeout), Grok, DeepSeek, Perplexity and Le Chat exports, Claude Code, "
    "Codex and Gemini CLI sessions, JSON lines with role and content, Markdown, text, PDF, "
    "Word (.docx), HTML, CSV, a zip of these, or a MEMSHADOW export"
)


class UnknownFormat(MemshadowError):
    """The file is none of the formats that can be imported; the message lists them."""

    status = 415
    code = "unknown-format"

    def __init__(self, why: str) -> None:
        """`why` is one sentence that ends without a full stop."""
        super().__init__(f"{why}. Accepted: {ACCEPTED}.")


class Refused(Exception):
    """A reader will not go on with one thing; its text is the 'code: words' of a Failed."""
