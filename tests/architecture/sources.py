"""The product's own Python, for the tests that measure it."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("memshadow", "accounts", "personas", "memories", "enrichment", "memcli", "benchmarks")
Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def modules() -> dict[str, str]:
    """Text of every module by path, tests and migrations left out."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\n")
    return {
        name: (ROOT / name).read_text(encoding="utf-8")
        for name in listed
        if name.startswith(tuple(f"{p}/" for p in PACKAGES))
        and "/migrations/" not in name
        and "/tests/" not in name
        and (ROOT / name).exists()
    }


def functions() -> Iterator[tuple[str, Function]]:
    """(where, definition) of every function and method."""
    for name, text in modules().items():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, Function):
                yield f"{name}:{node.lineno} {node.name}", node


def length(function: Function) -> int:
    """Lines from `def` to the end, the docstring left out."""
    assert function.end_lineno is not None
    lines = function.end_lineno - function.lineno + 1
    first = function.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and first.end_lineno is not None:
        lines -= first.end_lineno - first.lineno + 1
    return lines
