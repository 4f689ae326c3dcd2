"""An archive many times larger than the memory that reading may take, and the generator of such archives."""

from __future__ import annotations

import io
import subprocess
import sys
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from memories.importers import ParsedConversation, read
from memories.importers.limits import MIB
from memories.tests.samples import chatgpt
from memories.tests.samples.archives import dumps, zipped
from memories.tests.samples.reading import read_all

ROOT = Path(__file__).resolve().parents[2]


def archive(conversations: int) -> bytes:
    """About 40 KB for each conversation, unpacked."""
    made = [chatgpt.simple(f"c{n}", ask=f"{n} words " * 2_000, answer="answer " * 3_000) for n in range(conversations)]
    return zipped({"conversations.json": dumps(made)}, zipfile.ZIP_STORED)


@pytest.mark.parametrize("conversations", [200, 800])
def test_memory_does_not_grow_with_the_archive(conversations: int) -> None:
    file = io.BytesIO(archive(conversations))
    assert len(file.getvalue()) > conversations * 35_000
    tracemalloc.start()
    try:
        count = sum(isinstance(item, ParsedConversation) for _, item in read(file, "chats.zip"))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert count == conversations
    # Window, its text, one conversation, and the head that was looked at: the same for any size of archive.
    assert peak < 7 * MIB


def generated(folder: Path, name: str, *options: str) -> bytes:
    """What the command line writes."""
    path = folder / name
    command = [sys.executable, "-m", "benchmarks.archives", "--out", str(path), "--conversations", "7", *options]
    subprocess.run(command, check=True, cwd=ROOT, capture_output=True)
    return path.read_bytes()


def test_generator_gives_the_same_bytes_for_the_same_seed_and_the_same_items_in_shards(tmp_path: Path) -> None:
    whole, again = generated(tmp_path, "a.zip"), generated(tmp_path, "b.zip")
    other, parts = generated(tmp_path, "c.zip", "--seed", "1"), generated(tmp_path, "d.zip", "--shard", "3")

    assert whole == again != other
    assert read_all(whole).items == read_all(parts).items and len(read_all(whole).conversations) == 7
    assert len(zipfile.ZipFile(io.BytesIO(parts)).namelist()) == 3
