"""People, places and organisations, as spaCy's pipeline sees them, without what it often takes for them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from enrichment.entities._found import Found

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


def names(doc: Doc, rule: str) -> Iterator[Found]:
    """The pipeline's names without articles and possessive endings; `rule` says which pipeline."""
    for ent in doc.ents:
        kind = spacy_kind(ent.label_)
        if kind and (trimmed := _trimmed(ent)) and _is_name(*trimmed, ent):
            start, written = trimmed
            yield Found(kind, start, start + len(written), written, " ".join(written.split()), rule)


def spacy_kind(label: str) -> str:
    """Our kind for a pipeline's label; empty for numbers, dates and amounts, which patterns find better."""
    return _KINDS.get(label, "")


def _trimmed(ent: Span) -> tuple[int, str] | None:
    start, written = ent.start_char, ent.text
    while match := _EDGES.search(written):
        if match.start() == 0:
            start += match.end()
            written = written[match.end() :]
        else:
            written = written[: match.start()]
    return (start, written) if written else None


def _is_name(_: int, written: str, ent: Span) -> bool:
    """Written like a name: a capital, no markup, neither a lone pronoun nor a number."""
    if len(written) < 2 or len(written) > 80 or _MARKUP.search(written) or not any(c.isupper() for c in written):
        return False
    return any(token.pos_ in ("PROPN", "NOUN", "ADJ", "X") for token in ent)
