"""A search from end to end in a full index: `python -m benchmarks.at_size --rows 1000000 [--keep FOLDER]`.

The index is that of `benchmarks.scale`; its largest owner (30 % of the rows, at most 300,000) also gets memories, words
of their own and statistics, and asks questions in those words through `search()` and over HTTP.
"""

from __future__ import annotations

import argparse
import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.index_load import Loaded, load
from benchmarks.instance import data_folder, kept_folder, running
from benchmarks.search import QUESTIONS, measure, report
from benchmarks.synthetic_index import VOCABULARY, words

if TYPE_CHECKING:
    from accounts.models import User

BATCH = 2_000


def complete(loaded: Loaded) -> None:
    """Give the largest owner's rows their memories and their words' statistics, unless an earlier run did."""
    from memories.models import IndexSize

    owner = loaded.measured[0].user
    if not IndexSize.objects.filter(owner_id=owner.id).exists():
        _memories(owner)
        _statistics(owner)


def _memories(owner: User) -> None:
    from django.db import connection

    from memories.models import IndexState, Memory
    from memshadow.lib.clock import now

    with connection.cursor() as cursor:
        cursor.execute("SELECT memory_id, occurred_at FROM memories_searchentry WHERE owner_id = %s", [owner.id])
        rows = cursor.fetchall()
    for first in range(0, len(rows), BATCH):
        made = []
        for number, (memory_id, at) in enumerate(rows[first : first + BATCH], first):
            memory = Memory(id=memory_id, owner=owner, occurred_at=at, created_at=at, index_state=IndexState.DONE)
            memory.content = (
                f"Memory {number} of many, about as long as a turn of twenty words, for it is read when found."
            )
            memory.fingerprint = memory_id.bytes * 2
            memory.size_bytes = len(memory.content)
            memory.indexed_at = memory.learnt_at = now()
            made.append(memory)
        Memory.objects.bulk_create(made)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE memories_memory")


def _statistics(owner: User) -> None:
    from django.db import connection

    from memories.keyed_terms import number_of_keyed
    from memories.models import IndexSize, Lexeme

    entries = f"SELECT lexemes FROM memories_searchentry WHERE owner_id = '{owner.id}'"
    with connection.cursor() as cursor:
        cursor.execute("SELECT word, ndoc FROM ts_stat(%s)", [entries])
        counted = cursor.fetchall()
        cursor.execute("SELECT count(*), sum(lexeme_count) FROM memories_searchentry WHERE owner_id = %s", [owner.id])
        chunks, lexemes = cursor.fetchone()
    Lexeme.objects.bulk_create(
        [Lexeme(owner_id=owner.id, embedding_model_id=1, term=number_of_keyed(w), chunks=n) for w, n in counted],
        batch_size=BATCH,
    )
    IndexSize.objects.create(owner_id=owner.id, embedding_model_id=1, chunks=chunks, lexemes=lexemes)


def questions(seed: int) -> list[str]:
    """Questions of six to twelve words as frequent as in the memories, none twice."""
    random, known = np.random.default_rng(seed), words()
    made = []
    for number in range(QUESTIONS):
        ranks = (VOCABULARY ** random.random(int(random.integers(6, 13)))).astype(int) - 1
        made.append(" ".join(known[rank] for rank in ranks).capitalize() + f" {seed}.{number}?")
    return made


def main() -> None:
    """Load or take what is there, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--owners", type=int, default=600)
    parser.add_argument("--keep", type=Path, help="a data folder that stays, and is not loaded again by the next run")
    arguments = parser.parse_args()
    with kept_folder(arguments.keep) if arguments.keep else data_folder() as folder:
        from django.db import connections

        from memshadow.embedded_postgres import ensure_running

        with ensure_running(folder):
            loaded = load(folder, arguments.rows, arguments.owners)
            complete(loaded)
            connections.close_all()
        _ask(folder, loaded, arguments.rows)


def _ask(folder: Path, loaded: Loaded, rows: int) -> None:
    from accounts.flows.api_keys import create_api_key

    logging.getLogger("httpx").setLevel(logging.WARNING)
    owner = loaded.measured[0].user
    with running(folder) as instance:
        _, key = create_api_key(owner=owner, name="bench", scopes=["memories:read"])
        report(measure(owner, replace(instance, api_key=key), questions), rows, 0.0)


if __name__ == "__main__":
    main()
