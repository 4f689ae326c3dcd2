"""The profile: what is worth telling a model about the owner, as parts with their memories, and as plain text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from accounts.models import User
from enrichment.entities import label as kind_label
from enrichment.insights._owner import own_of, recent_moment
from enrichment.insights.about import Known, known_of, plans_of
from enrichment.insights.ahead import Ahead, commitments, upcoming
from enrichment.insights.around import Around, people_around, things_around
from enrichment.relations import is_single
from enrichment.summary_selectors import PointShown
from enrichment.topic_selectors import CountedTopic, counted_topics
from memories.screening import dotted
from memshadow.lib.clock import now

_FACTS: Final = 25
_TASTES: Final = 15
_PLANS: Final = 10
_TOPICS: Final = 10


@dataclass(frozen=True, slots=True)
class Profile:
    """What memories say of their owner now; every part names its memories."""

    name: str
    as_of: datetime
    facts: list[Known]
    preferences: list[Known]
    plans: list[Known]
    people: list[Around]
    things: list[Around]
    commitments: list[PointShown]
    upcoming: list[Ahead]
    topics: list[CountedTopic]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell."""
        parts = (self.facts, self.preferences, self.plans, self.people, self.things, self.topics, self.commitments)
        return not any(parts)


def profile_of(owner: User) -> Profile:
    """Worked out now; what is recent is so from the newest memory on."""
    moment, recent, own = now(), recent_moment(owner), own_of(owner)
    known, tasks = known_of(owner, own, moment), commitments(owner, own, recent)
    to_do = {one.words for one in tasks}
    return Profile(
        name=owner.display_name,
        as_of=moment,
        facts=[one for one in known if not one.is_taste][:_FACTS],
        preferences=[one for one in known if one.is_taste][:_TASTES],
        plans=[one for one in plans_of(owner, own, recent) if one.sentence not in to_do][:_PLANS],
        people=people_around(owner, own, recent),
        things=things_around(owner, own, recent),
        commitments=tasks,
        upcoming=upcoming(owner, moment),
        topics=counted_topics(owner)[:_TOPICS],
    )


def as_text(profile: Profile, max_chars: int) -> str:
    """Plain text for a prompt, secrets masked, whole lines up to so many characters."""
    found: list[str] = []
    for line in _lines(profile):
        line = dotted(line)
        if sum(len(one) + 1 for one in found) + len(line) > max_chars:
            break
        found.append(line)
    return "\n".join(found)


def _lines(profile: Profile) -> Iterator[str]:
    yield f"What {profile.name or 'the user'}'s memories say of them, as of {profile.as_of:%Y-%m-%d}:"
    yield from _part("Facts", [_since(one) for one in profile.facts])
    yield from _part("Preferences", [one.text for one in profile.preferences])
    yield from _part("Wants or plans", [one.text for one in profile.plans])
    yield from _part("To do", [_task(one) for one in profile.commitments])
    yield from _part("Coming up", [f"{one.on:%Y-%m-%d}: {one.text}" for one in profile.upcoming])
    yield from _part("People spoken of most", [one.entity.name for one in profile.people], joined=True)
    things = [f"{one.entity.name} ({kind_label(one.entity.kind).lower()})" for one in profile.things]
    yield from _part("Also spoken of", things, joined=True)
    yield from _part("Topics", [row.topic.label for row in profile.topics])


def _part(title: str, items: list[str], *, joined: bool = False) -> Iterator[str]:
    if items and joined:
        yield f"{title}: {', '.join(items)}"
    elif items:
        yield f"{title}:"
        yield from (f"- {' '.join(item.split())}" for item in items)


def _since(one: Known) -> str:
    lasts = one.since is not None and is_single(one.predicate)
    return f"{one.text} (since {one.since:%Y-%m})" if lasts else one.text


def _task(one: PointShown) -> str:
    return f"{one.task} (by {one.row.due_on:%Y-%m-%d})" if one.row.due_on else one.task
