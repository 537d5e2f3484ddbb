"""Figures on the quality of the data against counting by hand, pair by pair and piece by piece."""

from __future__ import annotations

import datetime
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
import small
from hypothesis import given, settings
from hypothesis import strategies as st

from phusong.data.language import LANGUAGES
from phusong.layers.faults import InputError
from phusong.layers.inventory import Layers, Population, Source, Understood
from phusong.layers.project.file import read_project
from phusong.layers.quality.figures import Figure, quality
from phusong.layers.quality.ground import FAR_FROM_ROAD_M, commune_people
from phusong.layers.quality.stations import NEAR_M, _nearest, near_sites, repeated_cells
from phusong.layers.read import survey_layers


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Layers:
    """The four squares of 0.1 degree, read without a fault."""
    return small.layers_of(small.write_province(tmp_path_factory.mktemp("quality")))


def of(layers: Layers, code: str, layer: str = "") -> Figure:
    found = [f for f in quality(layers).figures if f.code == code and (not layer or f.layer == layer)]
    assert len(found) == 1, [(f.code, f.layer) for f in found]
    return found[0]


def cells(layers: Layers, rows: list[dict[str, Any]]) -> Layers:
    """Return layers with cells like the first one, but for what is given; x and y are from its place."""
    first = layers.stations.iloc[0]
    x0, y0 = first.geometry.x, first.geometry.y
    frames, shapes = [], []
    for k, row in enumerate(rows):
        own = {**first.drop("geometry").to_dict(), "cell_id": f"c{k}", **row}
        x, y = own.pop("x", 0.0), own.pop("y", 0.0)
        own["lon"] = first["lon"] + x / 1e5 if math.isfinite(x) else math.nan
        own["lat"] = first["lat"] + y / 1e5 if math.isfinite(y) else math.nan
        frames.append(own)
        shapes.append(shapely.Point(x0 + x, y0 + y) if math.isfinite(x) else shapely.Point())
    return replace(layers, stations=gpd.GeoDataFrame(frames, geometry=shapes, crs=layers.stations.crs))


PLACES = st.lists(
    st.tuples(
        st.sampled_from(["S1", "S2", "S3", "S4", "S5", "S6"]), st.sampled_from(["Viettel", "VNPT"]),
        st.sampled_from([0.0, 10.0, 29.9, 30.0, 30.1, 55.0, math.nan]),
        st.sampled_from([0.0, 18.0, 24.0, 70.0]),
    ),
    min_size=1, max_size=14,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(places=PLACES)
def test_near_sites_are_those_of_all_pairs(base: Layers, places: list[tuple[str, str, float, float]]) -> None:
    layers = cells(base, [
        {"site_id": s, "operator": o, "x": x, "y": math.nan if math.isnan(x) else y} for s, o, x, y in places
    ])  # fmt: skip
    figure = near_sites(layers.stations)
    first: dict[tuple[str, str], tuple[float, float]] = {}
    for (site, operator, x, _), shape in zip(places, layers.stations.geometry, strict=True):
        if math.isfinite(x):
            first.setdefault((operator, site), (shape.x, shape.y))
    near = {
        one for one, a in first.items() for two, b in first.items()
        if one != two and one[0] == two[0] and math.dist(a, b) <= NEAR_M
    }
    assert figure.denominator == len(first)
    assert figure.numerator == len(near)
    assert sorted(s.ident for s in figure.suspects) == sorted(site for _, site in near)


@settings(max_examples=100, deadline=None)
@given(
    xy=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=0, max_size=30)
)
def test_nearest_other_point(xy: list[tuple[int, int]]) -> None:
    points = np.array(xy, dtype=np.float64).reshape(-1, 2)
    distance, other = _nearest(points)
    for i in range(len(points)):
        all_others = [math.dist(points[i], points[j]) for j in range(len(points)) if j != i]
        least = min(all_others, default=math.inf)
        if least > NEAR_M:
            assert math.isinf(distance[i])
            assert other[i] == -1
        else:
            assert distance[i] == pytest.approx(least)
            assert other[i] != i
            assert math.dist(points[i], points[other[i]]) == pytest.approx(least)


