"""Perplexity's export: questions and answers with their sources."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from memories.importers._clean import one_line, text_of
from memories.importers._pieces import items_from
from memories.importers._run import Run
from memories.importers._sources import Source
from memories.importers._turns import conversation, make_turn
from memories.importers.items import Item

PREFIXES = ("[]", ".conversations[]", "")


def recognises(source: Source) -> bool:
    """A query with its answer."""
    return any(source.outline.has(f"{prefix}.query", f"{prefix}.answer") for prefix in PREFIXES)


def read(source: Source, run: Run) -> Iterator[Item]:
    """A conversation of two turns each."""
    yield from items_from(source, run, parse_conversation)


def parse_conversation(data: dict[str, Any]) -> Item | None:
    """The question is the title."""
    at, name = (
        data.get("timestamp") or data.get("created_at"),
        one_line(data.get("uuid") or data.get("id"), 150),
    )
    query = text_of(data.get("query"))
    answer = make_turn(
        "assistant",
        text_of(data.get("answer")),
        external_id=f"{name}-answer" if name else "",
        at=at,
        model=data.get("model"),
        metadata={"sources": _sources(data.get("sources"))},
    )
    asked = make_turn("user", query, external_id=f"{name}-query" if name else "", at=at)
    return conversation(
        [asked, answer],
        external_id=name,
        title=data.get("title") or one_line(query, 120),
        model=data.get("model"),
    )


def _sources(sources: object) -> list[str]:
    listed = sources if isinstance(sources, list) else []
    urls = (one_line(s.get("url") or s.get("link") if isinstance(s, dict) else s, 500) for s in listed)
    return [url for url in urls if url][:50]
