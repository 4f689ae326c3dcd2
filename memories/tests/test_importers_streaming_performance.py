"""An archive many times larger than the memory that reading may take."""

from __future__ import annotations

import io
import tracemalloc
import zipfile

from benchmarks.archives import write_archive
from memories.importers import ParsedConversation, read
from memories.importers.limits import MIB


def test_memory_does_not_grow_with_the_archive() -> None:
    out = io.BytesIO()
    write_archive(out, 400)
    with zipfile.ZipFile(out) as archive:
        size = archive.infolist()[0].file_size
    tracemalloc.start()
    try:
        count = sum(isinstance(item, ParsedConversation) for _, item in read(out, "chats.zip"))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert count == 400
    assert size > 8 * MIB
    # Window, its text, one conversation and the head that was looked at: the same for any size of archive.
    assert peak < 10 * MIB


def test_generator_is_deterministic() -> None:
    one, two, other = io.BytesIO(), io.BytesIO(), io.BytesIO()
    write_archive(one, 5)
    write_archive(two, 5)
    write_archive(other, 5, seed=1)

    assert one.getvalue() == two.getvalue() != other.getvalue()


def test_shards_hold_the_same_conversations() -> None:
    whole, parts = io.BytesIO(), io.BytesIO()
    write_archive(whole, 7)
    write_archive(parts, 7, shard=3)

    assert [i for _, i in read(whole, "a.zip")] == [i for _, i in read(parts, "a.zip")]
    assert len(zipfile.ZipFile(parts).namelist()) == 3
