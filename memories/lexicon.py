"""Words for the lexical index: segmentation, stemming, stop words.

A word gives one lexeme: its stem in the text's language. Identifiers (`snake_case`, `CamelCase`, `example.org`,
`v1.2.3`) give themselves as a whole and their parts. Scripts that put no spaces (Chinese, Japanese, Thai; Korean
is treated alike) give pairs of characters, and each Han character, which may be a word.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import local
from typing import NamedTuple

import py3langid
import regex
import Stemmer

UNDETERMINED = "und"
QUERY_LANGUAGES = ("en", "de", "es", "fr", "pt", "it", "nl")
_STEMMERS = {
    "ar": "arabic",
    "ca": "catalan",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "et": "estonian",
    "eu": "basque",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "nl": "dutch",
    "no": "norwegian",
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
}
_UNSTEMMED = ("cs", "fa", "he", "ja", "ko", "th", "uk", "vi", "zh")
# A question's word in one of these scripts can be in these languages only; any other may be in QUERY_LANGUAGES.
_SCRIPT_LANGUAGES = (
    (regex.compile(r"\p{Cyrillic}"), ("ru", "sr")),
    (regex.compile(r"\p{Greek}"), ("el",)),
    (regex.compile(r"\p{Arabic}"), ("ar",)),
    (regex.compile(r"\p{Devanagari}"), ("hi",)),
    (regex.compile(r"\p{Armenian}"), ("hy",)),
    (regex.compile(r"\p{Tamil}"), ("ta",)),
)
_DETECT_CHARS = 1000
_DETECT_MIN_CHARS = 24
_WORD_MAX_CHARS = 100
# What is longer is data, not an identifier: its parts are not looked up, and it is not worth a place in a cache.
_PARTS_MAX_CHARS = 1000
_CACHED_MAX_CHARS = 100

_SPACELESS = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_TOKEN = regex.compile(
    rf"[{_SPACELESS}]+|[^\W_{_SPACELESS}]++(?:[._@:/+\-]*+[^\W_{_SPACELESS}]++)*+[+#]*+", regex.VERSION1
)
_PART = regex.compile(r"\p{Lu}+(?!\p{Ll})|\p{Lu}?[\p{Ll}\p{Lo}\p{M}]+|[\p{L}\p{M}]+|\p{N}+")
_IS_SPACELESS = regex.compile(rf"[{_SPACELESS}]")
_IS_WORD = regex.compile(r"[\p{L}\p{M}]+")
_IS_HAN = regex.compile(r"\p{Han}")
_PHRASE = regex.compile(r'(-?)"([^"]+)"')
# Phones and other languages' keyboards quote with these.
_QUOTES = dict.fromkeys(map(ord, "\u201c\u201d\u201e\u201f\u00ab\u00bb\uff02"), '"')
_UMLAUT = regex.compile("[äöüåø]")
_SPELT_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})
_EXCLUDED = regex.compile(r"(?:^|(?<=\s))-([^\s\"-]\S*)")

_thread = local()


class Lexeme(NamedTuple):
    """A term at a position (words count from 1) and the characters [start:end] that it stands for."""

    term: str
    position: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a question: the terms that may stand for it, and its position among the question's words."""

    terms: tuple[str, ...]
    position: int


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """A question taken apart: its text without operators, its words, the phrases that must or must not occur."""

    text: str
    words: tuple[Word, ...]
    phrases: tuple[tuple[Word, ...], ...]
    excluded: tuple[tuple[Word, ...], ...]

    @property
    def terms(self) -> frozenset[str]:
        """Every term that a hit may contain, for highlighting."""
        words = [*self.words, *(word for phrase in self.phrases for word in phrase)]
        return frozenset(term for word in words for term in word.terms)


def detect_language(text: str) -> str:
    """ISO 639-1 code of a text's language; 'und' below 24 characters, which are too few to tell.

    Deterministic; reads the first 1,000 characters only. 'und' is indexed as English.
    """
    sample = text[:_DETECT_CHARS]
    if len(sample.strip()) < _DETECT_MIN_CHARS and not _IS_SPACELESS.search(sample):
        return UNDETERMINED
    language: str = _identifier().classify(sample)[0]
    return "no" if language in ("nb", "nn") else language


def lexemes(text: str, language: str) -> list[Lexeme]:
    """The lexemes of a text in order, without the stop words of its language."""
    return list(_lexemes(text, _stem_language(language)))


