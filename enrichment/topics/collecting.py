"""All vectors of an owner in a file, in order of conversation and time: memory holds a piece of them at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from enrichment.clusters.directions import Standing, directions, usual
from enrichment.clusters.vectors import NOBODY, Labels, Stored, Vectors
from memories.stored_vectors import StoredVectors, dimension, stored_vectors

# A text of fewer words founds no topic: 'Thanks, see you!' is near to a great many others.
TELLING_WORDS = 5


@dataclass(slots=True)
class Collected:
    """n memories: `ids` (n x 16), what stands beside them, and `about` (n x d): what each is about.

    `authors`: the keyed hash of each author, by number; `usual_of` their mean directions.
    """

    ids: NDArray[np.uint8]
    standing: Standing
    authors: list[bytes]
    usual_of: Vectors
    about: Stored

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def telling(self) -> NDArray[np.bool_]:
        """Those that may found a topic."""
        return self.standing.words >= TELLING_WORDS

    def memory_ids(self, places: NDArray[np.int64] | slice) -> list[UUID]:
        """The memories at these places."""
        return [UUID(bytes=bytes(one)) for one in self.ids[places]]

    def labels_of(self, pairs: Mapping[UUID, int]) -> Labels:
        """A label (n) for each memory, NOBODY for those without one."""
        known = {memory.bytes: label for memory, label in pairs.items()}
        return np.array([known.get(bytes(one), NOBODY) for one in self.ids], np.int64)


def collect(owner_id: UUID, folder: Path) -> Collected:
    """Read everything that has a vector. The files lie in `folder`, and are the caller's to delete."""
    numbers = _Numbers()
    raw, read = folder / "raw", list[_Read]()
    with raw.open("wb") as file:
        for found in stored_vectors(owner_id):
            file.write(found.vectors.astype(np.float16).tobytes())
            read.append(numbers.noted(found))
    whole = _Read.joined(read)
    order = np.lexsort((whole.moments, whole.conversations))
    stored = _sorted(raw, folder / "sorted", order)
    standing = Standing(whole.authors[order], whole.conversations[order], whole.moments[order], whole.words[order])
    return _about(stored, raw, whole.ids[order], standing, list(numbers.authors))


def _sorted(raw: Path, into: Path, order: NDArray[np.int64]) -> Stored:
    shape = (len(order), dimension())
    if not len(order):
        return np.zeros(shape, np.float16)
    found: Stored = np.memmap(raw, np.float16, "r", shape=shape)
    target: Stored = np.memmap(into, np.float16, "w+", shape=shape)
    for at in range(0, len(order), 4096):
        target[at : at + 4096] = found[order[at : at + 4096]]
    return target


def _about(stored: Stored, raw: Path, ids: NDArray[np.uint8], standing: Standing, authors: list[bytes]) -> Collected:
    """The file of what was read is written over with what it is about."""
    means = usual(stored, standing.authors, len(authors))
    about = np.memmap(raw, np.float16, "r+", shape=stored.shape) if len(ids) else stored
    directions(stored, standing, means, about)
    return Collected(ids, standing, authors, means, about)


@dataclass(slots=True)
class _Read:
    ids: NDArray[np.uint8]
    authors: Labels
    conversations: Labels
    moments: NDArray[np.float64]
    words: NDArray[np.int64]

    @classmethod
    def joined(cls, parts: list[_Read]) -> _Read:
        return cls(
            np.concatenate([part.ids for part in parts]),
            np.concatenate([part.authors for part in parts]),
            np.concatenate([part.conversations for part in parts]),
            np.concatenate([part.moments for part in parts]),
            np.concatenate([part.words for part in parts]),
        )


class _Numbers:
    """A number for each author and conversation, in the order in which they are met."""

    def __init__(self) -> None:
        self.authors: dict[bytes, int] = {}
        self._conversations: dict[UUID, int] = {}

    def noted(self, found: StoredVectors) -> _Read:
        authors = [self.authors.setdefault(key, len(self.authors)) for key in found.authors]
        known = self._conversations
        talks = [NOBODY if talk is None else known.setdefault(talk, len(known)) for talk in found.conversations]
        return _Read(
            np.frombuffer(b"".join(one.bytes for one in found.ids), np.uint8).reshape(-1, 16),
            np.array(authors, np.int64),
            np.array(talks, np.int64),
            found.moments,
            found.words,
        )


def collected_few(found: StoredVectors, usual_of: Vectors) -> tuple[Vectors, list[UUID]]:
    """What a few memories are about, given `usual_of` (n x d) their authors; in order of conversation and time."""
    read = _Numbers().noted(found)
    order = np.lexsort((read.moments, read.conversations))
    standing = Standing(np.arange(len(order)), read.conversations[order], read.moments[order], read.words[order])
    about = np.zeros(found.vectors.shape, np.float32)
    directions(found.vectors[order], standing, usual_of[order], about)
    return about, [found.ids[place] for place in order]
