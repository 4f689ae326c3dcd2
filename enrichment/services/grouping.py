"""An owner's memories are grouped afresh: clusters that keep their ids, labels, and the map. In a process of its own.

Everything heavy is imported here and in what this imports; `services.regrouping` starts the process.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import numpy as np
from django.conf import settings
from django.db import connection, transaction

from enrichment.clusters.grouping import Grouping, group
from enrichment.clusters.mapping import landmarks_among, lay_out
from enrichment.clusters.matching import continued
from enrichment.clusters.placing import apart, place
from enrichment.clusters.vectors import BATCH, NOBODY, Labels, Vectors
from enrichment.models import Cluster, Placement, Topic, TopicRun
from enrichment.services.naming_topics import name_topics
from enrichment.services.placing import nearness_to, store_places
from enrichment.topics.collecting import Collected, collect
from enrichment.topics.frame import Frame
from memories import generations
from memshadow.lib.clock import now

_LOCK: Final = 0x746F7069
_HELD: Final = "SELECT pg_try_advisory_lock(%s, hashtext(%s))"
_RELEASED: Final = "SELECT pg_advisory_unlock(%s, hashtext(%s))"


def group_memories(*, owner_id: UUID) -> int:
    """Find the topics of an owner's memories; returns how many there are. Nothing while another process does it."""
    if not _asked(_HELD, owner_id):
        return 0
    try:
        # What a run that was killed has left goes first: only one has this owner's lock.
        for left in settings.DATA_DIR.glob(f"topics-{owner_id}-*"):
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=settings.DATA_DIR, prefix=f"topics-{owner_id}-") as folder:
            return _grouped(owner_id, Path(folder))
    finally:
        _asked(_RELEASED, owner_id)


def _asked(statement: str, owner_id: UUID) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement, [_LOCK, str(owner_id)])
        return bool(cursor.fetchone()[0])


def _grouped(owner_id: UUID, folder: Path) -> int:
    began, started, model = now(), time.perf_counter(), generations.active().id
    collected = collect(owner_id, folder)
    found = group(collected.about, telling=collected.telling)
    frame = _frame(owner_id, collected)
    with transaction.atomic():
        rows = _keep_clusters(owner_id, collected, found)
        name_topics(owner_id=owner_id, members=_members(collected, found, rows))
    _store(owner_id, collected, found, rows, frame, began)
    TopicRun.objects.update_or_create(
        owner_id=owner_id,
        defaults={
            "embedding_model_id": model,
            "memories": len(collected),
            "frame": frame.packed(),
            "grouped_at": now(),
            "took_ms": (time.perf_counter() - started) * 1000,
        },
    )
    _forget_empty(owner_id)
    return len({row.topic_id for row in rows})


def _frame(owner_id: UUID, collected: Collected) -> Frame:
    """The map's landmarks, laid out near to where they stood."""
    chosen = landmarks_among(collected.ids)
    landmarks = np.asarray(collected.about[chosen], np.float32)
    run = TopicRun.objects.filter(owner_id=owner_id).first()
    earlier = np.full((len(chosen), 2), np.nan, np.float32)
    if run is not None:
        before = Frame.unpacked(bytes(run.frame))
        stood = {bytes(one): spot for one, spot in zip(before.landmark_ids, before.spots, strict=True)}
        for row, one in enumerate(collected.ids[chosen]):
            earlier[row] = stood.get(bytes(one), earlier[row])
    means = dict(zip(collected.authors, collected.usual_of, strict=True))
    known = {key: mean for key, mean in means.items() if mean.any()}
    return Frame(known, collected.ids[chosen], landmarks, lay_out(landmarks, earlier))


def _keep_clusters(owner_id: UUID, collected: Collected, found: Grouping) -> list[Cluster]:
    """The row of each cluster: the earlier one that it continues, else a new one, of a new topic."""
    before = list(Cluster.objects.select_for_update().filter(owner_id=owner_id).order_by("id"))
    numbers = {row.id: number for number, row in enumerate(before)}
    placed = Placement.objects.filter(owner_id=owner_id).exclude(cluster=None).values_list("memory_id", "cluster_id")
    earlier = collected.labels_of(
        {memory: numbers[cluster] for memory, cluster in placed.iterator() if cluster in numbers}
    )
    same = continued(earlier, found.labels, _centres(before, found.centres.shape[1]), found.centres)
    rows = [before[same[number]] if number in same else _fresh(owner_id) for number in range(len(found.centres))]
    for row, centre, reach in zip(rows, found.centres, found.reach, strict=True):
        row.centre, row.reach, row.is_current = centre.astype(np.float32).tobytes(), float(reach), True
        row.save()
    gone = [row.id for row in before if row.id not in {one.id for one in rows}]
    Cluster.objects.filter(id__in=gone).update(is_current=False)
    return rows


def _centres(rows: Sequence[Cluster], width: int) -> Vectors:
    """Of the earlier clusters; none where the vectors were another model's."""
    centres = [np.frombuffer(row.centre, np.float32) for row in rows]
    if any(len(centre) != width for centre in centres):
        return np.zeros((0, width), np.float32)
    return np.array(centres, np.float32).reshape(-1, width)


def _fresh(owner_id: UUID) -> Cluster:
    return Cluster(owner_id=owner_id, topic=Topic.objects.create(owner_id=owner_id))


def _members(collected: Collected, found: Grouping, rows: Sequence[Cluster]) -> dict[UUID, list[UUID]]:
    """Memories of each topic that say best what it is about: near its centres, and others from all over it."""
    members: dict[UUID, list[UUID]] = {}
    for number, row in enumerate(rows):
        places = np.flatnonzero((found.labels == number) & collected.telling)
        members.setdefault(row.topic_id, []).extend(
            collected.memory_ids(_telling_most(collected, found, number, places))
        )
    return members


_NEAREST, _ALL_OVER = 60, 140


def _telling_most(collected: Collected, found: Grouping, number: int, places: Labels) -> Labels:
    nearness = np.asarray(collected.about[places], np.float32) @ found.centres[number]
    nearest = places[np.argsort(-nearness, kind="stable")[:_NEAREST]]
    rest = np.setdiff1d(places, nearest)
    return np.concatenate([nearest, np.random.default_rng(0).permutation(rest)[:_ALL_OVER]])


def _store(
    owner_id: UUID, collected: Collected, found: Grouping, rows: Sequence[Cluster], frame: Frame, read_at: datetime
) -> None:
    """Every memory's place, a batch at a time."""
    for at in range(0, len(collected), BATCH):
        part = slice(at, at + BATCH)
        about, labels = np.asarray(collected.about[part], np.float32), found.labels[part]
        store_places(
            owner_id,
            collected.memory_ids(part),
            cluster_ids=[rows[label].id if label != NOBODY else None for label in labels],
            nearness=nearness_to(about, found.centres, labels),
            spots=apart(place(about, frame.landmarks, frame.spots), collected.ids[part]),
            read_at=read_at,
        )


def _forget_empty(owner_id: UUID) -> None:
    """Clusters that were not found again, and topics without any: but not those that a person has corrected."""
    gone = Cluster.objects.filter(owner_id=owner_id, is_current=False)
    gone.filter(topic__changes=None, topic__merged=None).delete()
    Topic.objects.filter(owner_id=owner_id, clusters=None, merged_into=None, changes=None, merged=None).delete()
