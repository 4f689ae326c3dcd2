"""Making the database cluster: initdb into a draft that is renamed when it is complete."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from memshadow.embedded_postgres._account import Account
from memshadow.embedded_postgres._failure import OLD_CLUSTER, EmbeddedPostgresError, explain
from memshadow.embedded_postgres._places import DATABASE, MAJOR_VERSION, ROLE, binary

# Nothing of the caller's environment (PGDATA, LC_ALL, LD_PRELOAD ...) may change what the server does.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
_SETUP = ((f"CREATE DATABASE {DATABASE}", "postgres"), ("CREATE EXTENSION vector", DATABASE))


def ensure_cluster(cluster: Path, account: Account | None) -> None:
    """Make the cluster when there is none. Raises EmbeddedPostgresError for another major version's."""
    version_file = cluster / "PG_VERSION"
    if version_file.exists():
        found = version_file.read_text(encoding="ascii").strip()
        if found != str(MAJOR_VERSION):
            raise EmbeddedPostgresError(OLD_CLUSTER.format(folder=cluster, found=found, expected=MAJOR_VERSION))
        return
    if cluster.exists() and any(cluster.iterdir()):
        raise EmbeddedPostgresError(f"{cluster} is not empty and holds no PostgreSQL database: move it away.")
    _create(cluster, account)


def _create(cluster: Path, account: Account | None) -> None:
    """A crash leaves only the draft, which the next start throws away: there is never half a cluster."""
    draft = cluster.with_name(f"{cluster.name}.draft")
    if draft.exists():
        shutil.rmtree(draft)
    draft.mkdir(mode=0o700)
    if account:
        os.chown(draft, account.uid, account.gid)
    options = ["-D", str(draft), "-U", ROLE, "--auth=trust", "--encoding=UTF8", "--no-locale"]
    # The built-in collation does not change when the operating system's C library is upgraded.
    options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"]
    _run(["initdb", *options], draft, account)
    for statement, database in _SETUP:
        options = [
            "--single",
            "-D",
            str(draft),
            "-c",
            "exit_on_error=on",
            "-c",
            "log_checkpoints=off",
            database,
        ]
        _run(["postgres", *options], draft, account, statement + "\n")
    if cluster.exists():
        cluster.rmdir()
    draft.rename(cluster)


def _run(command: list[str], folder: Path, account: Account | None, text: str = "") -> None:
    program, *options = command
    result = subprocess.run(  # noqa: S603 - our own binaries and fixed words
        [str(binary(program)), *options],
        input=text,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        cwd=folder,
        env=ENVIRONMENT,
        check=False,
        **(account.popen_options() if account else {}),
    )
    if result.returncode != 0:
        raise explain("The database could not be created", result.stdout, folder.parent)
