"""Entries of My Activity (a prompt and its answer, newest first), grouped into conversations by time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from memories.importers import _html
from memories.importers._clean import dicts, digest, one_line, text_of
from memories.importers._pieces import values
from memories.importers._run import Run, guarded
from memories.importers._sources import Source
from memories.importers._time import parse_time
from memories.importers._turns import conversation, make_turn
from memories.importers.items import Failed, Item, ParsedTurn

GAP = timedelta(minutes=30)
GROUP = 500
GROUP_CHARS = 8_000_000
OTHER_PRODUCT = "other-product: activity of Google products other than Gemini"
NO_PROMPT = "no-prompt: activity that is no message (created, used, selected …)"
BRANDS = ("gemini", "bard")
# What the title of a prompt begins with, in the languages seen; an unknown beginning is kept as it stands.
PROMPT_VERBS = (
    "Prompted", "Asked", "Said", "Branched", "Answered", "Eingegebener Prompt:", "Prompt eingegeben:",
    "Prompt:", "Gesagt:", "Gefragt:", "Requête :",
    "Vous avez demandé", "Prompt saisi :", "Has preguntado", "Has dicho",
    "Preguntaste", "Petición:", "Hai chiesto", "Prompt inviato:", "Você perguntou", "Comando:", "Gevraagd:",
)  # fmt: skip
OTHER_VERBS = ("Created", "Used", "Added", "Gave", "Selected")
ATTACHED = re.compile(r"\s*\bAttached (\d+) files?\.?\s*$")


@dataclass(slots=True)
class Entry:
    """One prompt with its answer, or either alone."""

    at: datetime | None
    prompt: str
    answer: str
    metadata: dict[str, Any] = field(default_factory=dict)

    def turns(self) -> list[ParsedTurn]:
        """Ids come from time and text: the export has none."""
        base = digest(self.at, self.prompt)[:16]
        asked = make_turn("user", self.prompt, external_id=base, at=self.at, metadata=self.metadata)
        answered = make_turn("assistant", self.answer, external_id=f"{base}-answer", at=self.at, author="Gemini")
        return [turn for turn in (asked, answered) if turn.content]


def recognises(source: Source) -> bool:
    """An array of entries with header and title; a long first prompt may hide the rest."""
    return source.outline.has("[].header", "[].title")


def read(source: Source, run: Run) -> Iterator[Item]:
    """Conversations, newest first as the file has them, each in order of time."""
    yield from grouped(_entries(source, run))


def _entries(source: Source, run: Run) -> Iterator[Entry | Item]:
    for _, where, value in values(source, run):
        entry = value if isinstance(value, Failed) else guarded(partial(parse_entry, value, run), where)
        if entry:
            yield entry


def parse_entry(value: dict[str, Any], run: Run) -> Entry | None:
    """None, counted, for what is no message to Gemini."""
    products = " ".join(text_of(p) for p in value.get("products") or () if isinstance(p, str))
    if not is_gemini(f"{text_of(value.get('header'))} {products}"):
        run.leave_out(OTHER_PRODUCT)
        return None
    answer = "\n\n".join(html_text(item.get("html")) for item in dicts(value.get("safeHtmlItem")))
    notes = {
        "attachments": _names(value.get("attachedFiles")) or None,
        "image": one_line(value.get("imageFile"), 200) or None,
        "links": [one_line(s.get("url"), 500) for s in dicts(value.get("subtitles")) if s.get("url")] or None,
    }
    return make_entry(text_of(value.get("title")), answer, parse_time(value.get("time")), notes, run)


def make_entry(title: str, answer: str, at: datetime | None, notes: dict[str, Any], run: Run) -> Entry | None:
    """An entry from a title with its verb, in any language; None, counted, where it is no message."""
    prompt, is_message = without_verb(title)
    if not is_message:
        run.leave_out(NO_PROMPT)
        return None
    found = ATTACHED.search(prompt[-60:])
    if found:
        prompt = prompt[: -len(found[0])]
        notes.setdefault("attached_files", int(found[1]) if len(found[1]) < 6 else 0)
    return Entry(at, prompt.strip(), answer.strip(), {k: v for k, v in notes.items() if v})


def is_gemini(header: str) -> bool:
    """The brand stays in every language."""
    return any(brand in header.lower() for brand in BRANDS)


def without_verb(title: str) -> tuple[str, bool]:
    """The prompt without its verb, and whether it is a prompt at all."""
    title = title.replace("\xa0", " ")
    for verb in PROMPT_VERBS:
        if title.startswith(verb) and (len(title) == len(verb) or title[len(verb)].isspace()):
            return title[len(verb) :].lstrip(), True
    return title, title.partition(" ")[0] not in OTHER_VERBS


def html_text(markup: object) -> str:
    """The answer's HTML as text."""
    text = text_of(markup)
    return _html.to_text(_html.parse(text)) if text.strip() else ""


def _names(files: object) -> list[str]:
    listed = files if isinstance(files, list) else []
    names = (one_line(f.get("name") if isinstance(f, dict) else f, 200) for f in listed)
    return [name for name in names if name]


def grouped(entries: Iterable[Entry | Item]) -> Iterator[Item]:
    """Conversations parted by a silence of more than half an hour; holds one of them at a time."""
    group: list[Entry] = []
    chars = 0
    for entry in entries:
        if not isinstance(entry, Entry):
            yield entry
            continue
        if group and (_apart(group[-1], entry) or len(group) >= GROUP or chars >= GROUP_CHARS):
            yield from _conversation(group)
            group, chars = [], 0
        group.append(entry)
        chars += len(entry.prompt) + len(entry.answer)
    yield from _conversation(group)


def _apart(one: Entry, other: Entry) -> bool:
    if one.at is None or other.at is None:
        return one.at is not other.at
    return abs(one.at - other.at) > GAP


def _conversation(group: list[Entry]) -> Iterator[Item]:
    """The file is newest first, so that entries of the same second must be turned round too."""
    newest_first = len(group) < 2 or group[0].at is None or group[-1].at is None or group[0].at >= group[-1].at
    ordered = group[::-1] if newest_first else list(group)
    if all(entry.at for entry in ordered):
        ordered.sort(key=lambda entry: entry.at.timestamp() if entry.at else 0.0)
    made = conversation(
        [turn for entry in ordered for turn in entry.turns()],
        metadata={"grouped_by": "time"} if group else None,
    )
    if made:
        made.external_id = f"activity:{made.external_id}"
        yield made
