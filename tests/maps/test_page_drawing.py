"""Overlays, outlines and images inside the pages, against other tools."""

from __future__ import annotations

import base64
import io

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Transformer

from phusong.coverage.result import ANY, Result
from phusong.layers.grid import Grid, Raster
from phusong.maps import overlay
from phusong.maps.geometry import pack, pack_polygons, simplify_coverage, svg_paths
from phusong.maps.png import data_uri, palette_png


def _decode(uri: str) -> np.ndarray:
    import matplotlib.image

    head, body = uri.split(",", 1)
    assert head == "data:image/png;base64"
    rgba = matplotlib.image.imread(io.BytesIO(base64.b64decode(body)))
    return np.rint(rgba * 255).astype(np.uint8)


@settings(deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 10**6))
def test_png_reads_back(rows: int, cols: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    palette = [tuple(int(v) for v in rng.integers(0, 256, 4)) for _ in range(16)]
    index = rng.integers(0, 16, (rows, cols)).astype(np.uint8)
    read = _decode(data_uri(palette_png(index, palette)))
    np.testing.assert_array_equal(read, np.array(palette, dtype=np.uint8)[index])


def test_png_refuses_more_colours_than_it_has() -> None:
    with pytest.raises(ValueError, match="16"):
        palette_png(np.full((2, 2), 3, np.uint8), [(0, 0, 0, 0)] * 3)


def test_pixels_lie_where_web_mercator_has_them() -> None:
    """A tall grid: each marked cell must be found by Leaflet's linear stretch in EPSG:3857."""
    grid = Grid(CRS.from_epsg(32648), 500_000.0, 2_400_000.0, 2000.0, (700, 40))
    values = np.zeros(grid.shape, dtype=np.uint8)
    cells = [(10, 5), (200, 20), (350, 39), (500, 1), (699, 30)]
    for row, col in cells:
        values[row, col] = 1
    frame = overlay.mercator_frame(grid)
    image = frame.take(values)
    south, west, north, east = frame.bounds
    forward = Transformer.from_crs(4326, 3857, always_xy=True)
    left, bottom = forward.transform(west, south)
    right, top = forward.transform(east, north)
    lonlat = Transformer.from_crs(grid.crs, 4326, always_xy=True)
    for row, col in cells:
        x, y = forward.transform(*lonlat.transform(grid.x_m()[col], grid.y_m()[row]))
        i = int((top - y) / (top - bottom) * image.shape[0])
        j = int((x - left) / (right - left) * image.shape[1])
        assert image[i, j] == 1
    assert image.sum() < 40


def test_frame_agrees_with_rasterio(tiny_result: Result) -> None:
    from affine import Affine
    from rasterio.warp import Resampling, reproject

    grid = tiny_result.layers.grid
    values = np.random.default_rng(3).integers(1, 9, grid.shape).astype(np.uint8)
    frame = overlay.mercator_frame(grid)
    south, west, north, east = frame.bounds
    forward = Transformer.from_crs(4326, 3857, always_xy=True)
    left, top = forward.transform(west, north)
    right, bottom = forward.transform(east, south)
    rows, cols = frame.row.shape
    expected = np.zeros((rows, cols), dtype=np.uint8)
    reproject(
        values, expected, src_transform=grid.transform, src_crs=grid.crs.to_wkt(), dst_crs="EPSG:3857",
        dst_transform=Affine((right - left) / cols, 0, left, 0, (bottom - top) / rows, top),
        resampling=Resampling.nearest, tolerance=0.0,
    )
    # GDAL interpolates positions, so pixels whose middle lies on a cell's edge may differ.
    assert (frame.take(values) == expected).mean() > 0.99


def test_signal_overlay_shows_the_covered_and_the_forgotten(tiny_result: Result) -> None:
    layers, reach = tiny_result.layers, tiny_result.reaches["4G", ANY]
    frame = overlay.mercator_frame(layers.grid)
    land = overlay.land_mask(layers.grid, layers.communes)
    assert land.all()
    drawn = overlay.signal_overlay(
        reach, frame, land=land, people=layers.population.people, min_people_per_km2=10.0,
        criterion_value=-110.0,
    )
    rgba = _decode(drawn.uri)
    covered = frame.take(reach.covered.values.astype(np.uint8)) == 1
    strong = {(*c, 215) for c in overlay.SIGNAL_COLOURS}
    is_signal = np.array([[tuple(int(v) for v in p) in strong for p in line] for line in rgba])
    np.testing.assert_array_equal(is_signal, covered)
    forgotten = (layers.population.people.values >= 10.0 * layers.grid.cell_km2) & ~reach.covered.values
    orange = (rgba[..., :3] == overlay.MISSING_COLOUR).all(axis=2) & (rgba[..., 3] > 0)
    np.testing.assert_array_equal(orange, frame.take(forgotten.astype(np.uint8)) == 1)


def test_relief_is_bright_towards_the_north_west() -> None:
    grid = Grid(CRS.from_epsg(32649), 200_000.0, 1_550_000.0, 100.0, (80, 80))
    x, y = np.meshgrid(np.arange(80.0), np.arange(80.0))
    cone = np.maximum(0.0, 1500.0 - 50.0 * np.hypot(x - 40, y - 40)).astype(np.float32)
    frame = overlay.mercator_frame(grid)
    drawn = overlay.hillshade_overlay(Raster(cone, grid), frame, land=np.ones(grid.shape, bool), water=None)
    rgba = _decode(drawn.uri)
    rows, cols = rgba.shape[:2]
    lit, dark = rgba[int(rows * 0.38), int(cols * 0.38)], rgba[int(rows * 0.62), int(cols * 0.62)]
    assert lit[0] == 255
    assert lit[3] > 30
    assert dark[0] == 20
    assert dark[3] > 60


def _unpack(steps: list[int]) -> np.ndarray:
    return np.cumsum(np.array(steps).reshape(-1, 2), axis=0) / 1e5


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(100, 118), st.floats(6, 24)), min_size=2, max_size=30))
def test_packed_lines_keep_five_decimals(points: list[tuple[float, float]]) -> None:
    back = _unpack(pack(np.array(points)))
    rounded = [tuple(np.rint(np.array(p) * 1e5)) for p in points]
    kept = [p for k, p in enumerate(rounded) if k == 0 or p != rounded[k - 1]]
    np.testing.assert_allclose(back, np.array(kept) / 1e5, atol=1e-9)


