"""What goes in and out of the JSON API about maintenance."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from enrichment.models import MaintenanceRun
from memshadow.lib.strict import StrictModel


class MaintenanceIn(StrictModel):
    """How to run."""

    dry_run: bool = Field(default=True, description="Change nothing, only say what would be done.")


class FindingOut(BaseModel):
    """What one check found."""

    check: str
    label: str
    found: int = Field(description="How many things want doing.")
    mended: int = Field(description="How many were done; 0 in a dry run.")
    says: str
    figures: dict[str, float]
    error: str = Field(description="Why it could not be looked at, or empty.")


class MaintenanceOut(BaseModel):
    """One run."""

    id: UUID
    state: str = Field(description="waiting, running or done.")
    dry_run: bool
    asked_at: datetime
    finished_at: datetime | None
    took_ms: float
    findings: list[FindingOut]

    @classmethod
    def of(cls, run: MaintenanceRun) -> MaintenanceOut:
        """From its row."""
        findings = [FindingOut.model_validate(one) for one in run.findings]
        return cls(
            id=run.id,
            state=run.state,
            dry_run=run.is_dry,
            asked_at=run.asked_at,
            finished_at=run.finished_at,
            took_ms=run.took_ms,
            findings=findings,
        )


class MaintenanceListOut(BaseModel):
    """Runs, newest first."""

    items: list[MaintenanceOut]
