"""Tokens of a text for a model: counted where its tokenizer is on this machine, else estimated on the safe side.

A tokenizer is here as `tokenizers/NAME.json` under the models' folder. Nothing is ever downloaded.
"""

from __future__ import annotations

import logging
import math
import tomllib
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

import regex
from django.conf import settings
from tokenizers import Tokenizer

from memories.context.targets import Target, matching, shipped, unknown
from memories.embedding.wordpieces import well_formed

Count = Callable[[str], int]
_log = logging.getLogger(__name__)

_COSTS_FILE: Final = Path(__file__).parent / "token_costs.toml"
_ANY: Final = "any"
# No vendor publishes these: what any known one needs, and more, for newer ones were seen to need more.
_UNPUBLISHED: Final = {"claude": 1.15}
_MARGIN: Final = 1.05
_SPACES_A_TOKEN: Final = 14
_CACHED_TEXT_CHARS: Final = 4_000

# A text is English when so many of its words are these; others fall into more pieces.
_SMALL_WORDS: Final = "the and to of a in is it you that for i on with was my this have be are as at so not but"
_ENGLISH: Final = frozenset(word for small in _SMALL_WORDS.split() for word in (small, small.capitalize()))
_ENGLISH_SHARE: Final = 0.15
_WORDLIKE: Final = regex.compile(r"[\p{Latin}0-9]+")
_LETTERS: Final = regex.compile(r"\p{Latin}+")
_CAPITAL_INSIDE: Final = regex.compile(r"(?<=\p{L})\p{Lu}")
_ROUGH: Final = regex.compile(r"(?i)(?<=[bcdfghjklmnpqrstvwxz]{4})[bcdfghjklmnpqrstvwxz]")
_NUMBER: Final = regex.compile(r"[0-9]+")
_MARKS: Final = regex.compile(r"[!-/:-@\[-`{-~]+")
_LINES: Final = regex.compile(r"\s*\n\s*")
_SPACES: Final = regex.compile(r"[ \t]{2,}")
_NOT_ASCII: Final = regex.compile(r"[^\x00-\x7f]+")
_LATIN: Final = regex.compile(r"\p{Latin}")
_CYRILLIC: Final = regex.compile(r"\p{Cyrillic}+")
_CHARACTERS: Final = {
    "greek": regex.compile(r"\p{Greek}"),
    "semitic": regex.compile(r"[\p{Arabic}\p{Hebrew}]"),
    "han": regex.compile(r"\p{Han}"),
    "kana": regex.compile(r"[\p{Hiragana}\p{Katakana}]"),
    "hangul": regex.compile(r"\p{Hangul}"),
    "indic_thai": regex.compile(r"[\p{Devanagari}\p{Thai}\p{M}]"),
    "wide": regex.compile("[\U00010000-\U0010ffff]"),
    "typographic": regex.compile("[\u2000-\u206f\u00a0-\u00bf]"),
}


def count_tokens(text: str, model: str = "") -> int:
    """How many tokens the text has for the model, or at most has when its tokenizer is not here."""
    return counter(matching(model, shipped()) or unknown())(text)


def counter(target: Target) -> Count:
    """The way to count for a target."""
    exact = _exact(target.tokenizer, _folder()) if target.tokenizer else None
    return exact or _estimator(target.tokenizer)


def is_exact(target: Target) -> bool:
    """Whether the target's own tokenizer counts."""
    return bool(target.tokenizer) and _exact(target.tokenizer, _folder()) is not None


def estimated(text: str, tokenizer: str = "") -> int:
    """Nearly never fewer tokens than the tokenizer (empty: any known one) makes of the text; docs/context.md says how
    many more."""
    total = _cost(text, tokenizer if tokenizer in _costs() else _ANY)
    return math.ceil(total * _MARGIN * _UNPUBLISHED.get(tokenizer, 1.0))


