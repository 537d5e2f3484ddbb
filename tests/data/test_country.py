"""The sample country: the real sizes, side by side, and nothing that could be taken for a real place."""

import importlib.util
import sqlite3
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from phusong.data.names import fold
from phusong.data.sample import make_country
from phusong.data.sample.country import province_sizes, territories

SIZE = 0.02


def register(query):
    """Ask the register of units that vietnamadminunits carries."""
    path = Path(importlib.util.find_spec("vietnamadminunits").origin).parent / "data" / "dataset.db"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        return database.execute(query).fetchall()


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """Two provinces that touch."""
    folder = tmp_path_factory.mktemp("country")
    return make_country(folder, size=SIZE, seed=5, only=["M01", "M02"])


def test_sizes_are_those_of_the_register():
    sizes = province_sizes()
    real = register(
        "select count(*), sum(wardAreaKm2) from admin_units group by provinceCode order by provinceCode"
    )
    assert [s.communes for s in sizes] == [n for n, _ in real]
    assert [s.area_km2 for s in sizes] == pytest.approx([km2 for _, km2 in real], abs=0.51)
    assert sum(s.communes for s in sizes) == 3321
    assert 100e6 < sum(s.people for s in sizes) < 115e6
    for s in sizes:  # so cells follow people
        assert s.sites == pytest.approx(0.88 * s.people / 1000.0, abs=0.51)
    assert max(s.sites for s in sizes) < 20_000  # what the generator takes
    assert len({s.name for s in sizes} | {s.code for s in sizes}) == 68


@pytest.mark.parametrize("size", [0.01, 0.05, 0.37, 1.0])
def test_territories_fill_the_country_without_overlap(size):
    sizes = province_sizes(size)
    found = territories(sizes)
    shapes = [found[s.number] for s in sizes]
    assert shapely.is_valid(shapes).all()
    assert shapely.coverage_is_valid(shapes)
    whole = shapely.union_all(shapes)
    assert whole.geom_type == "Polygon"
    assert not whole.interiors
    assert whole.area == pytest.approx(shapely.area(shapes).sum(), rel=1e-12)
    assert whole.area / 1e6 == pytest.approx(sum(s.area_km2 for s in sizes), rel=0.03)
    for shape, s in zip(shapes, sizes, strict=True):
        assert shape.area / 1e6 == pytest.approx(s.area_km2, rel=0.1), s.code


def test_neighbours_share_their_border_and_hold_their_figures(pair):
    from phusong.layers.project.file import read_project
    from phusong.layers.read import read_layers

    sizes = {s.code: s for s in province_sizes(SIZE)}
    communes, names = [], set()
    for file in pair:
        size = sizes[file.parent.name]
        layers = read_layers(read_project(file))
        assert [f.code for f in layers.faults if f.column != "status"] == []
        assert (layers.project.province.code, layers.project.province.name) == (size.code, size.name)
        assert "minh họa" in size.name
        frame = gpd.read_file(file.parent / "communes.gpkg")
        assert len(frame) == size.communes
        assert shapely.coverage_is_valid(frame.geometry.to_numpy())
        assert frame.population.sum() == pytest.approx(size.people, rel=0.01)
        assert layers.stations.site_id.nunique() == size.sites
        assert len(layers.places["villages"]) == size.villages
        # Everybody of the raster lives in the province.
        assert layers.population.total == pytest.approx(frame.population.sum(), rel=0.16)
        communes.append(frame.to_crs(6933))
        names |= set(frame.commune_name)
    one, other = (frame.union_all() for frame in communes)
    assert one.intersection(other).area < 1.0  # m²
    assert one.distance(other) < 1e-3
    assert one.buffer(1.0).intersection(other).length > 10_000.0  # along a border, not at a corner
    both = pd.concat(communes)
    assert both.commune_code.is_unique
    query = "select wardCode from admin_units_legacy union select wardCode from admin_units"
    assert not set(both.commune_code) & {code for (code,) in register(query)}
    assert not {fold(n) for n in names} & {fold(n) for (n,) in register("select ward from admin_units")}
    west, south, east, north = pd.concat(communes).to_crs(4326).total_bounds
    assert -168 < west < east < -162  # no land there
    assert 7 < south < north < 14


def test_same_arguments_same_bytes(pair, tmp_path):
    (again,) = make_country(tmp_path, size=SIZE, seed=5, only=["M02"])
    first = {p.name: p.read_bytes() for p in pair[1].parent.iterdir()}
    assert {p.name: p.read_bytes() for p in again.parent.iterdir()} == first
    (other,) = make_country(tmp_path, size=SIZE, seed=6, only=["M02"], force=True)
    stations = (other.parent / "stations.csv").read_bytes()
    assert stations != first["stations.csv"]


def test_refuses_before_anything_is_written(tmp_path):
    with pytest.raises(ValueError, match=r"size is 0\.001, but must be from 0\.01 to 1"):
        make_country(tmp_path, size=0.001)
    (tmp_path / "M02").mkdir()
    (tmp_path / "M02" / "mine").write_text("x")
    with pytest.raises(FileExistsError, match="M02"):
        make_country(tmp_path, size=SIZE, only=["M01", "M02"])
    assert [p.name for p in tmp_path.iterdir()] == ["M02"]


def test_all_34_have_land_for_their_communes():
    """At the smallest size too every province holds the masts and communes that it is asked for."""
    for size in (0.01, 1.0):
        for s in province_sizes(size):
            assert s.communes >= 1
            assert s.sites >= 3
            assert s.area_km2 * 1e6 / s.communes > (10 * 180.0) ** 2  # ten work cells a side
    assert np.isclose(sum(s.people for s in province_sizes(0.01)), 1.1357e6, rtol=1e-3)
