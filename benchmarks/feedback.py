"""What feedback is worth: `python -m benchmarks.feedback --turns T.jsonl.gz --queries Q.jsonl.gz`.

A simulated user asks questions of each conversation through the public `search()` and says 'useful' where an answer
is the evidence, ten times. Held back are the other questions: those with a turn of evidence in common with one that
was judged ('alike'), and all the rest ('other'), which must not get worse. Each seed picks other questions to judge;
what was learnt is forgotten in between. Then an adversary: every answer to fifty questions is called useless, by the
owner and by somebody else, and the pinned memories must still be found.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any
from uuid import UUID

from benchmarks.conversations import Conversation, moment, read_conversations
from benchmarks.instance import data_folder
from benchmarks.retrieval import LEFT_OUT, store

if TYPE_CHECKING:
    from accounts.models import User
    from memories.retrieval import SearchResult

FEEDBACKS = 10
SHOWN = 20  # results that the user looks through
ATTACKS = 50
PINS = 5
RESAMPLES = 2000


@dataclass
class Asked:
    """One conversation as captured, with the questions that can be scored."""

    conversation: Conversation
    owner: User
    turn_ids: dict[UUID, str]
    queries: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Held:
    """Recall@10 of held-back questions before and after, in pairs."""

    before: list[float] = field(default_factory=list)
    after: list[float] = field(default_factory=list)

    def figures(self) -> dict[str, float]:
        """Means and the 95 % interval of the difference by paired bootstrap."""
        differences = [after - before for before, after in zip(self.before, self.after, strict=True)]
        low, high = interval(differences)
        return {
            "questions": len(differences),
            "before": mean(self.before),
            "after": mean(self.after),
            "gain": mean(differences),
            "gain_low": low,
            "gain_high": high,
        }


def mean(values: Sequence[float]) -> float:
    return fmean(values) if values else 0.0


def interval(values: Sequence[float]) -> tuple[float, float]:
    """The middle 95 % of the mean under resampling."""
    if not values:
        return 0.0, 0.0
    chance = random.Random(0)
    means = sorted(mean(chance.choices(values, k=len(values))) for _ in range(RESAMPLES))
    return means[int(0.025 * RESAMPLES)], means[int(0.975 * RESAMPLES)]


def evidence(query: dict[str, Any]) -> set[str]:
    return set(query.get("evidence_turn_ids") or ())


def scored(conversation: Conversation) -> list[dict[str, Any]]:
    return [q for q in conversation.queries if evidence(q) and q.get("category") not in LEFT_OUT]


def answer(asked: Asked, query: dict[str, Any], limit: int, *, log: bool = False) -> tuple[SearchResult, UUID | None]:
    """Ask through the public search, and log it as a face does when asked to."""
    from memories.retrieval import SearchRequest, search
    from memories.services.feedback import log_retrieval

    at = moment(query.get("question_time"))
    request = SearchRequest(asked.owner, query["question"], limit=limit, at=at)
    result = search(request)
    kept = log_retrieval(owner=asked.owner, request=request, result=result, via="api") if log else None
    return result, kept


def recall(asked: Asked, query: dict[str, Any]) -> float:
    gold = evidence(query)
    hits = answer(asked, query, 10)[0].hits
    return len(gold & {asked.turn_ids[hit.memory.id] for hit in hits}) / len(gold)


def judge(asked: Asked, queries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Ask until ten answers were called useful; returns the questions that got one."""
    from memories.services.feedback import give_feedback

    judged: list[dict[str, Any]] = []
    for query in queries:
        result, retrieval_id = answer(asked, query, SHOWN, log=True)
        right = [hit.memory.id for hit in result.hits if asked.turn_ids[hit.memory.id] in evidence(query)]
        if right:
            give_feedback(owner=asked.owner, memory_id=right[0], verdict="useful", retrieval_id=retrieval_id)
            judged.append(query)
        if len(judged) == FEEDBACKS:
            break
    return judged


def learn(asked: Asked, seed: int, baseline: dict[str, float], alike: Held, other: Held) -> int:
    """Judge ten questions that others are alike to, and ask the held-back ones again; returns how many were judged."""
    from memories.services.learning import learn_from_feedback

    chance = random.Random(f"{seed}{asked.conversation.id}")
    candidates = [q for q in asked.queries if any(q is not o and evidence(q) & evidence(o) for o in asked.queries)]
    judged = judge(asked, chance.sample(candidates, len(candidates)))
    learn_from_feedback()
    known = set().union(*map(evidence, judged)) if judged else set()
    for query in asked.queries:
        if query in judged:
            continue
        held = alike if evidence(query) & known else other
        held.before.append(baseline[query["query_id"]])
        held.after.append(recall(asked, query))
    return len(judged)


