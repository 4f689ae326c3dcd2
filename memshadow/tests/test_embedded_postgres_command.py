"""The database for the lifetime of one management command."""

from __future__ import annotations

import os
import signal
from importlib import import_module
from pathlib import Path

import pytest

from memshadow.embedded_postgres import SUPERVISED, ensure_running, for_command, is_running
from memshadow.lib.errors import Conflict

# The name `memshadow.settings.env` is the parsed object; the module that holds it is only in sys.modules.
environment = import_module("memshadow.settings.env")


@pytest.fixture(autouse=True)
def settings_env(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment names `data_dir` and no external database."""
    changed = environment.env.model_copy(update={"data_dir": data_dir, "database_url": None})
    monkeypatch.setattr(environment, "env", changed)
    monkeypatch.delenv(SUPERVISED, raising=False)


def test_is_up_while_the_command_runs_and_down_afterwards(data_dir: Path) -> None:
    with for_command(["manage.py", "migrate"]):
        assert is_running(data_dir)
    assert not is_running(data_dir)


def test_leaves_a_server_alone_that_was_up_before(data_dir: Path) -> None:
    with ensure_running(data_dir, durable=False) as handle:
        with for_command(["manage.py", "migrate"]):
            pass
        assert handle.alive()


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["help"],
        ["migrate", "--help"],
        ["--version"],
        ["collectstatic"],
        ["check"],
        ["doctor"],
        ["prepare", "--files"],
    ],
)
def test_starts_nothing_for_commands_without_a_database(data_dir: Path, words: list[str]) -> None:
    with for_command(["manage.py", *words]):
        assert not data_dir.exists()


def test_starts_nothing_under_the_supervisor(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SUPERVISED, "1")
    with for_command(["manage.py", "qcluster"]):
        assert not data_dir.exists()


def test_starts_nothing_with_an_external_database(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    external = environment.env.model_copy(update={"database_url": "postgresql://u@h/d"})
    monkeypatch.setattr(environment, "env", external)
    with for_command(["manage.py", "migrate"]):
        assert not data_dir.exists()


def test_a_refusal_of_the_command_is_one_line_and_status_1(data_dir: Path) -> None:
    with pytest.raises(SystemExit) as stopped, for_command(["manage.py", "help"]):
        raise Conflict("This server already belongs to alice@example.org.")
    assert stopped.value.code == "memshadow: This server already belongs to alice@example.org."


def test_sigterm_stops_the_server_too(data_dir: Path) -> None:
    with pytest.raises(SystemExit) as stopped, for_command(["manage.py", "shell"]):
        os.kill(os.getpid(), signal.SIGTERM)
    assert stopped.value.code == 128 + signal.SIGTERM
    assert not is_running(data_dir)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
