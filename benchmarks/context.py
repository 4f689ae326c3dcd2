"""What preparing a context costs beside the search that it contains: `python -m benchmarks.context --rows 100000`.

The store is that of `benchmarks.search`. Each strategy is asked in turn with the others and with the bare search, every
prompt once, so that whatever else the machine does falls on all alike; what counts are ratios of medians in one run.
The search that a context contains is measured inside it; the bare one is `search()` with the same number of candidates.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import logging
import pstats
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from benchmarks.figures import percentile, table, timed_ms
from benchmarks.instance import EMAIL, data_folder, kept_folder, running
from benchmarks.search import fill, questions

if TYPE_CHECKING:
    from accounts.models import User

GOAL = 1.3
MODEL = "gpt-4o"
TURNS = 20
WARM_UP = 10
BARE = "bare search"


def conversation(owner: User) -> UUID:
    """A chat to go on with, the same at each run over one folder."""
    from memories.drafts import ConversationRef, MemoryDraft
    from memories.services.capture import capture_memories

    ref = ConversationRef(external_id="bench", title="Bench")
    texts = [f"Turn {n}: we spoke about the roof of house number {n}." for n in range(TURNS)]
    drafts = [MemoryDraft(content=text, kind="turn", role="user", conversation=ref) for text in texts]
    found = capture_memories(owner=owner, drafts=drafts)[0].memory.conversation_id
    assert found is not None
    return found


def strategies() -> tuple[str, ...]:
    """All but auto, which is one of them."""
    from memories.context import STRATEGIES

    return tuple(name for name in STRATEGIES if name != "auto")


def ask(owner: User, prompt: str, strategy: str, chat: UUID) -> Any:
    """One context."""
    from memories.context import ContextRequest, prepare

    named = chat if strategy == "conversational" else None
    return prepare(owner, ContextRequest(prompt, model=MODEL, strategy=strategy, conversation=named))


def bare(owner: User, prompt: str) -> None:
    """A search for as many candidates as a context looks at, explained as there."""
    from django.conf import settings

    from memories.retrieval import SearchRequest, search

    search(SearchRequest(owner, prompt, limit=settings.CONTEXT_CANDIDATES, explain=True))


def measure(owner: User, chat: UUID, rounds: int) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Milliseconds of each whole context and the bare search, and of the search inside each."""
    whole: dict[str, list[float]] = {name: [] for name in (*strategies(), BARE)}
    inside: dict[str, list[float]] = {name: [] for name in strategies()}
    prompts = iter([prompt for seed in range(100, 110) for prompt in questions(seed)])
    for number in range(WARM_UP + rounds):
        for name in whole:
            prompt = next(prompts)
            if name == BARE:
                times, search_ms = timed_ms(lambda text: bare(owner, text), [prompt]), 0.0
            else:
                started = time.perf_counter()
                search_ms = ask(owner, prompt, name, chat).search_ms
                times = [(time.perf_counter() - started) * 1000]
            if number >= WARM_UP:
                whole[name] += times
                inside.get(name, []).append(search_ms)
    return whole, inside


def report(whole: dict[str, list[float]], inside: dict[str, list[float]], rows: int) -> dict[str, Any]:
    """Print the table and the ratios."""
    lines = [(f"context, {name}" if name in inside else name, values) for name, values in whole.items()]
    lines += [(f"search inside {name}", values) for name, values in inside.items()]
    print(table(lines))
    p50 = {name: percentile(values, 50) for name, values in whole.items()}
    ratios = {name: p50[name] / percentile(values, 50) for name, values in inside.items()}
    figures = {
        "rows": rows,
        "goal": GOAL,
        "context_by_its_own_search": ratios,
        "context_by_bare_search": {name: p50[name] / p50[BARE] for name in inside},
        "met": all(ratio <= GOAL for ratio in ratios.values()),
    }
    print(json.dumps(figures, indent=1))
    return figures


def profile(owner: User, strategy: str, chat: UUID) -> None:
    """Where the time of one strategy goes."""
    profiler = cProfile.Profile()
    for prompt in questions(200)[:50]:
        profiler.runcall(ask, owner, prompt, strategy, chat)
    pstats.Stats(profiler).sort_stats("cumulative").print_stats(45)


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=200, help="prompts for each strategy")
    parser.add_argument("--profile", help="a strategy: show where its time goes in place of measuring")
    parser.add_argument("--keep", type=Path, help="a data folder that stays, and is not filled again by the next run")
    arguments = parser.parse_args()
    place = kept_folder(arguments.keep) if arguments.keep else data_folder()
    with place as folder, running(folder):
        import django

        django.setup()
        logging.getLogger("httpx").setLevel(logging.WARNING)
        from accounts.models import User
        from memories.models import Memory

        owner = User.objects.get(email=EMAIL)
        if not Memory.objects.filter(owner=owner).exists():
            fill(owner, arguments.rows)
        chat = conversation(owner)
        if arguments.profile:
            profile(owner, arguments.profile, chat)
        else:
            report(*measure(owner, chat, min(arguments.rounds, 390)), arguments.rows)


if __name__ == "__main__":
    main()
