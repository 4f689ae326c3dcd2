"""Facts and entities as CSV, one row each, for spreadsheets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from accounts.models import User
from enrichment.exporting._rows import entity_loads, fact_loads, fact_values
from enrichment.models import Entity, Relation
from enrichment.relation_schemas import part_of
from memories.exporters import csv_head, csv_rows
from memories.filters import MemoryFilter

_FACT_COLUMNS: Final = (
    *("id", "subject_id", "subject_kind", "subject", "predicate", "object_id", "object_kind", "object"),
    *(
        "is_negated",
        "modality",
        "valid_from",
        "valid_to",
        "ended_by",
        "learnt_at",
        "confidence",
        "sentence",
        "memory_id",
    ),
)
_ENTITY_COLUMNS: Final = ("id", "kind", "name", "other_names", "created_at")


def facts_csv_chunks(owner: User, wanted: MemoryFilter) -> Iterator[bytes]:
    """What memories state."""
    yield csv_head(_FACT_COLUMNS)
    for rows in fact_loads(owner, wanted):
        yield csv_rows([[_fact(row)[name] for name in _FACT_COLUMNS] for row in rows])


def entities_csv_chunks(owner: User, wanted: MemoryFilter) -> Iterator[bytes]:
    """What memories name."""
    yield csv_head(_ENTITY_COLUMNS)
    for rows in entity_loads(owner, wanted):
        yield csv_rows([_entity(row) for row in rows])


def _fact(row: Relation) -> dict[str, Any]:
    values: dict[str, Any] = {"id": row.id} | fact_values(row)
    for side, part in (("subject", part_of(row, "subject")), ("object", part_of(row, "object"))):
        values |= {f"{side}_id": part.id, f"{side}_kind": part.kind, side: part.name}
    return {name: "" if value is None else value for name, value in values.items()}


def _entity(row: Entity) -> list[Any]:
    others = sorted({name.name for name in row.names.all()} - {row.name})
    return [row.id, row.kind, row.name, others, row.created_at]
