"""No pattern needs what Python's own `re` does not do right in every version that the product runs on."""

from __future__ import annotations

import importlib
import re

from tests.architecture.sources import modules


def possessive(pattern: re.Pattern[str] | re.Pattern[bytes]) -> bool:
    parsed = repr(re._parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG))  # type: ignore[attr-defined]
    return "POSSESSIVE_REPEAT" in parsed or "ATOMIC_GROUP" in parsed


def test_possessive_repeats_and_atomic_groups_are_left_to_the_package_regex() -> None:
    """Before Python 3.11.5 they stop early: the import of a valid archive lost four of ten conversations."""
    assert possessive(re.compile(rb'"(?:[^"\\]++|\\.)*+"')) and not possessive(re.compile("a+b"))
    names = [name.removesuffix(".py").replace("/", ".") for name, text in modules().items() if "import re\n" in text]
    found = []
    for name in names:
        patterns = vars(importlib.import_module(name)).items()
        found += [f"{name}.{key}" for key, value in patterns if isinstance(value, re.Pattern) and possessive(value)]
    assert len(names) > 20
    assert found == []