def test_thousands_of_sites_on_one_spot_take_no_time(base: Layers) -> None:
    frame = base.stations.iloc[np.zeros(30_000, dtype=int)].reset_index(drop=True)
    frame["site_id"] = [f"S{k}" for k in range(len(frame))]
    assert near_sites(frame).numerator == len(frame)


def test_cells_that_repeat_another(base: Layers) -> None:
    layers = cells(base, [
        {}, {"azimuth_deg": 90.0}, {}, {"operator": "Khác"}, {"x": 5.0}, {}, {"x": math.nan},
        {"x": math.nan}, {"azimuth_deg": math.nan}, {"azimuth_deg": math.nan}, {"bandwidth_mhz": 10.0},
    ])  # fmt: skip
    assert np.flatnonzero(repeated_cells(layers.stations)).tolist() == [2, 5, 9]
    figure = of(layers, "repeated-cell")
    assert (figure.numerator, figure.denominator) == (3, 11)
    assert [s.ident for s in figure.suspects] == ["c2", "c5", "c9"]


def test_angles_heights_and_ids(base: Layers) -> None:
    layers = cells(base, [
        {"azimuth_deg": 0.0}, {"azimuth_deg": 360.0}, {"azimuth_deg": 360.5}, {"azimuth_deg": -1.0},
        {"azimuth_deg": math.nan}, {"antenna_height_m": 0.0}, {"antenna_height_m": -3.0}, {"cell_id": "c0"},
    ])  # fmt: skip
    assert (of(layers, "azimuth-range").numerator, of(layers, "azimuth-range").denominator) == (2, 7)
    assert (of(layers, "azimuth-missing").numerator, of(layers, "azimuth-missing").denominator) == (1, 8)
    assert of(layers, "height-zero").numerator == 2
    assert of(layers, "repeated-cell-id").numerator == 1
    assert of(layers, "azimuth-range").doubtful
    assert not of(layers, "azimuth-missing").doubtful  # an eighth is below a fifth


def test_technologies_that_no_cell_has(project: Path) -> None:
    small.add(project, '[services.5G]\nmodel = "range"\nradius_m = 500\n\n'
                       '[services.nha-mai]\nmodel = "range"\ntechnology = "3G"\nradius_m = 500\n')
    figure = of(small.layers_of(project), "technology-without-cells")
    assert (figure.numerator, figure.denominator) == (1, 3)
    assert "3G" in figure.remedy.say("vi")


def test_defaults_are_counted_by_the_cells_that_were_empty(project: Path) -> None:
    text = small.STATIONS.replace(",1800,", ",,", 1).replace(",25,,6", ",,,6")
    small.write(project.parent, "stations.csv", text)
    layers = small.layers_of(project)
    by_title = {f.title.say("en"): f for f in quality(layers).figures if f.code == "default-taken"}
    assert by_title["Without frequency: the default is taken"].numerator == 1
    assert by_title["Without antenna height: the default is taken"].numerator == 1
    assert all(f.denominator == 3 for f in by_title.values())
    assert set(by_title) == {
        f"Without {n}: the default is taken" for n in ("frequency", "antenna height")
    }


def test_places_outside_the_commune_that_they_declare(project: Path) -> None:
    rows = ["place_id,name,commune_code,lon,lat"]
    rng = np.random.default_rng(5)
    truth = []
    for k in range(60):
        i, j = int(rng.integers(2)), int(rng.integers(2))
        lon, lat = small.LON + (i + rng.random()) * 0.1, small.LAT + (j + rng.random()) * 0.1
        code = small.CODES[int(rng.integers(4))] if k % 3 else small.CODES[i + 2 * j]
        rows.append(f"V{k},Thôn {k},{code},{lon:.6f},{lat:.6f}")
        truth.append((f"V{k}", code == small.CODES[i + 2 * j]))
    small.write(project.parent, "villages.csv", "\n".join(rows) + "\n")
    small.add(project, '[places.villages]\npath = "villages.csv"\n')
    figure = of(small.layers_of(project), "outside-declared", "places.villages")
    assert figure.denominator == 60
    wrong = {ident for ident, right in truth if not right}
    assert figure.numerator == len(wrong)
    assert {s.ident for s in figure.suspects} == wrong
    assert figure.doubtful


