"""GPX from telephones: waypoints, tracks where they are asked for, and files that mean harm."""

from __future__ import annotations

import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely
import small

from phusong.data.language import LANGUAGES
from phusong.layers.convert import convert
from phusong.layers.faults import Faults, InputError
from phusong.layers.measurements import Reading, read_measurements
from phusong.layers.rules import Report
from phusong.layers.tables.opening import RawTable, open_table

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<gpx version="1.1" creator="điện thoại" '
HEAD += 'xmlns="http://www.topografix.com/GPX/1/1" xmlns:x="http://x.vn/1">'
WAYPOINTS = """
<metadata><name>Khảo sát</name><time>2026-06-30T00:00:00Z</time></metadata>
<wpt lat="14.05" lon="108.05"><ele>712.5</ele><time>2026-06-30T23:30:00Z</time><name>Làng Mơ</name>
 <desc>Số hộ: 54&lt;br&gt;đường đất</desc><sym>Flag, Blue</sym>
 <extensions><x:Signal><x:rsrp>-95</x:rsrp></x:Signal><!-- x --></extensions></wpt>
<wpt lat="14.15" lon="108.15"><name>Làng Ơ</name><time>2026-07-01T06:40:00</time></wpt>"""
TRACK = """
<rte><name>Đi</name><rtept lat="14.0" lon="108.0"/><rtept lat="14.1" lon="108.0"/></rte>
<trk><name>Tuyến A</name><trkseg>
 <trkpt lat="14.01" lon="108.01"><ele>1</ele><time>2026-06-30T01:00:00.250+07:00</time></trkpt>
 <trkpt lat="14.02" lon="108.01"><ele>2</ele></trkpt></trkseg><trkseg>
 <trkpt lat="14.03" lon="108.02"/><trkpt lat="14.04" lon="108.02"/></trkseg></trk>
<trk><name>Đứng yên</name><trkseg><trkpt lat="14.01" lon="108.01"/></trkseg></trk>"""


def gpx(folder: Path, *parts: str, name: str = "a.gpx") -> Path:
    file = folder / name
    file.write_text(HEAD + "".join(parts) + "</gpx>", encoding="utf-8")
    return file


def read(path: Path, layer: str | None = None) -> tuple[RawTable | None, Faults]:
    faults = Faults()
    return open_table(path, Report("places.x", path.name, faults), layer=layer), faults


def shapes(raw: RawTable | None) -> list[str]:
    assert raw is not None
    assert raw.geometry is not None
    return [g.wkt for g in raw.geometry]


@pytest.mark.parametrize("packed", [False, True])
def test_waypoints_become_rows(tmp_path: Path, packed: bool) -> None:
    file = gpx(tmp_path, WAYPOINTS)
    if packed:
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            archive.write(file, "may/a.gpx")
        file = tmp_path / "a.zip"
    raw, faults = read(file)
    assert raw is not None
    assert not list(faults)
    assert {name: column.tolist() for name, column in raw.cells.items()} == {
        "name": ["Làng Mơ", "Làng Ơ"], "ele": ["712.5", ""],
        # The device counts in UTC: half past eleven there is the next morning here.
        "time": ["2026-07-01 06:30:00", "2026-07-01T06:40:00"],
        "sym": ["Flag, Blue", ""], "Số hộ": ["54", ""], "desc": ["đường đất", ""], "rsrp": ["-95", ""],
    }  # fmt: skip
    assert shapes(raw) == ["POINT (108.05 14.05)", "POINT (108.15 14.15)"]
    assert raw.crs is not None
    assert raw.crs.to_epsg() == 4326
    assert raw.rows.tolist() == [1, 2]


