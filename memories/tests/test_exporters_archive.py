"""The zip writer and the names in it, without a database."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memories.exporters._names import file_stem, mark, safe_title, tag_name
from memories.exporters._zip import ZipWriter

MOMENT = datetime(2024, 5, 3, 9, 30, 42, tzinfo=UTC)


def _archive(members: dict[str, bytes]) -> zipfile.ZipFile:
    writer = ZipWriter()
    parts = [writer.member(name, content, MOMENT) for name, content in members.items()]
    return zipfile.ZipFile(io.BytesIO(b"".join([*parts, *writer.end()])))


@given(st.dictionaries(st.text(alphabet="abcé日🦊/ ", min_size=1, max_size=30), st.binary(max_size=3000), max_size=5))
def test_members_come_back(members: dict[str, bytes]) -> None:
    archive = _archive(members)
    assert archive.testzip() is None
    assert {info.filename: archive.read(info) for info in archive.infolist()} == members


def test_times_and_modes() -> None:
    [info] = _archive({"a.md": b"x"}).infolist()
    assert info.date_time == (2024, 5, 3, 9, 30, 42)
    assert oct(info.external_attr >> 16) == "0o100644"
    writer = ZipWriter()
    old = writer.member("old", b"", datetime(1, 1, 2, tzinfo=UTC)) + writer.member(
        "new", b"", datetime(9999, 1, 1, tzinfo=UTC)
    )
    years = [i.date_time[0] for i in zipfile.ZipFile(io.BytesIO(old + b"".join(writer.end()))).infolist()]
    assert years == [1980, 2107]


def test_more_members_than_the_old_format_counts() -> None:
    members = {f"n{n}": b"" for n in range(70_000)}
    assert _archive(members).namelist() == list(members)


def test_beyond_four_gigabytes(tmp_path: Path) -> None:
    """A sparse file stands for the first members."""
    writer, gap = ZipWriter(), 2**32 + 5
    path = tmp_path / "big.zip"
    with path.open("wb") as file:
        file.write(writer.member("first", b"one", MOMENT))
        writer._position += gap
        file.seek(gap, io.SEEK_CUR)
        file.write(writer.member("second", b"two", MOMENT))
        for piece in writer.end():
            file.write(piece)
    archive = zipfile.ZipFile(path)
    assert [archive.read(name) for name in ("first", "second")] == [b"one", b"two"]


def test_a_member_costs_little_room() -> None:
    writer = ZipWriter()
    tracemalloc.start()
    for _ in range(20_000):
        writer.member(f"Notes/A title of the usual length {uuid4()}.md", b"text", MOMENT)
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert held / 20_000 < 120


@given(st.text(max_size=300))
def test_any_title_makes_a_safe_name(title: str) -> None:
    name = file_stem(title, UUID(int=7)) + ".md"
    assert len(name.encode()) <= 140
    assert not set(name) & set('\\/:*?"<>|#^[]\x00\n\t')
    assert not name.startswith((".", " "))
    assert name.isprintable() or "\u200d" in name
    assert name.split(".")[0].split(" ")[0].upper() not in {"CON", "NUL", "COM1"} or " " in name


@pytest.mark.parametrize("title", ["CON", "con", "nul.txt", "COM1", "lpt9.x", "COM\u00b9", "AUX "])
def test_reserved_names_are_not_used(title: str) -> None:
    assert safe_title(title).startswith("_")


def test_names_differ_by_id_only_where_titles_agree() -> None:
    assert file_stem("Same", UUID(int=1)) != file_stem("same", UUID(int=2))
    assert file_stem("Same", UUID(int=1)) == file_stem("Same", UUID(int=1))
    assert len({mark(UUID(int=n)) for n in range(20_000)}) == 20_000
    assert mark(UUID(int=1)).islower() and mark(UUID(int=1)).isalnum()


@pytest.mark.parametrize(
    ("name", "written"),
    [("Road trip", "Road-trip"), ("2024", "_2024"), ("a/b", "a/b"), ("c++", "c"), ("日本", "日本"), ("!!", "")],
)
def test_tags_as_obsidian_takes_them(name: str, written: str) -> None:
    assert tag_name(name) == written