def test_places_that_declare_nothing_have_no_such_figure(project: Path) -> None:
    small.write(project.parent, "villages.csv", "place_id,name,lon,lat\nV1,Thôn 1,108.05,14.05\n")
    small.add(project, '[places.villages]\npath = "villages.csv"\n')
    found = quality(small.layers_of(project)).figures
    assert not [f for f in found if f.code == "outside-declared"]


def test_people_of_each_commune_by_cutting_every_cell(base: Layers) -> None:
    rng = np.random.default_rng(1)
    grid = base.grid
    people = rng.random(grid.shape) * 50.0
    values = replace(base.population.people, values=people)
    layers = replace(base, population=Population(values, float(people.sum()), 0.0))
    x, y = np.meshgrid(grid.x_m(), grid.y_m())
    half = grid.cell_m / 2.0
    squares = shapely.box(x - half, y - half, x + half, y + half)
    for found, shape in zip(commune_people(layers), base.communes.geometry, strict=True):
        share = shapely.area(shapely.intersection(squares, shape)) / grid.cell_m**2
        assert found.raster == pytest.approx(float((share * people).sum()), rel=1e-5)


def test_raster_against_the_official_population(base: Layers) -> None:
    raster = [p.raster for p in commune_people(base)]
    official = [raster[0] * 1.05, raster[1] / 2.0, math.nan, raster[3] * 1.5]
    layers = replace(base, communes=base.communes.assign(population=official))
    province, communes = of(layers, "people-province"), of(layers, "people-communes")
    told = [0, 1, 3]
    assert province.denominator == pytest.approx(sum(official[k] for k in told))
    assert province.numerator == pytest.approx(abs(sum(raster[k] - official[k] for k in told)))
    assert (communes.numerator, communes.denominator) == (2, 3)
    assert [s.ident for s in communes.suspects] == [small.CODES[1], small.CODES[3]]  # +100 %, -33 %
    assert "+100%" in communes.suspects[0].note.say("vi")
    assert "−33%" in communes.suspects[1].note.say("vi")


def lines(shapes: list[Any], crs: Any, **columns: list[Any]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=crs)


def test_fibre_far_from_roads_by_length(base: Layers) -> None:
    x, y, crs = base.grid.left_m, base.grid.top_m, base.grid.crs
    road = shapely.LineString([(x, y), (x + 10_000, y)])
    beside = shapely.LineString([(x, y - 500), (x + 10_000, y - 500)])
    away = shapely.MultiLineString([[(x, y - 4_000), (x + 3_000, y - 4_000)], [(x, y), (x, y - 100)]])
    # From the road straight down: all but the first kilometre is far, to half a piece.
    down = shapely.LineString([(x + 5_000, y), (x + 5_000, y - 3_000)])
    layers = replace(
        base, roads=lines([road], crs, road_id=["R"]),
        fibre_routes=lines([beside, away, down], crs, id=["beside", "away", "down"]),
    )
    figure = of(layers, "fibre-far-from-road")
    assert figure.denominator == pytest.approx(10.0 + 3.1 + 3.0)
    assert figure.numerator == pytest.approx(3.0 + 2.0, abs=0.1)
    assert [s.ident for s in figure.suspects] == ["away", "down"]
    assert "4 km" in figure.suspects[0].note.say("vi") or "4,0 km" in figure.suspects[0].note.say("vi")
    assert figure.doubtful
    assert FAR_FROM_ROAD_M == 1000.0
    assert not [f for f in quality(replace(layers, roads=None)).figures if f.code == figure.code]


def test_ages_are_of_who_says_the_day(base: Layers) -> None:
    day = datetime.date
    sources = tuple(
        Source(layer, f"{layer}.csv", "0", as_of, 1, dated)  # type: ignore[arg-type]
        for layer, as_of, dated in (
            ("communes", day(2026, 6, 30), "province"), ("stations", day(2025, 6, 30), "layer"),
            ("roads", day(2025, 6, 29), "layer"), ("households", day(2020, 1, 1), "file"),
            ("terrain", day(2026, 6, 30), "province"),
        )
    )  # fmt: skip
    layers = replace(base, sources=sources)
    old, undated = of(layers, "old-layers"), of(layers, "undated-layers")
    assert (old.numerator, old.denominator) == (2, 3)  # 365 days is not older than 365 days
    assert "roads.csv, households.csv" in old.remedy.say("vi")
    assert (undated.numerator, undated.denominator) == (1, 4)


