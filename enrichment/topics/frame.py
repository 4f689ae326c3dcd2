"""What is kept of a grouping so that new memories can be placed by it: authors' usual directions, and landmarks."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enrichment.clusters.vectors import Vectors


@dataclass(frozen=True, slots=True)
class Frame:
    """`authors`: keyed hash → mean direction. `landmarks` (n x d) stand on the map at `spots` (n x 2).

    `landmark_ids` (n x 16): the memories that they are.
    """

    authors: dict[bytes, NDArray[np.float32]]
    landmark_ids: NDArray[np.uint8]
    landmarks: Vectors
    spots: NDArray[np.float32]

    def packed(self) -> bytes:
        """As bytes, in half precision."""
        keys = [np.frombuffer(key.ljust(32, b"\0"), np.uint8) for key in self.authors]
        means = list(self.authors.values())
        file = io.BytesIO()
        np.savez(
            file,
            keys=np.array(keys, np.uint8).reshape(-1, 32),
            means=np.array(means, np.float16).reshape(len(means), -1),
            ids=self.landmark_ids,
            landmarks=self.landmarks.astype(np.float16),
            spots=self.spots,
        )
        return file.getvalue()

    @classmethod
    def unpacked(cls, packed: bytes) -> Frame:
        """From bytes."""
        with np.load(io.BytesIO(packed), allow_pickle=False) as held:
            keys = [bytes(key).rstrip(b"\0") if not key.any() else bytes(key) for key in held["keys"]]
            means = held["means"].astype(np.float32)
            return cls(
                authors=dict(zip(keys, means, strict=True)),
                landmark_ids=held["ids"],
                landmarks=held["landmarks"].astype(np.float32),
                spots=held["spots"],
            )

    def usual(self, keys: list[bytes], dimension: int) -> Vectors:
        """The usual direction (n x dimension) of each of n authors; zeros for one who is not known."""
        nothing = np.zeros(dimension, np.float32)
        return np.array([self.authors.get(key, nothing) for key in keys], np.float32).reshape(len(keys), dimension)
