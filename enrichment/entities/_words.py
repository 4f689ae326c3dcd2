"""The lists of words that patterns go by, from `words.toml`."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any


def word_set(name: str) -> frozenset[str]:
    """A list of plain words."""
    return frozenset(_lists()["sets"][name].split())


def alternatives(name: str) -> str:
    """A list of regular expressions as one that matches any, the longest tried first."""
    return "|".join(sorted(_lists()["alternatives"][name].split(), key=len, reverse=True))


def table(*path: str) -> dict[str, Any]:
    """A table of the file, by the names on the way to it."""
    found: dict[str, Any] = _lists()
    for name in path:
        found = found[name]
    return found


@lru_cache(maxsize=1)
def _lists() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))
