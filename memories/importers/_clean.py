"""Text that PostgreSQL and a page can hold: no NUL, no lone surrogates, one kind of newline."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

SURROGATE = re.compile("[\ud800-\udfff]")
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
TITLE_CHARS = 300
NAME_CHARS = 255
META_NODES = 400
META_DEPTH = 5
META_CHARS = 2_000
TAG_CHARS = 100


def clean(text: str) -> str:
    """The same text without what storage refuses; newlines become \\n."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return storable(text)


def storable(text: str) -> str:
    """Without NUL; surrogate pairs are joined and lone ones replaced."""
    if "\x00" in text:
        text = text.replace("\x00", "")
    if not text.isascii() and SURROGATE.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def text_of(value: object) -> str:
    """A clean string from what should be one: '' for null and for structures, digits for numbers."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    return str(value) if abs(value) < 10**30 else ""


def dicts(value: object) -> list[dict[str, Any]]:
    """The objects in what should be a list of them; nothing where it is none."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def one_line(value: object, chars: int = TITLE_CHARS) -> str:
    """A title: one line, no control characters, cut at `chars`."""
    text = " ".join(CONTROL.sub(" ", text_of(value)[: chars * 8]).split())
    return text if len(text) <= chars else text[: chars - 1].rstrip() + "…"


def safe_name(name: str) -> str:
    """A member's path for display and identity: relative, without '..', drives or control characters."""
    plain = unicodedata.normalize("NFC", CONTROL.sub("", storable(name))).replace("\\", "/")
    parts = [part for part in plain.split("/") if part not in {"", ".", ".."} and not re.fullmatch(r"[A-Za-z]:", part)]
    return "/".join(parts)[-NAME_CHARS:] or "unnamed"


def stem(name: str) -> str:
    """The file's name without folders and extension, as a title."""
    last = safe_name(name).rpartition("/")[2]
    base, dot, extension = last.rpartition(".")
    return one_line(base if dot and base and len(extension) <= 8 else last)


def digest(*parts: object) -> str:
    """A stable identity for what has none: 32 hexadecimal digits."""
    hashed = hashlib.blake2b(digest_size=16)
    for part in parts:
        hashed.update(str(part).encode("utf-8", "replace"))
        hashed.update(b"\x1f")
    return hashed.hexdigest()


def tags_of(values: object) -> tuple[str, ...]:
    """Tags from a list, or from text with commas; without '#', in order, each once."""
    if isinstance(values, str):
        values = re.split(r"[,;\n]", values) if re.search(r"[,;\n]", values) else values.split()
    if not isinstance(values, Iterable) or isinstance(values, dict | bytes):
        return ()
    cleaned = (one_line(v, TAG_CHARS).lstrip("#").strip() for v in values)
    return tuple(dict.fromkeys(tag for tag in cleaned if tag))[:100]


def metadata_of(values: dict[str, Any]) -> dict[str, Any]:
    """JSON-able, without empty values, cut in depth and size: metadata describes, it does not archive."""
    budget = iter(range(META_NODES))
    plain = {one_line(key, 100): _plain(value, META_DEPTH, budget) for key, value in values.items()}
    return {key: value for key, value in plain.items() if value not in (None, "", [], {})}


def _plain(value: object, depth: int, budget: Iterator[int]) -> Any:
    if next(budget, None) is None or depth == 0:
        return None
    if isinstance(value, str):
        return clean(value[:META_CHARS])
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value if abs(value) < 2**63 else None
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, dict):
        return {one_line(str(k), 100): _plain(v, depth - 1, budget) for k, v in list(value.items())[:META_NODES]}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(v, depth - 1, budget) for v in list(value)[:META_NODES]]
    return one_line(str(value))
