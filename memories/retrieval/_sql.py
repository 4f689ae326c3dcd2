"""Retrieval's statements: every arm in one round trip, then what only the best candidates need.

Rows come packed: PostgreSQL joins each column's binary form into one value a statement, which NumPy reads at once. A
thousand candidates cost 2 ms this way and 10 ms as rows of Python objects.

All of them name one owner and run outside the wall: under row security `@@` and `&&`, which are not leakproof, could
use no index (docs/architecture.md, The second wall). They return ids, numbers and keyed hashes, never content.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper
from numpy.typing import NDArray

from memories.index_rows import vector_literal
from memories.retrieval._conditions import Conditions
from memories.retrieval._plan import Plan
from memories.retrieval._vectors import vector_arm
from memories.retrieval._words import TermCounts
from memshadow.lib.row_wall import outside_the_wall

VECTOR, LEXICAL, AUTHOR, TIME = 1, 2, 4, 8
# Who spoke, as `speaker` says it; turns of a conversation carry 4 too, so that 0 is what nobody said: a note.
USER, ASSISTANT = 1, 2
_MIX = np.uint64(0x9E3779B97F4A7C15)
_EPOCH_OFFSET_S = 946_684_800  # PostgreSQL counts microseconds from 2000-01-01

RECORD = np.dtype(
    [
        ("memory_id", "S16"),
        ("chunk", ">i2"),
        ("arm", ">i2"),
        ("span_start", ">i4"),
        ("span_end", ">i4"),
        ("conversation_id", "S16"),
        ("occurred_us", ">i8"),
        ("cosine", ">f4"),
        ("length", ">i4"),
        ("words", ">i4"),
        ("chunks", ">i2"),
        ("cues", ">i2"),
        ("speaker", ">i2"),
        ("phrases", ">i2"),
        ("pinned", "?"),
        ("importance", ">f4"),
        ("terms", ">i4"),
    ]
)
_PACKED = """
uuid_send({e}.memory_id) || int2send({e}.chunk) || int2send({arm}::int2) || int4send({e}.span_start)
|| int4send({e}.span_end) || uuid_send(COALESCE({e}.conversation_id, '00000000-0000-0000-0000-000000000000'))
|| timestamptz_send({e}.occurred_at)
|| float4send(COALESCE(-({e}.embedding::halfvec({dimension}) <#> %(vector)s::halfvec({dimension})), 0)::real)
|| int4send({e}.lexeme_count) || int4send({e}.words) || int2send({e}.chunks) || int2send({e}.cues)
|| int2send((CASE {e}.role WHEN 'user' THEN 1 WHEN 'assistant' THEN 2 ELSE 0 END
             + CASE {e}.kind WHEN 'turn' THEN 4 ELSE 0 END)::int2)
|| int2send(({phrases})::int2)
|| boolsend({e}.pinned) || float4send({e}.importance) || int4send(length({e}.term_counts) / 4)
"""
_CANDIDATES = """
SELECT string_agg(record, ''), string_agg(term_counts, '') FROM ({arms}) proposed
"""
_NEAREST = """
SELECT {packed} AS record, e.term_counts
FROM ({vectors}) nearest
JOIN memories_searchentry e ON e.owner_id = %(owner)s AND e.embedding_model_id = %(model)s
    AND e.memory_id = nearest.memory_id AND e.chunk = nearest.chunk
"""
_MATCHING = """
(SELECT {packed} AS record, e.term_counts
 FROM memories_searchentry e WHERE {conditions} AND e.lexemes @@ %(any)s::tsquery LIMIT %(lexical_rows)s)
"""
_NEIGHBOURS = """
SELECT string_agg(int2send(c.place::int2) || int2send(n.side::int2), ''), string_agg({packed}, ''),
       string_agg(n.term_counts, '')
FROM unnest(%(memories)s::uuid[], %(conversations)s::uuid[], %(moments)s::timestamptz[])
     WITH ORDINALITY AS c (memory_id, conversation_id, occurred_at, place)
CROSS JOIN LATERAL ({before} UNION ALL {after}) n
"""
_NEIGHBOUR = """
(SELECT {side} AS side, e.* FROM memories_searchentry e
 WHERE e.owner_id = %(owner)s AND e.embedding_model_id = %(model)s AND e.conversation_id = c.conversation_id
   AND e.chunk = 0 AND e.state = 'active' AND (e.occurred_at, e.memory_id) {than} (c.occurred_at, c.memory_id)
 ORDER BY e.occurred_at {order}, e.memory_id {order} LIMIT 1)
"""
_SIGNS = """
SELECT string_agg(int2send(c.place::int2) || int4send(length(e.token_signs)), ''), string_agg(e.token_signs, '')
FROM unnest(%(memories)s::uuid[], %(chunks)s::smallint[]) WITH ORDINALITY AS c (memory_id, chunk, place)
JOIN memories_searchentry e ON e.owner_id = %(owner)s AND e.embedding_model_id = %(model)s
    AND e.memory_id = c.memory_id AND e.chunk = c.chunk AND e.token_signs IS NOT NULL
"""
_VECTORS = """
SELECT string_agg(int2send(c.place::int2), ''), string_agg(substring(halfvec_send(e.embedding) from 5), '')
FROM unnest(%(memories)s::uuid[], %(chunks)s::smallint[]) WITH ORDINALITY AS c (memory_id, chunk, place)
JOIN memories_searchentry e ON e.owner_id = %(owner)s AND e.embedding_model_id = %(model)s
    AND e.memory_id = c.memory_id AND e.chunk = c.chunk AND e.embedding IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Rows:
    """n chunks: their records (n,) of RECORD, and their term counts."""

    records: NDArray[np.void]
    counts: TermCounts


@dataclass(frozen=True, slots=True)
class Arm:
    """A vector arm: which conditions hold in it, and how it runs."""

    bit: int
    conditions: Conditions
    plan: Plan


@dataclass(frozen=True, slots=True)
class LexicalArm:
    """What the words propose: the chunks that match a tsquery, at most `rows`."""

    conditions: Conditions
    any_of: str
    rows: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where the search goes: one owner's rows of one model, the question's vector there, phrases to count in rows."""

    owner_id: UUID
    model_id: int
    dimension: int
    vector: str
    phrases: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        owner_id: UUID,
        model_id: int,
        dimension: int,
        vector: NDArray[np.float32] | None,
        phrases: tuple[str, ...] = (),
    ) -> Place:
        """The place of a question with that vector, or with none: then nothing is near it."""
        zeros = np.zeros(dimension, np.float32)
        return cls(owner_id, model_id, dimension, vector_literal(zeros if vector is None else vector), phrases)

    def named(self) -> dict[str, Any]:
        """The parameters that every statement names."""
        phrases = {f"phrase{n}": phrase for n, phrase in enumerate(self.phrases)}
        return {"owner": self.owner_id, "model": self.model_id, "vector": self.vector, **phrases}

    def packed(self, row: str, arm: int) -> str:
        """The expression that packs a row of the index, which the statement calls `row`, as a RECORD."""
        held = [f"({row}.lexemes @@ %(phrase{n})s::tsquery)::int" for n in range(len(self.phrases))]
        return _PACKED.format(e=row, arm=arm, dimension=self.dimension, phrases=" + ".join(held) or "0")


def candidates(place: Place, arms: Sequence[Arm], lexical: LexicalArm | None) -> Rows:
    """The chunks that the arms propose, in one round trip. A chunk that two arms propose comes twice."""
    named = place.named()
    parts = []
    for arm in arms:
        nearest, values = vector_arm(arm.plan, place.dimension, arm.conditions, place.vector, prefix=f"a{arm.bit}_")
        named |= values
        parts.append(_NEAREST.format(packed=place.packed("e", arm.bit), vectors=nearest))
    if lexical is not None:
        where, values = lexical.conditions.named("l")
        parts.append(_MATCHING.format(packed=place.packed("e", LEXICAL), conditions=where))
        named |= values | {"any": lexical.any_of, "lexical_rows": lexical.rows}
    if not parts:
        return _rows(b"", b"")
    return _rows(*_one_row(_CANDIDATES.format(arms=" UNION ALL ".join(parts)), named))


def neighbours(place: Place, records: NDArray[np.void]) -> tuple[NDArray[np.int16], Rows]:
    """The turns before and after each record's memory in its conversation.

    Returns (m, 2) int16 of the record's place from 0 and the side (0 before, 1 after), beside the m rows.
    """
    if not id_numbers(records["conversation_id"]).any():
        return np.empty((0, 2), np.int16), _rows(b"", b"")
    packed = place.packed("n", 0)
    before = _NEIGHBOUR.format(side=0, than="<", order="DESC")
    after = _NEIGHBOUR.format(side=1, than=">", order="ASC")
    named = place.named() | {
        "memories": _ids(records["memory_id"]),
        "conversations": _ids(records["conversation_id"]),
        "moments": f"{{{','.join(moments(records['occurred_us']))}}}",
    }
    places, packed_rows, terms = _one_row(_NEIGHBOURS.format(packed=packed, before=before, after=after), named)
    pairs = np.frombuffer(places or b"", ">i2").reshape(-1, 2).astype(np.int16)
    pairs[:, 0] -= 1
    return pairs, _rows(packed_rows, terms)


def token_signs(place: Place, records: NDArray[np.void]) -> tuple[NDArray[np.int16], NDArray[np.int64], bytes]:
    """For the records that have token signs: their places (m,), their sizes in bytes (m,), and all signs end to end."""
    row = _of_chunks(_SIGNS, place, records)
    heads = np.frombuffer(row[0] or b"", np.dtype([("place", ">i2"), ("size", ">i4")]))
    return heads["place"].astype(np.int16) - 1, heads["size"].astype(np.int64), bytes(row[1] or b"")


def vectors(place: Place, records: NDArray[np.void]) -> NDArray[np.float32]:
    """The vectors (n, dimension) of the records' chunks; zeros where there is none yet."""
    row = _of_chunks(_VECTORS, place, records)
    found = np.zeros((len(records), place.dimension), np.float32)
    places = np.frombuffer(row[0] or b"", ">i2").astype(np.int64) - 1
    found[places] = np.frombuffer(row[1] or b"", ">f2").astype(np.float32).reshape(-1, place.dimension)
    return found


def vectors_of(
    owner_id: UUID, model_id: int, dimension: int, chunks: Sequence[tuple[UUID, int]]
) -> NDArray[np.float32]:
    """The vectors (n, dimension) of n chunks, each named by memory and number; zeros where there is none."""
    records = np.zeros(len(chunks), RECORD)
    records["memory_id"] = [memory_id.bytes for memory_id, _ in chunks]
    records["chunk"] = [number for _, number in chunks]
    return vectors(Place.of(owner_id, model_id, dimension, None), records)


@outside_the_wall()
def nearest_to(conditions: Conditions, memory_id: UUID, dimension: int, *, limit: int) -> list[tuple[UUID, float]]:
    """The memories whose chunks lie nearest to the first chunk of `memory_id`: (id, cosine), best first."""
    typed = f"halfvec({dimension})"
    sql = f"""
        WITH self AS (
            SELECT embedding::{typed} AS v FROM memories_searchentry
            WHERE owner_id = %s AND embedding_model_id = %s AND memory_id = %s AND embedding IS NOT NULL
            ORDER BY chunk LIMIT 1
        )
        SELECT e.memory_id, max(-(e.embedding::{typed} <#> self.v)) AS cosine
        FROM (
            SELECT e.memory_id, e.embedding FROM memories_searchentry e
            WHERE {conditions.sql} AND e.embedding IS NOT NULL
            ORDER BY e.embedding::{typed} <#> (SELECT v FROM self) LIMIT %s
        ) e, self
        WHERE e.memory_id <> %s GROUP BY e.memory_id ORDER BY cosine DESC, e.memory_id LIMIT %s
    """  # noqa: S608
    head: list[Any] = [conditions.owner_id, conditions.model_id, memory_id]
    with connection.cursor() as cursor:
        cursor.execute(sql, [*head, *conditions.params, limit * 4, memory_id, limit])
        return [(row[0], float(row[1])) for row in cursor.fetchall()]


@outside_the_wall()
def nearest_to_vector(plan: Plan, conditions: Conditions, dimension: int, vector: str) -> list[tuple[UUID, float]]:
    """The chunks nearest to a vector in pgvector's text form: (memory id, cosine), best first, a row a chunk."""
    sql, named = vector_arm(plan, dimension, conditions, vector)
    with connection.cursor() as cursor:
        cursor.execute(sql, named)
        return [(memory_id, -float(distance)) for memory_id, _, distance in cursor.fetchall()]


def select(rows: Rows, places: NDArray[np.int64]) -> Rows:
    """Those of the rows, in that order."""
    return Rows(rows.records[places], rows.counts.of_places(places))


def uuids(packed: NDArray[np.bytes_]) -> list[UUID]:
    """Identifiers from their 16 bytes; NumPy drops zero bytes at the end, which are put back."""
    return [UUID(bytes=value.ljust(16, b"\0")) for value in packed.tolist()]


def id_numbers(packed: NDArray[np.bytes_]) -> NDArray[np.uint64]:
    """A number for each identifier (n,), the same for the same one, 0 for none: both halves mixed. Sorts fast."""
    halves = np.ascontiguousarray(packed).view("<u8").reshape(-1, 2)
    return halves[:, 0] * _MIX ^ (halves[:, 1] * _MIX >> np.uint64(1))


def chunk_numbers(records: NDArray[np.void]) -> NDArray[np.uint64]:
    """The same for each chunk of a memory."""
    return (id_numbers(records["memory_id"]) + records["chunk"].astype(np.uint64)) * _MIX


def moments(occurred_us: NDArray[np.int64]) -> list[str]:
    """Times as PostgreSQL reads them, exact to the microsecond."""
    whole = occurred_us.astype("<i8") + _EPOCH_OFFSET_S * 1_000_000
    return [f"{moment}Z" for moment in whole.astype("datetime64[us]").astype(str).tolist()]


def unix_s(records: NDArray[np.void]) -> NDArray[np.float64]:
    """When the records' memories occurred, in seconds since 1970."""
    seconds: NDArray[np.float64] = records["occurred_us"].astype(np.float64) / 1e6 + _EPOCH_OFFSET_S
    return seconds


def _of_chunks(sql: str, place: Place, records: NDArray[np.void]) -> tuple[Any, ...]:
    chunks = ",".join(map(str, records["chunk"].tolist()))
    named = place.named() | {"memories": _ids(records["memory_id"]), "chunks": f"{{{chunks}}}"}
    return _one_row(sql, named)


@outside_the_wall()
def _one_row(sql: str, named: Mapping[str, Any]) -> tuple[Any, ...]:
    """The one row of a statement, its bytes as they are: as text they would be twice as long, and take 2 ms to read."""
    with connection.cursor() as cursor:
        composed = cursor.mogrify(sql, named)
    raw = psycopg.Cursor(connection.connection)
    raw.format = psycopg.pq.Format.BINARY
    counted: Callable[[Any], CursorWrapper] = (
        connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    )
    with counted(raw) as cursor:
        cursor.execute(composed)
        row: tuple[Any, ...] = cursor.fetchone()
    return row


def _ids(packed: NDArray[np.bytes_]) -> str:
    """Identifiers as the text of an array: a tenth of the time that the driver takes for a list."""
    return "{" + ",".join(value.ljust(16, b"\0").hex() for value in packed.tolist()) + "}"


def _rows(packed: bytes | None, terms: bytes | None) -> Rows:
    records = np.frombuffer(packed or b"", RECORD)
    return Rows(records, TermCounts.of(bytes(terms or b""), records["terms"].astype(np.int64)))
