"""Where a text has code: between fences, indented as Markdown has it, or all of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

# Longer code is cut: a file of thousands of lines is named and measured by its beginning.
BLOCK_CHARS: Final = 60_000
BLOCKS_MAX: Final = 50
_FENCE: Final = re.compile(
    r"^ {0,3}(?P<mark>`{3,}|~{3,})[ \t]*(?P<tag>[^\s`]*)[^\n`]*\n(?P<code>.*?)(?:^ {0,3}(?P=mark)[`~]*[ \t]*$|\Z)",
    re.MULTILINE | re.DOTALL,
)
_INDENTED: Final = re.compile(r"(?:^|\n\n)(?P<code>(?:(?: {4}|\t)[^\n]*\n|[ \t]*\n)*(?: {4}|\t)[^\n]*(?:\n|\Z))")
_LINES_MIN: Final = 3
# How lines of code look: they end with a mark of it, or begin with one, or are set in.
_CODE_LINE: Final = re.compile(
    r"[;{}\[\](),:\\]\s*$|^\s*(?:[}\])#@]|//|/\*|\*/|<\w|\$\s|\.\w)|^\s{2,}\S|^\s*[\w.\[\]\"']+\s*(?:[-+*/|&]?=|:=|<-)\s*\S"
    r"|^(?:import|from|def|class|const|let|var|func|fn|return|use|package|using|select|insert|create|public|private)\b",
    re.IGNORECASE,
)
_PROSE_LINE: Final = re.compile(r"^\s*(?:[-*+>]|\d+[.)])\s+[A-Z]|^[A-Z][a-z]+(?: [\w',]+){4,}[.!?]?\s*$")
_SHARE: Final = 0.6


@dataclass(frozen=True, slots=True)
class Block:
    """Code at [start:end) of a text. `tag` is what its writer called the language, empty where nothing says."""

    start: int
    end: int
    code: str
    tag: str = ""


def code_blocks(text: str) -> list[Block]:
    """The code of a text, in order: its fenced blocks; without any, indented ones; else all of it, where it is code."""
    found = list(_fenced(text))[:BLOCKS_MAX]
    if found or _FENCE.search(text):
        return found
    if _looks_like_code(text):
        begin = len(text) - len(text.lstrip("\n"))
        return [_block(text, begin, len(text.rstrip()), "")]
    return [one for one in _indented(text) if _looks_like_code(one.code)][:BLOCKS_MAX]


def _fenced(text: str) -> Iterator[Block]:
    for match in _FENCE.finditer(text):
        if match["code"].strip():
            yield _block(text, match.start("code"), match.end("code"), match["tag"].strip("{}.").lower())


def _indented(text: str) -> Iterator[Block]:
    for match in _INDENTED.finditer(text):
        if match["code"].strip():
            yield _block(text, match.start("code"), match.end("code"), "")


def _block(text: str, start: int, end: int, tag: str) -> Block:
    return Block(start, end, text[start:end][:BLOCK_CHARS], tag)


def _looks_like_code(text: str) -> bool:
    lines = [line for line in text[:BLOCK_CHARS].splitlines() if line.strip()]
    if len(lines) < _LINES_MIN:
        return False
    code = sum(bool(_CODE_LINE.search(line)) and not _PROSE_LINE.match(line) for line in lines)
    return code / len(lines) >= _SHARE
