"""How a line of the log looks: a time in UTC, and nothing in it that could pass for a line of its own."""

from __future__ import annotations

import logging
import re
import time

# C0 and C1 controls, the separators that some viewers break lines at, and what turns the direction of writing.
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


class LineFormatter(logging.Formatter):
    """`2026-05-03T10:00:00Z WARNING name: message`; a traceback follows on lines of its own, indented."""

    converter = staticmethod(time.gmtime)

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {name}: {message}", "%Y-%m-%dT%H:%M:%SZ", style="{")

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line, with control characters spelt out: a path or name that a stranger chose forges no entry."""
        return _UNSAFE.sub(_spelt_out, super().formatMessage(record))

    def formatException(self, ei: object) -> str:
        """The traceback, indented, so that a line break in an error's text begins no line of ours either."""
        text: str = super().formatException(ei)  # type: ignore[arg-type]
        return "\n".join(f"  {_UNSAFE.sub(_spelt_out, line)}" for line in text.splitlines())


def _spelt_out(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")
