"""Exports: choose a format and a part, and it streams."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import signed_in
from accounts.audit import record
from memories.exporters import FORMATS, export
from memories.selectors import stats_for
from memories.views.filtering import filters_of, memory_filter

_ABOUT = {
    "jsonl": "Everything, with history, links, tags and conversations. Import it into any MEMSHADOW.",
    "markdown": "A zip of notes with front matter, ready for Obsidian and other editors.",
    "csv": "One row a memory, for a spreadsheet.",
    "parquet": "Typed columns, for data tools such as DuckDB and pandas.",
}


@require_GET
def exports(request: HttpRequest) -> HttpResponse:
    """The formats and what to include."""
    owner = signed_in(request)
    context = {
        "formats": [
            {"key": key, "label": known.label, "text": _ABOUT[key], "complete": key == "jsonl"}
            for key, known in FORMATS.items()
        ],
        "format": request.GET.get("format", ""),
        "filters": filters_of(request, owner, all_states=True),
        "memories_count": stats_for(owner).memories,
    }
    return render(request, "memories/exports.html", context)


@require_GET
def download(request: HttpRequest) -> StreamingHttpResponse:
    """The export itself, streamed."""
    owner = signed_in(request)
    key = request.GET.get("format", "jsonl")
    wanted = memory_filter(request.GET, every_state=key == "jsonl")
    made = export(owner, key, wanted)
    record("export.downloaded", actor=owner, format=key)
    response = StreamingHttpResponse(made.chunks, content_type=made.content_type)
    response["Content-Disposition"] = f'attachment; filename="{made.filename}"'
    return response
