"""Exact scan or HNSW: decided for each request from a sample of the owner's partition.

**What is compared.** Let `share` be the part of the partition's rows that pass every condition of the request (owner
and filters), and `matching` their number.

- *Exact*: the rows are selected through a btree or GIN index and each is compared: `matching x
  RETRIEVAL_EXACT_ROW_US`.
- *HNSW*: pgvector filters after the graph walk, so an iterative scan visits `wanted / share` rows to find `wanted` of
  them, never fewer than `ef_search`: a millisecond and `visits x RETRIEVAL_VISIT_US`. What it is asked for shrinks with
  the share, so that a walk stays near RETRIEVAL_MAX_VISITS, but not below FEWEST: nobody reads the hundredth neighbour
  of a narrow filter.

The cheaper one runs. The two meet at a share of about 1 % of a partition with 300,000 rows, where either takes some
12 ms.

**How the share is known.** By counting in a sample of about SAMPLE_PAGES pages of the partition (TABLESAMPLE, the same
pages each time, so they stay cached): 0.6 ms, about 1,000 rows, for any combination of conditions and without an index.
Nothing is maintained, so nothing goes stale after an import, a bulk change or a lost ANALYZE. A share too small to be
seen is below about 0.3 %, where exact is right anyway. The partition and the share of an owner without filters are
remembered for a minute; `planned` plans again when that partition has been split meanwhile.

**When the sample misleads.** A filter may exclude just the region in which the question lies ('work' memories, asked
about cooking). The walk then ends at `hnsw.max_scan_tuples` with too few rows; `Plan.fell_short` says so, and the
request is answered exactly.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import ProgrammingError, connection
from psycopg.errors import UndefinedTable

from memories.retrieval._conditions import Conditions
from memshadow.lib.row_wall import outside_the_wall

WHOLE_TABLE = "memories_searchentry"
EF_SEARCH = 100  # as set for every connection in settings/database.py
FEWEST = 30
SAMPLE_PAGES = 200
_WALK_START_US = 1_000  # finding the region; a few hundred rows are compared in that time, and exactly
_REMEMBER_S = 60.0
_REMEMBERED_MAX = 10_000

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Plan:
    """How the vector arm runs: `matching` chunks are expected to pass, `candidates` of them are asked for.

    `table` is the partition with the owner's rows; exact plans may name the whole table, walks must not.
    """

    exact: bool
    matching: int
    candidates: int
    table: str

    def fell_short(self, found: int) -> bool:
        """Whether an HNSW walk that found so many chunks ended before it had what must be there."""
        return not self.exact and found < min(self.candidates, self.matching // 2)

    def as_exact(self) -> Plan:
        """The same request, compared row by row."""
        return replace(self, exact=True)


@dataclass(frozen=True, slots=True)
class Sample:
    """What a sample of a partition showed: its rows in all, and the share that passed."""

    rows: float
    share: float


@dataclass(frozen=True, slots=True)
class _Place:
    """An owner's partition: its name, its pages, and the owner's share of it."""

    partition: str
    pages: int
    sample: Sample
    until: float


_places: dict[tuple[UUID, int], _Place] = {}


def choose(conditions: Conditions, *, narrowed: bool) -> Plan:
    """The plan of a request; `narrowed` when it has conditions beyond those of every request of that owner."""
    place = _place_of(conditions.owner_id, conditions.model_id)
    if place is None:
        return Plan(True, 0, settings.RETRIEVAL_CANDIDATES, WHOLE_TABLE)
    sample = place.sample
    if narrowed:
        sample = _sampled(place.partition, place.pages, conditions.model_id, conditions.sql, conditions.params)
    return weigh(sample, settings.RETRIEVAL_CANDIDATES, place.partition)


def weigh(sample: Sample, candidates: int, table: str) -> Plan:
    """The cheaper plan for `candidates` chunks at most, by the model in this module's description."""
    matching = sample.rows * sample.share
    asked = max(min(candidates, FEWEST), min(candidates, round(settings.RETRIEVAL_MAX_VISITS * sample.share)))
    if matching * settings.RETRIEVAL_EXACT_ROW_US <= _walk_us(asked, sample.share):
        return Plan(True, round(matching), candidates, table)
    return Plan(False, round(matching), asked, table)


def _walk_us(asked: int, share: float) -> float:
    return _WALK_START_US + settings.RETRIEVAL_VISIT_US * max(EF_SEARCH, asked / share) if share else float("inf")


def forget() -> None:
    """Sample afresh at the next request: after bulk changes, and in benchmarks."""
    _places.clear()


def planned(answer: Callable[[], Answer]) -> Answer:
    """What `answer` returns, which chooses plans and runs them; once more when a partition that they name is gone.

    In a transaction, which the failure has ended, the second attempt fails too.
    """
    try:
        return answer()
    except ProgrammingError as error:
        if not isinstance(error.__cause__, UndefinedTable):
            raise
    forget()
    return answer()


def _place_of(owner_id: UUID, model_id: int) -> _Place | None:
    known = _places.get((owner_id, model_id))
    if known is not None and known.until > time.monotonic():
        return known
    sql = """
        SELECT tableoid::regclass::text, pg_relation_size(tableoid) / current_setting('block_size')::int
        FROM memories_searchentry WHERE owner_id = %s AND embedding_model_id = %s LIMIT 1
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [owner_id, model_id])
        row = cursor.fetchone()
    if row is None:
        return None
    sample = _sampled(row[0], row[1], model_id, "e.owner_id = %s AND e.embedding_model_id = %s", [owner_id, model_id])
    if len(_places) >= _REMEMBERED_MAX:
        _places.clear()
    place = _Place(row[0], row[1], sample, time.monotonic() + _REMEMBER_S)
    _places[owner_id, model_id] = place
    return place


@outside_the_wall()
def _sampled(partition: str, pages: int, model_id: int, passing: str, params: Sequence[Any]) -> Sample:
    """Count the model's rows, and those that pass, in a sample of the partition's pages.

    Outside the wall: the sample is of a partition by its name, with the rows of all who share it.
    """
    percent = min(100.0, 100.0 * SAMPLE_PAGES / max(pages, 1))
    sql = f"""
        SELECT count(*), count(*) FILTER (WHERE {passing})
        FROM {partition} e TABLESAMPLE SYSTEM (%s) REPEATABLE (0) WHERE e.embedding_model_id = %s
    """  # noqa: S608 - the partition's name comes from the catalogue, the conditions are ours
    with connection.cursor() as cursor:
        cursor.execute(sql, [*params, percent, model_id])
        seen, passed = cursor.fetchone()
    return Sample(rows=seen * 100.0 / percent, share=passed / seen if seen else 0.0)
