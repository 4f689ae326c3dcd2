"""Loaded before Django (`-p tests.environment`): a data folder of its own for the test suite, with PostgreSQL in it."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from memshadow import embedded_postgres


def _prepare() -> None:
    """Start one embedded PostgreSQL for this test process, unless DATABASE_URL names another or xdist made one."""
    if "MEMSHADOW_DATA_DIR" in os.environ and os.environ.get("MEMSHADOW_TESTING") == str(os.getppid()):
        return
    for name in [name for name in os.environ if name.startswith("MEMSHADOW_")]:
        del os.environ[name]
    folder = Path(tempfile.mkdtemp(prefix="memshadow-tests-"))
    os.environ["MEMSHADOW_DATA_DIR"] = str(folder)
    os.environ["MEMSHADOW_OUTBOUND_ALLOW"] = "127.0.0.1"  # where the stand-ins for third parties listen
    os.environ["MEMSHADOW_TESTING"] = str(os.getpid())
    handle = embedded_postgres.ensure_running(folder) if not os.environ.get("DATABASE_URL") else None

    def clean_up() -> None:
        if handle is not None:
            handle.stop()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(clean_up)


_prepare()
