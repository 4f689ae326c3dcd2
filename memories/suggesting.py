"""How a question may go on while it is typed: filters, the owner's own words for them, and saved searches.

Names are sealed, so what is read for one keystroke is bounded. A plain word may be any of them, so that the keystrokes
of a word share what was read; behind a filter's key only its own values are read, each time.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from memories import selectors
from memories.fingerprints import source_family
from memories.people import people_for
from memories.query_language import CHOICES, DATES, KEYS, Typed, quoted, typed_at
from personas.selectors import personas_for

TITLES_MAX = 400
TAGS_MAX = 400
_FRESH_S = 10.0
_OWNERS_MAX = 200
KEY_HELP = {
    "tag": "carries a tag",
    "kind": "a note, a turn, a fact …",
    "from": "where it was captured",
    "by": "who said it",
    "role": "the user or the assistant",
    "persona": "one of your personas",
    "in": "within a conversation",
    "before": "happened earlier than",
    "after": "happened then or later",
    "on": "happened in that year, month or day",
    "is": "pinned, archived …",
    "state": "active, archived, superseded or deleted",
    "has": "a secret, or words for a model",
}
_KINDS = {
    "tag": "tag",
    "kind": "kind",
    "from": "source",
    "by": "person",
    "role": "role",
    "persona": "persona",
    "in": "conversation",
    "is": "state",
    "state": "state",
    "has": "finding",
}
Words = Sequence[str]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One way to go on. Chosen, the box holds `text` with the caret at `cursor`.

    `kind` is filter, tag, kind, source, person, role, persona, conversation, state, finding, date or saved.
    """

    kind: str
    label: str
    detail: str
    text: str
    cursor: int


def complete(owner: User, text: str, cursor: int | None = None, *, limit: int = 8) -> list[Suggestion]:
    """Up to `limit` ways to go on where the caret stands (at the end, when None), the likeliest first."""
    place = len(text) if cursor is None else min(cursor, len(text))
    typed = typed_at(text, place)
    found = _values(owner, text, typed) if typed.key else _beginnings(owner, text, typed)
    return list(islice(_distinct(found), limit))


def forget(owner_id: UUID) -> None:
    """The owner's words changed in this process: read them again at the next keystroke."""
    for key in [key for key in _read if key[0] == owner_id]:
        _read.pop(key, None)


def _values(owner: User, text: str, typed: Typed) -> Iterator[Suggestion]:
    """The values that the filter being typed can have."""
    for value, detail in _known(owner, typed.key):
        if _fits(value, typed.prefix):
            yield _chosen(text, typed, quoted(value) + " ", _KINDS.get(typed.key, "date"), value, detail)


def _known(owner: User, key: str) -> Iterable[tuple[str, str]]:
    if key in DATES:
        return _dates()
    if key in CHOICES:
        return ((value, "") for value in CHOICES[key])
    return ((value, "") for value in _read_now(owner, key))


def _dates() -> list[tuple[str, str]]:
    today = timezone.localdate()
    last_month = today.replace(day=1) - timedelta(days=1)
    return [
        ("today", f"{today:%A}"),
        ("yesterday", f"{today - timedelta(days=1):%A}"),
        ("7d", "a week ago"),
        ("1m", "a month ago"),
        ("1y", "a year ago"),
        (f"{today:%Y-%m}", f"{today:%B %Y}"),
        (f"{last_month:%Y-%m}", f"{last_month:%B %Y}"),
        (f"{today:%Y}", "this year"),
        (f"{today.year - 1}", "last year"),
    ]


def _beginnings(owner: User, text: str, typed: Typed) -> Iterator[Suggestion]:
    """What may be meant by the word being typed: a saved search, a filter, or something that has a name."""
    yield from _saved(owner, text)
    if not typed.prefix:
        yield from (_filter(text, typed, key) for key in KEYS[:7] if not text.strip())
        return
    yield from (_filter(text, typed, key) for key in KEYS if key.startswith(typed.prefix.casefold()))
    if len(typed.prefix) < 2:
        return
    for key in ("tag", "by", "persona", "from", "in") if len(typed.prefix) > 2 else ("tag", "by"):
        for value in _words(owner, key):
            if _fits(value, typed.prefix):
                yield _chosen(text, typed, f"{key}:{quoted(value)} ", _KINDS[key], value, KEY_HELP[key])


def _saved(owner: User, text: str) -> Iterator[Suggestion]:
    wanted = text.strip()
    for line in _words(owner, "saved"):
        name, _, query = line.partition("\n")
        if _fits(name, wanted) and query != wanted:
            yield Suggestion("saved", name, query, query, len(query))


def _filter(text: str, typed: Typed, key: str) -> Suggestion:
    return _chosen(text, typed, f"{key}:", "filter", f"{key}:", KEY_HELP[key])


def _chosen(text: str, typed: Typed, written: str, kind: str, label: str, detail: str) -> Suggestion:
    before = text[: typed.start] + ("-" if typed.negated and not typed.key else "") + written
    return Suggestion(kind, label, detail, before + text[typed.end :].lstrip(), len(before))


def _fits(value: str, prefix: str) -> bool:
    """Whether one of the value's words begins so."""
    wanted, folded = prefix.casefold(), value.casefold()
    return folded.startswith(wanted) or re.search(rf"\W{re.escape(wanted)}", folded) is not None


def _distinct(found: Iterable[Suggestion]) -> Iterator[Suggestion]:
    seen: set[str] = set()
    for suggestion in found:
        if suggestion.text not in seen:
            seen.add(suggestion.text)
            yield suggestion


_read: dict[tuple[UUID, str], tuple[float, Words]] = {}


def _words(owner: User, key: str) -> Words:
    """The owner's names for the values of a filter, at most _FRESH_S seconds old: a plain word asks for all of them."""
    known = _read.get((owner.id, key))
    return known[1] if known and time.monotonic() - known[0] < _FRESH_S else _read_now(owner, key)


def _read_now(owner: User, key: str) -> Words:
    """The same as they are now: a tag that was made a second ago can be chosen."""
    if len(_read) > _OWNERS_MAX * len(_READERS):
        _read.clear()
    words = list(_READERS[key](owner))
    _read[owner.id, key] = (time.monotonic(), words)
    return words


def _families(owner: User) -> Iterable[str]:
    return sorted({source_family(source) for source in selectors.sources_for(owner)})


def _last_used_first(owner: User) -> Iterable[str]:
    rows = sorted(selectors.saved_searches_for(owner), key=lambda s: s.last_used_at or s.created_at, reverse=True)
    return (f"{row.name}\n{row.query}" for row in rows)


_READERS: dict[str, Callable[[User], Iterable[str]]] = {
    "tag": lambda owner: selectors.newest_tag_names(owner, TAGS_MAX),
    "from": _families,
    "by": people_for,
    "persona": lambda owner: [persona.name for persona in personas_for(owner)],
    "in": lambda owner: selectors.newest_titles(owner, TITLES_MAX),
    "saved": _last_used_first,
}
