"""The signals of a candidate: each a number for each chunk, computed for all of them at once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from memories.questions import Cue, TimeSpan
from memories.retrieval import _sql
from memories.retrieval._late_interaction import token_maxima
from memories.retrieval._query import Question
from memories.retrieval._words import Scores, bm25, term_frequencies

# Texts above so many words lose weight as neighbours and in late interaction, whose maxima grow with length.
SHORT_WORDS = 60
# A text that says nothing of the question still has about this much late interaction.
LATE_INTERACTION_FLOOR = 0.17
# What the nearest word of a turn beside the memory counts against one of its own.
NEIGHBOURS_TOKENS = 0.75
# The best of many chunks is higher by chance: what a memory's best chunk is marked down by, for each factor e.
CHUNKS_MARKDOWN = 0.05
CHUNKS_COUNTED = 8
_DAY_S = 86_400.0
_NEAR_DAYS = 31.0
_YEARLY = ("date", "month", "season")
_YEAR = re.compile(r"\d{4}")
_YEARS_BACK = 12
_ANY_YEAR = 0.9


@dataclass(frozen=True, slots=True)
class Texts:
    """What the words and the vector say of n chunks: cosine, BM25 and the like, all (n,)."""

    cosine: Scores
    bm25: Scores
    by_named_author: Scores
    by_names: Scores
    expansion: Scores
    short: Scores


def texts_of(rows: _sql.Rows, question: Question) -> Texts:
    """Read the rows' words and vectors. A long memory's best chunk is marked down for having had many tries."""
    records = rows.records
    asked = [group.terms for group in question.groups]
    added = [(group, learnt.weight) for learnt in question.expansions for group in learnt.groups]
    authors = [(term,) for term in question.authors]
    names = [(name.casefold(),) for name in question.named]
    wanted = [*asked, *(group.terms for group, _ in added), *authors, *names]
    parts = np.cumsum([len(asked), len(added), len(authors)])
    of_asked, of_added, of_authors, of_names = np.split(term_frequencies(rows.counts, wanted, question.key), parts)
    idf = np.array([group.idf for group in question.groups], np.float32)
    added_idf = np.array([group.idf * weight for group, weight in added], np.float32)
    markdown = CHUNKS_MARKDOWN * np.log(np.clip(records["chunks"], 1, CHUNKS_COUNTED).astype(np.float32))
    lengths, mean = records["length"].astype(np.float32), question.known.mean_length
    return Texts(
        cosine=records["cosine"].astype(np.float32) - markdown,
        bm25=bm25(of_asked, idf, lengths, mean) * (1 - markdown),
        by_named_author=np.asarray((of_authors > 0).any(axis=0), np.float32),
        by_names=(of_names > 0).sum(axis=0).astype(np.float32) / max(len(names), 1),
        expansion=bm25(of_added, added_idf, lengths, mean) * (1 - markdown),
        short=np.minimum(1.0, SHORT_WORDS / np.maximum(records["words"], 1)).astype(np.float32),
    )


def own_signals(rows: _sql.Rows, texts: Texts, question: Question, best_bm25: float) -> dict[str, Scores]:
    """The signals that a chunk's own row gives (the 'lite' score)."""
    records = rows.records
    relative, added = _relative(texts.bm25, best_bm25), _relative(texts.expansion, best_bm25)
    return {
        "expansion": np.minimum(added, 1.0),
        "meaning": texts.cosine,
        "words": relative,
        "author": author(records, texts, question),
        "session": best_of_session(records, relative),
        "question": _holds(records, Cue.QUESTION),
        "when_where": _asked_and_held(records, question, (("when", Cue.DATE), ("where", Cue.PLACE))),
        "who_count": _asked_and_held(records, question, (("who", Cue.PERSON), ("how_many", Cue.NUMBER))),
        "date": date(records, question.times),
        "names": texts.by_names,
        "phrase": records["phrases"].astype(np.float32) / max(len(question.quoted), 1),
        "pinned": records["pinned"].astype(np.float32),
        "importance": records["importance"].astype(np.float32) - 0.5,
    }


def _relative(scores: Scores, best: float) -> Scores:
    return scores / best if best > 0 else scores


def author(records: NDArray[np.void], texts: Texts, question: Question) -> Scores:
    """1 for what a named author said. Where nobody is named: for what the user wrote, or the assistant if asked so."""
    if question.authors:
        return texts.by_named_author
    speaker = records["speaker"]
    wanted = _sql.ASSISTANT if question.asked.by_assistant else _sql.USER
    by_owner = (speaker == 0) & (wanted == _sql.USER)  # a note: not a turn, no role
    theirs: Scores = ((speaker & wanted > 0) | by_owner).astype(np.float32)
    return theirs


def best_of_session(records: NDArray[np.void], scores: Scores) -> Scores:
    """The best score (n,) of any of the records of the same conversation; its own outside of conversations."""
    conversations = _sql.id_numbers(records["conversation_id"])
    _, places = np.unique(conversations, return_inverse=True)
    best = np.zeros(int(places.max(initial=-1)) + 1, np.float32)
    np.maximum.at(best, places, scores)
    return np.where(conversations == 0, scores, best[places]).astype(np.float32)


