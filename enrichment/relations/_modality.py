"""Whether a clause says that something is so: negation, ends, and what is only possible, wanted or said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from enrichment.relations._words import word_set

if TYPE_CHECKING:
    from spacy.tokens import Token

# What is kept besides facts, and how it is shown.
MODALITIES: Final = {
    "possible": "possible",
    "planned": "planned",
    "wanted": "wanted",
    "should": "should be",
    "able": "able to",
    "tried": "tried",
    "conditional": "under a condition",
    "reported": "said by another",
    "believed": "believed",
}
_MODALS: Final = {
    **dict.fromkeys(("might", "may", "could"), "possible"),
    **dict.fromkeys(("will", "'ll", "’ll", "wo", "shall"), "planned"),
    **dict.fromkeys(("would", "'d", "’d"), "conditional"),
    **dict.fromkeys(("should", "must", "ought"), "should"),
    **dict.fromkeys(("can", "ca"), "able"),
}
_DOUBT: Final = frozenset("maybe perhaps possibly probably likely apparently supposedly allegedly".split())  # noqa: SIM905
_VERBS: Final = {
    kind: word_set("verbs", kind) for kind in ("wanted", "planned", "should", "tried", "reported", "believed", "hoped")
}
_KNOWN: Final = word_set("verbs", "known")
_IF: Final = frozenset(["if", "unless", "whether"])


def modality_label(modality: str) -> str:
    """For people; the word itself when it is not known."""
    return MODALITIES.get(modality, modality)


def own_modality(verb: Token) -> str:
    """What the verb's own auxiliaries and adverbs say; empty for a plain statement."""
    for child in verb.children:
        if child.dep_ == "aux" and child.tag_ == "MD" and child.lower_ in _MODALS:
            return _MODALS[child.lower_]
        if child.dep_ == "advmod" and child.lower_ in _DOUBT:
            return "possible"
        if child.dep_ == "advcl" and _marked_if(child):
            return "conditional"
    return ""


def governor_modality(verb: Token) -> str:
    """What the sentence in which a clause stands makes of it: 'she says that', 'I think', 'if'."""
    clause = _clause(verb)
    if clause.dep_ == "advcl":
        return "conditional" if _marked_if(clause) else ""
    if clause.dep_ not in ("ccomp", "pcomp") or clause.head is clause:
        return ""
    if _marked_if(clause):
        return "possible"
    over = clause.head.lemma_.lower()
    if over in _KNOWN:
        return own_modality(clause.head)
    if over in _VERBS["believed"]:
        return "believed"
    if over in _VERBS["hoped"]:
        return "wanted"
    return "reported" if over in _VERBS["reported"] else ""


def chain_modality(lemma: str) -> str:
    """What a verb in front of another makes of it: 'wants to', 'plans to', 'has to'."""
    return next((kind for kind in ("wanted", "planned", "should", "tried") if lemma in _VERBS[kind]), "")


def is_negated(verb: Token) -> bool:
    """Not, never, no longer; 'not only' is none."""
    for child in verb.children:
        if child.dep_ == "neg" and not _only_follows(child):
            return True
        if child.dep_ in ("advmod", "preconj", "cc") and (child.lower_ == "nor" or _no_longer(child)):
            return True
    return False


def says_end(verb: Token) -> bool:
    """'No longer', 'not … any more'."""
    words = {child.lower_ for child in verb.children}
    if "anymore" in words or any(child.lower_ == "more" and child.nbor(-1).lower_ == "any" for child in _adverbs(verb)):
        return is_negated(verb)
    return any(_no_longer(child) for child in verb.children)


def _no_longer(child: Token) -> bool:
    return child.lower_ == "longer" and any(word.lower_ == "no" for word in child.children)


def _adverbs(verb: Token) -> list[Token]:
    return [child for child in verb.children if child.dep_ in ("advmod", "npadvmod") and child.i > 0]


def _only_follows(negation: Token) -> bool:
    return negation.i + 1 < len(negation.doc) and negation.nbor().lower_ == "only"


def _marked_if(clause: Token) -> bool:
    return any(child.dep_ in ("mark", "advmod") and child.lower_ in _IF for child in clause.children)


def _clause(verb: Token) -> Token:
    """The head of the clause in which a verb is joined to others."""
    found = verb
    while found.dep_ in ("conj", "xcomp") and found.head is not found:
        found = found.head
    return found
