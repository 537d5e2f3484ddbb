"""Fields: variance, correlation and independence, held to sums over pairs and to plain numbers."""

from __future__ import annotations

import numpy as np
import pytest

from phusong.coverage.evidence.fields import cell_share, lattice


def test_field_has_unit_variance_and_the_correlation_asked_for() -> None:
    net = lattice((150, 180), 100.0, 500.0)
    assert net.cells == 3
    step_m = net.cells * 100.0
    products: dict[tuple[int, int], list[float]] = {k: [] for k in ((0, 0), (0, 1), (1, 0), (2, 2), (0, 5))}
    between = []
    for seed in range(60):
        one, two = net.draw(np.random.default_rng(seed))
        between.append(float((one * two).mean()))
        for (i, j), found in products.items():
            found.append(float((one * np.roll(one, (i, j), axis=(0, 1))).mean()))
    for (i, j), found in products.items():
        assert np.mean(found) == pytest.approx(np.exp(-np.hypot(i, j) * step_m / 500.0), abs=0.03), (i, j)
    assert abs(np.mean(between)) < 0.02


def test_field_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    net = lattice((40, 30), 100.0, 300.0)
    one, again, other = (net.draw(np.random.default_rng(seed))[0] for seed in (3, 3, 4))
    assert np.array_equal(one, again)
    assert not np.allclose(one, other)


def test_ends_of_the_grid_do_not_know_of_each_other() -> None:
    net = lattice((60, 60), 100.0, 1000.0)
    last = 59 // net.cells
    ends = [[f[0, 0], f[0, last]] for s in range(400) for f in net.draw(np.random.default_rng(s))]
    far_m = last * net.cells * 100.0
    assert np.corrcoef(np.array(ends).T)[0, 1] == pytest.approx(np.exp(-far_m / 1000.0), abs=0.12)


def test_every_cell_has_a_square() -> None:
    net = lattice((151, 77), 100.0, 900.0)
    row, col = net.at(np.arange(151), np.zeros(151, dtype=np.int64))
    assert row.max() < net.shape[0]
    assert col.max() == 0
    assert np.bincount(row).max() == net.cells


def test_part_of_the_variance_that_cells_keep() -> None:
    """Against means over pairs of random places."""
    rng = np.random.default_rng(5)
    ends = rng.random((4, 200_000)) * 100.0
    for correlation_m in (30.0, 120.0, 500.0):
        pairs = np.exp(-np.hypot(ends[0] - ends[1], ends[2] - ends[3]) / correlation_m)
        assert cell_share(100.0, correlation_m) == pytest.approx(pairs.mean(), abs=0.003)
