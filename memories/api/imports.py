"""Imports: upload an archive, follow it, stop it, go on."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpResponse
from ninja import File, Router, UploadedFile
from ninja.responses import Status
from pydantic import BaseModel, Field

from accounts.scopes import ApiRequest, scope
from memories import selectors
from memories.access import import_or_404
from memories.models import ImportJob
from memories.schemas import PersonaRef, persona_ref
from memories.services import importing
from memshadow.lib.strict import PageQuery, StrictForm, StrictModel, StrictQuery

router = Router(tags=["Imports"])


class ImportIn(StrictModel):
    """What goes with the file."""

    persona: UUID | None = Field(default=None, description="The persona that the memories belong to.")
    dry_run: bool = Field(default=False, description="Report what would happen, and store nothing.")


class CountsOut(BaseModel):
    """What became of the archive's items so far."""

    imported: int
    updated: int
    duplicates: int
    skipped: int
    failed: int
    conversations: int


class ImportOut(BaseModel):
    """An import and its progress."""

    id: UUID
    state: str = Field(description="queued, running, done, cancelled or failed.")
    format: str
    filename: str
    dry_run: bool
    persona: PersonaRef | None
    size_bytes: int
    bytes_read: int
    bytes_total: int
    percent: int
    counts: CountsOut
    rate_per_s: float | None = Field(description="Memories a second, while it runs.")
    seconds_left: float | None
    error: str
    report: dict[str, Any] = Field(description="Reasons of what was skipped or failed, with the place in the file.")
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, job: ImportJob) -> ImportOut:
        """From a row."""
        progress = importing.progress_of(job)
        computed = ("persona", "counts", "rate_per_s", "seconds_left")
        plain = {name: getattr(job, name) for name in cls.model_fields if name not in computed}
        return cls(
            **plain,
            persona=persona_ref(job),
            counts=CountsOut(**{name: getattr(job, name) for name in CountsOut.model_fields}),
            rate_per_s=progress.rate_per_s,
            seconds_left=progress.seconds_left,
        )


class ImportPageOut(BaseModel):
    """A page of imports."""

    items: list[ImportOut]
    next_cursor: str | None


@router.post("/imports", auth=scope("memories:write"), response={202: ImportOut})
def start_import(
    request: ApiRequest,
    response: HttpResponse,
    file: Annotated[UploadedFile, File(..., description="An archive or a file of a known format.")],
    options: Annotated[ImportIn, StrictForm(...)],
) -> Status[ImportOut]:
    """Upload an archive and queue its import.

    The format is recognised by content. Importing the same archive twice adds nothing. Follow `Location`.
    """
    job = importing.start_import(
        owner=request.auth.owner,
        chunks=file.chunks(),
        filename=file.name or "upload",
        persona_id=options.persona,
        dry_run=options.dry_run,
    )
    response["Location"] = f"/api/v1/imports/{job.id}"
    return Status(202, ImportOut.of(job))


@router.get("/imports", auth=scope("memories:read"), response=ImportPageOut)
def list_imports(request: ApiRequest, query: Annotated[PageQuery, StrictQuery(...)]) -> ImportPageOut:
    """List imports, newest first."""
    page = selectors.imports_for(request.auth.owner, cursor=query.cursor, limit=query.limit)
    return ImportPageOut(items=[ImportOut.of(job) for job in page.items], next_cursor=page.next_cursor)


@router.get("/imports/{uuid:import_id}", auth=scope("memories:read"), response=ImportOut)
def get_import(request: ApiRequest, import_id: UUID) -> ImportOut:
    """Follow one import."""
    return ImportOut.of(import_or_404(request.auth.owner, import_id))


@router.post("/imports/{uuid:import_id}/cancel", auth=scope("memories:write"), response=ImportOut)
def cancel_import(request: ApiRequest, import_id: UUID) -> ImportOut:
    """Stop an import. What is imported stays, and it can be resumed."""
    return ImportOut.of(importing.cancel_import(owner=request.auth.owner, job_id=import_id))


@router.post("/imports/{uuid:import_id}/resume", auth=scope("memories:write"), response=ImportOut)
def resume_import(request: ApiRequest, import_id: UUID) -> ImportOut:
    """Go on with a cancelled or failed import where it stood."""
    return ImportOut.of(importing.resume_import(owner=request.auth.owner, job_id=import_id))


@router.delete("/imports/{uuid:import_id}", auth=scope("memories:delete"), response={204: None})
def delete_import(request: ApiRequest, import_id: UUID) -> Status[None]:
    """Forget an import that has ended, and its file; the memories stay."""
    importing.delete_import(owner=request.auth.owner, job_id=import_id)
    return Status(204, None)
