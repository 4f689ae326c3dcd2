"""A request's filter as SQL over the search index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from accounts.models import User
from memories.filters import MemoryFilter, author_keys, tag_ids

_BY_AUTHOR = "SELECT m.id FROM memories_memory m WHERE m.owner_id = %s AND m.author_key = ANY(%s)"


_EVERYDAY = MemoryFilter().states


@dataclass(frozen=True, slots=True)
class Conditions:
    """An AND of conditions on `memories_searchentry e`, with their parameters. Always names one owner and model."""

    owner_id: UUID
    model_id: int
    sql: str
    params: list[Any]

    def named(self) -> tuple[str, dict[str, Any]]:
        """The same with named parameters (c0, c1, …), for a statement that uses the conditions more than once."""
        names = [f"c{number}" for number in range(len(self.params))]
        sql = self.sql % tuple(f"%({name})s" for name in names)
        return sql, dict(zip(names, self.params, strict=True))


def conditions_for(owner: User, model_id: int, wanted: MemoryFilter) -> Conditions | None:
    """The filter as SQL, or None when nothing can match (a required tag does not exist)."""
    ids = tag_ids(owner, wanted)
    if ids.impossible:
        return None
    # Nearly every row is active: behind IS TRUE the condition cannot make PostgreSQL read an index for it.
    state = "(e.state = ANY(%s)) IS TRUE" if wanted.states == _EVERYDAY else "e.state = ANY(%s)"
    parts: list[tuple[str, Any]] = [
        ("e.owner_id = %s", owner.id),
        ("e.embedding_model_id = %s", model_id),
        (state, list(wanted.states)),
    ]
    optional = [
        ("e.kind = ANY(%s)", list(wanted.kinds)),
        ("e.role = ANY(%s)", list(wanted.roles)),
        ("e.source = ANY(%s)", list(wanted.sources)),
        ("e.tag_ids && %s::uuid[]", list(ids.any_of)),
        ("e.tag_ids @> %s::uuid[]", list(ids.all_of)),
        ("NOT e.kind = ANY(%s)", list(wanted.kinds_none)),
        ("NOT e.role = ANY(%s)", list(wanted.roles_none)),
        ("NOT e.source = ANY(%s)", list(wanted.sources_none)),
        ("NOT e.tag_ids && %s::uuid[]", list(ids.none_of)),
        ("e.persona_id = ANY(%s)", list(wanted.persona_ids)),
        ("(e.persona_id = ANY(%s)) IS NOT TRUE", list(wanted.persona_ids_none)),
        ("e.conversation_id = ANY(%s)", list(wanted.conversation_ids)),
        ("(e.conversation_id = ANY(%s)) IS NOT TRUE", list(wanted.conversation_ids_none)),
        ("e.persona_id = %s", wanted.persona_id),
        ("e.conversation_id = %s", wanted.conversation_id),
        ("e.occurred_at >= %s", wanted.after),
        ("e.occurred_at < %s", wanted.before),
    ]
    parts += [(sql, value) for sql, value in optional if value not in (None, [])]
    if wanted.pinned is not None:
        parts.append(("e.pinned = %s", wanted.pinned))
    by_author = [
        (f"e.memory_id {within} ({_BY_AUTHOR})", [owner.id, author_keys(owner, names)])
        for within, names in (("IN", wanted.authors), ("NOT IN", wanted.authors_none))
        if names
    ]
    sql = " AND ".join(sql for sql, _ in (*parts, *by_author))
    params = [*(value for _, value in parts), *(value for _, values in by_author for value in values)]
    return Conditions(owner.id, model_id, sql, params)
