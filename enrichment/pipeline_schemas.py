"""What goes in and out of the JSON API about the pipeline."""

from __future__ import annotations

from datetime import datetime, time
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from enrichment.models import EnrichmentSchedule
from enrichment.queue import JobStatus, StepStatus
from enrichment.services.requesting import IDS_MAX, PRIORITY_MAX
from memories.api.parameters import FilterIn
from memshadow.lib.strict import StrictModel

StepName = Annotated[str, StringConstraints(min_length=1, max_length=40)]


class EnrichIn(StrictModel):
    """Which steps to do afresh, on which memories: by id or by filter."""

    memory_ids: list[UUID] | None = Field(default=None, max_length=IDS_MAX)
    filter: FilterIn | None = Field(default=None, description="{} is every active memory.")
    steps: list[StepName] = Field(default_factory=list, max_length=100, description="By name; empty: all of them.")
    priority: int = Field(
        default=10, ge=-PRIORITY_MAX, le=PRIORITY_MAX, description="Higher goes first; what was captured has 0."
    )


class JobOut(BaseModel):
    """What was asked for, and how far it is."""

    id: UUID
    state: str = Field(description="waiting, running or done.")
    steps: list[str]
    priority: int
    memory_count: int
    total: int = Field(description="Memories times steps.")
    done: int
    failed: int
    waiting: int
    created_at: datetime
    finished_at: datetime | None = Field(description="Null until nothing of it is left to do.")

    @classmethod
    def of(cls, status: JobStatus) -> JobOut:
        """From a job with its counts."""
        job = status.job
        return cls(
            id=job.id,
            state=status.state,
            steps=job.steps,
            priority=job.priority,
            memory_count=job.memories,
            total=job.total,
            done=status.done,
            failed=status.failed,
            waiting=status.waiting,
            created_at=job.created_at,
            finished_at=job.finished_at,
        )


class JobListOut(BaseModel):
    """The newest jobs, at most 50."""

    items: list[JobOut]


class StepOut(BaseModel):
    """A step, and how far it is with one's memories."""

    name: str
    label: str
    version: int
    cost: str = Field(description="cheap, light, heavy or remote.")
    inputs: list[str] = Field(description="Steps whose results it reads.")
    is_available: bool = Field(description="False while what it needs, such as a model server, is not there.")
    is_paused: bool
    waiting: int
    running: int
    done: int
    failed: int
    took_ms: float = Field(description="A memory, on average over the last ten minutes.")
    rate_per_s: float | None = Field(description="Memories a second over the last ten minutes; null: none.")
    left_s: float | None = Field(description="Time left at that rate; null: nothing is left, or nothing moves.")

    @classmethod
    def of(cls, status: StepStatus) -> StepOut:
        """From its figures."""
        return cls(**{name: getattr(status, name) for name in cls.model_fields})


class StepListOut(BaseModel):
    """The steps, in the order in which they run."""

    items: list[StepOut]


class RetryIn(StrictModel):
    """Which failures get another chance."""

    step: StepName | None = Field(default=None, description="Of this step only.")


class RetryOut(BaseModel):
    """How many are tried again."""

    retried: int


class PauseIn(StrictModel):
    """What rests."""

    step: StepName | None = Field(default=None, description="This step only; null: everything.")
    paused: bool


class ScheduleOut(BaseModel):
    """When a task runs by itself."""

    name: str
    label: str
    is_on: bool
    every_minutes: int | None
    at: str | None = Field(description="Time of day in UTC, such as 02:00; null: it runs every so many minutes.")
    weekday: int | None = Field(description="0 is Monday; null: every day.")
    next_run_at: datetime
    last_run_at: datetime | None
    last_took_ms: float
    last_count: int = Field(description="How many things the last run did.")
    last_error: str

    @classmethod
    def of(cls, row: EnrichmentSchedule) -> ScheduleOut:
        """From a row."""
        plain = {name: getattr(row, name) for name in cls.model_fields}
        return cls(**{**plain, "at": f"{row.at:%H:%M}" if row.at else None})


class ScheduleListOut(BaseModel):
    """All schedules, the next one first."""

    items: list[ScheduleOut]


class SchedulePut(StrictModel):
    """Every so many minutes, or at a time."""

    is_on: bool
    every_minutes: int | None = Field(default=None, ge=1, le=7 * 24 * 60)
    at: time | None = None
    weekday: int | None = Field(default=None, ge=0, le=6)
