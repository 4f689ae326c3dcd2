"""Whether what goes into a prompt belongs there: `python -m benchmarks.belonging --data TURNS QUERIES [--data …]`.

Files as for `benchmarks.retrieval`. Each question is a prompt to the conversation's owner; so are questions about other
conversations, and everyday prompts about nothing that anybody stored. Each is prepared once, with room for everything
and no least score; what pairs of CONTEXT_MIN_SCORE and CONTEXT_BEST_SCORE would let in is counted from that.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from benchmarks.conversations import Conversation, moment, read_conversations
from benchmarks.instance import data_folder
from benchmarks.retrieval import LEFT_OUT, Store, store

if TYPE_CHECKING:
    from accounts.models import User

MODEL = "gpt-4.1"  # a window with room for everything
EVERY = 5  # of another conversation's questions
PAIRS = ((0.0, 0.0), (0.002, 0.005), (0.005, 0.05), (0.01, 0.05), (0.01, 0.08), (0.01, 0.1), (0.02, 0.1), (0.02, 0.2))
EVERYDAY = (
    "Write a haiku about the sea.",
    "Translate 'good morning, how are you?' into Japanese.",
    "What is the capital of Mongolia?",
    "Explain the difference between TCP and UDP.",
    "How do I boil an egg so that the yolk stays soft?",
    "Write a regular expression that matches an IPv4 address.",
    "Summarise the causes of the First World War.",
    "What's the boiling point of nitrogen?",
    "Give me a recipe for pumpkin soup.",
    "Fix this: for i in range(10) print(i)",
    "Who wrote The Master and Margarita?",
    "What does HTTP status 418 mean?",
    "Convert 72 degrees Fahrenheit into Celsius.",
    "Explain photosynthesis to a child of eight.",
    "Write a limerick about a lazy cat.",
    "How many moons does Saturn have?",
    "What is the integral of x squared times e to the x?",
    "Suggest a name for a coffee shop.",
    "Why is the sky blue?",
    "Prove that the square root of two is irrational.",
    "Write a polite e-mail that declines a meeting.",
    "What are the rules of curling?",
    "How does a heat pump work?",
    "List five synonyms for 'quick'.",
    "Tell me a joke about penguins.",
    "Who won the football world cup in 1998?",
    "How do I undo the last commit in git?",
    "What is the difference between a virus and a bacterium?",
    "What is the latest version of Python?",
    "Who is currently the president of France?",
    "Plan a workout without equipment.",
    "Hi!",
    "Thanks a lot!",
    "Schreibe ein Gedicht über den Herbst.",
    "Was ist der Unterschied zwischen Aktie und Anleihe?",
    "Quelle est la capitale de l'Australie ?",
    "¿Cómo se hace una tortilla de patatas?",
)


@dataclass
class Prompted:
    """One prompt to a conversation's owner: scores, best first, what of it is evidence, and how much there is."""

    conversation: str
    kind: str
    scores: list[float] = field(default_factory=list)
    evidence: list[bool] = field(default_factory=list)
    gold: int = 0

    def let_in(self, least: float, best: float) -> int:
        """How many of the best are let in."""
        return sum(score >= least for score in self.scores) if max(self.scores, default=0.0) >= best else 0


def prompted(stored: Store) -> Iterator[Prompted]:
    """Prepare every prompt for every owner."""
    for place, (conversation, owner, turn_ids) in enumerate(stored.asked):
        at = max(filter(None, (moment(turn.get("timestamp")) for turn in conversation.turns)), default=None)
        for query in conversation.queries:
            gold = set(query.get("evidence_turn_ids") or ())
            if gold and query.get("category") not in LEFT_OUT:
                one = Prompted(conversation.id, "about it", gold=len(gold))
                yield prepared(one, owner, query["question"], moment(query.get("question_time")) or at, turn_ids, gold)
        for query in _others(stored, place, conversation):
            yield prepared(Prompted(conversation.id, "about another's"), owner, query["question"], at, turn_ids)
        for prompt in EVERYDAY:
            yield prepared(Prompted(conversation.id, "everyday"), owner, prompt, at, turn_ids)


def _others(stored: Store, place: int, conversation: Conversation) -> list[dict[str, Any]]:
    other = stored.asked[(place + 1) % len(stored.asked)][0]
    return other.queries[::EVERY] if other is not conversation else []


def prepared(
    one: Prompted,
    owner: User,
    prompt: str,
    at: datetime | None,
    turn_ids: dict[UUID, str],
    gold: Collection[str] = (),
) -> Prompted:
    """The prompt with the scores of its context, and whether each memory is evidence."""
    from memories.context import ContextRequest, prepare

    made = prepare(owner, ContextRequest(prompt, model=MODEL, budget=1_000_000, at=at))
    used = [(each.score, turn_ids[each.memory.id]) for each in made.used]
    left = [(each.score, turn_ids[each.memory.id]) for each in made.left_out]
    found = sorted([*used, *left], key=lambda pair: -pair[0])
    one.scores = [score for score, _ in found]
    one.evidence = [turn_id in gold for _, turn_id in found]
    return one


def row(prompts: Sequence[Prompted], least: float, best: float) -> dict[str, Any]:
    """What a pair of settings lets in and keeps, by kind of prompt."""
    about = [one for one in prompts if one.kind == "about it"]
    kept = [one.evidence[: one.let_in(least, best)] for one in about]
    let_in = sum(map(len, kept))
    others = {kind: [one for one in prompts if one.kind == kind] for kind in ("about another's", "everyday")}
    return {
        "least": least,
        "best": best,
        "evidence_kept": _mean([sum(held) / one.gold for one, held in zip(about, kept, strict=True)]),
        "prompts_with_evidence": _mean([float(any(held)) for held in kept]),
        "memories": round(let_in / max(1, len(about)), 1),
        "of_them_evidence": round(sum(map(sum, kept)) / max(1, let_in), 3),
        **{
            f"{kind}: none": _mean([float(not one.let_in(least, best)) for one in ones])
            for kind, ones in others.items()
        },
    }


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / max(1, len(values)), 3)


def main() -> None:
    """Capture each data set, prompt, print a table for it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, nargs=2, action="append", required=True, metavar=("TURNS", "QUERIES"))
    options = parser.parse_args()
    with data_folder() as folder:
        from memshadow import embedded_postgres

        server = embedded_postgres.ensure_running(folder)
        try:
            _measure(options.data)
        finally:
            server.stop()


def _measure(data: Sequence[Sequence[Path]]) -> None:
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connections

    call_command("migrate", verbosity=0)
    now_set = (settings.CONTEXT_MIN_SCORE, settings.CONTEXT_BEST_SCORE)
    settings.CONTEXT_MIN_SCORE, settings.CONTEXT_BEST_SCORE = 1e-9, 0.0
    settings.CONTEXT_BEST_SCORE_IN_PART = 0.0
    read = {turns.name: read_conversations(turns, queries) for turns, queries in data}
    prompts = list(prompted(store([conversation for held in read.values() for conversation in held])))
    for name, held in read.items():
        inside = {conversation.id for conversation in held}
        ours = [one for one in prompts if one.conversation in inside]
        print(name, {kind: sum(one.kind == kind for one in ours) for kind in dict.fromkeys(one.kind for one in ours)})
        for least, best in dict.fromkeys((*PAIRS, now_set)):
            print(json.dumps(row(ours, least, best)))
    connections.close_all()


if __name__ == "__main__":
    main()
