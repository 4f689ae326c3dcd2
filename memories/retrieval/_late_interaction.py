"""Late interaction over 1-bit token vectors: each word of the question meets the word of the memory that is nearest.

As in ColBERT (Khattab & Zaharia 2020), with the small model that embeds anyway: a memory keeps the signs of its token
vectors; its score is the weighted mean, over the question's tokens, of the greatest <token, signs> / sqrt(dimension)
among the memory's tokens. Signs lose nothing against half precision here (shared/bench/README.md: .741 and .742).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from memories.retrieval._words import Scores


def late_interaction(
    question: NDArray[np.float32], weights: NDArray[np.float32], sizes: NDArray[np.int64], signs: bytes
) -> Scores:
    """Scores (m,) of m texts, about 0..0.6.

    `question`: token vectors (t, d) of unit length; `weights`: (t,), sum 1; `sizes`: bytes of each text's signs (m,);
    `signs`: all of them end to end, d / 8 bytes a token. A text without tokens scores 0.
    """
    width = question.shape[1] // 8
    scores = np.zeros(len(sizes), np.float32)
    counts = sizes // width
    held = np.flatnonzero(counts)
    if not len(held) or not len(question):
        return scores
    bits = np.unpackbits(np.frombuffer(signs, np.uint8).reshape(-1, width), axis=1)
    # <q, s> with s = 2b - 1 is 2<q, b> - sum(q).
    similar = 2 * (question @ bits.T.astype(np.float32)) - question.sum(axis=1, keepdims=True)
    similar /= question.shape[1] ** 0.5
    starts = np.concatenate([[0], np.cumsum(counts[held])[:-1]])
    scores[held] = weights @ np.maximum.reduceat(similar, starts, axis=1)
    return scores
