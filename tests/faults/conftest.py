"""Starts the real product as a person does, with `manage.py up`, on a port and a data folder of its own."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]
READY_TIMEOUT_S = 150.0  # several products start beside each other on two cores
_SMALL = {"WEB_CONCURRENCY": "1", "MEMSHADOW_WORKER_COUNT": "1"}
_CLEARED = ("DATABASE_URL", "HOST", "PORT", "DJANGO_SETTINGS_MODULE", "MEMSHADOW_SUPERVISED", "PGHOST")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder starts and kills real processes."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.faults)


def free_port() -> int:
    """A TCP port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(condition: Callable[[], bool], what: str, timeout_s: float = READY_TIMEOUT_S) -> None:
    """Wait for `condition`; fail the test with `what` when it does not come true."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"not within {timeout_s:.0f} s: {what}")
        time.sleep(0.05)


def survivors(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that still run; one that only waits to be buried by its parent is dead."""
    return [process for process in processes if not is_dead(process)]


def is_dead(process: psutil.Process) -> bool:
    """Whether the process has ended."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def copy_folder(source: Path, to: Path) -> None:
    """With times and rights, as a backup is put back."""
    subprocess.run(["cp", "-a", str(source), str(to)], check=True)


class Product:
    """One installation: its data folder, its environment and, when started, its process."""

    def __init__(self, data_dir: Path, models_dir: Path) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        kept = {name: value for name, value in os.environ.items() if name not in _CLEARED}
        self.environment = kept | {
            "MEMSHADOW_DATA_DIR": str(data_dir),
            "MEMSHADOW_MODELS_DIR": str(models_dir),
            "PORT": str(self.port),
            **_SMALL,
        }
        self.lines: list[str] = []
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    def at_full_size(self) -> Product:
        """With as many processes as a person's, where that matters; otherwise a start is half the work."""
        for name in _SMALL:
            del self.environment[name]
        return self

    @property
    def process(self) -> subprocess.Popen[str]:
        """The supervisor."""
        assert self._process is not None
        return self._process

    def manage(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a management command to its end; `up` is expected to refuse."""
        return subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *words],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=READY_TIMEOUT_S,
        )

    def start(self) -> None:
        """Start `manage.py up` and return at once."""
        self.lines = []
        self._process = subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), "up"],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        for line in stream:
            self.lines.append(line.rstrip())

    def start_ready(self) -> None:
        """Start and wait until it says that it is ready."""
        self.start()
        until(
            lambda: self.said("is ready at") or self.process.poll() is not None,
            f"the product is ready; it said {self.lines}",
        )
        assert self.process.poll() is None, self.lines

    def said(self, text: str) -> bool:
        """Whether a line of the output holds `text`."""
        return any(text in line for line in self.lines)

    def status(self, path: str) -> int:
        """The status of a GET, 0 when nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    def is_ready(self) -> bool:
        """Whether the server says so itself."""
        return self.status("/health/ready") == 200

    def family(self) -> list[psutil.Process]:
        """Every process below the supervisor."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def child(self, word: str) -> psutil.Process:
        """The direct child with `word` in its command line: postgres, qcluster or gunicorn."""
        until(lambda: self.has_child_other_than(word, 0), f"there is a child {word}")
        return next(child for child in self._children(word))

    def has_child_other_than(self, word: str, pid: int) -> bool:
        """Whether such a child runs and is not process `pid`."""
        return any(child.pid != pid for child in self._children(word))

    def _children(self, word: str) -> Iterator[psutil.Process]:
        for child in psutil.Process(self.process.pid).children():
            try:
                if any(word in part for part in child.cmdline()):
                    yield child
            except (psutil.NoSuchProcess, psutil.ZombieProcess):
                continue

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Signal the supervisor and wait for its end; its exit status."""
        self.process.send_signal(number)
        return self.ended()

    def ended(self) -> int:
        """Wait for the supervisor's end and the end of its output; its exit status."""
        status = self.process.wait(timeout=READY_TIMEOUT_S)
        if self._reader is not None:
            self._reader.join(timeout=READY_TIMEOUT_S)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return status

    def clean_up(self) -> None:
        """End whatever a failed test left behind."""
        if self._process is None:
            return
        if self._process.poll() is None:
            family = self.family()
            self._process.kill()
            until(lambda: not survivors(family), "the children of a killed supervisor end")
        self.ended()


@pytest.fixture
def new_product(models_dir: Path) -> Iterator[Callable[..., Product]]:
    """Make an installation; with `copy_of`, one whose data folder is a copy of that one."""
    made: list[Product] = []
    parents: list[Path] = []

    def make(copy_of: Path | None = None) -> Product:
        parent = Path(tempfile.mkdtemp(prefix="mshf-"))
        parents.append(parent)
        data_dir = parent / "data"
        if copy_of is not None:
            copy_folder(copy_of, data_dir)
        made.append(Product(data_dir, models_dir))
        return made[-1]

    yield make
    for product in made:
        product.clean_up()
    for parent in parents:
        shutil.rmtree(parent, ignore_errors=True)


@pytest.fixture
def product(new_product: Callable[..., Product], migrated: Path) -> Product:
    """An installation that has been used before and is not running."""
    return new_product(copy_of=migrated)
