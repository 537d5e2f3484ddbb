"""KML and KMZ: folders, balloons, and archives that mean harm."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest
import shapely
import small

from phusong.layers.faults import Faults
from phusong.layers.rules import Report
from phusong.layers.tables.opening import RawTable, open_table
from phusong.layers.vectors.kml import parse_description

KML = """<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>Nhà thầu</name>
<Folder><name>Viettel</name>
 <Folder><name>4G</name>
  <Placemark><name>Trạm 1</name>
   <description><![CDATA[<html><style>td {color: red}</style><table border="1">
     <tr><th colspan="2">Trạm Ia Grai</th></tr>
     <tr><td>Mã trạm</td><td>GL0001</td></tr><tr><td>Độ cao cột</td><td> 42 </td></tr>
     <tr><td>Ghi ch&uacute;</td><td>A &amp; B</td></tr></table>]]></description>
   <Point><coordinates>108.05,14.05,0</coordinates></Point></Placemark>
 </Folder>
 <Placemark><name>Trạm 2</name>
  <description>Mã trạm: GL0002&lt;br&gt;Độ cao cột: 30&lt;br&gt;gần chợ</description>
  <Point><coordinates> 108.15, 14.15, 0 </coordinates></Point></Placemark>
</Folder>
<Folder><name>VNPT</name>
 <Placemark><name>Trạm 3</name>
  <ExtendedData><Data name="Mã trạm"><value>GL0003</value></Data>
   <SchemaData><SimpleData name="do cao cot">25</SimpleData></SchemaData></ExtendedData>
  <Point><coordinates>108.16,14.16</coordinates></Point></Placemark>
 <Placemark><name>Ghi chú</name></Placemark>
