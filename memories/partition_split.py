"""One partition of the search index becomes several of a larger modulus, while everything reads and writes it.

PostgreSQL lets hash partitions of different moduli stand side by side when one divides the other: what (modulus M,
remainder r) holds is what (2M, r) and (2M, r + M) hold. The new tables are filled and indexed beside the old one. A
trigger notes the key of each row that changes meanwhile; it is in place before the first row is copied, and making it
waits for the writers before it, so a change is either in the copy or noted. Noted rows are copied once more, pass
after pass, until few are left: those are copied while the index is locked, in the transaction that exchanges the
tables. The locked time does not grow with the partition: constraints and indexes that are there already spare ATTACH
its scan and its builds. Until that transaction commits, the old partition is the one that serves. What a killed split
leaves, `clear_leftovers` drops.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.db import OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper
from psycopg.errors import LockNotAvailable

from memories.vector_indexes import briefly_locked

FEW = 100  # rows that may be left for the locked moment; each costs an insertion into the graph, some 2 ms
# Two of them stay below deadlock_timeout (1 s): a search that holds what this waits for outlasts it unharmed.
_LOCK_WAIT_MS = 300
# Longer than deadlock_timeout, after which PostgreSQL ends an autovacuum that is in the way.
_TRIGGER_WAIT_MS = 2_000
_AT_ONCE = 5_000

_NOTEPAD = """
CREATE UNLOGGED TABLE memories_searchentry_split_notes AS
SELECT owner_id, embedding_model_id, memory_id, chunk FROM memories_searchentry WITH NO DATA;
CREATE FUNCTION searchentry_split() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO memories_searchentry_split_notes
        VALUES (OLD.owner_id, OLD.embedding_model_id, OLD.memory_id, OLD.chunk);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO memories_searchentry_split_notes
        VALUES (NEW.owner_id, NEW.embedding_model_id, NEW.memory_id, NEW.chunk);
    END IF;
    RETURN NULL;
END $$;
"""
_NOTEPAD_GONE = "DROP FUNCTION searchentry_split(); DROP TABLE memories_searchentry_split_notes;"
# No autovacuum: it would hold the tables for long just when they are to be exchanged.
_PART = """
CREATE TABLE {part} (LIKE {old} INCLUDING ALL EXCLUDING INDEXES)
    WITH (autovacuum_enabled = false, toast.autovacuum_enabled = false);
ALTER TABLE {part} ADD CONSTRAINT searchentry_split CHECK ({holds});
"""
_NOTE_CHANGES = """
CREATE TRIGGER searchentry_split AFTER INSERT OR UPDATE OR DELETE ON {old}
    FOR EACH ROW EXECUTE FUNCTION searchentry_split();
ALTER TABLE {old} SET (autovacuum_enabled = false, toast.autovacuum_enabled = false);
"""
_NOTE_NO_MORE = """
DROP TRIGGER searchentry_split ON {old};
ALTER TABLE {old} RESET (autovacuum_enabled, toast.autovacuum_enabled);
"""
_COPY = "INSERT INTO {part} SELECT * FROM {old} WHERE {holds}"
_INDEXES = """
SELECT x.relname, pg_get_indexdef(x.oid), i.indisprimary FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
WHERE i.indrelid = 'memories_searchentry'::regclass ORDER BY x.relname
"""
_NOTES_LEFT = "SELECT count(*) FROM memories_searchentry_split_notes"
_TAKE_NOTES = """
DELETE FROM memories_searchentry_split_notes
WHERE ctid = ANY(ARRAY(SELECT ctid FROM memories_searchentry_split_notes LIMIT %s))
RETURNING owner_id, embedding_model_id, memory_id, chunk
"""
_DELETE_NOTED = """
DELETE FROM {part} USING unnest(%s::uuid[], %s::smallint[], %s::uuid[], %s::smallint[]) AS k (owner, model, memory, n)
WHERE owner_id = k.owner AND embedding_model_id = k.model AND memory_id = k.memory AND chunk = k.n
"""
_COPY_NOTED = """
INSERT INTO {part} SELECT e.*
FROM unnest(%s::uuid[], %s::smallint[], %s::uuid[], %s::smallint[]) AS k (owner, model, memory, n)
JOIN {old} e ON owner_id = k.owner AND embedding_model_id = k.model AND memory_id = k.memory AND chunk = k.n
WHERE {holds}
"""
_ALONE = "LOCK TABLE ONLY memories_searchentry, ONLY {old} IN ACCESS EXCLUSIVE MODE"
_ATTACH = """
ALTER TABLE memories_searchentry ATTACH PARTITION {part} FOR VALUES WITH (MODULUS {modulus}, REMAINDER {remainder});
ALTER TABLE {part} DROP CONSTRAINT searchentry_split;
ALTER TABLE {part} RESET (autovacuum_enabled, toast.autovacuum_enabled);
"""
# The notepad is made first and dropped last, each time in one transaction with the tables: without it there are none.
_LEFT = """
SELECT relname FROM pg_class WHERE to_regclass('memories_searchentry_split_notes') IS NOT NULL
AND relname ~ '^memories_searchentry_p\\d+of\\d+$' AND relkind = 'r' AND NOT relispartition
"""
_NOTING = "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'searchentry_split'"


@dataclass(frozen=True, slots=True)
class Part:
    """A partition to be: what it is called, and which hashes of an owner it holds."""

    modulus: int
    remainder: int

    @property
    def name(self) -> str:
        """Its table. One of this name that is not attached is a leftover."""
        return f"memories_searchentry_p{self.remainder}of{self.modulus}"

    @property
    def holds(self) -> str:
        """The condition that PostgreSQL itself sets on its rows."""
        return f"satisfies_hash_partition('memories_searchentry'::regclass, {self.modulus}, {self.remainder}, owner_id)"


@dataclass(frozen=True, slots=True)
class Split:
    """A partition, and those that take its place."""

    old: str
    parts: tuple[Part, ...]

    @classmethod
    def of(cls, partition: str, modulus: int, remainder: int, ways: int) -> Split:
        """The partition (modulus, remainder) in so many parts."""
        return cls(partition, tuple(Part(ways * modulus, remainder + n * modulus) for n in range(ways)))

    def for_each(self, sql: str) -> str:
        """The statement for each part, one after the other."""
        return "".join(self.about(part, sql) for part in self.parts)

    def about(self, part: Part, sql: str) -> str:
        """The statement for one of the parts."""
        return sql.format(
            old=self.old, part=part.name, holds=part.holds, modulus=part.modulus, remainder=part.remainder
        )


def begin(split: Split) -> None:
    """Make the new tables, empty, and have each change of the old one noted from now on.

    Like all of the following: not inside a transaction. Raises Unavailable when the partition is written without a gap.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_NOTEPAD + split.for_each(_PART))
    briefly_locked(_NOTE_CHANGES.format(old=split.old), wait_ms=_TRIGGER_WAIT_MS)


