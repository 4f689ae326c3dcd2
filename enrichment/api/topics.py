"""Topics: list, read, correct; their memories; the topic of a memory; and the map."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from ninja import Router

from accounts.models import User
from accounts.scopes import ApiRequest, scope
from enrichment import topic_selectors as selectors
from enrichment.access import topic_change_or_404, topic_or_404
from enrichment.models import Topic, TopicChange
from enrichment.schemas import TogetherOut
from enrichment.services import correcting_topics as correcting
from enrichment.topic_schemas import (
    MapOut,
    MemoryTopicListOut,
    MemoryTopicOut,
    MonthOut,
    NeighbourOut,
    SpotOut,
    SpotQuery,
    TopicChangeOut,
    TopicCorrectedOut,
    TopicDetailOut,
    TopicListOut,
    TopicListQuery,
    TopicMemoryPageOut,
    TopicMergeIn,
    TopicOut,
    TopicPatch,
    TopicRef,
)
from memories.access import memory_or_404
from memories.schemas import MemoryOut
from memshadow.lib.paging import paginate
from memshadow.lib.strict import PageQuery, StrictQuery

router = Router(tags=["Topics"])
_CHANGES = 50


@router.get("/topics", auth=scope("memories:read"), response=TopicListOut)
def list_topics(request: ApiRequest, query: Annotated[TopicListQuery, StrictQuery(...)]) -> TopicListOut:
    """List what the memories are about, the largest topic first."""
    owner = request.auth.owner
    return TopicListOut.of(selectors.counted_topics(owner, hidden=query.hidden), selectors.run_of(owner))


@router.get("/topics/{uuid:topic_id}", auth=scope("memories:read"), response=TopicDetailOut)
def get_topic(request: ApiRequest, topic_id: UUID) -> TopicDetailOut:
    """Read one topic: its terms, whom its memories name, when they happened, and what is near.

    What was merged into another answers with that one.
    """
    owner = request.auth.owner
    return _detail(owner, topic_or_404(owner, topic_id))


@router.get("/topics/{uuid:topic_id}/memories", auth=scope("memories:read"), response=TopicMemoryPageOut)
def list_topic_memories(
    request: ApiRequest, topic_id: UUID, query: Annotated[PageQuery, StrictQuery(...)]
) -> TopicMemoryPageOut:
    """List the memories that are about a topic, newest first."""
    owner = request.auth.owner
    rows = selectors.memories_about(owner, topic_or_404(owner, topic_id))
    page = paginate(rows, cursor=query.cursor, limit=query.limit, by="occurred_at")
    return TopicMemoryPageOut(items=[MemoryOut.of(row) for row in page.items], next_cursor=page.next_cursor)


@router.patch("/topics/{uuid:topic_id}", auth=scope("memories:write"), response=TopicDetailOut)
def correct_topic(request: ApiRequest, topic_id: UUID, patch: TopicPatch) -> TopicDetailOut:
    """Rename a topic or hide it. It holds when memories are grouped again."""
    owner = request.auth.owner
    topic, given = topic_or_404(owner, topic_id), patch.model_dump(exclude_unset=True)
    if "label" in given:
        correcting.rename_topic(owner=owner, topic=topic, label=given["label"])
    if "is_hidden" in given:
        correcting.hide_topic(owner=owner, topic=topic, hidden=given["is_hidden"])
    return _detail(owner, topic)


@router.post("/topics/{uuid:topic_id}/merge", auth=scope("memories:write"), response=TopicCorrectedOut)
def merge_topics(request: ApiRequest, topic_id: UUID, merge: TopicMergeIn) -> TopicCorrectedOut:
    """Make other topics part of this one, now and when memories are grouped again."""
    owner = request.auth.owner
    topic = topic_or_404(owner, topic_id)
    others = [topic_or_404(owner, other) for other in dict.fromkeys(merge.others)]
    return _corrected(topic, correcting.merge_topics(owner=owner, into=topic, others=others))


@router.post("/topics/changes/{uuid:topic_change_id}/undo", auth=scope("memories:write"), response=TopicDetailOut)
def undo_topic_change(request: ApiRequest, topic_change_id: UUID) -> TopicDetailOut:
    """Take a correction back."""
    owner = request.auth.owner
    change = topic_change_or_404(owner, topic_change_id)
    return _detail(owner, correcting.undo_topic_change(owner=owner, change=change))


@router.get("/memories/{uuid:memory_id}/topics", auth=scope("memories:read"), response=MemoryTopicListOut)
def list_memory_topics(request: ApiRequest, memory_id: UUID) -> MemoryTopicListOut:
    """Say what topic a memory is about, if any."""
    owner = request.auth.owner
    found = selectors.topics_of(owner, [memory_or_404(owner, memory_id).id])
    return MemoryTopicListOut(
        items=[MemoryTopicOut(**TopicRef.of_topic(topic).model_dump(), nearness=near) for topic, near in found.values()]
    )


@router.get("/map", auth=scope("memories:read"), response=MapOut)
def get_map(request: ApiRequest, query: Annotated[SpotQuery, StrictQuery(...)]) -> MapOut:
    """Read where memories stand on the map, in the order in which they were captured."""
    owner = request.auth.owner
    rows = selectors.spots_of(owner, after=query.cursor, limit=query.limit + 1)
    items = [SpotOut(memory_id=key, x=x, y=y, topic_id=topic) for key, x, y, topic in rows[: query.limit]]
    more = len(rows) > query.limit
    return MapOut(items=items, total=selectors.placed_count(owner), next_cursor=items[-1].memory_id if more else None)


def _detail(owner: User, topic: Topic) -> TopicDetailOut:
    near = selectors.neighbours_of(owner, topic)
    return TopicDetailOut(
        **TopicOut.of(selectors.counted_topic(owner, topic)).model_dump(),
        entities=[TogetherOut.of(row) for row in selectors.named_about(owner, topic)],
        months=[MonthOut.of(row) for row in selectors.months_of(owner, topic)],
        neighbours=[NeighbourOut(**TopicRef.of_topic(other).model_dump(), nearness=cosine) for other, cosine in near],
        changes=[TopicChangeOut.of(row) for row in selectors.changes_of(owner, topic)[:_CHANGES]],
    )


def _corrected(topic: Topic, change: TopicChange) -> TopicCorrectedOut:
    return TopicCorrectedOut(topic=TopicRef.of_topic(topic), change=TopicChangeOut.of(change))
