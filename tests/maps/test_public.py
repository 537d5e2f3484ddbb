"""The public version: no site, no operator, nothing confidential, in any byte of any output."""

from __future__ import annotations

import dataclasses
import json
import re
import sqlite3
import subprocess
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from hypothesis import given
from hypothesis import strategies as st
from tiny_province import AS_OF, OPERATORS

from phusong.coverage.result import ANY, Result
from phusong.data.language import Text
from phusong.layers.faults import ExpectedError, Fault
from phusong.maps.batch.page import write_summary
from phusong.maps.batch.run import ProvinceRun
from phusong.maps.before_after import SLIDER, write_before_after
from phusong.maps.map_page.before import page_data
from phusong.maps.public import coarse_outline, public_result
from phusong.maps.write import write_outputs

HIDDEN = ("places.centres", "zones.industrial", "households", "fibre_routes", "fibre_nodes")


def _marked(result: Result, *names: str, **changes: object) -> Result:
    """The result of a project file that marks some layers, with warnings that quote their inputs."""
    project = result.layers.project
    mark = {"confidential": True}
    layers = {n: getattr(project.layers, n).model_copy(update=mark) for n in names if "." not in n}
    places = {
        n: t.model_copy(update=mark) if f"places.{n}" in names else t for n, t in project.places.items()
    }
    zones = {n: t.model_copy(update=mark) if f"zones.{n}" in names else t for n, t in project.zones.items()}
    stations = project.layers.stations.model_copy(
        update={"path": Path("Mạng A/tram.xlsx"), "defaults": {"operator": "Mạng A"}}
    )
    project = project.model_copy(
        update={
            "layers": project.layers.model_copy(update={"stations": stations, **layers}),
            "places": places, "zones": zones, "costs": {"mast": 987_654.0},
        }
    )  # fmt: skip
    stations_read = result.layers.stations.copy()
    for column in ("site_id", "cell_id"):  # long enough not to stand in a picture by chance
        stations_read[column] = "TRAM-MAT-" + stations_read[column].astype(str)
    first = stations_read.iloc[0]
    fault = Fault(
        "warning", "stations.height", Text("trạm {site} của {who}", "site {site} of {who}"), Text("", ""),
        {"site": first["site_id"], "who": first["operator"]}, layer="stations", file="Mạng A/tram.xlsx",
        row="7", column="lon", value=str(first["lon"]),
    )  # fmt: skip
    sources = tuple(dataclasses.replace(s, path=f"Mạng A/{s.path}") for s in result.layers.sources)
    layers_read = dataclasses.replace(
        result.layers, project=project, sources=sources, stations=stations_read, faults=(fault,)
    )
    nearest = "TRAM-MAT-" + result.gaps["nearest_site_id"]
    gaps = result.gaps.assign(server_site_id=first["site_id"], nearest_site_id=nearest, ridge_m=123.0)
    return dataclasses.replace(result, layers=layers_read, faults=(*result.faults, fault), gaps=gaps)


