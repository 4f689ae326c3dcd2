"""The second wall: a query that forgets its owner finds nothing of others, whatever face asks and whatever happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.core.checks import run_checks
from django.db import DatabaseError, ProgrammingError, connection, transaction
from django.db.models import Model
from django.test import Client

from accounts.api.schemas import MeOut
from accounts.models import User
from memories import exporters, selectors
from memories.drafts import MemoryDraft
from memories.models import Memory, Tag
from memories.services.capture import capture_memory
from memshadow import row_security
from memshadow.lib import row_wall
from memshadow.mcp import calling
from memshadow.row_security import BEFORE_THE_WALL, raise_wall, references_to_people, walled_tables
from tests.contracts.objects import SECRET, objects_of
from tests.mcp_client import McpClient

# Modules that step outside, and why. Another one needs a reason here.
OUTSIDE = {
    "accounts/spaces/sharing.py": "the rotation of a space's key, which a manager or the worker starts",
    "accounts/spaces/telling.py": "one member's request tells another",
    "accounts/spaces/wrapping.py": "one member's request gives others their copies of a space's keys",
    "accounts/mfa/passkeys.py": "a credential is registered once, whoever has it",
    "memories/retrieval/_sql.py": "search: non-leakproof operators could use no index",
    "memories/retrieval/_plan.py": "search: a sample of a partition",
    "memories/services/moving.py": "a move has two sides: the member's own, and the space's, where they may write",
    "memories/distinctive.py": "as search: counts by `@@`",
}
MODELS: list[tuple[type[Model], str]] = [
    (model, walled.column)
    for walled in walled_tables()
    for model in apps.get_models(include_auto_created=True)
    if model._meta.db_table == walled.table
]
Put = Callable[[Callable[[], None]], None]


@pytest.fixture
def ask_as(api_key: Callable[..., str], client_for: Callable[[User], Client]) -> Callable[[User], list[Any]]:
    """The faces: an export that is read while it streams, a program, a page, an agent."""

    def ask(user: User) -> list[Any]:
        headers = {"Authorization": f"Bearer {api_key(user)}"}
        streamed = Client().get("/api/v1/exports/jsonl", headers=headers)
        b"".join(streamed)
        told = [Client().get("/api/v1/me", headers=headers), client_for(user).get("/")]
        return [streamed, *told, McpClient(user).post("resources/list")]

    return ask


@pytest.fixture
def put(monkeypatch: pytest.MonkeyPatch) -> Put:
    """Code into the midst of what those do."""

    def put_in(code: Callable[[], None]) -> None:
        told, counted = MeOut.of.__func__, selectors.stats_for  # type: ignore[attr-defined]

        def me(cls: type[MeOut], access: Any) -> Any:
            code()
            return told(cls, access)

        def stats(owner: User) -> Any:
            code()
            return counted(owner)

        def exported(*_: Any) -> Any:
            return exporters.Export("x", "text/plain", chunks())

        def chunks() -> Iterator[bytes]:
            yield b"first"
            code()
            yield b"last"

        def listed(caller: Any) -> Any:
            code()
            return resources(caller)

        resources = calling.concrete_resources
        monkeypatch.setattr(calling, "concrete_resources", listed)
        monkeypatch.setattr(MeOut, "of", classmethod(me))
        monkeypatch.setattr("memories.views.home.stats_for", stats)
        monkeypatch.setattr("memories.api.exports.export", exported)

    return put_in


def _strangers_rows(me: UUID) -> dict[str, int]:
    """How many rows of others each table shows to a query that names no owner."""
    found = {}
    for model, column in MODELS:
        owners = model._base_manager.values_list(column, flat=True)
        found[model._meta.db_table] = sum(owner not in (None, me) for owner in owners)
    return {table: count for table, count in found.items() if count}


def _identity() -> tuple[Any, ...]:
    """What PostgreSQL itself takes the connection for, asked past everything of ours."""
    raw = connection.connection.execute("SELECT current_user = session_user, current_setting('memshadow.owner', true)")
    return tuple(raw.fetchone())


@pytest.mark.django_db
def test_an_unscoped_query_in_a_request_finds_nothing_of_others(
    owner: User, other: User, ask_as: Callable[[User], list[Any]], put: Put
) -> None:
    objects_of(owner)
    seen: list[dict[str, int]] = []
    put(lambda: seen.append(_strangers_rows(other.id)))
    assert [answer.status_code for answer in ask_as(other)] == [200] * 4
    assert seen == [{}] * 4
    outside = _strangers_rows(other.id)
    assert len(outside) > 15 and {"memories_memory", "memories_searchentry", "accounts_datakey"} <= set(outside)


@pytest.mark.django_db
def test_a_selector_that_forgets_its_owner_lists_ones_own(
    owner: User, other: User, api_key: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    capture_memory(owner=owner, draft=MemoryDraft(content="Alice's"))
    capture_memory(owner=other, draft=MemoryDraft(content="Bob's"))
    monkeypatch.setattr(selectors, "filtered", lambda *_: Memory.objects.all())
    headers = {"Authorization": f"Bearer {api_key(other)}"}

    def listed() -> list[str]:
        return [item["content"] for item in Client().get("/api/v1/memories", headers=headers).json()["items"]]

    assert listed() == ["Bob's"]
    monkeypatch.setattr(row_wall, "usable_role", lambda _: None)
    assert sorted(listed()) == ["Alice's", "Bob's"], "without the wall this test would find what it must not"


@pytest.mark.django_db
def test_nothing_can_be_written_for_another_owner(
    owner: User, other: User, ask_as: Callable[[User], list[Any]], put: Put
) -> None:
    memory = Memory.objects.get(id=objects_of(owner)["memory_id"])
    mine = capture_memory(owner=other, draft=MemoryDraft(content="Bob's")).memory
    done: list[Any] = []

    def attack() -> None:
        done.append(Memory.objects.exclude(owner=other).update(pinned=True))
        done.append(Memory.objects.exclude(owner=other)._raw_delete(using="default"))
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            Tag(owner=owner, name_key=b"x").save()
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            Memory.objects.filter(id=mine.id).update(owner=owner)
        done.append(_identity()[0])

    put(attack)
    assert [answer.status_code for answer in ask_as(other)] == [200] * 4
    assert done == [0, 0, True] * 4
    memory.refresh_from_db()
    mine.refresh_from_db()
    assert (memory.pinned, memory.content, mine.owner) == (False, f"{SECRET} edit", other)


@pytest.mark.django_db(transaction=True)
def test_a_connection_keeps_nobodys_identity(
    owner: User, other: User, ask_as: Callable[[User], list[Any]], put: Put
) -> None:
    """After an answer, a failed statement, a failure in a transaction, and a server process that was killed."""
    for user in (owner, other):
        capture_memory(owner=user, draft=MemoryDraft(content=f"{user.email}'s"))
    visible: list[set[UUID]] = []

    def look() -> None:
        rows = Memory.objects.order_by("id").values_list("owner_id", flat=True)
        with transaction.atomic():
            assert _identity()[0]  # between statements too
            visible.append(set(rows.iterator()))  # by a server-side cursor
        visible.extend([set(rows), set(rows.iterator())])
        with connection.cursor() as cursor:
            cursor.executemany("UPDATE memories_memory SET pinned = pinned WHERE id <> %s", [(owner.id,), (other.id,)])
            assert cursor.rowcount == 2  # once its own row for each

    def fail() -> None:
        look()
        with transaction.atomic():
            Memory.objects.update(importance=1)
            connection.cursor().execute("SELECT 1 / 0")

    def be_killed() -> None:
        look()
        with transaction.atomic():
            Memory.objects.update(importance=1)
            connection.cursor().execute("SELECT pg_terminate_backend(pg_backend_pid())")

    said: list[Callable[[], None]] = []
    put(lambda: said[-1]())
    for code, status in ((look, 200), (fail, 500), (be_killed, 500)):
        said.append(code)
        for user in (owner, other):
            visible.clear()
            assert _statuses(ask_as, user) == {status}
            assert visible and all(seen == {user.id} for seen in visible)
            assert (row_wall.confined(), Memory.objects.count()) == (None, 2)
            assert _identity() in ((True, None), (True, ""))
    assert Memory.objects.filter(importance=1).count() == 0


def _statuses(ask_as: Callable[[User], list[Any]], user: User) -> set[int]:
    """500 for a failure that the test client raises; a lost connection is closed, as it is before each real request."""
    try:
        return {answer.status_code for answer in ask_as(user)}
    except DatabaseError:
        return {500}
    finally:
        connection.ensure_connection()
        if not connection.is_usable():
            connection.close()


@pytest.mark.django_db
def test_going_back_to_a_savepoint_brings_no_identity_back(owner: User, other: User) -> None:
    capture_memory(owner=owner, draft=MemoryDraft(content="Alice's"))
    row_wall.confine(other.id)
    try:
        with pytest.raises(DatabaseError), transaction.atomic():
            assert Memory.objects.count() == 0
            connection.cursor().execute("SELECT 1 / 0")
        with row_wall.outside_the_wall():
            assert Memory.objects.count() == 1
        assert Memory.objects.count() == 0
    finally:
        row_wall.release()
    assert (_identity()[0], Memory.objects.count()) == (True, 1)


@pytest.mark.django_db
def test_every_table_with_an_owner_has_a_policy() -> None:
    """Asked of the catalogue: a table that a migration makes by hand is found too."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, c.relrowsecurity AND EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid)"
            " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname IN ('owner_id', 'user_id')"
            " WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace"
        )
        walls: dict[str, bool] = dict(cursor.fetchall())
    naming = {table for table, _ in references_to_people()} | set(walls)
    assert sorted(table for table in naming if not walls.get(table)) == sorted(BEFORE_THE_WALL)
    assert len(walls) > 40


