"""Shares of cells against areas of polygons, and people conserved."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import CRS
from shapely.geometry import Polygon, box

from phusong.coverage.store import Store
from phusong.coverage.zonal import cell_shares, share_communes
from phusong.layers.grid import Grid, Raster

UTM = CRS.from_epsg(32649)
GRID = Grid(UTM, 0.0, 1000.0, 100.0, (10, 10))


def series(*shapes: Polygon) -> gpd.GeoSeries:
    return gpd.GeoSeries(list(shapes), crs=UTM)


def table(*shapes: Polygon) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"commune_code": [f"{n:05d}" for n in range(len(shapes))]}, geometry=list(shapes), crs=UTM
    )


def people(seed: int = 1) -> Raster[np.float64]:
    return Raster(np.random.default_rng(seed).gamma(0.5, 20.0, GRID.shape), GRID)


def random_tiling(seed: int) -> gpd.GeoDataFrame:
    points = shapely.multipoints(np.random.default_rng(seed).uniform(0, 1000, (9, 2)))
    cells = shapely.voronoi_polygons(points, extend_to=box(0, 0, 1000, 1000))
    return table(*(shapely.intersection(c, box(35, 20, 970, 955)) for c in cells.geoms))


@pytest.mark.parametrize("seed", range(5))
def test_shares_are_the_areas_of_intersections(seed: int) -> None:
    shapes = random_tiling(seed).geometry
    shares = cell_shares(shapes, GRID).toarray()
    for cell in range(GRID.size):
        row, col = divmod(cell, 10)
        square = box(col * 100, 900 - row * 100, col * 100 + 100, 1000 - row * 100)
        np.testing.assert_allclose(shares[:, cell], shapes.intersection(square).area / 1e4, atol=2e-7)


@pytest.mark.parametrize("seed", range(5))
def test_a_tiling_shares_out_everybody_inside(seed: int) -> None:
    tiling = random_tiling(seed)
    shares = share_communes(tiling, people(seed), overlaps=series(), holes=series())
    inside = cell_shares(series(box(35, 20, 970, 955)), GRID) @ people(seed).values.ravel()
    assert shares.cell_people.sum() == pytest.approx(inside.sum(), rel=1e-6)
    everywhere = Raster(np.ones(GRID.shape, dtype=bool), GRID)
    assert shares.sum_people(everywhere).sum() == pytest.approx(shares.raster_inside, rel=1e-12)
    np.testing.assert_allclose(shares.sum_area_km2(everywhere), tiling.area / 1e6, rtol=1e-6)
    assert shares.area.sum(axis=0).max() <= 1.0 + 1e-15


def test_an_overlap_is_split_equally_and_counted_once() -> None:
    two = table(box(0, 0, 600, 1000), box(400, 0, 1000, 1000))
    shares = share_communes(two, people(), overlaps=series(box(400, 0, 600, 1000)), holes=series())
    assert shares.cell_people.sum() == pytest.approx(people().values.sum(), rel=1e-9)
    assert shares.in_overlaps == pytest.approx(people().values[:, 4:6].sum(), rel=1e-6)
    left = people().values[:, :4].sum() + people().values[:, 4:6].sum() / 2
    assert shares.people.sum(axis=1)[0] == pytest.approx(left, rel=1e-6)


def test_three_claims_are_split_in_three() -> None:
    whole = box(0, 0, 1000, 1000)
    shares = share_communes(table(whole, whole, whole), people(), overlaps=series(whole), holes=series())
    np.testing.assert_allclose(shares.people.sum(axis=1), people().values.sum() / 3, rtol=1e-9)


def test_people_in_holes_are_counted_outside() -> None:
    hole = box(300, 300, 500, 500)
    ring = table(box(0, 0, 1000, 1000).difference(hole))
    shares = share_communes(ring, people(), overlaps=series(), holes=series(hole))
    assert shares.in_holes == pytest.approx(people().values[5:7, 3:5].sum(), rel=1e-6)
    assert shares.cell_people.sum() + shares.in_holes == pytest.approx(people().values.sum(), rel=1e-6)


def test_scaling_reaches_the_official_figure_and_leaves_others_alone() -> None:
    two = table(box(0, 0, 500, 1000), box(500, 0, 1000, 1000))
    plain = share_communes(two, people(), overlaps=series(), holes=series())
    scaled = share_communes(
        two, people(), overlaps=series(), holes=series(), official={"00000": 5000.0, "00001": float("nan")}
    )
    assert scaled.people.sum(axis=1)[0] == pytest.approx(5000.0)
    assert scaled.people.sum(axis=1)[1] == pytest.approx(plain.people.sum(axis=1)[1])
    assert scaled.raster_inside == plain.raster_inside


def test_shares_that_are_kept_are_those_of_their_ground(tmp_path: Path) -> None:
    """Other people, other shapes, other official figures: each has shares of its own, the second time too."""
    store = Store(tmp_path)
    left, right = box(0, 0, 520, 1000), box(480, 0, 1000, 1000)
    both, apart = table(left, right), table(left, box(520, 0, 1000, 1000))
    claimed, nothing = series(box(480, 0, 520, 1000)), series()
    cases = [
        (both, people(1), claimed, None), (both, people(2), claimed, None), (apart, people(1), nothing, None),
        (both, people(1), claimed, {"00000": 5000.0}), (both, people(1), claimed, {"00000": 6000.0}),
    ]
    seen = set()
    for _ in range(2):
        for communes, living, overlaps, official in cases:
            asked = {"overlaps": overlaps, "holes": nothing, "official": official}
            kept = share_communes(communes, living, **asked, store=store)
            fresh = share_communes(communes, living, **asked)
            for name in ("area", "people"):
                for part in ("data", "indices", "indptr"):
                    mine, wanted = (getattr(getattr(s, name), part) for s in (kept, fresh))
                    np.testing.assert_array_equal(mine, wanted)
            np.testing.assert_array_equal(kept.cell_people, fresh.cell_people)
            sums = kept.in_overlaps, kept.in_holes, kept.raster_inside
            assert sums == (fresh.in_overlaps, fresh.in_holes, fresh.raster_inside)
            seen.add((kept.cell_people.sum(), kept.in_overlaps))
    assert len(seen) == len(cases)


def test_no_polygons_share_nothing() -> None:
    assert cell_shares(series(), GRID).shape == (0, 100)


@pytest.mark.parametrize("seed", range(3))
def test_a_cell_is_at_home_in_the_commune_that_holds_most_of_it(seed: int) -> None:
    tiling = random_tiling(seed)
    shares = share_communes(tiling, people(seed), overlaps=series(), holes=series())
    area = shares.area.toarray()
    home = shares.home()
    held = area.max(axis=0) > 0
    assert (home[~held] == -1).all()
    np.testing.assert_array_equal(home[held], area.argmax(axis=0)[held])
