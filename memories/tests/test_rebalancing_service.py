"""Splitting a partition that is out of proportion: under traffic, stopped half-way, and where it would be in vain."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from hashlib import sha256
from io import StringIO
from uuid import UUID, uuid4

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import User
from memories import balance, partition_split, vector_indexes
from memories.drafts import MemoryDraft
from memories.index_report import report_index
from memories.index_rows import vector_literal
from memories.indexing import index_pending
from memories.models import Memory, SearchEntry
from memories.retrieval import SearchRequest, search
from memories.services import rebalancing
from memories.services.capture import capture_memories, capture_memory
from memories.services.index_care import optimise_index
from memories.services.lifecycle import delete_memory, empty_trash, set_pinned
from memories.services.rebalancing import rebalance_index
from memories.services.revising import By, Change, edit_memory
from memories.tests.threads import in_thread, repeated

pytestmark = pytest.mark.django_db(transaction=True)

TOPICS = ("garden", "bread", "taxes", "piano", "hiking", "chess", "pottery", "birds")
ROWS_EACH = 150


@pytest.fixture(autouse=True)
def small_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(balance, "ROWS_MIN", 200)


@pytest.fixture(autouse=True)
def unsplit() -> Iterator[None]:
    """The partitions as the migrations make them, for the tests after this one."""
    yield
    split = [name for name in vector_indexes.partitions() if "of" in name]
    with connection.cursor() as cursor:
        for name in split:
            cursor.execute(f"DROP TABLE {name}")
        for n in {int(name.rpartition("_p")[2].partition("of")[0]) % 32 for name in split}:
            cursor.execute(
                f"CREATE TABLE memories_searchentry_p{n:02} PARTITION OF memories_searchentry "
                f"FOR VALUES WITH (MODULUS 32, REMAINDER {n})"
            )


@pytest.fixture
def library(owner: User, index_all: Callable[[], int]) -> User:
    """Eight memories with vectors."""
    capture_memories(owner=owner, drafts=[MemoryDraft(content=f"A note about {topic}.") for topic in TOPICS])
    index_all()
    return owner


def bounds_of(owner_id: UUID) -> tuple[str, int, int]:
    """The owner's partition: its name, modulus and remainder."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, pg_get_expr(relpartbound, oid) FROM pg_class WHERE oid = "
            "(SELECT tableoid FROM memories_searchentry WHERE owner_id = %s LIMIT 1)",
            [owner_id],
        )
        name, bound = cursor.fetchone()
    modulus, remainder = (int(word.strip("),")) for word in bound.split() if word.strip("),").isdigit())
    return name, modulus, remainder


def falls_into(modulus: int, remainder: int) -> UUID:
    """The id of an owner with that hash."""
    with connection.cursor() as cursor:
        while True:
            ids = [uuid4() for _ in range(500)]
            cursor.execute(
                "SELECT id FROM unnest(%s::uuid[]) id "
                "WHERE satisfies_hash_partition('memories_searchentry'::regclass, %s, %s, id) LIMIT 1",
                [ids, modulus, remainder],
            )
            if row := cursor.fetchone():
                return UUID(str(row[0]))


def fill(owner_id: UUID, rows: int) -> None:
    """Rows of an owner, with vectors, as only the index has them; their memories do not exist."""
    random = np.random.default_rng(rows)
    vectors = [vector_literal(vector) for vector in random.standard_normal((rows, 384)).astype(np.float32)]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO memories_searchentry (owner_id, embedding_model_id, memory_id, chunk, span_start, span_end,"
            " kind, role, source, state, tag_ids, pinned, importance, occurred_at, lexeme_count, embedding,"
            " token_signs) SELECT %s, 1, gen_random_uuid(), 0, 0, 9, 'note', '', 'test', 'active', '{}', false, 0.5,"
            " now(), 0, v::halfvec, decode(repeat('ab', 3000), 'hex') FROM unnest(%s::text[]) v",
            [owner_id, vectors],
        )


@pytest.fixture
def crowd(library: User) -> User:
    """The owner's partition with three more owners, the two larger of which a split in two separates."""
    _, modulus, remainder = bounds_of(library.id)
    fill(falls_into(2 * modulus, remainder), ROWS_EACH)
    fill(falls_into(2 * modulus, remainder + modulus), ROWS_EACH)
    return library


