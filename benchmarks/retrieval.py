"""How well the product finds: `python -m benchmarks.retrieval --turns T.jsonl.gz --queries Q.jsonl.gz --out RUN.json`.

Each conversation gets an owner of its own; its turns are captured and indexed by the product's own services, and each
question is asked through the public `search()` at its `question_time`. The data's evaluate.py scores the run file; with
evidence in the queries, recall and MRR are printed here too. `--ablation` switches each signal off in turn. `--rerank`
has a reranker read the best hits, which MEMSHADOW_RERANK_* must name.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from benchmarks.conversations import Conversation, capture, moment, read_conversations
from benchmarks.figures import percentile
from benchmarks.instance import data_folder

if TYPE_CHECKING:
    from accounts.models import User

LEFT_OUT = ("adversarial", "abstention")


@dataclass
class Store:
    """The conversations as captured: their owners, and turn ids by memory id."""

    asked: list[tuple[Conversation, User, dict[UUID, str]]] = field(default_factory=list)
    memories: int = 0
    seconds: float = 0.0


@dataclass
class Run:
    """What was found for each query, best first, with scores, and how long each search took."""

    found: dict[str, list[str]] = field(default_factory=dict)
    scores: dict[str, list[float]] = field(default_factory=dict)
    times_ms: list[float] = field(default_factory=list)


def store(conversations: Sequence[Conversation]) -> Store:
    """Capture and index everything through the product."""
    from accounts.flows.creating import create_account
    from memories.indexing import index_pending

    stored, started = Store(), time.perf_counter()
    for number, conversation in enumerate(conversations):
        owner = create_account(email=f"owner{number}@bench.example", password=None)
        stored.asked.append((conversation, owner, capture(owner, conversation)))
        stored.memories += len(conversation.turns)
    index_pending()
    stored.seconds = time.perf_counter() - started
    return stored


def ask(stored: Store, k: int, weights: dict[str, float] | None = None, **changes: Any) -> Run:
    """Ask every query of its owner; `weights` and `changes` go into each request."""
    from memories.retrieval import SearchRequest, search

    run = Run()
    for conversation, owner, turn_ids in stored.asked:
        for query in conversation.queries:
            at = moment(query.get("question_time"))
            request = SearchRequest(owner, query["question"], limit=k, at=at, weights=weights or {}, **changes)
            started = time.perf_counter()
            hits = search(request).hits
            run.times_ms.append((time.perf_counter() - started) * 1000)
            run.found[query["query_id"]] = [turn_ids[hit.memory.id] for hit in hits]
            run.scores[query["query_id"]] = [hit.score for hit in hits]
    return run


def quality(stored: Store, run: Run, level: str = "turn") -> dict[str, float]:
    """Mean recall@10 and MRR@10 over the questions with evidence, adversarial and abstention ones left out."""
    recalls, ranks = [], []
    for conversation, _, _ in stored.asked:
        session_of = {turn["turn_id"]: str(turn.get("session_id")) for turn in conversation.turns}
        for query in conversation.queries:
            gold = set(query.get(f"evidence_{level}_ids") or ())
            if not gold or query.get("category") in LEFT_OUT:
                continue
            ids = run.found[query["query_id"]]
            ids = list(dict.fromkeys(session_of[i] for i in ids)) if level == "session" else ids
            top = ids[:10]
            recalls.append(len(gold & set(top)) / len(gold))
            ranks.append(next((1 / (n + 1) for n, i in enumerate(top) if i in gold), 0.0))
    count = max(len(recalls), 1)
    return {"questions": len(recalls), "recall@10": sum(recalls) / count, "mrr@10": sum(ranks) / count}


def ablation(stored: Store, k: int) -> list[tuple[str, dict[str, float]]]:
    """Quality with everything, then without each signal that has a weight, and without each arm."""
    from memories.retrieval import ARMS, SIGNALS

    rows = [("everything", quality(stored, ask(stored, k)))]
    rows += [(f"without {name}", quality(stored, ask(stored, k, {name: 0.0}))) for name in SIGNALS]
    for arm in ARMS:
        kept = tuple(name for name in ARMS if name != arm)
        rows.append((f"without the {arm} arm", quality(stored, ask(stored, k, arms=kept))))
    return rows


def figures(stored: Store, run: Run) -> dict[str, Any]:
    """Everything that one run measured."""
    return {
        "memories": stored.memories,
        "ingest_s": stored.seconds,
        "memories_per_s": stored.memories / stored.seconds if stored.seconds else 0.0,
        "queries": len(run.times_ms),
        "query_p50_ms": percentile(run.times_ms, 50) if run.times_ms else 0.0,
        "query_p95_ms": percentile(run.times_ms, 95) if run.times_ms else 0.0,
        "turn": quality(stored, run),
        "session": quality(stored, run, "session"),
    }


def report(measured: dict[str, Any]) -> None:
    """The figures as lines for people."""
    print(f"{measured['memories']} memories in {measured['ingest_s']:.1f} s ({measured['memories_per_s']:.1f}/s)")
    print(f"query p50 {measured['query_p50_ms']:.1f} ms, p95 {measured['query_p95_ms']:.1f} ms")
    for level in ("turn", "session"):
        row = measured[level]
        print(f"{level}: recall@10 {row['recall@10']:.4f}, MRR@10 {row['mrr@10']:.4f} ({row['questions']} questions)")


def main() -> None:
    """Capture, index, ask, write the run, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=Path, required=True)
    parser.add_argument("--queries", type=Path, required=True)
    parser.add_argument("--out", type=Path, help="the run file: {query_id: [turn_id, best first]}")
    parser.add_argument("--k", type=int, default=50, help="results a query")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--rerank", default="none", help="cross_encoder or llm")
    parser.add_argument("--ablation", action="store_true", help="each signal and arm off in turn")
    options = parser.parse_args()
    with data_folder() as folder:
        from memshadow import embedded_postgres

        server = embedded_postgres.ensure_running(folder)
        try:
            _measure(options)
        finally:
            server.stop()


def _measure(options: argparse.Namespace) -> None:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections

    call_command("migrate", verbosity=0)
    stored = store(read_conversations(options.turns, options.queries))
    started = time.perf_counter()
    run = ask(stored, options.k, rerank=options.rerank)
    measured = figures(stored, run) | {"wall_s": stored.seconds + time.perf_counter() - started}
    if options.out:
        options.out.write_text(json.dumps(run.found))
    if options.ablation:
        measured["ablation"] = {name: row for name, row in ablation(stored, options.k)}
    print(json.dumps(measured, indent=1)) if options.json else report(measured)
    for name, row in measured.get("ablation", {}).items() if not options.json else ():
        print(f"| {name} | {row['recall@10']:.4f} | {row['mrr@10']:.4f} |")
    connections.close_all()


if __name__ == "__main__":
    main()
