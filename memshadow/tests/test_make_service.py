"""The Makefile and CI: the same commands for a person and for the machine."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def not_inside_make(monkeypatch: pytest.MonkeyPatch) -> None:
    """`make test` runs this test: its own flags must not reach the make that is tested."""
    for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
        monkeypatch.delenv(name, raising=False)


def make(*words: str) -> subprocess.CompletedProcess[str]:
    """Run make at the root."""
    return subprocess.run(["make", *words], cwd=ROOT, capture_output=True, text=True, check=False)


def test_lists_its_commands() -> None:
    for name in ("init", "run", "test", "lint", "audit", "fmt", "bench", "e2e", "clean"):
        assert f"make {name}\t" in make().stdout


def test_ci_runs_what_a_person_runs() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text().rstrip().endswith("exec make test")
    assert ".venv/bin/python -m pytest" in make("--dry-run", "test").stdout


@pytest.mark.parametrize(
    ("python", "remedy"),
    [
        ("/nowhere/python3", "install Python 3.11 or newer"),
        ("/bin/false", "Python 3.11 or newer is needed and /bin/false is older"),
    ],
)
def test_an_unusable_python_is_refused_with_the_remedy(python: str, remedy: str) -> None:
    result = make(f"PYTHON={python}", "VENV=.stamps/no-such-venv", ".stamps/no-such-venv/bin/python")
    assert result.returncode != 0
    assert remedy in result.stderr
    assert not (ROOT / ".stamps" / "no-such-venv").exists()


def test_clean_leaves_the_data_alone() -> None:
    assert not any("data" in line.split() for line in make("--dry-run", "clean").stdout.splitlines())