def contents() -> dict[tuple[object, ...], str]:
    """A digest of each row of the index, by its key."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT owner_id, embedding_model_id, memory_id, chunk, e::text FROM memories_searchentry e")
        return {tuple(row[:4]): sha256(row[4].encode()).hexdigest() for row in cursor.fetchall()}


def found(owner: User) -> dict[str, list[str]]:
    return {
        topic: [hit.memory.content for hit in search(SearchRequest(owner, f"what about {topic}?")).hits]
        for topic in TOPICS
    }


def shape(table: str) -> list[tuple[object, ...]]:
    """Columns with storage and defaults, and indexes with all that they are made of but their names."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname, attstorage::text, attnotnull, atttypid::regtype::text, pg_get_expr(d.adbin, d.adrelid) "
            "FROM pg_attribute LEFT JOIN pg_attrdef d ON d.adrelid = attrelid AND d.adnum = attnum "
            "WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attname",
            [table],
        )
        columns = cursor.fetchall()
        cursor.execute(
            "SELECT p.inhparent::regclass::text, indisvalid, indisprimary, "
            "split_part(pg_get_indexdef(indexrelid), ' USING ', 2) FROM pg_index "
            "LEFT JOIN pg_inherits p ON p.inhrelid = indexrelid WHERE indrelid = %s::regclass ORDER BY 1",
            [table],
        )
        indexes = cursor.fetchall()
        cursor.execute(
            "SELECT conname, contype::text, reloptions FROM pg_class c LEFT JOIN pg_constraint k "
            "ON k.conrelid = c.oid AND contype = 'c' WHERE c.oid = %s::regclass",
            [table],
        )
        return [*columns, *indexes, *cursor.fetchall()]


def leftovers() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relname ~ 'split|of\\d+' AND relkind = 'r' AND NOT relispartition "
            "UNION ALL SELECT tgname FROM pg_trigger WHERE tgname ~ 'split' "
            "UNION ALL SELECT proname FROM pg_proc WHERE proname ~ 'searchentry_split'"
        )
        return [name for (name,) in cursor.fetchall()]


def test_a_split_changes_where_rows_are_and_nothing_else(crowd: User) -> None:
    name, modulus, remainder = bounds_of(crowd.id)
    before, answers, shaped = contents(), found(crowd), shape(name)
    said: list[str] = []
    assert rebalance_index(tell=said.append) == 1
    assert contents() == before
    assert found(crowd) == answers, "by a process that remembers the old partition"
    assert name not in vector_indexes.partitions() and len(vector_indexes.partitions()) == 33
    for n in (remainder, remainder + modulus):
        assert shape(f"memories_searchentry_p{n}of{2 * modulus}") == shaped
    assert vector_indexes.has_index(1)
    assert not leftovers()
    assert any("locked for" in line for line in said)
    assert rebalance_index(tell=said.append) == 0
    assert optimise_index(everything=True, tell=said.append) > 0
    assert found(crowd) == answers


def test_the_exchange_reads_no_rows_and_builds_no_index(crowd: User) -> None:
    _, modulus, remainder = bounds_of(crowd.id)
    parts = [f"memories_searchentry_p{n}of{2 * modulus}" for n in (remainder, remainder + modulus)]
    notices: list[str] = []
    connection.ensure_connection()
    connection.connection.add_notice_handler(lambda notice: notices.append(notice.message_primary))
    with connection.cursor() as cursor:
        cursor.execute("SET client_min_messages = debug1")
        rebalance_index(tell=lambda _: None)
        cursor.execute("RESET client_min_messages")
        for part in parts:
            assert f'partition constraint for table "{part}" is implied by existing constraints' in notices
            cursor.execute("SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = %s::regclass", [part])
            names = [name for (name,) in cursor.fetchall()]
            assert f"{part}_vector_1" in names and not [name for name in names if name.endswith("_idx")]
    connection.close()


def test_what_is_split_is_split_again(crowd: User) -> None:
    rebalance_index(tell=lambda _: None)
    _, modulus, remainder = bounds_of(crowd.id)
    assert modulus == 64
    for n in (remainder, remainder + modulus):
        fill(falls_into(2 * modulus, n), 2 * ROWS_EACH)
    before = contents()
    assert rebalance_index(tell=lambda _: None) == 1
    assert bounds_of(crowd.id)[1] == 128
    assert contents() == before


def test_a_walk_by_the_old_name_is_planned_again(crowd: User, settings: Settings) -> None:
    settings.RETRIEVAL_EXACT_ROW_US = 1e9
    assert search(SearchRequest(crowd, "piano")).plan == "hnsw"
    assert report_index().figures["recall_at_10"] > 0.9
    rebalance_index(tell=lambda _: None)
    result = search(SearchRequest(crowd, "piano"))
    assert result.plan == "hnsw" and "piano" in result.hits[0].memory.content
    assert report_index().figures["walks_checked"] == 30