def parse_query(text: str) -> ParsedQuery:
    """Words, "quoted phrases" and -excluded words of a question.

    A question is too short to tell its language, so each word stands for its stems in all of QUERY_LANGUAGES (or
    in its script's). Stop words are left out unless nothing else is there; of a phrase those of all languages,
    for those of a memory's own language are not in the index.
    """
    text = text.translate(_QUOTES)
    phrases = [m.group(2) for m in _PHRASE.finditer(text) if not m.group(1)]
    excluded = [m.group(2) for m in _PHRASE.finditer(text) if m.group(1)]
    rest = _PHRASE.sub(" ", text)
    excluded += [m.group(1) for m in _EXCLUDED.finditer(rest)]
    asked = _without_operators(text)
    stops = _query_stops(detect_language(asked))
    return ParsedQuery(
        text=asked or text,
        words=(*_words(asked, stops), *_part_words(asked, stops)),
        phrases=tuple(filter(None, map(_phrase_words, phrases))),
        excluded=tuple(filter(None, map(_phrase_words, excluded))),
    )


def _without_operators(text: str) -> str:
    """The question in its own order, as a model is to read it."""
    kept, done = [], 0
    for phrase in _PHRASE.finditer(text):
        kept += [_EXCLUDED.sub(" ", text[done : phrase.start()]), "" if phrase.group(1) else phrase.group(2)]
        done = phrase.end()
    return " ".join(" ".join([*kept, _EXCLUDED.sub(" ", text[done:])]).split())


def _words(text: str, stops: frozenset[str]) -> tuple[Word, ...]:
    """The words of a question without stop words, or with them when there is nothing else."""
    found, content = _split_words(text, stops)
    return tuple(content or found)


def _phrase_words(phrase: str) -> tuple[Word, ...]:
    """Nothing for a phrase of stop words only: the index lacks them, so that to ask for them would find nothing."""
    return tuple(_split_words(phrase, _all_stops())[1])


def _split_words(text: str, stops: frozenset[str]) -> tuple[list[Word], list[Word]]:
    """All words of a question, and those that are no stop words."""
    found: list[Word] = []
    content: list[Word] = []
    position = 0
    for start, end in _tokens(text):
        token = text[start:end]
        if _IS_SPACELESS.match(token):
            pairs = [Word((_nfkc(pair),), position + n) for n, pair in enumerate(_pairs(token), start=1)]
            position += len(token)
            found += pairs
            content += pairs
            continue
        position += 1
        folded = _folded(token[:_WORD_MAX_CHARS])
        word = Word(_alternatives(folded), position)
        found.append(word)
        if folded not in stops:
            content.append(word)
    return found, content


def _part_words(text: str, stops: frozenset[str]) -> Iterator[Word]:
    """The parts of a question's identifiers and compounds, which a memory may hold as words of their own."""
    for position, (start, end) in enumerate(_tokens(text), start=1):
        if not _IS_SPACELESS.match(text[start]):
            for part, _, _ in _parts(text[start:end]):
                if part not in stops:
                    yield Word(_alternatives(part), position)


@lru_cache(maxsize=20_000)
def _alternatives(word: str) -> tuple[str, ...]:
    languages = next((codes for script, codes in _SCRIPT_LANGUAGES if script.search(word)), QUERY_LANGUAGES)
    forms = (word, _unaccented(word), *_spelt_out(word))
    stems = (_stem(form, language) for language in languages for form in forms)
    return tuple(dict.fromkeys((*forms, *stems)))


@lru_cache(maxsize=1)
def _all_stops() -> frozenset[str]:
    return frozenset().union(*map(_stops, _STEMMERS))


@lru_cache(maxsize=64)
def _query_stops(language: str) -> frozenset[str]:
    return _stops("en") | _stops(language)


def _lexemes(text: str, language: str) -> Iterator[Lexeme]:
    position = 0
    for start, end in _tokens(text):
        token = text[start:end]
        if not token.isascii() and _IS_SPACELESS.match(token):
            yield from _spaceless_lexemes(token, position, start)
            position += len(token)
            continue
        position += 1
        terms = _terms if end - start <= _CACHED_MAX_CHARS else _terms.__wrapped__
        for term, first, last in terms(token, language):
            yield Lexeme(term, position, start + first, start + last)


