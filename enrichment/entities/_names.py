"""People, places and organisations, as spaCy's pipeline sees them, without what it often takes for them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from enrichment.entities._found import Found
from enrichment.entities._words import word_set

if TYPE_CHECKING:
    from spacy.tokens import Doc, Span

# OntoNotes labels; pipelines of other languages have the four of WikiNER.
_KINDS: Final = {
    "PERSON": "person",
    "PER": "person",
    "ORG": "organization",
    "GPE": "place",
    "LOC": "place",
    "FAC": "place",
    "NORP": "group",
    "EVENT": "event",
    "PRODUCT": "product",
    "WORK_OF_ART": "work",
    "LAW": "law",
    "LANGUAGE": "language",
}
_EDGES: Final = re.compile(
    r"^(?:the|a|an|my|our|your|his|her|their|this|that)\s+|^[^\w(]+|(?:['’]s?|[^\w).!?]+)$", re.IGNORECASE
)
_MARKUP: Final = re.compile(r"[`*_#|<>{}=\\@]|https?:|\n")
_NO_NAMES: Final = word_set("no_names")
_FIRST: Final = re.compile(r"^([\w']+)[\s,!.–-]+(?=\w)")
_LAST: Final = re.compile(r"[\s,!.–-]+([\w']+)$")


# Headings and bold labels are written with capitals throughout.
_TITLED: Final = re.compile(
    r"^\s{0,3}#{1,6} .*|^[ \t]*(?:[-*+]|\d+[.)])?[ \t]*\*\*[^*\n]+?(?::\*\*|\*\*:?)", re.MULTILINE
)
# Programs and what is to be filled in name nobody: '[University Name]'. A link's words do.
_NOT_PROSE: Final = re.compile(r"```.*?(?:```|\Z)|`[^`\n]+`|\[[^\]\n]{1,60}\](?!\()", re.DOTALL)
_UNLIKELY_IN_TITLES: Final = frozenset(["organization", "work", "product", "event", "law", "group"])


def names(doc: Doc, text: str, rule: str) -> Iterator[Found]:
    """The pipeline's names without articles and possessive endings; `doc` is the parse of `text`, of one length."""
    titled = [match.span() for match in _TITLED.finditer(text)]
    no_prose = [match.span() for match in _NOT_PROSE.finditer(text)]
    for ent in doc.ents:
        kind = spacy_kind(ent.label_)
        if _within(ent, no_prose) or (kind in _UNLIKELY_IN_TITLES and _within(ent, titled)):
            continue
        if kind and (trimmed := _trimmed(ent)) and _is_name(*trimmed, ent):
            start, written = trimmed
            yield Found(kind, start, start + len(written), written, " ".join(written.split()), rule)


def _within(ent: Span, spans: Sequence[tuple[int, int]]) -> bool:
    return any(start <= ent.start_char < end for start, end in spans)


def spacy_kind(label: str) -> str:
    """Our kind for a pipeline's label; empty for numbers, dates and amounts, which patterns find better."""
    return _KINDS.get(label, "")


def _trimmed(ent: Span) -> tuple[int, str] | None:
    start, written = ent.start_char, ent.text
    while match := _edge(written):
        if match.start() == 0:
            start += match.end()
            written = written[match.end() :]
        else:
            written = written[: match.start()]
    return (start, written) if written else None


def _edge(written: str) -> re.Match[str] | None:
    """What is no part of the name at its beginning or end: an article, a mark, a greeting."""
    if match := _EDGES.search(written):
        return match
    for pattern in (_FIRST, _LAST):
        if (match := pattern.search(written)) and match[1].lower() in _NO_NAMES:
            return match
    return None


def _is_name(_: int, written: str, ent: Span) -> bool:
    """Written like a name: a capital, no markup, neither a greeting nor a lone pronoun or number."""
    if len(written) < 2 or len(written) > 80 or _MARKUP.search(written) or not any(c.isupper() for c in written):
        return False
    if all(word.lower() in _NO_NAMES for word in re.findall(r"[\w']+", written)):
        return False
    return any(token.pos_ in ("PROPN", "NOUN", "ADJ", "X") for token in ent)
