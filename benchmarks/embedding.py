"""Embedding speed: documents beside the bare runtime on the same batches, questions alone and from eight threads.

`python -m benchmarks.embedding [--precision int8|float32] [--texts 600] [--json]`. Needs no database.
"""

from __future__ import annotations

import argparse
import json
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.figures import percentile
from memories.embedding import PRECISIONS, Machine, Precision, local_spec, open_provider
from memories.embedding.batching import pad, plan_batches
from memories.embedding.local import BATCH_TOKENS_A_THREAD, LocalProvider
from memories.embedding.preparation import GRAPH_FILE, TOKENIZER_FILE, prepare
from memories.embedding.runtime import open_session
from memories.embedding.serving import ServedProvider
from memories.embedding.wordpieces import Wordpieces

MODELS = Path(__file__).resolve().parent.parent / ".stamps" / "models"
ROUNDS = 5
THREADS = 8
WORDS = """we moved the piano lesson to thursday because anna has her appointment at the dentist and the garden needs
water before the trip to lisbon where is the invoice for the new roof it must be in the folder of the insurance please
remember that the bread wants eighteen hours in the fridge and that the landlord answers letters only in
writing""".split()  # noqa: SIM905


def texts_of_mixed_length(count: int, seed: int = 7) -> list[str]:
    """Lengths as in chats: most of a sentence or two, some of a page."""
    rng = random.Random(seed)
    sizes = [min(400, max(3, int(rng.lognormvariate(3.2, 0.9)))) for _ in range(count)]
    return [f"{number} " + " ".join(rng.choices(WORDS, k=size)) for number, size in enumerate(sizes)]


def documents(precision: Precision, count: int) -> dict[str, float]:
    """Processor and wall seconds of the provider and of the bare session on the same batches; the best of rounds."""
    texts = texts_of_mixed_length(count)
    ready = prepare(MODELS, precision)
    session = open_session(ready / GRAPH_FILE, 1)
    ids = Wordpieces(ready / TOKENIZER_FILE).model_inputs(texts, LocalProvider.max_tokens)
    plan = plan_batches([len(row) for row in ids], BATCH_TOKENS_A_THREAD)
    batches = [pad([ids[position] for position in positions], 0) for positions in plan]

    backend = LocalProvider(MODELS, 1, precision)

    def bare() -> None:
        for batch in batches:
            session.run(["sentence"], {"ids": batch})

    def product() -> None:
        # What surrounds the model is made anew, so that no cache answers.
        ServedProvider(backend, "benchmark").embed_documents(texts)

    product()
    bare_s, product_s = [], []
    for _ in range(ROUNDS):
        bare_s.append(processor_s(bare))
        product_s.append(processor_s(product))
    tokens = sum(map(len, ids))
    return {
        "texts": count,
        "tokens": tokens,
        "bare_texts_per_s": round(count / min(bare_s), 1),
        "product_texts_per_s": round(count / min(product_s), 1),
        "product_tokens_per_s": round(tokens / min(product_s)),
        "ratio": round(min(bare_s) / min(product_s), 3),
    }


def processor_s(work: Callable[[], None]) -> float:
    """Seconds of processor time: what else the machine does does not count."""
    started = time.process_time()
    work()
    return time.process_time() - started


def questions(threads: int, ask: Callable[[str], Any], seconds: float) -> dict[str, float]:
    """Each thread asks one new question after the other."""
    times: list[float] = []
    end = time.perf_counter() + seconds

    def work(number: int) -> None:
        rng = random.Random(f"{number}-{end}")
        while time.perf_counter() < end:
            text = " ".join(rng.choices(WORDS, k=rng.randint(5, 20)))
            started = time.perf_counter()
            ask(text)
            times.append((time.perf_counter() - started) * 1000)

    cpu = time.process_time()
    workers = [threading.Thread(target=work, args=[number]) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return {
        "per_s": round(len(times) / seconds, 1),
        "cpu_ms": round((time.process_time() - cpu) * 1000 / len(times), 2),
        "p50_ms": round(percentile(times, 50), 2),
        "p95_ms": round(percentile(times, 95), 2),
    }


def measure(precision: Precision, count: int, seconds: float) -> dict[str, Any]:
    """Everything."""
    served = open_provider(local_spec(precision), Machine(MODELS))
    backend = LocalProvider(MODELS, 1, precision)
    backend.embed(["warm"])
    figures: dict[str, Any] = {"precision": precision, "documents": documents(precision, count)}
    for threads in (1, THREADS):
        figures[f"questions, {threads} threads, each run alone"] = questions(
            threads, lambda text: backend.embed([text], "query"), seconds
        )
        figures[f"questions, {threads} threads, joined"] = questions(threads, served.embed_query, seconds)
    known = "where is the invoice?"
    served.embed_query(known)
    started = time.perf_counter()
    for _ in range(1000):
        served.embed_query(known)
    figures["a known question, µs"] = round((time.perf_counter() - started) * 1000, 1)
    return figures


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--precision", choices=PRECISIONS, default="int8")
    parser.add_argument("--texts", type=int, default=600)
    parser.add_argument("--seconds", type=float, default=6.0, help="of each measurement of questions")
    parser.add_argument("--json", action="store_true", help="for machines")
    arguments = parser.parse_args()
    figures = measure(arguments.precision, arguments.texts, arguments.seconds)
    if arguments.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name}: {value}")


if __name__ == "__main__":
    main()
