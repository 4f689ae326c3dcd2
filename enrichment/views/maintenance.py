"""Maintenance: the latest reports, and a run or a dry run at a press of a button."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from accounts.access import needs, signed_in
from enrichment.access import schedule_or_404
from enrichment.models import MaintenanceRun
from enrichment.services.maintaining import TASK, ask_for_maintenance
from memshadow.lib.errors import MemshadowError
from memshadow.lib.htmx import render_page

_SHOWN = 30


@needs("server")
@require_http_methods(["GET", "POST"])
def maintenance(request: HttpRequest) -> HttpResponse:
    """The newest report in full, those before in short; looks again by itself while one runs."""
    if request.method == "POST":
        return _ask(request)
    runs = list(MaintenanceRun.objects.order_by("-id")[:_SHOWN])
    done = [run for run in runs if run.state == MaintenanceRun.State.DONE]
    context: dict[str, object] = {
        "under_way": next((run for run in runs if run.state != MaintenanceRun.State.DONE), None),
        "report": done[0] if done else None,
        "earlier": [(run, sum(one["found"] for one in run.findings), _mended(run)) for run in done[1:]],
        "schedule": schedule_or_404(TASK),
    }
    return render_page(request, "enrichment/maintenance.html", "enrichment/_maintenance.html", context)


def _mended(run: MaintenanceRun) -> int:
    return int(sum(one["mended"] for one in run.findings))


def _ask(request: HttpRequest) -> HttpResponse:
    is_dry = request.POST.get("action") != "run"
    try:
        ask_for_maintenance(actor=signed_in(request), is_dry=is_dry)
    except MemshadowError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "It looks within seconds." if is_dry else "It runs within seconds.")
    return redirect("enrichment:maintenance")
