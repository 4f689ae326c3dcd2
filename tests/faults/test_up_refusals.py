"""What keeps the product from starting: one clear message with its remedy and status 1."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from memshadow.embedded_postgres import Handle, ensure_running
from tests.faults.conftest import Product


def refusal(product: Product) -> str:
    """What `up` says on standard error when it refuses; a traceback fails the test."""
    result = product.manage("up")
    assert result.returncode == 1, result
    assert "Traceback" not in result.stderr + result.stdout
    message = result.stderr.strip()
    assert message.count("\n") == 0, message
    return message


@pytest.fixture
def external() -> Iterator[Handle]:
    """A PostgreSQL server that is not the product's own."""
    # Not pytest's folder: every new session of pytest closes that one to the account that runs PostgreSQL.
    folder = Path(tempfile.mkdtemp(prefix="mshx-"))
    with ensure_running(folder / "data", durable=False) as handle:
        yield handle
    shutil.rmtree(folder)


def test_a_port_in_use(product: Product) -> None:
    with socket.create_server(("127.0.0.1", product.port)):
        message = refusal(product)
    assert f"Cannot listen on 127.0.0.1:{product.port}: another program listens there" in message
    assert f"PORT={product.port + 1}" in message


def test_an_address_of_another_machine(product: Product) -> None:
    product.environment["HOST"] = "192.0.2.1"
    assert "this machine has no such address. Use HOST=127.0.0.1" in refusal(product)


def test_a_data_folder_in_use_by_another_server(product: Product, new_product: Callable[..., Product]) -> None:
    product.start_ready()
    second = new_product()
    second.environment["MEMSHADOW_DATA_DIR"] = str(product.data_dir)
    message = refusal(second)
    assert f"is in use by another MEMSHADOW server (process {product.process.pid})" in message
    assert product.is_ready()


def test_a_data_folder_that_cannot_be_made(product: Product) -> None:
    product.environment["MEMSHADOW_DATA_DIR"] = "/proc/memshadow"
    message = refusal(product)
    assert "The data folder /proc/memshadow cannot be written" in message
    assert "set MEMSHADOW_DATA_DIR to another folder" in message


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mount a small disk of memory with these options; only root may."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount")
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(options: str) -> Path:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        if subprocess.run(command, check=False, capture_output=True).returncode != 0:
            pytest.skip("this container may not mount")
        return folder

    yield mount
    subprocess.run(["umount", str(folder)], check=False, capture_output=True)


def test_a_read_only_data_folder(product: Product, mounted: Callable[[str], Path]) -> None:
    product.environment["MEMSHADOW_DATA_DIR"] = str(mounted("size=1m,ro"))
    message = refusal(product)
    assert "cannot be written (Read-only file system)" in message
    assert "mount it read-write" in message


@pytest.mark.parametrize("command", [["check"], ["doctor"], ["migrate"], ["help"]])
def test_a_command_that_cannot_make_its_secrets(
    product: Product, mounted: Callable[[str], Path], command: list[str]
) -> None:
    product.environment["MEMSHADOW_DATA_DIR"] = str(mounted("size=1m,ro"))
    result = product.manage(*command)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.count("\n") == 1, result.stderr
    assert "cannot be written (Read-only file system): make it writable" in result.stderr


def test_an_empty_secret(product: Product) -> None:
    (product.data_dir / "secret.key").write_text("")
    result = product.manage("check")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.count("\n") == 1, result.stderr
    assert "secret.key is empty: restore it from a backup" in result.stderr


def test_a_full_disk(product: Product, mounted: Callable[[str], Path]) -> None:
    product.environment["MEMSHADOW_DATA_DIR"] = str(mounted("size=64m"))
    message = refusal(product)
    assert re.search(r"is full \(6\d MB free, 500 MB needed\): free some space", message)


def test_a_cluster_of_another_postgresql(new_product: Callable[..., Product]) -> None:
    product = new_product()
    cluster = product.data_dir / "postgres"
    cluster.mkdir(parents=True)
    (cluster / "PG_VERSION").write_text("16\n")
    assert "holds a database of PostgreSQL 16, this version of MEMSHADOW runs 18" in refusal(product)


def test_an_unreachable_database(product: Product) -> None:
    product.environment["DATABASE_URL"] = "postgresql://user:hidden@127.0.0.1:1/memshadow"
    message = refusal(product)
    assert "The database cannot be reached" in message
    assert "Check that PostgreSQL runs and that DATABASE_URL" in message
    assert "hidden" not in message


def test_a_database_without_pgvector(product: Product, external: Handle) -> None:
    with psycopg.connect(external.url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE bare")
        connection.execute("ALTER SYSTEM SET extension_control_path = '/nonexistent'")
        connection.execute("SELECT pg_reload_conf()")
    product.environment["DATABASE_URL"] = external.url.replace("/memshadow?", "/bare?")
    message = refusal(product)
    assert "The database server lacks the pgvector extension. Install pgvector 0.8.3 or newer" in message


def test_an_external_database_is_used_and_nothing_embedded_starts(
    new_product: Callable[..., Product], external: Handle
) -> None:
    product = new_product()
    product.environment["DATABASE_URL"] = external.url
    product.start_ready()
    assert product.is_ready()
    assert not (product.data_dir / "postgres").exists()
    assert not any("postgres:" in " ".join(process.cmdline()) for process in product.family())
    assert product.stop() == 0
    assert external.alive()
