"""What the rate limiter costs a request: one statement, alone, and as part of the cheapest call of the API.

`python -m benchmarks.rate_limits` starts a database of its own and prints one JSON object, times in milliseconds.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from statistics import median, quantiles
from typing import Any

from benchmarks.instance import data_folder


def main() -> None:
    """Parse the number of calls and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=2000)
    calls = parser.parse_args().calls
    with data_folder() as folder:
        from memshadow import embedded_postgres

        handle = embedded_postgres.ensure_running(folder)
        try:
            print(json.dumps(measure(calls), indent=2))
        finally:
            handle.stop()


def measure(calls: int) -> dict[str, dict[str, float]]:
    """Milliseconds by what was measured."""
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.test import Client

    from accounts.flows.api_keys import create_api_key
    from accounts.flows.creating import create_account
    from accounts.limits.counting import Limit, charge

    call_command("migrate", verbosity=0)
    owner = create_account(email="bench@example.org", password=None, role="owner")
    key = create_api_key(owner=owner, name="bench", scopes=["*"])[1]
    client = Client(headers={"Authorization": f"Bearer {key}"})
    limits = [Limit("user", "a", 10**6, 60.0), Limit("key", "a", 10**6, 60.0)]
    settings.ALLOWED_HOSTS = ["testserver"]
    settings.RATE_LIMIT_USER = settings.RATE_LIMIT_KEY = (10**6, 60.0)
    calls_by_name: dict[str, Callable[[], object]] = {
        "one charge, two limits": lambda: charge(limits),
        "GET /me, limits on": lambda: _me(client, on=True),
        "GET /me, limits off": lambda: _me(client, on=False),
    }
    return timed(calls_by_name, calls)


def _me(client: Any, *, on: bool) -> None:
    from django.conf import settings

    settings.RATE_LIMITS = on
    client.get("/api/v1/me")


def timed(calls_by_name: dict[str, Callable[[], object]], rounds: int) -> dict[str, dict[str, float]]:
    """p50 and p95 of each call; the calls take turns, so that what else the machine does hits all alike."""
    took: dict[str, list[float]] = {name: [] for name in calls_by_name}
    for _ in range(rounds + 50):
        for name, call in calls_by_name.items():
            start = time.perf_counter()
            call()
            took[name].append((time.perf_counter() - start) * 1000)
    return {
        name: {"p50": round(median(times[50:]), 3), "p95": round(quantiles(times[50:], n=20)[18], 3)}
        for name, times in took.items()
    }


if __name__ == "__main__":
    main()
