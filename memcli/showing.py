"""What a person reads on the terminal, and what a program reads with --json."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.text import Text

from memcli.opening import Opened, Opener

_PREVIEW_CHARS = 300


def as_json(value: Any) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def console() -> Console:
    """Standard output."""
    return Console(highlight=False, soft_wrap=True)


def note(text: str) -> None:
    """A remark that is no part of the result, on standard error."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(printable(text), style="dim", markup=False)


def printable(text: str) -> str:
    """Without what would steer the terminal: a memory may hold anything that anybody once said."""
    return "".join(c if c in "\n\t" or c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def with_text(memory: dict[str, Any], opened: Opened) -> dict[str, Any]:
    """The memory for --json: `content` holds the opened text, `opened` says whether there is one."""
    if not memory.get("sealed"):
        return memory
    return {**memory, "content": opened.text, "opened": not opened.why_not, "why_not": opened.why_not or None}


def show_list(
    memories: list[dict[str, Any]], opener: Opener, *, json_: bool, scores: list[float] | None = None
) -> None:
    """Memories one below the other; sealed ones opened where that is possible."""
    opened = [opener.open(memory) for memory in memories]
    if json_:
        shown = [with_text(memory, one) for memory, one in zip(memories, opened, strict=True)]
        as_json(
            [{"memory": m, "score": s} for m, s in zip(shown, scores, strict=True)] if scores is not None else shown
        )
    else:
        for place, (memory, one) in enumerate(zip(memories, opened, strict=True)):
            console().print(_entry(memory, one, scores[place] if scores is not None else None))
        if not memories:
            note("Nothing found.")
    closed = [one.why_not for one in opened if one.why_not]
    if closed:
        note(f"{len(closed)} of {len(memories)} stay sealed. {' '.join(dict.fromkeys(closed))}")


def show_one(memory: dict[str, Any], opened: Opened, *, json_: bool) -> None:
    """A memory with all of its text."""
    if json_:
        return as_json(with_text(memory, opened))
    console().print(_head(memory, None))
    console().print(Text(printable(opened.text)))
    return None


def _entry(memory: dict[str, Any], opened: Opened, score: float | None) -> Text:
    text = _head(memory, score)
    if opened.why_not:
        return text.append("\n  (sealed)\n", style="dim")
    line = " ".join(printable(opened.text).split())
    cut = line if len(line) <= _PREVIEW_CHARS else line[: _PREVIEW_CHARS - 1] + "…"
    return text.append(f"\n  {cut}\n")


def _head(memory: dict[str, Any], score: float | None) -> Text:
    day = datetime.fromisoformat(memory["occurred_at"]).astimezone().strftime("%Y-%m-%d")
    text = Text(memory["id"], style="cyan").append(f"  {day}  {memory['kind']}", style="dim")
    if score is not None:
        text.append(f"  {score:.0%}", style="green")
    if memory["sealed"]:
        text.append("  sealed", style="yellow")
    for tag in memory["tags"]:
        text.append(f"  #{printable(tag)}", style="magenta")
    return text