def forget() -> None:
    """Nothing was ever said or learnt."""
    from memories.models import Feedback, LearntRule, Retrieval

    for model in (Feedback, LearntRule, Retrieval):
        model.objects.all().delete()


def rank(asked: Asked, query: dict[str, Any], memory_id: UUID) -> int:
    """The place of a memory among the first 50, from 1; 51 when it is not there."""
    ids = [hit.memory.id for hit in answer(asked, query, 50)[0].hits]
    return ids.index(memory_id) + 1 if memory_id in ids else 51


def attack(asked: Asked, other: User) -> list[dict[str, int]]:
    """Pin evidence, then call every answer useless; the ranks of the pinned memories along the way."""
    from memories.services.lifecycle import set_pinned

    targets: list[tuple[dict[str, Any], UUID]] = []
    for query in asked.queries:
        hits = answer(asked, query, 3)[0].hits
        right = [hit.memory.id for hit in hits if asked.turn_ids[hit.memory.id] in evidence(query)]
        if right and len(targets) < PINS:
            targets.append((query, right[0]))
    for _, memory_id in targets:
        set_pinned(owner=asked.owner, memory_id=memory_id, pinned=True)
    ranks = [{"before": rank(asked, *target)} for target in targets]
    flood(asked, other)
    for row, target in zip(ranks, targets, strict=True):
        row["foreign"] = rank(asked, *target)
    flood(asked, asked.owner)
    for row, target in zip(ranks, targets, strict=True):
        row["own"] = rank(asked, *target)
    for _, memory_id in targets:
        set_pinned(owner=asked.owner, memory_id=memory_id, pinned=False)
    for row, target in zip(ranks, targets, strict=True):
        row["unpinned"] = rank(asked, *target)
    return ranks


def flood(asked: Asked, by: User) -> None:
    """Fifty questions, each with its first ten answers called useless by somebody, who may not be their owner."""
    from memories.services.feedback import give_feedback
    from memshadow.lib.errors import NotFound

    for number in range(ATTACKS):
        query = asked.queries[number % len(asked.queries)]
        text = query["question"] if number < len(asked.queries) else f"{query['question']} ({number})"
        result, retrieval_id = answer(asked, query | {"question": text}, 10, log=True)
        for hit in result.hits:
            try:
                give_feedback(owner=by, memory_id=hit.memory.id, verdict="not_useful", retrieval_id=retrieval_id)
            except NotFound:
                continue  # somebody else's memory does not exist for them


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Everything that the module promises, as plain values."""
    from accounts.flows.creating import create_account

    stored = store(read_conversations(options.turns, options.queries))
    people = [Asked(*parts, scored(parts[0])) for parts in stored.asked]
    baseline = {q["query_id"]: recall(asked, q) for asked in people for q in asked.queries}
    alike, other, judged = Held(), Held(), 0
    for seed in range(options.seeds):
        forget()
        judged += sum(learn(asked, seed, baseline, alike, other) for asked in people)
    forget()
    stranger = create_account(email="stranger@bench.example", password=None)
    ranks = [row for asked in people if asked.queries for row in attack(asked, stranger)]
    buried = {step: sum(row[step] > 10 for row in ranks) for step in ("before", "foreign", "own", "unpinned")}
    return {
        "feedbacks": judged / max(1, options.seeds * len(people)),
        "alike": alike.figures(),
        "other": other.figures(),
        "pinned": len(ranks),
        "below_10th": buried,
        "mean_rank": {step: mean([row[step] for row in ranks]) for step in buried},
    }


def report(found: dict[str, Any]) -> None:
    """The figures as lines for people."""
    print(f"{found['feedbacks']:.1f} answers called useful a conversation")
    for name in ("alike", "other"):
        row = found[name]
        gain = f"{row['gain']:+.4f} [{row['gain_low']:+.4f}, {row['gain_high']:+.4f}]"
        print(
            f"held-back questions, {name}: recall@10 {row['before']:.4f} -> {row['after']:.4f}, gain {gain} "
            f"({row['questions']} questions)"
        )
    print(f"{found['pinned']} pinned memories, below the 10th place: {found['below_10th']}")
    print(f"their mean rank: {found['mean_rank']}")


def main() -> None:
    """Capture, ask, judge, ask again, attack; print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=Path, required=True)
    parser.add_argument("--queries", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3, help="how often other questions are judged")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args()
    with data_folder() as folder:
        from memshadow import embedded_postgres

        server = embedded_postgres.ensure_running(folder)
        try:
            import django

            django.setup()
            from django.core.management import call_command
            from django.db import connections

            call_command("migrate", verbosity=0)
            found = measure(options)
            print(json.dumps(found, indent=1)) if options.json else report(found)
            connections.close_all()
        finally:
            server.stop()


if __name__ == "__main__":
    main()