def test_everything_goes_on_during_a_split(crowd: User) -> None:
    """Captures, edits, pins, erasures, indexing and searches, and in the end the index is what memories say."""
    by, answers = By(crowd), found(crowd)
    first = list(Memory.objects.filter(owner=crowd).values_list("id", flat=True))
    asked = [0]

    def ask(number: int) -> None:
        topic = TOPICS[number % 8]
        hits = search(SearchRequest(crowd, f"what about {topic}?")).hits
        assert hits[0].memory.content == answers[topic][0]
        asked[0] += 1

    def write(number: int) -> None:
        # About other things, so that the expected answers stay what they are.
        text = f"zebra{number} xylophone{number}"
        memory = capture_memory(owner=crowd, draft=MemoryDraft(content=text)).memory
        if number % 3 == 0:
            edit_memory(owner=crowd, memory_id=memory.id, change=Change(content=f"{text} quasar"), by=by)
        if number % 3 == 1:
            delete_memory(owner=crowd, memory_id=memory.id, by=by)
            empty_trash(owner=crowd, by=crowd, memory_ids=[memory.id])
        set_pinned(owner=crowd, memory_id=first[number % 8], pinned=bool(number % 2))

    def work(_: int) -> None:
        index_pending(for_s=0.1)

    said: list[str] = []
    with in_thread(repeated(ask), repeated(write), repeated(work)) as errors:
        assert rebalance_index(tell=said.append) == 1
        before = asked[0]
        while asked[0] < before + 8 and not errors:
            threading.Event().wait(0.02)
    assert not errors
    index_pending()
    assert bounds_of(crowd.id)[1] == 64
    own = SearchEntry.objects.filter(owner_id=crowd.id)
    assert set(own.values_list("memory_id", flat=True)) == set(Memory.objects.values_list("id", flat=True))
    assert not own.filter(embedding=None).exists()
    assert set(own.filter(pinned=True).values_list("memory_id")) == set(
        Memory.objects.filter(pinned=True).values_list("id")
    )
    assert {topic: hits[0] for topic, hits in found(crowd).items()} == {t: hits[0] for t, hits in answers.items()}


