"""Running an import: claim it, read past what is committed, commit batch after batch."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import transaction
from django.db.models import Q

from memories import importers
from memories.drafts import MemoryDraft, checked
from memories.importers.items import (
    Failed,
    Item,
    ParsedConversation,
    ParsedDocument,
    ParsedRecord,
    Progress,
    Skipped,
)
from memories.models import ImportJob, MemoryRevision
from memories.services.capture import Captured, capture_memories
from memories.services.import_items import conversation_drafts, document_drafts
from memories.services.importing import open_upload, remove_upload
from memories.services.restoring import restore_records
from memories.services.revising import By, Change, edit_memory
from memories.services.secret_policy import SecretRefused, without_secrets
from memories.services.webhooks import tell_of_import
from memshadow.lib.clock import now
from memshadow.lib.errors import MemshadowError

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=30)
ATTEMPTS_MAX = 5
_BATCH_DRAFTS = 200
_BATCH_ITEMS = 200
_BATCH_BYTES = 8 * 1024**2
_FAILURES_SHOWN = 200
_State = ImportJob.State


class LostLease(Exception):
    """Somebody cancelled this import or took it over; this runner stops without a word."""


@dataclass(slots=True)
class Batch:
    """Items that are committed together."""

    drafts: list[MemoryDraft] = field(default_factory=list)
    records: list[ParsedRecord] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[str, str]] = field(default_factory=list)
    items: int = 0
    size_bytes: int = 0
    conversations: int = 0
    progress: Progress = field(default_factory=lambda: Progress(0, 0))

    @property
    def is_full(self) -> bool:
        """Large enough to commit."""
        return len(self.drafts) >= _BATCH_DRAFTS or self.items >= _BATCH_ITEMS or self.size_bytes >= _BATCH_BYTES


def run_next_import() -> bool:
    """Claim the oldest import that waits, or whose runner died, and run it to its end. False when there is none."""
    job = _claim()
    if job is None:
        return False
    try:
        _run(job)
    except LostLease:
        logger.info("Import %s was cancelled or taken over", job.id)
    except MemshadowError as error:
        _end(job, _State.FAILED, error.message)
    except Exception:
        logger.exception("Import %s stopped", job.id)
        _give_back(job)
        raise
    return True


def _claim() -> ImportJob | None:
    with transaction.atomic():
        free = Q(state=_State.QUEUED) | Q(state=_State.RUNNING, lease_until__lt=now())
        job = (
            ImportJob.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("owner")
            .filter(free)
            .order_by("created_at")
            .first()
        )
        if job is None:
            return None
        job.attempts += 1
        job.state, job.started_at, job.lease_until = _State.RUNNING, now(), now() + LEASE
        handled = job.imported + job.updated + job.duplicates
        job.report = job.report | {"resumed": {"bytes": job.bytes_read, "memories": handled}}
        job.save(update_fields=["attempts", "state", "started_at", "lease_until", "report_sealed"])
    if job.attempts > ATTEMPTS_MAX:
        _end(job, _State.FAILED, "The import stopped five times without finishing; see the server's log.")
        return None
    return job


def _run(job: ImportJob) -> None:
    with open_upload(job) as file:
        known = importers.sniff(file, job.filename)
        file.seek(0)
        for batch in _batches(job, known.source, importers.read(file, job.filename)):
            _commit(job, batch)
    _end(job, _State.DONE, "")
    if not job.dry_run:  # after a dry run the file waits for the import itself
        remove_upload(job)


def _batches(job: ImportJob, source: str, items: Iterator[tuple[Progress, Item]]) -> Iterator[Batch]:
    batch, position, done = Batch(), 0, job.cursor
    for progress, item in items:
        position += 1
        if position <= done:
            if position % 1000 == 0:
                _renew(job)
            continue
        _take(job, batch, source, item)
        batch.items += 1
        batch.progress = progress
        if batch.is_full:
            yield batch
            batch = Batch(progress=progress)
    if batch.items:
        yield batch


def _take(job: ImportJob, batch: Batch, source: str, item: Item) -> None:
    match item:
        case ParsedConversation():
            batch.conversations += 1
            drafts = conversation_drafts(item, source=_source(item, source), persona_id=job.persona_id)
            _add(job, batch, drafts, item.external_id)
        case ParsedDocument():
            drafts = document_drafts(item, source=_source(item, source), persona_id=job.persona_id)
            _add(job, batch, drafts, item.external_id)
        case ParsedRecord():
            batch.records.append(item)
            batch.size_bytes += len(str(item.data.get("content", "")))
        case Skipped():
            batch.skipped[item.reason] += item.count
        case Failed():
            batch.failures.append((item.where, item.error))


def _source(item: ParsedConversation | ParsedDocument, source: str) -> str:
    """An archive may hold several exports, so each item names its own; `source` is that of the file as a whole."""
    named = item.metadata.get("format")
    return f"import:{named}" if named else source


def _add(job: ImportJob, batch: Batch, drafts: list[MemoryDraft], where: str) -> None:
    for draft in drafts:
        if not draft.content.strip():
            batch.skipped["empty: turns without text"] += 1
            continue
        try:
            batch.drafts.append(without_secrets(job.owner, checked(draft)))
            batch.size_bytes += len(draft.content)
        except SecretRefused:
            batch.skipped["secret: texts with a secret, which your settings refuse"] += 1
        except MemshadowError as error:
            batch.failures.append((f"{where} {draft.external_id}".strip(), f"{error.code}: {error.message}"))


def _commit(job: ImportJob, batch: Batch) -> None:
    """Store a batch and the progress that it makes in one transaction; on a dry run, count and roll back."""
    with transaction.atomic():
        locked = ImportJob.objects.select_for_update().filter(id=job.id).first()
        if locked is None or locked.state != _State.RUNNING or locked.attempts != job.attempts:
            raise LostLease
        with transaction.atomic():
            _store(job, batch)
            if job.dry_run:
                transaction.set_rollback(True)
        _report(job, batch)
        job.cursor += batch.items
        job.bytes_read = max(job.bytes_read, batch.progress.bytes_read)
        job.bytes_total = batch.progress.bytes_total or job.bytes_total
        job.lease_until = now() + LEASE
        job.save()


def _store(job: ImportJob, batch: Batch) -> None:
    for start in range(0, len(batch.drafts), 1000):
        drafts = batch.drafts[start : start + 1000]
        stored = capture_memories(owner=job.owner, drafts=drafts, from_archive=True)
        for draft, captured in zip(drafts, stored, strict=True):
            _count(job, draft, captured)
    if batch.records:
        restored = restore_records(owner=job.owner, records=batch.records, dry_run=job.dry_run)
        job.conversations += restored.conversations
        job.imported += restored.imported
        job.duplicates += restored.duplicates
        for reason, _where in restored.skipped:
            batch.skipped[reason] += 1
        batch.failures += [(where, error) for error, where in restored.failed]


def _count(job: ImportJob, draft: MemoryDraft, captured: Captured) -> None:
    if captured.created:
        job.imported += 1
    elif draft.external_id and _is_newer(captured, draft):
        by = By(None if job.owner.is_space else job.owner, via=draft.source, reason="changed in a newer archive")
        change = Change(ciphertext=draft.ciphertext) if draft.ciphertext else Change(content=draft.content)
        edit_memory(owner=job.owner, memory_id=captured.memory.id, change=change, by=by)
        job.updated += 1
    else:
        job.duplicates += 1


def _is_newer(captured: Captured, draft: MemoryDraft) -> bool:
    """The archive's text differs, is as open or as sealed as ours, and no person has edited ours."""
    memory = captured.memory
    if memory.is_sealed != bool(draft.ciphertext) or memory.carried_text == (draft.content or draft.ciphertext):
        return False
    revisions = MemoryRevision.objects.filter(memory=memory)
    return not revisions.exclude(via__startswith="import:").exists()


