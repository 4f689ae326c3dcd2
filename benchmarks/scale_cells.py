"""One cell of the scale benchmark: an owner's size and a filter; recall against exact, times, and the plan chosen."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np

from benchmarks.figures import percentile
from benchmarks.index_load import Loaded, Measured
from benchmarks.synthetic_index import DIMENSION, PERSONAS, SPAN_DAYS, START, TAGS

if TYPE_CHECKING:
    from memories.filters import MemoryFilter
    from memories.retrieval._conditions import Conditions
    from memories.retrieval._plan import Plan

WARM_UP = 15  # untimed: an index in use is in memory
_TIES = 1e-6

Random = np.random.Generator


@dataclass(frozen=True)
class Cell:
    """What was measured. `crowded`: this owner shares the partition of the largest one. `matching`: median rows."""

    phase: str
    owner_rows: int
    filter: str
    recall_at_10: float
    p50_ms: float
    p95_ms: float
    plan: str
    crowded: bool
    matching: int


def _persona(owner: Measured, random: Random) -> dict[str, Any]:
    return {"persona_id": owner.synthetic.personas[random.integers(PERSONAS)]}


def _tag(owner: Measured, random: Random) -> dict[str, Any]:
    return {"tags_any": (owner.tag_names[random.integers(TAGS)],)}


def _window(share: float) -> Callable[[Measured, Random], dict[str, Any]]:
    def window(owner: Measured, random: Random) -> dict[str, Any]:
        after: datetime = START + timedelta(days=float(random.random()) * SPAN_DAYS * (1 - share))
        return {"after": after, "before": after + timedelta(days=SPAN_DAYS * share)}

    return window


def _kind(owner: Measured, random: Random) -> dict[str, Any]:
    return {"kinds": ("note",)}


_TENTH, _THOUSANDTH = _window(0.1), _window(0.001)

FILTERS: dict[str, tuple[Callable[[Measured, Random], dict[str, Any]], ...]] = {
    "none": (),
    "persona 10 %": (_persona,),
    "tag 1 %": (_tag,),
    "time 0.1 %": (_THOUSANDTH,),
    "persona + tag": (_persona, _tag),
    "tag + time 10 %": (_tag, _TENTH),
    "persona + time 10 %": (_persona, _TENTH),
    "persona + kind 20 %": (_persona, _kind),
}


def measure(loaded: Loaded, phase: str, queries: int) -> list[Cell]:
    """Every owner with every filter."""
    return [_cell(loaded, owner, name, phase, queries) for owner in loaded.measured for name in FILTERS]


def _cell(loaded: Loaded, owner: Measured, name: str, phase: str, queries: int) -> Cell:
    from memories.index_rows import vector_literal
    from memories.retrieval import _plan
    from memories.retrieval._conditions import conditions_for

    random = np.random.default_rng(crc32(f"{owner.synthetic.rows} {name}".encode()))
    times, recalls, plans, matching = [], [], Counter[str](), []
    for number, vector in enumerate(loaded.questions(owner, queries + WARM_UP)):
        conditions = conditions_for(owner.user, 1, _filter(owner, name, random))
        if conditions is None:
            raise SystemExit("A tag of the benchmark is missing.")
        literal = vector_literal(vector)
        started = time.perf_counter()
        plan, found = answer(conditions, literal, narrowed=name != "none")
        took_ms = (time.perf_counter() - started) * 1000
        if number < WARM_UP:
            continue
        exact = nearest(conditions, literal, _plan.Plan(True, 0, 10, _plan.WHOLE_TABLE))
        times.append(took_ms)
        plans["exact" if plan.exact else "hnsw"] += 1
        matching.append(plan.matching)
        if exact:
            recalls.append(sum(d <= exact[-1] + _TIES for d in found[: len(exact)]) / len(exact))
    return Cell(
        phase,
        owner.synthetic.rows,
        name,
        round(float(np.mean(recalls)), 4) if recalls else 1.0,
        round(percentile(times, 50), 2),
        round(percentile(times, 95), 2),
        "/".join(plan for plan, _ in plans.most_common()),
        owner.crowded,
        int(np.median(matching)),
    )


def _filter(owner: Measured, name: str, random: Random) -> MemoryFilter:
    from memories.filters import MemoryFilter

    parts: dict[str, Any] = {}
    for make in FILTERS[name]:
        parts |= make(owner, random)
    return MemoryFilter(**parts)


def answer(conditions: Conditions, vector: str, *, narrowed: bool) -> tuple[Plan, list[float]]:
    """Plan and run as the product does, the exact answer included when the walk fell short."""
    from memories.retrieval import _plan

    plan = _plan.choose(conditions, narrowed=narrowed)
    found = nearest(conditions, vector, plan)
    if plan.fell_short(len(found)):
        plan = plan.as_exact()
        found = nearest(conditions, vector, plan)
    return plan, found


def nearest(conditions: Conditions, vector: str, plan: Plan) -> list[float]:
    """The distances that the product's vector arm finds, nearest first."""
    from django.db import connection

    from memories.retrieval._vectors import vector_arm

    with connection.cursor() as cursor:
        cursor.execute(*vector_arm(plan, DIMENSION, conditions, vector))
        return [row[2] for row in cursor.fetchall()]
