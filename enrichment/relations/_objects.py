"""What a clause says of its subject: objects, complements and prepositions of its verb, each with its predicate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from enrichment.relations._clauses import Clause
from enrichment.relations._phrases import doing_phrase, is_ours, phrase_of, with_joined
from enrichment.relations._statement import SPEAKER, Phrase
from enrichment.relations._words import word_set

if TYPE_CHECKING:
    from spacy.tokens import Token

_EMPTY_VERBS: Final = word_set("verbs", "empty")
_PASSING: Final = word_set("adjectives", "passing")
_PROPERTIES: Final = word_set("nouns", "properties")
_RELATIVES: Final = word_set("nouns", "relatives")
_FAVOURITE: Final = word_set("nouns", "favourite")
_OF_TIME: Final = word_set("time", "prepositions")
_TIMES: Final = frozenset(["DATE", "TIME"])


@dataclass(frozen=True, slots=True)
class Part:
    """A predicate with its object. `subject` is set where it is not the clause's own."""

    predicate: str
    object: Phrase
    rule: str
    confidence: float
    subject: Phrase | None = None
    is_negated: bool = False


def parts_of(clause: Clause, *, place: int) -> Iterator[Part]:
    """Everything that the clause says."""
    verb = clause.verb
    if clause.doing is not None:
        if phrase := doing_phrase(clause.doing, place=place):
            yield Part(_verb(verb), phrase, "what is done, of a verb of liking", 0.75)
    elif clause.is_passive:
        yield from _passive(clause, place)
    elif verb.lemma_.lower() == "be":
        yield from _copula(clause, place)
    elif verb.lemma_.lower() not in _EMPTY_VERBS:
        yield from _objects(verb, place)
        yield from _antecedent(clause, place)
        yield from _prepositions(verb, place)


def _objects(verb: Token, place: int) -> Iterator[Part]:
    for child in verb.children:
        if child.dep_ == "dobj":
            for token, phrase in _phrases(child, place):
                yield Part(_verb(verb), phrase, "subject, verb and object", 0.85, is_negated=_has_no(token))
            yield from _behind(verb, child, place)
        elif child.dep_ == "dative" and child.pos_ in ("NOUN", "PROPN", "PRON"):
            given = next((one for one in verb.children if one.dep_ == "dobj" and one.pos_ != "PRON"), None)
            if given is not None:
                for _, phrase in _phrases(child, place):
                    yield Part(f"{_verb(verb)} {_inner(given)} to", phrase, "an indirect object", 0.65)


def _antecedent(clause: Clause, place: int) -> Iterator[Part]:
    """'The studio that I go to', 'the cake I made': what a clause is about is its object."""
    verb = clause.verb
    found = verb.head
    if verb.dep_ != "relcl" or found in clause.subjects or any(_is_object(child) for child in verb.children):
        return
    stranded = [child.lower_ for child in verb.children if child.dep_ == "prep" and not list(child.children)]
    if phrase := phrase_of(found, place=place):
        yield Part(" ".join([_verb(verb), *stranded[:1]]), phrase, "a clause about its object", 0.75)


def _is_object(child: Token) -> bool:
    return child.dep_ in ("dobj", "attr", "acomp", "ccomp") and child.lower_ not in ("that", "which", "who", "whom")


def _behind(verb: Token, thing: Token, place: int) -> Iterator[Part]:
    """'Got a job at Siemens': what has a name behind the object, other than 'of', says as much of the subject."""
    for words, token in _prepositional(thing):
        for end, phrase in _phrases(token, place):
            if end.pos_ == "PROPN" and words != "of":
                yield Part(f"{_verb(verb)} {_inner(thing)} {words}", phrase, "a preposition behind an object", 0.6)


def _prepositions(verb: Token, place: int) -> Iterator[Part]:
    """'Lives in Berlin'; behind an object only what has a name: 'met Anna in Paris'."""
    thing = next((child for child in verb.children if child.dep_ == "dobj"), None)
    for words, token in _prepositional(verb):
        for end, phrase in _phrases(token, place):
            if thing is None:
                yield Part(f"{_verb(verb)} {words}", phrase, "a verb with a preposition", 0.8)
            elif end.pos_ == "PROPN" or phrase.is_speaker:
                inner = _inner(thing)
                yield Part(f"{_verb(verb)} {inner} {words}", phrase, "a preposition behind an object", 0.65)


def _inner(thing: Token) -> str:
    """An object within a predicate: 'get job at'."""
    if thing.pos_ == "PRON":
        return thing.lower_
    return " ".join(word.text for word in [*(word for word in thing.lefts if word.dep_ == "compound"), thing])


def _prepositional(head: Token) -> Iterator[tuple[str, Token]]:
    """(preposition, its object), without those of time."""
    for child in head.children:
        if child.dep_ == "prep" and child.lower_ not in _OF_TIME:
            for inner in child.children:
                if inner.dep_ == "pobj" and inner.ent_type_ not in _TIMES:
                    yield child.lower_, inner
                elif inner.dep_ == "prep":  # 'out of', 'away from'
                    yield from ((f"{child.lower_} {words}", token) for words, token in _prepositional_one(inner))
        elif child.dep_ == "advmod" and child.lower_ in ("back", "away", "out", "over", "down"):
            yield from ((f"{child.lower_} {words}", token) for words, token in _prepositional(child))


