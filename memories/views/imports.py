"""Imports: upload, watch, cancel, resume."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from accounts.access import needs, owner_of
from accounts.models import User
from memories.access import import_or_404
from memories.forms import ImportForm
from memories.models import ImportJob
from memories.rendering import source_label
from memories.selectors import imports_for
from memories.services.importing import cancel_import, progress_of, resume_import, start_import
from memshadow.lib.errors import MemshadowError
from memshadow.lib.htmx import render_page, wants_partial

_FAILURES_SHOWN = 50


@needs("memories:read", post="memories:write")
@require_http_methods(["GET", "POST"])
def imports(request: HttpRequest) -> HttpResponse:
    """The upload box and the imports so far; POST starts one."""
    owner = owner_of(request)
    form = ImportForm(request.POST or None, request.FILES or None, owner=owner)
    if request.method == "POST" and (job := _start(owner, form)):
        url = reverse("memories:import_job", args=[job.id])
        return HttpResponseClientRedirect(url) if wants_partial(request) else redirect(url)
    context = {
        "form": form,
        "max_size_text": f"{settings.MAX_UPLOAD_BYTES / 1024**3:.3g} GiB",
        "jobs": [_shown(job) for job in imports_for(owner).items],
    }
    return render_page(request, "memories/imports.html", "memories/_upload.html", context)


def _start(owner: User, form: ImportForm) -> ImportJob | None:
    if not form.is_valid():
        return None
    data = form.cleaned_data
    try:
        return start_import(
            owner=owner,
            chunks=data["file"].chunks(),
            filename=data["file"].name,
            persona_id=data.get("persona"),
            dry_run=data["dry_run"],
        )
    except MemshadowError as error:
        form.add_error("file", error.message)
        return None


@needs("memories:read")
@require_GET
def import_job(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """One import with its live progress."""
    job = import_or_404(owner_of(request), job_id)
    return render_page(request, "memories/import_job.html", "memories/_job.html", {"job": _shown(job)})


@needs("memories:write")
@require_POST
def cancel(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Stop after the batch in hand."""
    cancel_import(owner=owner_of(request), job_id=job_id)
    return redirect("memories:import_job", job_id)


@needs("memories:write")
@require_POST
def resume(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Go on where it stood."""
    resume_import(owner=owner_of(request), job_id=job_id)
    return redirect("memories:import_job", job_id)


def _shown(job: ImportJob) -> dict[str, Any]:
    progress = progress_of(job)
    source = f"import:{job.format}"
    return {
        "id": job.id,
        "url": reverse("memories:import_job", args=[job.id]),
        "filename": job.filename,
        "label": source_label(source),
        "state": job.state,
        "active": not job.is_finished,
        "dry_run": job.dry_run,
        "fraction": job.bytes_read / job.bytes_total if job.bytes_total and job.bytes_read else None,
        "percent": job.percent,
        "imported": job.imported + job.updated,
        "conversations": job.conversations,
        "duplicates": job.duplicates,
        "skipped": job.skipped,
        "failed": job.failed,
        "rate_text": f"{progress.rate_per_s:,.0f} memories a second" if progress.rate_per_s else "",
        "left_text": _left(progress.seconds_left),
        "error": job.error,
        "created_at": job.created_at,
        "can_cancel": not job.is_finished,
        "can_resume": job.can_resume,
        "library_url": "" if job.dry_run else f"{reverse('memories:library')}?source={source}",
        "report": _report(job),
    }


def _report(job: ImportJob) -> dict[str, Any]:
    report = job.report
    failures = [(row["where"], row["error"]) for row in report.get("failures", [])]
    return {
        "skipped": sorted(report.get("skipped", {}).items(), key=lambda item: -item[1]),
        "failed": failures[:_FAILURES_SHOWN],
        "failed_more": max(0, job.failed - _FAILURES_SHOWN),
    }


def _left(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < 60:
        return f"about {max(1, round(seconds))} s left"
    return f"about {round(seconds / 60)} min left"
