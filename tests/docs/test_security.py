"""docs/security.md and docs/asvs.md prove what they claim: every test and file that they name exists."""

from __future__ import annotations

import ast
import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ("security.md", "asvs.md")
FOLDERS = (
    "accounts",
    "deploy",
    "docs",
    "enrichment",
    "memories",
    "memshadow",
    "personas",
    "static",
    "templates",
    "tests",
)
_NAMED = re.compile(r"`(?P<file>[\w./-]*\.py)?(?:::(?P<test>\w+))?`")
_WORDS = {"met": "Met", "partly": "Partly", "not": "Not met", "n/a": "Not applicable"}


def text_of(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def files_by_name() -> dict[str, list[Path]]:
    """Where each Python file lies, by its name."""
    found: dict[str, list[Path]] = {}
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*.py"):
            found.setdefault(path.name, []).append(path)
    return found


def file_named(name: str) -> Path | None:
    """The file of a path from the root, or of a bare name that only one file has."""
    if (ROOT / name).is_file():
        return ROOT / name
    bare = files_by_name().get(name, [])
    return bare[0] if len(bare) == 1 else None


@lru_cache(maxsize=500)
def defined_in(path: Path) -> frozenset[str]:
    """The names of the tests that a file defines."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def untrue(text: str) -> Iterator[str]:
    """What is named and does not exist. `::test` alone belongs to the test file that was named last."""
    last: Path | None = None
    for named in _NAMED.finditer(text):
        file, test = named["file"], named["test"]
        if file:
            path = file_named(file)
            if path is None:
                yield file
            if Path(file).name.startswith("test_"):
                last = path
        if test and (last is None or test not in defined_in(last)):
            yield f"{last.name if last else '?'}::{test}"


@pytest.mark.parametrize("name", DOCS)
def test_every_named_test_and_file_exists(name: str) -> None:
    text = text_of(name)
    assert list(untrue(text)) == []
    assert sum(1 for named in _NAMED.finditer(text) if named["test"]) > 50


def test_what_does_not_exist_is_found() -> None:
    here = "tests/docs/test_security.py"
    right = (
        f"`{here}::test_what_does_not_exist_is_found` and `::test_every_named_test_and_file_exists`, `accounts/keys.py`"
    )
    assert list(untrue(right)) == []
    wrong = f"`::test_x` `{here}::test_gone` `::test_away` `accounts/nothing.py` `test_nothing.py`"
    assert list(untrue(wrong)) == [
        "?::test_x",
        "test_security.py::test_gone",
        "test_security.py::test_away",
        "accounts/nothing.py",
        "test_nothing.py",
    ]


@pytest.mark.parametrize("name", DOCS)
def test_links_and_folders_lead_somewhere(name: str) -> None:
    text = text_of(name)
    for target, heading in re.findall(r"\]\(([\w./-]*)(?:#([\w-]+))?\)", text):
        path = ROOT / "docs" / target if target else ROOT / "docs" / name
        assert path.is_file(), target
        assert not heading or heading in slugs(path.read_text(encoding="utf-8")), heading
    for folder in re.findall(rf"`((?:{'|'.join(FOLDERS)})/[\w./-]*)`", text):
        assert (ROOT / folder).exists(), folder


def slugs(text: str) -> set[str]:
    return {
        re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    }


def test_vendored_files_are_the_ones_that_were_checked() -> None:
    folder = ROOT / "static" / "vendor"
    listed = re.findall(r"^([0-9a-f]{64})  (\S+)$", (folder / "VENDORED.md").read_text(encoding="utf-8"), re.MULTILINE)
    for digest, name in listed:
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest, name
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert there == {name for _, name in listed} | {"VENDORED.md"}


# How many requirements of levels 1 and 2 each section of ASVS 5.0.0 has.
SECTIONS = {
    "1.1": 2, "1.2": 9, "1.3": 11, "1.4": 3, "1.5": 2,
    "2.1": 3, "2.2": 3, "2.3": 4, "2.4": 1,
    "3.2": 2, "3.3": 4, "3.4": 6, "3.5": 5, "3.7": 2,
    "4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4,
    "5.1": 1, "5.2": 3, "5.3": 2, "5.4": 3,
    "6.1": 3, "6.2": 12, "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4,
    "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 2, "7.6": 2,
    "8.1": 2, "8.2": 3, "8.3": 1, "8.4": 1,
    "9.1": 3, "9.2": 4,
    "10.1": 2, "10.2": 2, "10.3": 4, "10.4": 11, "10.5": 5, "10.6": 2, "10.7": 3,
    "11.1": 2, "11.2": 3, "11.3": 3, "11.4": 4, "11.5": 1, "11.6": 1,
    "12.1": 3, "12.2": 2, "12.3": 4,
    "13.1": 1, "13.2": 5, "13.3": 2, "13.4": 5,
    "14.1": 2, "14.2": 4, "14.3": 3,
    "15.1": 3, "15.2": 3, "15.3": 7,
    "16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3, "16.5": 3,
    "17.1": 1, "17.2": 4, "17.3": 2,
}  # fmt: skip


def requirements() -> list[tuple[str, str]]:
    """(number, verdict) of each requirement in the tables."""
    rows = re.findall(r"^\| ([\d., ]+) \| (met|partly|not|n/a) \|", text_of("asvs.md"), re.MULTILINE)
    return [(number.strip(), verdict) for numbers, verdict in rows for number in numbers.split(",")]


def test_every_requirement_of_level_2_has_one_verdict() -> None:
    numbers = [number for number, _ in requirements()]
    assert len(numbers) == len(set(numbers))
    assert Counter(number.rpartition(".")[0] for number in numbers) == SECTIONS


def test_the_totals_are_those_of_the_tables() -> None:
    counted = Counter(verdict for _, verdict in requirements())
    stated = dict(re.findall(r"^\| (Met|Partly|Not met|Not applicable) \| (\d+) \|", text_of("asvs.md"), re.MULTILINE))
    assert stated == {word: str(counted[verdict]) for verdict, word in _WORDS.items()}