def test_simplified_communes_stay_joined() -> None:
    rng = np.random.default_rng(5)
    edge = np.c_[np.linspace(0, 10_000, 400), rng.normal(0, 25, 400).cumsum()]
    south = shapely.Polygon([*edge, (10_000, -9_000), (0, -9_000)])
    north = shapely.Polygon([*edge, (10_000, 9_000), (0, 9_000)])
    frame = gpd.GeoDataFrame({"commune_code": ["1", "2"]}, geometry=[south, north], crs=32649)
    simple = simplify_coverage(frame, 60.0)
    a, b = simple.geometry
    assert len(shapely.get_coordinates(a)) < 0.5 * len(shapely.get_coordinates(south))
    assert a.intersection(b).area < 1e-3
    assert shapely.union(a, b).area == pytest.approx(a.area + b.area)
    assert len(shapely.get_rings(shapely.union(a, b))) == 1


def test_polygons_keep_their_holes() -> None:
    ring = shapely.box(108, 13, 109, 14) - shapely.box(108.4, 13.4, 108.6, 13.6)
    packed = pack_polygons(shapely.MultiPolygon([ring, shapely.box(110, 13, 110.5, 13.5)]))
    assert [len(rings) for rings in packed] == [2, 1]
    shape = shapely.Polygon(_unpack(packed[0][0]), [_unpack(packed[0][1])])
    assert shape.area == pytest.approx(ring.area)


def test_svg_paths_fit_their_width() -> None:
    paths, (width, height) = svg_paths([shapely.box(0, 0, 200, 100), shapely.box(200, 0, 400, 100)], 80.0)
    assert (width, height) == (80.0, 20.0)
    assert paths[0].startswith("M")
    numbers = [float(v) for v in paths[1].strip("MZ").replace("L", " ").split()]
    assert min(numbers[::2]) == 40.0
    assert max(numbers[::2]) == 80.0
