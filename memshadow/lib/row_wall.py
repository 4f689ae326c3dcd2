"""The second wall under the ORM: a person's request asks PostgreSQL as a role that sees that person's rows only.

Whoever let a person in calls `confine`. From then on each statement of the request carries its identity itself: it runs
between two others, in one round trip and one transaction, that take on the role and put it down again. All of it holds
for this transaction only (`set_config(..., true)`), so a connection keeps nobody's identity, whoever keeps or pools it
and whatever happens to the request. The policies stand in `memshadow.row_security`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

import psycopg
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase

PERSON, OWNER = "memshadow.person", "memshadow.owner"
_NAME_CHARS = 63  # of a PostgreSQL identifier
_LEAVE = "\n;SELECT set_config('role', 'none', true)"
# A savepoint remembers the role of its moment and brings it back: it must be made, and gone back to, without one.
_OF_TRANSACTIONS = re.compile(r"\s*(SAVEPOINT|RELEASE|ROLLBACK|BEGIN|START|COMMIT)\b", re.IGNORECASE)
_LOOK_AGAIN_S = 60.0

Execute = Callable[[Any, Any, bool, dict[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class Confines:
    """Who asks, and whose memories are meant: the same person, but where somebody works in what is shared."""

    person: UUID
    owner: UUID


_confines: ContextVar[Confines | None] = ContextVar("confines", default=None)
_roles: dict[tuple[Any, ...], tuple[str | None, float]] = {}


def confine(person: UUID, *, owner: UUID | None = None) -> None:
    """From here to the end of this request, only rows of this person (and of `owner`, whose memories are meant)."""
    _confines.set(Confines(person, owner or person))


def release() -> None:
    """Nobody's request: the application's own role, which sees everything."""
    _confines.set(None)


def confined() -> Confines | None:
    """To whom this thread's statements are confined; None for the application itself."""
    return _confines.get()


@contextmanager
def outside_the_wall() -> Iterator[None]:
    """The application's own role for what follows. Each use says why; tests/architecture/ holds the list."""
    token = _confines.set(None)
    try:
        yield
    finally:
        _confines.reset(token)


def role_name(database: str) -> str:
    """The role of people's requests in a database: it cannot sign in, owns nothing and bypasses nothing."""
    return f"{database[: _NAME_CHARS - 7]}_person"


def right_to_take(server_version: int) -> str:
    """What must be held on a role to take it on: since PostgreSQL 16 being a member alone is not enough."""
    return "SET" if server_version >= 160000 else "MEMBER"


def forget_role() -> None:
    """Look again whether there is a role: it was just made or lost."""
    _roles.clear()


def usable_role(connection: BaseDatabaseWrapper) -> str | None:
    """The role, or None where this server has none that the application may take on (memshadow.W003 says so)."""
    at = connection.settings_dict
    if at["NAME"] is None:  # Django's own connection, by which databases are made
        return None
    place = (at["HOST"], at["PORT"], at["NAME"])
    role, until = _roles.get(place, (None, 0.0))
    if role is None and until < time.monotonic():
        role = _ask_for_role(connection)
        _roles[place] = role, time.monotonic() + _LOOK_AGAIN_S
    return role


def _ask_for_role(connection: BaseDatabaseWrapper) -> str | None:
    connection.ensure_connection()
    raw, name = connection.connection, role_name(connection.settings_dict["NAME"])
    found = psycopg.Cursor(raw).execute(
        "SELECT pg_has_role(oid, %s) AND has_table_privilege(oid, 'django_migrations', 'SELECT')"
        " FROM pg_roles WHERE rolname = %s",
        [right_to_take(raw.info.server_version), name],
    )
    return name if (found.fetchone() or (False,))[0] else None


def stand_guard(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Receiver of `connection_created`: every statement of that connection passes the guard."""
    if guard not in connection.execute_wrappers:
        connection.execute_wrappers.insert(0, guard)


def guard(execute: Execute, sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Run a statement in the confines of its request."""
    confines = _confines.get()
    if confines is None or (isinstance(sql, str) and _OF_TRANSACTIONS.match(sql)):
        return execute(sql, params, many, context)
    role = usable_role(context["connection"])
    if role is None:
        return execute(sql, params, many, context)
    enter = _enter(role, confines)
    if many or not isinstance(sql, str) or not _takes_several(context["cursor"].cursor):
        with _apart(context["connection"].connection, enter):
            return execute(sql, params, many, context)
    answer = execute(f"{enter};{sql}{_LEAVE}", params, many, context)
    context["cursor"].nextset()  # past the answer to `enter`
    return answer


def _enter(role: str, confines: Confines) -> str:
    quoted = role.replace("'", "''").replace("%", "%%")
    named = f"set_config('{PERSON}', '{confines.person}', true), set_config('{OWNER}', '{confines.owner}', true)"
    return f"SELECT set_config('role', '{quoted}', true), {named}"


def _takes_several(cursor: Any) -> bool:
    return isinstance(cursor, psycopg.ClientCursor) and not isinstance(cursor, psycopg.ServerCursor)


@contextmanager
def _apart(raw: psycopg.Connection[Any], enter: str) -> Iterator[None]:
    """Around what cannot share a round trip (server-side cursors, many at once): statements of their own."""
    begins = raw.info.transaction_status == psycopg.pq.TransactionStatus.IDLE and raw.autocommit
    run = psycopg.ClientCursor(raw).execute
    run(f"BEGIN;{enter}" if begins else enter, [])
    try:
        yield
    except BaseException:
        if begins:
            run("ROLLBACK")
        raise
    run(f"{_LEAVE}{';COMMIT' if begins else ''}")


class WallMiddleware:
    """Each request begins as nobody's and ends as nobody's; what it streams is read in its confines."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        release()
        try:
            response = self.get_response(request)
            confines = _confines.get()
            if confines is not None and isinstance(response, StreamingHttpResponse) and not response.is_async:
                chunks = cast(Iterator[bytes], response.streaming_content)
                response.streaming_content = _streamed(chunks, confines)
            return response
        finally:
            release()


def _streamed(chunks: Iterator[bytes], confines: Confines) -> Iterator[bytes]:
    """The same chunks, each made in the confines: other requests of this thread come and go between two."""
    while True:
        token = _confines.set(confines)
        try:
            chunk = next(chunks)
        except StopIteration:
            return
        finally:
            _confines.reset(token)
        yield chunk
