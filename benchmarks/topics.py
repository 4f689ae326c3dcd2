"""Topics at size: seconds, peak memory, and how many clusters keep their id, on synthetic vectors in a file.

`python -m benchmarks.topics [--memories 200000] [--themes 300]`. The vectors are drawn around themes of very
different sizes, a fifth of them around none, as in a store of somebody who talks about many things. The second run
sees a twentieth more vectors with another seed: what a week does, at its worst. The map's landmarks are laid out too.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from enrichment.clusters.grouping import group
from enrichment.clusters.mapping import MOST_LANDMARKS, lay_out
from enrichment.clusters.matching import continued
from enrichment.clusters.vectors import BATCH, NOBODY, Labels, Stored, Vectors, unit

DIMENSION = 384
NO_THEME = 0.2
SPREAD = 0.03  # of one coordinate: members have a cosine of about .74 to their theme


def drawn(memories: int, themes: int, seed: int, folder: Path) -> tuple[Stored, Labels]:
    """Unit vectors in a file, as grouping reads them, and the theme of each, NOBODY for those of none."""
    chance = np.random.default_rng(seed)
    weights = 1 / np.arange(1, themes + 1)
    truth = chance.choice(themes, size=memories, p=weights / weights.sum())
    truth[chance.random(memories) < NO_THEME] = NOBODY
    centres = unit(chance.standard_normal((themes, DIMENSION), dtype=np.float32))
    stored = np.memmap(folder / "vectors", np.float16, "w+", shape=(memories, DIMENSION))
    for at in range(0, memories, BATCH):
        stored[at : at + BATCH] = _around(centres, truth[at : at + BATCH], chance)
    return stored, truth


def _around(centres: Vectors, truth: Labels, chance: np.random.Generator) -> Vectors:
    vectors = chance.standard_normal((len(truth), DIMENSION), dtype=np.float32) * np.float32(SPREAD)
    vectors[truth != NOBODY] += centres[truth[truth != NOBODY]]
    return unit(vectors)


def measured(memories: int, themes: int) -> list[str]:
    """Lines of a table: the first run, the second and what stayed of the first, and the map."""
    with tempfile.TemporaryDirectory() as folder:
        stored, truth = drawn(memories + memories // 20, themes, 1, Path(folder))
        began = time.perf_counter()
        first = group(stored[:memories], seed=0)
        then = time.perf_counter()
        second = group(stored, seed=1)
        after = time.perf_counter()
        known = np.full(len(stored), NOBODY, dtype=np.int64)
        known[:memories] = first.labels
        same = continued(known, second.labels, first.centres, second.centres)
        lay_out(np.asarray(stored[:MOST_LANDMARKS], np.float32), np.full((MOST_LANDMARKS, 2), np.nan, np.float32))
        return [
            f"memories {memories:,}, themes {themes}",
            f"first run: {then - began:.1f} s, {len(first.centres)} clusters, {_pure(first.labels, truth):.3f} pure",
            f"second run: {after - then:.1f} s, {len(second.centres)} clusters, {_pure(second.labels, truth):.3f} pure",
            f"memories whose cluster kept its id: {_kept(known, second.labels, same):.3f}",
            f"map of {MOST_LANDMARKS:,} landmarks: {time.perf_counter() - after:.1f} s",
            f"peak memory of the process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB,"
            f" {stored.nbytes // 2**20} MiB of it at most pages of the file",
        ]


def _pure(labels: Labels, truth: Labels) -> float:
    """Of the memories that have a theme, the share in a cluster that is mostly of their theme."""
    truth = truth[: len(labels)]
    themed = truth != NOBODY
    right = sum(np.bincount(truth[themed & (labels == one)]).max(initial=0) for one in set(labels.tolist()) - {NOBODY})
    return float(right / max(1, themed.sum()))


def _kept(before: Labels, after: Labels, same: dict[int, int]) -> float:
    both = (before != NOBODY) & (after != NOBODY)
    kept = [same.get(new) == old for old, new in zip(before[both].tolist(), after[both].tolist(), strict=True)]
    return float(np.mean(kept)) if kept else 0.0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--memories", type=int, default=200_000)
    parser.add_argument("--themes", type=int, default=300)
    options = parser.parse_args()
    print("\n".join(measured(options.memories, options.themes)))
