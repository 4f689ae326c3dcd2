"""What one reading keeps beside its items: limits, counts of what was left out, items already given."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TypeVar

from memories.importers._clean import one_line
from memories.importers.items import Failed, Item, ParsedConversation, ParsedDocument, Refused, Skipped
from memories.importers.limits import Limits

T = TypeVar("T")
# Repetitions are looked for among this many items; storing meets the others.
REMEMBERED = 500_000


@dataclass(slots=True)
class Run:
    """State of one `read`. `tally` counts by reason and becomes one Skipped each at the end."""

    limits: Limits
    format: str = ""
    tally: Counter[tuple[str, str]] = field(default_factory=Counter)
    seen: set[bytes] = field(default_factory=set)

    def leave_out(self, reason: str, count: int = 1) -> None:
        """Counts `reason` ('code: words') for the format that is being read."""
        if count:
            self.tally[self.format, reason] += count

    def totals(self) -> Iterator[Skipped]:
        """One Skipped a format and reason, in a fixed order."""
        for (where, reason), count in sorted(self.tally.items()):
            yield Skipped(reason=reason, where=where or "archive", count=count)

    def stamp(self, item: Item) -> Item:
        """Notes the format in the item, and turns one that was given before into a Skipped."""
        if not isinstance(item, ParsedConversation | ParsedDocument):
            return item
        item.metadata.setdefault("format", self.format)
        mark = _fingerprint(self.format, item)
        if mark in self.seen:
            return Skipped("duplicate: the same again in this import", item.external_id)
        if len(self.seen) < REMEMBERED:
            self.seen.add(mark)
        return item


def _fingerprint(key: str, item: ParsedConversation | ParsedDocument) -> bytes:
    hashed = blake2b(f"{key}\x1f{item.external_id}\x1f{item.title}\x1f".encode(), digest_size=12)
    if isinstance(item, ParsedDocument):
        hashed.update(item.content.encode())
    else:
        for turn in item.turns:
            hashed.update(f"{turn.external_id}\x1f{turn.content}\x1f".encode())
    return hashed.digest()


def guarded(make: Callable[[], T], where: str) -> T | Failed:
    """What `make` gives, or the Failed that stands for it: nothing inside a conversation ends the reading."""
    try:
        return make()
    except (MemoryError, OSError):
        raise
    except Exception as error:
        return failed(error, where)


def failed(error: Exception, where: str) -> Failed:
    """The error in words that a person can use, without the program's insides."""
    where = one_line(where, 200)
    if isinstance(error, Refused):
        return Failed(str(error), where)
    if isinstance(error, RecursionError):
        return Failed("too-deep: nested too deeply to be read", where)
    words = re.sub(r"(?<!^)(?=[A-Z])", " ", type(error).__name__).lower()
    return Failed(f"unreadable: not in the expected shape ({words})", where)
