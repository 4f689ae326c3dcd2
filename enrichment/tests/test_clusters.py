"""Groups of vectors: themes are found, ids stay, new vectors join what they are near to."""

from __future__ import annotations

import numpy as np
import pytest

from enrichment.clusters import grouping as by_density
from enrichment.clusters.grouping import group
from enrichment.clusters.joining import join
from enrichment.clusters.matching import carried
from enrichment.clusters.vectors import NOBODY, Labels, Vectors

THEMES = 6


def around(themes: Vectors, each: int, seed: int, spread: float = 0.05) -> tuple[Vectors, Labels]:
    """`each` unit vectors near every theme, and the theme of each."""
    truth = np.repeat(np.arange(len(themes)), each)
    noise = np.random.default_rng(seed).normal(scale=spread, size=(len(truth), themes.shape[1]))
    vectors = (themes[truth] + noise).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True), truth


@pytest.fixture
def themes() -> Vectors:
    drawn = np.random.default_rng(7).normal(size=(THEMES, 64)).astype(np.float32)
    return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True), dtype=np.float32)


def purity(labels: Labels, truth: Labels) -> float:
    """The share of all vectors whose cluster is mostly of their theme; outside every cluster counts as wrong."""
    right = sum(np.bincount(truth[labels == one]).max() for one in set(labels.tolist()) - {NOBODY})
    return float(right / len(truth))


@pytest.mark.parametrize("most_exact", [6_000, 100])
def test_themes_are_found_over_the_vectors_and_over_means(
    themes: Vectors, most_exact: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(by_density, "MOST_EXACT", most_exact)
    vectors, truth = around(themes, 150, seed=1)
    found = group(vectors)
    assert len(found.centres) == THEMES
    assert purity(found.labels, truth) > 0.95


def test_vectors_about_nothing_in_common_are_in_no_cluster(themes: Vectors) -> None:
    vectors, _ = around(themes, 40, seed=1)
    strays, _ = around(-themes[:3], 1, seed=2)
    found = group(np.concatenate([vectors, strays]))
    assert set(found.labels[-len(strays) :].tolist()) == {NOBODY}


@pytest.mark.parametrize("number", [0, 1, 9])
def test_too_few_vectors_are_no_cluster(number: int) -> None:
    found = group(np.eye(number, 64, dtype=np.float32))
    assert found.labels.tolist() == [NOBODY] * number
    assert len(found.centres) == 0


def test_equal_vectors_are_one_cluster_or_none_and_break_nothing() -> None:
    found = group(np.tile(np.eye(1, 64, dtype=np.float32), (50, 1)))
    assert len(found.centres) <= 1


def test_a_new_vector_joins_its_theme_and_a_stray_joins_none(themes: Vectors) -> None:
    vectors, truth = around(themes, 60, seed=1)
    found = group(vectors)
    new, _ = around(themes, 1, seed=5, spread=0.03)
    joined = join(new, centres=found.centres, reach=found.reach)
    assert joined.tolist() == [found.labels[truth == theme][0] for theme in range(THEMES)]
    assert set(join(-new, centres=found.centres, reach=found.reach).tolist()) == {NOBODY}


def test_clusters_keep_their_ids_when_memories_are_added(themes: Vectors) -> None:
    vectors, truth = around(themes, 60, seed=1)
    more, of_theme = around(themes[:1], 90, seed=3)
    before = group(vectors).labels
    after = group(np.concatenate([vectors, more])).labels
    known = np.concatenate([before, np.full(len(more), NOBODY, dtype=np.int64)])
    continued = carried(known, after)
    same = [continued.get(int(after[at])) == before[at] for at in range(len(truth)) if before[at] != NOBODY]
    assert np.mean(same) > 0.95
    assert len(set(continued.values())) == len(continued)
    assert set(of_theme.tolist()) == {0}


def test_a_cluster_of_other_memories_continues_none() -> None:
    earlier = np.array([0] * 10 + [NOBODY] * 10)
    later = np.array([NOBODY] * 9 + [0] * 11)
    assert carried(earlier, later) == {}
