"""A private instance of the product for a benchmark: own data folder, own port, gone afterwards."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

ROOT = Path(__file__).resolve().parent.parent
EMAIL = "bench@example.org"
_REST = "from enrichment.models import StepPause; StepPause.objects.get_or_create(step='')"


@dataclass(frozen=True)
class Instance:
    """A running product."""

    data_dir: Path
    base_url: str
    api_key: str
    pid: int
    ready_s: float  # from the start to the first answer that all is ready


@contextmanager
def data_folder() -> Iterator[Path]:
    """A fresh data folder that this process's own Django settings use too. Call before django.setup()."""
    folder = Path(tempfile.mkdtemp(prefix="memshadow-bench-"))
    try:
        with kept_folder(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def kept_folder(folder: Path) -> Iterator[Path]:
    """A data folder that outlives the benchmark, so that the next run finds what this one loaded."""
    folder.mkdir(parents=True, exist_ok=True)
    os.environ |= {"MEMSHADOW_DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "memshadow.settings"}
    os.environ.setdefault("MEMSHADOW_MODELS_DIR", str(ROOT / ".stamps" / "models"))
    yield folder


@contextmanager
def running(folder: Path) -> Iterator[Instance]:
    """`manage.py up` on a free port, with an owner and an API key; enrichment rests, for it would use the cores."""
    port = _free_port()
    # The limits are counted as always, and wide enough for a load test with one key.
    wide = {"MEMSHADOW_RATE_LIMIT_USER": "1000000", "MEMSHADOW_RATE_LIMIT_KEY": "1000000"}
    environment = os.environ | wide | {"PORT": str(port), "HOST": "127.0.0.1"}
    begun = time.monotonic()
    with (folder / "up.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "up"], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
    try:
        _wait_ready(f"http://127.0.0.1:{port}/health/ready", process, folder / "up.log")
        ready_s = time.monotonic() - begun
        _managed(environment, "shell", "--no-imports", "--command", _REST)
        key = _managed(environment, "ensure_owner", "--email", EMAIL, "--api-key", f"bench {uuid4()}")
        yield Instance(folder, f"http://127.0.0.1:{port}", key, process.pid, ready_s)
    finally:
        process.terminate()
        process.wait(60)


def _managed(environment: dict[str, str], *command: str) -> str:
    """What a manage.py command prints."""
    line = [sys.executable, "manage.py", *command]
    return subprocess.run(line, cwd=ROOT, env=environment, check=True, capture_output=True, text=True).stdout.strip()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if process.poll() is not None:
            sys.exit(f"The product did not start:\n{log.read_text()[-3000:]}")
        try:
            urllib.request.urlopen(url, timeout=2).close()  # noqa: S310 - our own address
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    sys.exit(f"The product was not ready in time:\n{log.read_text()[-3000:]}")
