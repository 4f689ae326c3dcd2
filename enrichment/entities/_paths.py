"""Paths of files: Unix, Windows and UNC, and names of files by their endings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from enrichment.entities._found import Found, found
from enrichment.entities._words import alternatives, word_set

_ENDINGS: Final = alternatives("file_endings")
_WEAK_ENDINGS: Final = word_set("weak_endings")
_SHORT_PATHS: Final = word_set("short_paths")
_ROOTS: Final = alternatives("roots")
_PART: Final = r"(?:[\w.+@%~,=#\-]|\\ )+"
_UNIX: Final = re.compile(
    rf"(?<![\w/.:~<@\\)\]}}])(?:~[\w\-]*/(?:{_PART}/)*(?:{_PART})?|\.{{1,2}}/(?:{_PART}/)*{_PART}/?|"
    rf"(?P<whole>/(?:{_PART}/)*{_PART}/?))"
)
_QUOTED: Final = re.compile(rf"(?<=[\"'`])(?:~|/(?:{_ROOTS}))/[^\"'`\n]*[^\"'`\n/ ](?=[\"'`])")
_RELATIVE: Final = re.compile(
    rf"(?<![\w/.:~\\@\-])(?:[\w.\-]+/)+[\w.+\-]*[\w]\.(?:{_ENDINGS})(?::\d+(?::\d+)?)?(?![\w/]|\.\w|\()", re.IGNORECASE
)
_BARE: Final = re.compile(
    rf"(?<![\w/.:~\\@$&=%#'’\-])[\w][\w.+\-]*?\.(?P<ending>{_ENDINGS})(?![\w@/(:\\\-]|\.\w|::|\s?\()", re.IGNORECASE
)
_WINDOWS: Final = re.compile(
    r"(?<![\w/\\])[A-Za-z]:(?:\\(?!\\|n\b)|/(?=(?:" + alternatives("windows_roots") + r")\b))"
    r"(?:(?:[^\\/:*?\"<>|\s,;]+(?: [^\\/:*?\"<>|\s,;]+){0,3})[\\/])*[^\\/:*?\"<>|\s,;]*"
)
_QUOTED_WINDOWS: Final = re.compile(
    r"(?<=[\"'`])(?:[A-Za-z]:\\|\\\\[\w.\-]+\\)[^\"'`\n:*?<>|]*[^\"'`\n:*?<>|\s](?=[\"'`])"
)
_UNC: Final = re.compile(
    r"(?<![\w\\:])\\\\[\w?][\w.\-]+\\[\w$][\w.$\-]*(?:\\[^\\/:*?\"<>|\s,;]+(?: [^\\/:*?\"<>|\s,;]+(?=\\))*)*\\?"
)
_KNOWN_ROOT: Final = re.compile(rf"/(?:{_ROOTS})(?:/|$)")
_HAS_ENDING: Final = re.compile(rf"\.(?:{_ENDINGS})$", re.IGNORECASE)
# Products that are called like files.
_PRODUCT: Final = re.compile(alternatives("file_like_products"), re.IGNORECASE)


def paths(text: str) -> Iterator[Found]:
    """Paths from a root, from home and relative ones; in quotes they may hold spaces. Line numbers are no part."""
    for pattern in (_QUOTED_WINDOWS, _QUOTED):
        for match in pattern.finditer(text):
            yield found("path", text, match.span(), match.group(), "a path in quotes")
    if "\\" in text or ":/" in text:
        yield from _windows(text)
    yield from _unix(text)
    for match in _RELATIVE.finditer(text):
        if not re.fullmatch(r"[\d/.]+", match.group()):
            written = re.sub(r"(?::\d+)+$", "", match.group())
            yield found("path", text, (match.start(), match.start() + len(written)), written, "folders and an ending")
    yield from _names(text)


def _windows(text: str) -> Iterator[Found]:
    for pattern, rule in ((_UNC, "a server and a share"), (_WINDOWS, "a drive")):
        for match in pattern.finditer(text):
            written = match.group().rstrip(".)]}'’”")
            if len(written) > 2:
                yield found("path", text, (match.start(), match.start() + len(written)), written, rule)


def _unix(text: str) -> Iterator[Found]:
    for match in _UNIX.finditer(text):
        written = match.group().rstrip(".,=%#")
        if match["whole"] and not _is_place(written):
            continue
        if written in ("~", "~/") and text[match.end() : match.end() + 1].isalnum():
            continue
        if len(written.strip("./~")):
            yield found("path", text, (match.start(), match.start() + len(written)), written, "a path from a root")


def _is_place(written: str) -> bool:
    """`/help`, `/s` and `/api/users` are none: a known root, or folders and a file with an ending."""
    if _KNOWN_ROOT.match(written):
        return written.count("/") > 1 or written[1:] in _SHORT_PATHS
    return written.count("/") > 1 and bool(_HAS_ENDING.search(written))


def _names(text: str) -> Iterator[Found]:
    for match in _BARE.finditer(text):
        written = match.group()
        weak = match["ending"].lower() in _WEAK_ENDINGS
        if weak or _PRODUCT.fullmatch(written) or not _is_file_name(written, match["ending"]):
            continue
        yield found("path", text, match.span(), written, f"a name with the ending {match['ending']}")


def _is_file_name(written: str, ending: str) -> bool:
    """`word.Py` lacks a space, and `3.js` is a list's."""
    stem = written[: -len(ending) - 1]
    return (ending.islower() or written.isupper()) and not stem.isdigit() and any(c.isalnum() for c in stem)
