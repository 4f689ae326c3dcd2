"""Writes for which nobody waits for the disk: a crash of the database server costs their last moments, and no more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection

_UNHURRIED = "RETURNING set_config('synchronous_commit', 'off', true)"


def insert(table: str, row: Sequence[tuple[str, Any]]) -> None:
    """One INSERT of (column, value) pairs. Inside a transaction that waits for the disk anyway it waits along."""
    columns, places = ", ".join(name for name, _ in row), ", ".join(["%s"] * len(row))
    statement = f"INSERT INTO {table} ({columns}) VALUES ({places})"  # noqa: S608 - names of models
    with connection.cursor() as cursor:
        whole = statement if connection.in_atomic_block else f"{statement} {_UNHURRIED}"
        cursor.execute(whole, [value for _, value in row])
