"""Who has to do what: promises, duties, requests, and marks such as 'TODO:' or an empty box."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from enrichment.points._clauses import continued, is_denied, is_doubted, is_supposed, modals, subject_of, who
from enrichment.points._point import LISTENER, SPEAKER, Kind, Point, Written

if TYPE_CHECKING:
    from spacy.tokens import Token

_WILL: Final = frozenset(["will", "'ll", "’ll", "shall", "must", "should", "gotta"])
# 'I need to call': the duty is the second verb.
_LEADS: Final = frozenset(["need", "have", "plan", "promise", "intend", "go", "agree", "volunteer"])
_PAST_LEADS: Final = frozenset(["promise", "agree", "volunteer"])
_AM: Final = frozenset(["am", "is", "are", "'m", "'re", "'s", "’m", "’re", "’s"])
# 'do my best', 'do the same'.
_NO_OBJECTS: Final = frozenset(["best", "same", "part", "bit"])
# Farther apart, the parse is likelier wrong than right.
_APART_MAX: Final = 6
# What is felt, thought or the case is nothing to be done.
_NO_DEEDS: Final = frozenset(
    "be have see know think feel love like want need miss remember guess say admit bet wait stay let keep enjoy hope"  # noqa: SIM905
    " become seem look happen cherish appreciate understand believe wish mean continue start begin get come go take"
    " help try stop give agree rain last depend live sleep learn".split()
)
_DEEDS_WITH_A_DATE: Final = frozenset("go come get take start begin give have help try see look".split())  # noqa: SIM905
_BOX: Final = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+\[(?P<mark>[ xX])\]\s+(?P<task>\S.*)$", re.MULTILINE)
_MARKED: Final = re.compile(
    r"^\s*(?:[-*+]\s+)?\**(?:TO-?DO|To do|Action(?: items?)?|Next steps?|Follow[- ]up)\**"
    r"\s*(?:\((?P<who>[^)\n]{1,40})\))?\s*:\**\s*(?P<task>\S.*)$",
    re.MULTILINE,
)
_OWNED: Final = re.compile(
    r"^(?:@(?P<at>\w[\w.-]*):?|(?P<name>[A-Z][\w'’-]+(?: [A-Z][\w'’-]+)?):|\((?P<in>[^)]{1,40})\))\s+"
)


def marked(written: Written) -> Iterator[Point]:
    """Boxes of lists, ticked or not, and lines that say what they are."""
    for pattern in (_BOX, _MARKED):
        for match in pattern.finditer(written.text):
            place, task = match.start("task"), match["task"].strip().strip("*")
            given = match.groupdict()
            name, skip = _owner(task, given.get("who") or "")
            start = match.start() + len(match.group()) - len(match.group().lstrip())
            yield Point(
                kind=Kind.ACTION,
                start=start,
                end=match.end(),
                task=task[skip:],
                who=name or SPEAKER,
                who_start=place if name else 0,
                who_end=place + len(name) if name else 0,
                is_done=(given.get("mark") or " ") in "xX",
            )


def _owner(task: str, given: str) -> tuple[str, int]:
    """Whose it is, and how many characters of the task say so."""
    match = _OWNED.match(task)
    if given or match is None:
        return given, 0
    return match["at"] or match["name"] or match["in"], match.end()


def said(verb: Token, written: Written, has_due: bool) -> Point | None:
    """What the clause of a verb says is to be done; its place is filled in by who knows the sentence."""
    lead = _lead(verb)
    if lead is None:
        return _request(verb, written, has_due)
    subject = subject_of(lead)
    owner = who(subject) if subject is not None else None
    if owner is None or not _counts(verb, has_due) or is_denied(verb, lead) or is_doubted(verb, lead):
        return None
    if is_supposed(lead) or (owner[0] == LISTENER and not has_due):
        return None
    name, start, end = owner
    return Point(Kind.ACTION, verb.idx, 0, "", name, start, end)


def _lead(verb: Token) -> Token | None:
    """The verb that has the subject: itself after 'will', the one before it after 'need to'."""
    if verb.tag_ != "VB":
        return None
    if modals(continued(verb)) & _WILL:
        return continued(verb)
    head = continued(verb).head
    if verb.dep_ not in ("xcomp", "conj") or "to" not in modals(continued(verb)) or head.lemma_ not in _LEADS:
        return None
    return head if _is_now(head) and verb.i - head.i <= _APART_MAX else None


def _is_now(lead: Token) -> bool:
    """'has to', 'is going to', 'promised to'; but not 'had to', and 'went to' only as 'going to'."""
    if lead.lemma_ == "go":
        return lead.lower_ == "going" and bool(modals(lead) & {"am", "is", "are", "'m", "'re", "'s", "’m", "’re", "’s"})
    return (
        lead.tag_ in ("VBP", "VBZ", "VB") or lead.lemma_ in _PAST_LEADS or (lead.tag_ == "VBG" and bool(modals(lead)))
    )


def _counts(verb: Token, has_due: bool) -> bool:
    """Whether it is a deed, done to something or until a time."""
    lemma = verb.lemma_.lower()
    if lemma in _NO_DEEDS and not (has_due and lemma in _DEEDS_WITH_A_DATE):
        return False
    objects = [child for child in verb.children if child.dep_ == "dobj"]
    if any(child.lower_ in _NO_OBJECTS for child in objects):
        return False
    return has_due or any(child.pos_ != "PRON" for child in objects)


def _request(verb: Token, written: Written, has_due: bool) -> Point | None:
    """'Please send it', 'could you send it by Monday', and in a note 'call the dentist tomorrow'."""
    if written.is_chat_with_model or verb.tag_ != "VB" or is_denied(verb) or verb.lemma_ in _NO_DEEDS:
        return None
    subject = subject_of(verb)
    polite = any(token.lower_ == "please" for token in verb.sent)
    if subject is None:
        is_order = verb.dep_ == "ROOT" and not modals(verb)
        if is_order and (polite or (written.is_note and has_due)) and _counts(verb, has_due or polite):
            return Point(Kind.ACTION, verb.idx, 0, "", LISTENER if polite and not written.is_note else SPEAKER)
        return None
    if subject.lower_ == "you" and modals(verb) & {"can", "could", "would"} and (polite or has_due):
        return Point(Kind.ACTION, verb.idx, 0, "", LISTENER, subject.idx, subject.idx + len(subject.text))
    return None
