"""How long a search takes beside its parts: `python -m benchmarks.search --rows 100000`.

One owner; real memories with real text and lexemes, synthetic clustered vectors (embedding 100,000 texts would take
an hour and change no query's cost). Every question is new, so that no cache answers.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import numpy as np

from benchmarks.archives import Writer
from benchmarks.figures import percentile, table, timed_ms
from benchmarks.instance import EMAIL, Instance, data_folder, kept_folder, running

if TYPE_CHECKING:
    from accounts.models import User
    from memories.generations import Generation

QUESTIONS = 200
WARM_UP = 100  # several connections to PostgreSQL answer over HTTP, and each is slow at first
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

    timed_ms(lambda q: search(SearchRequest(owner, q)), questions(2)[:WARM_UP])
    parts = {
        "query embedding": timed_ms(lambda q: generation.provider.embed_question(q), questions(4)),
        "SQL of the arms": timed_ms(arms, asked),
        "ranking without its SQL": [_ranking_ms(owner, generation, request, arms) for request in asked],
        "all SQL of a search": timed_ms(
            _replay, _statements(lambda q: search(SearchRequest(owner, q)), owner, questions(7))
        ),
        "all SQL of a request": timed_ms(_replay, _statements(_asking_in_process(instance), owner, questions(8))),
        "search()": timed_ms(lambda q: search(SearchRequest(owner, q)), questions(5)),
    }
    with _asking(instance) as over_http:
        timed_ms(over_http, questions(3)[:WARM_UP])
        return parts | {"GET /api/v1/search": timed_ms(over_http, questions(6))}


@contextlib.contextmanager
def _asking(instance: Instance) -> Iterator[Callable[[str], None]]:
    """Ask over one kept connection, with the standard library: httpx takes 1.4 ms a call that no server spends."""
    place = urlsplit(instance.base_url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
    headers = {"Authorization": f"Bearer {instance.api_key}"}

    def ask(question: str) -> None:
        connection.request("GET", f"/api/v1/search?{urlencode({'q': question})}", headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != HTTPStatus.OK:
            raise SystemExit(f"The search was answered {answer.status}: {body[:200]!r}")

    with contextlib.closing(connection):
        yield ask


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


def _asking_in_process(instance: Instance) -> Callable[[str], object]:
    """Answer the same request here, where its statements can be read."""
    from django.test import Client

    client = Client(headers={"Authorization": f"Bearer {instance.api_key}", "Host": "127.0.0.1"})
    return lambda question: client.get("/api/v1/search", {"q": question})


def _statements(ask: Callable[[str], object], owner: User, questions: list[str]) -> list[list[tuple[str, Any]]]:
    """What each question asks of PostgreSQL, without what the row security puts around it; to be asked again."""
    from django.db import connection

    from memories.models import Retrieval

    asked: list[list[tuple[str, Any]]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        asked[-1].append((sql, params))
        return execute(sql, params, many, context)

    connection.ensure_connection()
    connection.execute_wrappers.insert(0, note)
    try:
        for question in questions:
            asked.append([])
            ask(question)
    finally:
        connection.execute_wrappers.remove(note)
    Retrieval.objects.filter(owner=owner).delete()  # so that their INSERTs can be run again
    return asked


def _replay(statements: list[tuple[str, Any]]) -> None:
    from django.db import connection

    for sql, params in statements:
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            if cursor.description:
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
        "http_by_embedding_and_sql_of_search": p50["GET /api/v1/search"] / parts,
        "http_by_embedding_and_all_sql": p50["GET /api/v1/search"]
        / (p50["query embedding"] + p50["all SQL of a request"]),
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
        from accounts.models import User
        from memories.models import Memory

        owner = User.objects.get(email=EMAIL)
        started = time.perf_counter()
        if not Memory.objects.filter(owner=owner).exists():
            fill(owner, arguments.rows)
        report(measure(owner, instance), arguments.rows, time.perf_counter() - started)


if __name__ == "__main__":
    main()
