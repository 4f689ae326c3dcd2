"""The clauses of a sentence: each verb with its subjects, through passives, joined verbs and verbs before others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from enrichment.relations import _modality
from enrichment.relations._phrases import with_joined
from enrichment.relations._valid_time import is_past, is_state
from enrichment.relations._words import word_set

if TYPE_CHECKING:
    from spacy.tokens import Span, Token

_VERBS: Final = {kind: word_set("verbs", kind) for kind in ("going_on", "stopping", "doing")}
_LEANING: Final = word_set("adjectives", "leaning")
_SUBJECTS: Final = ("nsubj", "nsubjpass")
_RELATIVE: Final = frozenset(["who", "that", "which"])
_STEPS: Final = 4


@dataclass(frozen=True, slots=True)
class Clause:
    """A verb, whose objects are its own, and what the verbs in front of it make of it.

    `over`: a state of the past. `doing`: the verb in front whose object is what this one says ('enjoys reading').
    """

    verb: Token
    subjects: tuple[Token, ...]
    is_passive: bool = False
    is_negated: bool = False
    is_end: bool = False
    over: bool = False
    modality: str = ""
    doing: Token | None = None


def clauses(sentence: Span) -> Iterator[Clause]:
    """Every clause of a sentence that has a subject."""
    for token in sentence:
        if token.pos_ in ("VERB", "AUX") and token.dep_ not in ("aux", "auxpass", "xcomp"):
            subjects, is_passive = _subjects(token)
            if subjects:
                yield from _followed(_clause(token, subjects, is_passive))


def _clause(verb: Token, subjects: tuple[Token, ...], is_passive: bool) -> Clause:
    return Clause(
        verb,
        subjects,
        is_passive=is_passive,
        is_negated=_modality.is_negated(verb),
        is_end=_modality.says_end(verb),
        over=is_past(verb) and (is_state(verb.lemma_.lower()) and not is_passive),
        modality=_modality.own_modality(verb) or _shared_modality(verb) or _modality.governor_modality(verb),
    )


def _shared_modality(verb: Token) -> str:
    """'Might move and work there': what stands before the first of joined verbs holds for a bare one behind it."""
    if verb.dep_ != "conj" or verb.tag_ != "VB":
        return ""
    return _modality.own_modality(verb.head) or _shared_modality(verb.head)


def _subjects(verb: Token) -> tuple[tuple[Token, ...], bool]:
    """Whoever does it, with all that 'and' joins; of a joined verb those of the first."""
    found, at = verb, 0
    while at < _STEPS:
        own = [child for child in found.children if child.dep_ in _SUBJECTS]
        if own:
            first = _antecedent(own[-1], found)  # a name in front is spoken to
            passive = own[-1].dep_ == "nsubjpass" and found is verb
            passive = passive or any(child.dep_ == "auxpass" for child in verb.children)
            return tuple(with_joined(first)) if first is not None else (), passive
        if found.dep_ != "conj" or found.head.pos_ not in ("VERB", "AUX"):
            break
        found, at = found.head, at + 1
    return (), False


def _antecedent(subject: Token, verb: Token) -> Token | None:
    """'My aunt, who lives there': the aunt."""
    if subject.lower_ in _RELATIVE:
        return verb.head if verb.dep_ == "relcl" else None
    return subject


def _followed(clause: Clause, depth: int = 0) -> Iterator[Clause]:
    """The clause, or those of the verbs that follow: 'wants to learn and teach', 'used to live', 'stopped eating'."""
    follower, changes = _follower(clause) if depth < _STEPS else (None, {})
    if follower is None:
        yield clause
    elif "doing" in changes:
        yield replace(clause, doing=follower)
    else:
        for verb in (follower, *_joined(follower)):
            yield from _followed(_at(clause, verb, **changes), depth + 1)


def _follower(clause: Clause) -> tuple[Token | None, dict[str, Any]]:
    """The verb behind, and what the one in front makes of it; none where the one in front is what is said."""
    verb = clause.verb
    found = next((child for child in verb.children if child.dep_ == "xcomp" and child.pos_ in ("VERB", "AUX")), None)
    if found is None:
        leaning, found = _leaning(verb)
        kind = "able" if leaning == "able" else "planned"
        return found, {"modality": clause.modality or kind}
    lemma = verb.lemma_.lower()
    if verb.lower_ == "used" and _has_to(found):
        return found, {"over": True, "is_end": True}
    if lemma in _VERBS["stopping"]:
        return found, {"is_negated": True, "is_end": True}
    if (kind := _modality.chain_modality(lemma)) and not any(child.dep_ == "dobj" for child in verb.children):
        return found, {"modality": clause.modality or kind}
    if lemma in _VERBS["doing"]:
        # 'Would love to' only wants it.
        wishing = clause.modality == "conditional" and _has_to(found)
        return found, {"modality": "wanted"} if wishing else {"doing": True}
    return (found, {}) if lemma in _VERBS["going_on"] else (None, {})


def _joined(verb: Token) -> Iterator[Token]:
    """Verbs that 'and' joins to one that follows another, and that have no subject of their own."""
    for child in verb.children:
        if child.dep_ == "conj" and child.pos_ == "VERB" and not any(one.dep_ in _SUBJECTS for one in child.children):
            yield child
            yield from _joined(child)


def _leaning(verb: Token) -> tuple[str, Token | None]:
    """'Excited to meet', 'ready to go': the adjective, and the verb behind it."""
    for child in verb.children if verb.lemma_ == "be" else ():
        if child.dep_ in ("acomp", "prep", "advmod") and child.lower_ in _LEANING:
            found = next((one for one in child.children if one.dep_ in ("xcomp", "ccomp") and _has_to(one)), None)
            found = found or next((one for one in verb.children if one.dep_ == "advcl" and _has_to(one)), None)
            if found is not None:
                return child.lower_, found
    return "", None


def _at(clause: Clause, follower: Token, **changes: object) -> Clause:
    passive = any(child.dep_ == "auxpass" for child in follower.children)
    negated = clause.is_negated or _modality.is_negated(follower)
    over = clause.over if clause.verb.lemma_.lower() in _VERBS["going_on"] else False
    values: dict[str, Any] = {"verb": follower, "is_passive": passive, "is_negated": negated, "over": over}
    return replace(clause, **(values | changes))


def _has_to(verb: Token) -> bool:
    return any(child.dep_ == "aux" and child.lower_ == "to" for child in verb.children)
