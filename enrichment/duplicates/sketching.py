"""Sketches of texts: MinHash over keyed words (Broder 1997), cut into bands by which alike texts meet."""

from __future__ import annotations

from collections.abc import Collection
from hashlib import blake2b
from typing import Final

# 16 bands of 4: texts that share half of their words meet with a chance of .64, at four fifths with one of .9998.
_BANDS: Final = 16
_ROWS: Final = 4


def bands_of(words: Collection[str], key: bytes) -> list[int]:
    """One number (63 bits) a band. `key` is the owner's: without it the words cannot be guessed from the numbers."""
    from datasketch import MinHash

    sketch = MinHash(num_perm=_BANDS * _ROWS, hashfunc=lambda word: int.from_bytes(_keyed(word, key, 4)))
    sketch.update_batch([word.encode() for word in words])
    values = sketch.hashvalues.reshape(_BANDS, _ROWS)
    return [int.from_bytes(_keyed(bytes([n]) + row.tobytes(), key, 8)) >> 1 for n, row in enumerate(values)]


def _keyed(value: bytes, key: bytes, size: int) -> bytes:
    return blake2b(value, key=key[:64], digest_size=size).digest()
