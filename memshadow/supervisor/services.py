"""The three things that the supervisor runs, behind one small interface."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO, Protocol

from memshadow.embedded_postgres import SUPERVISED, Handle, ensure_running
from memshadow.parent_death import ends_with_parent
from memshadow.supervisor.output import relay

# Few malloc arenas: with many threads glibc's default keeps much more memory than is in use.
CHILD_ENVIRONMENT = {SUPERVISED: "1", "PYTHONUNBUFFERED": "1", "MALLOC_ARENA_MAX": "2"}


class Service(Protocol):
    """Something that can be started, watched and stopped."""

    name: str

    def start(self) -> None:
        """Start it; raises MemshadowError when it cannot start."""

    def running(self) -> bool:
        """Whether it is still there."""

    def ending(self) -> str:
        """How it ended, for the log."""

    def ask_to_stop(self) -> None:
        """Begin an orderly stop; returns at once."""

    def kill(self) -> None:
        """End it and everything that it started, at once."""

    def pids(self) -> set[int]:
        """The child processes of ours that it consists of."""


class Program:
    """A program in a process group of its own, so that a stop reaches exactly its processes."""

    def __init__(
        self,
        name: str,
        command: list[str],
        environment: dict[str, str],
        pass_fds: tuple[int, ...] = (),
        niceness: int = 0,
    ) -> None:
        self.name = name
        self._niceness = niceness
        self._command = command
        self._environment = environment
        self._pass_fds = pass_fds
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the program; what an earlier one left behind in its group is ended first."""
        self.kill()
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and fixed words
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=os.environ | CHILD_ENVIRONMENT | self._environment,
            pass_fds=self._pass_fds,
            start_new_session=True,
            preexec_fn=ends_with_parent(signal.SIGTERM),
        )
        if self._niceness:
            os.setpriority(os.PRIO_PROCESS, self._process.pid, os.getpriority(os.PRIO_PROCESS, 0) + self._niceness)
        relay(_stream_of(self._process), self.name)

    def running(self) -> bool:
        """Whether its first process is still there."""
        return self._process is not None and self._process.poll() is None

    def ending(self) -> str:
        """Its exit code, or the signal that ended it."""
        return _ending(self._process) if self._process else "it never started"

    def ask_to_stop(self) -> None:
        """SIGTERM to its first process, which stops its own workers."""
        if self._process is not None and self.running():
            self._process.terminate()

    def kill(self) -> None:
        """SIGKILL to its whole group, including workers whose master died."""
        if self._process is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def pids(self) -> set[int]:
        """Its first process."""
        return {self._process.pid} if self._process else set()


class Database:
    """The embedded PostgreSQL of a data directory."""

    name = "postgres"

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._handle: Handle | None = None

    def start(self) -> None:
        """Start the server, or take over one that runs already."""
        if self._handle is not None:
            self._handle.kill()
        self._handle = ensure_running(self._data_dir, output=subprocess.PIPE, die_with_parent=True)
        if self._handle.process is not None:
            relay(_stream_of(self._handle.process), self.name)

    def running(self) -> bool:
        """Whether the server is still there."""
        return self._handle is not None and self._handle.alive()

    def ending(self) -> str:
        """Its exit code, when it was a child of ours."""
        process = self._handle.process if self._handle else None
        return _ending(process) if process else "it was started elsewhere"

    def ask_to_stop(self) -> None:
        """A fast shutdown: sessions are ended, everything is written."""
        if self._handle is not None:
            self._handle.ask_to_stop()

    def kill(self) -> None:
        """End what is left of it as a power cut would; it recovers at the next start."""
        if self._handle is not None:
            self._handle.kill()

    def pids(self) -> set[int]:
        """Its first process."""
        return {self._handle.pid} if self._handle else set()


def _ending(process: subprocess.Popen[bytes]) -> str:
    code = process.returncode
    return f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"


def _stream_of(process: subprocess.Popen[bytes]) -> IO[bytes]:
    if process.stdout is None:
        raise RuntimeError("the child was started without a pipe")
    return process.stdout


def web_server(listener_fd: int) -> Program:
    """gunicorn on the supervisor's socket."""
    module = "memshadow.supervisor.web_server"
    command = [sys.executable, "-m", "gunicorn", "--config", f"python:{module}", "memshadow.wsgi:application"]
    return Program("web", command, {"MEMSHADOW_LISTEN_FD": str(listener_fd)}, (listener_fd,))


def worker(manage: Path) -> Program:
    """The django-q2 cluster. It gives way: a memory may wait a second longer for its vector, a person may not."""
    return Program("worker", [sys.executable, str(manage), "qcluster"], {}, niceness=5)


def enricher() -> Program:
    """The watch over the second queue, which starts its workers. It gives way to everything else."""
    return Program("enrich", [sys.executable, "-m", "memshadow.supervisor.enricher"], {}, niceness=10)
