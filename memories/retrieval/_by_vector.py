"""Search by a vector that the caller made: for those who ask without telling the server what they ask."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings

from accounts.models import User
from memories import generations
from memories.filters import MemoryFilter
from memories.index_rows import vector_literal
from memories.models import Memory
from memories.retrieval import _plan, _sql
from memories.retrieval._conditions import Conditions, conditions_for
from memories.sealed_index import GivenVectors, checked_vectors
from memories.selectors import memories_by_id
from memshadow.lib.errors import ValidationFailed


def by_vector(owner: User, given: GivenVectors, wanted: MemoryFilter, *, limit: int = 10) -> list[tuple[Memory, float]]:
    """The memories whose chunks lie nearest to one vector, sealed ones among them: (memory, cosine), best first.

    Raises ValidationFailed for a bad limit or vector, and Conflict for a vector of another model than search uses.
    """
    if not 1 <= limit <= settings.RETRIEVAL_MAX_RESULTS:
        raise ValidationFailed(f"limit lies between 1 and {settings.RETRIEVAL_MAX_RESULTS}.", field="limit")
    active = generations.active()
    [vector] = checked_vectors(given, [active])
    conditions = conditions_for(owner, active.id, wanted)
    if conditions is None:
        return []
    literal = vector_literal(vector)
    near = _plan.planned(lambda: _nearest(conditions, active.dimension, literal, narrowed=not wanted.is_default))
    found = sorted(near.items(), key=lambda pair: (-pair[1], pair[0]))[:limit]
    rows = memories_by_id(owner, [memory_id for memory_id, _ in found])
    return [(rows[memory_id], round(cosine, 4)) for memory_id, cosine in found if memory_id in rows]


def _nearest(conditions: Conditions, dimension: int, vector: str, *, narrowed: bool) -> dict[UUID, float]:
    """The best cosine of each memory that the vector arm proposes."""
    plan = _plan.choose(conditions, narrowed=narrowed)
    rows = _sql.nearest_to_vector(plan, conditions, dimension, vector)
    if plan.fell_short(len(rows)):
        rows = _sql.nearest_to_vector(plan.as_exact(), conditions, dimension, vector)
    best: dict[UUID, float] = {}
    for memory_id, cosine in rows:
        best[memory_id] = max(best.get(memory_id, -1.0), cosine)
    return best
