"""Which language code is in: as its writer says, else as Magika sees it, Google's small model for kinds of content.

Y. Fratantonio et al., Magika: AI-Powered Content-Type Detection, 2024. Its weights, 3 MB, come in its package.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from pygments.lexers import find_lexer_class_by_name, get_lexer_by_name
from pygments.util import ClassNotFound

if TYPE_CHECKING:
    from magika import Magika
    from pygments.lexer import Lexer

# Below it a guess is none.
_SURE: Final = 0.5
_SURE_OF_SHORT: Final = 0.75
_SHORT_CHARS: Final = 40
# Magika's names where Pygments has others.
_NAMES: Final = {
    "cs": "csharp",
    "shell": "bash",
    "h": "c",
    "hpp": "cpp",
    "dockerfile": "docker",
    "batch": "batch",
    "makefile": "make",
    "textproto": "protobuf",
    "proto": "protobuf",
    "asm": "nasm",
    "gradle": "groovy",
    "objectivec": "objective-c",
}
# Content that is no program: a block of it has no language.
_NO_CODE: Final = frozenset(
    ["txt", "txtascii", "txtutf8", "markdown", "unknown", "empty", "undefined", "randomtxt", "csv"]
)
_PLAIN_TAGS: Final = frozenset(["text", "txt", "plaintext", "plain", "output", "log", "md", "markdown", "none"])


def language_of(code: str, tag: str = "") -> tuple[str, str]:
    """(language by Pygments' name, how it is known: 'said' or 'seen'); empty where it cannot be told."""
    if tag in _PLAIN_TAGS:
        return "", ""
    if tag and (name := _known(tag)):
        return name, "said"
    seen = _seen(code)
    return (seen, "seen") if seen else ("", "")


def label(language: str) -> str:
    """A language's name for people."""
    try:
        return str(find_lexer_class_by_name(language).name)
    except ClassNotFound:
        return language


def lexer_for(language: str) -> Lexer | None:
    """Pygments' lexer, which leaves blank lines where they are."""
    try:
        return get_lexer_by_name(language, stripnl=False)
    except ClassNotFound:
        return None


def _known(name: str) -> str:
    """The name under which Pygments has it first; empty for an unknown one."""
    try:
        aliases = find_lexer_class_by_name(_NAMES.get(name, name)).aliases
    except ClassNotFound:
        return ""
    return str(aliases[0]) if aliases else ""


def _seen(code: str) -> str:
    found = _model().identify_bytes(code.encode("utf-8", "replace"))
    name, score = str(found.dl.label), float(found.score)
    least = _SURE_OF_SHORT if len(code) < _SHORT_CHARS else _SURE
    return "" if name in _NO_CODE or score < least else _known(name)


@lru_cache(maxsize=1)
def _model() -> Magika:
    # Only when code is read: the model and its runtime take memory that web processes must not spend.
    from magika import Magika

    return Magika()
