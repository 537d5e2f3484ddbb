"""GIS files with habits of their own: Shapefiles of doubtful encoding, MapInfo, FileGDB and DXF."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from phusong.layers.rules import Report, error, hint, warning
from phusong.layers.tables.opening import UNKNOWN_SHEET, RawTable, chosen_layer, read_with_gdal
from phusong.layers.text.legacy_text import read_texts, tell_text

DRIVERS = {
    ".shp": "ESRI Shapefile", ".tab": "MapInfo File", ".mif": "MapInfo File", ".gdb": "OpenFileGDB",
    ".dxf": "DXF",
}
SUFFIXES = tuple(DRIVERS)
_BYTES = "ISO-8859-1"
"""Gives each byte the code point of its value, so that nothing is lost before it is judged."""
_CHARSETS = {"windowsvietnamese": "cp1258", "windowslatin1": "cp1252", "utf-8": "utf-8"}
"""Of MapInfo files."""
CAD_LAYER = "Layer"
"""GDAL's column with the layer of the drawing that an entity is on."""

NO_DRIVER = error(
    "no-driver",
    "Bản GDAL trên máy này không đọc được {kind} (thiếu trình điều khiển '{driver}').",
    "The GDAL of this machine cannot read {kind} (it lacks the driver '{driver}').",
    "Mở tệp bằng QGIS rồi lưu thành GeoPackage.", "Open the file in QGIS, and save it as GeoPackage.",
)
NO_SHX = error(
    "missing-shx",
    "Thiếu tệp '{name}' đi kèm Shapefile.", "The file '{name}', a part of the Shapefile, is missing.",
    "Xin đủ các tệp .shp .shx .dbf .prj cùng tên.",
    "Ask for all of .shp .shx .dbf .prj, of the same name.",
)
OTHER_ENCODING = warning(
    "dbf-encoding",
    "Tệp khai bảng mã {declared}, nhưng chữ trong .dbf là {found}: đọc theo {found}.",
    "The file declares {declared}, but the text of its .dbf is {found}: read as {found}.",
    "Sửa tệp .cpg.", "Mend the .cpg.",
)
CAD_TEXT = warning(
    "dxf-text-left-out",
    "{n} chữ và điểm của bản vẽ không phải là đường: bỏ qua.",
    "{n} texts and points of the drawing are no lines: left out.",
    "Nếu cần, chọn một lớp bản vẽ: layer = \"…\".", "If they are wanted, choose a layer: layer = \"…\".",
)


def read_vector_file(path: Path, report: Report, layer: str | None = None) -> RawTable | None:
    """Read a Shapefile, MapInfo TAB or MIF, a FileGDB, or a DXF drawing.

    Parameters
    ----------
    path : Path
        A file; the folder of a ``.gdb``.
    report : Report
    layer : str, optional
        Layer of a FileGDB; layer of the drawing for a DXF.

    Returns
    -------
    RawTable or None
    """
    import pyogrio

    kind = path.suffix.lower()
    if "r" not in pyogrio.list_drivers().get(DRIVERS[kind], ""):
        report.once(NO_DRIVER, kind=kind, driver=DRIVERS[kind])
        return None
    if kind == ".shp":
        return _read_shapefile(path, report)
    if kind == ".dxf":
        return _read_dxf(path, report, layer)
    found = chosen_layer(path, report, layer)
    if found is None:
        return None
    try:
        return _unicode(read_with_gdal(path, layer=found), report)
    except UnicodeDecodeError:  # GDAL leaves the bytes of charsets that it does not know
        return _by_bytes(read_with_gdal(path, layer=found, encoding=_BYTES), _charset(path), report)


def _charset(path: Path) -> str:
    """Return the charset that a MapInfo file declares, as Python calls it; empty if it is not known."""
    found = re.search(rb'[Cc]harset\s+"(\w+)"', path.read_bytes()[:4096]) if path.is_file() else None
    return _CHARSETS.get(found[1].decode().casefold(), "") if found else ""


def _unicode(raw: RawTable, report: Report) -> RawTable:
    """Return the table with text of old encodings (TCVN3, VNI, 1258) turned into Unicode, and tell of it."""
    texts = {n: c for n, c in raw.cells.items() if c.dtype == object}
    cells = dict(raw.cells)
    for name, column in read_texts(texts).items():
        tell_text(report, name, column, texts[name].tolist(), raw.rows)
        cells[name] = column.cells
    return RawTable(MappingProxyType(cells), raw.rows, raw.geometry, raw.crs)


