"""What the product needs from its PostgreSQL, and what is missing from the one it got."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import DatabaseError, connection

from memshadow.lib.errors import Unavailable

LEAST_SERVER = 150000
LEAST_VECTOR = (0, 8, 3)
_DOCUMENTATION = "docs/operations.md, 'Your own PostgreSQL'"


class DatabaseUnsuitable(Unavailable):
    """The database cannot be reached or lacks something; the message names the remedy."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the server says about itself. Versions of pgvector are None when it is absent."""

    server_version: int
    encoding: str
    vector_available: str | None
    vector_installed: str | None


@dataclass(frozen=True, slots=True)
class Problem:
    """One unmet requirement: its check number, what is wrong, what to do."""

    number: str
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}"


def read_facts() -> Facts:
    """Ask the configured database about itself. Raises DatabaseUnsuitable when it cannot be reached."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('server_version_num')::int, current_setting('server_encoding'),"
                " (SELECT default_version FROM pg_available_extensions WHERE name = 'vector'),"
                " (SELECT extversion FROM pg_extension WHERE extname = 'vector')"
            )
            version, encoding, available, installed = cursor.fetchone()
    except DatabaseError as error:
        raise DatabaseUnsuitable(_unreachable(error)) from error
    return Facts(version, encoding, available, installed)


def _unreachable(error: DatabaseError) -> str:
    reason = " ".join(str(error).split()) or type(error).__name__
    return (
        f"The database cannot be reached: {reason}. Check that PostgreSQL runs and that DATABASE_URL "
        "(postgresql://user:password@host:5432/database) is right, or unset it to use the embedded database."
    )


def problems(facts: Facts) -> list[Problem]:
    """Every requirement that `facts` do not meet; empty for a suitable database."""
    found = []
    if facts.server_version < LEAST_SERVER:
        found.append(
            Problem(
                "memshadow.E001",
                f"The database is PostgreSQL {facts.server_version // 10000}; 15 or newer is needed.",
                "Upgrade the server, or unset DATABASE_URL to use the embedded database.",
            )
        )
    if facts.encoding != "UTF8":
        found.append(
            Problem(
                "memshadow.E004",
                f"The database's encoding is {facts.encoding}; UTF8 is needed.",
                "Create it anew with: CREATE DATABASE memshadow ENCODING 'UTF8' TEMPLATE template0.",
            )
        )
    return found + _vector_problems(facts)


def _vector_problems(facts: Facts) -> list[Problem]:
    version = facts.vector_installed or facts.vector_available
    if version is None:
        return [
            Problem(
                "memshadow.E002",
                "The database server lacks the pgvector extension.",
                f"Install pgvector 0.8.3 or newer there ({_DOCUMENTATION}), or unset DATABASE_URL to use "
                "the embedded database.",
            )
        ]
    if parse_version(version) >= LEAST_VECTOR:
        return []
    if facts.vector_available and parse_version(facts.vector_available) >= LEAST_VECTOR:
        remedy = "Run as a superuser in this database: ALTER EXTENSION vector UPDATE."
    else:
        remedy = f"Upgrade pgvector on the server ({_DOCUMENTATION}), then run ALTER EXTENSION vector UPDATE."
    return [Problem("memshadow.E003", f"pgvector is {version}; 0.8.3 or newer is needed.", remedy)]


def parse_version(text: str) -> tuple[int, ...]:
    """'0.8.5' as (0, 8, 5); anything after the digits of a part is ignored."""
    digits = ("".join(ch for ch in part if ch.isdigit()) for part in text.split("."))
    return tuple(int(part or 0) for part in digits)


def require_suitable() -> Facts:
    """The facts of a suitable database. Raises DatabaseUnsuitable with every problem of an unsuitable one."""
    facts = read_facts()
    found = problems(facts)
    if found:
        raise DatabaseUnsuitable("\n".join(str(problem) for problem in found))
    return facts
