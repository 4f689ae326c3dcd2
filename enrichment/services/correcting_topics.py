"""People correct topics: rename, merge, hide. Each can be undone, and holds when memories are grouped again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from accounts.models import User
from enrichment.models import Cluster, Topic, TopicChange
from memshadow.lib.clock import now
from memshadow.lib.errors import Conflict, NotFound, ValidationFailed

LABEL_MAX_CHARS: Final = 120
_CHANGED: Final = ("label", "is_named_by_hand", "is_hidden")


@transaction.atomic
def merge_topics(*, owner: User, into: Topic, others: Sequence[Topic]) -> TopicChange:
    """Make others part of `into`: what their clusters gather is its from now on."""
    others = [other for other in others if other.id != into.id]
    if not others:
        raise ValidationFailed("Choose another topic to merge with this one.", field="others")
    before = _state([into, *others])
    ids = [other.id for other in others]
    Cluster.objects.filter(owner=owner, topic__in=ids).update(topic=into)
    Topic.objects.filter(owner=owner, id__in=ids).update(merged_into=into)
    return _noted(into, TopicChange.Action.MERGE, before)


@transaction.atomic
def rename_topic(*, owner: User, topic: Topic, label: str) -> TopicChange:
    """Call it so from now on."""
    label = " ".join(label.split())
    if not label or len(label) > LABEL_MAX_CHARS:
        raise ValidationFailed(f"Give a name of 1 to {LABEL_MAX_CHARS} characters.", field="label")
    before = _state([topic])
    topic.label, topic.is_named_by_hand = label, True
    topic.save(update_fields=["label_sealed", "is_named_by_hand"])
    return _noted(topic, TopicChange.Action.RENAME, before)


@transaction.atomic
def hide_topic(*, owner: User, topic: Topic, hidden: bool = True) -> TopicChange:
    """Show it nowhere, also when its memories are grouped again; or show it again."""
    before = _state([topic])
    topic.is_hidden = hidden
    topic.save(update_fields=["is_hidden"])
    return _noted(topic, TopicChange.Action.HIDE if hidden else TopicChange.Action.SHOW, before)


@transaction.atomic
def undo_topic_change(*, owner: User, change: TopicChange) -> Topic:
    """Bring labels and clusters back to where they were. Raises Conflict for one already undone.

    Returns the topic that the correction was about.
    """
    change = TopicChange.objects.select_for_update().get(owner=owner, id=change.id)
    if change.undone_at is not None:
        raise Conflict("This correction is undone already.")
    rows = {str(row.id): row for row in Topic.objects.filter(owner=owner, id__in=list(change.before["topics"]))}
    if len(rows) < len(change.before["topics"]):
        raise NotFound("What this correction was about is gone.")
    for key, row in rows.items():
        _restore(row, change.before["topics"][key])
    for key, topic_id in change.before["clusters"].items():
        Cluster.objects.filter(owner=owner, id=UUID(key)).update(topic_id=UUID(topic_id))
    change.undone_at = now()
    change.save(update_fields=["undone_at"])
    return rows[str(change.topic_id)]


def _state(topics: Sequence[Topic]) -> dict[str, Any]:
    """All that a correction changes, as JSON."""
    clusters = Cluster.objects.filter(topic__in=[topic.id for topic in topics])
    return {
        "topics": {str(topic.id): [*(getattr(topic, name) for name in _CHANGED), _into(topic)] for topic in topics},
        "clusters": {str(row.id): str(row.topic_id) for row in clusters},
    }


def _into(topic: Topic) -> str | None:
    return str(topic.merged_into_id) if topic.merged_into_id else None


def _restore(row: Topic, values: Sequence[Any]) -> None:
    *plain, merged = values
    for name, value in zip(_CHANGED, plain, strict=True):
        setattr(row, name, value)
    row.merged_into_id = UUID(merged) if merged else None
    row.save()


def _noted(topic: Topic, action: str, before: dict[str, Any]) -> TopicChange:
    change = TopicChange(owner_id=topic.owner_id, topic=topic, action=action)
    change.before = before
    change.save(force_insert=True)
    return change