def test_the_reading_says_who_dates_a_layer(project: Path) -> None:
    text = project.read_text(encoding="utf-8")
    text = text.replace('path = "stations.csv"', 'path = "stations.csv"\nas_of = 2025-03-01')
    project.write_text(text, encoding="utf-8")
    small.write(
        project.parent, "households.csv",
        "commune_code,households,households_with_fibre,as_of\n"
        + "".join(f"{c},10,5,2024-12-3{k % 2}\n" for k, c in enumerate(small.CODES)),
    )
    small.add(project, '[layers.households]\npath = "households.csv"\n')
    dated = {s.layer: (s.dated, s.as_of) for s in small.layers_of(project).sources}
    assert dated["stations"] == ("layer", datetime.date(2025, 3, 1))
    assert dated["households"] == ("file", datetime.date(2024, 12, 31))
    assert dated["communes"] == ("province", datetime.date(2026, 6, 30))


def test_a_survey_looks_past_errors(project: Path) -> None:
    text = small.STATIONS.replace("S2,S2-1,VNPT,5G,3700,108.15", "S2,S2-1,VNPT,6G,3700,abc")
    small.write(project.parent, "stations.csv", text.replace("S1,S1-2,Viettel,4G,1800,108.05,14.05,30,120",
                                                             "S1,S1-2,Viettel,4G,1800,108.05,14.05,0,400"))
    with pytest.raises(InputError):
        small.layers_of(project)
    survey = survey_layers(read_project(project))
    assert survey.layers is not None
    assert sum(f.severity == "error" for f in survey.faults) == 4
    assert of(survey.layers, "height-zero").numerator == 1
    assert of(survey.layers, "azimuth-range").numerator == 1
    assert [u.layer for u in survey.understood] == ["communes", "stations"]
    assert len(survey.opened["stations"].raw) == 3


@pytest.mark.parametrize("gone", ["communes.geojson", "stations.csv", "population.tif"])
def test_a_survey_without_a_file(project: Path, gone: str) -> None:
    (project.parent / gone).unlink()
    survey = survey_layers(read_project(project, files=False))
    assert [f.code.partition(".")[2] for f in survey.faults if f.severity == "error"] == ["missing-file"]
    assert (survey.layers is None) == (gone == "communes.geojson")
    assert next(s for s in survey.sources if s.path == gone).sha256 == ""
    if survey.layers is not None:
        codes = {f.code for f in quality(survey.layers).figures}
        assert ("near-sites" in codes) == (gone != "stations.csv")


def test_a_survey_tells_as_many_faults_as_it_is_asked_for(project: Path) -> None:
    row = small.STATIONS.splitlines()[1]
    rows = [row.replace("S1-1", f"S1-{k}").replace(",0,4,", ",700,4,") for k in range(120)]
    text = "\n".join([small.STATIONS.splitlines()[0], *rows]) + "\n"
    small.write(project.parent, "stations.csv", text)
    told = {
        cap: [f for f in survey_layers(read_project(project), cap=cap).faults if f.column == "azimuth_deg"]
        for cap in (None, 100, 1000)
    }
    assert [len(f) for f in told.values()] == [51, 101, 120]
    assert told[100][-1].values["n"] == 20


def test_words_are_filled_in_both_languages(base: Layers) -> None:
    understood = (Understood("stations", "stations.csv", 3, (("commune_code", "xa {0}"),)),)
    communes = base.communes.assign(population=[1.0, 2.0, 3.0, 4.0], commune_name="{ngoặc}")
    found = quality(replace(base, understood=understood, communes=communes))
    assert len(found.figures) >= 12
    for figure in found.figures:
        for lang in LANGUAGES:
            for text in (figure.title, figure.criterion, figure.remedy, *(s.note for s in figure.suspects)):
                assert text.fields() == (frozenset(), frozenset())
                text.say(lang)
