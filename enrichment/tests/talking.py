"""Memories about three things, indexed with the real model and grouped in this process."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from accounts.models import User
from enrichment.models import Topic
from enrichment.services.grouping import group_memories
from enrichment.topic_selectors import counted_topics, topics_of
from memories.drafts import MemoryDraft
from memories.indexing import index_pending
from memories.models import Memory
from memories.services.capture import capture_memory

GARDEN = (
    "The tomatoes in the raised beds need water every evening.",
    "I sowed carrots and radishes in the raised beds today.",
    "Snails ate the lettuce in the garden again.",
    "The compost heap behind the garden shed is ready for the beds.",
    "We planted two apple trees at the end of the garden.",
    "Pruned the roses and tied up the tomatoes in the garden.",
    "The seedlings on the windowsill can move into the raised beds in May.",
    "Mulch keeps the soil of the raised beds moist in summer.",
    "Aphids are all over the beans in the garden this year.",
    "Harvested the first tomatoes and a bowl of beans from the garden.",
)
MONEY = (
    "The bank wants papers for the mortgage on the house.",
    "Our mortgage rate is fixed for ten years at the bank.",
    "I moved savings into an index fund with low fees.",
    "The tax return must be filed with the tax office by July.",
    "The bank raised the interest rate on savings accounts.",
    "Ask the tax adviser whether the mortgage interest can be deducted.",
    "The monthly budget has no room for a higher mortgage rate.",
    "I paid back part of the loan to the bank early.",
    "My pension fund sent the yearly statement of savings.",
    "The tax office refunded part of last year's income tax.",
)
RUNNING = (
    "I ran ten kilometres along the river before breakfast.",
    "The marathon training plan says intervals on Tuesday.",
    "My running shoes are worn out after eight hundred kilometres.",
    "The half marathon in Hamburg was my fastest race so far.",
    "Long run on Sunday: twenty kilometres at an easy pace.",
    "My knee hurts after the interval training on the track.",
    "Signed up for the city marathon in autumn.",
    "The coach says to run slower on the easy training days.",
    "New personal best over five kilometres at the park run.",
    "Stretching after the long run helps my calves.",
)
EVERYTHING = (*GARDEN, *MONEY, *RUNNING)
_BEGAN = datetime(2026, 3, 2, 9, tzinfo=UTC)


def remember(owner: User, texts: Sequence[str], *, days_apart: int = 9) -> list[Memory]:
    """One memory of each text, so many days apart, with its vector."""
    rows = []
    for number, text in enumerate(texts):
        draft = MemoryDraft(content=text, language="en", occurred_at=_BEGAN + timedelta(days=days_apart * number))
        rows.append(capture_memory(owner=owner, draft=draft).memory)
    index_pending()
    return rows


def grouped(owner: User, texts: Sequence[str] = EVERYTHING) -> list[Memory]:
    """Remember the texts and group all of the owner's memories."""
    rows = remember(owner, texts)
    group_memories(owner_id=owner.id)
    return rows


def topic_about(owner: User, rows: Sequence[Memory]) -> Topic:
    """The topic of most of these memories."""
    found = [topic for topic, _ in topics_of(owner, [row.id for row in rows]).values()]
    return max(found, key=found.count)


def labels(owner: User) -> list[str]:
    """What the topics that are shown are called."""
    return [row.topic.label for row in counted_topics(owner)]
