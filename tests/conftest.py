"""What whole products need, made once for all test processes of a run."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from tests.faults.conftest import Product


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this run have in common."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def migrated(shared: Path) -> Path:
    """A data folder with a complete schema, to be copied: starting from nothing takes seconds a test."""
    made, ready = Product(shared / "migrated", shared / "models"), shared / "migrated.ready"
    with (shared / "migrated.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists():
            prepared = made.manage("prepare")
            assert prepared.returncode == 0, prepared.stderr
            ready.touch()
    return made.data_dir


@pytest.fixture(scope="session")
def models_dir(shared: Path, migrated: Path) -> Path:
    """The embedding model, prepared once."""
    return shared / "models"
