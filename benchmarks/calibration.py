"""Fits the model that turns ranking totals into probabilities, and says how far to trust them.

`python -m benchmarks.calibration --data TURNS QUERIES [--data TURNS QUERIES …]`, files as for `benchmarks.retrieval`.
Every question weighs the same, whether it has an answer or not; each conversation's figures come from a model that was
fitted on the others. Prints the coefficients (RETRIEVAL_CONFIDENCE), the precision of hits above a threshold, and the
ROC AUC of the best score for telling questions with an answer from adversarial and abstention ones.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.conversations import moment, read_conversations
from benchmarks.instance import data_folder
from benchmarks.retrieval import LEFT_OUT, Store, store

HITS = 10
RIDGE = 1e-3
STEPS = 50


@dataclass
class Sample:
    """The hits of one question: features (n, 3), which of them are evidence (n,), and whether it has an answer."""

    conversation: str
    features: NDArray[np.float32]
    relevant: NDArray[np.float32]
    answerable: bool


def samples(stored: Store) -> list[Sample]:
    """Ask every question and keep what the confidence model sees of the first hits."""
    from memories.retrieval._confidence import features
    from memories.retrieval._request import SearchRequest
    from memories.retrieval._search import find
    from memories.retrieval._sql import uuids

    made = []
    for conversation, owner, turn_ids in stored.asked:
        for query in conversation.queries:
            gold = set(query.get("evidence_turn_ids") or ())
            answerable = query.get("category") not in LEFT_OUT
            if answerable and not gold:
                continue
            found = find(SearchRequest(owner, query["question"], at=moment(query.get("question_time"))))
            if found is None or not found.ordered.places:
                continue
            ranked, places = found.ordered.ranked, found.ordered.places[:HITS]
            seen = features(ranked.totals)[places]
            ids = [turn_ids[memory_id] for memory_id in uuids(ranked.records["memory_id"][places])]
            relevant = np.array([answerable and turn_id in gold for turn_id in ids], np.float32)
            made.append(Sample(conversation.id, seen, relevant, answerable))
    return made


def fitted(chosen: Sequence[Sample]) -> NDArray[np.float64]:
    """Logistic regression by Newton's method, a little ridge; every question weighs the same."""
    x = np.concatenate([sample.features for sample in chosen]).astype(np.float64)
    y = np.concatenate([sample.relevant for sample in chosen]).astype(np.float64)
    weight = np.concatenate([np.full(len(sample.relevant), 1 / len(sample.relevant)) for sample in chosen])
    w = np.zeros(x.shape[1])
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-(x @ w)))
        gradient = x.T @ (weight * (p - y)) + RIDGE * w
        curvature = (x * (weight * p * (1 - p))[:, None]).T @ x + RIDGE * np.eye(len(w))
        w -= np.linalg.solve(curvature, gradient)
    return w


def held_out(all_samples: Sequence[Sample]) -> list[NDArray[np.float64]]:
    """Each sample's probabilities from a model that did not see its conversation."""
    models = {
        name: fitted([other for other in all_samples if other.conversation != name])
        for name in {sample.conversation for sample in all_samples}
    }
    return [1 / (1 + np.exp(-(sample.features @ models[sample.conversation]))) for sample in all_samples]


def figures(all_samples: Sequence[Sample]) -> dict[str, Any]:
    """Coefficients, precision above thresholds, and how well the best score tells answerable questions."""
    scores = held_out(all_samples)
    p, y = np.concatenate(scores), np.concatenate([sample.relevant for sample in all_samples])
    best = np.array([score.max() for score in scores])
    answerable = np.array([sample.answerable for sample in all_samples])
    silent = {
        t: {
            "answerable": float((best[answerable] < t).mean()),
            "unanswerable": float((best[~answerable] < t).mean()) if (~answerable).any() else None,
        }
        for t in (0.3, 0.5, 0.8)
    }
    return {
        "questions": len(all_samples),
        "coefficients": [round(float(value), 3) for value in fitted(all_samples)],
        "precision": {t: _precision(p, y, t) for t in (0.3, 0.5, 0.8)},
        "nothing_above": silent,
        "roc_auc": roc_auc(best, answerable),
    }


def _precision(p: NDArray[np.float64], y: NDArray[np.float32], threshold: float) -> dict[str, float]:
    above = p >= threshold
    return {"hits": int(above.sum()), "precision": float(y[above].mean()) if above.any() else 0.0}


def roc_auc(scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> float | None:
    """The chance that a positive scores above a negative, ties half (Mann & Whitney 1947); None without both."""
    if positive.all() or not positive.any():
        return None
    difference = scores[positive][:, None] - scores[~positive][None, :]
    return float((difference > 0).mean() + (difference == 0).mean() / 2)


def main() -> None:
    """Capture all data sets, ask, fit, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, nargs=2, action="append", required=True, metavar=("TURNS", "QUERIES"))
    options = parser.parse_args()
    with data_folder() as folder:
        from memshadow import embedded_postgres

        server = embedded_postgres.ensure_running(folder)
        try:
            print(json.dumps(_measure(options.data), indent=1))
        finally:
            server.stop()


def _measure(data: Sequence[Sequence[Path]]) -> dict[str, Any]:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections

    call_command("migrate", verbosity=0)
    conversations = [one for turns, queries in data for one in read_conversations(turns, queries)]
    measured = figures(samples(store(conversations)))
    connections.close_all()
    return measured


if __name__ == "__main__":
    main()
