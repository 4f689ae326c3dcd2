"""What the modules of clusters share: the types of their arrays, and reading many vectors a piece at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

# Many vectors may lie in a file, in half precision; what is computed with is brought to single precision in pieces.
Vectors = NDArray[np.float32]
Stored = NDArray[Any]
Labels = NDArray[np.int64]

NOBODY: Final = -1
BATCH: Final = 4_096


def pieces(stored: Stored) -> Iterator[tuple[int, Vectors]]:
    """(place of the first, vectors) for each piece of at most BATCH."""
    for at in range(0, len(stored), BATCH):
        yield at, np.asarray(stored[at : at + BATCH], dtype=np.float32)


def unit(vectors: Vectors) -> Vectors:
    """The vectors (n x dimension) at length 1; what has no length stays as it is."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), dtype=np.float32)
