"""Children's output on the supervisor's standard output, each line after the child's name."""

from __future__ import annotations

import sys
import threading
from typing import IO

_LOCK = threading.Lock()
_WIDTH = len("postgres")


def say(text: str, name: str = "up") -> None:
    """Print one line of the supervisor's own."""
    _write(f"{name:<{_WIDTH}} | {text}\n")


def relay(stream: IO[bytes], name: str) -> threading.Thread:
    """Copy `stream` line by line until it ends, in a thread of its own, which closes it."""
    thread = threading.Thread(target=_copy, args=(stream, name), name=f"output-{name}", daemon=True)
    thread.start()
    return thread


def _copy(stream: IO[bytes], name: str) -> None:
    with stream:
        for line in stream:
            _write(f"{name:<{_WIDTH}} | {line.decode(errors='replace').rstrip()}\n")


def _write(line: str) -> None:
    with _LOCK:
        try:
            sys.stdout.write(line)
            sys.stdout.flush()
        except (BrokenPipeError, ValueError):
            # Whoever read us has gone; the product goes on without a reader.
            return
