"""The counts beside the navigation's links."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.access import owner_of
from accounts.models import User
from memories.models import ImportJob, Memory, State


def nav_counts(request: HttpRequest) -> dict[str, Any]:
    """Context of every page: how much is in the trash and how many imports run, counted only where shown."""
    if not isinstance(getattr(request, "user", None), User):  # an address that is refused (Host) has none yet
        return {}
    return {"nav_counts": SimpleLazyObject(lambda: _counts(owner_of(request)))}


def _counts(owner: User) -> dict[str, int]:
    running = [ImportJob.State.QUEUED, ImportJob.State.RUNNING]
    return {
        "trash": Memory.objects.filter(owner=owner, state=State.DELETED).count(),
        "imports_running": ImportJob.objects.filter(owner=owner, state__in=running).count(),
    }
