"""Who a question names, and the question as that author would ask it of themselves."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import regex

from memories.questions._calendar import country_names
from memories.questions._languages import (
    FALLBACK,
    LANGUAGES,
    MENTION,
    PersonWords,
    apply,
    language_file,
    name_words,
    person_words,
    resolve,
    stopwords,
)

_READ_CHARS = 2000
_NAME_CHARS = 100
_LETTER = regex.compile(r"\p{L}")
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}_]+")
# What may stand between the parts of one name.
_WITHIN_NAME = regex.compile(r"[ .'’\-]{1,3}")
_SPACELESS = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]")
_SENTENCE_END = regex.compile(r"(?:^|[.?!¿¡:;\"“„«(]\s*)$")


@dataclass(frozen=True, slots=True)
class _Mention:
    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Token:
    folded: str
    start: int
    end: int
    capital: bool
    first: bool


def names_in(question: str, names: Collection[str], language: str = "") -> tuple[str, ...]:
    """Those of `names` that a question mentions as whole words, in order of mention.

    `names` are the known authors' full names in any case (the keys, when a mapping). A name is met by all of it, by its
    first or by its last part, and by the possessive of these ('Anna's', 'Annas'). A part that several names share
    mentions each. The first 2,000 characters are read.
    """
    return tuple(dict.fromkeys(mention.name for mention in _mentions(question, names, language)))


def first_person(question: str, names: Collection[str], language: str = "") -> str:
    """The question as the author it names would ask it of themselves: 'What did Anna paint?', 'What did I paint?'.

    Of several authors the first is meant, and 'Anna and Bob' are 'we'. Pronouns after the name follow it when nobody
    else is named. It is written for an embedding model: the words are right, endings may not agree. Unchanged when no
    name is found, and in languages of which we know no first person. Questions over 2,000 characters are unchanged.
    """
    if len(question) > _READ_CHARS or MENTION in question:
        return question
    mentions = _distinct(_mentions(question, names, language))
    if not mentions:
        return question
    words = person_words(resolve(language, question))
    first, *others = mentions
    if others and _joined(question, first, others[0], words):
        return _in_case(_as_we(question, first.start, others[0].end, words), question)
    same = [mention for mention in mentions if mention.name == first.name]
    text = _marked(question, same)
    if len({mention.name for mention in mentions}) == 1:
        text = _with_pronouns(text, words)
    text = _as_subject(apply(words.rules, text), words)
    return question if MENTION in text else _in_case(text, question)


def _distinct(mentions: Sequence[_Mention]) -> list[_Mention]:
    """One mention a place: which of the authors that share a part it means makes no difference to the words."""
    return list({mention.start: mention for mention in reversed(mentions)}.values())[::-1]


def _joined(question: str, first: _Mention, second: _Mention, words: PersonWords) -> bool:
    return question[first.end : second.start].strip().casefold() in words.joiners and first.name != second.name


def _as_we(question: str, start: int, end: int, words: PersonWords) -> str:
    text = question[:start] + MENTION + question[end:]
    text = apply(words.together, text)
    text = regex.sub(rf"{MENTION}(?:['’]s|s['’]|['’](?=\s)|s(?=\s))", words.our or MENTION, text)
    return text.replace(MENTION, words.we or question[start:end])


def _marked(question: str, mentions: Sequence[_Mention]) -> str:
    kept, done = [], 0
    for mention in mentions:
        kept += [question[done : mention.start], MENTION]
        done = mention.end
    return "".join(kept) + question[done:]


def _with_pronouns(text: str, words: PersonWords) -> str:
    """Pronouns after the name mean it, as far as nobody else was named who may be meant."""
    name = text.index(MENTION)
    others = [token.end for token in _tokens(text) if _is_person(token, words)]
    if others and others[0] < name:
        return text
    end = others[0] if others else len(text)
    return text[:name] + apply(words.pronouns, text[name:end]) + text[end:]


def _is_person(token: _Token, words: PersonWords) -> bool:
    if token.folded in words.people:
        return True
    named = token.capital and not token.first and not words.capitalised_nouns
    return named and token.folded not in _known_words() | _countries()


def _as_subject(text: str, words: PersonWords) -> str:
    """What is left of the mentions is the subject; the verb beside it agrees."""
    if MENTION in text and not words.subject:
        return text
    text = _AUXILIARY.sub(lambda found: f"{_auxiliary(found[1], words)}{found[2]}{MENTION}", text)
    text = _BEFORE.sub(lambda found: f"{_agreed(found[1], words)}{found[2]}{MENTION}", text)
    text = _AFTER.sub(lambda found: f"{MENTION}{found[1]}{_agreed(found[2], words)}", text)
    return apply(words.tidy, text.replace(MENTION, words.subject))


_AUXILIARY = regex.compile(rf"(?<!\p{{L}})([\p{{L}}]+)(\s+\p{{L}}+\s+){MENTION}")
_BEFORE = regex.compile(rf"([\p{{L}}'’]+)(\s+){MENTION}")
_AFTER = regex.compile(rf"{MENTION}(\s+)([\p{{L}}'’]+)")


def _auxiliary(verb: str, words: PersonWords) -> str:
    return _agreed(verb, words) if verb.lower() in words.auxiliaries else verb


def _agreed(verb: str, words: PersonWords) -> str:
    """The first person of a verb in the third, where it is known."""
    lower = verb.lower()
    agreed = words.verbs.get(lower)
    if agreed is None:
        agreed = next((lower[: -len(old)] + new for old, new in words.endings if lower.endswith(old)), None)
    if agreed is None:
        return verb
    return agreed.capitalize() if verb[0].isupper() else agreed


def _in_case(text: str, question: str) -> str:
    """A capital at the beginning, where the question had one."""
    asked, own = _LETTER.search(question), _LETTER.search(text)
    if asked and own and asked.group().isupper() and own.group().islower():
        return text[: own.start()] + own.group().upper() + text[own.end() :]
    return text


def _mentions(question: str, names: Collection[str], language: str) -> list[_Mention]:
    """Mentions in order; where names overlap, the longest."""
    text = question[:_READ_CHARS]
    index = _index(names)
    tokens = list(_tokens(text))
    code = resolve(language, text) if index else FALLBACK
    found: list[_Mention] = []
    place = 0
    while place < len(tokens):
        size, these = _longest(text, tokens, place, index, person_words(code))
        found += these
        place += size
    return sorted([*found, *_spaceless_mentions(text, names)], key=lambda mention: mention.start)


def _longest(
    text: str,
    tokens: Sequence[_Token],
    place: int,
    index: dict[str, list[tuple[tuple[str, ...], str]]],
    words: PersonWords,
) -> tuple[int, list[_Mention]]:
    """How many tokens to go on by, and the mentions of the longest name that begins at a place."""
    best = 0
    these: list[_Mention] = []
    for stem, size_of_suffix in _stems(tokens[place].folded):
        for parts, name in index.get(stem, ()):
            end = _end_of(text, tokens, place, parts, size_of_suffix)
            if end is None or len(parts) < best or not _is_name(text, tokens, place, parts, words):
                continue
            if len(parts) > best:
                best, these = len(parts), []
            these.append(_Mention(name, tokens[place].start, end))
        if these:
            break
    return max(best, 1), these


def _stems(folded: str) -> Iterator[tuple[str, int]]:
    """A word, and what is left of it when its last letter is the s of a possessive."""
    yield folded, 0
    if len(folded) > 3 and folded.endswith("s"):
        yield folded[:-1], 1


def _end_of(text: str, tokens: Sequence[_Token], place: int, parts: tuple[str, ...], suffix: int) -> int | None:
    """Where a name that begins at a place ends, before a possessive s; None when its other parts do not follow."""
    if len(parts) == 1:
        return tokens[place].end - suffix
    if suffix or place + len(parts) > len(tokens):
        return None
    for offset, part in enumerate(parts[1:], start=1):
        token, before = tokens[place + offset], tokens[place + offset - 1]
        if not _WITHIN_NAME.fullmatch(text[before.end : token.start]):
            return None
        if token.folded != part:
            is_last = offset == len(parts) - 1
            return token.end - 1 if is_last and token.folded == part + "s" else None
    return tokens[place + len(parts) - 1].end


def _is_name(text: str, tokens: Sequence[_Token], place: int, parts: tuple[str, ...], words: PersonWords) -> bool:
    """Not a word of the language that is spelt like a name: 'will', 'mark', 'May I'."""
    token = tokens[place]
    if len(parts) > 1 or token.folded not in _known_words():
        return True
    if not token.capital:
        return False
    possessive = text[token.end : token.end + 2] in ("'s", "’s")
    return not token.first or possessive or token.folded not in words.never_first | _function_words()


def _tokens(text: str) -> Iterator[_Token]:
    for found in _WORD.finditer(text):
        word, start = found.group(), found.start()
        first = _SENTENCE_END.search(text, max(0, start - 3), start) is not None
        yield _Token(_fold(word), start, found.end(), word[0].isupper(), first)


def _spaceless_mentions(text: str, names: Collection[str]) -> list[_Mention]:
    """Names in scripts without spaces, which stand inside a run of characters."""
    if text.isascii() or not _SPACELESS.search(text):
        return []
    found = [(text.find(name), name) for name in names if len(name) > 1 and _SPACELESS.match(name)]
    return [_Mention(name, place, place + len(name)) for place, name in found if place >= 0]


def _index(names: Collection[str]) -> dict[str, list[tuple[tuple[str, ...], str]]]:
    """The ways to mention each name, by their first word."""
    index: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for name in names:
        for parts in _ways(name[:_NAME_CHARS]):
            index.setdefault(parts[0], []).append((parts, name))
    return index


@lru_cache(maxsize=10_000)
def _ways(name: str) -> tuple[tuple[str, ...], ...]:
    """A name's words, its first and its last, folded."""
    address = name.split("@")[0]
    words = tuple(_fold(word) for word in _WORD.findall(address))
    if len("".join(words)) < 2 or " ".join(words) in name_words("roles"):
        return ()
    parts = [word for word in words if len(word) > 1 and word not in name_words("particles")]
    ways = [words, *((part,) for part in (parts[:1] + parts[-1:]) if len(words) > 1)]
    return tuple(dict.fromkeys(ways))


@lru_cache(maxsize=10_000)
def _fold(word: str) -> str:
    """Lower case without accents: 'José' is asked for as 'jose'."""
    if word.isascii():
        return word.lower()
    decomposed = unicodedata.normalize("NFD", word.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c)) or word


@lru_cache(maxsize=1)
def _function_words() -> frozenset[str]:
    return frozenset(_fold(word) for code in LANGUAGES for word in stopwords(code)) | {"may", "can", "will"}


@lru_cache(maxsize=1)
def _countries() -> frozenset[str]:
    return frozenset(_fold(name) for code in LANGUAGES for name in country_names(code))


@lru_cache(maxsize=1)
def _known_words() -> frozenset[str]:
    marks = {_fold(word) for code in LANGUAGES for word in language_file(code)["marks"]}
    return _function_words() | name_words("also_words") | marks
