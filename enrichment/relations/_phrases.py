"""The words that name a subject or an object: a noun with what belongs to it, or whoever speaks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from enrichment.relations._statement import SPEAKER, Phrase
from enrichment.relations._words import word_set

if TYPE_CHECKING:
    from spacy.tokens import Token

PHRASE_CHARS: Final = 80
_FIRST_PERSON: Final = frozenset(["i", "me", "we", "us", "myself"])
_OURS: Final = frozenset(["my", "our"])
_INSIDE: Final = frozenset(["compound", "amod", "nummod", "poss", "nmod", "case", "quantmod", "advmod", "punct"])
_EMPTY: Final = word_set("nouns", "empty")
_VOID: Final = word_set("nouns", "void")
_PART_OF: Final = frozenset(["some", "many", "most", "all", "any", "several"])
_UNKNOWN_OWNERS: Final = word_set("nouns", "unknown_owners")
_NOUNS: Final = frozenset(["NOUN", "PROPN", "NUM"])


def with_joined(token: Token) -> Iterator[Token]:
    """A word, and those that 'and', 'or' or commas join to it."""
    yield token
    for child in token.children:
        if child.dep_ == "conj":
            yield from with_joined(child)


def is_first_person(token: Token) -> bool:
    """Whether it means whoever speaks."""
    return token.lower_ in _FIRST_PERSON


def is_ours(token: Token) -> bool:
    """'My' and 'our'."""
    return token.lower_ in _OURS


def phrase_of(token: Token, *, place: int = 0) -> Phrase | None:
    """What a noun and the words that belong to it name; None for pronouns and words that name nothing.

    `place` is where the parsed passage begins in the memory's text.
    """
    if is_first_person(token):
        return Phrase(SPEAKER, place + token.idx, place + token.idx + len(token), place + token.idx, is_speaker=True)
    token = _whole(token)
    if token.pos_ not in _NOUNS:
        return None
    named = _name_beside(token)
    words = [word for word in _words(named) if word.dep_ != "det" or word is named]
    first, last = words[0], words[-1]
    text = " ".join(token.doc.text[first.idx : last.idx + len(last)].split())
    if not _names_something(named, text):
        return None
    text = text[0].lower() + text[1:] if is_ours(first) else text
    return Phrase(text, place + first.idx, place + last.idx + len(last), place + named.idx)


def is_own(words: str) -> bool:
    """Whether a phrase is about something of whoever speaks."""
    return words.casefold().startswith(("my ", "our "))


def has_unknown_owner(phrase: Phrase) -> bool:
    """'Your friends', 'their support': nobody here knows whose."""
    return phrase.text.casefold().split(" ")[0] in _UNKNOWN_OWNERS


def doing_phrase(verb: Token, *, place: int = 0) -> Phrase | None:
    """What one does, as a thing that one may like: 'playing chess', 'to swim'."""
    words = [word for word in verb.subtree if word.i >= verb.i and word.dep_ not in ("punct", "cc")]
    kept = [
        word
        for word in words
        if not any(part.dep_ in ("advcl", "conj", "npadvmod", "relcl") for part in _up_to(word, verb))
    ]
    last = max(kept, key=lambda word: word.i)
    text = " ".join(verb.doc.text[verb.idx : last.idx + len(last)].split())
    if len(text) > PHRASE_CHARS:
        return None
    return Phrase(text, place + verb.idx, place + last.idx + len(last), place + verb.idx)


def _up_to(word: Token, top: Token) -> Iterator[Token]:
    while word is not top and word.i != top.i:
        yield word
        word = word.head


def _whole(token: Token) -> Token:
    """'Some of my books' are books."""
    if token.lower_ in _PART_OF:
        of = (child for child in token.children if child.dep_ == "prep" and child.lower_ == "of")
        return next((inner for child in of for inner in child.children if inner.dep_ == "pobj"), token)
    return token


def _name_beside(token: Token) -> Token:
    """'My sister Lena' is Lena."""
    if token.pos_ == "PROPN":
        return token
    beside = (child for child in token.children if child.dep_ == "appos" and child.pos_ == "PROPN")
    return next(beside, token)


def _words(head: Token) -> list[Token]:
    """The noun, what stands before it, and 'of …' behind it, in order."""
    found = [head]
    for child in head.lefts:
        if child.dep_ in _INSIDE and child.text not in ',;:-–—"“”()*':
            found += [word for word in child.subtree if word.dep_ not in ("relcl", "appos")]
    for child in head.rights:
        if child.dep_ == "prep" and child.lower_ == "of":
            found += [word for word in child.subtree if not _is_aside(word, child)]
    return _together(sorted(found, key=lambda word: word.i), head)


def _is_aside(word: Token, top: Token) -> bool:
    return any(part.dep_ in ("relcl", "appos", "conj", "cc", "punct", "advcl", "acl") for part in _up_to(word, top))


def _together(words: list[Token], head: Token) -> list[Token]:
    """Those that stand beside one another around the head, without an article in front."""
    place = next(number for number, word in enumerate(words) if word.i == head.i)
    first = last = place
    while first > 0 and words[first - 1].i == words[first].i - 1:
        first -= 1
    while last + 1 < len(words) and words[last + 1].i == words[last].i + 1:
        last += 1
    while first < place and (words[first].dep_ in ("det", "punct") or words[first].dep_ == "advmod"):
        first += 1
    return words[first : last + 1]


def _names_something(head: Token, text: str) -> bool:
    if len(text) > PHRASE_CHARS or not any(char.isalpha() for char in text):
        return False
    if head.lower_ in _VOID:
        return False
    alone = text.casefold() == head.lower_
    return not (alone and (head.lower_ in _EMPTY or head.lemma_.lower() in _EMPTY)) and "\n" not in text
