"""What surrounds every provider: cache, joined questions, statistics."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from memories.embedding.batching import plan_batches
from memories.embedding.caching import VectorCache, key_of
from memories.embedding.microbatch import Microbatch
from memories.embedding.protocol import Vectors
from memories.embedding.statistics import BUCKETS_S, Statistics, quantile_s


def numbers(texts: Sequence[str]) -> Vectors:
    return np.array([[float(text)] for text in texts], np.float32)


def test_questions_that_arrive_during_a_run_go_together() -> None:
    started, go_on, batches = threading.Event(), threading.Event(), list[int]()

    def run(texts: list[str]) -> Vectors:
        batches.append(len(texts))
        started.set()
        assert go_on.wait(10)
        return numbers(texts)

    questions = Microbatch(run, lanes=1, at_most=4)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(questions.ask, "0")
        assert started.wait(10)
        others = [pool.submit(questions.ask, str(n)) for n in range(1, 8)]
        while len(questions._waiting) < 7:
            threading.Event().wait(0.01)
        go_on.set()
        assert [float(future.result(10)[0]) for future in [first, *others]] == list(range(8))
    assert batches == [1, 4, 3]


def test_many_threads_each_get_their_own_answer() -> None:
    questions = Microbatch(lambda texts: numbers(texts), lanes=2)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda n: float(questions.ask(str(n))[0]), range(3000)))
    assert answers == list(range(3000))


def test_an_error_reaches_everyone_and_blocks_nobody() -> None:
    def run(texts: list[str]) -> Vectors:
        if "13" in texts:
            raise ValueError("unlucky")
        return numbers(texts)

    questions = Microbatch(run)
    with pytest.raises(ValueError, match="unlucky"):
        questions.ask("13")
    assert questions.ask("14")[0] == 14


def test_the_cache_forgets_what_was_used_longest_ago() -> None:
    cache = VectorCache(size_bytes=3 * 8)
    for name in "abc":
        cache.put(key_of(name), np.array([ord(name), 0], np.float32))
    cache.get(key_of("a"))
    cache.put(key_of("d"), np.array([0, 0], np.float32))
    assert [cache.get(key_of(name)) is not None for name in "abcd"] == [True, False, True, True]
    kept = cache.get(key_of("a"))
    assert kept is not None
    with pytest.raises(ValueError, match="read-only"):
        kept[0] = 1


def test_statistics_are_drained_once_and_can_be_given_back() -> None:
    counted = Statistics()
    with pytest.raises(ZeroDivisionError), counted.timed("m", "query"):
        _ = 1 / 0
    counted.count("m", "query", texts=3, tokens=9, cached=1)
    drained = counted.drain()
    assert counted.drain() == {}
    counted.give_back(drained)
    again = counted.drain()["m", "query"]
    assert (again.texts, again.tokens, again.cached, again.calls, again.errors) == (3, 9, 1, 1, 1)
    assert counted.totals()["m", "query"].texts == 3


def test_quantiles_lie_in_their_bucket() -> None:
    counts = [0] * len(BUCKETS_S)
    assert quantile_s(counts, 0.5) is None
    counts[2], counts[4] = 90, 10
    assert 0.005 < (quantile_s(counts, 0.5) or 0) <= 0.01
    assert 0.02 < (quantile_s(counts, 0.95) or 0) <= 0.05


def test_batches_cover_each_text_once_within_the_budget_and_pad_little() -> None:
    lengths = [3, 250, 20, 21, 22, 19, 3, 4, 600, 0]
    batches = list(plan_batches(lengths, 512))
    assert sorted(position for batch in batches for position in batch) == list(range(len(lengths)))
    padded = [len(batch) * max(lengths[position] for position in batch) for batch in batches]
    assert all(size <= 512 or len(batch) == 1 for size, batch in zip(padded, batches, strict=True))
    assert sum(padded) < sum(lengths) * 1.05
    assert len(list(plan_batches([5] * 100, 10_000, most_texts=30))) == 4
    assert len(list(plan_batches([10, 11], 512))) == 1, "padding one token costs less than another run"
    assert list(plan_batches([], 512)) == []
