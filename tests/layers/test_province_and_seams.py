"""Which commune holds a point, and what communes share or leave, against brute force."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS

from phusong.data.sample import make_sample
from phusong.layers.boundaries.province import Province
from phusong.layers.grid import Grid
from phusong.layers.project.file import read_project
from phusong.layers.read import read_layers
from phusong.layers.vectors.geometry import seams

UTM = CRS.from_epsg(32649)


def frame(shapes: list[shapely.Geometry]) -> gpd.GeoDataFrame:
    codes = [f"{i:05d}" for i in range(len(shapes))]
    return gpd.GeoDataFrame({"commune_code": codes}, geometry=shapes, crs=UTM)


def tiles(n: int, rng: np.random.Generator) -> list[shapely.Geometry]:
    points = shapely.MultiPoint(rng.uniform(0, 10_000, (n, 2)))
    box = shapely.box(0, 0, 10_000, 10_000)
    return [shapely.intersection(p, box) for p in shapely.voronoi_polygons(points, extend_to=box).geoms]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(3, 25))
def test_commune_and_distance_of_points(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    shapes = tiles(n, rng)[: max(2, n - 2)]
    province = Province(Grid.cover((0, 0, 10_000, 10_000), UTM, 100.0), frame(shapes))
    x, y = rng.uniform(-5000, 15_000, (2, 60))
    x[0], x[7], y[8] = np.nan, x[1], y[2]
    y[7] = y[1]  # the same point twice
    commune = province.commune_of(x, y)
    distance = province.distance_m(x, y)
    for i in range(60):
        if np.isnan(x[i]):
            assert commune[i] == -1
            assert np.isnan(distance[i])
            continue
        point = shapely.Point(x[i], y[i])
        holds = [j for j, s in enumerate(shapes) if s.intersects(point)]
        assert commune[i] == (holds[0] if holds else -1)
        assert distance[i] == pytest.approx(min(s.distance(point) for s in shapes), abs=1e-6)


def test_cells_inside() -> None:
    shapes = tiles(9, np.random.default_rng(3))[:6]
    shapes[0] = shapes[0].difference(shapes[0].centroid.buffer(400))
    grid = Grid.cover((0, 0, 10_000, 10_000), UTM, 100.0)
    province = Province(grid, frame(shapes))
    x, y = np.meshgrid(grid.x_m(), grid.y_m())
    held = province.commune_of(x.ravel(), y.ravel()).reshape(grid.shape) >= 0
    assert (held != province.inside).mean() < 2e-4  # a centre on an edge may go either way


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(4, 30), spoilt=st.integers(0, 4))
def test_seams_against_all_pairs(seed: int, n: int, spoilt: int) -> None:
    """Some communes grow over their neighbours, some shrink, one lies within another."""
    rng = np.random.default_rng(seed)
    shapes = tiles(n, rng)
    for i in rng.choice(len(shapes), size=min(spoilt, len(shapes)), replace=False):
        shapes[i] = shapes[i].buffer(rng.uniform(-60, 60), join_style="mitre")
    if spoilt == 4:
        shapes.append(shapes[0].centroid.buffer(20))
    shapes = [s for s in shapes if not s.is_empty]
    found = seams(frame(shapes))
    pairs = {}
    for i in range(len(shapes)):
        for j in range(i + 1, len(shapes)):
            area = shapes[i].intersection(shapes[j]).area
            if area > 1e-6:
                pairs[f"{i:05d}", f"{j:05d}"] = area
    mine = {
        (a, b): area
        for a, b, area in found.overlaps[["left", "right", "area_m2"]].itertuples(index=False)
        if area > 1e-6
    }
    assert mine == pytest.approx(pairs)
    union = shapely.union_all(shapes)
    filled = shapely.union_all([shapely.Polygon(p.exterior) for p in shapely.get_parts(union)])
    assert found.holes["area_m2"].sum() == pytest.approx(filled.area - union.area, abs=1e-3)
    pieces = found.topology().overlaps
    assert pieces.area.sum() == pytest.approx(sum(s.area for s in pieces) if len(pieces) else 0.0)
    claimed = shapely.union_all([shapes[int(a)].intersection(shapes[int(b)]) for a, b in pairs])
    assert pieces.area.sum() == pytest.approx(claimed.area, abs=1e-3)


def test_a_clean_layer_has_no_seams() -> None:
    found = seams(frame(tiles(20, np.random.default_rng(1))))
    assert len(found.overlaps) == 0
    assert found.holes["area_m2"].sum() < 1e-3
    assert len(found.topology().overlaps) == 0


@pytest.mark.slow
def test_known_faults_of_real_communes(shared: Path) -> None:
    """Six slivers are claimed twice; the enclosed ground is sixteen square metres."""
    communes = gpd.read_file(shared / "gia-lai" / "communes.gpkg").rename(
        columns={"ward_code": "commune_code"}
    )
    found = seams(communes, UTM)
    assert len(found.overlaps) == 6
    assert found.overlaps_km2 * 1e6 == pytest.approx(11.7, abs=0.2)
    shapes = np.asarray(communes.geometry.array)
    union = shapely.union_all(shapes)
    rings = sum(len(p.interiors) for p in shapely.get_parts(union))
    assert len(found.holes) == rings
    assert found.holes_km2 * 1e6 == pytest.approx(15.8, abs=0.3)


def test_communes_may_say_their_kind_and_whether_they_are_disadvantaged(tmp_path: Path) -> None:
    project = make_sample(tmp_path / "s", communes=4, sites=8, villages=5)
    communes = gpd.read_file(tmp_path / "s" / "communes.gpkg")
    communes["Loại"] = ["phường", "xã", "xã", "xã"]
    communes["Xã ĐBKK"] = ["", "x", "", ""]
    communes.to_file(tmp_path / "s" / "communes.gpkg")
    found = read_layers(read_project(project)).communes.set_index("commune_code")
    assert found["kind"].to_dict() == dict(zip(communes["commune_code"], communes["Loại"], strict=True))
    assert list(found.index[found["disadvantaged"] == "x"]) == [communes["commune_code"][1]]
