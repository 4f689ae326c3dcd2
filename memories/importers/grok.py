"""Grok's data export: a wrapper of conversations with their responses, flat or nested one level deeper."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from memories.importers._clean import dicts, one_line, text_of
from memories.importers._pieces import items_from
from memories.importers._run import Run
from memories.importers._sources import Source
from memories.importers._turns import conversation, make_turn, role_of
from memories.importers.items import Item, ParsedTurn

PREFIXES = ("[]", ".conversations[]", "")


def recognises(source: Source) -> bool:
    """Conversations with responses."""
    return any(source.outline.has(f"{prefix}.responses") for prefix in PREFIXES)


def read(source: Source, run: Run) -> Iterator[Item]:
    """A conversation each."""
    yield from items_from(source, run, lambda data: parse_conversation(data, run))


def parse_conversation(data: dict[str, Any], run: Run) -> Item | None:
    """Responses in the order of the file."""
    about = data["conversation"] if isinstance(data.get("conversation"), dict) else data
    turns = [turn for response in dicts(data.get("responses")) for turn in _turn(response, run)]
    return conversation(
        turns,
        external_id=about.get("conversation_id") or about.get("id"),
        title=about.get("title"),
        started=about.get("create_time"),
        ended=about.get("modify_time"),
        metadata={"is_starred": about.get("starred") or None, "summary": about.get("summary")},
    )


def _turn(wrapped: dict[str, Any], run: Run) -> list[ParsedTurn]:
    response = wrapped["response"] if isinstance(wrapped.get("response"), dict) else wrapped
    role = role_of(response.get("sender"))
    if role not in ("user", "assistant"):
        run.leave_out("unknown-sender: messages of neither person nor model")
        return []
    names = [one_line(f.get("file_name") or f.get("name"), 200) for f in dicts(response.get("file_attachments"))]
    return [
        make_turn(
            role,
            text_of(response.get("message")),
            external_id=response.get("_id") or response.get("id") or response.get("response_id"),
            at=response.get("create_time"),
            model=response.get("model") if role == "assistant" else "",
            metadata={"attachments": [name for name in names if name]},
        )
    ]