def test_changes_between_any_two_steps_are_kept(crowd: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that are new, changed and gone around every step, too many to exchange at once, and a few at last."""
    monkeypatch.setattr(partition_split, "FEW", 8)
    monkeypatch.setattr(partition_split, "_AT_ONCE", 20)
    name, *_ = bounds_of(crowd.id)
    expected: dict[tuple[object, ...], str] = {}
    steps = {step: getattr(partition_split, step) for step in ("begin", "fill", "catch_up", "exchange")}
    left = {step: 2 for step in steps}

    def disturbed(step: str) -> Callable[..., object]:
        def run(*args: object) -> object:
            if left[step]:
                left[step] -= 1
                disturb(1 if step == "exchange" and not left[step] else 40)
            return steps[step](*args)

        return run

    def disturb(rows: int) -> None:
        ids = list(SearchEntry.objects.exclude(owner_id=crowd.id).values_list("memory_id", flat=True)[:50])
        SearchEntry.objects.filter(memory_id=ids[0]).delete()
        SearchEntry.objects.filter(memory_id__in=ids[1 : 1 + rows]).update(importance=np.random.default_rng().random())
        SearchEntry.objects.filter(memory_id=ids[45]).update(memory_id=uuid4())
        fill(SearchEntry.objects.filter(memory_id=ids[46])[0].owner_id, max(rows // 4, 1))
        expected.clear()
        expected.update(contents())

    for step in steps:
        monkeypatch.setattr(partition_split, step, disturbed(step))
    said: list[str] = []
    assert rebalance_index(tell=said.append) == 1
    assert not any(left[step] for step in ("fill", "catch_up", "exchange"))
    assert any("changes made meanwhile" in line for line in said)
    assert contents() == expected
    assert name not in vector_indexes.partitions()


@pytest.mark.parametrize(("step", "killed"), [("fill", True), ("catch_up", False), ("exchange", True)])
def test_a_run_that_was_stopped_has_changed_nothing_and_the_next_one_does_it(
    crowd: User, monkeypatch: pytest.MonkeyPatch, step: str, killed: bool
) -> None:
    def stopped(*args: object) -> None:
        raise KeyboardInterrupt

    before, partitions = contents(), vector_indexes.partitions()
    with monkeypatch.context() as patched:
        patched.setattr(partition_split, step, stopped)
        if killed:
            patched.setattr(partition_split, "clear_leftovers", list)
        with pytest.raises(KeyboardInterrupt):
            rebalance_index(tell=lambda _: None)
    assert bool(leftovers()) == killed
    assert contents() == before and vector_indexes.partitions() == partitions
    set_pinned(owner=crowd, memory_id=Memory.objects.all()[0].id, pinned=True)
    before = contents()
    said: list[str] = []
    assert rebalance_index(tell=said.append) == 1
    assert any("left unfinished" in line for line in said) == killed
    assert contents() == before and not leftovers()


def test_the_usual_care_clears_up_after_a_killed_split(crowd: User) -> None:
    name, modulus, remainder = bounds_of(crowd.id)
    shaped = shape(name)
    partition_split.begin(partition_split.Split.of(name, modulus, remainder, 2))
    assert leftovers() and shape(name) != shaped
    optimise_index(tell=lambda _: None)
    assert not leftovers() and shape(name) == shaped


def test_a_giant_alone_is_left_where_it_is(library: User) -> None:
    _, modulus, remainder = bounds_of(library.id)
    fill(falls_into(2 * modulus, remainder), 3 * ROWS_EACH)
    partitions, said = vector_indexes.partitions(), list[str]()
    assert rebalance_index(tell=said.append) == 0
    assert "98% of them are one owner's: a split would move nothing" in said[0]
    assert vector_indexes.partitions() == partitions


def test_owners_that_two_parts_do_not_separate_get_four(library: User) -> None:
    _, modulus, remainder = bounds_of(library.id)
    for n in (0, 2):
        fill(falls_into(4 * modulus, remainder + n * modulus), ROWS_EACH)
    before = contents()
    assert rebalance_index(tell=lambda _: None) == 1
    assert len(vector_indexes.partitions()) == 35
    assert contents() == before


def test_partitions_in_proportion_are_left_alone(library: User) -> None:
    said: list[str] = []
    assert rebalance_index(tell=said.append) == 0
    assert said == ["No partition is out of proportion."]


def test_every_generation_comes_along(crowd: User) -> None:
    """The index of another model is whole in the new partitions, and one that was left half made can be completed."""
    vector_indexes.ensure_index(701, 64)
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE INDEX {vector_indexes.index_name(702)} ON ONLY memories_searchentry "
            f"{vector_indexes._definition(702, 32)}"
        )
    rebalance_index(tell=lambda _: None)
    assert vector_indexes.has_index(701) and not vector_indexes.has_index(702)
    vector_indexes.ensure_index(702, 32)
    assert vector_indexes.has_index(702)
    for model in (701, 702):
        vector_indexes.drop_index(model)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_class WHERE relname ~ 'vector_70[12]$'")
        assert cursor.fetchone()[0] == 0


def test_a_reader_that_does_not_end_is_waited_for_in_slices(crowd: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is changed when the moment never comes, and searches go on meanwhile."""
    monkeypatch.setattr(rebalancing, "_TRIES", 2)
    monkeypatch.setattr(partition_split, "_LOCK_WAIT_MS", 50)
    taken, release = threading.Event(), threading.Event()

    def read(_: int) -> None:
        from django.db import transaction

        if not release.is_set():
            with transaction.atomic():
                SearchEntry.objects.count()
                taken.set()
                release.wait(30)

    def clear() -> list[str]:
        release.set()
        return cleared()

    cleared = partition_split.clear_leftovers
    monkeypatch.setattr(partition_split, "clear_leftovers", clear)
    before = contents()
    with in_thread(repeated(read)) as errors:
        taken.wait(10)
        with pytest.raises(CommandError, match="nothing was changed"):
            call_command("index_optimise", "--rebalance", stdout=StringIO())
    assert not errors
    assert contents() == before and not leftovers()


def test_the_report_recommends_it_and_the_command_does_it(crowd: User, client_for: Callable[[User], Client]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE memories_searchentry")
    out = StringIO()
    call_command("index_report", stdout=out)
    assert "3 owners; index_optimise --rebalance splits it in 2" in out.getvalue()
    assert "splits it in 2" in client_for(crowd).get(reverse("memories:quality")).content.decode()
    out = StringIO()
    call_command("index_optimise", "--rebalance", stdout=out)
    assert "1 partitions split." in out.getvalue()
    assert report_index().figures["crowded"] == []


def test_it_waits_for_whoever_prepares_a_model(crowd: User) -> None:
    taken, release = threading.Event(), threading.Event()

    def prepare(_: int) -> None:
        if not release.is_set():
            with vector_indexes.preparing():
                taken.set()
                release.wait(30)

    with in_thread(repeated(prepare)):
        taken.wait(10)
        with pytest.raises(CommandError, match="try again in a minute"):
            call_command("index_optimise", "--rebalance", stdout=StringIO())
        release.set()
