"""How much memory the whole product takes when idle: `python -m benchmarks.footprint`."""

from __future__ import annotations

import json
import time
from contextlib import suppress

import httpx
import psutil

from benchmarks.instance import Instance, data_folder, running

SETTLE_S = 20


def exercise(instance: Instance) -> None:
    """One memory in and one search, so that every process has loaded what it needs."""
    headers = {"Authorization": f"Bearer {instance.api_key}"}
    with httpx.Client(base_url=instance.base_url, headers=headers, timeout=60) as client:
        for n in range(20):
            client.post("/api/v1/memories", json={"content": f"The {n}th memory."}).raise_for_status()
            client.get("/api/v1/search", params={"q": f"memory {n}"}).raise_for_status()


def main() -> None:
    """Start, use, let it settle, and add up proportional set sizes (shared pages counted once)."""
    with data_folder() as folder, running(folder) as instance:
        exercise(instance)
        time.sleep(SETTLE_S)
        root = psutil.Process(instance.pid)
        groups: dict[str, float] = {}
        for process in [root, *root.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):  # PostgreSQL's own helpers come and go
                line, mib = " ".join(process.cmdline()), process.memory_full_info().pss / 1024**2
                group = "postgres" if "postgres" in line else "web" if "gunicorn" in line else "worker"
                group = "enricher" if "enrich" in line else group
                group = "supervisor" if process.pid == root.pid else group
                groups[group] = groups.get(group, 0.0) + mib
    print(json.dumps({"pss_mib": groups, "total_mib": sum(groups.values())}, indent=1))


if __name__ == "__main__":
    main()
