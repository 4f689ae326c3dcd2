"""How long a search takes beside its parts: `python -m benchmarks.search --rows 100000`.

One owner; real memories with real text and lexemes, synthetic clustered vectors (embedding 100,000 texts would take
an hour and change no query's cost). Every question is new, so that no cache answers.
"""

from __future__ import annotations

import argparse
import json
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np

from benchmarks.archives import Writer
from benchmarks.figures import percentile, table, timed_ms
from benchmarks.instance import EMAIL, Instance, data_folder, kept_folder, running

if TYPE_CHECKING:
    from accounts.models import User
    from memories.generations import Generation

QUESTIONS = 200
CLUSTERS = 400
SPREAD = 0.6


def fill(owner: User, rows: int) -> None:
    """Capture `rows` memories and give them vectors around common centres."""
    from django.db import connection, transaction

    from memories.drafts import MemoryDraft
    from memories.models import Memory
    from memories.services.capture import capture_memories

    writer, made = Writer(seed=5), 0
    while made < rows:
        size = min(1000, rows - made)
        drafts = [MemoryDraft(content=f"{made + n}: {writer.text('user', 'memory')}") for n in range(size)]
        with transaction.atomic():  # done before any worker sees it
            capture_memories(owner=owner, drafts=drafts)
            Memory.objects.filter(owner=owner, index_state="pending").update(index_state="done")
        made += size
    _vectors(owner)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE memories_searchentry")
        cursor.execute("VACUUM ANALYZE memories_memory")


def _vectors(owner: User) -> None:
    from django.db import connection

    from memories.index_rows import vector_literal

    random = np.random.default_rng(7)
    centres = random.standard_normal((CLUSTERS, 384)).astype(np.float32)
    with connection.cursor() as cursor:
        cursor.execute("SELECT memory_id, chunk FROM memories_searchentry WHERE owner_id = %s", [owner.id])
        keys = cursor.fetchall()
        for first in range(0, len(keys), 2000):
            part = keys[first : first + 2000]
            vectors = centres[random.integers(0, CLUSTERS, len(part))]
            vectors = vectors + SPREAD * random.standard_normal(vectors.shape).astype(np.float32)
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            cursor.execute(
                "UPDATE memories_searchentry e SET embedding = v.embedding::halfvec "
                "FROM unnest(%s::uuid[], %s::smallint[], %s::text[]) AS v (memory_id, chunk, embedding) "
                "WHERE e.owner_id = %s AND e.embedding_model_id = 1 "
                "AND e.memory_id = v.memory_id AND e.chunk = v.chunk",
                [
                    [key for key, _ in part],
                    [chunk for _, chunk in part],
                    [vector_literal(vector) for vector in vectors],
                    owner.id,
                ],
            )


def questions(seed: int) -> list[str]:
    """Questions of a sentence, none twice."""
    writer = Writer(seed=seed)
    return [f"{writer.sentence('memory')} {seed}.{n}" for n in range(QUESTIONS)]


def measure(
    owner: User, instance: Instance, questions: Callable[[int], list[str]] = questions
) -> dict[str, list[float]]:
    """Milliseconds of each part and of the whole, each over fresh questions, which `questions` makes from a seed."""
    from memories import generations
    from memories.filters import MemoryFilter
    from memories.retrieval import SearchRequest, _sql, search
    from memories.retrieval._candidates import propose
    from memories.retrieval._conditions import conditions_for
    from memories.retrieval._query import understand
    from memshadow.lib.clock import now

    generation = generations.active()
    conditions = conditions_for(owner, generation.id, MemoryFilter())
    if conditions is None:
        raise SystemExit("The owner has no memories.")
    asked = [(SearchRequest(owner, q), understand(q, owner.id, generation, now())) for q in questions(1)]

    def arms(asking: Any) -> object:
        request, question = asking
        place = _sql.Place.of(owner.id, generation.id, generation.dimension, question.vector)
        return propose(place, conditions, question, request)

    timed_ms(lambda q: search(SearchRequest(owner, q)), questions(2)[:20])
    headers = {"Authorization": f"Bearer {instance.api_key}"}
    with httpx.Client(base_url=instance.base_url, headers=headers, timeout=60) as client:

        def over_http(question: str) -> None:
            client.get("/api/v1/search", params={"q": question}).raise_for_status()

        timed_ms(over_http, questions(3)[:20])
        return {
            "query embedding": timed_ms(lambda q: generation.provider.embed_question(q), questions(4)),
            "SQL of the arms": timed_ms(arms, asked),
            "ranking without its SQL": [_ranking_ms(owner, generation, request, arms) for request in asked],
            "all SQL of a search": timed_ms(_replay, [_statements(owner, q) for q in questions(7)]),
            "search()": timed_ms(lambda q: search(SearchRequest(owner, q)), questions(5)),
            "GET /api/v1/search": timed_ms(over_http, questions(6)),
        }


