"""Reads PostgreSQL's times ten times faster than Django's own loader: a page of hits holds hundreds of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.db.backends.postgresql.base import DatabaseWrapper
from django.db.backends.postgresql.psycopg_any import BaseTzLoader
from psycopg.abc import Buffer


class UtcLoader(BaseTzLoader):  # type: ignore[misc]
    """`timestamptz` in UTC as a datetime. Django compares `timezone` with the connection's before it uses a loader."""

    timezone = UTC

    def load(self, data: Buffer) -> datetime:
        """What datetime cannot hold or Python does not read is left to psycopg, which says so."""
        try:
            return datetime.fromisoformat(bytes(data).decode("ascii"))
        except ValueError:
            return super().load(data)  # type: ignore[no-any-return]


def read_times_quickly(connection: DatabaseWrapper, **_: Any) -> None:
    """Receiver of `connection_created`: sessions in UTC, which ours are, get the quick loader."""
    if connection.vendor == "postgresql" and connection.timezone == UTC:
        connection.connection.adapters.register_loader("timestamptz", UtcLoader)