def test_tracks_beside_waypoints_are_told_and_read_where_asked_for(tmp_path: Path) -> None:
    file = gpx(tmp_path, WAYPOINTS, TRACK)
    raw, faults = read(file)
    assert raw is not None
    assert len(raw) == 2
    (told,) = faults
    assert told.code == "places.gpx-tracks-left-out"
    assert "2 waypoints" in told.say("en")
    assert "2 tracks and 1 routes (7 points)" in told.say("en")
    assert "2 vết đi và 1 lộ trình (7 điểm)" in told.say("vi")

    points, faults = read(file, "track_points")
    assert not list(faults)
    assert points is not None
    assert points.cells["track"].tolist() == ["Tuyến A"] * 4 + ["Đứng yên"]
    assert points.cells["time"].tolist()[:2] == ["2026-06-30 01:00:00", ""]
    assert shapes(points)[2] == "POINT (108.02 14.03)"
    routes, _ = read(file, "Route Points")
    assert shapes(routes) == ["POINT (108 14)", "POINT (108 14.1)"]

    lines, faults = read(file, "tracks")
    assert [(f.code, f.values["n"]) for f in faults] == [("places.gpx-line-too-short", 1)]
    assert shapes(lines) == ["MULTILINESTRING ((108.01 14.01, 108.01 14.02), (108.02 14.03, 108.02 14.04))"]
    lines, _ = read(file, "routes")
    assert shapes(lines) == ["LINESTRING (108 14, 108 14.1)"]


def test_a_file_of_tracks_only_is_refused_with_what_to_write(tmp_path: Path) -> None:
    raw, faults = read(gpx(tmp_path, TRACK))
    assert raw is None
    (told,) = faults.errors
    assert told.code == "places.gpx-without-waypoints"
    for lang in LANGUAGES:
        said = told.say(lang)
        for word in ("a.gpx", 'layer = "track_points"', '"tracks"', "--layer", "--sheet", "waypoint"):
            assert word in said
    raw, faults = read(gpx(tmp_path, TRACK[: TRACK.index("<trk>")]))
    assert 'layer = "route_points"' in faults.errors[0].say("en")


def test_a_layer_that_is_not_there_is_told(tmp_path: Path) -> None:
    raw, faults = read(gpx(tmp_path, WAYPOINTS), "tracks")
    assert raw is None
    assert [f.code for f in faults] == ["places.unknown-layer"]
    assert "waypoints" in faults.errors[0].say("en")
    raw, faults = read(gpx(tmp_path, WAYPOINTS), "waypoint")
    assert raw is None
    assert "'waypoints'?" in faults.errors[0].say("en")


def test_gdal_reads_the_same(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    x, y = 108 + rng.random(40), 14 + rng.random(40)
    names = [f"Điểm <{k}> & co" for k in range(40)]
    heights = np.round(rng.uniform(0, 2000, 40), 2)
    frame = gpd.GeoDataFrame(
        {"name": names, "ele": heights}, geometry=gpd.points_from_xy(x, y), crs=4326
    )
    file = tmp_path / "gdal.gpx"
    pyogrio.write_dataframe(frame, file, driver="GPX", layer="waypoints")
    theirs = pyogrio.read_dataframe(file, layer="waypoints")
    raw, faults = read(file)
    assert not list(faults)
    assert raw is not None
    assert raw.cells["name"].tolist() == theirs["name"].tolist() == names
    assert [float(v) for v in raw.cells["ele"]] == theirs["ele"].tolist() == heights.tolist()
    ours, known = (shapely.get_coordinates(np.asarray(g)) for g in (raw.geometry, theirs.geometry))
    assert np.array_equal(ours, known)

    file = gpx(tmp_path, WAYPOINTS, TRACK)
    for layer in ("track_points", "route_points", "routes"):
        known = shapely.get_coordinates(pyogrio.read_dataframe(file, layer=layer).geometry.to_numpy())
        raw, _ = read(file, layer)
        assert raw is not None
        assert np.array_equal(shapely.get_coordinates(raw.geometry), known), layer


BOMB = "".join(f'<!ENTITY a{k} "{f"&a{k - 1};" * 10 if k else "ha"}">' for k in range(12))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "unreadable-file"),
        (b"khong phai XML", "unreadable-file"),
        ((HEAD + WAYPOINTS).encode(), "unreadable-file"),  # cut off
        ((HEAD + WAYPOINTS + "</gpx>").encode("cp1258", "replace"), "unreadable-file"),
        ((HEAD + "</gpx>").encode(), "empty-table"),
        (f"<!DOCTYPE gpx [{BOMB}]><gpx><wpt lat='1' lon='1'><name>&a11;</name></wpt></gpx>".encode(),
         "xml-with-entities"),
        (b'<!DOCTYPE gpx [<!ENTITY f SYSTEM "file:///etc/passwd">]><gpx><wpt lat="1" lon="1">'
         b"<name>&f;</name></wpt></gpx>", "xml-with-entities"),
        (b'<!DOCTYPE gpx SYSTEM "http://x.vn/gpx.dtd"><gpx/>', "xml-with-entities"),
        (b"<kml><Document/></kml>", "not-gpx"),
        (b"<gpx>" + b"<x>" * 200_000 + b"</x>" * 200_000 + b"</gpx>", "empty-table"),
        (b'<gpx><wpt lat="14,05" lon="108"><name>A</name></wpt></gpx>', "gpx-position"),
        (b'<gpx><wpt lat="108" lon="14"><name>A</name></wpt></gpx>', "gpx-position"),
        (b'<gpx><wpt lat="nan" lon="14"/><wpt lat="1" lon="inf"/><wpt lon="2"/></gpx>', "gpx-position"),
    ],
    ids=["nothing", "text", "cut", "codepage", "empty", "bomb", "file", "dtd", "kml", "deep", "comma",
         "swapped", "no-number"],
)  # fmt: skip
def test_bad_documents_are_refused(tmp_path: Path, content: bytes, code: str) -> None:
    file = tmp_path / "a.gpx"
    file.write_bytes(content)
    raw, faults = read(file)
    assert raw is None
    assert f"places.{code}" in [f.code for f in faults.errors]
    assert all(f.say(lang) for f in faults for lang in LANGUAGES)


