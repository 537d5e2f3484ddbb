"""One voice for each square and span: against a loop."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import geopandas as gpd
import numpy as np

from phusong.coverage.evidence.thinning import thin
from phusong.layers.inventory import Layers


def test_thinning_is_what_a_loop_does(stripes: Layers, samples_at: Callable[..., gpd.GeoDataFrame]) -> None:
    rng = np.random.default_rng(8)
    n, grid = 400, stripes.grid
    x, y = grid.left_m + rng.uniform(0, 3000, n), grid.top_m - rng.uniform(0, 3000, n)
    rsrp = np.where(rng.random(n) < 0.3, np.nan, rng.uniform(-130, -70, n))
    time = np.datetime64("2026-07-01T00:00:00") + rng.integers(0, 3 * 86_400, n).astype("timedelta64[s]")
    operator = np.where(rng.random(n) < 0.5, "V", "W").astype(object)
    samples = samples_at(stripes, x, y, rsrp, time=time.astype("datetime64[s]"), operator=operator)
    found = thin(samples, grid, side_m=500.0)
    groups: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for i in range(n):
        day = int(time[i].astype("datetime64[s]").astype(int)) // 86_400
        column, row = int((x[i] - grid.left_m) // 500), int((grid.top_m - y[i]) // 500)
        groups[operator[i], column, row, day].append(i)
    assert len(found) == len(groups)
    assert found["samples"].sum() == n
    for record, members in zip(found.itertuples(), groups.values(), strict=True):
        levels = sorted(-np.inf if np.isnan(rsrp[i]) else rsrp[i] for i in members)
        half = len(levels) // 2
        low = levels[half] if len(levels) % 2 else levels[half - 1]
        middle = -np.inf if np.isinf(low) else 0.5 * (low + levels[half])
        assert record.heard == np.isfinite(middle)
        if record.heard:
            assert abs(record.rsrp_dbm - middle) < 1e-9
        assert abs(record.geometry.x - np.mean([x[i] for i in members])) < 1e-6


def test_a_car_park_has_one_voice(stripes: Layers, samples_at: Callable[..., gpd.GeoDataFrame]) -> None:
    grid = stripes.grid
    x = np.concatenate([np.full(5000, grid.left_m + 100.0), grid.left_m + 300.0 + 200.0 * np.arange(30)])
    y = np.full(len(x), grid.top_m - 100.0)
    rsrp = np.where(np.arange(len(x)) < 5000, -120.0, -80.0)
    found = thin(samples_at(stripes, x, y, rsrp), grid)
    assert len(found) == 31
    assert (found["rsrp_dbm"] > -100).mean() == 30 / 31
