"""Every module says in its first sentence what it is for, and no name says nothing."""

from __future__ import annotations

import ast
from pathlib import PurePath

from tests.architecture.sources import modules

NAMELESS = {"utils", "helpers", "common", "misc", "base", "core", "tools", "shared"}


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        name for name, text in modules().items() if text.strip() and not (ast.get_docstring(ast.parse(text)) or "").strip()
    ]
    assert silent == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [name for name in modules() if PurePath(name).stem in NAMELESS] == []


def test_public_functions_are_documented() -> None:
    silent = []
    for name, text in modules().items():
        tree = ast.parse(text)
        for node in tree.body:
            public = isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
            public = public and not node.name.endswith(("Config", "Command"))  # Django's, named by convention
            if public and not name.startswith("benchmarks/") and ast.get_docstring(node) is None:
                silent.append(f"{name}:{node.lineno} {node.name}")
    assert silent == []
