"""The supervisor's loop: start in order, restart what crashes, announce, stop in order."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from memshadow.lib.errors import MemshadowError, Unavailable
from memshadow.supervisor.output import say
from memshadow.supervisor.services import Service
from memshadow.supervisor.signals import Signals, StopRequested

FIRST_DELAY_S = 1.0
LONGEST_DELAY_S = 30.0
HEALTHY_AFTER_S = 60.0
STOP_TIMEOUT_S = 25.0
READY_WITHIN_S = 120.0
_ATTEMPTS_BEFORE_READY = 3
_TICK_S = 0.2


class StartFailed(Unavailable):
    """A part of the product kept ending before it was ever ready."""


@dataclass(slots=True)
class Watch:
    """One service and its history of crashes."""

    service: Service
    foundation: bool
    started_at: float = 0.0
    restart_at: float | None = None
    crashes: int = 0

    def start(self) -> None:
        """Start the service; a failure to start counts as a crash."""
        self.started_at, self.restart_at = time.monotonic(), None
        self.service.start()

    def delay_s(self, now: float) -> float:
        """How long to wait after this crash: doubling, from the beginning again after a healthy minute."""
        self.crashes = 1 if now - self.started_at >= HEALTHY_AFTER_S else self.crashes + 1
        return float(min(FIRST_DELAY_S * 2 ** (self.crashes - 1), LONGEST_DELAY_S))


class Tree:
    """The running services. Foundations, which the others need, are stopped after the others."""

    def __init__(self, signals: Signals) -> None:
        self._signals = signals
        self._watches: list[Watch] = []
        self._ready = False

    def start(self, service: Service, *, foundation: bool = False) -> None:
        """Start one more service; raises MemshadowError when it cannot start."""
        watch = Watch(service, foundation)
        self._watches.append(watch)
        with self._signals.interrupting():
            watch.start()

    def run(self, is_ready: Callable[[], bool], announce: Callable[[], None]) -> None:
        """Keep everything running until a signal; `announce` is called once, when `is_ready` first holds.

        Raises StartFailed when a service keeps ending before that, or it takes READY_WITHIN_S.
        """
        deadline = time.monotonic() + READY_WITHIN_S
        while not self._signals.stops:
            try:
                self._tend()
                if not self._ready and is_ready():
                    self._ready = True
                    with self._signals.interrupting():
                        announce()
                elif not self._ready and time.monotonic() > deadline:
                    raise StartFailed(
                        f"The web server was not ready within {READY_WITHIN_S:.0f} s: see its lines above, and "
                        "`manage.py doctor`."
                    )
            except StopRequested:
                return
            self._signals.wait(_TICK_S)

    def _tend(self) -> None:
        for watch in self._watches:
            now = time.monotonic()
            if watch.restart_at is None:
                if not watch.service.running():
                    self._crashed(watch, now, watch.service.ending())
            elif now >= watch.restart_at:
                self._restart(watch)
        self._reap_strays()

    def _crashed(self, watch: Watch, now: float, ending: str) -> None:
        name, delay_s = watch.service.name, watch.delay_s(now)
        if not self._ready and watch.crashes >= _ATTEMPTS_BEFORE_READY:
            raise StartFailed(
                f"The {name} process ended {watch.crashes} times before the server was ready ({ending}): see "
                "its last lines above, and `manage.py doctor`."
            )
        say(f"{name} ended ({ending}); starting it again in {delay_s:.0f} s")
        watch.restart_at = now + delay_s

    def _restart(self, watch: Watch) -> None:
        try:
            with self._signals.interrupting():
                watch.start()
        except MemshadowError as error:
            self._crashed(watch, time.monotonic(), error.message)

    def _reap_strays(self) -> None:
        """As process 1 of a container, bury the orphans that the kernel hands to us."""
        if os.getpid() != 1:
            return
        ours = set().union(*(watch.service.pids() for watch in self._watches))
        with suppress(ChildProcessError):
            while (found := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) is not None:
                if found.si_pid in ours:
                    return
                os.waitpid(found.si_pid, 0)

    def stop(self) -> None:
        """Stop everything in order, within a bounded time; a further signal makes it immediate."""
        for foundation in (False, True):
            watches = [watch for watch in reversed(self._watches) if watch.foundation is foundation]
            self._stop_all([watch.service for watch in watches])

    def _stop_all(self, services: Sequence[Service]) -> None:
        stops_before, deadline = self._signals.stops, time.monotonic() + STOP_TIMEOUT_S
        for service in services:
            service.ask_to_stop()
        while any(service.running() for service in services):
            if time.monotonic() > deadline or self._signals.stops > stops_before:
                break
            self._signals.wait(_TICK_S)
        for service in services:
            service.kill()