def _prepositional_one(preposition: Token) -> Iterator[tuple[str, Token]]:
    for inner in preposition.children:
        if inner.dep_ == "pobj" and inner.ent_type_ not in _TIMES:
            yield preposition.lower_, inner


def _passive(clause: Clause, place: int) -> Iterator[Part]:
    """'Anna was hired by Siemens' is Siemens hires Anna; without a doer: 'was born in Leeds'."""
    verb = clause.verb
    doers = [
        inner for child in verb.children if child.dep_ == "agent" for inner in child.children if inner.dep_ == "pobj"
    ]
    for doer in (one for first in doers for one in with_joined(first)):
        acting = phrase_of(doer, place=place)
        for token in clause.subjects:
            if acting and (phrase := phrase_of(token, place=place)):
                yield Part(_verb(verb), phrase, "a passive with its doer", 0.8, subject=acting)
    words = f"be {verb.text.lower()}"
    for preposition, token in _prepositional(verb):
        for _, phrase in _phrases(token, place):
            yield Part(f"{words} {preposition}", phrase, "a passive with a preposition", 0.8)
    for child in verb.children:
        if child.dep_ == "oprd":
            for _, phrase in _phrases(child, place):
                yield Part(words, phrase, "a passive with what it makes", 0.75)


def _copula(clause: Clause, place: int) -> Iterator[Part]:
    verb = clause.verb
    subject = clause.subjects[0]
    for child in verb.children:
        if child.dep_ == "attr":
            yield from _is_something(subject, child, place)
        elif child.dep_ == "acomp":
            yield from _is_somehow(subject, child, place)
    for words, token in _prepositional(verb):
        for end, phrase in _phrases(token, place):
            if end.pos_ == "PROPN" or phrase.is_speaker:
                yield Part(f"be {words}", phrase, "where or whence it is", 0.7)


def _is_something(subject: Token, attribute: Token, place: int) -> Iterator[Part]:
    for token, phrase in _phrases(attribute, place):
        if (found := _property(subject, token, place)) is not None:
            owner, predicate = found
            yield Part(predicate, phrase, "a property and its value", 0.85, subject=owner)
        elif phrase.is_speaker or _is_praise(token):
            continue
        else:
            yield Part("be", phrase, "what it is", 0.75, is_negated=_has_no(token))


def _is_somehow(subject: Token, adjective: Token, place: int) -> Iterator[Part]:
    if adjective.lower_ in _PASSING:
        return
    if (found := _property(subject, adjective, place)) is not None:
        value = Phrase(
            adjective.text, place + adjective.idx, place + adjective.idx + len(adjective), place + adjective.idx
        )
        yield Part(found[1], value, "a property and its value", 0.8, subject=found[0])
        return
    behind = [(words, phrase) for words, token in _prepositional(adjective) for _, phrase in _phrases(token, place)]
    for words, phrase in behind:
        yield Part(f"be {adjective.lower_} {words}", phrase, "an adjective with a preposition", 0.8)
    if not behind and not list(adjective.rights) and subject.pos_ in ("PRON", "PROPN"):
        start = place + adjective.idx
        yield Part("be", Phrase(adjective.text, start, start + len(adjective), start), "how it is", 0.65)


def _property(subject: Token, value: Token, place: int) -> tuple[Phrase, str] | None:
    """Whose property a subject names, and which: 'my favourite colour', 'Anna's sister'; a relative only by a name."""
    owner = next((child for child in subject.children if child.dep_ == "poss"), None)
    if owner is None:
        return None
    favourite = any(child.lower_ in _FAVOURITE for child in subject.children)
    lemma = subject.lemma_.lower()
    named = lemma in _RELATIVES and value.pos_ == "PROPN"
    if not (favourite or named or lemma in _PROPERTIES):
        return None
    whose = _speaker(owner, place) if is_ours(owner) else phrase_of(owner, place=place)
    if whose is None:
        return None
    before = [c.lower_ for c in subject.lefts if c.dep_ in ("amod", "compound", "nmod")]
    return whose, " ".join([*before, lemma, "is"])


def _speaker(owner: Token, place: int) -> Phrase:
    start = place + owner.idx
    return Phrase(SPEAKER, start, start + len(owner), start, is_speaker=True)


def _phrases(token: Token, place: int) -> Iterator[tuple[Token, Phrase]]:
    for one in with_joined(token):
        if one.ent_type_ not in _TIMES and (phrase := phrase_of(one, place=place)):
            yield one, phrase


def _verb(verb: Token) -> str:
    particles = [child.lower_ for child in verb.children if child.dep_ == "prt"]
    return " ".join([verb.lemma_.lower(), *particles])


def _has_no(token: Token) -> bool:
    """'I have no car'."""
    return any(child.dep_ == "det" and child.lower_ == "no" for child in token.children)


def _is_praise(token: Token) -> bool:
    """'It was a great day': what is thought of something."""
    return any(child.dep_ == "amod" and child.lower_ in _PASSING for child in token.children)
