"""The pipeline: ask for enrichment, see how far it is, try failures again, pause, and set schedules."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from ninja import Router
from ninja.responses import Status

from accounts.scopes import ApiRequest, scope
from enrichment import queue
from enrichment.access import job_or_404
from enrichment.pipeline_schemas import (
    EnrichIn,
    JobListOut,
    JobOut,
    PauseIn,
    RetryIn,
    RetryOut,
    ScheduleListOut,
    ScheduleOut,
    SchedulePut,
    StepListOut,
    StepOut,
)
from enrichment.services import pausing, planning, requesting, scheduling

router = Router(tags=["Enrichment"])


@router.post("/enrich", auth=scope("enrich"), response={202: JobOut})
def request_enrichment(request: ApiRequest, response: HttpResponse, body: EnrichIn) -> Status[JobOut]:
    """Have steps done afresh on memories, in the background. Follow `Location`."""
    job = requesting.request_enrichment(
        owner=request.auth.owner,
        memory_ids=body.memory_ids,
        wanted=body.filter.wanted() if body.filter is not None else None,
        step_names=body.steps,
        priority=body.priority,
    )
    response["Location"] = f"/api/v1/enrich/jobs/{job.id}"
    return Status(202, JobOut.of(queue.job_statuses([job])[0]))


@router.get("/enrich/jobs", auth=scope("memories:read"), response=JobListOut)
def list_enrichment_jobs(request: ApiRequest) -> JobListOut:
    """List what was asked for, newest first."""
    return JobListOut(items=[JobOut.of(status) for status in queue.jobs_of(request.auth.owner)])


@router.get("/enrich/jobs/{uuid:enrichment_job_id}", auth=scope("memories:read"), response=JobOut)
def get_enrichment_job(request: ApiRequest, enrichment_job_id: UUID) -> JobOut:
    """Read how far a job is."""
    return JobOut.of(queue.job_statuses([job_or_404(request.auth.owner, enrichment_job_id)])[0])


@router.get("/enrich/steps", auth=scope("memories:read"), response=StepListOut)
def list_enrichment_steps(request: ApiRequest) -> StepListOut:
    """List the steps, with the queue, rate and time left of each."""
    return StepListOut(items=[StepOut.of(status) for status in queue.queue_of(request.auth.owner)])


@router.post("/enrich/retry", auth=scope("enrich"), response=RetryOut)
def retry_enrichment(request: ApiRequest, body: RetryIn) -> RetryOut:
    """Give what failed another chance."""
    return RetryOut(retried=planning.retry_failed(owner=request.auth.owner, step=body.step or ""))


@router.put("/enrich/pause", auth=scope("server"), response=StepListOut)
def pause_enrichment(request: ApiRequest, body: PauseIn) -> StepListOut:
    """Let a step or everything rest, or go on; for the whole server. What is in hand is finished."""
    change = pausing.pause if body.paused else pausing.resume
    change(actor=request.auth.person, step=body.step or "")
    return list_enrichment_steps(request)


@router.get("/enrich/schedules", auth=scope("memories:read"), response=ScheduleListOut)
def list_enrichment_schedules(request: ApiRequest) -> ScheduleListOut:
    """List when the background looks for work by itself."""
    return ScheduleListOut(items=[ScheduleOut.of(row) for row in queue.schedules()])


@router.put("/enrich/schedules/{schedule}", auth=scope("server"), response=ScheduleOut)
def set_enrichment_schedule(request: ApiRequest, schedule: str, body: SchedulePut) -> ScheduleOut:
    """Set when a task runs: `every_minutes`, or `at` a time (UTC) of each day or of one `weekday`."""
    return ScheduleOut.of(scheduling.change_schedule(actor=request.auth.person, name=schedule, **body.model_dump()))


@router.post("/enrich/schedules/{schedule}/run", auth=scope("server"), response={202: ScheduleOut})
def run_enrichment_schedule(request: ApiRequest, schedule: str) -> Status[ScheduleOut]:
    """Have a task run as soon as the background looks, within seconds."""
    return Status(202, ScheduleOut.of(scheduling.run_now(actor=request.auth.person, name=schedule)))
