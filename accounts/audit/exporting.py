"""The audit trail as a file: a line an entry, CSV for spreadsheets or JSON lines for everything else."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import QuerySet

from accounts.models import AuditEvent

_AT_ONCE = 1000
COLUMNS = (
    "position",
    "at",
    "actor_id",
    "actor",
    "action",
    "result",
    "object_type",
    "object_id",
    "address",
    "agent",
    "request_id",
    "details",
    "previous",
    "mac",
)
CONTENT_TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}
# A spreadsheet takes what begins so for a formula; an apostrophe makes it text (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def exported(rows: QuerySet[AuditEvent], format: str) -> Iterator[bytes]:
    """Chunks of the file, oldest entry first, with the links of the chain. `format` is csv or jsonl."""
    write: Callable[[list[dict[str, Any]]], str] = _csv if format == "csv" else _jsonl
    if format == "csv":
        yield (",".join(COLUMNS) + "\r\n").encode()
    batch: list[dict[str, Any]] = []
    for event in rows.order_by("position").iterator(chunk_size=_AT_ONCE):
        batch.append(as_dict(event))
        if len(batch) == _AT_ONCE:
            yield write(batch).encode()
            batch = []
    yield write(batch).encode()


def as_dict(event: AuditEvent) -> dict[str, Any]:
    """An entry by column."""
    actor = event.actor if event.actor_id else None
    return {
        "position": event.position,
        "at": event.created_at.isoformat(),
        "actor_id": str(event.actor_id) if event.actor_id else None,
        "actor": actor.email if actor else None,
        "action": event.action,
        "result": event.result,
        "object_type": event.object_type,
        "object_id": event.object_id,
        "address": event.address,
        "agent": event.agent,
        "request_id": event.request_id,
        "details": event.details,
        "previous": bytes(event.previous or b"").hex(),
        "mac": bytes(event.mac or b"").hex(),
    }


def _jsonl(batch: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in batch)


def _csv(batch: list[dict[str, Any]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    for row in batch:
        writer.writerow([_cell(row[name]) for name in COLUMNS])
    return out.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, dict):
        value = json.dumps(value, ensure_ascii=False)
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
