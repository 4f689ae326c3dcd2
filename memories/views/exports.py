"""Exports: choose a format and a part, and it streams."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import needs, owner_of, signed_in
from accounts.audit import record
from accounts.views.confirming import confirmed
from memories.exporters import FORMATS, export, personal_data
from memories.selectors import stats_for
from memories.views.filtering import filters_of, memory_filter


@needs("export")
@require_GET
def exports(request: HttpRequest) -> HttpResponse:
    """The formats and what to include."""
    owner = owner_of(request)
    context = {
        "formats": [
            {"key": key, "label": known.label, "text": known.about, "complete": key == "jsonl"}
            for key, known in FORMATS.items()
        ],
        "format": request.GET.get("format", ""),
        "filters": filters_of(request, owner, all_states=True),
        "memories_count": stats_for(owner).memories,
    }
    return render(request, "memories/exports.html", context)


@needs("export")
@require_GET
@confirmed
def download(request: HttpRequest) -> StreamingHttpResponse:
    """The export itself, streamed."""
    owner = owner_of(request)
    key = request.GET.get("format", "jsonl")
    wanted = memory_filter(request.GET, every_state=key == "jsonl")
    made = export(owner, key, wanted)
    record("export.downloaded", actor=signed_in(request), target=owner, format=key)
    response = StreamingHttpResponse(made.chunks, content_type=made.content_type)
    response["Content-Disposition"] = f'attachment; filename="{made.filename}"'
    return response


@needs("account")
@require_GET
@confirmed
def personal_data_download(request: HttpRequest) -> StreamingHttpResponse:
    """Everything that the server holds of the person, streamed."""
    person = signed_in(request)
    made = personal_data(person)
    record("personal_data.downloaded", actor=person, target=person)
    response = StreamingHttpResponse(made.chunks, content_type=made.content_type)
    response["Content-Disposition"] = f'attachment; filename="{made.filename}"'
    response["Cache-Control"] = "no-store"
    return response
