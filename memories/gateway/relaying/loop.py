"""The one thread of a process in which all exchanges run."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from collections.abc import Callable

from memories.gateway.relaying.calls import Call, Ending, Header, Outcome, Refusal
from memories.gateway.relaying.exchange import Exchange, refuse
from memories.gateway.relaying.idle import IdleConnections
from memories.gateway.relaying.sinks import Sink

logger = logging.getLogger(__name__)

Finished = Callable[[Outcome], None]
Refuse = Callable[[Ending], Refusal]
_PRUNE_S = 30.0


class Relays:
    """Starts its thread with the first exchange, so that a process that relays nothing has none."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._idle = IdleConnections()
        self._running = 0
        os.register_at_fork(after_in_child=self._forget)

    @property
    def running(self) -> int:
        """How many exchanges are open in this process."""
        return self._running

    def start(self, call: Call, sink: Sink, *, extra: list[Header], refusal: Refuse, finished: Finished) -> None:
        """Begin an exchange; returns at once. `finished` is called in the loop's thread and must not block."""
        with self._lock:
            loop = self._loop = self._loop or _started(self._idle)
            self._running += 1
        asyncio.run_coroutine_threadsafe(self._relay(call, sink, extra, refusal, finished), loop)

    async def _relay(self, call: Call, sink: Sink, extra: list[Header], refusal: Refuse, finished: Finished) -> None:
        outcome = Outcome(Ending.UPSTREAM_BROKE)
        try:
            exchange = Exchange(call, sink, self._idle, extra)
            ending, answered = await exchange.run()
            outcome = exchange.outcome(ending)
            if not answered and ending is not Ending.CLIENT_GONE:
                refuse(sink, refusal(ending), extra)
            finished(outcome)
            clean = ending is Ending.COMPLETE or not answered
            await sink.close(clean=clean)
        except Exception:
            logger.exception("An exchange failed")
            await sink.close(clean=False)
        finally:
            with self._lock:
                self._running -= 1

    def drain(self, for_s: float) -> None:
        """Wait until all exchanges have ended, at most so long."""
        deadline = time.monotonic() + for_s
        while self._running and time.monotonic() < deadline:
            time.sleep(0.05)

    def _forget(self) -> None:
        """In a forked child the parent's thread does not run."""
        self._lock, self._loop, self._idle, self._running = threading.Lock(), None, IdleConnections(), 0


def _started(idle: IdleConnections) -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()

    def prune() -> None:
        idle.prune()
        loop.call_later(_PRUNE_S, prune)

    loop.call_later(_PRUNE_S, prune)
    threading.Thread(target=loop.run_forever, name="gateway-relay", daemon=True).start()
    return loop


relays = Relays()
"""This process's."""
