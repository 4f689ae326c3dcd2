"""How true approximate search is: the neighbours that HNSW walks find, beside the exact ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from uuid import UUID

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from memories.index_rows import vector_literal
from memories.retrieval import _plan
from memories.retrieval._conditions import Conditions, conditions_on
from memories.retrieval._plan import Plan
from memories.retrieval._vectors import vector_arm

_NEAREST = 10
_TIE = 1e-6


@dataclass(frozen=True, slots=True)
class WalkRecall:
    """recall@10 of the walks that were checked (1.0 when every request of these owners is answered exactly)."""

    checked: int
    recall_at_10: float


def walk_recall(
    samples: Iterable[tuple[UUID, NDArray[np.float32]]], model_id: int, dimension: int, *, at_most: int
) -> WalkRecall:
    """Search for stored vectors (owner, vector) as their owner would, both ways; an exact answer needs no check."""
    recalls: list[float] = []
    for owner_id, vector in samples:
        if len(recalls) >= at_most:
            break
        recall = _plan.planned(partial(_recall, conditions_on(owner_id, model_id), vector, dimension))
        if recall is not None:
            recalls.append(recall)
    return WalkRecall(len(recalls), float(np.mean(recalls)) if recalls else 1.0)


def _recall(conditions: Conditions, vector: NDArray[np.float32], dimension: int) -> float | None:
    """None where there is nothing to check."""
    plan = _plan.choose(conditions, narrowed=False)
    if plan.exact:
        return None
    found = _distances(conditions, vector, plan, dimension)
    exact = _distances(conditions, vector, Plan(True, plan.matching, _NEAREST, plan.table), dimension)
    return sum(d <= exact[-1] + _TIE for d in found[: len(exact)]) / len(exact) if exact else None


def _distances(conditions: Conditions, vector: NDArray[np.float32], plan: Plan, dimension: int) -> list[float]:
    with connection.cursor() as cursor:
        cursor.execute(*vector_arm(plan, dimension, conditions, vector_literal(vector)))
        return [row[2] for row in cursor.fetchall()]
