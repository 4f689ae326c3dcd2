"""Every module says in its first sentence what it is for, and no name says nothing."""

from __future__ import annotations

import ast
from pathlib import PurePath

from tests.architecture.sources import modules

NAMELESS = {"utils", "helpers", "common", "misc", "base", "core", "tools", "shared"}


def test_every_module_says_what_it_is_for() -> None:
    said = {name: ast.get_docstring(ast.parse(text)) or "" for name, text in modules().items() if text.strip()}
    assert [name for name, words in said.items() if not words.strip()] == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [name for name in modules() if PurePath(name).stem in NAMELESS] == []


def test_public_functions_are_documented() -> None:
    silent = []
    for name, text in modules().items():
        tree = ast.parse(text)
        for node in tree.body:
            if not isinstance(node, ast.FunctionDef | ast.ClassDef) or node.name.startswith("_"):
                continue
            conventional = node.name.endswith(("Config", "Command")) or name.startswith("benchmarks/")
            if not conventional and ast.get_docstring(node) is None:
                silent.append(f"{name}:{node.lineno} {node.name}")
    assert silent == []
