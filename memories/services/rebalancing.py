"""Partitions of the search index that are out of proportion, split while everything serves."""

from __future__ import annotations

import time
from contextlib import suppress

from django.db import DatabaseError, connection

from memories import partition_split
from memories.balance import Crowded, crowded
from memories.partition_split import Split
from memories.services.index_care import Tell, alone
from memories.vector_indexes import preparing, room_for
from memshadow.lib.errors import Conflict, MemshadowError, Unavailable

_TRIES = 200
_PAUSE_MAX_S = 1.0


def rebalance_index(*, tell: Tell = print) -> int:
    """Split each partition that is far larger than the others, where that separates owners; returns how many.

    Killed at any point, it has changed nothing but what it had finished; the next run clears up. Must not be called
    inside a transaction. Raises Conflict while another run or the building of a model's index is at work, Unavailable
    when the index is used without a pause.
    """
    with alone(tell), preparing() as undisturbed:
        if not undisturbed:
            raise Conflict("The index of an embedding model is being made or dropped; try again in a minute.")
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE memories_searchentry")
        found = crowded()
        if not found:
            tell("No partition is out of proportion.")
        return sum(_relieved(one, tell) for one in found)


def _relieved(one: Crowded, tell: Tell) -> bool:
    """Split it, if that helps, and leave nothing behind if it fails."""
    tell(one.advice)
    if one.ways is None:
        return False
    split = Split.of(one.size.name, one.modulus, one.remainder, one.ways)
    try:
        _split(split, one.size.hnsw_bytes, tell)
    except BaseException:
        # Where even this fails, the next run does it.
        with suppress(DatabaseError, MemshadowError):
            partition_split.clear_leftovers()
        raise
    return True


def _split(split: Split, graph_bytes: int, tell: Tell) -> None:
    partition_split.begin(split)
    tell(f"{split.old}: copying it into {len(split.parts)} new partitions, while everything goes on")
    for part in split.parts:
        with room_for(graph_bytes):
            rows = partition_split.fill(split, part)
        tell(f"{part.name}: {rows:,} rows copied and indexed")
    for attempt in range(_TRIES):
        changed = partition_split.catch_up(split)
        if changed > partition_split.FEW:
            tell(f"{split.old}: {changed:,} changes made meanwhile were copied too")
            continue
        locked_ms = partition_split.exchange(split)
        if locked_ms is not None:
            tell(f"{split.old}: split; the index was locked for {locked_ms:.0f} ms")
            return
        time.sleep(min(_PAUSE_MAX_S, 0.3 + 0.05 * attempt))
    raise Unavailable("The search index is in use without a pause; nothing was changed. Try again when it is quieter.")
