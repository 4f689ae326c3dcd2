"""What a JSON file looks like from its first bytes, even if they stop amid the first conversation."""

from __future__ import annotations

from dataclasses import dataclass, field

import regex

TOKEN = regex.compile(rb'"((?:[^"\\]++|\\.)*+)"(\s*:)?|[{}\[\]]', regex.DOTALL)
DEPTH = 4
VALUES = 20
TOKENS = 60_000


@dataclass(slots=True)
class Outline:
    """`paths` are like '.title', '[].mapping', '.conversations[].query'. `kind`: array, object, lines or ''.

    In a file of JSON lines, the paths are those of the first lines together.
    """

    kind: str = ""
    paths: set[str] = field(default_factory=set)
    values: int = 0

    def has(self, *paths: str) -> bool:
        """Whether every one of `paths` was seen."""
        return all(path in self.paths for path in paths)


def outline(head: bytes) -> Outline:
    """Reads `head` (UTF-8, no byte order mark) until it ends or `VALUES` top-level values have closed."""
    seen = Outline()
    text = head.lstrip()
    if text[:1] not in (b"{", b"["):
        return seen
    seen.kind = "array" if text[:1] == b"[" else "object"
    _walk(text, seen)
    return seen


def _walk(text: bytes, seen: Outline) -> None:
    path: list[str] = []
    key = ""
    for count, token in enumerate(TOKEN.finditer(text)):
        if count > TOKENS or seen.values >= VALUES:
            return
        mark = token[0][:1]
        if mark == b'"':
            key = _key(token, path, key, seen)
        elif mark in b"{[":
            if not path and seen.values:
                seen.kind = "lines"
            path.append(f".{key}[]" if mark == b"[" and key else "[]" if mark == b"[" else f".{key}" if key else "")
            key = ""
        elif path:
            path.pop()
            key = ""
            seen.values += not path


def _key(token: regex.Match[bytes], path: list[str], key: str, seen: Outline) -> str:
    if token[2] is None:
        return ""
    name = token[1][:100].decode("utf-8", "replace")
    if len(path) <= DEPTH:
        seen.paths.add("".join(path) + f".{name}")
    return name
