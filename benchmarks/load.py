"""Many people at once: `python -m benchmarks.load --users 1000 --seconds 120` against a real `manage.py up`.

Each user waits 5 s on average between requests: 70 % search, 15 % list, 15 % capture, over HTTP with an API key. The
load generator runs on the same machine. Every question and capture is new, so that no cache answers; the users share
a few accounts of a thousand memories each.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import random
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import quote_plus

from benchmarks.archives import Writer
from benchmarks.cpu import CpuMeter
from benchmarks.figures import percentile
from benchmarks.http_client import Connection
from benchmarks.instance import Instance, data_folder, running

KINDS = {"search": 70, "list": 15, "capture": 15}
THINK_S = 5.0
ACCOUNTS = 10
TIMEOUT_S = 30.0


@dataclass
class Results:
    """Milliseconds by kind of request, and errors by what they were."""

    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: Counter[str] = field(default_factory=Counter)


def accounts(memories: int) -> list[str]:
    """API keys of new accounts that hold so many memories each."""
    import django

    django.setup()
    from accounts.flows.api_keys import create_api_key
    from accounts.flows.creating import create_account
    from benchmarks.search import fill

    keys = []
    for number in range(ACCOUNTS):
        owner = create_account(email=f"user{number}@example.org", password=None)
        fill(owner, memories)
        keys.append(create_api_key(owner=owner, name="load", scopes=("memories:read", "memories:write"))[1])
    return keys


def request_of(kind: str, key: str, writer: Writer, number: int) -> bytes:
    """An HTTP request that was never sent before."""
    head = f"Host: 127.0.0.1\r\nAuthorization: Bearer {key}\r\nAccept: application/json\r\n"
    if kind == "search":
        return f"GET /api/v1/search?q={quote_plus(writer.sentence('memory'))}+{number} HTTP/1.1\r\n{head}\r\n".encode()
    if kind == "list":
        return f"GET /api/v1/memories?limit=20 HTTP/1.1\r\n{head}\r\n".encode()
    body = json.dumps({"content": f"{writer.sentence('memory')} {number}"})
    return (
        f"POST /api/v1/memories HTTP/1.1\r\n{head}Content-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


async def user(instance: Instance, key: str, seed: int, until: float, results: Results | None) -> None:
    """One person: think, ask, read, until the end."""
    choices, connection = random.Random(seed), Connection(instance.base_url, TIMEOUT_S)
    writer, number = _writer(seed % 16), seed * 1_000_000
    await asyncio.sleep(choices.random() * THINK_S)
    while time.monotonic() < until:
        (kind,) = choices.choices(list(KINDS), list(KINDS.values()))
        number += 1
        started = time.monotonic()
        try:
            status = await connection.send(request_of(kind, key, writer, number))
            problem = "" if status < 400 else f"{kind}: {status}"
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            problem = f"{kind}: {type(error).__name__}"
        if results is not None:
            results.times[kind].append((time.monotonic() - started) * 1000)
            results.errors.update([problem] if problem else [])
        thinks_s = choices.expovariate(1 / THINK_S)
        await asyncio.sleep(max(0.0, min(thinks_s, until - time.monotonic())))  # nobody is measured idle after the end
    connection.close()


@cache
def _writer(number: int) -> Writer:
    """A few writers for all users: each holds thousands of words."""
    return Writer(seed=number)


async def run(instance: Instance, keys: list[str], users: int, seconds: float, results: Results | None) -> None:
    """All users for so long."""
    for number in range(16):
        _writer(number)
    until = time.monotonic() + seconds
    first = 0 if results is None else 1_000_000
    await asyncio.gather(
        *(user(instance, keys[n % len(keys)], first + n, until, results) for n in range(users)),
    )


def report(results: Results, users: int, seconds: float, cpu: dict[str, float]) -> dict[str, object]:
    """Print the table; returns the figures."""
    total = sum(map(len, results.times.values()))
    figures: dict[str, object] = {
        "users": users,
        "requests_per_s": round(total / seconds, 1),
        "errors": dict(results.errors),
        "cpu_cores_by_process": cpu,
        "cpu_ms_per_request": {name: round(cores * seconds * 1000 / max(total, 1), 2) for name, cores in cpu.items()},
        "ms": {
            kind: {f"p{q}": round(percentile(times, q), 1) for q in (50, 95, 99)}
            for kind, times in results.times.items()
        },
    }
    print(json.dumps(figures, indent=1))
    return figures


def main() -> None:
    """Start the product, fill it, warm it up, load it, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--memories", type=int, default=1000, help="in each account")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = parser.parse_args()
    with data_folder() as folder, running(folder) as instance:
        keys = accounts(arguments.memories)
        logging.getLogger().setLevel(logging.WARNING)
        asyncio.run(run(instance, keys, min(50, arguments.users), 15, None))
        results = Results()
        with CpuMeter(instance.pid) as meter:
            asyncio.run(run(instance, keys, arguments.users, arguments.seconds, results))
        figures = report(results, arguments.users, meter.seconds, meter.cores)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
