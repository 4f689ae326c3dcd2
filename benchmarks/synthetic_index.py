"""A search index of any size from synthetic vectors: clustered, of low intrinsic dimension, loaded with COPY.

Uniform noise in 384 dimensions has no neighbours worth finding and flatters no index fairly. Here a point is a mixture
in 24 latent dimensions, projected to 384, plus a little noise, which is how sentence embeddings look to an index.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

DIMENSION = 384
LATENT = 24
CLUSTERS = 2_000
CLUSTERS_OF_AN_OWNER = 60
PERSONAS = 10
TAGS = 100
BATCH = 10_000
VOCABULARY = 20_000
SPAN_DAYS = 3 * 365
START = datetime(2023, 1, 1, tzinfo=UTC)
KINDS = ("note", "turn", "turn", "turn", "document")
SOURCES = ("api", "extension", "import:chatgpt", "import:claude")
_PG_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_UUID_OID = 2950

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Vocabulary:
    """Words by frequency, the commonest first: as they stand in a tsvector, and as term counts hold them once."""

    hashed: tuple[bytes, ...]
    counted: NDArray[np.uint32]


@dataclass(frozen=True)
class SyntheticOwner:
    """One owner: how many rows, the personas and tags that its rows carry in equal shares, and their words."""

    id: UUID
    rows: int
    personas: tuple[UUID, ...]
    tags: tuple[UUID, ...]
    vocabulary: Vocabulary | None = None


@dataclass
class Space:
    """Where points lie. `points` and `questions` are unit vectors of 384 dimensions."""

    seed: int = 7
    random: np.random.Generator = field(init=False)
    centres: Vectors = field(init=False)
    projection: Vectors = field(init=False)

    def __post_init__(self) -> None:
        """Lay the cluster centres and the projection."""
        self.random = np.random.default_rng(self.seed)
        self.centres = self.random.standard_normal((CLUSTERS, LATENT)).astype(np.float32)
        self.projection = self.random.standard_normal((LATENT, DIMENSION)).astype(np.float32) / np.sqrt(LATENT)

    def clusters_of(self, owner: SyntheticOwner) -> NDArray[np.int64]:
        """What an owner talks about: the same clusters whenever asked."""
        own = np.random.default_rng(owner.id.int % 2**32)
        return own.integers(0, CLUSTERS, CLUSTERS_OF_AN_OWNER)

    def points(self, clusters: NDArray[np.int64], spread: float = 0.6) -> Vectors:
        """One point around each of these centres."""
        shape = (len(clusters), LATENT)
        latent = self.centres[clusters] + spread * self.random.standard_normal(shape, dtype=np.float32)
        full = latent @ self.projection
        full += 0.15 * self.random.standard_normal(full.shape, dtype=np.float32)
        return np.asarray(full / np.linalg.norm(full, axis=1, keepdims=True), np.float32)


def sizes(rows: int, owners: int) -> list[int]:
    """Rows of so many owners that have `rows` together: log-normal, from 20 upwards."""
    weights = np.random.default_rng(3).lognormal(0, 1.3, owners)
    spread = weights / weights.sum() * max(0, rows - 20 * owners)
    return [20 + int(share) for share in spread]


def batches(owners: Sequence[SyntheticOwner], space: Space, columns: Sequence[str]) -> Iterator[bytes]:
    """The rows of all owners, mixed as time would mix them, as pieces of a binary COPY of these columns."""
    everyone = np.repeat(np.arange(len(owners)), [owner.rows for owner in owners])
    space.random.shuffle(everyone)
    clusters = [space.clusters_of(owner) for owner in owners]
    yield b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
    for first in range(0, len(everyone), BATCH):
        part = everyone[first : first + BATCH]
        picks = space.random.integers(0, CLUSTERS_OF_AN_OWNER, len(part))
        chosen = np.array([clusters[owner][pick] for owner, pick in zip(part, picks, strict=True)])
        vectors = space.points(chosen).astype(">f2")
        share = np.arange(first, first + len(part)) / len(everyone)
        yield b"".join(
            row(
                owners[owner], columns, vectors[i].tobytes(), START + timedelta(days=SPAN_DAYS * float(share[i])), space
            )
            for i, owner in enumerate(part)
        )
    yield struct.pack(">h", -1)


def row(
    owner: SyntheticOwner, columns: Sequence[str], vector: bytes, at: datetime, space: Space, memory: UUID | None = None
) -> bytes:
    """One row in COPY's binary form; `vector` is its half floats, big-endian."""
    random = space.random
    fields = struct.pack(">h", len(columns))
    vocabulary = owner.vocabulary or _ANYBODYS
    ranks = np.unique((VOCABULARY ** random.random(20)).astype(int) - 1)
    values = {
        "owner_id": owner.id.bytes,
        "memory_id": memory.bytes if memory else random.bytes(16),
        "embedding": struct.pack(">hh", len(vector) // 2, 0) + vector,
        "occurred_at": _timestamp(at),
        "created_at": _timestamp(at),
        "persona_id": owner.personas[random.integers(PERSONAS)].bytes,
        "conversation_id": (owner.id.int ^ int(random.integers(1 + owner.rows // 20))).to_bytes(16, "big"),
        "tag_ids": _uuids([owner.tags[random.integers(TAGS)]]),
        "kind": KINDS[random.integers(len(KINDS))].encode(),
        "source": SOURCES[random.integers(len(SOURCES))].encode(),
        "lexemes": _lexemes(vocabulary, ranks),
        "term_counts": vocabulary.counted[ranks].astype("<u4").tobytes(),
        "lexeme_count": struct.pack(">i", len(ranks)),
        **_CONSTANT,
        **{name: make(random) for name, make in _DERIVED.items() if name in columns},
    }
    for name in columns:
        value = values[name]
        fields += struct.pack(">i", len(value)) + value
    return fields


# Columns whose value says nothing to a plan; the sizes are those of a turn of about 20 words.
_CONSTANT: dict[str, bytes] = {
    "embedding_model_id": struct.pack(">h", 1),
    "chunk": struct.pack(">h", 0),
    "span_start": struct.pack(">i", 0),
    "span_end": struct.pack(">i", 120),
    "role": b"user",
    "state": b"active",
    "pinned": b"\0",
    "importance": struct.pack(">f", 0.5),
    "words": struct.pack(">i", 20),
    "chunks": struct.pack(">h", 1),
}
_DERIVED: dict[str, Callable[[np.random.Generator], bytes]] = {
    "cues": lambda random: struct.pack(">h", int(random.integers(64))),
    "token_signs": lambda random: random.bytes(int(random.integers(16, 36)) * DIMENSION // 8),
}


def _timestamp(at: datetime) -> bytes:
    return struct.pack(">q", int((at - _PG_EPOCH).total_seconds() * 1_000_000))


def _uuids(ids: Sequence[UUID]) -> bytes:
    head = struct.pack(">iiiii", 1, 0, _UUID_OID, len(ids), 1)
    return head + b"".join(struct.pack(">i", 16) + one.bytes for one in ids)


def words() -> list[str]:
    """A word for each rank, the commonest first; stemming leaves them as they are."""
    syllables = ["ba", "do", "fi", "gu", "ka", "lo", "mi", "nu", "pa", "ro", "si", "tu", "va", "zo"]
    picks = np.random.default_rng(1).integers(0, len(syllables), (2 * VOCABULARY, 4))
    made = dict.fromkeys("".join(syllables[n] for n in line) for line in picks)
    return list(made)[:VOCABULARY]


def keyed_vocabulary(key: bytes) -> Vocabulary:
    """The words as an owner's key hashes them, so that questions of these words find the owner's rows."""
    from memories.keyed_terms import COUNT_BITS, keyed, number_of, short_term
    from memories.lexicon import lexemes

    terms = [lexemes(word, "en")[0].term for word in words()]
    counted = [short_term(number_of(term, key)) << COUNT_BITS | 1 for term in terms]
    return Vocabulary(tuple(keyed(term, key).encode() for term in terms), np.array(counted, np.uint32))


def _anybodys() -> Vocabulary:
    letters = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", np.uint8)
    random = np.random.default_rng(1)
    hashed = tuple(letters[line].tobytes() for line in random.integers(0, 64, (VOCABULARY, 11)))
    return Vocabulary(hashed, random.integers(0, 2**32, VOCABULARY, np.uint32))


_ANYBODYS = _anybodys()


def _lexemes(vocabulary: Vocabulary, ranks: NDArray[np.int64]) -> bytes:
    """About twenty keyed words with a position each; frequencies fall as Zipf's law has it."""
    found = sorted(vocabulary.hashed[rank] for rank in ranks)
    return struct.pack(">i", len(found)) + b"".join(
        word + b"\0" + struct.pack(">hH", 1, 1 + place) for place, word in enumerate(found)
    )
