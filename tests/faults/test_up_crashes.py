"""Processes that die: each is brought back, and none outlives the supervisor."""

from __future__ import annotations

import signal
import time
from contextlib import suppress

import psutil
import pytest

from memshadow.embedded_postgres import is_running
from tests.faults.conftest import Product, is_dead, survivors, until


@pytest.mark.parametrize("word", ["gunicorn", "qcluster", "postgres"])
def test_a_killed_child_is_started_again(product: Product, word: str) -> None:
    product.start_ready()
    victim = product.child(word)
    victim.kill()
    until(lambda: product.has_child_other_than(word, victim.pid), f"{word} runs again")
    until(product.is_ready, "the product is ready again")
    assert product.said("starting it again in 1 s")
    assert product.stop() == 0


def test_a_killed_web_worker_process_is_replaced_by_its_master(product: Product) -> None:
    product.at_full_size().start_ready()
    master = product.child("gunicorn")
    killed = master.children()
    assert len(killed) > 1
    for worker in killed:
        worker.kill()
    until(lambda: len(set(master.children()) - set(killed)) == len(killed), "there are as many others")
    until(product.is_ready, "the product is ready again")


def test_nothing_of_a_killed_worker_stays_behind(product: Product) -> None:
    product.start_ready()
    cluster = product.child("qcluster")
    until(lambda: len(cluster.children(recursive=True)) > 2, "the workers run")
    descendants = cluster.children(recursive=True)
    cluster.kill()
    until(lambda: product.has_child_other_than("qcluster", cluster.pid), "the worker runs again")
    until(lambda: survivors(descendants) == [], "what the killed worker started has ended", timeout_s=10)


def test_all_children_end_when_the_supervisor_is_killed_and_the_next_start_recovers(product: Product) -> None:
    product.start_ready()
    family = product.family()
    product.process.send_signal(signal.SIGKILL)
    product.ended()
    until(lambda: survivors(family) == [], "every child ends", timeout_s=30)
    assert not is_running(product.data_dir)
    product.start_ready()
    assert product.stop() == 0


def test_many_signals_at_once_stop_the_workers_as_one_does(product: Product) -> None:
    product.at_full_size().start_ready()
    cluster = product.child("qcluster")
    until(lambda: len(cluster.children(recursive=True)) > 2, "the workers run")
    processes = [cluster, *cluster.children(recursive=True)]
    with suppress(psutil.NoSuchProcess):
        for _ in range(200):
            cluster.terminate()
            time.sleep(0.0002)
    until(lambda: survivors(processes) == [], "all of them end", timeout_s=30)


def test_a_second_signal_does_not_wait_for_anybody(product: Product) -> None:
    product.start_ready()
    cluster = product.child("qcluster")
    # A stopped process cannot react to SIGTERM: without the second signal this takes the whole patience.
    cluster.suspend()
    product.process.terminate()
    until(lambda: product.said("stopping"), "the stop has begun")
    assert product.stop() == 0
    assert is_dead(cluster)
