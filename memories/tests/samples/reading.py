"""Reading a sample the way that an import does, with the items sorted by kind."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

from memories.importers import (
    DEFAULT,
    Failed,
    Item,
    Limits,
    ParsedConversation,
    ParsedDocument,
    ParsedRecord,
    Progress,
    Skipped,
    read,
    sniff,
)


@dataclass
class Result:
    """Everything that one reading gave."""

    items: list[Item] = field(default_factory=list)
    progress: list[Progress] = field(default_factory=list)

    @property
    def conversations(self) -> list[ParsedConversation]:
        return [item for item in self.items if isinstance(item, ParsedConversation)]

    @property
    def documents(self) -> list[ParsedDocument]:
        return [item for item in self.items if isinstance(item, ParsedDocument)]

    @property
    def records(self) -> list[ParsedRecord]:
        return [item for item in self.items if isinstance(item, ParsedRecord)]

    @property
    def failed(self) -> list[Failed]:
        return [item for item in self.items if isinstance(item, Failed)]

    @property
    def skipped(self) -> dict[str, int]:
        """Counts by code."""
        counts: dict[str, int] = {}
        for item in self.items:
            if isinstance(item, Skipped):
                counts[item.code] = counts.get(item.code, 0) + item.count
        return counts

    def texts(self, number: int = 0) -> list[tuple[str, str]]:
        """Role and content of each turn of a conversation."""
        return [(turn.role, turn.content) for turn in self.conversations[number].turns]

    def by_id(self, external_id: str) -> ParsedConversation:
        return next(c for c in self.conversations if c.external_id == external_id)


def read_all(data: bytes, name: str = "file", limits: Limits = DEFAULT) -> Result:
    """Reads to the end."""
    result = Result()
    for progress, item in read(io.BytesIO(data), name, limits=limits):
        result.items.append(item)
        result.progress.append(progress)
    return result


def key_of(data: bytes, name: str = "file") -> str:
    """The format's key."""
    return sniff(io.BytesIO(data), name).key
