"""Times are read quickly, and as they are."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import DataError, connection

from memshadow.lib.timestamps import UtcLoader

pytestmark = pytest.mark.django_db


def read(text: str) -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::timestamptz", [text])
        value = cursor.fetchone()[0]
        assert isinstance(value, datetime)
        return value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-05-03 10:20:30.123456+00", datetime(2026, 5, 3, 10, 20, 30, 123456, UTC)),
        ("2026-05-03 10:20:30.1+02", datetime(2026, 5, 3, 8, 20, 30, 100000, UTC)),
        ("2026-05-03", datetime(2026, 5, 3, tzinfo=UTC)),
        ("0044-03-15 12:00:00.00001+00", datetime(44, 3, 15, 12, 0, 0, 10, UTC)),
    ],
)
def test_a_time_is_what_the_database_says(text: str, expected: datetime) -> None:
    assert read(text) == expected
    assert read(text).tzinfo is UTC


@pytest.mark.parametrize("text", ["infinity", "0044-03-15 12:00:00+00 BC", "20260-01-01"])
def test_what_python_cannot_hold_is_an_error(text: str) -> None:
    with pytest.raises(DataError):
        read(text)


def test_every_connection_reads_quickly() -> None:
    connection.ensure_connection()
    assert connection.connection.adapters.get_loader(1184, 0) is UtcLoader
