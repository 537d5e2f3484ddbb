"""Distance to fibre, against shapely's own."""

from __future__ import annotations

from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS

from phusong.coverage.fibre.reach import predict_fibre, segments_of
from phusong.coverage.nearest import nearest
from phusong.coverage.result import ANY
from phusong.layers.grid import Grid
from phusong.layers.inventory import Layers
from phusong.layers.project.schema import FibreService

Network = Callable[..., Layers]
SERVICE = FibreService(model="route-distance", reach_m=500.0)


def fibre(layers: Layers, seed: int) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    rng = np.random.default_rng(seed)
    left, bottom, right, top = layers.grid.bounds
    lines = []
    for n in range(14):
        walk = rng.uniform((left, bottom), (right, top)) + np.cumsum(rng.normal(0, 700, (12, 2)), axis=0)
        line = shapely.LineString(walk)
        lines.append(line if n % 4 else shapely.MultiLineString([line, shapely.LineString(walk + 900.0)]))
    routes = gpd.GeoDataFrame(
        {
            "id": [f"R{n}" for n in range(14)],
            "operator": ["V", "M"] * 7,
            "status": ["operational", None, "planned", " Operational ", "", "operational", "decommissioned"]
            * 2,
            "fibre_count": 24,
        },
        geometry=lines,
        crs=layers.grid.crs,
    )
    points = rng.uniform((left, bottom), (right, top), (6, 2))
    nodes = gpd.GeoDataFrame(
        {
            "id": [f"N{n}" for n in range(7)],
            "kind": "pop",
            "operator": ["V", "M", None, "V", "M", "K", "V"],
            "status": ["operational", "planned", "operational", None, "operational", "planned", ""],
        },
        geometry=[*shapely.points(points), shapely.Point(left + 3000, top - 800).buffer(120.0)],
        crs=layers.grid.crs,
    )
    return routes, nodes


def exists(part: gpd.GeoDataFrame) -> np.ndarray:
    return np.array(
        [
            s is None or s is np.nan or str(s).strip().lower() in ("", "operational", "nan")
            for s in part["status"]
        ]
    )


@pytest.mark.parametrize("seed", range(3))
def test_equals_shapely(network: Network, seed: int) -> None:
    bare = network([], shape=(150, 180))
    routes, nodes = fibre(bare, seed)
    layers = network([], shape=(150, 180), fibre_routes=routes, fibre_nodes=nodes)
    reaches = predict_fibre(layers, "fibre", SERVICE, workers=2)
    assert [reach.operator for reach in reaches] == ["K", "M", "V", ANY]
    centres = shapely.points(*np.meshgrid(layers.grid.x_m(), layers.grid.y_m()))
    for reach in reaches:
        shapes = []
        for part in (routes, nodes):
            mine = exists(part)
            if reach.operator != ANY:
                mine &= (part["operator"] == reach.operator).to_numpy()
            shapes += list(part.geometry[mine])
        assert reach.unit == "m"
        assert reach.best_server is None
        if reach.operator == "K":
            assert np.isnan(reach.signal.values).all()
            assert not reach.covered.values.any()
            continue
        # A node drawn as a polygon is reached at its outline.
        outlines = [s.boundary if s.geom_type == "Polygon" else s for s in shapes]
        wanted = shapely.distance(centres, shapely.GeometryCollection(outlines))
        np.testing.assert_allclose(reach.signal.values, wanted, rtol=1e-6, atol=1e-6)
        np.testing.assert_array_equal(reach.covered.values, wanted <= 500.0)
        assert 0.0 < reach.covered.values.mean() < 1.0


def test_no_fibre_at_all(network: Network) -> None:
    (reach,) = predict_fibre(network([]), "fibre", SERVICE)
    assert reach.operator == ANY
    assert np.isnan(reach.signal.values).all()
    assert not reach.covered.values.any()


def test_empty_and_missing_shapes_are_no_fibre() -> None:
    part = gpd.GeoDataFrame(
        {"id": ["a", "b", "c"]},
        geometry=[None, shapely.LineString(), shapely.LineString([(0, 0), (3, 4), (3, 9)])],
    )
    assert segments_of(part).tolist() == [[0, 0, 3, 4], [3, 4, 3, 9]]
    assert segments_of(part.iloc[:2]).shape == (0, 4)
    assert isinstance(part, pd.DataFrame)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.tuples(*[st.integers(-3000, 9000)] * 2, st.integers(-900, 900), st.integers(-900, 900)),
        min_size=1, max_size=40,
    ),
    st.integers(1, 150), st.integers(1, 150),
)  # fmt: skip
def test_nearest_of_any_pieces(pieces: list[tuple[int, int, int, int]], rows: int, cols: int) -> None:
    grid = Grid(CRS.from_epsg(32649), 0.0, 100.0 * rows, 100.0, (rows, cols))
    segments = np.array([(x, y, x + dx, y + dy) for x, y, dx, dy in pieces], dtype=float)
    found = nearest(grid, segments, 750.0, workers=2)
    lines = shapely.linestrings(segments.reshape(-1, 2, 2))
    centres = shapely.points(*np.meshgrid(grid.x_m(), grid.y_m()))
    every = np.array([shapely.distance(centres, line) for line in lines])
    np.testing.assert_allclose(found.distance_m, every.min(axis=0), rtol=1e-6, atol=1e-3)
    chosen = np.take_along_axis(every, found.index[None].astype(int), axis=0)[0]
    np.testing.assert_allclose(chosen, every.min(axis=0), rtol=1e-9, atol=1e-6)
    clear = np.abs(every.min(axis=0) - 750.0) > 1e-6
    np.testing.assert_array_equal(found.within[clear], (every.min(axis=0) <= 750.0)[clear])
