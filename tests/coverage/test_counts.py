"""Sites, stations and cells are three counts, each of what differs, by technology and operator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from phusong.coverage.indicators import _counts
from phusong.layers.inventory import Layers

CELLS = st.lists(
    st.tuples(st.sampled_from("ABC"), st.sampled_from(["4G", "5G"]), st.sampled_from(["V", "M", None])),
    max_size=12,
)


@settings(deadline=None, max_examples=40)
@given(cells=CELLS, seed=st.integers(0, 99))
def test_counts_are_those_by_hand(
    network: Callable[..., Layers], cells: list[tuple[str, str, str | None]], seed: int
) -> None:
    rows = [
        {"x": 10.0, "y": -10.0, "site_id": s, "technology": t, "operator": o} for s, t, o in cells
    ]
    layers = network(rows or [{"x": 0.0, "y": 0.0}], shape=(2, 2))
    layers = replace(layers, stations=layers.stations.iloc[: len(cells)], communes=two(layers))
    at = dict(zip("ABC", np.random.default_rng(seed).integers(-1, 2, 3).tolist(), strict=True))
    commune = np.array([at[s] for s, _, _ in cells], dtype=np.int64)
    wanted: dict[tuple[str, str, str], list[int]] = {}
    for service in ("all", *sorted({t for _, t, _ in cells})):
        for operator in ("any", *sorted({o for _, _, o in cells if o is not None})):
            mine = [c for c in cells if service in ("all", c[1]) and operator in ("any", c[2])]
            for name, things in (
                ("sites", {s: s for s, _, _ in mine}.items()), ("stations", {c: c[0] for c in mine}.items()),
                ("cells", [(n, c[0]) for n, c in enumerate(mine)]),
            ):
                held: list[Any] = [at[site] for _, site in things]
                wanted[service, operator, name] = [held.count(c) for c in (0, 1, -1)]
    found = {(f.service, f.operator, f.indicator): f.numerator.tolist() for f in _counts(layers, commune)}
    assert found == wanted


def two(layers: Layers) -> gpd.GeoDataFrame:
    """Two communes."""
    return gpd.GeoDataFrame(
        {"commune_code": ["00001", "00002"], "commune_name": ["A", "B"], "population": [np.nan, np.nan]},
        geometry=[box(0, 0, 1, 1), box(1, 0, 2, 1)], crs=layers.grid.crs,
    )  # fmt: skip
