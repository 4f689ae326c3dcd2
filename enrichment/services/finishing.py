"""Jobs whose last row is done: noted once, and told to the webhooks that ask for it."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Exists, OuterRef

from enrichment.models import Enrichment, EnrichmentJob
from memories.services.webhooks import tell_of_enrichment
from memshadow.lib.clock import now

_State = Enrichment.State


def finish_jobs() -> int:
    """Note the jobs of which nothing is left to do; returns how many. May run in several processes at once."""
    left = Enrichment.objects.filter(job=OuterRef("pk"), state__in=[_State.PENDING, _State.RUNNING])
    return sum(_finish(job) for job in EnrichmentJob.objects.filter(~Exists(left), finished_at=None))


@transaction.atomic
def _finish(job: EnrichmentJob) -> bool:
    if not EnrichmentJob.objects.filter(pk=job.pk, finished_at=None).update(finished_at=now()):
        return False
    failed = Enrichment.objects.filter(job=job, state=_State.FAILED).count()
    tell_of_enrichment(owner_id=job.owner_id, job_id=job.id, done=max(job.total - failed, 0), failed=failed)
    return True
