"""JSON-LD 1.1: entities as schema.org's things, facts as RDF statements with their times and sentences."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder

from accounts.models import User
from enrichment.exporting._rows import entity_loads, fact_loads, fact_values
from enrichment.models import Entity, Relation
from enrichment.relation_schemas import part_of
from memories.filters import MemoryFilter

_NAMESPACE: Final = "urn:memshadow:vocabulary:"
_MOMENT: Final = "http://www.w3.org/2001/XMLSchema#dateTime"
CONTEXT: Final[dict[str, Any]] = {
    "@version": 1.1,
    "@vocab": _NAMESPACE,
    "schema": "https://schema.org/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "name": "schema:name",
    "alternateName": "schema:alternateName",
    "subject": {"@id": "rdf:subject", "@type": "@id"},
    "object": {"@id": "rdf:object", "@type": "@id"},
    "predicate": "rdf:predicate",
    "valid_from": {"@type": _MOMENT},
    "valid_to": {"@type": _MOMENT},
    "learnt_at": {"@type": _MOMENT},
    "ended_by": {"@type": "@id"},
    "memory_id": {"@type": "@id"},
}
_TYPES: Final = {
    "person": "schema:Person",
    "organization": "schema:Organization",
    "place": "schema:Place",
    "event": "schema:Event",
    "product": "schema:Product",
    "work": "schema:CreativeWork",
    "language": "schema:Language",
}
_IDS: Final = ("ended_by", "memory_id")


def jsonld_chunks(owner: User, wanted: MemoryFilter) -> Iterator[bytes]:
    """The document, a load at a time; phrases that are no entities are things of the kind Phrase."""
    yield f'{{"@context":{_plain(CONTEXT)},"@graph":[\n'.encode()
    first, seen = True, set[UUID]()
    for nodes in _nodes(owner, wanted, seen):
        text = ",\n".join(_plain(node) for node in nodes)
        yield (text if first else ",\n" + text).encode()
        first = False
    yield b"\n]}\n"


def _nodes(owner: User, wanted: MemoryFilter, seen: set[UUID]) -> Iterator[list[dict[str, Any]]]:
    for entities in entity_loads(owner, wanted):
        yield [_entity(row) for row in entities]
    for rows in fact_loads(owner, wanted):
        yield [node for row in rows for node in (*_phrases(row, seen), _fact(row))]


def _entity(row: Entity) -> dict[str, Any]:
    others = sorted({name.name for name in row.names.all()} - {row.name})
    node: dict[str, Any] = {"@id": _urn(row.id), "@type": _TYPES.get(row.kind, "schema:Thing"), "name": row.name}
    return node | {"kind": row.kind} | ({"alternateName": others} if others else {})


def _phrases(row: Relation, seen: set[UUID]) -> Iterator[dict[str, Any]]:
    for part in (part_of(row, "subject"), part_of(row, "object")):
        if not part.is_entity and part.id not in seen:
            seen.add(part.id)
            yield {"@id": _urn(part.id), "@type": "Phrase", "name": part.name}


def _fact(row: Relation) -> dict[str, Any]:
    values = {name: value for name, value in fact_values(row).items() if value is not None}
    ends = {"subject": _urn(row.subject_node), "object": _urn(row.object_node)}
    ids = {name: _urn(values[name]) for name in _IDS if name in values}
    return {"@id": _urn(row.id), "@type": "rdf:Statement"} | ends | values | ids


def _urn(key: UUID) -> str:
    return f"urn:uuid:{key}"


def _plain(value: Any) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, separators=(",", ":"))