</Folder></Document></kml>"""


def read(path: Path, layer: str | None = None) -> tuple[RawTable | None, Faults]:
    faults = Faults()
    return open_table(path, Report("places.x", path.name, faults), layer=layer), faults


def write_kmz(path: Path, *members: tuple[str | zipfile.ZipInfo, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


@pytest.mark.parametrize("packed", [False, True])
def test_folders_and_balloons_become_columns(tmp_path: Path, packed: bool) -> None:
    if packed:
        file = write_kmz(tmp_path / "a.kmz", ("files/other.kml", "<kml/>"), ("doc.kml", KML), ("i.png", b"x"))
    else:
        file = tmp_path / "a.kml"
        file.write_text(KML, encoding="utf-8")
    raw, faults = read(file)
    assert raw is not None
    assert raw.cells["name"].tolist() == ["Trạm 1", "Trạm 2", "Trạm 3"]
    assert raw.cells["folder"].tolist() == ["Viettel / 4G", "Viettel", "VNPT"]
    assert raw.cells["Mã trạm"].tolist() == ["GL0001", "GL0002", "GL0003"]
    assert raw.cells["Độ cao cột"].tolist() == ["42", "30", "25"]
    assert raw.cells["Ghi chú"].tolist() == ["A & B", "", ""]
    assert raw.cells["description"].tolist() == ["Trạm Ia Grai", "gần chợ", ""]
    assert raw.geometry is not None
    where = shapely.get_coordinates(raw.geometry).tolist()
    assert where == [[108.05, 14.05], [108.15, 14.15], [108.16, 14.16]]
    assert raw.crs is not None
    assert raw.crs.to_epsg() == 4326
    assert [f.code for f in faults] == ["places.kml-without-geometry"]


def test_a_layer_is_a_folder_with_its_own(tmp_path: Path) -> None:
    file = tmp_path / "a.kml"
    file.write_text(KML, encoding="utf-8")
    raw, _ = read(file, "Viettel")
    assert raw is not None
    assert raw.cells["name"].tolist() == ["Trạm 1", "Trạm 2"]
    raw, _ = read(file, "4g")
    assert raw is not None
    assert raw.cells["name"].tolist() == ["Trạm 1"]
    raw, faults = read(file, "Vietel")
    assert raw is None
    assert [f.code for f in faults] == ["places.unknown-layer"]
    assert "'Viettel'?" in faults.errors[0].say("en")


def test_lines_polygons_and_tracks(tmp_path: Path) -> None:
    ring = "0,0 0,3 3,3 3,0 0,0"
    hole = "1,1 2,1 2,2 1,2 1,1"
    file = tmp_path / "a.kml"
    file.write_text(
        '<kml xmlns:gx="http://www.google.com/kml/ext/2.2"><Document>'
        "<Placemark><LineString><coordinates>1,2,0\n3,4,0 5,6,0</coordinates></LineString></Placemark>"
        "<Placemark><MultiGeometry><Polygon><outerBoundaryIs><LinearRing><coordinates>" + ring +
        "</coordinates></LinearRing></outerBoundaryIs><innerBoundaryIs><LinearRing><coordinates>" + hole +
        "</coordinates></LinearRing></innerBoundaryIs></Polygon></MultiGeometry></Placemark>"
        "<Placemark><gx:Track><gx:coord>1 2 3</gx:coord><gx:coord>2 2 3</gx:coord></gx:Track></Placemark>"
        "</Document></kml>",
        encoding="utf-8",
    )
    raw, faults = read(file)
    assert raw is not None
    assert raw.geometry is not None
    assert [g.wkt for g in raw.geometry[[0, 2]]] == ["LINESTRING (1 2, 3 4, 5 6)", "LINESTRING (1 2, 2 2)"]
    assert raw.geometry[1].area == 8.0
    assert not faults.errors


@pytest.mark.parametrize(
    ("description", "attributes", "rest"),
    [
        ("", {}, ""),
        ("chỉ là ghi chú", {}, "chỉ là ghi chú"),
        ("xem http://a.vn/b", {"xem http": "//a.vn/b"}, ""),
        ("http://a.vn/b", {}, "http://a.vn/b"),
        ("<table><tr><td>A</td><td>B</td><td>C</td></tr><tr><td>1</td><td>2</td><td>3</td></tr></table>",
         {"A": "1", "B": "2", "C": "3"}, ""),
        # What 'Layer to KML' of a known program writes: a table in a cell of a table, tags left open.
        ("<table><tr><td>GL1<tr><td><table><tr><td>FID<td>7<tr><td>Huyện<td>Ia Grai</table></table>",
         {"FID": "7", "Huyện": "Ia Grai"}, "GL1"),
        ("<b>Cao:</b> 42 m<br/>Xã: Ia <i>Grăng</i>", {"Cao": "42 m", "Xã": "Ia Grăng"}, ""),
    ],
)  # fmt: skip
def test_descriptions(description: str, attributes: dict[str, str], rest: str) -> None:
    assert parse_description(description) == (attributes, rest)


@pytest.mark.parametrize("name", ["../../etc/x.kml", "/etc/x.kml", "C:/x.kml", "..\\x.kml"])
def test_a_path_that_leaves_the_archive_is_refused(tmp_path: Path, name: str) -> None:
    raw, faults = read(write_kmz(tmp_path / "a.kmz", ("doc.kml", KML), (name, "x")))
    assert raw is None
    assert [f.code for f in faults] == ["places.archive-path-outside"]


def test_a_link_in_an_archive_is_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("doc.kml")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    raw, faults = read(write_kmz(tmp_path / "a.kmz", (link, "/etc/passwd")))
    assert raw is None
    assert [f.code for f in faults] == ["places.archive-path-outside"]


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    file = write_kmz(tmp_path / "a.kmz", ("doc.kml", b"\0" * 120_000_000))
    raw, faults = read(file)
    assert raw is None
    assert [f.code for f in faults] == ["places.archive-too-large"]


def test_a_bomb_that_lies_about_its_size_is_not_unpacked(tmp_path: Path) -> None:
    file = write_kmz(tmp_path / "a.kmz", ("doc.kml", b"\0" * 5_000_000))
    data = bytearray(file.read_bytes())
    size = (5_000_000).to_bytes(4, "little")
    while size in data:
        at = data.index(size)
        data[at : at + 4] = (100).to_bytes(4, "little")
    file.write_bytes(bytes(data))
    raw, faults = read(file)
    assert raw is None
    assert len(faults.errors) == 1


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><kml><Document>&b;</Document></kml>',
         "places.xml-with-entities"),
        ("<kml><Document>", "places.unreadable-file"),
        ("<kml><Placemark><name>A</name><Point><coordinates>x,1</coordinates></Point></Placemark></kml>",
         "places.kml-coordinates"),
        ("<kml><Document/></kml>", "places.empty-table"),
    ],
)  # fmt: skip
def test_bad_documents_are_refused(tmp_path: Path, text: str, code: str) -> None:
    file = tmp_path / "a.kml"
    file.write_text(text, encoding="utf-8")
    raw, faults = read(file)
    assert raw is None
    assert code in [f.code for f in faults.errors]


def test_a_kmz_of_gdal_keeps_its_layers_in_files_of_their_own(tmp_path: Path) -> None:
    where = gpd.GeoSeries([shapely.Point(108, 14), shapely.Point(108.1, 14.2)], crs=4326)
    frame = gpd.GeoDataFrame({"Name": ["a", "b"], "ten": ["Trạm Đắk", "x"]}, geometry=where)
    pyogrio.write_dataframe(frame, tmp_path / "z.kmz", driver="LIBKML", layer="Trạm")
    raw, faults = read(tmp_path / "z.kmz")
    assert raw is not None
    assert not list(faults)
    assert raw.cells["name"].tolist() == ["a", "b"]
    assert raw.cells["folder"].tolist() == ["Trạm", "Trạm"]
    assert raw.cells["ten"].tolist() == ["Trạm Đắk", "x"]


def test_a_link_out_of_the_file_is_told_and_not_followed(tmp_path: Path) -> None:
    link = "<NetworkLink><Link><href>http://example.com/x.kml</href></Link></NetworkLink>"
    back = "<NetworkLink><Link><href>doc.kml</href></Link></NetworkLink>"
    text = KML.replace("<Folder>", link + back + "<Folder>", 1)
    raw, faults = read(write_kmz(tmp_path / "a.kmz", ("doc.kml", text)))
    assert raw is not None
    assert len(raw) == 3
    told = [f for f in faults if f.code == "places.kml-network-link"]
    assert [f.values["n"] for f in told] == [1]


def test_a_kmz_without_kml_is_told(tmp_path: Path) -> None:
    raw, faults = read(write_kmz(tmp_path / "a.kmz", ("a.txt", "x")))
    assert raw is None
    assert [f.code for f in faults] == ["places.kmz-without-kml"]


def test_a_project_takes_its_stations_from_a_kmz(project: Path) -> None:
    write_kmz(project.parent / "tram.kmz", ("doc.kml", KML))
    wanted = """path = "tram.kmz"
columns = { site_id = "Mã trạm", antenna_height_m = "Độ cao cột" }
defaults = { technology = "4G", operator = "Viettel" }"""
    text = project.read_text(encoding="utf-8").replace('path = "stations.csv"', wanted)
    project.write_text(text, encoding="utf-8")
    layers = small.layers_of(project)
    assert layers.stations["site_id"].tolist() == ["GL0001", "GL0002", "GL0003"]
    assert layers.stations["antenna_height_m"].tolist() == [42.0, 30.0, 25.0]
