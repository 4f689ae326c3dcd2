"""The examination behind `manage.py doctor`: each finding says what is so and, when bad, what to do."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from pathlib import Path

from accounts import master_key, server_keys
from memshadow.data_folder import (
    DataFolderLock,
    DataFolderUnusable,
    free_bytes,
    require_room,
    require_writable,
)
from memshadow.database_health import problems, read_facts
from memshadow.embedded_postgres import ensure_running
from memshadow.lib.clock import now
from memshadow.lib.errors import MemshadowError
from memshadow.row_security import shortfall
from memshadow.settings.env import Env
from memshadow.supervisor import health, preparing
from memshadow.supervisor.listening import listen

LEAST_PYTHON = (3, 11)
# A schedule repeats every minute; a worker that is three behind is not running.
_WORKER_LATE = timedelta(minutes=3)


class Verdict(Enum):
    """How serious a finding is."""

    GOOD = "ok"
    NOTE = "note"
    BAD = "BAD"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    verdict: Verdict
    subject: str
    text: str


def examine(env: Env) -> Iterator[Finding]:
    """Every finding, cheapest first. Starts the embedded database for the examination when it is not up."""
    yield from _python()
    yield from _guarded("data folder", lambda: _data_folder(env))
    yield from _keys(env)
    running = _server_runs(env)
    yield from _guarded("web server", lambda: _web_server(env, running))
    yield from _guarded("database", lambda: _database(env, running))
    yield from _guarded("embedding model", _model)


def _guarded(subject: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """The findings of `look`; a refusal becomes one itself."""
    try:
        yield from look()
    except MemshadowError as error:
        yield Finding(Verdict.BAD, subject, error.message)


def _python() -> Iterator[Finding]:
    text = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info >= LEAST_PYTHON:
        yield Finding(Verdict.GOOD, "python", text)
    else:
        yield Finding(Verdict.BAD, "python", f"{text}; install Python 3.11 or newer, run `make init`.")


def _data_folder(env: Env) -> Iterator[Finding]:
    require_writable(env.data_dir)
    require_room(env.data_dir)
    free_mb = free_bytes(env.data_dir) // 1024**2
    yield Finding(Verdict.GOOD, "data folder", f"{env.data_dir}, {free_mb} MB free")


def _keys(env: Env) -> Iterator[Finding]:
    for path in (env.data_dir / "secret.key", env.master_key_file or env.data_dir / "master.key"):
        if path.is_file():
            yield _key_file(path)
    if env.database_url and not (env.master_key or env.master_key_file or env.master_key_command):
        yield Finding(Verdict.NOTE, "keys", "the master key is a file: keep it (memshadow.W001)")


def _key_file(path: Path) -> Finding:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        remedy = f"others can read it: chmod 600 '{path}'"
        return Finding(Verdict.BAD, "keys", f"{path} has mode {mode:04o}, {remedy}")
    return Finding(Verdict.GOOD, "keys", f"{path} is private")


def _server_runs(env: Env) -> bool:
    if not os.access(env.data_dir, os.W_OK):
        return False
    try:
        DataFolderLock(env.data_dir).release()
    except DataFolderUnusable:
        return True
    return False


def _web_server(env: Env, running: bool) -> Iterator[Finding]:
    where = f"{env.host}:{env.port}"
    if health.is_ready(env):
        yield Finding(Verdict.GOOD, "web server", f"ready at {where}")
    elif running:
        yield Finding(Verdict.BAD, "web server", f"`up` runs but {where} is not ready: see the log of `up`.")
    else:
        listen(env.host, env.port).close()
        yield Finding(Verdict.NOTE, "web server", f"not running; {where} is free (start it with `make run`)")


def _database(env: Env, running: bool) -> Iterator[Finding]:
    with _database_up(env):
        facts = read_facts()
        wrong = problems(facts)
        for problem in wrong:
            yield Finding(Verdict.BAD, "database", str(problem))
        if wrong:
            return
        kind = "external" if env.database_url else "embedded"
        version, vector = facts.server_version, facts.vector_installed or facts.vector_available
        text = f"{kind} PostgreSQL {version // 10000}.{version % 10000}, pgvector {vector}"
        yield Finding(Verdict.GOOD, "database", text)
        pending = preparing.pending_migrations()
        if pending:
            yield Finding(Verdict.BAD, "schema", f"{pending} migrations pending: run `manage.py prepare`.")
            return
        yield Finding(Verdict.GOOD, "schema", "up to date")
        yield from _guarded("master key", _master_key)
        yield _row_security()
        yield _worker(running or bool(env.database_url))


def _master_key() -> Iterator[Finding]:
    server_keys.verify()
    yield Finding(Verdict.GOOD, "master key", f"opens this database ({master_key.source().name})")


def _row_security() -> Finding:
    remedy = shortfall()
    if remedy is None:
        return Finding(Verdict.GOOD, "row security", "people's requests see their own rows only")
    return Finding(Verdict.NOTE, "row security", f"binds nobody (memshadow.W003). {remedy}")


@contextmanager
def _database_up(env: Env) -> Iterator[None]:
    if env.database_url:
        yield
        return
    handle = ensure_running(env.data_dir)
    try:
        yield
    finally:
        handle.release()


def _worker(expected: bool) -> Finding:
    from django.apps import apps

    schedule = apps.get_model("django_q", "Schedule").objects.exclude(repeats=0).order_by("next_run").first()
    if schedule is None or not expected:
        return Finding(Verdict.NOTE, "worker", "not running" if not expected else "no schedule yet")
    late = now() - schedule.next_run
    if late > _WORKER_LATE:
        minutes = int(late.total_seconds() // 60)
        return Finding(Verdict.BAD, "worker", f"nothing has run for {minutes} minutes: start `manage.py qcluster`.")
    return Finding(Verdict.GOOD, "worker", "on time")


def _model() -> Iterator[Finding]:
    from django.conf import settings

    if preparing.model_is_prepared():
        yield Finding(Verdict.GOOD, "embedding model", f"prepared in {settings.MODELS_DIR}")
    else:
        yield Finding(Verdict.BAD, "embedding model", "not prepared: run `manage.py prepare --model`.")
