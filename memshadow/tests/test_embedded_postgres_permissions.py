"""Who may run the embedded server: an ordinary user, or root through another account."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from memshadow.embedded_postgres import ensure_running

RUN = """
import sys, psycopg
from pathlib import Path
from memshadow.embedded_postgres import EmbeddedPostgresError, ensure_running
try:
    with ensure_running(Path(sys.argv[1]), durable=False) as handle:
        with psycopg.connect(handle.url) as connection:
            print(*connection.execute("SELECT 40 + 2").fetchone())
except EmbeddedPostgresError as error:
    sys.exit(f"refused: {error}")
"""
RUN_AFTER_A_KILL = """
import os, signal, sys, time
from pathlib import Path
from memshadow.embedded_postgres import ensure_running
handle = ensure_running(Path(sys.argv[1]), durable=False)
os.kill(handle.pid, signal.SIGKILL)
while handle.alive():
    time.sleep(0.02)
ensure_running(Path(sys.argv[1]), durable=False).stop()
print("recovered")
"""
Runner = Callable[..., subprocess.CompletedProcess[str]]
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.mark.parametrize("name", ["plain", "a b", "x" * 200])
def test_an_ordinary_user_runs_it(as_ordinary_user: Runner, data_dir: Path, name: str) -> None:
    result = as_ordinary_user(RUN, str(data_dir / name))
    assert (result.stdout, result.stderr) == ("42\n", "")


def test_a_folder_that_cannot_be_written_is_refused_with_the_remedy(as_ordinary_user: Runner, data_dir: Path) -> None:
    data_dir.parent.chmod(0o555)
    result = as_ordinary_user(RUN, str(data_dir))
    assert result.returncode == 1
    assert result.stderr.startswith("refused: ")
    assert "give the data folder to the user that runs MEMSHADOW" in result.stderr
    assert "Traceback" not in result.stderr


@only_root
def test_an_ordinary_user_is_refused_the_data_of_another(as_ordinary_user: Runner, data_dir: Path) -> None:
    ensure_running(data_dir, durable=False).stop()
    data_dir.chmod(0o777)
    result = as_ordinary_user(RUN, str(data_dir))
    assert "belongs to memshadow" in result.stderr
    assert result.returncode == 1


@only_root
def test_a_killed_server_recovers_beside_that_of_another_user(as_ordinary_user: Runner, data_dir: Path) -> None:
    with ensure_running(data_dir.with_name("roots"), durable=False):
        result = as_ordinary_user(RUN_AFTER_A_KILL, str(data_dir))
    assert (result.stdout, result.returncode) == ("recovered\n", 0), result.stderr


@only_root
def test_root_lends_it_an_account_and_opens_its_folders_to_that_account_alone(data_dir: Path) -> None:
    data_dir.parent.chmod(0o700)
    with ensure_running(data_dir, durable=False) as handle:
        assert set(psutil.Process(handle.pid).uids()) != {0}
        assert psutil.Process(handle.pid).username() == "memshadow"
    for folder in (data_dir, data_dir.parent):
        assert folder.stat().st_uid == 0
        assert folder.stat().st_mode & 0o007 == 0


@only_root
def test_root_keeps_running_the_data_of_an_ordinary_user_as_that_user(as_ordinary_user: Runner, data_dir: Path) -> None:
    assert as_ordinary_user(RUN, str(data_dir)).stdout == "42\n"
    with ensure_running(data_dir, durable=False) as handle:
        assert psutil.Process(handle.pid).username() == "nobody"
    assert as_ordinary_user(RUN, str(data_dir)).stdout == "42\n"


@only_root
def test_root_may_restore_a_backup_as_root(data_dir: Path) -> None:
    ensure_running(data_dir, durable=False).stop()
    cluster = data_dir / "postgres"
    for path in (cluster, *cluster.rglob("*")):
        os.chown(path, 0, 0)
    with ensure_running(data_dir, durable=False) as handle:
        assert handle.alive()
