"""One word to the terms it is found under: case, accents, inflection and spelling variants taken away."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from threading import local

import Stemmer

from memories.lexicon.stopwords import STOP_WORDS

STEMMERS = {
    "ar": "arabic",
    "ca": "catalan",
    "cs": "czech",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "eo": "esperanto",
    "es": "spanish",
    "et": "estonian",
    "eu": "basque",
    "fa": "persian",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "ne": "nepali",
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
# Longer 'words' are keys, hashes and data; their beginning is enough to find them by.
MAX_TERM_CHARACTERS = 64

_APOSTROPHES = str.maketrans({"\u2019": "'", "\u02bc": "'", "\uff07": "'"})
# Accents, Hebrew points, Arabic vowel signs and the stroke that only stretches a word. Not the marks of Indic
# scripts, which are letters.
_ACCENTS = re.compile("[\u0300-\u036f\u0591-\u05c7\u0640\u064b-\u065f\u0670]+")
_LETTERS_WITHOUT_ACCENT = str.maketrans(
    {"ø": "o", "đ": "d", "ð": "d", "ł": "l", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ħ": "h", "ŧ": "t"}
)
_SPELT_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})
_HAS_SPELT_OUT = re.compile("[äöüåø]")
_stemmers = local()


@lru_cache(maxsize=65_536)
def terms_of(word: str, language: str) -> tuple[str, ...]:
    """The terms of one word without separators, best first; none for a stop word of `language`.

    'München' is 'munchen' and, spelt out, 'muenchen' (in German both become 'munch'). A language without stemmer,
    such as 'und', only loses case and accents.
    """
    plain = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", word).casefold()).translate(_APOSTROPHES)
    plain = plain[:MAX_TERM_CHARACTERS]
    if plain in STOP_WORDS.get(language, ()):
        return ()
    variants = [plain]
    if _HAS_SPELT_OUT.search(plain):
        variants.append(plain.translate(_SPELT_OUT))
    terms = (term for variant in variants for term in _stems(variant, language))
    return tuple(dict.fromkeys(term for term in terms if term))


def fold(text: str) -> str:
    """The text without case and accents: what two spellings of one name have in common."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return unicodedata.normalize("NFC", _ACCENTS.sub("", plain)).translate(_LETTERS_WITHOUT_ACCENT)


def _stems(word: str, language: str) -> list[str]:
    name = STEMMERS.get(language)
    if name is not None:
        return [fold(_stemmer(name).stemWord(word))]
    # "Anna's", "l'eau", "O'Brien": which part is the word depends on a language that is not known here.
    parts = [part for part in word.split("'") if len(part) > 1]
    return [fold(part) for part in parts or [word.replace("'", "")]]


def _stemmer(name: str) -> Stemmer.Stemmer:
    """This thread's own: they are not safe to share."""
    try:
        stemmer: Stemmer.Stemmer = _stemmers.__dict__[name]
    except KeyError:
        # Its own cache would only repeat that of `terms_of`.
        stemmer = _stemmers.__dict__[name] = Stemmer.Stemmer(name, 0)
    return stemmer