@lru_cache(maxsize=16_384)
def _terms(token: str, language: str) -> tuple[tuple[str, int, int], ...]:
    """The terms of a token and the characters [first:last] of it that each stands for."""
    stops = _stops(language)
    folded = _folded(token[:_WORD_MAX_CHARS])
    if folded in stops:
        return ()
    whole = [(form, 0, len(token)) for form in _forms(folded, language)]
    parts = [(_stem(part, language), first, last) for part, first, last in _parts(token) if part not in stops]
    return (*whole, *parts)


def _spaceless_lexemes(run: str, position: int, start: int) -> Iterator[Lexeme]:
    """Each character takes a position, where the pair that begins there stands and, in Han, itself too."""
    for place, character in enumerate(run):
        position += 1
        if place + 1 < len(run):
            yield Lexeme(_nfkc(run[place : place + 2]), position, start + place, start + place + 2)
        if len(run) == 1 or _IS_HAN.match(character):
            yield Lexeme(_nfkc(character), position, start + place, start + place + 1)


def _forms(word: str, language: str) -> tuple[str, ...]:
    """The stems of a word, of it without accents and spelt out, and the word itself if questions lack its stem."""
    forms = [_stem(word, language)]
    if not word.isascii():
        forms += [_stem(form, language) for form in (_unaccented(word), *_spelt_out(word))]
    if language not in QUERY_LANGUAGES:
        forms.append(word)
    return tuple(dict.fromkeys(forms))


def _tokens(text: str) -> Iterator[tuple[int, int]]:
    return (match.span() for match in _TOKEN.finditer(text))


def _parts(token: str) -> list[tuple[str, int, int]]:
    """The parts [start:end] of an identifier, address or compound, in lower case; none for a plain word."""
    if token.isalpha() and (token.islower() or token[1:].islower() or token.isupper()):
        return []
    if len(token) > _PARTS_MAX_CHARS:
        return []
    found = list(_PART.finditer(token))
    return [(_folded(part[0][:_WORD_MAX_CHARS]), *part.span()) for part in found] if len(found) > 1 else []


def _pairs(run: str) -> list[str]:
    return [run[place : place + 2] for place in range(max(1, len(run) - 1))]


def _nfkc(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def _folded(word: str) -> str:
    return _nfkc(word).casefold()


def _unaccented(word: str) -> str:
    decomposed = unicodedata.normalize("NFD", word)
    # A mark that stands alone is all that there is of its word.
    return "".join(c for c in decomposed if not unicodedata.combining(c)) or word


def _spelt_out(word: str) -> tuple[str, ...]:
    """'muenchen' for 'münchen': how it is written where the keyboard lacks the letter. Nothing for other words."""
    return (word.translate(_SPELT_OUT),) if _UMLAUT.search(word) else ()


def _stem_language(language: str) -> str:
    """A text of unknown language is stemmed as English, which leaves most other words alone."""
    code = language.split("-")[0].lower()
    return "en" if code in (UNDETERMINED, "") else code


def _stem(word: str, language: str) -> str:
    algorithm = _STEMMERS.get(language)
    if algorithm is None:
        return word
    return str(_stemmer(algorithm).stemWord(word)) if _IS_WORD.fullmatch(word) else word


def _stemmer(algorithm: str) -> Stemmer.Stemmer:
    """One stemmer a thread and language: they are not safe to share."""
    stemmers: dict[str, Stemmer.Stemmer] = _thread.__dict__
    if algorithm not in stemmers:
        stemmers[algorithm] = Stemmer.Stemmer(algorithm)
    return stemmers[algorithm]


@lru_cache(maxsize=64)
def _stops(language: str) -> frozenset[str]:
    path = Path(__file__).parent / "stopwords" / f"{language}.txt"
    if language not in _STEMMERS or not path.is_file():
        return frozenset()
    return frozenset(map(_folded, path.read_text(encoding="utf-8").split()))


@lru_cache(maxsize=1)
def _identifier() -> py3langid.langid.LanguageIdentifier:
    module = py3langid.langid
    identifier = module.LanguageIdentifier.from_model_file(module.MODEL_FILE)
    identifier.set_languages([*_STEMMERS, *_UNSTEMMED])
    # The table of all languages, from which others could be chosen: 28 MB in each process.
    identifier._full_model = (identifier.nb_ptc, identifier.nb_pc, identifier.nb_classes)
    return identifier
