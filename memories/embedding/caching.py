"""Remembers vectors under a digest of their text, so that no text lies about in memory."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from threading import Lock

from memories.embedding.protocol import Vectors

Key = bytes


def key_of(text: str) -> Key:
    """128 bits of BLAKE2b: enough that two texts never meet."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


class VectorCache:
    """The arrays of the texts used last, at most `size_bytes` of them. One serves one model; threads may share it."""

    def __init__(self, size_bytes: int) -> None:
        self._size_bytes = size_bytes
        self._used_bytes = 0
        self._lock = Lock()
        self._vectors: OrderedDict[Key, Vectors] = OrderedDict()

    def get(self, key: Key) -> Vectors | None:
        """The vector, read-only, or None."""
        with self._lock:
            if (vector := self._vectors.get(key)) is not None:
                self._vectors.move_to_end(key)
            return vector

    def put(self, key: Key, vector: Vectors) -> Vectors:
        """Remember a copy of the vector, which is returned read-only; whatever was used longest ago makes room."""
        kept = vector.copy()
        kept.setflags(write=False)
        with self._lock:
            if key not in self._vectors:
                self._used_bytes += kept.nbytes
            self._vectors[key] = kept
            while self._used_bytes > self._size_bytes and len(self._vectors) > 1:
                self._used_bytes -= self._vectors.popitem(last=False)[1].nbytes
        return kept