@lru_cache(maxsize=32)
def _estimator(tokenizer: str) -> Count:
    @lru_cache(maxsize=4096)
    def short(text: str) -> int:
        return estimated(text, tokenizer)

    return lambda text: short(text) if len(text) <= _CACHED_TEXT_CHARS else estimated(text, tokenizer)


def _folder() -> Path:
    return Path(settings.MODELS_DIR) / "tokenizers"


@lru_cache(maxsize=32)
def _exact(name: str, folder: Path) -> Count | None:
    """The tokenizer of this name, if it is on this machine."""
    file = folder / f"{name}.json"
    if "/" in name or not file.is_file():
        return None
    try:
        read = Tokenizer.from_file(str(file))
    except Exception as error:  # the library raises nothing narrower
        _log.warning("The tokenizer %s cannot be read, tokens are estimated: %s", file, error)
        return None
    read.no_truncation()
    read.no_padding()
    return lambda text: len(read.encode(well_formed(text), add_special_tokens=False).ids)


@lru_cache(maxsize=1)
def _costs() -> Mapping[str, Mapping[str, float]]:
    return tomllib.loads(_COSTS_FILE.read_text(encoding="utf-8"))


def _cost(text: str, name: str) -> float:
    costs, words = _costs()[name], _WORDLIKE.findall(text)
    english = sum(map(_ENGLISH.__contains__, words)) >= _ENGLISH_SHARE * len(words)
    total = sum(_word_cost(word, name, english) for word in words)
    total += _runs_cost(_MARKS.findall(text), costs["marks"], costs["marks_more"])
    total += costs["lines"] * len(_LINES.findall(text)) if "\n" in text else 0.0
    total += costs["spaces"] * _spaces(text) if "  " in text or "\t" in text else 0.0
    return total if text.isascii() else total + _other_scripts(text, costs)


@lru_cache(maxsize=50_000)
def _word_cost(word: str, name: str, english: bool) -> float:
    """Of one run of letters and digits. What mixes them, or has capitals inside, is an identifier or encoded data."""
    costs = _costs()[name]
    letters, numbers = _LETTERS.findall(word), _NUMBER.findall(word)
    total = _runs_cost(numbers, costs["number"], costs["number_more"])
    capitals = 0 if word.islower() else len(_CAPITAL_INSIDE.findall(word))
    if (letters and numbers) or (capitals > 1 and not word.isupper()):
        return total + costs["glued"] * sum(map(len, letters))
    accents = 0 if word.isascii() else sum(character > "\x7f" for character in word)
    total += capitals * costs["capital_inside"] + accents * costs["accent"] + len(_ROUGH.findall(word)) * costs["rough"]
    kind = "english" if english else "foreign"
    for run in letters:
        total += costs[kind] + max(0, len(run) - 4) * costs[f"{kind}_long"]
        total += max(0, len(run) - 9) * costs[f"{kind}_longer"]
    return total


def _spaces(text: str) -> float:
    """Runs of spaces, a very long one as several."""
    return sum(1 + len(run) / _SPACES_A_TOKEN for run in _SPACES.findall(text))


def _runs_cost(runs: list[str], first: float, more: float) -> float:
    return len(runs) * first + (sum(map(len, runs)) - len(runs)) * more


def _other_scripts(text: str, costs: Mapping[str, float]) -> float:
    """Only what is not ASCII is read: in most texts a sign here and there, and one in every entry of a block."""
    foreign = _NOT_ASCII.findall(text)
    rest = " ".join(foreign)
    runs = _CYRILLIC.findall(rest)
    total = _runs_cost(runs, costs["cyrillic"], costs["cyrillic_more"])
    seen = sum(map(len, runs)) + len(_LATIN.findall(rest))
    for name, pattern in _CHARACTERS.items():
        n = len(pattern.findall(rest))
        total, seen = total + n * costs[name], seen + n
    return total + max(0, sum(map(len, foreign)) - seen) * costs["other"]
