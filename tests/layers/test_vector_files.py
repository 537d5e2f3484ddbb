"""Shapefiles with wrong side files, MapInfo, FileGDB, DXF."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import pyogrio
import pytest
import shapely

from phusong.layers.faults import Faults
from phusong.layers.rules import Report
from phusong.layers.tables.opening import RawTable, open_table
from phusong.layers.text.legacy_encodings import encode
from phusong.layers.vectors import vector_files

NAMES = ["Trạm phát sóng Ia Grăng", "Xã Đắk Đoa", "Phường Diên Hồng", "Thị trấn Phú Thiện"]
POINTS = [shapely.Point(108 + i / 10, 14) for i in range(4)]


def read(path: Path, layer: str | None = None) -> tuple[RawTable | None, Faults]:
    faults = Faults()
    return open_table(path, Report("places.x", path.name, faults), layer=layer), faults


def codes(faults: Faults) -> list[str]:
    return [f.code.partition(".")[2] for f in faults]


def write_shape(folder: Path, names: list[str], encoding: str, cpg: str | None) -> Path:
    file = folder / "tram.shp"
    frame = gpd.GeoDataFrame({"ten": names}, geometry=POINTS, crs=4326)
    pyogrio.write_dataframe(frame, file, encoding=encoding)
    (folder / "tram.cpg").unlink(missing_ok=True)
    if cpg is not None:
        (folder / "tram.cpg").write_text(cpg)
    return file


@pytest.mark.parametrize("cpg", [None, "UTF-8", "ISO-8859-1", "1252", "nonsense"])
def test_utf8_is_known_by_its_bytes_whatever_the_cpg_says(tmp_path: Path, cpg: str | None) -> None:
    raw, faults = read(write_shape(tmp_path, NAMES, "UTF-8", cpg))
    assert raw is not None
    assert raw.cells["ten"].tolist() == NAMES
    assert codes(faults) == (["dbf-encoding"] if cpg in ("ISO-8859-1", "1252") else [])


@pytest.mark.parametrize("cpg", [None, "UTF-8", "ISO-8859-1"])
def test_tcvn3_is_turned_into_unicode_and_told(tmp_path: Path, cpg: str | None) -> None:
    old = [encode(name, "tcvn3") for name in NAMES]
    raw, faults = read(write_shape(tmp_path, old, "cp1252", cpg))
    assert raw is not None
    assert raw.cells["ten"].tolist() == NAMES
    assert "text-converted" in codes(faults)


def test_windows_1258_is_read_where_it_is_declared(tmp_path: Path) -> None:
    old = [encode(name, "cp1258") for name in NAMES]
    raw, _ = read(write_shape(tmp_path, old, "cp1252", "1258"))
    assert raw is not None
    assert raw.cells["ten"].tolist() == NAMES


def test_a_field_that_cuts_a_letter_in_two_is_still_utf8(tmp_path: Path) -> None:
    file = write_shape(tmp_path, ["x" * 254, *NAMES[1:]], "UTF-8", None)
    dbf = file.with_suffix(".dbf")
    cut = ("ạ" * 85).encode()[:254]  # 255 bytes, where a field holds 254
    dbf.write_bytes(dbf.read_bytes().replace(b"x" * 254, cut))
    raw, _ = read(file)
    assert raw is not None
    assert raw.cells["ten"][0] == "ạ" * 84
    assert raw.cells["ten"].tolist()[1:] == NAMES[1:]


def test_a_missing_prj_leaves_the_system_open(tmp_path: Path) -> None:
    file = write_shape(tmp_path, NAMES, "UTF-8", None)
    file.with_suffix(".prj").unlink()
    raw, _ = read(file)
    assert raw is not None
    assert raw.crs is None


def test_a_missing_shx_is_named(tmp_path: Path) -> None:
    file = write_shape(tmp_path, NAMES, "UTF-8", None)
    file.with_suffix(".shx").unlink()
    raw, faults = read(file)
    assert raw is None
    assert codes(faults) == ["missing-shx"]
    assert "tram.shx" in faults.errors[0].say("vi")


@pytest.mark.parametrize("suffix", [".tab", ".mif"])
def test_mapinfo(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"tram{suffix}"
    frame = gpd.GeoDataFrame({"ten": NAMES, "cao": [1, 2, 3, 4]}, geometry=POINTS, crs=4326)
    options: dict[str, Any] = {"FORMAT": "MIF"} if suffix == ".mif" else {}
    options = {**options, "layer_options": {"ENCODING": "UTF-8"}}
    pyogrio.write_dataframe(frame, file, driver="MapInfo File", **options)
    raw, faults = read(file)
    assert raw is not None
    assert raw.cells["ten"].tolist() == NAMES
    assert raw.cells["cao"].tolist() == [1, 2, 3, 4]
    assert raw.geometry is not None
    assert shapely.get_x(raw.geometry) == pytest.approx([108, 108.1, 108.2, 108.3], abs=1e-6)
    assert not faults.errors


def test_mapinfo_of_before_unicode(tmp_path: Path) -> None:
    """A MIF in TCVN3, as MapInfo 7 in the fonts of the time wrote it."""
    rows = "".join(f'"{encode(name, "tcvn3")}"\n' for name in NAMES)
    shapes = "".join(f"Point {p.x} {p.y}\n" for p in POINTS)
    head = 'Version 300\nCharset "WindowsLatin1"\nDelimiter ","\nCoordSys Earth Projection 1, 104\n'
    (tmp_path / "a.mif").write_text(f"{head}Columns 1\n ten Char(60)\nData\n{shapes}", encoding="cp1252")
    (tmp_path / "a.mid").write_text(rows, encoding="cp1252")
    raw, faults = read(tmp_path / "a.mif")
    assert raw is not None
    assert raw.cells["ten"].tolist() == NAMES
    assert codes(faults) == ["text-converted"]


def test_a_file_geodatabase_with_two_layers(tmp_path: Path) -> None:
    file = tmp_path / "mang.gdb"
    frame = gpd.GeoDataFrame({"ten": NAMES}, geometry=POINTS, crs=4326)
    for i, name in enumerate(("tram", "nut")):
        pyogrio.write_dataframe(frame, file, driver="OpenFileGDB", layer=name, append=i > 0)
    raw, faults = read(file)
    assert raw is None
    assert codes(faults) == ["which-layer"]
    raw, faults = read(file, "nut")
    assert raw is not None
    assert raw.cells["ten"].tolist() == NAMES
    assert not list(faults)


def write_dxf(file: Path) -> Path:
    lines = [shapely.LineString([(450000, 1545000), (451000, 1546000)]), shapely.LineString([(0, 0), (1, 1)])]
    frame = gpd.GeoDataFrame(
        {"Layer": ["CAP_QUANG", "KHUNG", "CAP_QUANG"]}, geometry=[*lines, shapely.Point(450000, 1545000)],
        crs=3405,
    )
    pyogrio.write_dataframe(frame, file, driver="DXF")
    return file


def test_lines_of_a_drawing(tmp_path: Path) -> None:
    file = write_dxf(tmp_path / "a.dxf")
    raw, faults = read(file)
    assert raw is not None
    assert raw.cells["Layer"].tolist() == ["CAP_QUANG", "KHUNG"]
    assert codes(faults) == ["dxf-text-left-out"]
    assert raw.crs is None
    raw, faults = read(file, "KHUNG")
    assert raw is not None
    assert len(raw) == 1
    raw, faults = read(file, "CAP")
    assert raw is None
    assert "CAP_QUANG" in faults.errors[0].say("vi")


def test_a_gdal_without_the_driver_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write_dxf(tmp_path / "a.dxf")
    monkeypatch.setitem(vector_files.DRIVERS, ".dxf", "CAD2099")
    raw, faults = read(file)
    assert raw is None
    assert codes(faults) == ["no-driver"]
