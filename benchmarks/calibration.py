"""Fits the model that turns ranking totals into probabilities, and says how far to trust them.

`python -m benchmarks.calibration --data TURNS QUERIES [--data TURNS QUERIES …]`, files as for `benchmarks.retrieval`.
Each conversation's figures come from a model that was fitted on the others. Prints the coefficients
(RETRIEVAL_CONFIDENCE), the precision of hits above a threshold, and the ROC AUC of the best score for telling questions
with an answer from adversarial and abstention ones, and from those that were asked of another conversation.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from benchmarks.conversations import moment, read_conversations
from benchmarks.instance import data_folder
from benchmarks.retrieval import LEFT_OUT, Store, store

if TYPE_CHECKING:
    from accounts.models import User

HITS = 10
RIDGE = 1e-3
STEPS = 50
# What it weighs that the best hit tells whether the question has an answer, beside that each hit's score is honest.
ANSWERABLE = 0.25
# Of another conversation's questions each third is asked; beside others a hit of theirs weighs so much.
EVERY = 3
ELSEWHERE = 0.5
THRESHOLDS = (0.3, 0.5, 0.8)


@dataclass
class Sample:
    """The hits of one question, best first: features (n, 7), and which are evidence (n,).

    `answerable`: the answer was there. `elsewhere`: it was asked where the answer is not. `narrow`: of one session.
    """

    conversation: str
    features: NDArray[np.float32]
    relevant: NDArray[np.float32]
    answerable: bool
    elsewhere: bool = False
    narrow: bool = False


def samples(stored: Store) -> list[Sample]:
    """Ask every question of its own conversation, and some where less or nothing is to be found.

    Those are asked of the next conversation, of the session that holds the answer alone, and of another session alone.
    """
    made: list[Sample | None] = []
    for place, (conversation, owner, turn_ids) in enumerate(stored.asked):
        asked = partial(_sample, conversation.id, owner, turn_ids)
        own = [q for q in conversation.queries if q.get("category") in LEFT_OUT or q.get("evidence_turn_ids")]
        made += [asked(query, answerable=query.get("category") not in LEFT_OUT) for query in own]
        other = stored.asked[(place + 1) % len(stored.asked)][0]
        foreign = other.queries[::EVERY] if other is not conversation else []
        made += [asked(query, answerable=False, elsewhere=True) for query in foreign]
        sessions = _sessions(owner, turn_ids)
        for query in [q for q in own if q.get("category") not in LEFT_OUT][::EVERY]:
            held = {sessions[turn_id] for turn_id in query["evidence_turn_ids"] if turn_id in sessions}
            others = [session for session in dict.fromkeys(sessions.values()) if session not in held]
            if len(held) == 1 and others:
                made.append(asked(query, min(held), answerable=True))
                made.append(asked(query, others[len(made) % len(others)], answerable=False, elsewhere=True))
    return [sample for sample in made if sample is not None]


def _sessions(owner: User, turn_ids: Mapping[UUID, str]) -> dict[str, UUID]:
    from memories.models import Memory

    rows = Memory.objects.filter(owner=owner, conversation__isnull=False).values_list("id", "conversation_id")
    return {turn_ids[memory_id]: conversation for memory_id, conversation in rows if memory_id in turn_ids}


def _sample(
    conversation: str,
    owner: User,
    turn_ids: Mapping[UUID, str],
    query: dict[str, Any],
    session: UUID | None = None,
    *,
    answerable: bool,
    elsewhere: bool = False,
) -> Sample | None:
    """What the confidence model sees of the first hits, of one session alone if it is given; None for no hits."""
    from memories.filters import MemoryFilter
    from memories.retrieval._confidence import features
    from memories.retrieval._request import SearchRequest
    from memories.retrieval._search import find
    from memories.retrieval._sql import uuids

    at = moment(query.get("question_time"))
    found = find(SearchRequest(owner, query["question"], wanted=MemoryFilter(conversation_id=session), at=at))
    if found is None or not found.ordered.places:
        return None
    ranked, places = found.ordered.ranked, found.ordered.places[:HITS]
    gold = set(query.get("evidence_turn_ids") or ()) if answerable else set()
    ids = [turn_ids[memory_id] for memory_id in uuids(ranked.records["memory_id"][places])]
    relevant = np.array([turn_id in gold for turn_id in ids], np.float32)
    seen = features(ranked.totals, ranked.lead)[places]
    return Sample(conversation, seen, relevant, answerable, elsewhere, narrow=session is not None)


def fitted(chosen: Sequence[Sample]) -> NDArray[np.float64]:
    """Logistic regression by Newton's method, a little ridge; every question of a kind weighs the same.

    Besides telling evidence from the other hits, the best hit of a question is to tell whether it has an answer: those
    are further rows, with a constant of their own.
    """
    hits = np.concatenate([sample.features for sample in chosen])
    best = np.stack([sample.features[0] for sample in chosen])
    own_constant = np.concatenate([np.zeros(len(hits)), np.ones(len(best))])
    x = np.column_stack([np.concatenate([hits, best]), own_constant]).astype(np.float64)
    y = np.concatenate([*(sample.relevant for sample in chosen), [sample.answerable for sample in chosen]])
    each = [np.full(len(s.relevant), (ELSEWHERE if s.elsewhere else 1) / len(s.relevant)) for s in chosen]
    weight = np.concatenate([*each, ANSWERABLE * _balanced(chosen)])
    w = np.zeros(x.shape[1])
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-(x @ w)))
        gradient = x.T @ (weight * (p - y)) + RIDGE * w
        curvature = (x * (weight * p * (1 - p))[:, None]).T @ x + RIDGE * np.eye(len(w))
        w -= np.linalg.solve(curvature, gradient)
    return w[:-1]


def _balanced(chosen: Sequence[Sample]) -> NDArray[np.float64]:
    """A weight a question (n,): half for those with an answer, a quarter for each kind without; n in all."""
    kinds = [(s.answerable, s.elsewhere) for s in chosen]
    share = {(True, False): 0.5, (False, False): 0.25, (False, True): 0.25}
    return np.array([share[kind] * len(kinds) / kinds.count(kind) for kind in kinds])


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
    own = [n for n, sample in enumerate(all_samples) if not sample.elsewhere and not sample.narrow]
    p = np.concatenate([scores[n] for n in own])
    y = np.concatenate([all_samples[n].relevant for n in own])
    best = np.array([score.max() for score in scores])
    answerable = np.array([sample.answerable for sample in all_samples])
    elsewhere = np.array([sample.elsewhere for sample in all_samples])
    narrow = np.array([sample.narrow for sample in all_samples])
    kinds = {
        "answerable": answerable & ~narrow,
        "unanswerable": ~answerable & ~elsewhere,
        "elsewhere": elsewhere & ~narrow,
        "in its session": answerable & narrow,
        "in another session": elsewhere & narrow,
    }
    with_answer = kinds["answerable"]
    return {
        "questions": {kind: int(chosen.sum()) for kind, chosen in kinds.items()},
        "coefficients": [round(float(value), 3) for value in fitted(all_samples)],
        "precision": {t: _precision(p, y, t) for t in THRESHOLDS},
        "nothing_above": {
            t: {kind: float((best[chosen] < t).mean()) for kind, chosen in kinds.items() if chosen.any()}
            for t in THRESHOLDS
        },
        "roc_auc": {
            kind: roc_auc(best[with_answer | chosen], with_answer[with_answer | chosen])
            for kind, chosen in kinds.items()
            if kind in ("unanswerable", "elsewhere")
        },
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
