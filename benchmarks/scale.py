"""Recall and speed of the search index at size: `python -m benchmarks.scale --rows 1000000 [--json FILE]`.

Loads a synthetic index (benchmarks/synthetic_index.py) into a private PostgreSQL, then asks for owners of each size
with each filter, by the product's own plan and SQL, and compares with the exact answer: fresh, after 20 % of the rows
were updated or deleted, and while 50 rows a second are written. Filter values change with each question; a plan's
sampling is part of its time.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path

from benchmarks.index_load import Loaded, load
from benchmarks.instance import data_folder, kept_folder
from benchmarks.scale_cells import FILTERS, Cell, measure
from benchmarks.scale_changes import capturing, churn

GOAL_RECALL = 0.99
GOAL_P95_MS = 25.0


def table(cells: Sequence[Cell]) -> str:
    """A Markdown table of one phase: a line a size, a column a filter; recall, p50, p95 and plan."""
    names = list(FILTERS)
    lines = ["| owner's rows | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for size in dict.fromkeys((cell.owner_rows, cell.crowded) for cell in cells):
        own = {cell.filter: cell for cell in cells if (cell.owner_rows, cell.crowded) == size}
        label = f"{size[0]:,}" + (" (beside the largest)" if size[1] else "")
        lines.append(f"| {label} | " + " | ".join(_shown(own.get(name)) for name in names) + " |")
    return "\n".join(lines)


def _shown(cell: Cell | None) -> str:
    if cell is None:
        return "–"
    return f"{cell.recall_at_10:.3f} · {cell.p50_ms:.1f} · {cell.p95_ms:.1f} {cell.plan}"


def report(phase: str, cells: Sequence[Cell]) -> None:
    """Print a phase and what misses the goals."""
    print(f"\n### {phase}: recall@10 · p50 ms · p95 ms\n\n{table(cells)}\n")
    for cell in cells:
        if cell.recall_at_10 < GOAL_RECALL or cell.p95_ms > GOAL_P95_MS:
            print(f"misses the goal: {cell.owner_rows:,} rows, {cell.filter}: {_shown(cell)}", flush=True)


def phases(loaded: Loaded, wanted: Sequence[str], queries: int) -> list[Cell]:
    """Measure each phase in turn and print it."""
    cells: list[Cell] = []
    changes: dict[str, Callable[[], object]] = {"after churn": lambda: churn(loaded)}
    for phase in wanted:
        started = time.perf_counter()
        changes.get(phase, lambda: None)()
        with capturing(loaded) if phase == "under capture" else nullcontext():
            found = measure(loaded, phase, queries)
        report(f"{phase} ({time.perf_counter() - started:.0f} s)", found)
        cells += found
    return cells


def main() -> None:
    """Load, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--owners", type=int, default=600)
    parser.add_argument("--queries", type=int, default=40, help="questions a cell")
    parser.add_argument("--phases", nargs="+", default=["fresh", "after churn", "under capture"])
    parser.add_argument("--json", type=Path, help="also write the cells to this file")
    parser.add_argument("--data", type=Path, help="keep the loaded database in this folder, and use it again")
    parser.add_argument("--chroma", action="store_true", help="ask Chroma the same (package chromadb)")
    arguments = parser.parse_args()
    with kept_folder(arguments.data) if arguments.data else data_folder() as folder:
        from memshadow.embedded_postgres import ensure_running

        with ensure_running(folder):
            loaded = load(folder, arguments.rows, arguments.owners)
            cells = phases(loaded, arguments.phases, arguments.queries)
            figures: dict[str, object] = {"rows": arguments.rows, "cells": [asdict(cell) for cell in cells]}
            if arguments.chroma:
                from benchmarks.scale_chroma import compare

                figures["chroma"] = compare(loaded, folder / "chroma", arguments.queries)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
