"""Exports: everything, or what a filter lets through, as one streamed file."""

from __future__ import annotations

from typing import Annotated, Literal

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header
from ninja import Path, Router

from accounts.audit import record
from accounts.scopes import ApiRequest, scope
from memories.api.parameters import FilterIn
from memories.exporters import export, personal_data
from memshadow.lib.strict import StrictQuery

router = Router(tags=["Exports"])

FormatName = Annotated[
    Literal["jsonl", "markdown", "csv", "parquet", "jsonld", "graphml", "facts-csv", "entities-csv"],
    Path(..., description="jsonl is complete and can be imported again; the last four hold the graph."),
]
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_DOCUMENTED = {
    "responses": {
        200: {
            "description": "The file.",
            "content": {
                "application/x-ndjson": _BINARY,
                "application/zip": _BINARY,
                "text/csv": _BINARY,
                "application/vnd.apache.parquet": _BINARY,
                "application/ld+json": _BINARY,
                "application/graphml+xml": _BINARY,
            },
        }
    }
}


@router.get("/exports/{format}", auth=scope("export"), openapi_extra=_DOCUMENTED)
def export_memories(
    request: ApiRequest, format: FormatName, query: Annotated[FilterIn, StrictQuery(...)]
) -> StreamingHttpResponse:
    """Download memories.

    Without a `state`, jsonl holds everything in every state, so that nothing is lost; the other formats
    hold active memories.
    """
    made = export(request.auth.owner, format, query.wanted(any_state=format == "jsonl"))
    key = request.auth.key and request.auth.key.prefix
    record("export.downloaded", actor=request.auth.person, target=request.auth.owner, format=format, key=key)
    response = StreamingHttpResponse(made.chunks, content_type=made.content_type)
    response["Content-Disposition"] = content_disposition_header(True, made.filename) or "attachment"
    response["Cache-Control"] = "no-store"
    return response


_ZIP = {"responses": {200: {"description": "The archive.", "content": {"application/zip": _BINARY}}}}


@router.get("/personal-data", auth=scope("account"), openapi_extra=_ZIP)
def download_personal_data(request: ApiRequest) -> StreamingHttpResponse:
    """Download everything that the server holds of you, as one ZIP archive.

    The complete export of memories, and every other row that names you. Large ones stream: it starts at once.
    """
    person = request.auth.person
    made = personal_data(person)
    record("personal_data.downloaded", actor=person, target=person, key=request.auth.key and request.auth.key.prefix)
    response = StreamingHttpResponse(made.chunks, content_type=made.content_type)
    response["Content-Disposition"] = content_disposition_header(True, made.filename) or "attachment"
    response["Cache-Control"] = "no-store"
    return response