def fill(split: Split, part: Part) -> int:
    """Copy the part's rows and build its indexes, defined as those of the whole; returns how many rows."""
    with connection.cursor() as cursor:
        cursor.execute(split.about(part, _COPY))
        rows = int(cursor.rowcount)
        cursor.execute(_INDEXES)
        for name, definition, primary in cursor.fetchall():
            index = f"{part.name}_{name.removeprefix('memories_').removeprefix('searchentry_')}"
            unique = "UNIQUE " if primary else ""
            cursor.execute(f"CREATE {unique}INDEX {index} ON {part.name} USING {definition.partition(' USING ')[2]}")
            if primary:
                cursor.execute(f"ALTER TABLE {part.name} ADD CONSTRAINT {index} PRIMARY KEY USING INDEX {index}")
        # Copied rows that PostgreSQL counted after VACUUM has counted all would be counted twice.
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute(f"VACUUM (ANALYZE) {part.name}")
    return rows


def catch_up(split: Split) -> int:
    """Copy once more what was noted until now; returns how many notes there were."""
    total = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            taken = _copy_noted(cursor, split)
        total += taken
        if taken < _AT_ONCE:
            return total


def exchange(split: Split) -> float | None:
    """Put the parts in the old partition's place; returns for how many ms the index was locked.

    None, and nothing is changed, when it is in use just now or too much was written since the last pass. Whoever reads
    or writes the index queues behind this for two slices at most.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = {_LOCK_WAIT_MS}")
            cursor.execute(_ALONE.format(old=split.old))
            started = time.perf_counter()
            cursor.execute(_NOTES_LEFT)
            if cursor.fetchone()[0] > FEW:
                return None
            _copy_noted(cursor, split)
            cursor.execute(f"DROP TABLE {split.old}; {split.for_each(_ATTACH)} {_NOTEPAD_GONE}")
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
        return None
    return (time.perf_counter() - started) * 1000


def clear_leftovers() -> list[str]:
    """Drop what a split that did not come to its end left behind; returns the names of its tables.

    Raises Unavailable when the partition is in use without a gap.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LEFT)
        left = [name for (name,) in cursor.fetchall()]
        cursor.execute(_NOTING)
        noting = [name for (name,) in cursor.fetchall()]
    if left:
        steps = [*(_NOTE_NO_MORE.format(old=name) for name in noting), *(f"DROP TABLE {name};" for name in left)]
        briefly_locked("".join([*steps, _NOTEPAD_GONE]))
    return left


def _copy_noted(cursor: CursorWrapper, split: Split) -> int:
    """One batch. A row that changes again after its note was taken has a new note, so the order does not matter."""
    cursor.execute(_TAKE_NOTES, [_AT_ONCE])
    notes = cursor.fetchall()
    keys = [list(column) for column in zip(*set(notes), strict=True)]
    for part in split.parts if notes else ():
        cursor.execute(split.about(part, _DELETE_NOTED), keys)
        cursor.execute(split.about(part, _COPY_NOTED), keys)
    return len(notes)
