"""The data directory: that it can be written, has room, and is nobody else's while the product runs."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import tempfile
from pathlib import Path

from memshadow.lib.errors import Unavailable

LEAST_FREE_BYTES = 500 * 1024**2
_LOCK_NAME = "up.lock"


class DataFolderUnusable(Unavailable):
    """The data directory cannot hold the product's data; the message says why and what to do."""


def require_writable(data_dir: Path) -> None:
    """Make `data_dir` and prove that a file can be written there. Raises DataFolderUnusable."""
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=data_dir) as probe:
            probe.write(b"x")
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _no_room(data_dir, 0) from error
        raise DataFolderUnusable(
            f"The data folder {data_dir} cannot be written ({error.strerror}): make it writable for this "
            f"user "
            "(chown -R, mount it read-write), or set MEMSHADOW_DATA_DIR to another folder."
        ) from error


def require_room(data_dir: Path, least_bytes: int = LEAST_FREE_BYTES) -> None:
    """Raises DataFolderUnusable when the disk of `data_dir` has less than `least_bytes` free."""
    free = free_bytes(data_dir)
    if free < least_bytes:
        raise _no_room(data_dir, free, least_bytes)


def free_bytes(data_dir: Path) -> int:
    """Bytes that this user can still write to the disk of `data_dir`."""
    return shutil.disk_usage(data_dir).free


def _no_room(data_dir: Path, free: int, least_bytes: int = LEAST_FREE_BYTES) -> DataFolderUnusable:
    return DataFolderUnusable(
        f"The disk of the data folder {data_dir} is full ({free // 1024**2} MB free, "
        f"{least_bytes // 1024**2} MB needed): free some space, or set "
        "MEMSHADOW_DATA_DIR to a folder on another disk."
    )


class DataFolderLock:
    """The claim of one running server on its data directory; the kernel drops it when the holder dies."""

    def __init__(self, data_dir: Path) -> None:
        """Takes the lock; raises DataFolderUnusable while another server holds it."""
        self._descriptor = os.open(data_dir / _LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
            os.close(self._descriptor)
            raise DataFolderUnusable(
                f"The data folder {data_dir} is in use by another MEMSHADOW server (process {holder}): stop "
                f"that "
                "one, or set MEMSHADOW_DATA_DIR to another folder."
            ) from None
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let another server take the folder; safe to call twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
