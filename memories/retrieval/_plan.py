"""Exact scan or HNSW: decided for each request from how many rows match."""

from __future__ import annotations

import time
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import connection

from memories.retrieval._conditions import Conditions

_KNOWN_LARGE_S = 60.0
_large_until: dict[tuple[UUID, int], float] = {}


@dataclass(frozen=True, slots=True)
class Plan:
    """How the vector arm runs, and the (bounded) count of matching chunks that decided it."""

    exact: bool
    matching: int


def choose(conditions: Conditions, *, narrowed: bool) -> Plan:
    """Exact up to RETRIEVAL_EXACT_MAX_ROWS matching chunks, HNSW beyond.

    The count stops at the limit, so that it costs at most a short index scan. That an owner without filters is
    large is remembered for a minute.
    """
    limit = settings.RETRIEVAL_EXACT_MAX_ROWS
    key = (conditions.owner_id, conditions.model_id)
    if not narrowed and _large_until.get(key, 0.0) > time.monotonic():
        return Plan(exact=False, matching=limit + 1)
    matching = _count(conditions, limit + 1)
    if matching > limit and not narrowed:
        _large_until[key] = time.monotonic() + _KNOWN_LARGE_S
    return Plan(exact=matching <= limit, matching=matching)


def _count(conditions: Conditions, at_most: int) -> int:
    sql = f"SELECT count(*) FROM (SELECT 1 FROM memories_searchentry e WHERE {conditions.sql} LIMIT %s) bounded"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, [*conditions.params, at_most])
        return int(cursor.fetchone()[0])
