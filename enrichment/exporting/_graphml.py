"""GraphML for Gephi, yEd, Cytoscape and NetworkX, written with lxml as it streams."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from lxml import etree

from accounts.models import User
from enrichment.exporting._rows import entity_loads, fact_loads, fact_values
from enrichment.graph import PHRASE
from enrichment.models import Relation
from enrichment.relation_schemas import part_of
from enrichment.relations import shown_predicate
from memories.exporters import Sink
from memories.filters import MemoryFilter

_SPACE: Final = "http://graphml.graphdrawing.org/xmlns"
_NODE_KEYS: Final = {"label": "string", "kind": "string"}
_EDGE_KEYS: Final = {
    "label": "string",
    "predicate": "string",
    "is_negated": "boolean",
    "modality": "string",
    "valid_from": "string",
    "valid_to": "string",
    "ended_by": "string",
    "learnt_at": "string",
    "confidence": "double",
    "sentence": "string",
    "memory_id": "string",
}
# XML 1.0 has no control characters.
_NO_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def graphml_chunks(owner: User, wanted: MemoryFilter) -> Iterator[bytes]:
    """The document, a load at a time: a directed graph, of which each edge is one statement."""
    sink = Sink()
    with etree.xmlfile(sink, encoding="utf-8") as file:
        file.write_declaration()
        with file.element(_tag("graphml"), nsmap={None: _SPACE}):
            for element in _keys():
                file.write(element)
            with file.element(_tag("graph"), {"id": "memshadow", "edgedefault": "directed"}):
                for load in _elements(owner, wanted):
                    for element in load:
                        file.write(element)
                    file.flush()
                    yield sink.drain()
    yield sink.drain()


def _keys() -> Iterator[etree._Element]:
    for part, keys in (("node", _NODE_KEYS), ("edge", _EDGE_KEYS)):
        for name, kind in keys.items():
            values = {"id": f"{part}_{name}", "for": part, "attr.name": name, "attr.type": kind}
            yield etree.Element(_tag("key"), values)


def _elements(owner: User, wanted: MemoryFilter) -> Iterator[Iterable[etree._Element]]:
    seen: set[UUID] = set()
    for entities in entity_loads(owner, wanted):
        seen.update(row.id for row in entities)
        yield [_node(row.id, row.name, row.kind) for row in entities]
    for rows in fact_loads(owner, wanted):
        yield [element for row in rows for element in (*_missing(row, seen), _edge(row))]


def _missing(row: Relation, seen: set[UUID]) -> Iterator[etree._Element]:
    """Nodes of its ends that were not written yet."""
    for part in (part_of(row, "subject"), part_of(row, "object")):
        if part.id not in seen:
            seen.add(part.id)
            yield _node(part.id, part.name, part.kind if part.is_entity else PHRASE)


def _node(key: UUID, name: str, kind: str) -> etree._Element:
    element = etree.Element(_tag("node"), {"id": str(key)})
    _add(element, "node", {"label": name, "kind": kind})
    return element


def _edge(row: Relation) -> etree._Element:
    ends = {"source": str(row.subject_node), "target": str(row.object_node)}
    element = etree.Element(_tag("edge"), {"id": str(row.id)} | ends)
    label = shown_predicate(str(row.said["predicate"]), row.modality, row.is_negated)
    _add(element, "edge", {"label": label} | fact_values(row))
    return element


def _add(element: etree._Element, part: str, values: dict[str, Any]) -> None:
    for name, value in values.items():
        if value is not None:
            data = etree.SubElement(element, _tag("data"), {"key": f"{part}_{name}"})
            data.text = _NO_XML.sub("", _text(value))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _tag(name: str) -> str:
    return f"{{{_SPACE}}}{name}"
