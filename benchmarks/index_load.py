"""Loads a synthetic search index: owners, COPY, then the HNSW index as the product defines it, with progress shown."""

from __future__ import annotations

import pickle
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from benchmarks.synthetic_index import (
    CLUSTERS_OF_AN_OWNER,
    PERSONAS,
    TAGS,
    Space,
    SyntheticOwner,
    Vectors,
    batches,
    keyed_vocabulary,
    sizes,
)

if TYPE_CHECKING:
    from accounts.models import User

MEASURED_SIZES = (300_000, 50_000, 10_000, 1_000, 100)
CROWDED_SIZES = (10_000, 1_000)
_INDEX = "searchentry_vector_1"


@dataclass(frozen=True)
class Measured:
    """An owner that is asked for. `crowded`: its partition is that of the largest owner."""

    user: User
    synthetic: SyntheticOwner
    tag_names: tuple[str, ...]
    crowded: bool


@dataclass(frozen=True)
class Loaded:
    """What is in the index."""

    columns: tuple[str, ...]
    owners: list[SyntheticOwner]
    measured: list[Measured]
    space: Space = field(default_factory=lambda: Space(seed=7))

    def questions(self, owner: Measured, count: int) -> Vectors:
        """New points from what the owner talks about."""
        clusters = self.space.clusters_of(owner.synthetic)
        picks = self.space.random.integers(0, CLUSTERS_OF_AN_OWNER, count)
        return self.space.points(clusters[picks])


def load(folder: Path, rows: int, owners: int) -> Loaded:
    """Fill the database of `folder`, or take what an earlier run left there."""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    kept, columns = folder / "owners.pickle", _columns()
    if kept.exists():
        loaded = pickle.loads(kept.read_bytes())  # noqa: S301 - our own file
        assert isinstance(loaded, Loaded)
        return replace(loaded, columns=columns)
    measured = _measured(rows)
    others = [_synthetic(_new_id(), n) for n in _other_sizes(rows, owners, measured)]
    loaded = Loaded(columns, [*(m.synthetic for m in measured), *others], measured)
    definition = _drop_index()
    _timed("COPY", lambda: _copy(loaded))
    _timed("HNSW index", lambda: _build(definition))
    _timed("VACUUM ANALYZE", lambda: _execute("VACUUM ANALYZE memories_searchentry"))
    kept.write_bytes(pickle.dumps(loaded))
    return loaded


def _columns() -> tuple[str, ...]:
    return tuple(
        row[0]
        for row in _rows(
            "SELECT attname FROM pg_attribute "
            "WHERE attrelid = 'memories_searchentry'::regclass AND attnum > 0 AND NOT attisdropped"
        )
    )


def _measured(rows: int) -> list[Measured]:
    """The owners that are asked for, the largest first; two more share its partition."""
    wanted = [min(n, int(rows * 0.3)) for n in MEASURED_SIZES]
    largest = _person(wanted[0], crowded=False, beside=None)
    plain = [_person(n, crowded=False, beside=None) for n in dict.fromkeys(wanted[1:]) if n < wanted[0]]
    crowd = [_person(n, crowded=True, beside=largest.user.id) for n in CROWDED_SIZES if n < wanted[0]]
    return [largest, *plain, *crowd]


def _other_sizes(rows: int, owners: int, measured: list[Measured]) -> list[int]:
    taken = sum(owner.synthetic.rows for owner in measured)
    return sizes(rows - taken, owners - len(measured))


def _person(rows: int, *, crowded: bool, beside: UUID | None) -> Measured:
    from accounts.keys import create_keys, keyring
    from accounts.models import User
    from memories.services.tagging import resolve_tags

    identity = _new_id()
    while beside is not None and _partition(identity) != _partition(beside):
        identity = _new_id()
    user = User.objects.create_user(f"{identity}@example.org", id=identity)
    create_keys(user.id)
    vocabulary = None if crowded else keyed_vocabulary(keyring(user.id).lexeme_key)
    names = tuple(f"tag {n}" for n in range(TAGS))
    tags = resolve_tags(owner=user, names=names)
    synthetic = SyntheticOwner(user.id, rows, _new_ids(PERSONAS), tuple(tags[name].id for name in names), vocabulary)
    return Measured(user, synthetic, names, crowded)


def _synthetic(identity: UUID, rows: int) -> SyntheticOwner:
    return SyntheticOwner(identity, rows, _new_ids(PERSONAS), _new_ids(TAGS))


def _new_id() -> UUID:
    from memshadow.lib.ids import new_id

    return new_id()


def _new_ids(count: int) -> tuple[UUID, ...]:
    return tuple(_new_id() for _ in range(count))


def _partition(owner_id: UUID) -> int:
    tests = ", ".join(
        f"satisfies_hash_partition('memories_searchentry'::regclass, 32, {n}, %(id)s::uuid)" for n in range(32)
    )
    flags: list[bool] = _rows(f"SELECT ARRAY[{tests}]", {"id": owner_id})[0][0]
    return flags.index(True)


def _copy(loaded: Loaded) -> None:
    from django.db import connection

    statement = f"COPY memories_searchentry ({', '.join(loaded.columns)}) FROM STDIN (FORMAT BINARY)"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for piece in batches(loaded.owners, loaded.space, loaded.columns):
            copy.write(piece)


def _drop_index() -> str:
    """Drop the vector index; returns its definition."""
    definition: str = _rows("SELECT pg_get_indexdef(%s::regclass)", [_INDEX])[0][0]
    _execute(f"DROP INDEX {_INDEX}")
    return definition.replace(" ON ONLY ", " ON ")


def _build(definition: str) -> None:
    """Build with room for the largest partition's graph; without it pgvector falls back to a far slower way."""
    from django.db import connection

    largest = _rows("SELECT max(pg_relation_size(relid)) FROM pg_partition_tree('memories_searchentry') WHERE isleaf")
    memory_mib = int(min(4096, max(256, largest[0][0] * 1.5 / 2**20)))
    with _progress(), connection.cursor() as cursor:
        cursor.execute(f"SET maintenance_work_mem = '{memory_mib}MB'")
        cursor.execute(definition)
        cursor.execute("RESET maintenance_work_mem")


@contextmanager
def _progress() -> Iterator[None]:
    """Every 15 s, a line on how far the build is, from a connection of its own."""
    done = threading.Event()

    def watch() -> None:
        from django.db import connection

        while not done.wait(15):
            for row in _rows(
                "SELECT partitions_done, partitions_total, blocks_done * 100 / greatest(blocks_total, 1) "
                "FROM pg_stat_progress_create_index"
            ):
                print(f"  partition {row[0]} of {row[1]} done, {row[2]} % of the next", flush=True)
        connection.close()

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _timed(what: str, run: Any) -> None:
    started = time.perf_counter()
    run()
    print(f"{what}: {time.perf_counter() - started:.0f} s", flush=True)


def _rows(sql: str, params: Any = None) -> list[tuple[Any, ...]]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def _execute(sql: str) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql)
