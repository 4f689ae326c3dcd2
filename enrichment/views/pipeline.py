"""Enrichment at work: the queue by step, failures, jobs and schedules, with retry and pause."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import needs, owner_of, signed_in
from enrichment import queue
from enrichment.access import schedule_or_404
from enrichment.forms import ScheduleForm
from enrichment.models import EnrichmentSchedule
from enrichment.registry import steps
from enrichment.services import pausing, planning, scheduling
from memories.rendering import plain_title
from memshadow.lib.errors import MemshadowError
from memshadow.lib.htmx import render_page

_HERE = "enrichment:pipeline"


@needs("memories:read")
@require_GET
def pipeline(request: HttpRequest) -> HttpResponse:
    """The queue, which looks again by itself while something is left, and all that belongs to it."""
    owner = owner_of(request)
    rows = queue.queue_of(owner)
    context = {
        "steps": rows,
        "waiting": sum(row.waiting + row.running for row in rows),
        "failed": sum(row.failed for row in rows),
        "rate": sum(row.rate_per_s or 0 for row in rows) * 60,
        "left_s": max((row.left_s for row in rows if row.left_s), default=None),
        "all_paused": queue.is_all_paused(),
        "failures": [_failure(row) for row in queue.failures_of(owner)],
        "jobs": [(status, [_label(name) for name in status.job.steps]) for status in queue.jobs_of(owner)[:10]],
        "schedules": [(row, how_often(row)) for row in queue.schedules()],
        "may_set": signed_in(request).may("server"),
    }
    return render_page(request, "enrichment/pipeline.html", "enrichment/_queue.html", context)


def _failure(row: Any) -> dict[str, Any]:
    return {"row": row, "title": plain_title(row.memory), "step": _label(row.step)}


def _label(name: str) -> str:
    step = steps().get(name)
    return step.label if step else name


def how_often(row: EnrichmentSchedule) -> str:
    """In words: 'every 5 minutes', 'daily at 02:00 UTC', 'Sundays at 02:00 UTC'."""
    if row.at is None:
        return {1: "every minute", 60: "every hour"}.get(row.every_minutes or 0, f"every {row.every_minutes} minutes")
    day = "daily" if row.weekday is None else f"{EnrichmentSchedule.Weekday(row.weekday).label}s"
    return f"{day} at {row.at:%H:%M} UTC"


@needs("enrich")
@require_POST
def retry(request: HttpRequest) -> HttpResponse:
    """Another chance for what failed, of one step or of all."""
    count = planning.retry_failed(owner=owner_of(request), step=request.POST.get("step", ""))
    messages.success(request, f"{count} will be tried again." if count else "Nothing had failed.")
    return redirect(_HERE)


@needs("server")
@require_POST
def pause(request: HttpRequest) -> HttpResponse:
    """Let a step, or everything, rest or go on."""
    resting = request.POST.get("action") == "pause"
    try:
        change = pausing.pause if resting else pausing.resume
        change(actor=signed_in(request), step=request.POST.get("step", ""))
    except MemshadowError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "Paused. What is in hand is finished." if resting else "It goes on.")
    return redirect(_HERE)


@needs("server")
@require_http_methods(["GET", "POST"])
def schedule(request: HttpRequest, schedule: str) -> HttpResponse:
    """When a task runs by itself."""
    row = schedule_or_404(schedule)
    form = ScheduleForm(request.POST or None, initial=ScheduleForm.initial_of(row))
    if request.method == "POST" and request.POST.get("action") == "run":
        scheduling.run_now(actor=signed_in(request), name=row.name)
        messages.success(request, "It runs within seconds.")
        return redirect(_HERE)
    if request.method == "POST" and form.is_valid():
        try:
            scheduling.change_schedule(actor=signed_in(request), name=row.name, **form.cleaned_data)
        except MemshadowError as error:
            form.add_error(None, forms.ValidationError(error.message))
        else:
            messages.success(request, "Saved.")
            return redirect(_HERE)
    return render(request, "enrichment/schedule.html", {"row": row, "form": form, "often": how_often(row)})
