"""Several servers of one model: the first that works is used, and one that failed is left alone for a while."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Generic, TypeVar

from memshadow.lib.errors import Unavailable

logger = logging.getLogger(__name__)

REST_S = 30.0  # how long a server that failed is asked last
Endpoint = TypeVar("Endpoint")
Answer = TypeVar("Answer")


class Failover(Generic[Endpoint]):
    """Endpoints in order of preference. All of them must run the same model; threads may share it."""

    def __init__(self, endpoints: Sequence[Endpoint]) -> None:
        self._endpoints = list(endpoints)
        self._resting_until = [0.0] * len(self._endpoints)
        self._lock = Lock()

    def call(self, ask: Callable[[Endpoint], Answer]) -> Answer:
        """The answer of the first endpoint that gives one. Raises the last endpoint's Unavailable when none does."""
        failure: Unavailable | None = None
        for place in self._order():
            try:
                answer = ask(self._endpoints[place])
            except Unavailable as error:
                failure = error
                self._rest(place)
                if len(self._endpoints) > 1:
                    logger.warning("Endpoint %d is left alone for %d s: %s", place + 1, REST_S, error.message)
                continue
            self._wake(place)
            return answer
        raise failure or Unavailable("This embedding model has no endpoint; give it one.")

    def _order(self) -> list[int]:
        """Those that work first; those that rest after them, for they may be all that is left."""
        moment = time.monotonic()
        with self._lock:
            return sorted(range(len(self._endpoints)), key=lambda place: self._resting_until[place] > moment)

    def _rest(self, place: int) -> None:
        with self._lock:
            self._resting_until[place] = time.monotonic() + REST_S

    def _wake(self, place: int) -> None:
        with self._lock:
            self._resting_until[place] = 0.0