def test_a_point_without_position_is_named_with_its_row(tmp_path: Path) -> None:
    _, faults = read(gpx(tmp_path, WAYPOINTS, '<wpt lat="95" lon="108"><name>Sai</name></wpt>'))
    (told,) = faults.errors
    assert (told.row, told.value) == ("3", "Sai")
    assert "lat '95', lon '108'" in told.say("en")


def test_a_project_takes_its_places_from_a_gpx(project: Path) -> None:
    gpx(project.parent, WAYPOINTS, name="lang.gpx")
    text = project.read_text(encoding="utf-8") + '\n[places.villages]\npath = "lang.gpx"\n'
    project.write_text(text, encoding="utf-8")
    villages = small.layers_of(project).places["villages"]
    assert villages["name"].tolist() == ["Làng Mơ", "Làng Ơ"]
    assert np.allclose(villages[["lon", "lat"]], [[108.05, 14.05], [108.15, 14.15]])
    assert villages["place_id"].is_unique
    assert villages["commune_code"].tolist() == [small.CODES[0], small.CODES[3]]


def test_a_drive_is_taken_from_its_track(project: Path, tmp_path: Path) -> None:
    points = "".join(
        f'<trkpt lat="{14.01 + k / 1000}" lon="108.05"><time>2026-06-30T20:00:{k:02d}Z</time>'
        f"<extensions><x:rsrp_dbm>{-90 - k}</x:rsrp_dbm></extensions></trkpt>" for k in range(20)
    )
    file = gpx(tmp_path, f"<trk><trkseg>{points}</trkseg></trk>")
    layers = small.layers_of(project)
    with pytest.raises(InputError, match="track_points"):
        read_measurements(file, layers)
    asked = Reading(sheet="track_points", defaults={"technology": "4G"})
    samples = read_measurements(file, layers, asked).samples
    assert samples["rsrp_dbm"].tolist() == [-90.0 - k for k in range(20)]
    assert str(samples["time"].iloc[0]) == "2026-07-01 03:00:00"  # of the province


def test_convert_turns_one_into_a_clean_file(tmp_path: Path) -> None:
    done = convert([gpx(tmp_path, WAYPOINTS)], kind="places", out=tmp_path / "lang.gpkg")
    assert dict(done.rows) == {"places": 2}
    frame = gpd.read_file(tmp_path / "lang.gpkg")
    assert frame["name"].tolist() == ["Làng Mơ", "Làng Ơ"]
