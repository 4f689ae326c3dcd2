"""Row security in PostgreSQL: which tables stand behind the wall, the role of people's requests, and what it may touch.

Everything is derived from the models and put in place after each migration and at each start, so that a new table with
an owner is behind the wall the moment it exists. How a request takes the role on is told in `memshadow.lib.row_wall`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import IntegrityError, ProgrammingError, connection, models, transaction
from psycopg import errors, sql

from memshadow.lib.row_wall import OWNER, PERSON, forget_role, right_to_take, role_name, usable_role

BEFORE_THE_WALL: Final = {
    "accounts_auditevent": "append-only by a trigger, and chained; managers read all of it",
    "accounts_invitation": "made and seen by managers, whose pages are not confined",
    "accounts_serverpolicy": "the server's; it says who changed it last",
    "accounts_space": "its members' shares say who may see it; the principal that owns it never signs in",
    "accounts_spaceoffer": "read by a space's managers, and by whoever has the address that it names",
    "accounts_spaceshare": "its members see with whom a space is shared",
    "accounts_user_groups": "who is in a group decides who is in a space that the group shares",
}
"""Tables that name a person and stand before the wall, with the reason for each."""
_COLUMNS = ("owner_id", "user_id")
_PREFIX = "wall_"
_BEHIND_THEIR_OWNER = frozenset({"memories", "personas", "enrichment"})
_RIGHTS = (("TABLE", "rp", ("SELECT", "INSERT", "UPDATE", "DELETE")), ("SEQUENCE", "S", ("SELECT", "USAGE")))
_LACKING = sql.SQL(
    "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND NOT relispartition"
    " AND relkind = ANY(%s) AND NOT has_{}_privilege(%s, oid, %s) ORDER BY relname"
)
# Read once a statement, not once a row, and unset or empty is nobody.
_ASKS: Final = "(SELECT NULLIF(current_setting('{}', true), '')::uuid)"


@dataclass(frozen=True, slots=True)
class Walled:
    """A table behind the wall: the column that names whose a row is, and the policy that follows from it."""

    table: str
    column: str
    rule: str

    @property
    def policy(self) -> str:
        """The policy's name, which changes with its rule."""
        return _PREFIX + hashlib.sha256(self.rule.encode()).hexdigest()[:12]


def walled_tables() -> list[Walled]:
    """Every table whose rows are somebody's, by name."""
    return sorted(_walled(), key=lambda found: found.table)


def _walled() -> Iterator[Walled]:
    for model in apps.get_models(include_auto_created=True):
        field = _field_of_owner(model)
        if field is not None and model._meta.managed and model._meta.db_table not in BEFORE_THE_WALL:
            column = str(field.column)
            yield Walled(model._meta.db_table, column, _rule(model, column, nullable=field.null))


def _field_of_owner(model: type[models.Model]) -> models.Field[Any, Any] | None:
    found = {field.column: field for field in model._meta.local_concrete_fields if field.column in _COLUMNS}
    return found.get(_COLUMNS[0]) or found.get(_COLUMNS[1])


def _rule(model: type[models.Model], column: str, *, nullable: bool) -> str:
    """Content is the owner's alone. What belongs to an account is the person's, or the owner's (its data key).

    One equality where a table grows large: the planner then knows both sides as the same and estimates as without it.
    """
    rule = f"{column} = {_ASKS.format(OWNER)}"
    if model._meta.app_label not in _BEHIND_THEIR_OWNER:
        rule += f" OR {column} = {_ASKS.format(PERSON)}"
    return rule + (f" OR {column} IS NULL" if nullable else "")


def raise_wall(**_: Any) -> None:
    """Make the role, give it the tables and put every policy in place; nothing happens where all of it stands.

    Without the right to make roles the policies stand but nobody is behind them: `shortfall` says what to run.
    """
    with transaction.atomic():
        _keep_policies()
    if _ensure_role():
        with transaction.atomic():
            _grant()
    forget_role()


