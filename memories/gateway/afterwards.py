"""What is written once a chat has its answer: in a thread of its own, and again while the database is away."""

from __future__ import annotations

import heapq
import itertools
import logging
import os
import threading
import time
from collections.abc import Callable
from contextvars import copy_context

from django.db import DatabaseError, InterfaceError, close_old_connections

logger = logging.getLogger(__name__)

Job = Callable[[], None]
_WAITING_MAX = 2000
_TRIED_FOR_S = 3600.0
_LONGEST_PAUSE_S = 30.0


class Afterwards:
    """Jobs by the time at which they are due. One that finds no database is done again later, for an hour."""

    def __init__(self) -> None:
        self._fresh()
        os.register_at_fork(after_in_child=self._fresh)

    def _fresh(self) -> None:
        self._changed = threading.Condition()
        self._waiting: list[tuple[float, int, float, float, Job]] = []
        self._number = itertools.count()
        self._thread: threading.Thread | None = None
        self._busy = False

    def add(self, job: Job) -> None:
        """Do it soon; returns at once."""
        with self._changed:
            if len(self._waiting) >= _WAITING_MAX:
                logger.error("A chat is not remembered: %d wait for the database already", _WAITING_MAX)
                return
            self._push(time.monotonic(), 0.5, time.monotonic() + _TRIED_FOR_S, job)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="gateway-afterwards", daemon=True)
                self._thread.start()

    def drain(self, for_s: float) -> None:
        """Wait until nothing is due, at most so long."""
        until = time.monotonic() + for_s
        while time.monotonic() < until:
            with self._changed:
                if not self._busy and not self._waiting:
                    return
            time.sleep(0.02)

    def _push(self, due: float, pause_s: float, until: float, job: Job) -> None:
        heapq.heappush(self._waiting, (due, next(self._number), pause_s, until, job))
        self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._busy = False
                while not self._waiting or self._waiting[0][0] > time.monotonic():
                    self._changed.wait(max(0.0, self._waiting[0][0] - time.monotonic()) if self._waiting else None)
                _, _, pause_s, until, job = heapq.heappop(self._waiting)
                self._busy = True
            self._do(job, pause_s, until)

    def _do(self, job: Job, pause_s: float, until: float) -> None:
        close_old_connections()
        try:
            copy_context().run(job)
        except (DatabaseError, InterfaceError) as error:
            again = time.monotonic() + pause_s
            if again > until:
                logger.error("A chat is not remembered: the database was away for too long (%s)", type(error).__name__)
                return
            with self._changed:
                self._push(again, min(2 * pause_s, _LONGEST_PAUSE_S), until, job)
        except Exception:
            logger.exception("A chat is not remembered")
        finally:
            close_old_connections()


afterwards = Afterwards()
"""This process's."""
