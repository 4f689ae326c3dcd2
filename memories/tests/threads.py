"""Work that goes on in other threads while a test does its own, each with a database connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

from django.db import connection

Work = Callable[[threading.Event], None]


@contextmanager
def in_thread(*works: Work) -> Iterator[list[BaseException]]:
    """Run these until the block ends; their errors are what it gives."""
    stop, errors = threading.Event(), list[BaseException]()

    def run(work: Work) -> None:
        try:
            work(stop)
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    try:
        yield errors
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def repeated(work: Callable[[int], None]) -> Work:
    """Call it with 0, 1, 2 and so on until the end."""

    def run(stop: threading.Event) -> None:
        for number in count():
            if stop.is_set():
                return
            work(number)

    return run