def shortfall() -> str | None:
    """What must be run so that the wall stands; None when it does."""
    forget_role()
    if usable_role(connection) is not None:
        return None
    role, user = _quoted(_role()), _quoted(_ask("SELECT current_user")[0][0])
    grant = f"CREATE ROLE {role} NOLOGIN; GRANT {role} TO {user}"
    return f"Run as a superuser: {grant}; and then `manage.py prepare --database`."


def _keep_policies() -> None:
    wanted = {found.table: found for found in walled_tables()}
    names = list(wanted)
    standing = dict(
        _ask(
            "SELECT c.relname, array_remove(array_agg(p.polname::text), NULL) FROM pg_class c"
            " LEFT JOIN pg_policy p ON p.polrelid = c.oid AND starts_with(p.polname::text, %s)"
            " WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = ANY(%s) AND c.relrowsecurity"
            " GROUP BY c.relname",
            _PREFIX,
            names,
        )
    )
    for table, walled in wanted.items():
        if standing.get(table) != [walled.policy]:
            _put_up(walled, standing.get(table, []))


def _put_up(walled: Walled, others: list[str]) -> None:
    table = sql.Identifier(walled.table)
    for other in others:
        _run(sql.SQL("DROP POLICY {} ON {}").format(sql.Identifier(other), table))
    _run(sql.SQL("ALTER TABLE {} ENABLE ROW LEVEL SECURITY").format(table))
    make = sql.SQL("CREATE POLICY {} ON {} USING ({rule}) WITH CHECK ({rule})")
    _run(make.format(sql.Identifier(walled.policy), table, rule=sql.SQL(walled.rule)))


def _ensure_role() -> bool:
    """Whether the role is there; made, and lent to the application, where that is allowed and needed."""
    role = sql.Identifier(_role())
    if not _role_exists() and not _tried(sql.SQL("CREATE ROLE {} NOLOGIN").format(role)):
        return _role_exists()  # another process was first, or nobody may
    if not _ask("SELECT pg_has_role(%s, %s)", _role(), right_to_take(_server_version()))[0][0]:
        _tried(sql.SQL("GRANT {} TO CURRENT_USER").format(role))
    return True


def _role_exists() -> bool:
    return bool(_ask("SELECT 1 FROM pg_roles WHERE rolname = %s", _role()))


def _server_version() -> int:
    version: int = connection.connection.info.server_version
    return version


def _tried(statement: sql.Composable) -> bool:
    """Whether it was done; not done is what the application may not do and what another process did just now."""
    try:
        with transaction.atomic():
            _run(statement)
    except (ProgrammingError, IntegrityError) as error:
        if isinstance(error.__cause__, (errors.InsufficientPrivilege, errors.DuplicateObject, errors.UniqueViolation)):
            return False
        raise
    return True


def _grant() -> None:
    """Rows of every table, and no partition by its own name: policies are asked of the table that a statement names."""
    role = sql.Identifier(_role())
    if not _ask("SELECT has_schema_privilege(%s, current_schema(), 'USAGE')", _role())[0][0]:
        _run(
            sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(
                sql.Identifier(_ask("SELECT current_schema()")[0][0]), role
            )
        )
    for kind, relkinds, rights in _RIGHTS:
        for (name,) in _ask(_LACKING.format(sql.SQL(kind.lower())), list(relkinds), _role(), rights[-1]):
            grant = sql.SQL(f"GRANT {', '.join(rights)} ON {kind} {{}} TO {{}}")
            _run(grant.format(sql.Identifier(name), role))


def _role() -> str:
    return role_name(str(connection.settings_dict["NAME"]))


def _ask(statement: str | sql.Composable, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _run(statement: sql.Composable) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _quoted(name: str) -> str:
    return '"{}"'.format(name.replace('"', '""'))


def references_to_people() -> Iterator[tuple[str, str]]:
    """(table, column) of everything that names a person, behind the wall or not."""
    user = get_user_model()
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.local_concrete_fields:
            if field.column in _COLUMNS or getattr(field, "related_model", None) is user:
                yield model._meta.db_table, str(field.column)
