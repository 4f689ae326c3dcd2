"""What the product needs from PostgreSQL, told from a server's facts, and the numbered checks."""

from __future__ import annotations

from importlib import import_module

import pytest
from pytest_django import Settings

from memshadow import checks, database_health
from memshadow.database_health import DatabaseUnsuitable, Facts, parse_version, problems, read_facts, require_suitable

GOOD = {"server_version": 180004, "encoding": "UTF8", "vector_available": "0.8.5", "vector_installed": "0.8.5"}
environment = import_module("memshadow.settings.env")


@pytest.mark.parametrize(
    ("change", "number", "text"),
    [
        ({"server_version": 140010}, "memshadow.E001", "PostgreSQL 14; 15 or newer is needed. Upgrade the server"),
        ({"vector_available": None, "vector_installed": None}, "memshadow.E002", "lacks the pgvector extension"),
        ({"vector_available": "0.8.2", "vector_installed": None}, "memshadow.E003", "Upgrade pgvector on the server"),
        ({"vector_installed": "0.7.4"}, "memshadow.E003", "ALTER EXTENSION vector UPDATE"),
        ({"encoding": "SQL_ASCII"}, "memshadow.E004", "UTF8 is needed"),
    ],
)
def test_each_unmet_requirement_has_a_number_and_a_remedy(change: dict[str, object], number: str, text: str) -> None:
    (found,) = problems(Facts(**(GOOD | change)))  # type: ignore[arg-type]
    assert found.number == number
    assert text in str(found)


@pytest.mark.parametrize("change", [{}, {"server_version": 150000}, {"vector_installed": None}])
def test_a_suitable_server_has_no_problems(change: dict[str, object]) -> None:
    assert problems(Facts(**(GOOD | change))) == []  # type: ignore[arg-type]


def test_versions_compare_as_numbers() -> None:
    assert parse_version("0.10.0") > parse_version("0.8.3")
    assert parse_version("0.8.3beta1") == (0, 8, 31)


@pytest.mark.django_db
def test_the_database_of_the_tests_is_suitable() -> None:
    assert require_suitable() == read_facts()
    assert checks.database_suits(databases=["default"]) == []


def test_the_check_reports_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "read_facts", lambda: Facts(140000, "UTF8", None, None))
    assert [message.id for message in checks.database_suits(databases=["default"])] == [
        "memshadow.E001",
        "memshadow.E002",
    ]
    assert checks.database_suits(databases=None) == []


def test_the_check_reports_a_database_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable() -> Facts:
        raise DatabaseUnsuitable("The database cannot be reached.")

    monkeypatch.setattr(checks, "read_facts", unreachable)
    (message,) = checks.database_suits(databases=["default"])
    assert message.id == "memshadow.E005"


def test_every_problem_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_health, "read_facts", lambda: Facts(140000, "LATIN1", None, None))
    with pytest.raises(DatabaseUnsuitable) as refused:
        require_suitable()
    assert refused.value.message.count("\n") == 2


@pytest.mark.parametrize(
    ("change", "warned"),
    [
        ({"database_url": "postgresql://h/d", "master_key": None, "master_key_file": None}, ["memshadow.W001"]),
        ({"database_url": "postgresql://h/d", "master_key": "k"}, []),
        ({"database_url": None, "master_key": None}, []),
    ],
)
def test_keys_on_a_disk_that_a_deploy_replaces_are_warned_about(
    change: dict[str, object], warned: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "env", environment.env.model_copy(update=change))
    assert [message.id for message in checks.secrets_outlive_the_machine()] == warned


@pytest.mark.parametrize(("host", "warned"), [("192.0.2.1", ["memshadow.W002"]), ("127.0.0.1", [])])
def test_debug_pages_for_the_world_are_warned_about(
    host: str, warned: list[str], monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.DEBUG = True
    monkeypatch.setattr(checks, "env", environment.env.model_copy(update={"host": host}))
    assert [message.id for message in checks.debug_stays_at_home()] == warned