def _report(job: ImportJob, batch: Batch) -> None:
    job.skipped += sum(batch.skipped.values())
    job.failed += len(batch.failures)
    job.conversations += batch.conversations
    report = job.report
    skipped = Counter(report.get("skipped", {})) + batch.skipped
    shown = [{"where": where, "error": error} for where, error in batch.failures]
    failures = (report.get("failures", []) + shown)[:_FAILURES_SHOWN]
    job.report = report | {"skipped": dict(skipped), "failures": failures}


def _renew(job: ImportJob) -> None:
    held = ImportJob.objects.filter(id=job.id, state=_State.RUNNING, attempts=job.attempts)
    if not held.update(lease_until=now() + LEASE):
        raise LostLease


def _end(job: ImportJob, state: str, error: str) -> None:
    running = ImportJob.objects.filter(id=job.id, state=_State.RUNNING, attempts=job.attempts)
    with transaction.atomic():
        if running.update(state=state, error=error[:300], finished_at=now(), lease_until=None) and not job.dry_run:
            job.refresh_from_db(fields=["state", "imported", "updated", "duplicates"])
            tell_of_import(job)


def _give_back(job: ImportJob) -> None:
    """After an unforeseen error: free for the next attempt, once the minute's sweep comes."""
    ImportJob.objects.filter(id=job.id, state=_State.RUNNING, attempts=job.attempts).update(lease_until=now())
