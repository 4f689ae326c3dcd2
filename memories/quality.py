"""How well search serves its owner: satisfaction by week, speed, what came to nothing, and what was learnt from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Aggregate, Count, FloatField, Max, Q, QuerySet
from django.db.models.functions import TruncWeek

from accounts.models import User
from memories.models import Feedback, LearntRule, Retrieval, Verdict
from memshadow.lib.clock import now
from memshadow.lib.paging import Page, paginate

WEEKS = 12
RECENT_DAYS = 30  # for speed and for what came to nothing
SLOW_MS = 500.0  # a question that took longer is shown as slow


@dataclass(frozen=True, slots=True)
class Week:
    """One week's questions: how many were asked, judged, judged useful, followed by a use, and without any hit."""

    starts_at: datetime
    asked: int
    judged: int
    useful: int
    used: int
    empty: int

    @property
    def useful_share(self) -> float | None:
        """Of the questions that were judged, how many had a useful answer, 0..1."""
        return self.useful / self.judged if self.judged else None

    @property
    def used_share(self) -> float | None:
        """Of all questions, after how many a memory was opened, copied or put into a prompt, 0..1."""
        return self.used / self.asked if self.asked else None

    @property
    def empty_share(self) -> float | None:
        """Of all questions, how many found nothing, 0..1."""
        return self.empty / self.asked if self.asked else None


@dataclass(frozen=True, slots=True)
class Speed:
    """Of the last 30 days: how many questions, and the time that half and 95 % of them took at most, in ms."""

    asked: int
    p50_ms: float | None
    p95_ms: float | None


@dataclass(frozen=True, slots=True)
class Question:
    """A question that was asked `times`, the last time at `asked_at`, with its slowest answer in ms."""

    text: str
    times: int
    asked_at: datetime
    took_ms: float


class _Percentile(Aggregate):
    """PostgreSQL's percentile_cont of one column."""

    template = "percentile_cont(%(fraction)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


def weeks_for(owner: User, count: int = WEEKS) -> list[Week]:
    """The last weeks in which something was asked, oldest first. One query."""
    since = now() - timedelta(weeks=count)
    rows = (
        _asked(owner, since)
        .annotate(week=TruncWeek("asked_at"))
        .values("week")
        .annotate(
            asked=Count("id"),
            judged=Count("id", filter=Q(helped__isnull=False)),
            useful=Count("id", filter=Q(helped=True)),
            times_used=Count("id", filter=Q(used=True)),
            empty=Count("id", filter=Q(hit_count=0)),
        )
        .order_by("week")
    )
    return [Week(r["week"], r["asked"], r["judged"], r["useful"], r["times_used"], r["empty"]) for r in rows]


def speed_for(owner: User) -> Speed:
    """How long answers took in the last 30 days. One query."""
    found = _asked(owner, now() - timedelta(days=RECENT_DAYS)).aggregate(
        asked=Count("id"),
        p50=_Percentile("took_ms", fraction=0.5),
        p95=_Percentile("took_ms", fraction=0.95),
    )
    return Speed(found["asked"], found["p50"], found["p95"])


def slow_questions(owner: User, limit: int = 10) -> list[Question]:
    """Questions of the last 30 days that took over SLOW_MS, slowest first."""
    rows = _asked(owner, now() - timedelta(days=RECENT_DAYS)).filter(took_ms__gt=SLOW_MS)
    return _grouped(owner, rows, "-took_ms", limit)


def empty_questions(owner: User, limit: int = 10) -> list[Question]:
    """Questions of the last 30 days that found nothing, newest first."""
    rows = _asked(owner, now() - timedelta(days=RECENT_DAYS)).filter(hit_count=0)
    return _grouped(owner, rows, "-asked_at", limit)


def _asked(owner: User, since: datetime) -> QuerySet[Retrieval]:
    return Retrieval.objects.filter(owner=owner, asked_at__gte=since, continued=False)


def _grouped(owner: User, rows: QuerySet[Retrieval], order: str, limit: int) -> list[Question]:
    """Each question once, with how often it was asked; only what is shown is decrypted."""
    groups = list(
        rows.values("question_key")
        .annotate(times=Count("id"), last=Max("asked_at"), slowest=Max("took_ms"))
        .order_by({"-took_ms": "-slowest", "-asked_at": "-last"}[order])[:limit]
    )
    keys = [group["question_key"] for group in groups]
    named = Retrieval.objects.filter(owner=owner, question_key__in=keys).order_by("question_key", "-asked_at")
    texts = {bytes(row.question_key): row.question for row in named.distinct("question_key")}
    return [Question(texts[bytes(g["question_key"])], g["times"], g["last"], g["slowest"]) for g in groups]


def feedback_page(owner: User, *, cursor: str | None = None, limit: int = 50) -> Page[Feedback]:
    """What the owner said and what was seen from use, newest first; what was merely passed over is left out."""
    rows = Feedback.objects.filter(owner=owner).exclude(verdict=Verdict.PASSED).select_related("memory")
    return paginate(rows, cursor=cursor, limit=limit, by="created_at")


def rules_for(owner: User) -> list[LearntRule]:
    """What search has learnt: rules in use, then removed ones, newest first."""
    told = LearntRule.objects.filter(owner=owner).exclude(state=LearntRule.State.CANDIDATE)
    return list(told.exclude(payload_sealed=b"").order_by("state", "-created_at", "-id"))


def verdicts_for(owner: User, question_key: bytes, memory_ids: Iterable[UUID]) -> dict[UUID, str]:
    """What the owner said of these memories for a question: 'useful' or 'not_useful' by memory. One query."""
    said = Feedback.objects.filter(owner=owner, question_key=question_key, memory_id__in=list(memory_ids))
    return dict(said.filter(implicit=False).values_list("memory_id", "verdict"))


def verdict_of(owner: User, memory_id: UUID, retrieval_id: UUID | None) -> Feedback | None:
    """What stands for a memory and a retrieval's question (or in general, for None), passed over left out."""
    key = b""
    if retrieval_id is not None:
        found = Retrieval.objects.filter(owner=owner, id=retrieval_id).values_list("question_key", flat=True).first()
        if found is None:
            return None
        key = bytes(found)
    said = Feedback.objects.filter(owner=owner, memory_id=memory_id, question_key=key)
    return said.exclude(verdict=Verdict.PASSED).first()
