"""A few threads that ask the database for the gateway, so that a slow or dead one delays no chat for long."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

from django.db import close_old_connections

T = TypeVar("T")
THREADS = 8  # of each web process; each holds a connection of its own once it was used


class Deadline:
    """Runs functions in its threads and waits for them, for so long and no longer."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None
        os.register_at_fork(after_in_child=self._forget)

    def within(self, seconds: float, function: Callable[[], T]) -> T:
        """What the function returns or raises; TimeoutError when that takes longer."""
        future = self.begin(function)
        try:
            return future.result(timeout=max(0.0, seconds))
        except TimeoutError:
            future.cancel()
            raise

    def begin(self, function: Callable[[], T]) -> Future[T]:
        """Run it soon."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(THREADS, "gateway-memory")
        return self._pool.submit(copy_context().run, _fresh, function)

    def _forget(self) -> None:
        self._pool = None


def _fresh(function: Callable[[], T]) -> T:
    """With a connection that works, whatever became of the last one."""
    close_old_connections()
    try:
        return function()
    finally:
        close_old_connections()


deadline = Deadline()
"""This process's."""
