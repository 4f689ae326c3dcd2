"""What the operating system knows about the server's processes: alive, stale, orphaned."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True, slots=True)
class Postmaster:
    """The running server process of a cluster, as its postmaster.pid tells."""

    pid: int
    ready: bool


def find_postmaster(cluster: Path) -> Postmaster | None:
    """The server that runs on `cluster`, whoever started it; None when postmaster.pid is stale."""
    try:
        lines = (cluster / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
        pid = int(lines[0])
    except (OSError, ValueError, IndexError):
        return None
    if not is_postgres_of(pid, cluster):
        return None
    return Postmaster(pid, ready=len(lines) > 7 and lines[7].strip() == "ready")


def is_postgres_of(pid: int, cluster: Path) -> bool:
    """Whether `pid` is a live PostgreSQL process whose working folder is `cluster`."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE or not process.name().startswith("postgres"):
            return False
        return Path(process.cwd()) == cluster.resolve()
    except psutil.AccessDenied:
        # Another user's process: its name is all that can be seen, so believe postmaster.pid.
        return True
    except (psutil.NoSuchProcess, OSError):
        return False


def any_postgres_of(cluster: Path) -> bool:
    """Whether any PostgreSQL process works in `cluster`; backends outlive a killed server for a moment.

    PostgreSQL works in no folder but its own user's, so others' servers, which we may not look into, are not meant.
    """
    owner = cluster.stat().st_uid
    for process in psutil.process_iter(["name", "pid", "uids"]):
        name, uids = process.info["name"] or "", process.info["uids"]
        if name.startswith("postgres") and uids and uids.effective == owner and is_postgres_of(process.pid, cluster):
            return True
    return False


def remove_reused_pid_file(cluster: Path) -> None:
    """Drop a postmaster.pid whose pid now belongs to some other program, as after a container's restart.

    PostgreSQL itself handles a dead pid but takes a living one for its predecessor and refuses to start. The
    caller must know that no server works in `cluster`.
    """
    (cluster / "postmaster.pid").unlink(missing_ok=True)


def wait_until(condition: Callable[[], bool], timeout_s: float) -> bool:
    """Poll `condition`; whether it came true within `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
