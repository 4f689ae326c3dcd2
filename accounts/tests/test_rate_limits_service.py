"""The buckets: exact, shared by all connections, refilled evenly, in one statement."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection

from accounts.limits.counting import Limit, block, charge, give_back, prune_buckets
from accounts.models import RateBucket

TEN = Limit("test", "a", 10, 3600.0)


def wait(limit: Limit, seconds: float) -> None:
    """As if so much time had passed."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_ratebucket SET full_at = full_at - %s WHERE key = %s", [seconds, limit.key])


@pytest.mark.django_db
def test_a_burst_passes_up_to_the_limit_and_then_waits() -> None:
    verdicts = [charge([TEN]) for _ in range(12)]
    assert [v.allowed for v in verdicts] == [True] * 10 + [False] * 2
    assert [v.remaining for v in verdicts] == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0, 0]
    assert 355 <= verdicts[-1].retry_after_s <= 361
    headers = verdicts[-1].headers()
    assert (headers["RateLimit-Limit"], headers["RateLimit-Policy"]) == ("10", "10;w=3600")
    assert headers["RateLimit-Reset"] == "3600" and int(headers["Retry-After"]) == verdicts[-1].retry_after_s
    assert "Retry-After" not in verdicts[0].headers()


@pytest.mark.django_db
def test_it_refills_evenly() -> None:
    for _ in range(11):
        charge([TEN])
    wait(TEN, 360.0)
    assert [charge([TEN]).allowed for _ in range(2)] == [True, False]
    wait(TEN, 100_000.0)
    assert [charge([TEN]).allowed for _ in range(11)] == [True] * 10 + [False]


@pytest.mark.django_db
def test_subjects_do_not_share_and_the_tightest_limit_speaks() -> None:
    wide, narrow = Limit("wide", "a", 100, 60.0), Limit("narrow", "a", 2, 60.0)
    assert [charge([wide, narrow]).limit for _ in range(3)] == [narrow] * 3
    refused = charge([wide, narrow])
    assert (refused.allowed, refused.limit) == (False, narrow)
    assert charge([Limit("narrow", "b", 2, 60.0)]).allowed


@pytest.mark.django_db
def test_all_limits_of_a_request_cost_one_statement(django_assert_num_queries: Callable[..., Any]) -> None:
    with django_assert_num_queries(1):
        charge([TEN, Limit("more", "a", 5, 60.0)])


@pytest.mark.django_db
def test_giving_back_and_blocking() -> None:
    for _ in range(10):
        charge([TEN])
    give_back([TEN])
    assert [charge([TEN]).allowed for _ in range(2)] == [True, False]
    other = Limit("test", "b", 10, 60.0)
    block(other, for_s=1000.0)
    assert charge([other]).retry_after_s in (1000, 1001, 1006)


@pytest.mark.django_db
def test_full_buckets_are_removed_and_no_subject_is_stored_in_plain() -> None:
    charge([Limit("test", "alice@example.org", 10, 60.0)])
    charge([TEN])
    wait(TEN, 4000.0)
    assert prune_buckets() == 1
    assert "alice" not in str(list(RateBucket.objects.values()))


@pytest.mark.django_db(transaction=True)
def test_a_burst_over_several_connections_counts_exactly() -> None:
    limit, other, start = Limit("test", "shared", 50, 3600.0), Limit("zest", "shared", 500, 3600.0), Barrier(4)
    allowed: list[bool] = []

    def burst(order: int) -> None:
        start.wait(10)
        limits = [limit, other] if order % 2 else [other, limit]
        allowed.extend([charge(limits).allowed for _ in range(30)])
        connection.close()

    threads = [Thread(target=burst, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert (len(allowed), sum(allowed)) == (120, 50)


@pytest.mark.django_db
def test_the_table_needs_no_write_ahead_log() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE relname = 'accounts_ratebucket'")
        assert cursor.fetchone() == ("u",)
