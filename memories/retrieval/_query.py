"""Understanding a question: who is named, what is asked, which times are meant, its words and its vectors."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np
import regex
from numpy.typing import NDArray

from accounts.keys import keyring
from memories.feedback_rules import learnt_for
from memories.generations import Generation
from memories.keyed_terms import author_terms, keyed, number_of, phrase_of
from memories.lexeme_statistics import Statistics, statistics_for
from memories.lexicon import ParsedQuery, Word, parse_query
from memories.questions import Asked, TimeSpan, asked, first_person, names_in, proper_names, time_spans
from memories.retrieval._words import WordGroup, groups_of
from memshadow.lib.errors import MemshadowError

logger = logging.getLogger(__name__)

_NAME_WORDS = 3  # an author's name in a question has at most so many words
_AUTHORS_ASKED = 200  # candidate names that are looked up
_NAME_WORD = regex.compile(r"[\p{L}\p{M}\p{N}][\p{L}\p{M}\p{N}._-]*")
_ASKS = regex.compile(r"[?？؟]\s*$")
# What words without statistics (stop words, punctuation) weigh in late interaction, beside the idf of the others.
_STOP_WEIGHT = 2.0


@dataclass(frozen=True, slots=True)
class LearntWords:
    """Words that a rule learnt from feedback adds: their groups, what they weigh beside asked ones, and why."""

    groups: tuple[WordGroup, ...]
    weight: float
    explanation: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question, ready for the arms and the signals.

    `spoken` is the text that was embedded: in the first person when it names an author. `tokens` are the vectors of its
    tokens (t, dimension), `token_weights` their weights (t,), which sum to 1. `authors` are keyed terms of the authors
    that it names. Quoted phrases are `required`, but in a sentence that asks ('What did I say of "Becoming Nicole"?')
    they name a thing, which the answer need not name again: there they are `quoted`, and what holds them goes first.
    """

    parsed: ParsedQuery
    spoken: str
    key: bytes
    known: Statistics
    groups: tuple[WordGroup, ...]
    expansions: tuple[LearntWords, ...]
    required: tuple[str, ...]
    quoted: tuple[str, ...]
    forbidden: tuple[str, ...]
    authors: tuple[str, ...]
    named: tuple[str, ...]
    asked: Asked
    times: tuple[TimeSpan, ...]
    vector: NDArray[np.float32] | None
    tokens: NDArray[np.float32] | None
    token_weights: NDArray[np.float32]

    @property
    def is_empty(self) -> bool:
        """Nothing to look for: neither a vector nor a word."""
        return self.vector is None and not self.groups

    @property
    def understood(self) -> tuple[str, ...]:
        """How the question was read, in short texts."""
        authors = [term.removeprefix("@").title() for term in self.authors]
        notes = [f"said by {' or '.join(authors)}"] if authors else []
        notes += [f"about {span.text}" for span in self.times]
        notes += ["said by the assistant"] if self.asked.by_assistant else []
        return (*notes, *(f"with learnt words: {expansion.explanation}" for expansion in self.expansions))

    @property
    def terms(self) -> frozenset[str]:
        """Every term that a hit may contain, for highlighting."""
        return self.parsed.terms


