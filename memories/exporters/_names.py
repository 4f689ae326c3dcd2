"""File names from titles: safe on every system, unique, and the same in each export."""

from __future__ import annotations

import re
import unicodedata
from base64 import b32encode
from hashlib import blake2b
from uuid import UUID

# What Windows, macOS or Linux refuse in a name, and what would break a [[link]] in Obsidian.
_UNSAFE = re.compile(r'[\\/:*?"<>|#^\[\]%`~$&{}]+')
_RESERVED = frozenset(
    ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"]
    + [f"{device}{digit}" for device in ("COM", "LPT") for digit in "0123456789\u00b9\u00b2\u00b3"]
)
_STEM_BYTES = 120
_MARK_CHARS = 10


def file_stem(title: str, key: UUID) -> str:
    """A name without folder and extension. Its end, 50 bits of the id's hash, keeps equal titles apart.

    Because it depends on nothing else, a link can name a note that is not written yet, and a later export
    into the same folder replaces the notes of the earlier one.
    """
    return f"{safe_title(title)} {mark(key)}"


def mark(key: UUID) -> str:
    """Ten lower-case letters and digits that stand for an id."""
    return b32encode(blake2b(key.bytes, digest_size=10).digest()).decode().lower()[:_MARK_CHARS]


def safe_title(title: str) -> str:
    """The title as the start of a file name that every system takes and no link trips over."""
    visible = "".join(c for c in unicodedata.normalize("NFC", title[:1000]) if _is_visible(c))
    plain = " ".join(_UNSAFE.sub(" ", visible).split()).strip(". ")
    plain = plain.encode()[:_STEM_BYTES].decode("utf-8", "ignore").strip(". ")
    if not plain:
        return "Untitled"
    return f"_{plain}" if plain.split(".")[0].strip().upper() in _RESERVED else plain


def _is_visible(character: str) -> bool:
    """False for controls, unassigned and format characters, but for the joiner of emoji and Indic scripts."""
    category = unicodedata.category(character)
    return category[0] != "C" or character == "\u200d" or character in "\t\n"


def tag_name(name: str) -> str:
    """A tag as Obsidian accepts it: letters, digits, '_', '-' and '/', and not digits alone."""
    plain = re.sub(r"[^\w/-]+", "-", name).strip("-/")
    return f"_{plain}" if plain.isdecimal() else plain
