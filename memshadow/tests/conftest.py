"""Fixtures of the platform's tests: data directories, and programs run as an ordinary user."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from memshadow.embedded_postgres import Handle, ensure_running

ROOT = Path(__file__).resolve().parents[2]
ORDINARY = pwd.getpwnam("nobody")


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data directory with a short path (pytest's own are too long for a socket), removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="msh-"))
    yield folder / "data"
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def server(data_dir: Path) -> Iterator[Handle]:
    """A running embedded server on a new data directory."""
    with ensure_running(data_dir, durable=False) as handle:
        yield handle


def interpreter_for_everyone() -> str | None:
    """A Python of this version that the account `nobody` may run, or None."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for candidate in (sys.executable, shutil.which(version, path="/usr/bin:/usr/local/bin")):
        if candidate is None:
            continue
        try:
            subprocess.run([candidate, "-c", ""], check=True, user=ORDINARY.pw_uid, capture_output=True, cwd="/")
        except (OSError, subprocess.CalledProcessError):
            continue
        return candidate
    return None


@pytest.fixture
def as_ordinary_user(data_dir: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run Python code, as `nobody` when the tests run as root; `data_dir`'s parent belongs to that user."""
    as_user: dict[str, int] = {}
    interpreter: str | None = sys.executable
    if os.geteuid() == 0:
        interpreter = interpreter_for_everyone()
        if interpreter is None:
            pytest.skip("no Python here that an ordinary user may run")
        as_user = {"user": ORDINARY.pw_uid, "group": ORDINARY.pw_gid}
        os.chown(data_dir.parent, ORDINARY.pw_uid, ORDINARY.pw_gid)
    path = os.pathsep.join([str(ROOT), sysconfig.get_path("purelib")])

    def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        result: subprocess.CompletedProcess[str] = subprocess.run(
            [str(interpreter), "-B", "-c", code, *arguments],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": path},
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            **as_user,  # type: ignore[call-overload]
        )
        return result

    return run
