"""Rate limits, shared by all processes: counted in PostgreSQL, all of a request's limits in one statement.

The generic cell rate algorithm (ITU-T I.371): a bucket holds `requests`, each takes one out, and it refills evenly over
`window_s`. A bucket is one number, the time at which it is full again, so a request is one atomic UPSERT.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import Any

from django.db import connection

from memshadow.lib.errors import MemshadowError

# So that rounding never takes the last request away.
_TOLERANCE = 0.01
_NOW = "(excluded.full_at - excluded.step_s)"
_NEXT = f"greatest(b.full_at, {_NOW}) + excluded.step_s"
_FITS = f"{_NEXT} - {_NOW} <= excluded.room_s"
# Rows are locked in the order of their keys, so that two requests never wait for each other crosswise.
_CHARGE = f"""
    INSERT INTO accounts_ratebucket AS b (key, full_at, step_s, room_s, allowed)
    SELECT key, extract(epoch FROM clock_timestamp())::float8 + step_s, step_s, room_s, true
    FROM unnest(%s::text[], %s::float8[], %s::float8[]) AS wanted (key, step_s, room_s) ORDER BY key
    ON CONFLICT (key) DO UPDATE SET
        full_at = CASE WHEN {_FITS} THEN {_NEXT} ELSE b.full_at END,
        step_s = excluded.step_s, room_s = excluded.room_s, allowed = {_FITS}
    RETURNING key, full_at - extract(epoch FROM clock_timestamp())::float8, allowed
"""  # noqa: S608 - made of the constants above
_GIVE_BACK = "UPDATE accounts_ratebucket SET full_at = full_at - step_s WHERE key = ANY(%s)"
_BLOCK = """
    INSERT INTO accounts_ratebucket AS b (key, full_at, step_s, room_s, allowed)
    VALUES (%s, extract(epoch FROM clock_timestamp())::float8 + %s, %s, %s, false)
    ON CONFLICT (key) DO UPDATE SET full_at = greatest(b.full_at, excluded.full_at)
"""
_PRUNE = "DELETE FROM accounts_ratebucket WHERE full_at < extract(epoch FROM clock_timestamp())"


class RateLimited(MemshadowError):
    """Too much in too short a time; the message says how long to wait."""

    status = 429
    code = "rate-limited"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `requests` at once, refilled over `window_s` seconds, for one subject (a person, key, address …)."""

    name: str
    subject: str
    requests: int
    window_s: float

    @property
    def key(self) -> str:
        """The bucket's key; subjects of any length fit, and e-mail addresses are not stored."""
        return f"{self.name}:{hashlib.sha256(self.subject.encode()).hexdigest()[:40]}"

    @property
    def step_s(self) -> float:
        """Seconds until one more request is allowed."""
        return self.window_s / self.requests

    @property
    def room_s(self) -> float:
        """How far ahead of the clock the bucket may be."""
        return self.window_s + _TOLERANCE * self.step_s


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a request stands with the tightest of its limits; times in seconds."""

    limit: Limit
    allowed: bool
    full_in_s: float

    @property
    def remaining(self) -> int:
        """How many more requests are allowed at once."""
        left = (self.limit.room_s - self.full_in_s) / self.limit.step_s
        return max(0, min(self.limit.requests, floor(left)))

    @property
    def retry_after_s(self) -> int:
        """Whole seconds until the next request is allowed; 0 while one is."""
        return max(0, ceil(self.full_in_s + self.limit.step_s - self.limit.room_s)) if not self.allowed else 0

    def headers(self) -> dict[str, str]:
        """The widely used `RateLimit-*` headers, and Retry-After with a refusal."""
        headers = {
            "RateLimit-Limit": str(self.limit.requests),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(max(0, ceil(self.full_in_s))),
            "RateLimit-Policy": f"{self.limit.requests};w={ceil(self.limit.window_s)}",
        }
        return headers if self.allowed else headers | {"Retry-After": str(max(1, self.retry_after_s))}

    def refusal(self) -> RateLimited:
        """The error that a refused request gets."""
        wait = max(1, self.retry_after_s)
        words = f"{wait} seconds" if wait < 120 else f"{ceil(wait / 60)} minutes"
        return RateLimited(f"That was too much in too short a time; try again in {words}.", retry_after_s=wait)


def charge(limits: Sequence[Limit]) -> Verdict:
    """Count a request against all of its limits, in one statement; the tightest one's verdict.

    The request is refused when any limit is used up. `limits` must not be empty.
    """
    by_key = {limit.key: limit for limit in limits}
    columns: list[Any] = [list(by_key), [x.step_s for x in by_key.values()], [x.room_s for x in by_key.values()]]
    with connection.cursor() as cursor:
        cursor.execute(_CHARGE, columns)
        found = [Verdict(by_key[key], allowed, full_in_s) for key, full_in_s, allowed in cursor.fetchall()]
    return min(found, key=lambda verdict: (verdict.allowed, -verdict.retry_after_s, verdict.remaining))


def give_back(limits: Sequence[Limit]) -> None:
    """Undo one `charge`: an attempt that succeeded does not count."""
    with connection.cursor() as cursor:
        cursor.execute(_GIVE_BACK, [[limit.key for limit in limits]])


def block(limit: Limit, for_s: float) -> None:
    """Let nothing of this subject through for so long."""
    with connection.cursor() as cursor:
        cursor.execute(_BLOCK, [limit.key, limit.room_s + for_s, limit.step_s, limit.room_s])


def prune_buckets() -> int:
    """Remove buckets that are full again, which say nothing; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(_PRUNE)
        return int(cursor.rowcount)
