"""Markdown notes: front matter, tags and wikilinks as Obsidian writes them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from memories.importers._clean import one_line, tags_of
from memories.importers._documents import document, whole_text
from memories.importers._run import Run
from memories.importers._sources import Source
from memories.importers.items import Item

EXTENSIONS = {"md", "markdown", "mdown", "mdx"}
FRONT = re.compile(r"\A---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
FRONT_CHARS = 16 * 1024
# The YAML scanner takes quadratic time over nested brackets.
FRONT_BRACKETS = 200
HEADING = re.compile(r"^#[ \t]+(\S.*)$", re.MULTILINE)
CODE = re.compile(r"^(```|~~~).*?(?:^\1[ \t]*$|\Z)|`[^`\n]*`", re.DOTALL | re.MULTILINE)
TAG = re.compile(r"(?:^|(?<=[\s(]))#([\w/-]*[^\W\d_][\w/-]*)")
WIKILINK = re.compile(r"!?\[\[([^\[\]|#^\n]{1,300})(?:[#^][^\[\]|\n]*)?(?:\|[^\[\]\n]*)?\]\]")
MARKS = re.compile(r"^(#{1,6}\s+\S|[-*+]\s+\S|>\s|```|\d+\.\s+\S|\[.+\]\(.+\))", re.MULTILINE)
DATE_KEYS = ("date", "created", "created_at", "creation_date", "date_created", "updated", "modified")
LINKS = 500


def recognises(source: Source) -> bool:
    """By its marks where the name says nothing: front matter, or several Markdown constructs."""
    if not source.is_text:
        return False
    if source.extension in EXTENSIONS:
        return True
    if source.in_archive or source.extension not in ("", "txt"):
        return False
    return bool(front_matter(source.head_text)[0]) or len(MARKS.findall(source.head_text)) >= 3


def read(source: Source, run: Run) -> Iterator[Item]:
    """One note; its identity is its path in the vault."""
    about, body = front_matter(whole_text(source))
    prose = CODE.sub(" ", body)
    heading = HEADING.search(prose)
    listed = about.pop("tags", None) or about.pop("tag", None)
    about.pop("tag", None)
    at = next((about[key] for key in DATE_KEYS if about.get(key)), None)
    links = dict.fromkeys(one_line(link) for link in WIKILINK.findall(prose))
    yield document(
        source,
        body.strip("\n"),
        title=about.pop("title", None) or (heading[1].rstrip().rstrip("#") if heading else ""),
        at=at,
        tags=tags_of([*tags_of(listed), *TAG.findall(prose)]),
        metadata={"links": list(links)[:LINKS], "front_matter": about},
    )


def front_matter(text: str) -> tuple[dict[str, Any], str]:
    """The front matter's values and the text behind it; ({}, text) when it is none or cannot be read."""
    found = FRONT.match(text[:FRONT_CHARS]) if text.startswith("---") else None
    if not found:
        return {}, text
    try:
        values = _safe_yaml(found[1])
    except (yaml.YAMLError, ValueError, RecursionError, TypeError, AttributeError):
        return {}, text
    if not isinstance(values, dict):
        return {}, text
    return {one_line(str(key), 100): value for key, value in values.items()}, text[found.end() :]


def _safe_yaml(text: str) -> Any:
    """Aliases are refused: a few lines of them unfold to gigabytes."""
    if text.count("[") + text.count("{") > FRONT_BRACKETS:
        raise ValueError("too many brackets")
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        if isinstance(token, yaml.AliasToken):
            raise ValueError("aliases are not read")
    return yaml.safe_load(text)
