"""Sketches of texts: MinHash over keyed words (Broder 1997), cut into bands by which alike texts meet.

A few lines of NumPy, for the library of that name loads parts of SciPy that take fifty megabytes of the enricher's.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from hashlib import blake2b
from typing import Final

import numpy as np
from numpy.typing import NDArray

# 16 bands of 4: texts that share half of their words meet with a chance of .64, at four fifths with one of .9998.
_BANDS: Final = 16
_ROWS: Final = 4


def bands_of(words: Collection[str], key: bytes) -> list[int]:
    """One number (63 bits) a band. `key` is the owner's: without it the words cannot be guessed from the numbers."""
    hashed = np.array([int.from_bytes(_keyed(word.encode(), key, 8)) for word in words], np.uint64)
    least = _mixed(hashed[:, None] ^ _seeds()).min(axis=0).reshape(_BANDS, _ROWS)
    return [int.from_bytes(_keyed(bytes([n]) + row.tobytes(), key, 8)) >> 1 for n, row in enumerate(least)]


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Each value as another of 64 bits, by the finaliser of SplitMix64 (Steele, Lea and Flood 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


@lru_cache(maxsize=1)
def _seeds() -> NDArray[np.uint64]:
    """One for each row of each band, the same in every process and for ever."""
    return np.random.default_rng(7208).integers(0, 2**64, size=_BANDS * _ROWS, dtype=np.uint64)


def _keyed(value: bytes, key: bytes, size: int) -> bytes:
    return blake2b(value, key=key[:64], digest_size=size).digest()
