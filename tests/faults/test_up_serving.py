"""`manage.py up`, from nothing to ready and back to nothing."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable

import psutil
import pytest

from memshadow.embedded_postgres import is_running
from tests.faults.conftest import Product, survivors, until


def test_the_first_start_makes_everything_and_prints_where_it_is(
    new_product: Callable[..., Product],
) -> None:
    product = new_product().at_full_size()
    product.start_ready()
    until(lambda: product.said("/setup/"), "the one-time link is printed")
    assert product.said(f"MEMSHADOW is ready at http://127.0.0.1:{product.port}")
    assert product.is_ready()
    assert product.data_dir.stat().st_mode & 0o007 == 0
    link = next(line for line in product.lines if "/setup/" in line)
    path = re.sub(r"^.*http://[^/]+", "", link)
    assert product.status(path) == 200
    assert product.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_every_process_and_ends_with_status_0(product: Product, number: signal.Signals) -> None:
    product.at_full_size().start_ready()
    cluster = product.child("qcluster")
    until(lambda: len(cluster.children(recursive=True)) > 4, "all workers run")
    family = product.family()
    assert product.stop(number) == 0
    assert survivors(family) == []
    assert not is_running(product.data_dir)
    assert product.status("/health/live") == 0


def test_a_second_start_prepares_nothing_again(product: Product) -> None:
    product.start_ready()
    assert product.stop() == 0
    product.start_ready()
    assert product.is_ready()
    assert not product.said("recovery"), "the first stop was not clean"
    assert not product.said("updating the database")
    assert not product.said("collecting")


def test_a_signal_during_the_start_leaves_nothing_behind(new_product: Callable[..., Product]) -> None:
    product = new_product()
    product.start()
    until(lambda: product.said("updating the database"), "the migration runs")
    family = product.family()
    assert product.stop() == 0, product.lines
    assert survivors(family) == []
    # And the next start completes what this one began.
    product.start_ready()


def test_commands_in_another_terminal_share_the_database(product: Product) -> None:
    product.start_ready()
    postgres = product.child("postgres").pid
    assert product.manage("migrate", "--check").returncode == 0
    assert product.child("postgres").pid == postgres
    product.stop()
    assert product.manage("migrate", "--check").returncode == 0
    assert not is_running(product.data_dir)


def test_the_idle_product_stays_under_a_gigabyte(product: Product) -> None:
    product.at_full_size().start_ready()
    cluster = product.child("qcluster")
    until(lambda: len(cluster.children(recursive=True)) > 4, "all workers run")
    processes = [psutil.Process(product.process.pid), *product.family()]
    # Proportional set size: pages that forks share count once.
    total = sum(process.memory_full_info().pss for process in processes)
    assert total < 1024**3
