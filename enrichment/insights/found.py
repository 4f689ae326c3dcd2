"""Insights: recurring themes and trends, open questions, what comes up, and what happened on this day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from enrichment.insights._owner import own_of, recent_moment
from enrichment.insights.ahead import Ahead, commitments, on_this_day, upcoming
from enrichment.insights.asking import Open, open_questions
from enrichment.insights.trends import Trend, trends_of
from enrichment.summary_selectors import PointShown
from memories.models import Memory
from memshadow.lib.clock import now


@dataclass(frozen=True, slots=True)
class Insights:
    """What stands out; `recent` is the moment up to which things count as recent."""

    recent: datetime
    trends: list[Trend]
    questions: list[Open]
    commitments: list[PointShown]
    upcoming: list[Ahead]
    on_this_day: list[Memory]

    @property
    def is_empty(self) -> bool:
        """Whether nothing stands out."""
        return not (self.trends or self.questions or self.commitments or self.upcoming or self.on_this_day)


def insights_of(owner: User) -> Insights:
    """Worked out now."""
    moment, recent, own = now(), recent_moment(owner), own_of(owner)
    return Insights(
        recent=recent,
        trends=trends_of(owner, recent),
        questions=open_questions(owner, own, recent),
        commitments=commitments(owner, own, recent),
        upcoming=upcoming(owner, moment),
        on_this_day=on_this_day(owner, moment),
    )
