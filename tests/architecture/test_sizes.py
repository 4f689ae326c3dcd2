"""Functions and files stay small: the limits of the style guide, measured."""

from __future__ import annotations

from statistics import median

from tests.architecture.sources import functions, length, modules


def share(values: list[int], q: float) -> int:
    return sorted(values)[int(q * (len(values) - 1))]


def test_functions_are_short() -> None:
    sizes = {where: length(function) for where, function in functions()}
    values = list(sizes.values())
    assert {where: n for where, n in sizes.items() if n > 80} == {}
    assert median(values) <= 9
    assert share(values, 0.95) <= 40
    assert sum(n > 50 for n in values) / len(values) <= 0.03


def test_files_are_short() -> None:
    sizes = {name: text.count("\n") for name, text in modules().items()}
    assert {name: n for name, n in sizes.items() if n > 500} == {}
    assert share(list(sizes.values()), 0.95) <= 350


def test_views_and_endpoints_are_thin() -> None:
    faces = {where: f for where, f in functions() if "/views/" in where or "/api/" in where}
    sizes = {where: length(f) for where, f in faces.items() if not f.name.startswith("_")}
    assert {where: n for where, n in sizes.items() if n > 25} == {}
