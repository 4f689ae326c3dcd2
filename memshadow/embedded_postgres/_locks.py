"""Advisory locks on files of the data directory: who starts the server and who is using it."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from memshadow.embedded_postgres._failure import EmbeddedPostgresError

_START_TIMEOUT_S = 180.0


class FileLock:
    """An flock on one file, which the kernel releases when its holder dies, however it dies."""

    def __init__(self, path: Path) -> None:
        """Opens (and makes) the file; raises OSError where that is not allowed."""
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def share(self) -> None:
        """Hold the lock together with other sharers; waits for an exclusive holder."""
        fcntl.flock(self._descriptor, fcntl.LOCK_SH)

    def try_exclusive(self) -> bool:
        """Hold the lock alone, if nobody else holds it. A shared hold is lost either way."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        """Release the lock; safe to call twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


@contextmanager
def starting(data_dir: Path) -> Iterator[None]:
    """Only one process at a time starts or stops the server of `data_dir`."""
    lock = FileLock(data_dir / "postgres-start.lock")
    deadline = time.monotonic() + _START_TIMEOUT_S
    try:
        while not lock.try_exclusive():
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(
                    f"Another process has been starting the database in {data_dir} for "
                    f"{_START_TIMEOUT_S:.0f} s: "
                    "look for a stuck `manage.py` and end it."
                )
            time.sleep(0.05)
        yield
    finally:
        lock.close()


def users(data_dir: Path) -> FileLock:
    """The lock that every process shares while it needs the server, so that the last one may stop it."""
    return FileLock(data_dir / "postgres-users.lock")
