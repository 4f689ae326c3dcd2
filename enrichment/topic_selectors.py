"""Reads: topics, their memories, people, activity and neighbours, and where memories stand on the map."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from django.db.models import Count, Max, Min, Q, QuerySet
from django.db.models.functions import TruncMonth

from accounts.models import User
from enrichment.entity_selectors import Together, visible_mentions
from enrichment.models import Cluster, Entity, Placement, Topic, TopicChange, TopicRun
from memories.models import Memory, State

_RECENT = 2_000
# Centres that point away from each other more than this are no neighbours.
_LEAST_NEAR = 0.2


@dataclass(frozen=True, slots=True)
class CountedTopic:
    """A topic, how many active memories are about it, and when those happened."""

    topic: Topic
    memories: int
    first_at: datetime | None
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class Month:
    """How many memories of a month are about a topic."""

    starts_at: datetime
    memories: int


def run_of(owner: User) -> TopicRun | None:
    """The last grouping; None while there was none."""
    return TopicRun.objects.defer("frame").filter(owner=owner).first()


def placements_of(owner: User) -> QuerySet[Placement]:
    """Where active memories stand."""
    return Placement.objects.filter(owner=owner, memory__state=State.ACTIVE)


def counted_topics(owner: User, *, hidden: bool = False) -> list[CountedTopic]:
    """All topics that are shown (or all hidden ones), the largest first."""
    rows = Topic.objects.filter(owner=owner, is_hidden=hidden, merged_into=None)
    figures = _figures(placements_of(owner).filter(cluster__topic__in=rows))
    found = [_counted(topic, figures.get(topic.id)) for topic in rows]
    return sorted((row for row in found if row.memories or hidden), key=lambda row: (-row.memories, row.topic.id))


def counted_topic(owner: User, topic: Topic) -> CountedTopic:
    """One topic's figures."""
    return _counted(topic, _figures(placements_of(owner).filter(cluster__topic=topic)).get(topic.id))


def _figures(rows: QuerySet[Placement]) -> dict[UUID, dict[str, Any]]:
    counted = rows.values("cluster__topic").annotate(
        n=Count("memory"), first=Min("memory__occurred_at"), last=Max("memory__occurred_at")
    )
    return {row["cluster__topic"]: dict(row) for row in counted.order_by()}


def _counted(topic: Topic, row: dict[str, Any] | None) -> CountedTopic:
    return CountedTopic(topic, row["n"], row["first"], row["last"]) if row else CountedTopic(topic, 0, None, None)


def memories_about(owner: User, topic: Topic) -> QuerySet[Memory]:
    """The active memories of a topic, with what a card shows."""
    rows = Memory.objects.filter(owner=owner, state=State.ACTIVE, placement__cluster__topic=topic)
    return rows.select_related("persona", "conversation").prefetch_related("tags")


def telling_memories(owner: User, topic: Topic, limit: int) -> list[Memory]:
    """Those that stand nearest to the topic's centres: what it is about, in their words."""
    rows = memories_about(owner, topic).order_by("-placement__nearness", "-id")
    return list(rows[:limit])


def named_about(owner: User, topic: Topic, *, limit: int = 12) -> list[Together]:
    """Whom and what the newest memories of a topic name most, each counted once a memory."""
    recent = memories_about(owner, topic).order_by("-occurred_at").values_list("id", flat=True)[:_RECENT]
    pairs = set(visible_mentions(owner).filter(memory__in=list(recent)).values_list("entity", "memory"))
    best = Counter(entity for entity, _ in pairs).most_common(limit)
    entities = Entity.objects.in_bulk([key for key, _ in best])
    return [Together(entities[key], number) for key, number in best]


def months_of(owner: User, topic: Topic) -> list[Month]:
    """Each month from the first memory about it to the last, those without any too."""
    rows = placements_of(owner).filter(cluster__topic=topic).annotate(month=TruncMonth("memory__occurred_at"))
    counted = {row["month"]: row["n"] for row in rows.values("month").annotate(n=Count("memory")).order_by("month")}
    if not counted:
        return []
    month, found = min(counted), list[Month]()
    while month <= max(counted):
        found.append(Month(month, counted.get(month, 0)))
        month = month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)
    return found


def neighbours_of(owner: User, topic: Topic, *, limit: int = 6) -> list[tuple[Topic, float]]:
    """The topics whose centres lie nearest to any of its own: (topic, cosine), the nearest first."""
    rows = Cluster.objects.filter(owner=owner, is_current=True, topic__is_hidden=False).select_related("topic")
    mine = [_centre(row) for row in rows if row.topic_id == topic.id]
    best: dict[UUID, tuple[Topic, float]] = {}
    for row in rows:
        if row.topic_id == topic.id or not mine:
            continue
        cosine = float(np.max(np.array(mine) @ _centre(row)))
        if cosine >= max(_LEAST_NEAR, best.get(row.topic_id, (row.topic, -1.0))[1]):
            best[row.topic_id] = (row.topic, cosine)
    return sorted(best.values(), key=lambda pair: -pair[1])[:limit]


def _centre(row: Cluster) -> Any:
    return np.frombuffer(row.centre, np.float32)


def topics_of(owner: User, memory_ids: Iterable[UUID]) -> dict[UUID, tuple[Topic, float]]:
    """(topic, nearness) of each of these memories that has one that is shown."""
    rows = Placement.objects.filter(owner=owner, memory__in=list(memory_ids), cluster__topic__is_hidden=False)
    rows = rows.select_related("cluster__topic")
    return {row.memory_id: (row.cluster.topic, row.nearness) for row in rows if row.cluster}


def changes_of(owner: User, topic: Topic) -> QuerySet[TopicChange]:
    """What a person corrected of it, newest first."""
    return TopicChange.objects.filter(owner=owner, topic=topic).order_by("-at", "-id")


def spots_of(owner: User, *, after: UUID | None, limit: int) -> list[tuple[UUID, float, float, UUID | None]]:
    """(memory, x, y, topic) of a page of active memories, in the order of their ids; hidden topics are none."""
    rows = placements_of(owner).order_by("memory_id")
    if after is not None:
        rows = rows.filter(memory_id__gt=after)
    values = rows.values_list("memory_id", "x", "y", "cluster__topic", "cluster__topic__is_hidden")
    return [(key, x, y, None if hidden else topic) for key, x, y, topic, hidden in values[:limit]]


def placed_count(owner: User) -> int:
    """How many active memories stand on the map."""
    return placements_of(owner).count()


def others_than(owner: User, topic: Topic) -> QuerySet[Topic]:
    """Topics to merge with."""
    return Topic.objects.filter(Q(owner=owner, merged_into=None) & ~Q(id=topic.id))
