"""The lists of words by which statements are read, from `words.toml`."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any


def word_set(*path: str) -> frozenset[str]:
    """A list parted by blanks."""
    return frozenset(str(table(*path)).split())


def line_set(*path: str) -> frozenset[str]:
    """A list parted by lines."""
    return frozenset(line for line in str(table(*path)).splitlines() if line)


def table(*path: str) -> Any:
    """A part of the file, by the names on the way to it."""
    found: Any = _lists()
    for name in path:
        found = found[name]
    return found


@lru_cache(maxsize=1)
def _lists() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))
