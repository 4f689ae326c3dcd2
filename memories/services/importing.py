"""Imports: an archive is stored encrypted, then read in the background, batch by committed batch.

The row of the job says how many items are committed; whoever picks it up after a crash reads past those and goes on.
A runner holds the job by a lease and by the number of its attempt: one that lost its job finds that out at its next
commit.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from accounts.keys import keyring
from accounts.models import User
from memories import importers
from memories.access import import_or_404
from memories.models import ImportJob
from memshadow.lib.clock import now
from memshadow.lib.errors import Conflict, PermissionRefused, TooLarge, Unavailable
from memshadow.lib.jobs import wake
from memshadow.lib.sealed_file import open_sealed, write_sealed
from personas.selectors import persona_or_404

KEEP_UPLOADS = timedelta(days=7)
_State = ImportJob.State


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """How fast an import goes and how long it will take; None while that is unknown."""

    rate_per_s: float | None
    seconds_left: float | None


def start_import(
    *,
    owner: User,
    chunks: Iterable[bytes],
    filename: str,
    persona_id: UUID | None = None,
    dry_run: bool = False,
) -> ImportJob:
    """Store an uploaded file and queue its import.

    Raises UnknownFormat, TooLarge, NotFound (persona), PermissionRefused or Unavailable (disk); nothing stays then.
    """
    _may_import(owner)
    persona = persona_or_404(owner, persona_id) if persona_id else None
    job = ImportJob(owner=owner, persona=persona, dry_run=dry_run)
    job.filename = Path(filename).name[:255]
    job.size_bytes = job.bytes_total = _store(job, chunks)
    try:
        with open_upload(job) as file:
            job.format = importers.sniff(file, job.filename).key
        with transaction.atomic():
            job.save(force_insert=True)
            wake("memories.tasks.run_imports")
    except BaseException:
        remove_upload(job)
        raise
    return job


def _may_import(owner: User) -> None:
    if not owner.may_write:
        raise PermissionRefused("A viewer cannot import; ask the owner for another role.")


def cancel_import(*, owner: User, job_id: UUID) -> ImportJob:
    """Stop an import after the batch in hand. What is imported stays; it can be resumed."""
    with transaction.atomic():
        job = _locked(owner, job_id)
        if job.is_finished:
            raise Conflict(f"This import is {job.get_state_display().lower()} already.")
        job.state, job.finished_at, job.lease_until = _State.CANCELLED, now(), None
        job.save(update_fields=["state", "finished_at", "lease_until"])
    return job


def resume_import(*, owner: User, job_id: UUID) -> ImportJob:
    """Go on with a stopped import where it stood, or import for real what a dry run has read.

    Raises PermissionRefused, or Conflict when there is nothing to go on with or the file is gone.
    """
    _may_import(owner)
    with transaction.atomic():
        job = _locked(owner, job_id)
        if not job.can_resume:
            raise Conflict(f"This import is {job.get_state_display().lower()}; only a stopped one can be resumed.")
        if not upload_path(job).exists():
            raise Conflict("The uploaded file is not kept any more; upload it again. Nothing is imported twice.")
        if job.state == _State.DONE:
            job.start_over()
        job.state, job.attempts, job.error, job.finished_at = _State.QUEUED, 0, "", None
        job.save()
        wake("memories.tasks.run_imports")
    return job


def delete_import(*, owner: User, job_id: UUID) -> None:
    """Forget a finished import and its file; the memories stay. Raises Conflict while it runs."""
    job = import_or_404(owner, job_id)
    if not job.is_finished:
        raise Conflict("This import is still at work; cancel it first.")
    remove_upload(job)
    job.delete()


def progress_of(job: ImportJob) -> ImportProgress:
    """Memories a second and seconds left, from this run of the import."""
    if job.state != _State.RUNNING or job.started_at is None:
        return ImportProgress(None, None)
    elapsed = (now() - job.started_at).total_seconds()
    base = job.report.get("resumed", {})
    read = job.bytes_read - int(base.get("bytes", 0))
    handled = job.imported + job.updated + job.duplicates - int(base.get("memories", 0))
    if elapsed < 1 or read <= 0:
        return ImportProgress(None, None)
    left = max(0, job.bytes_total - job.bytes_read)
    return ImportProgress(rate_per_s=handled / elapsed, seconds_left=elapsed * left / read)


def prune_uploads() -> int:
    """Remove stored files of imports that ended a week ago, and files that no job names. Returns how many."""
    folder = Path(settings.UPLOADS_DIR)
    if not folder.is_dir():
        return 0
    over = Q(finished_at__lt=now() - KEEP_UPLOADS) | Q(state=_State.DONE, dry_run=False)
    kept = set(ImportJob.objects.exclude(over).values_list("id", flat=True))
    old = now().timestamp() - 3600
    names = {str(job_id) for job_id in kept}
    stale = [path for path in folder.iterdir() if path.name not in names and path.stat().st_mtime < old]
    for path in stale:
        path.unlink(missing_ok=True)
    return len(stale)


def upload_path(job: ImportJob) -> Path:
    """Where the encrypted file of a job lies."""
    return Path(settings.UPLOADS_DIR) / str(job.id)


def uploads_of(owner_id: UUID) -> Iterator[tuple[Path, bytes]]:
    """(path, binding) of the person's files that wait here."""
    for job in ImportJob.objects.filter(owner_id=owner_id).only("id"):
        if upload_path(job).exists():
            yield upload_path(job), _binding(job)


def _binding(job: ImportJob) -> bytes:
    return str(job.id).encode()


def open_upload(job: ImportJob) -> io.BufferedReader:
    """The plain bytes of a job's file. Raises Unavailable when it is gone."""
    try:
        return open_sealed(upload_path(job), key_of=keyring(job.owner_id).file_key, bound_to=_binding(job))
    except FileNotFoundError:
        raise Unavailable("The uploaded file is not there any more; upload it again.") from None


def remove_upload(job: ImportJob) -> None:
    """Delete a job's file, if it is still there."""
    upload_path(job).unlink(missing_ok=True)


def _store(job: ImportJob, chunks: Iterable[bytes]) -> int:
    path = upload_path(job)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        ring, bound_to = keyring(job.owner_id), _binding(job)
        version = ring.newest
        return write_sealed(path, _bounded(chunks), key=ring.file_key(version), key_version=version, bound_to=bound_to)
    except OSError as error:
        raise Unavailable(
            f"The upload could not be stored ({error.strerror}); free some disk and try again."
        ) from error


def _bounded(chunks: Iterable[bytes]) -> Iterable[bytes]:
    total = 0
    for chunk in chunks:
        total += len(chunk)
        if total > settings.MAX_UPLOAD_BYTES:
            gib = settings.MAX_UPLOAD_BYTES / 1024**3
            raise TooLarge(f"A file holds at most {gib:.3g} GiB (MEMSHADOW_MAX_UPLOAD_BYTES).", field="file")
        yield chunk


def _locked(owner: User, job_id: UUID) -> ImportJob:
    import_or_404(owner, job_id)
    return ImportJob.objects.select_for_update().get(id=job_id, owner=owner)
