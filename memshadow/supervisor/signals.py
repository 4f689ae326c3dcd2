"""Signals of the supervisor: they wake its loop, interrupt a long step, and a second one means 'now'."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequested(BaseException):
    """A signal asked for a stop while a long step ran. Not an Exception: no step may swallow it."""


class Signals:
    """Counts the requests to stop, and lets a loop sleep until something happens."""

    def __init__(self) -> None:
        self.stops = 0
        self._interrupting = False
        self._reader, self._writer = os.pipe()
        for descriptor in (self._reader, self._writer):
            os.set_blocking(descriptor, False)

    def __enter__(self) -> Signals:
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        self._before = {number: signal.signal(number, self._on_stop) for number in _STOPPING}
        # Without a handler of its own a child's death would not wake the loop.
        self._before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.set_wakeup_fd(-1)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self._reader)
        os.close(self._writer)

    def _on_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stops += 1
        if self._interrupting:
            raise StopRequested

    @contextmanager
    def interrupting(self) -> Iterator[None]:
        """Within this block a request to stop raises StopRequested."""
        if self.stops:
            raise StopRequested
        self._interrupting = True
        try:
            yield
        finally:
            self._interrupting = False

    def wait(self, timeout_s: float) -> None:
        """Sleep until a signal (a child's death included) arrives or the time is over."""
        if select.select([self._reader], [], [], timeout_s)[0]:
            os.read(self._reader, 4096)
