"""A request's filter as SQL over the search index."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.models import User
from memories.filters import FOUND, MemoryFilter, author_keys, tag_ids
from memories.models import State

_BY_AUTHOR = "SELECT m.id FROM memories_memory m WHERE m.owner_id = %s AND m.author_key = ANY(%s)"
_FOUND = "SELECT m.id FROM memories_memory m WHERE m.owner_id = %s"
_EVERYDAY = MemoryFilter().states
_OWN = "e.owner_id = %s AND e.embedding_model_id = %s"
_LATER_STATES = [State.ACTIVE.value, State.ARCHIVED.value, State.SUPERSEDED.value]


@dataclass(frozen=True, slots=True)
class Conditions:
    """An AND of conditions on `memories_searchentry e`, with their parameters. Always names one owner and model, first.

    `settled`: a persona, conversation or tag selects the rows, each of which has one owner. PostgreSQL takes them for
    independent, and would read all of the owner's index entries to narrow what is narrow already.
    """

    owner_id: UUID
    model_id: int
    sql: str
    params: list[Any]
    settled: bool = False

    def named(self, prefix: str = "c", *, owner_is_looked_up: bool = True) -> tuple[str, dict[str, Any]]:
        """The same with named parameters (prefix0, prefix1, …), for a statement of several parts.

        Without `owner_is_looked_up`, no index is used for owner and model, nor partitions left out: name the partition.
        """
        sql = self.sql if owner_is_looked_up else self.sql.replace(_OWN, f"({_OWN}) IS TRUE", 1)
        names = [f"{prefix}{number}" for number in range(len(self.params))]
        return sql % tuple(f"%({name})s" for name in names), dict(zip(names, self.params, strict=True))

    def also(self, sql: str, *params: Any) -> Conditions:
        """These and one more, such as a phrase that must occur."""
        return replace(self, sql=f"{self.sql} AND {sql}", params=[*self.params, *params])


def conditions_on(owner_id: UUID, model_id: int) -> Conditions:
    """All of an owner's rows of a model."""
    return Conditions(owner_id, model_id, _OWN, [owner_id, model_id])


def conditions_for(
    owner: User, model_id: int, wanted: MemoryFilter, *, as_of: datetime | None = None
) -> Conditions | None:
    """The filter as SQL, or None when nothing can match (a required tag does not exist).

    With `as_of`: what had been captured by then, whatever became of it later.
    """
    ids = tag_ids(owner, wanted)
    if ids.impossible:
        return None
    # Nearly every row is active: behind IS TRUE the condition cannot make PostgreSQL read an index for it.
    state = "(e.state = ANY(%s)) IS TRUE" if wanted.states == _EVERYDAY else "e.state = ANY(%s)"
    parts: list[tuple[str, Any]] = [
        (state, list(wanted.states) if as_of is None else _LATER_STATES),
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
        ("e.created_at <= %s", as_of),
    ]
    parts += [(sql, value) for sql, value in optional if value not in (None, [])]
    if wanted.pinned is not None:
        parts.append(("e.pinned = %s", wanted.pinned))
    if wanted.sealed is not None:
        parts.append(("e.sealed = %s", wanted.sealed))
    by_author = [
        (f"e.memory_id {within} ({_BY_AUTHOR})", [owner.id, author_keys(owner, names)])
        for within, names in (("IN", wanted.authors), ("NOT IN", wanted.authors_none))
        if names
    ]
    looked_up = [*by_author, *_found(owner, wanted)]
    sql = " AND ".join((_OWN, *(sql for sql, _ in (*parts, *looked_up))))
    params = [*(value for _, value in parts), *(value for _, values in looked_up for value in values)]
    return Conditions(owner.id, model_id, sql, [owner.id, model_id, *params], _settled(wanted))


def _found(owner: User, wanted: MemoryFilter) -> list[tuple[str, list[Any]]]:
    """Conditions on what screening found, by its own small indexes."""
    named = (("IN", wanted.has), ("NOT IN", wanted.has_none))
    return [
        (f"e.memory_id {within} ({_FOUND} AND ({' OR '.join(f'm.{FOUND[name]}' for name in names)}))", [owner.id])
        for within, names in named
        if names
    ]


def _settled(wanted: MemoryFilter) -> bool:
    """Whether rows are selected by what has one owner, and by nothing whose index begins with the owner."""
    one_owner = (
        wanted.persona_id,
        wanted.persona_ids,
        wanted.conversation_id,
        wanted.conversation_ids,
        wanted.tags_any,
        wanted.tags_all,
    )
    by_owner = (wanted.after, wanted.before, wanted.kinds, wanted.sources, wanted.roles, wanted.pinned)
    return any(one_owner) and not any(by_owner) and wanted.states == _EVERYDAY