def _ranking_ms(owner: User, generation: Generation, asking: Any, arms: Callable[[Any], Any]) -> float:
    """What NumPy does between the statements: signals, late interaction, the order."""
    from django.conf import settings
    from django.db import connection

    from memories.retrieval import _sql
    from memories.retrieval._order import ordered
    from memories.retrieval._ranking import Asking, rank

    request, question = asking
    place = _sql.Place.of(owner.id, generation.id, generation.dimension, question.vector)
    rows, sql_s = arms(asking).rows, 0.0

    def timed(execute: Any, *statement: Any) -> Any:
        nonlocal sql_s
        started = time.perf_counter()
        try:
            return execute(*statement)
        finally:
            sql_s += time.perf_counter() - started

    how = Asking(settings.RETRIEVAL_WEIGHTS, time.time(), settings.RETRIEVAL_HALF_LIFE_DAYS, lambda _: {})
    with connection.execute_wrapper(timed):
        started = time.perf_counter()
        ordered(place, rank(place, rows, question, how), request)
        return (time.perf_counter() - started - sql_s) * 1000


def _statements(owner: User, question: str) -> list[tuple[str, Any]]:
    """What a search asks of PostgreSQL."""
    from django.db import connection

    from memories.retrieval import SearchRequest, search

    asked: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        asked.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        search(SearchRequest(owner, question))
    return asked


def _replay(statements: list[tuple[str, Any]]) -> None:
    from django.db import connection

    for sql, params in statements:
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            cursor.fetchall()


def report(times: dict[str, list[float]], rows: int, fill_s: float) -> dict[str, Any]:
    """Print the table and the ratios."""
    p50 = {name: percentile(values, 50) for name, values in times.items()}
    parts = p50["query embedding"] + p50["all SQL of a search"]
    core = p50["query embedding"] + p50["SQL of the arms"] + p50["ranking without its SQL"]
    figures = {
        "rows": rows,
        "fill_s": round(fill_s, 1),
        "search_by_embedding_and_all_sql": p50["search()"] / parts,
        "http_by_embedding_and_all_sql": p50["GET /api/v1/search"] / parts,
        "search_by_embedding_arms_and_ranking": p50["search()"] / core,
    }
    print(table(list(times.items())))
    print(json.dumps(figures, indent=1))
    return figures


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--keep", type=Path, help="a data folder that stays, and is not filled again by the next run")
    arguments = parser.parse_args()
    place = kept_folder(arguments.keep) if arguments.keep else data_folder()
    with place as folder, running(folder) as instance:
        import django

        django.setup()
        logging.getLogger("httpx").setLevel(logging.WARNING)
        from accounts.models import User
        from memories.models import Memory

        owner = User.objects.get(email=EMAIL)
        started = time.perf_counter()
        if not Memory.objects.filter(owner=owner).exists():
            fill(owner, arguments.rows)
        report(measure(owner, instance), arguments.rows, time.perf_counter() - started)


if __name__ == "__main__":
    main()
