"""`manage.py doctor` on installations that are well and on ones that are not."""

from __future__ import annotations

from collections.abc import Callable

from memshadow.embedded_postgres import is_running
from tests.faults.conftest import Product, until


def test_finds_nothing_wrong_with_a_running_product(product: Product) -> None:
    product.start_ready()
    until(lambda: product.manage("doctor").returncode == 0, "the worker has shown that it lives")
    result = product.manage("doctor")
    assert f"web server: ready at 127.0.0.1:{product.port}" in result.stdout
    assert "database: embedded PostgreSQL 18" in result.stdout
    assert "No problems found." in result.stdout


def test_examines_a_product_that_is_not_running_and_leaves_it_so(product: Product) -> None:
    result = product.manage("doctor")
    assert result.returncode == 0, result.stdout
    assert "not running" in result.stdout
    assert "schema: up to date" in result.stdout
    assert not is_running(product.data_dir)


def test_names_each_fault_with_its_remedy(new_product: Callable[..., Product], product: Product) -> None:
    key = product.data_dir / "secret.key"
    key.chmod(0o644)
    result = product.manage("doctor")
    assert result.returncode == 1
    assert f"{key} has mode 0644, others can read it: chmod 600 '{key}'" in result.stdout
    fresh = new_product().manage("doctor")
    assert fresh.returncode == 1
    assert "migrations pending: run `manage.py prepare`" in fresh.stdout
