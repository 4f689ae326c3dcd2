"""Which plan a search runs: the cost model, the sample, and the statement that PostgreSQL is held to."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from django.conf import LazySettings
from django.db import connection, transaction

from accounts.models import User
from memories.drafts import MemoryDraft
from memories.filters import MemoryFilter
from memories.models import SearchEntry
from memories.retrieval import _plan
from memories.retrieval._conditions import Conditions, conditions_for
from memories.retrieval._plan import Plan, Sample, weigh
from memories.retrieval._vectors import vector_arm
from memories.services.capture import capture_memories

LARGE = 320_000


@pytest.mark.parametrize(
    ("rows", "share", "exact"),
    [
        (LARGE, 0.93, False),  # the largest owner, no filter
        (LARGE, 0.093, False),  # one of ten personas
        (LARGE, 0.0093, True),  # one of a hundred tags
        (LARGE, 0.0, True),  # too few to be seen in a sample
        (30_000, 1.0, False),
        (30_000, 0.33, False),  # 10,000 rows of 30,000
        (30_000, 0.03, True),
        (500, 1.0, True),
        (0, 0.0, True),
    ],
)
def test_the_cheaper_plan_is_chosen(rows: int, share: float, exact: bool) -> None:
    plan = weigh(Sample(rows, share), 200, "p")
    assert plan.exact is exact
    assert plan.matching == round(rows * share)


@pytest.mark.parametrize("rows", [1_000, 30_000, LARGE, 1_000_000])
def test_no_plan_costs_much_more_than_the_other_would(rows: int, settings: LazySettings) -> None:
    """At every selectivity the chosen plan's cost stays within the budget of a large partition's worst case."""
    for permille in range(1, 1001):
        plan = weigh(Sample(rows, permille / 1000), 200, "p")
        exact_ms = plan.matching * settings.RETRIEVAL_EXACT_ROW_US / 1000
        walk_ms = plan.candidates * 1000 / permille * settings.RETRIEVAL_VISIT_US / 1000
        assert (exact_ms if plan.exact else walk_ms) < 26


def test_a_walk_is_asked_for_less_behind_a_narrow_filter() -> None:
    assert weigh(Sample(LARGE, 0.9), 200, "p").candidates == 200
    assert weigh(Sample(LARGE, 0.1), 200, "p").candidates == 60
    assert weigh(Sample(LARGE, 0.02), 200, "p").candidates == _plan.FEWEST
    assert weigh(Sample(LARGE, 0.03), 20, "p").candidates == 20


def test_a_walk_that_ended_early_fell_short() -> None:
    assert Plan(exact=False, matching=9_000, candidates=100, table="p").fell_short(12)
    assert not Plan(exact=False, matching=9_000, candidates=100, table="p").fell_short(100)
    assert not Plan(exact=False, matching=30, candidates=100, table="p").fell_short(20)
    assert not Plan(exact=True, matching=9_000, candidates=100, table="p").fell_short(0)


@pytest.fixture
def library(owner: User, index_all: Callable[[], int]) -> User:
    """Thirty memories, ten of which carry a tag."""
    drafts = [MemoryDraft(content=f"Note {n} about bees.", tags=("hive",) if n % 3 == 0 else ()) for n in range(30)]
    capture_memories(owner=owner, drafts=drafts)
    index_all()
    _plan.forget()
    return owner


def conditions(owner: User, wanted: MemoryFilter) -> Conditions:
    made = conditions_for(owner, 1, wanted)
    assert made is not None
    return made


def test_the_sample_counts_what_passes(library: User, other: User) -> None:
    assert _plan.choose(conditions(library, MemoryFilter()), narrowed=False).matching == 30
    tagged = conditions(library, MemoryFilter(tags_any=("hive",)))
    assert _plan.choose(tagged, narrowed=True).matching == 10
    SearchEntry.objects.filter(owner_id=library.id).update(state="archived")
    assert _plan.choose(tagged, narrowed=True).matching == 0
    assert _plan.choose(conditions(other, MemoryFilter()), narrowed=False) == Plan(True, 0, 200, _plan.WHOLE_TABLE)


def explained(plan: Plan, made: Conditions) -> str:
    vector = "[" + ",".join(["0.05"] * 384) + "]"
    sql, named = vector_arm(plan, 384, made, vector)
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + sql, named)
        return "\n".join(row[0] for row in cursor.fetchall())


@contextmanager
def planner_without(*ways: str) -> Iterator[None]:
    """Make PostgreSQL avoid these ways where it has a choice."""
    with transaction.atomic(), connection.cursor() as cursor:
        for way in ways:
            cursor.execute(f"SET LOCAL enable_{way} = off")
        yield
        for way in ways:
            cursor.execute(f"SET LOCAL enable_{way} = on")


def test_a_walk_leaves_postgresql_no_other_way(library: User, settings: LazySettings) -> None:
    settings.RETRIEVAL_EXACT_ROW_US = 1e9
    tagged = conditions(library, MemoryFilter(tags_any=("hive",)))
    walk = _plan.choose(tagged, narrowed=True)
    assert not walk.exact
    with planner_without("seqscan"):
        assert "embedding_idx" in explained(walk, tagged)
        with connection.cursor() as cursor:
            cursor.execute("DROP INDEX searchentry_vector_1")
        assert not re.search(r"Index Cond: .*(owner_id|tag_ids)", explained(walk, tagged))


def test_an_exact_plan_does_not_see_the_graph(library: User) -> None:
    everything = conditions(library, MemoryFilter())
    exact = _plan.choose(everything, narrowed=False)
    assert exact.exact
    with planner_without("bitmapscan", "seqscan", "sort"):
        assert "embedding_idx" not in explained(exact, everything)


@pytest.mark.parametrize("exact", [True, False])
def test_one_partition_is_read(library: User, settings: LazySettings, exact: bool) -> None:
    settings.RETRIEVAL_EXACT_ROW_US = 0.0 if exact else 1e9
    everything = conditions(library, MemoryFilter())
    text = explained(_plan.choose(everything, narrowed=False), everything)
    assert len(set(re.findall(r"memories_searchentry_p\d\d\b", text))) == 1


def test_a_settled_filter_reads_no_index_of_the_owners(library: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    tagged = conditions(library, MemoryFilter(tags_any=("hive",)))
    assert tagged.settled
    text = explained(_plan.choose(tagged, narrowed=True), tagged)
    assert "tag_ids_idx" in text
    assert not re.search(r"Index Cond: .*owner_id", text)
    recent = conditions(library, MemoryFilter(tags_any=("hive",), after=datetime(2000, 1, 1, tzinfo=UTC)))
    assert not recent.settled


def test_conditions_are_added_with_their_parameters(library: User) -> None:
    both = conditions(library, MemoryFilter()).also("e.chunk = %s", 7)
    sql, named = both.named()
    assert sql.endswith(f"e.chunk = %({list(named)[-1]})s")
    assert list(named.values())[-1] == 7


def test_a_vector_stays_in_its_row_beside_token_signs(library: User) -> None:
    entries = SearchEntry.objects.filter(owner_id=library.id)
    entries.update(token_signs=random.randbytes(16 * 48), term_counts=random.randbytes(600))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_column_toast_chunk_id(embedding)), count(pg_column_toast_chunk_id(token_signs)) "
            "FROM memories_searchentry WHERE owner_id = %s",
            [library.id],
        )
        assert cursor.fetchone() == (0, 30)
