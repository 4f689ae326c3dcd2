"""What can go wrong with the embedded database, told in one sentence with its remedy."""

from __future__ import annotations

from pathlib import Path

from memshadow.lib.errors import Unavailable

OLD_CLUSTER = (
    "{folder} holds a database of PostgreSQL {found}, this version of MEMSHADOW runs {expected}. Export "
    "with the "
    "version that made it (or pg_dump), move the folder away, start again and import."
)
_REMEDIES = (
    ("No space left on device", "the disk is full: free at least 500 MB and start again"),
    ("Disk quota exceeded", "the disk quota is used up: free at least 500 MB and start again"),
    (
        "Read-only file system",
        "the file system is read-only: set MEMSHADOW_DATA_DIR to a folder you can write",
    ),
    (
        "Permission denied",
        "permission denied: give the data folder to the user that runs MEMSHADOW (chown -R)",
    ),
    ("lock file", "another PostgreSQL uses this folder: stop it, or choose another MEMSHADOW_DATA_DIR"),
    (
        "could not create shared memory",
        "no shared memory left: give the container more (--shm-size) or free some",
    ),
    ("Cannot allocate memory", "not enough memory: free some, or give the container more"),
    (
        "database files are incompatible",
        "another PostgreSQL made this folder: restore a backup or move it away",
    ),
    (
        "could not locate a valid checkpoint",
        "the database files are damaged: restore the folder from a backup",
    ),
)


class EmbeddedPostgresError(Unavailable):
    """The embedded PostgreSQL cannot run here; the message says why and what to do."""


def explain(what: str, output: str, folder: Path) -> EmbeddedPostgresError:
    """The error of a failed PostgreSQL program: `what` was tried on `folder`, it printed `output`."""
    for sign, remedy in _REMEDIES:
        if sign in output:
            return EmbeddedPostgresError(f"{what} in {folder}: {remedy}.")
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if "FATAL" in line or "PANIC" in line or "error" in line.lower()]
    reason = (telling or lines or ["it printed nothing"])[-1]
    return EmbeddedPostgresError(f"{what} in {folder}: {reason}")
