"""Lines of the log: in UTC, and not to be forged by what strangers send."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest

from memshadow.lib.log_lines import LineFormatter


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    written, logger = io.StringIO(), logging.Logger("memshadow.test")
    handler = logging.StreamHandler(written)
    handler.setFormatter(LineFormatter())
    logger.addHandler(handler)
    yield logger, written
    handler.close()


@pytest.mark.parametrize("planted", ["\n", "\r\n", "\x85", "\u2028", "\x1b[2K", "\u202e"])
def test_what_a_stranger_sends_stays_in_its_line(log: tuple[logging.Logger, io.StringIO], planted: str) -> None:
    logger, written = log
    logger.warning("Refused: %s", f"/a{planted}2026-01-01T00:00:00Z INFO accounts: all is well")
    line = written.getvalue().removesuffix("\n")
    assert len(line.splitlines()) == 1 and planted not in line and "all is well" in line


def test_an_errors_text_begins_no_line(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, written = log
    try:
        raise ValueError("bad\n2026-01-01T00:00:00Z INFO accounts: all is well")
    except ValueError:
        logger.exception("It failed")
    first, *rest = written.getvalue().splitlines()
    assert first.endswith("ERROR memshadow.test: It failed")
    assert rest and all(line.startswith("  ") for line in rest)


def test_times_are_utc(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, written = log
    record = logger.makeRecord("memshadow.test", logging.INFO, "", 0, "hello", (), None)
    record.created = 0.0
    logger.handle(record)
    assert written.getvalue() == "1970-01-01T00:00:00Z INFO memshadow.test: hello\n"


def test_the_product_logs_this_way() -> None:
    assert any(isinstance(handler.formatter, LineFormatter) for handler in logging.getLogger().handlers)