def understand(query: str, owner_id: UUID, generation: Generation, at: datetime) -> Question:
    """Take the question apart. Without its model, search goes on by words alone."""
    parsed, key = parse_query(query), keyring(owner_id).lexeme_key
    names = {name: _author_number(name, key) for name in _possible_names(parsed.text)}
    known = statistics_for(owner_id, generation.id, _numbers(parsed.words, names, key))
    rules = learnt_for(owner_id, [term for word in parsed.words for term in word.terms]) if known.rules else []
    added = [parse_query(" ".join(rule.added)).words for rule in rules]
    if added:
        words = [*parsed.words, *(word for words in added for word in words)]
        known = statistics_for(owner_id, generation.id, _numbers(words, names, key))
    said_by = [name for name, number in names.items() if known.frequency.get(number)]
    authors = names_in(parsed.text, said_by)
    groups = groups_of(parsed.words, key, known)
    spoken = first_person(parsed.text, authors) if authors else parsed.text
    phrases = tuple(phrase_of(words, key) for words in parsed.phrases)
    asks = _ASKS.search(query) is not None
    vector, tokens, weights = _vectors(spoken, [" ".join(rule.added) for rule in rules], generation, groups)
    return Question(
        parsed=parsed,
        spoken=spoken,
        key=key,
        known=known,
        groups=groups,
        expansions=tuple(
            LearntWords(groups_of(words, key, known), rule.weight, rule.explanation)
            for rule, words in zip(rules, added, strict=True)
        ),
        required=() if asks else phrases,
        quoted=phrases if asks else (),
        forbidden=tuple(phrase_of(words, key) for words in parsed.excluded),
        authors=tuple(author_terms(name)[0] for name in authors),
        named=tuple(proper_names(parsed.text)),
        asked=asked(parsed.text),
        times=tuple(time_spans(parsed.text, at)),
        vector=vector,
        tokens=tokens,
        token_weights=weights,
    )


def _numbers(words: Sequence[Word], names: Mapping[str, int], key: bytes) -> list[int]:
    terms = {number_of(term, key) for word in words for term in word.terms}
    return sorted(terms.union(names.values()))


def _author_number(name: str, key: bytes) -> int:
    return number_of(author_terms(name)[0], key)


def authors_query(question: Question) -> str:
    """A tsquery for what the named authors said."""
    return " | ".join(f"'{keyed(term, question.key)}'" for term in question.authors)


def _possible_names(text: str) -> list[str]:
    """Every run of up to three words that could be an author's name, possessive endings taken off."""
    words = [match.group().strip("._-") for match in _NAME_WORD.finditer(text)]
    names: dict[str, None] = {}
    for size in range(_NAME_WORDS, 0, -1):
        for start in range(len(words) - size + 1):
            name = " ".join(words[start : start + size]).casefold()
            names[name] = None
            if name.endswith("s"):
                names[name[:-1].rstrip("'’")] = None
    return [name for name in list(names)[:_AUTHORS_ASKED] if name]


def _vectors(
    text: str, added: list[str], generation: Generation, groups: Sequence[WordGroup]
) -> tuple[NDArray[np.float32] | None, NDArray[np.float32] | None, NDArray[np.float32]]:
    """The question's vector, token vectors and their weights; nothing while the model is away.

    With learnt words, the question with them is a second query; the vectors' sum ranks by the sum of both cosines
    (CombSUM; Fox & Shaw 1994).
    """
    provider = generation.provider
    try:
        embedded = provider.embed_question(text)
        learnt = provider.embed_question(f"{text} ({', '.join(added)})").sentence if added else 0.0
    except MemshadowError:
        logger.exception("The embedding model is away; searching by words alone")
        return None, None, np.empty(0, np.float32)
    vector = embedded.sentence + learnt
    weights = _token_weights(text, provider.token_spans(text), len(embedded.tokens), groups)
    return vector / max(float(np.linalg.norm(vector)), 1e-9), embedded.tokens, weights


def _token_weights(text: str, spans: NDArray[np.int32], read: int, groups: Sequence[WordGroup]) -> NDArray[np.float32]:
    """A weight for each token that the model read: its word's idf. They sum to 1."""
    idf = {term: group.idf for group in groups for term in group.terms}
    weights = np.full(read, _STOP_WEIGHT, np.float32)
    for match in _NAME_WORD.finditer(text):
        word = match.group().casefold().strip("._-")
        weight = idf.get(word) or idf.get(word.removesuffix("'s"))
        if weight is not None:
            inside = (spans[:read, 0] >= match.start()) & (spans[:read, 1] <= match.end())
            weights[inside] = weight
    total = float(weights.sum())
    return weights / total if total > 0 else weights
