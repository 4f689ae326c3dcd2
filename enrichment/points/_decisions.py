"""What was decided: 'we decided to', 'agreed on', 'let's go with', and lines that say so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from enrichment.points._clauses import is_denied, is_supposed, modals, subject_of, who
from enrichment.points._point import LISTENER, SPEAKER, TOGETHER, Kind, Point, Written

if TYPE_CHECKING:
    from spacy.tokens import Token

_VERBS: Final = frozenset(["decide", "agree", "settle", "opt", "resolve", "choose", "commit"])
_WITH: Final = {"settle": {"on"}, "opt": {"for"}, "agree": {"on", "to", "upon"}, "commit": {"to"}}
_OPEN: Final = frozenset("would should could might may can will 'd 'll to must ’d ’ll".split())  # noqa: SIM905
_MARKED: Final = re.compile(
    r"^\s*(?:[-*+]\s+)?\**(?:Decisions?|Decided|Agreed|Resolved)\**\s*:\**\s*(?P<what>\S.*)$", re.MULTILINE
)


def marked(written: Written) -> Iterator[Point]:
    """'Decision: we keep the old logo.'"""
    for match in _MARKED.finditer(written.text):
        start = match.start() + len(match.group()) - len(match.group().lstrip())
        yield Point(Kind.DECISION, start, match.end(), match["what"].strip().strip("*"), TOGETHER)


def said(verb: Token) -> Point | None:
    """What the clause of a verb says was decided; its place is filled in by who knows the sentence."""
    if verb.lemma_ in _VERBS:
        return _decided(verb)
    if verb.lemma_ == "make" and any(c.dep_ == "dobj" and c.lower_ in ("decision", "mind") for c in verb.children):
        return _decided(verb)
    return _went_with(verb)


def _decided(verb: Token) -> Point | None:
    if verb.tag_ not in ("VBD", "VBN") or is_denied(verb) or modals(verb) & _OPEN or is_supposed(verb):
        return None
    subject = subject_of(verb)
    if subject is None or not _has_matter(verb):
        return None
    owner = who(subject) or ((TOGETHER, 0, 0) if subject.lower_ in ("it", "they") else None)
    if owner is None or owner[0] == LISTENER or (verb.lemma_ == "agree" and owner[0] == SPEAKER):
        return None
    return Point(Kind.DECISION, verb.idx, 0, "", *owner)


def _has_matter(verb: Token) -> bool:
    """Whether it says what was decided."""
    wanted = _WITH.get(verb.lemma_, {"on", "against"})
    for child in verb.children:
        if child.dep_ in ("xcomp", "ccomp") and verb.lemma_ != "settle":
            return True
        if child.dep_ == "prep" and child.lower_ in wanted:
            return True
        if child.dep_ == "dobj" and child.pos_ != "PRON" and verb.lemma_ in ("choose", "make", "decide"):
            return True
    return False


def _went_with(verb: Token) -> Point | None:
    """'Let's go with Postgres', 'we'll go with the blue one'; with a person one only goes somewhere."""
    if verb.lemma_ != "go" or is_denied(verb) or is_supposed(verb):
        return None
    phrase = next((child for child in verb.children if child.dep_ == "prep" and child.lower_ == "with"), None)
    if phrase is None or any(child.dep_ == "prep" and child.lower_ != "with" for child in verb.children):
        return None
    chosen = next((child for child in phrase.children if child.dep_ == "pobj"), None)
    if chosen is None or chosen.ent_type_ == "PERSON" or any(c.dep_ == "poss" for c in chosen.children):
        return None
    subject = subject_of(verb)
    if chosen.pos_ == "PRON" or subject is None or subject.lower_ not in ("we", "'s", "’s", "us"):
        return None
    return Point(Kind.DECISION, verb.idx, 0, "", TOGETHER)
