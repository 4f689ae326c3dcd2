"""The embedded server's life: made, found, shared, crashed, recovered, stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from memshadow.embedded_postgres import (
    EmbeddedPostgresError,
    Handle,
    database_url,
    ensure_running,
    is_running,
)
from memshadow.embedded_postgres._process import wait_until
from memshadow.embedded_postgres._tuning import server_settings

GIB = 1024**3


def ask(handle: Handle, statement: str) -> object:
    """The first column of the answer's first row."""
    with psycopg.connect(handle.url) as connection:
        row = connection.execute(statement).fetchone()
        assert row is not None
        return row[0]


def execute(handle: Handle, statement: str) -> None:
    """Run one statement and commit it."""
    with psycopg.connect(handle.url) as connection:
        connection.execute(statement)


def test_the_address_is_known_before_anything_exists(data_dir: Path) -> None:
    assert conninfo_to_dict(database_url(data_dir)) == {
        "user": "memshadow",
        "dbname": "memshadow",
        "host": f"{data_dir}/postgres-run",
        "port": "5432",
    }
    assert not data_dir.exists()


def test_a_long_path_gets_a_short_socket_folder_of_its_own(data_dir: Path) -> None:
    one, two = (conninfo_to_dict(database_url(data_dir / (letter * 200)))["host"] for letter in "ab")
    assert one != two
    assert all(len(str(host)) < 60 for host in (one, two))


@pytest.mark.parametrize("name", ["a b", "ü'\"%20&=?#", "x" * 200, "p/" * 60 + "q"])
def test_serves_from_any_path(data_dir: Path, name: str) -> None:
    with ensure_running(data_dir / name, durable=False) as handle:
        assert str(ask(handle, "SHOW server_version")).startswith("18.")
        assert ask(handle, "SELECT extname FROM pg_extension WHERE extname = 'vector'") == "vector"
        assert ask(handle, "SELECT datcollversion IS NOT NULL FROM pg_database LIMIT 1") is True
    assert not is_running(data_dir / name)


def test_the_environment_of_the_caller_changes_nothing(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PGPORT": "1", "PGDATA": "/nowhere", "TZ": "Asia/Tokyo", "LC_ALL": "xx_XX"}.items():
        monkeypatch.setenv(name, value)
    with ensure_running(data_dir, durable=False) as handle:
        assert ask(handle, "SHOW timezone") == "UTC"


def test_nobody_listens_on_the_network_and_the_folders_are_private(server: Handle) -> None:
    assert ask(server, "SHOW listen_addresses") == ""
    assert psutil.Process(server.pid).net_connections("tcp") == []
    for name in ("postgres", "postgres-run"):
        assert (server.data_dir / name).stat().st_mode & 0o077 == 0


def test_a_second_caller_shares_the_server_and_the_last_one_stops_it(data_dir: Path) -> None:
    first = ensure_running(data_dir, durable=False)
    second = ensure_running(data_dir)
    assert (second.pid, second.process) == (first.pid, None)
    first.release()
    assert second.alive()
    second.release()
    assert not first.alive()
    assert not is_running(data_dir)


def test_data_survives_a_stop(data_dir: Path) -> None:
    with ensure_running(data_dir, durable=False) as handle:
        execute(handle, "CREATE TABLE kept AS SELECT 42 AS answer")
    with ensure_running(data_dir, durable=False) as handle:
        assert ask(handle, "SELECT answer FROM kept") == 42


def test_recovers_after_kill_9(data_dir: Path) -> None:
    handle = ensure_running(data_dir)
    execute(handle, "CREATE TABLE kept AS SELECT 42 AS answer")
    os.kill(handle.pid, signal.SIGKILL)
    assert wait_until(lambda: not handle.alive(), timeout_s=10)
    with ensure_running(data_dir) as recovered:
        assert recovered.pid != handle.pid
        assert ask(recovered, "SELECT answer FROM kept") == 42


def test_a_pid_file_whose_number_another_program_got_is_no_obstacle(data_dir: Path) -> None:
    ensure_running(data_dir, durable=False).stop()
    pid_file = data_dir / "postgres" / "postmaster.pid"
    # As after a container's restart: the number is alive, of the same user, and not PostgreSQL.
    stranger = subprocess.Popen(["sleep", "60"], user=(data_dir / "postgres").stat().st_uid)
    try:
        pid_file.write_text(f"{stranger.pid}\n{data_dir}/postgres\n1700000000\n5432\n\n\n  5432001  0\nready\n")
        with ensure_running(data_dir, durable=False) as handle:
            assert ask(handle, "SELECT 1") == 1
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_creation_that_was_cut_off_is_begun_anew(data_dir: Path) -> None:
    draft = data_dir / "postgres.draft"
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("18\n")
    with ensure_running(data_dir, durable=False) as handle:
        assert ask(handle, "SELECT 1") == 1
    assert not draft.exists()


def test_two_processes_at_once_end_with_one_server(data_dir: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from memshadow.embedded_postgres import ensure_running\n"
        "handle = ensure_running(Path(sys.argv[1]), durable=False)\n"
        "print(handle.pid, flush=True); sys.stdin.read(); handle.release()"
    )
    command = [sys.executable, "-c", code, str(data_dir)]
    pipe = subprocess.PIPE
    starters = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for _ in range(3)]
    pids = {starter.stdout.readline() for starter in starters if starter.stdout}
    for starter in starters:
        starter.communicate()
    assert len(pids) == 1
    assert pids != {""}
    assert not is_running(data_dir)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
