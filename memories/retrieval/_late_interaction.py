"""Late interaction over 1-bit token vectors: each word of the question meets the word of the memory that is nearest.

As in ColBERT (Khattab & Zaharia 2020), with the small model that embeds anyway: a memory keeps the signs of its token
vectors; its score is the weighted mean, over the question's tokens, of the greatest <token, signs> / sqrt(dimension)
among the memory's tokens and, for less, those of the turns beside it. Signs lose nothing against half precision here
(shared/bench/README.md: .741 and .742).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_BLOCK_TOKENS = 512


def token_maxima(question: NDArray[np.float32], sizes: NDArray[np.int64], signs: bytes) -> NDArray[np.float32]:
    """How near the nearest token of each of m texts is to each of the question's: (t, m), 0 for a text without tokens.

    `question`: token vectors (t, d) of unit length; `sizes`: bytes of each text's signs (m,); `signs`: all of them end
    to end, d / 8 bytes a token.
    """
    width = question.shape[1] // 8
    found = np.zeros((len(question), len(sizes)), np.float32)
    counts = sizes // width
    held = np.flatnonzero(counts)
    if not len(held) or not len(question):
        return found
    packed = np.frombuffer(signs, np.uint8).reshape(-1, width)
    similar = np.empty((len(question), len(packed)), np.float32)
    for start in range(0, len(packed), _BLOCK_TOKENS):  # so that what is unpacked stays in the cache
        bits = np.unpackbits(packed[start : start + _BLOCK_TOKENS], axis=1).astype(np.float32)
        similar[:, start : start + len(bits)] = question @ bits.T
    # <q, s> with s = 2b - 1 is 2<q, b> - sum(q).
    similar = (2 * similar - question.sum(axis=1, keepdims=True)) / question.shape[1] ** 0.5
    starts = np.concatenate([[0], np.cumsum(counts[held])[:-1]])
    found[:, held] = np.maximum.reduceat(similar, starts, axis=1)
    return found
