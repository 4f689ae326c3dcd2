"""Memories that came since the last grouping find their topic and their spot on the map at once, by what it left."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import numpy as np
from django.db import connection
from django.db.models import F, Max, Min, Q
from numpy.typing import NDArray

from enrichment.clusters.joining import join
from enrichment.clusters.placing import apart, place
from enrichment.clusters.vectors import NOBODY, Vectors
from enrichment.models import Cluster, TopicRun
from enrichment.topics.collecting import collected_few
from enrichment.topics.frame import Frame
from memories import generations
from memories.models import IndexState, Memory, State
from memories.stored_vectors import vectors_named
from memshadow.lib.clock import now

_BATCH: Final = 500
_TALK: Final = timedelta(hours=6)
_BESIDE_MAX: Final = 1_500
# A memory that was erased, or has moved, since it was read gets no place.
_PLACE: Final = """
INSERT INTO enrichment_placement AS p (memory_id, owner_id, cluster_id, nearness, x, y, placed_at)
SELECT m.id, m.owner_id, n.cluster_id, n.nearness, n.x, n.y, %s
  FROM unnest(%s::uuid[], %s::uuid[], %s::float8[], %s::float8[], %s::float8[]) AS n (id, cluster_id, nearness, x, y)
  JOIN (SELECT id, owner_id FROM memories_memory WHERE owner_id = %s AND id = ANY(%s) FOR KEY SHARE) m ON m.id = n.id
ON CONFLICT (memory_id) DO UPDATE SET owner_id = excluded.owner_id, cluster_id = excluded.cluster_id,
    nearness = excluded.nearness, x = excluded.x, y = excluded.y, placed_at = excluded.placed_at
"""


def place_new() -> int:
    """Place what was captured or edited since, of everybody whose memories were grouped; returns how many."""
    active = generations.active().id
    return sum(_place_of(run) for run in TopicRun.objects.filter(embedding_model_id=active))


def _place_of(run: TopicRun) -> int:
    clusters = list(Cluster.objects.filter(owner_id=run.owner_id, is_current=True).order_by("id"))
    frame, count, after = None, 0, UUID(int=0)
    while waiting := _waiting(run.owner_id, after):
        frame = frame or Frame.unpacked(bytes(run.frame))
        count += _place_batch(run.owner_id, waiting, clusters, frame)
        after = waiting[-1]
    return count


def _waiting(owner_id: UUID, after: UUID) -> list[UUID]:
    rows = Memory.objects.filter(owner=owner_id, state=State.ACTIVE, is_sealed=False, index_state=IndexState.DONE)
    rows = rows.filter(Q(placement=None) | Q(placement__placed_at__lt=F("indexed_at")), id__gt=after)
    return list(rows.order_by("id").values_list("id", flat=True)[:_BATCH])


def _place_batch(owner_id: UUID, waiting: Sequence[UUID], clusters: Sequence[Cluster], frame: Frame) -> int:
    read_at = now()
    found = vectors_named(owner_id, [*waiting, *_beside(owner_id, waiting)])
    if not found.ids:
        return 0
    width = found.vectors.shape[1]
    about, ids = collected_few(found, frame.usual(found.authors, width))
    chosen = np.flatnonzero(np.isin(np.array(ids, object), np.array(waiting, object)))
    about, ids = about[chosen], [ids[one] for one in chosen]
    centres = np.array([np.frombuffer(one.centre, np.float32) for one in clusters], np.float32).reshape(-1, width)
    labels = join(about, centres=centres, reach=np.array([one.reach for one in clusters], np.float32))
    raw = np.frombuffer(b"".join(one.bytes for one in ids), np.uint8).reshape(-1, 16)
    spots = apart(place(about, frame.landmarks, frame.spots), raw)
    return store_places(
        owner_id,
        ids,
        cluster_ids=[clusters[label].id if label != NOBODY else None for label in labels],
        nearness=nearness_to(about, centres, labels),
        spots=spots,
        read_at=read_at,
    )


def _beside(owner_id: UUID, waiting: Sequence[UUID]) -> list[UUID]:
    """The other turns of the same talks: what a turn is about is told by those beside it too."""
    rows = Memory.objects.filter(owner=owner_id, id__in=waiting).exclude(conversation=None)
    span = rows.aggregate(first=Min("occurred_at"), last=Max("occurred_at"))
    if span["first"] is None:
        return []
    talks = rows.values_list("conversation", flat=True).distinct()
    turns = Memory.objects.filter(owner=owner_id, conversation__in=list(talks)).exclude(id__in=waiting)
    near = turns.filter(occurred_at__range=(span["first"] - _TALK, span["last"] + _TALK))
    return list(near.order_by("-occurred_at").values_list("id", flat=True)[:_BESIDE_MAX])


def nearness_to(about: Vectors, centres: Vectors, labels: NDArray[np.int64]) -> NDArray[np.float32]:
    """Each vector's cosine to its cluster's centre (n); 0 for those of none."""
    found = np.zeros(len(about), np.float32)
    of_one = labels != NOBODY
    found[of_one] = np.einsum("nd,nd->n", about[of_one], centres[labels[of_one]])
    return found


def store_places(
    owner_id: UUID,
    ids: Sequence[UUID],
    *,
    cluster_ids: Sequence[UUID | None],
    nearness: NDArray[np.float32],
    spots: NDArray[np.float32],
    read_at: datetime,
) -> int:
    """Write where memories stand, by the vectors of `read_at`; returns how many of them are there still."""
    columns: list[Any] = [list(ids), list(cluster_ids), nearness.tolist(), spots[:, 0].tolist(), spots[:, 1].tolist()]
    with connection.cursor() as cursor:
        cursor.execute(_PLACE, [read_at, *columns, owner_id, list(ids)])
        return int(cursor.rowcount)
