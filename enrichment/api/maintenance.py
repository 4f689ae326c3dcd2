"""Maintenance of the whole server: its reports, and asking for a run."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from ninja import Router
from ninja.responses import Status

from accounts.scopes import ApiRequest, scope
from enrichment.access import maintenance_run_or_404
from enrichment.maintenance_schemas import MaintenanceIn, MaintenanceListOut, MaintenanceOut
from enrichment.models import MaintenanceRun
from enrichment.services.maintaining import ask_for_maintenance

router = Router(tags=["Maintenance"])
_SHOWN = 30


@router.get("/maintenance", auth=scope("server"), response=MaintenanceListOut)
def list_maintenance(request: ApiRequest) -> MaintenanceListOut:
    """List the latest runs with what each found and did."""
    return MaintenanceListOut(items=[MaintenanceOut.of(run) for run in MaintenanceRun.objects.order_by("-id")[:_SHOWN]])


@router.post("/maintenance", auth=scope("server"), response={202: MaintenanceOut})
def run_maintenance(request: ApiRequest, response: HttpResponse, body: MaintenanceIn) -> Status[MaintenanceOut]:
    """Have it run in the background, within seconds; a dry run changes nothing. Follow `Location`."""
    run = ask_for_maintenance(actor=request.auth.person, is_dry=body.dry_run)
    response["Location"] = f"/api/v1/maintenance/{run.id}"
    return Status(202, MaintenanceOut.of(run))


@router.get("/maintenance/{uuid:maintenance_run_id}", auth=scope("server"), response=MaintenanceOut)
def get_maintenance(request: ApiRequest, maintenance_run_id: UUID) -> MaintenanceOut:
    """Read one run's report."""
    return MaintenanceOut.of(maintenance_run_or_404(maintenance_run_id))
