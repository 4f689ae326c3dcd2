"""How fast memories come in: from API batch to fully indexed, beside the bare embedding model on the same texts.

`python -m benchmarks.ingest [--memories 3000]`. Both use two single-threaded processes.
"""

from __future__ import annotations

import argparse
import json
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import httpx

from benchmarks.archives import Writer
from benchmarks.instance import ROOT, Instance, data_folder, running

BATCH = 500
MAX_CHARS = 900  # what the model reads of a text at once, so that both sides embed the same tokens


def texts(count: int) -> list[str]:
    """Turns of a chat: questions and answers of one to several paragraphs, one chunk each."""
    writer = Writer(seed=11)
    made = (f"{writer.text(role, 'memory')}" for _ in range(count) for role in ("user", "assistant"))
    return list(dict.fromkeys(text[:MAX_CHARS] for text in made))[:count]


def bare(part: list[str]) -> int:
    """Embed a part with the model alone; returns how many texts."""
    from memories.embedding import get_provider

    return len(get_provider("local", ROOT / ".stamps" / "models", 1).embed_documents(part))


def bare_seconds(everything: list[str]) -> float:
    """Two processes, the model loaded before the clock starts."""
    halves = [everything[0::2], everything[1::2]]
    with ProcessPoolExecutor(2) as pool:
        list(pool.map(bare, [["warm up"] * 64] * 2))
        started = time.perf_counter()
        list(pool.map(bare, halves))
        return time.perf_counter() - started


def ingest_seconds(instance: Instance, everything: list[str]) -> float:
    """From the first request to the moment when nothing is pending."""
    client = httpx.Client(
        base_url=instance.base_url, headers={"Authorization": f"Bearer {instance.api_key}"}, timeout=120
    )
    with client:
        warm = [{"content": f"warm up {n}"} for n in range(200)]
        client.post("/api/v1/memories/batch", json={"memories": warm}).raise_for_status()
        _wait_indexed(client)
        started = time.perf_counter()
        for first in range(0, len(everything), BATCH):
            body = {"memories": [{"content": text} for text in everything[first : first + BATCH]]}
            client.post("/api/v1/memories/batch", json=body).raise_for_status()
        _wait_indexed(client)
        return time.perf_counter() - started


def _wait_indexed(client: httpx.Client) -> None:
    while client.get("/api/v1/stats").raise_for_status().json()["pending"]:
        time.sleep(0.1)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--memories", type=int, default=3000)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = parser.parse_args()
    everything = texts(arguments.memories)
    with data_folder() as folder, running(folder) as instance:
        ingest = ingest_seconds(instance, everything)
    raw = bare_seconds(everything)
    figures = {
        "memories": len(everything),
        "mean_chars": sum(map(len, everything)) / len(everything),
        "product_per_s": len(everything) / ingest,
        "model_per_s": len(everything) / raw,
        "ratio": raw / ingest,
    }
    print(json.dumps(figures, indent=1))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures))


if __name__ == "__main__":
    main()