def _texts(folder: Path) -> Iterator[tuple[str, str]]:
    """Every text of every output, also inside archives and databases."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".xlsx", ".docx"):
            with zipfile.ZipFile(path) as archive:
                for member in archive.namelist():
                    yield f"{path.name}/{member}", archive.read(member).decode("utf-8", "replace")
        elif path.suffix == ".gpkg":
            with closing(sqlite3.connect(path)) as database:
                yield path.name, "\n".join(database.iterdump())
        elif path.suffix == ".pdf":
            command = ["pdftotext", "-layout", str(path), "-"]
            yield path.name, subprocess.run(command, capture_output=True, check=True).stdout.decode()
        elif path.is_file():
            yield path.name, path.read_bytes().decode("utf-8", "replace")


def _secrets(result: Result) -> re.Pattern[str]:
    """Names and identifiers of sites and operators, and positions in the forms that people write them."""
    stations = result.layers.stations
    said = {str(s) for s in stations["site_id"]} | {str(c) for c in stations["cell_id"]} | set(OPERATORS)
    for lon, lat, point in zip(stations["lon"], stations["lat"], stations.geometry, strict=True):
        for degrees in (lon, lat):
            for decimals in (4, 5, 6):
                number = f"{degrees:.{decimals}f}"
                said |= {number, number.replace(".", ",")}
        said |= {f"{point.x:.1f}", f"{point.y:.1f}", f"{point.x:.3f}", f"{point.y:.3f}"}
    said |= {s.replace(" ", "_").replace("ạ", "a") for s in OPERATORS}
    said |= {s.lower() for s in set(said) if s.startswith("Mang_")}
    said |= {s.upper() for s in OPERATORS} | {json.dumps(s)[1:-1] for s in OPERATORS}
    return re.compile("|".join(re.escape(s) for s in sorted(said, key=len, reverse=True)))


@pytest.fixture(scope="module")
def both(tiny_result: Result, tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path, Path]:
    """The marked result, its internal and its public output."""
    folder = tmp_path_factory.mktemp("public")
    result = _marked(tiny_result, *HIDDEN)
    write_outputs(result, folder / "in", "vi")
    write_outputs(public_result(result), folder / "out", "vi")
    return result, folder / "in", folder / "out"


def test_no_output_tells_of_sites_and_operators(both: tuple[Result, Path, Path]) -> None:
    result, _, out = both
    pattern = _secrets(result)
    found = {name: match.group() for name, text in _texts(out) if (match := pattern.search(text))}
    assert found == {}


def test_the_search_finds_them_in_the_internal_version(both: tuple[Result, Path, Path]) -> None:
    result, internal, _ = both
    pattern = _secrets(result)
    leaks = {name.split("/")[0] for name, text in _texts(internal) if pattern.search(text)}
    assert leaks >= {
        "index.html", "map.html", "report.docx", "report.xlsx", "gaps.csv", "gaps.gpkg", "indicators.csv",
        "indicators.json", "places.csv", "communes.gpkg", "communes.geojson", "manifest.json",
    }  # fmt: skip


def test_confidential_layers_are_in_no_output(both: tuple[Result, Path, Path]) -> None:
    _, internal, out = both
    secret = ["UBND Xã Ia Grai", "places.centres", "places:centres",
              "tram.xlsx", "villages.csv", "987654", "exchange"]  # fmt: skip
    whole = "\n".join(text for _, text in _texts(out))
    assert [s for s in secret if s in whole] == []
    assert [s for s in secret if s not in "\n".join(text for _, text in _texts(internal))] == []
    data = page_data((out / "map.html").read_text(encoding="utf-8"))
    assert data["fibre"] == {"routes": [], "nodes": []}
    assert data["sites"]["at"] == data["zones"] == []
    assert data["overlays"] == {}
    assert not list(out.glob("*.tif"))


def test_fibre_that_is_not_confidential_keeps_its_raster_and_no_owner(
    tiny_result: Result, tmp_path: Path
) -> None:
    write_outputs(public_result(tiny_result), tmp_path / "out", "en")
    assert [p.name for p in (tmp_path / "out").glob("*.tif")] == ["signal_fibre.tif"]
    with rasterio.open(tmp_path / "out" / "signal_fibre.tif") as raster:
        signal = raster.read(1, masked=True).filled(np.nan)
        transform = raster.transform
    where = tiny_result.layers.stations.geometry
    for x, y in zip(where.x, where.y, strict=True):
        col, row = (int(v) for v in ~transform * (x, y))
        around = signal[max(row - 1, 0) : row + 2, max(col - 1, 0) : col + 2]
        assert around.max() - around.min() < 3 * 2 * 200  # no peak at a site: a distance to the cable only
    text = (tmp_path / "out" / "map.html").read_text()
    assert not any(o in text for o in OPERATORS)


def test_comparisons_of_public_versions_tell_of_no_site_and_operator(
    both: tuple[Result, Path, Path], tmp_path: Path
) -> None:
    result, _, out = both
    sides = {"live": (public_result(result), public_result(result)), "read": (out, out)}
    for name, (before, after) in sides.items():
        (tmp_path / name).mkdir()
        write_before_after(before, after, tmp_path / name, "vi")
        assert page_data((tmp_path / name / SLIDER).read_text(encoding="utf-8"))["before"]["overlays"] == {}
    pattern = _secrets(result)
    found = {name: match.group() for name, text in _texts(tmp_path) if (match := pattern.search(text))}
    assert found == {}


def test_a_public_page_takes_no_signal_from_an_internal_one(
    both: tuple[Result, Path, Path], tmp_path: Path
) -> None:
    result, internal, out = both
    sides = {"live": (result, public_result(result)), "read": (internal, out)}
    for name, (before, after) in sides.items():
        (tmp_path / name).mkdir()
        files = write_before_after(before, after, tmp_path / name, "vi")
        data = page_data(files[SLIDER].read_text(encoding="utf-8"))
        assert data["before"]["figures"]
        assert data["before"]["overlays"] == data["overlays"] == {}
    pattern = _secrets(result)
    found = {name: match.group() for name, text in _texts(tmp_path) if (match := pattern.search(text))}
    assert found == {}


def test_figures_of_any_operator_stay_what_they_are(both: tuple[Result, Path, Path]) -> None:
    result, _, _ = both
    public = public_result(result)
    whole = result.indicators
    kept = whole[(whole["operator"] == ANY) & ~whole["indicator"].isin(
        ["places:centres", "zones:industrial", "households"])]  # fmt: skip
    assert public.indicators["numerator"].tolist() == kept["numerator"].tolist()
    assert "stations" in set(public.indicators["indicator"])
    assert public.gaps["people"].tolist() == result.gaps["people"].tolist()
    assert len(result.layers.stations)
    assert result.reaches["4G", OPERATORS[0]] is not None
    assert not result.public


def test_outlines_of_gaps_hold_the_gap_and_nothing_finer(tiny_result: Result) -> None:
    public = public_result(tiny_result)
    for fine, coarse in zip(tiny_result.gaps.geometry, public.gaps.geometry, strict=True):
        assert coarse.buffer(1e-9).covers(fine)
        steps = shapely.get_coordinates(coarse) * 100
        assert np.allclose(steps, np.rint(steps), atol=1e-6)
        assert shapely.equals(coarse, shapely.convex_hull(coarse))


@given(
    st.floats(100.0, 120.0, allow_nan=False), st.floats(8.0, 24.0, allow_nan=False), st.floats(1e-5, 0.2)
)
def test_any_outline_becomes_a_polygon_round_it(lon: float, lat: float, side: float) -> None:
    box = shapely.box(lon, lat, lon + side, lat + side)
    coarse = coarse_outline(box)
    assert coarse.geom_type == "Polygon"
    assert coarse.buffer(1e-7).covers(box)
    assert coarse.bounds[2] - coarse.bounds[0] <= side + 0.03


@pytest.mark.parametrize("name", ["communes", "population"])
def test_there_is_no_public_version_of_figures_that_rest_on_a_secret(tiny_result: Result, name: str) -> None:
    with pytest.raises(ExpectedError, match=name):
        public_result(_marked(tiny_result, name))


def test_a_public_batch_quotes_no_input(tmp_path: Path) -> None:
    run = ProvinceRun("52", "Gia Lai", "p", "failed", (f"Mạng A, {AS_OF}, 108.1234",), 1.0)
    write_summary([run], tmp_path, "vi", public=True)
    assert not any("Mạng A" in text or "108.1234" in text for _, text in _texts(tmp_path))
    write_summary([run], tmp_path, "vi")
    assert any("Mạng A" in text for _, text in _texts(tmp_path))