def date(records: NDArray[np.void], times: tuple[TimeSpan, ...]) -> Scores:
    """How well the memory's time agrees with those that the question names.

    1 inside a span, 2 inside one of at most two days, 0.4 up to a month beside one that is longer. A date without a
    year ('in May') agrees with that of any year, a little less.
    """
    moments = _sql.unix_s(records)
    best = np.zeros(len(records), np.float32)
    for span in times:
        for years in range(_YEARS_BACK if _recurs(span) else 1):
            agreed = _agreed(moments, _earlier(span.start, years), _earlier(span.end, years))
            best = np.maximum(best, agreed * (1.0 if years == 0 else _ANY_YEAR))
    return best.astype(np.float32)


def _agreed(moments: NDArray[np.float64], start_s: float, end_s: float) -> NDArray[np.float64]:
    is_day = end_s - start_s <= 2 * _DAY_S
    inside = (moments >= start_s) & (moments < end_s)
    near = (moments >= start_s - _NEAR_DAYS * _DAY_S) & (moments < end_s + _NEAR_DAYS * _DAY_S)
    return np.where(inside, 2.0 if is_day else 1.0, np.where(near & (not is_day), 0.4, 0.0))


def _recurs(span: TimeSpan) -> bool:
    """Whether the words name no year: 'in May', '7 May'."""
    return span.kind in _YEARLY and not _YEAR.search(span.text)


def _earlier(moment: datetime, years: int) -> float:
    """The same day so many years before, in seconds since 1970; the 29th of February becomes the 28th."""
    day = min(moment.day, 28) if moment.month == 2 else moment.day
    return moment.replace(year=max(moment.year - years, 1), day=day).timestamp()


def recency(records: NDArray[np.void], now_s: float, half_life_days: float) -> Scores:
    """2 ** (-age / half-life): 1 for this moment, 0.5 after a half-life; 0 when the half-life is 0."""
    if half_life_days <= 0:
        return np.zeros(len(records), np.float32)
    age_days = np.maximum(0.0, now_s - _sql.unix_s(records)) / _DAY_S
    return np.exp2(-age_days / half_life_days).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The turns beside n memories: (m, 2) places of the memory and side (0 before, 1 after), and their m rows."""

    pairs: NDArray[np.int16]
    rows: _sql.Rows
    texts: Texts


def neighbours_of(place: _sql.Place, records: NDArray[np.void], question: Question) -> Neighbours:
    """The turns before and after each memory."""
    pairs, rows = _sql.neighbours(place, records)
    return Neighbours(pairs, rows, texts_of(rows, question))


def neighbour_signals(near: Neighbours, count: int, best_bm25: float) -> dict[str, Scores]:
    """What the turns beside each of `count` memories say: a short answer is understood from its question."""
    names = ("before_meaning", "after_meaning", "before_words", "after_words")
    signals = {name: np.zeros(count, np.float32) for name in names}
    relative = _relative(near.texts.bm25, best_bm25)
    for side, when in enumerate(("before", "after")):
        chosen = near.pairs[:, 1] == side
        signals[f"{when}_meaning"][near.pairs[chosen, 0]] = (near.texts.cosine * near.texts.short)[chosen]
        signals[f"{when}_words"][near.pairs[chosen, 0]] = (relative * near.texts.short)[chosen]
    return signals


def late_interaction(
    place: _sql.Place, records: NDArray[np.void], short: Scores, near: Neighbours, question: Question
) -> Scores:
    """Late interaction above its floor, less for long texts; 0 for those that keep no token signs.

    A word of the question that the memory lacks may be met by a turn beside it, for less: 'It was in May' answers for
    the question before it.
    """
    if question.tokens is None or not len(records):
        return np.zeros(len(records), np.float32)
    everyone = np.concatenate([records, near.rows.records])
    _, first, inverse = np.unique(_sql.chunk_numbers(everyone), return_index=True, return_inverse=True)
    places, sizes, signs = _sql.token_signs(place, everyone[first])
    maxima = np.zeros((len(first), len(question.token_weights)), np.float32)
    maxima[places] = token_maxima(question.tokens, sizes, signs).T
    own = maxima[inverse[: len(records)]]
    beside = maxima[inverse[len(records) :]] * (NEIGHBOURS_TOKENS * near.texts.short[:, None])
    held = own.any(axis=1)
    np.maximum.at(own, near.pairs[:, 0], beside)
    scores: Scores = np.where(held, short * (own @ question.token_weights - LATE_INTERACTION_FLOOR), 0)
    return scores.astype(np.float32)


def _holds(records: NDArray[np.void], cue: Cue) -> Scores:
    return (records["cues"] & int(cue) > 0).astype(np.float32)


def _asked_and_held(records: NDArray[np.void], question: Question, pairs: tuple[tuple[str, Cue], ...]) -> Scores:
    total = np.zeros(len(records), np.float32)
    for asked_for, cue in pairs:
        if getattr(question.asked, asked_for):
            total += _holds(records, cue)
    return total