@pytest.mark.django_db
def test_the_role_of_requests_owns_nothing_and_reads_no_partition() -> None:
    role = row_wall.role_name(connection.settings_dict["NAME"])
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolcanlogin, rolsuper, rolbypassrls, rolcreaterole,"
            " EXISTS (SELECT 1 FROM pg_class WHERE relowner = r.oid),"
            " (SELECT count(*) FROM pg_inherits i WHERE has_table_privilege(r.oid, i.inhrelid, 'SELECT'))"
            " FROM pg_roles r WHERE rolname = %s",
            [role],
        )
        assert cursor.fetchone() == (False, False, False, False, False, 0)


@pytest.mark.django_db
def test_without_the_right_to_make_roles_all_works_and_a_check_says_what_to_run(
    owner: User, api_key: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_security, "role_name", lambda _: "nobodys_person")
    monkeypatch.setattr(row_wall, "role_name", lambda _: "nobodys_person")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE ROLE humble NOLOGIN")
        cursor.execute("SET LOCAL ROLE humble")
        raise_wall()
        cursor.execute("RESET ROLE")
    (found,) = [message for message in run_checks(databases=["default"]) if message.id == "memshadow.W003"]
    assert 'CREATE ROLE "nobodys_person" NOLOGIN; GRANT "nobodys_person" TO ' in str(found.hint)
    headers = {"Authorization": f"Bearer {api_key(owner)}"}
    assert Client().get("/api/v1/memories", headers=headers).status_code == 200
    row_wall.forget_role()


def test_who_steps_outside_the_wall_has_a_reason() -> None:
    from tests.architecture.sources import modules

    using = {name for name, text in modules().items() if "outside_the_wall(" in text and "/tests/" not in name}
    assert using - {"memshadow/lib/row_wall.py"} == set(OUTSIDE)
