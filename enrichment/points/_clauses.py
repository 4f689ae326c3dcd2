"""What a verb's clause is like: its subject, whether it is denied, doubted, asked or only thought of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from enrichment.points._point import LISTENER, SPEAKER, TOGETHER

if TYPE_CHECKING:
    from spacy.tokens import Doc, Span, Token

_SUBJECTS: Final = frozenset(["nsubj", "nsubjpass"])
_CLAUSES: Final = frozenset(["advcl", "acl", "relcl", "csubj"])
_IF: Final = frozenset("if unless whether when once until whenever though although".split())  # noqa: SIM905
_CONDITION: Final = frozenset(["if", "unless"])
_DOUBT: Final = frozenset("maybe perhaps possibly probably hopefully eventually someday sometime".split())  # noqa: SIM905
_PRONOUNS: Final = {"i": SPEAKER, "we": TOGETHER, "you": LISTENER, "'s": TOGETHER, "us": TOGETHER}


def subject_of(verb: Token) -> Token | None:
    """The verb's own subject, or that of the verb that it continues: 'I'll call Anna and send it'."""
    for _ in range(4):
        own = next((child for child in verb.children if child.dep_ in _SUBJECTS), None)
        if own is not None or verb.dep_ != "conj":
            return own
        verb = verb.head
    return None


def who(subject: Token) -> tuple[str, int, int] | None:
    """(who, start, end) of a subject that is somebody: the speaker, the listener, both, or a name."""
    plain = subject.text.lower()
    if plain in _PRONOUNS:
        return _PRONOUNS[plain], subject.idx, subject.idx + len(subject.text)
    span = _name(subject)
    return (span.text, span.start_char, span.end_char) if span is not None else None


def _name(subject: Token) -> Span | None:
    doc: Doc = subject.doc
    for ent in doc.ents:
        if ent.start <= subject.i < ent.end:
            return ent if ent.label_ in ("PERSON", "PER", "ORG") else None
    if subject.pos_ != "PROPN":
        return None
    return doc[subject.i : subject.i + 1]


def is_denied(*verbs: Token) -> bool:
    """'I won't', 'we never agreed to'."""
    return any(child.dep_ == "neg" or child.lower_ == "never" for verb in verbs for child in verb.children)


def is_doubted(*verbs: Token) -> bool:
    """'Maybe I'll', 'I would'."""
    return any(child.lower_ in _DOUBT for verb in verbs for child in verb.children)


def is_supposed(verb: Token) -> bool:
    """Within or under a condition, or in a clause that only describes something."""
    if any(child.dep_ == "advcl" and _begins_with(child, _CONDITION) for child in verb.children):
        return True
    for one in (verb, *verb.ancestors):
        if _begins_with(one, _IF) or any(child.tag_ in ("WRB", "WP", "WDT") for child in one.children):
            return True
        if one.dep_ in _CLAUSES:
            return True
    return False


def _begins_with(clause: Token, words: frozenset[str]) -> bool:
    return any(child.dep_ in ("mark", "advmod") and child.lower_ in words for child in clause.children)


def modals(verb: Token) -> set[str]:
    """The auxiliaries of a verb in small letters, and 'to'."""
    return {child.lower_ for child in verb.children if child.dep_ in ("aux", "auxpass")}


def continued(verb: Token) -> Token:
    """The verb whose auxiliaries also stand for this one: 'I'll call Anna and send it'."""
    while verb.dep_ == "conj" and subject_of(verb) is not None and not modals(verb) and verb.head.pos_ == "VERB":
        verb = verb.head
    return verb