def test_ends_with_its_parent_when_asked_to(data_dir: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from memshadow.embedded_postgres import ensure_running\n"
        "print(ensure_running(Path(sys.argv[1]), die_with_parent=True).pid, flush=True); sys.stdin.read()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(data_dir)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    postmaster = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.communicate()
    gone, _ = psutil.wait_procs([postmaster], timeout=20)
    assert gone
    assert not is_running(data_dir)


def test_refuses_the_cluster_of_an_older_version(data_dir: Path) -> None:
    cluster = data_dir / "postgres"
    cluster.mkdir(parents=True)
    (cluster / "PG_VERSION").write_text("16\n")
    with pytest.raises(EmbeddedPostgresError, match=r"PostgreSQL 16.*runs 18.*move the folder away"):
        ensure_running(data_dir)


def test_refuses_a_folder_with_other_things_in_it(data_dir: Path) -> None:
    (data_dir / "postgres").mkdir(parents=True)
    (data_dir / "postgres" / "thesis.txt").write_text("mine")
    with pytest.raises(EmbeddedPostgresError, match="not empty"):
        ensure_running(data_dir)
    assert (data_dir / "postgres" / "thesis.txt").read_text() == "mine"


def test_says_what_postgresql_said_when_it_does_not_start(data_dir: Path) -> None:
    ensure_running(data_dir, durable=False).stop()
    (data_dir / "postgres" / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(EmbeddedPostgresError, match=r"did not start.*contains errors"):
        ensure_running(data_dir)
    assert not is_running(data_dir)


def test_refuses_a_socket_folder_that_somebody_else_made(data_dir: Path) -> None:
    long_name = data_dir / ("x" * 200)
    folder = Path(str(conninfo_to_dict(database_url(long_name))["host"]))
    folder.symlink_to(data_dir.parent)
    try:
        with pytest.raises(EmbeddedPostgresError, match="belongs to somebody else"):
            ensure_running(long_name, durable=False)
    finally:
        folder.unlink()


def test_settings_follow_the_memory_and_stay_modest(data_dir: Path) -> None:
    small = server_settings(data_dir, durable=True, memory_bytes=1 * GIB)
    large = server_settings(data_dir, durable=True, memory_bytes=64 * GIB)
    assert (small["shared_buffers"], large["shared_buffers"]) == ("128MB", "4096MB")
    assert (small["maintenance_work_mem"], large["maintenance_work_mem"]) == ("64MB", "512MB")
    assert "fsync" not in small
    assert server_settings(data_dir, durable=False)["fsync"] == "off"
