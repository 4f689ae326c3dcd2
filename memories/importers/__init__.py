"""Reading what people bring along: chat exports, session logs, notes, documents, as plain items.

Nothing here touches the database. `sniff` says what a file is; `read` yields its items lazily in a fixed
order, so that an interrupted import can go on by passing over those that it has stored.
"""

from memories.importers._reading import read, sniff
from memories.importers._registry import FORMATS, Format
from memories.importers.items import (
    ACCEPTED,
    Failed,
    Item,
    ParsedConversation,
    ParsedDocument,
    ParsedRecord,
    ParsedTurn,
    Progress,
    Skipped,
    UnknownFormat,
)
from memories.importers.limits import DEFAULT, Limits

__all__ = [
    "ACCEPTED",
    "DEFAULT",
    "FORMATS",
    "Failed",
    "Format",
    "Item",
    "Limits",
    "ParsedConversation",
    "ParsedDocument",
    "ParsedRecord",
    "ParsedTurn",
    "Progress",
    "Skipped",
    "UnknownFormat",
    "read",
    "sniff",
]
