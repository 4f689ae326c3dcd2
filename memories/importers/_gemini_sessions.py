"""Gemini in Workspace (one conversation a file, JSON named .txt) and AI Studio prompts (chunkedPrompt)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from memories.importers._clean import dicts, digest, one_line, stem, text_of
from memories.importers._pieces import items_from
from memories.importers._run import Run
from memories.importers._sources import Source
from memories.importers._turns import conversation, make_turn, role_of
from memories.importers.items import Item, ParsedTurn

THOUGHTS = "reasoning: the model's thoughts"
CARDS = "unknown-content: cards and images in answers"


def recognises(source: Source) -> bool:
    """By the key that holds the turns."""
    return source.outline.has(".conversation_turns") or source.outline.has(".chunkedPrompt.chunks")


def read(source: Source, run: Run) -> Iterator[Item]:
    """One conversation."""
    yield from items_from(source, run, lambda data: parse_session(data, source.name, run))


def parse_session(data: dict[str, Any], name: str, run: Run) -> Item | None:
    """Either shape."""
    if "conversation_turns" in data:
        return _workspace(data, run)
    return _studio(data, name, run)


def _workspace(data: dict[str, Any], run: Run) -> Item | None:
    turns: list[ParsedTurn] = []
    for entry in dicts(data.get("conversation_turns")):
        user, system = entry.get("user_turn"), entry.get("system_turn")
        if isinstance(user, dict):
            at = user.get("turn_last_modified")
            turns.append(make_turn("user", text_of(user.get("prompt")), at=at, external_id=_number(user, "user")))
        if isinstance(system, dict):
            at = system.get("turn_last_modified")
            turns.append(make_turn("assistant", _answer(system, run), at=at, external_id=_number(system, "system")))
    return conversation(
        turns,
        external_id=f"workspace:{digest(data.get('creation_time'), _first(turns))}",
        title=data.get("title"),
        started=data.get("creation_time"),
        ended=data.get("last_modification_time"),
    )


def _first(turns: list[ParsedTurn]) -> str:
    """What a conversation without an id is known by: its file's number changes from export to export."""
    return next((turn.content for turn in turns if turn.content), "")


def _number(turn: dict[str, Any], side: str) -> str:
    number = text_of(turn.get("turn_index"))
    return f"{side}-{number}" if number else ""


def _answer(system: dict[str, Any], run: Run) -> str:
    texts = system.get("text")
    if isinstance(texts, str):
        return text_of(texts)
    run.leave_out(THOUGHTS, len(dicts(system.get("model_thoughts"))))
    run.leave_out(CARDS, len(dicts(system.get("images"))) + sum(1 for t in dicts(texts) if not t.get("data")))
    parts = (text_of(part.get("data")) for part in dicts(texts))
    return "\n\n".join(part for part in parts if part.strip())


def _studio(data: dict[str, Any], name: str, run: Run) -> Item | None:
    prompt = data.get("chunkedPrompt")
    chunks = dicts(prompt.get("chunks")) if isinstance(prompt, dict) else []
    settings = data["runSettings"] if isinstance(data.get("runSettings"), dict) else {}
    model = one_line(settings.get("model"), 100).removeprefix("models/")
    turns: list[ParsedTurn] = []
    for chunk in chunks:
        if chunk.get("isThought"):
            run.leave_out(THOUGHTS)
            continue
        role = role_of(chunk.get("role")) or "user"
        text = text_of(chunk.get("text")) or _parts(chunk)
        at = chunk.get("createTime")
        turns.append(make_turn(role, text, at=at, model=model if role == "assistant" else ""))
    return conversation(
        turns, external_id=f"aistudio:{digest(stem(name), _first(turns))}", title=stem(name), model=model
    )


def _parts(chunk: dict[str, Any]) -> str:
    texts = "".join(text_of(p.get("text")) for p in dicts(chunk.get("parts")) if not p.get("thought"))
    file = next((key for key in chunk if key.startswith("drive")), "")
    return texts or (f"[file: {file.removeprefix('drive').lower()}]" if file else "")