def _read_shapefile(path: Path, report: Report) -> RawTable | None:
    """Read a Shapefile whose text is judged by its bytes: a ``.cpg`` is often wrong, or gone."""
    beside = {p.suffix.lower(): p for p in path.parent.glob(f"{_escape(path.stem)}.*")}
    if ".shx" not in beside:
        report.once(NO_SHX, name=path.with_suffix(".shx").name)
        return None
    return _by_bytes(read_with_gdal(path, encoding=_BYTES), _declared(beside), report)


def _by_bytes(raw: RawTable, declared: str, report: Report) -> RawTable:
    """Return a table that was read byte by byte in the encoding that its bytes, or what is declared, say."""
    texts = {n: c for n, c in raw.cells.items() if c.dtype == object}
    found = _encoding([*texts, *(v for c in texts.values() for v in c)], declared)
    if declared and found != declared and found != "ascii":
        report.once(OTHER_ENCODING, declared=declared.upper(), found=found.upper())
    cells = {_decoded(n, found): _decode_all(c, found) if n in texts else c for n, c in raw.cells.items()}
    return _unicode(RawTable(MappingProxyType(cells), raw.rows, raw.geometry, raw.crs), report)


def _escape(stem: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in stem)


def _declared(beside: Mapping[str, Path]) -> str:
    """Return what the ``.cpg`` says, as Python calls it; empty if it says nothing that is known."""
    import codecs

    if ".cpg" not in beside:
        return ""
    text = beside[".cpg"].read_bytes()[:40].decode("ascii", "ignore").strip().strip("\ufeff").lower()
    for name in (text, f"cp{text}", text.removeprefix("ansi "), f"cp{text.removeprefix('ansi ')}"):
        try:
            return codecs.lookup(name).name
        except LookupError:
            continue
    return ""


def _encoding(texts: list[Any], declared: str) -> str:
    """Return the encoding of text that was read byte by byte.

    UTF-8 is beyond doubt where bytes above 127 obey its rules; else what is declared counts if it can be,
    and Windows-1252, in which old Vietnamese fonts hid their letters, is the last.
    """
    high = [t.encode("latin-1") for t in texts if isinstance(t, str) and not t.isascii()]
    if not high:
        return "ascii"
    if all(_fits(b, "utf-8") for b in high):
        return "utf-8"
    if declared not in ("", "utf-8", "iso8859-1", "ascii") and all(_fits(b, declared) for b in high):
        return declared
    return "cp1252"


def _fits(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError as exception:
        # A field of fixed width cuts a letter in two.
        return encoding == "utf-8" and exception.start > 0 and exception.reason == "unexpected end of data"
    return True


def _decoded(text: Any, encoding: str) -> Any:
    if not isinstance(text, str) or text.isascii():
        return text
    data = text.encode("latin-1")
    if encoding == "utf-8":
        return data.decode(encoding, "ignore")
    if encoding == "cp1252":
        return "".join(_ansi(byte) for byte in data)
    return data.decode(encoding)


def _ansi(byte: int) -> str:
    """Return a letter of Windows-1252; the five bytes without one were used by fonts all the same."""
    try:
        return bytes([byte]).decode("cp1252")
    except UnicodeDecodeError:
        return chr(byte)


def _decode_all(cells: NDArray[Any], encoding: str) -> NDArray[np.object_]:
    known = {c: _decoded(c, encoding) for c in set(cells.tolist()) if isinstance(c, str)}
    return np.array([known.get(c, c) if isinstance(c, str) else c for c in cells.tolist()], dtype=object)


def _read_dxf(path: Path, report: Report, layer: str | None) -> RawTable | None:
    """Read the lines of a drawing; texts and points beside them are counted and left out."""
    raw = read_with_gdal(path)
    assert raw.geometry is not None
    on = raw.cells.get(CAD_LAYER, np.full(len(raw), "", dtype=object))
    keep = ~shapely.is_missing(raw.geometry)
    if layer is not None:
        names = sorted({str(n) for n in on})
        keep &= on == layer
        if layer not in names:
            near = hint(layer, names)
            report.once(UNKNOWN_SHEET, value=layer, name=layer, names=", ".join(names), near=near)
            return None
    else:
        dimension = shapely.get_dimensions(raw.geometry)
        if (dimension[keep] >= 1).any():
            marks = keep & (dimension == 0)
            if marks.any():
                report.once(CAD_TEXT, n=int(marks.sum()))
            keep &= ~marks
    cells = {name: column[keep] for name, column in raw.cells.items()}
    return _unicode(RawTable(MappingProxyType(cells), raw.rows[keep], raw.geometry[keep], raw.crs), report)
