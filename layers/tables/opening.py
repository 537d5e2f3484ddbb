"""Opening tables and vector files: cells as they stand, with the numbers of their rows.

The only module that opens such a file. Nothing is interpreted here: names and types of columns are the
matter of `phusong.layers.tables.columns`.
"""

from __future__ import annotations

import csv
import io
import logging
import os
import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.data.language import Text
from phusong.layers.rules import Report, error, fold, hint, warning
from phusong.layers.safe_files import (
    LOCKED_BOOK,
    check_book,
    check_formulas,
    check_lines,
    content_of,
    tell_content,
)
from phusong.layers.tables.records import EMPTY, Habits, RawTable, from_records
from phusong.layers.tables.sheet_plan import plan_sheet
from phusong.layers.tables.workbook_xml import filled_merges

if TYPE_CHECKING:
    from pyproj import CRS

__all__ = ["FORMATS", "RawTable", "near_file", "open_table", "sniff_delimiter"]

log = logging.getLogger(__name__)

CSV = (".csv", ".tsv", ".txt")
SHEETS = (".xlsx", ".xls", ".xlsm", ".xlsb", ".ods")
VECTOR = (".gpkg", ".geojson", ".json", ".shp", ".fgb")
PARQUET = (".parquet", ".geoparquet")
FORMATS = (*CSV, *SHEETS, *VECTOR, *PARQUET)
DELIMITERS = (",", ";", "\t", "|")
_LONGEST_FIELD = 100_000_000

MISSING_FILE = error(
    "missing-file",
    "Không tìm thấy tệp '{path}'.", "The file '{path}' is not there.",
    "Kiểm tra tên tệp và thư mục; đường dẫn tính từ thư mục của tệp dự án. {near}",
    "Check the name and the folder; paths start from the folder of the project file. {near}",
)
NOT_A_FILE = error(
    "not-a-file",
    "'{path}' là {what}, không phải tệp.", "'{path}' is {what}, not a file.",
    "Ghi đường dẫn đến chính tệp dữ liệu.", "Give the path of the file itself.",
)
UNREADABLE = error(
    "unreadable-file",
    "Không mở được tệp: tệp hỏng hoặc không đúng định dạng {kind}.",
    "The file cannot be opened: it is damaged or is no {kind}.",
    "Thử mở tệp bằng QGIS hoặc Excel rồi lưu lại.", "Try to open it in QGIS or Excel, and save it again.",
)
UNKNOWN_FORMAT = error(
    "unknown-format",
    "Không đọc được định dạng '{kind}'.", "The format '{kind}' cannot be read.",
    "Các định dạng đọc được: {formats}.", "Formats that can be read: {formats}.",
)
NOT_UTF8 = error(
    "not-utf8",
    "Tệp không dùng bảng mã UTF-8.", "The file is not in UTF-8.",
    "Trong Excel, lưu lại theo kiểu 'CSV UTF-8'.", "In Excel, save it as 'CSV UTF-8'.",
)
NOT_GEOJSON = error(
    "not-geojson",
    "Tệp JSON này không phải GeoJSON: không có 'type' và 'features'.",
    "This JSON is no GeoJSON: it has no 'type' and 'features'.",
    "Xuất lớp từ QGIS dưới dạng GeoJSON hoặc GeoPackage.",
    "Export the layer from QGIS as GeoJSON or GeoPackage.",
)
BROKEN_CSV = error(
    "broken-csv",
    "Không tách được dòng này thành các ô: có dấu nháy kép chưa đóng hoặc đặt sai chỗ.",
    "This row cannot be split into cells: a double quote is not closed, or out of place.",
    "Sửa dấu nháy kép của dòng này.", "Mend the double quotes of this row.",
)
MERGED = warning(
    "merged-cells-filled",
    "{n} ô gộp qua nhiều dòng (ví dụ dòng {rows}): mỗi dòng lấy giá trị của ô gộp.",
    "{n} cells are merged over several rows (such as rows {rows}): each row takes the merged cell's value.",
)
UNKNOWN_SHEET = error(
    "unknown-layer",
    "Tệp không có lớp hoặc trang tính '{name}'.", "The file has no layer or sheet '{name}'.",
    "Tệp có: {names}. {near}", "It has: {names}. {near}",
)
SHEETS_UNREAD = warning(
    "sheets-unread",
    "Chỉ đọc trang tính '{sheet}'; các trang tính khác cũng có bảng cùng loại: {others}.",
    "Only the sheet '{sheet}' is read; others hold tables of the same kind: {others}.",
    'Gộp vào một trang tính, hoặc ghi rõ trong dự án: layer = "…".',
    'Put them into one sheet, or say in the project which is meant: layer = "…".',
)
WHICH_SHEET = error(
    "which-layer",
    "Tệp có nhiều lớp: {names}.", "The file has several layers: {names}.",
    'Ghi rõ lớp cần dùng trong dự án: layer = "…".', 'Say in the project which one is meant: layer = "…".',
)


def open_table(
    path: Path, report: Report, *, layer: str | None = None, expected: Collection[str] = (),
    habits: Habits | None = None,
) -> RawTable | None:
    """Open a CSV, a sheet, or a vector file.

    Parameters
    ----------
    path : Path
    report : Report
        Told what is wrong; its ``rows_read`` is set.
    layer : str, optional
        Layer of a GeoPackage or sheet of a workbook.
    expected : collection of str
        Names of columns, ours and the file's: they help to find the delimiter of a CSV.
    habits : Habits, optional
        Whose words to look for among titles, totals and notes; by default the first row is the header.

    Returns
    -------
    RawTable or None
        None after a fault that leaves nothing to read.
    """
    from phusong.layers.formats import SPECIAL, special_reader

    kind = path.suffix.lower()
    if not path.is_file() and not (kind == ".gdb" and path.is_dir()):
        tell_missing(path, report)
        return None
    special = special_reader(path, report, layer, expected, habits)
    if special is None and kind not in FORMATS:
        report.once(UNKNOWN_FORMAT, kind=kind or path.name, formats=" ".join((*FORMATS, *SPECIAL)))
        return None
    reader: Callable[[], RawTable | None]
    if special is not None:
        reader = special
    elif kind in (*CSV, *SHEETS):
        reader = lambda: _read_table(path, report, layer, expected, habits or Habits())  # noqa: E731
    elif kind in PARQUET:
        reader = lambda: _read_parquet(path)  # noqa: E731
    else:
        reader = lambda: _read_vector(path, report, layer)  # noqa: E731
    try:
        raw = reader()
    except MemoryError:
        raise
    except Exception as exception:  # every library below has its own kinds
        log.debug("cannot read %s", path, exc_info=exception)
        report.once(UNREADABLE, kind=kind.lstrip(".").upper())
        return None
    if raw is None:
        return None
    report.rows_read = len(raw)
    if not len(raw):
        report.once(EMPTY)
        return None
    return raw


_FOLDER = Text("một thư mục", "a folder")
_LINK = Text("một liên kết không dẫn đến tệp nào", "a link that leads to no file")
_OTHER = Text("một thiết bị hoặc đường ống", "a device or a pipe")


def tell_missing(path: Path, report: Report) -> None:
    """Tell that a layer has no file: there is nothing of the name, or what there is is no file."""
    name = report.file or str(path)
    if not os.path.lexists(path):
        report.once(MISSING_FILE, path=name, near=near_file(path))
        return
    what = _FOLDER if path.is_dir() else _OTHER if path.exists() else _LINK
    report.once(NOT_A_FILE, path=name, what=what)


def near_file(path: Path) -> Any:
    """Return a sentence that names a file of the folder with a like name, and of the same kind."""
    try:
        files = [p for p in path.parent.iterdir() if p.name != path.name]
    except OSError:
        files = []
    kind, stem = path.suffix.casefold(), path.stem.casefold()
    # A table of communes' codes is no map of communes: another kind only where the name is the same.
    like = [p.name for p in files if p.suffix.casefold() == kind or p.stem.casefold() == stem]
    return hint(path.name, like)


def _read_table(
    path: Path, report: Report, layer: str | None, expected: Collection[str], habits: Habits
) -> RawTable | None:
    """Read a CSV or a sheet by what is in it: reporting systems call pages and text ``.xls``."""
    kind = path.suffix.lower()
    right, what = content_of(path)
    if kind in CSV:
        if right in (".csv", ".html"):
            return _read_csv(path, report, expected, habits)
    elif right in SHEETS:
        return _read_sheet(path, report, layer, expected, habits)
    elif right == ".csv":
        return _read_csv(path, report, expected, habits)
    elif right == ".html":
        text, odd_row = _decode(path.read_bytes(), report, habits)
        if text is None:
            return None
        from phusong.layers.tables.html_tables import html_rows

        return from_records(
            html_rows(text), report, 1, habits=habits, extra=expected, odd_bytes_row=odd_row
        )
    if _is_broken_book(right, kind):
        report.once(UNREADABLE, kind=kind.lstrip(".").upper())
    else:
        tell_content(path, report, right, what)
    return None


def _is_broken_book(right: str, kind: str) -> bool:
    """Tell whether a workbook is an archive that holds no workbook: then it is broken, not misnamed."""
    return right == ".zip" and kind in SHEETS


def _read_csv(
    path: Path, report: Report, expected: Collection[str], habits: Habits
) -> RawTable | None:
    if not check_lines(path, report):
        return None
    data = path.read_bytes()
    text, odd_row = _decode(data, report, habits)
    if text is None:
        return None
    first = 1
    delimiter = None
    if text[:4].lower() == "sep=" and len(text) > 4:  # Excel's own hint, on a line before the header
        delimiter = text[4]
        text = text.partition("\n")[2]
        first = 2
    delimiter = delimiter or sniff_delimiter(text, expected, habits)
    records: list[list[str]] = []
    with long_fields():
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        try:
            records.extend(reader)
        except csv.Error as exception:
            log.debug("%s: %s", path, exception)
            report.once(BROKEN_CSV, row=str(len(records) + first))
            return None
    raw = from_records(records, report, first, habits=habits, extra=expected, odd_bytes_row=odd_row)
    return _placed(raw, delimiter=delimiter)


def _placed(raw: RawTable | None, *, sheet: str = "", delimiter: str = "") -> RawTable | None:
    """Return the table with what its layout needs to be found again."""
    if raw is None or raw.layout is None:
        return raw
    return replace(raw, layout=replace(raw.layout, sheet=sheet, delimiter=delimiter))


def text_of_csv(data: bytes) -> str:
    """Return the text of a CSV; of bytes that are no UTF-8, as Windows-1252 shows them."""
    from phusong.layers.text.legacy_encodings import from_bytes

    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return from_bytes(data)


def _decode(data: bytes, report: Report, habits: Habits) -> tuple[str | None, int]:
    """Return the text; of bytes that are no UTF-8, as Windows-1252 shows them, and the first such row."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16"), 0
    try:
        return data.decode("utf-8-sig"), 0
    except UnicodeDecodeError as exception:
        row = data.count(b"\n", 0, exception.start) + 1
        if habits.legacy:
            from phusong.layers.text.legacy_encodings import from_bytes

            return from_bytes(data), row
        report.once(NOT_UTF8, row=str(row))
        return None, row


@contextmanager
def long_fields() -> Iterator[None]:
    """Let a cell hold a long polygon; the limit belongs to the whole process, so it is put back."""
    before = csv.field_size_limit(_LONGEST_FIELD)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def sniff_delimiter(text: str, expected: Collection[str] = (), habits: Habits | None = None) -> str:
    """Return the delimiter of a CSV: ``, ; | `` or a tab.

    The one that finds the most expected column names in the header, then the one that gives most rows
    as many cells as the header, then the one with the most columns. With the words of a kind of layer the
    header may stand below titles.
    """
    names = {fold(name) for name in expected}
    head = text[:200_000]
    best, best_score = ",", (-1, False, 0.0, 0)
    for delimiter in DELIMITERS:
        try:
            with long_fields():
                reader = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)
                records = [r for _, r in zip(range(50), reader, strict=False) if any(c.strip() for c in r)]
        except csv.Error:
            continue
        if not records:
            continue
        width = len(records[0])
        known = sum(fold(c) in names for c in records[0])
        if not known and habits is not None and habits.kind is not None:
            plan = plan_sheet(records, kind=habits.kind, extra=list(expected))
            if plan is not None:
                known, width = plan.recognised, len(plan.headers)
        like = sum(len(r) == width for r in records) / len(records)
        score = (known, width > 1, like, width)
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _read_sheet(
    path: Path, report: Report, layer: str | None, expected: Collection[str], habits: Habits
) -> RawTable | None:
    from python_calamine import CalamineWorkbook, PasswordError

    if not check_book(path, report):
        return None
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(path.read_bytes()))  # by content, not by suffix
    except PasswordError:
        report.once(LOCKED_BOOK)
        return None
    names = list(book.sheet_names)
    if layer is not None and layer not in names:
        # The project's texts come without outer blanks.
        layer = next((n for n in names if " ".join(n.split()) == " ".join(str(layer).split())), layer)
    if layer is not None and layer not in names:
        report.once(UNKNOWN_SHEET, value=layer, name=layer, names=", ".join(names), near=hint(layer, names))
        return None
    if layer is None:
        # What its maker hid is an older state, or a list of choices.
        shown = [m.name for m in book.sheets_metadata if str(m.visible).endswith("Visible")] or names
        layer = _best_sheet(book, shown, report, expected, habits)
    sheet = book.get_sheet_by_name(layer)
    records = sheet.to_python(skip_empty_area=False)
    if not check_formulas(path, names.index(layer), report):
        return None
    merges = filled_merges(records, sheet.merged_cell_ranges or []) if _by_row(report) else []
    raw = _placed(from_records(records, report, 1, habits=habits, extra=expected), sheet=layer)
    if raw is not None and merges:
        _tell_merges(raw, merges, report)
    return raw


def _by_row(report: Report) -> bool:
    """Tell whether what is merged over rows holds for each: a mast's place does, a sum of people does not."""
    return report.layer in ("stations", "neighbours")


def _tell_merges(raw: RawTable, merges: Sequence[tuple[int, int]], report: Report) -> None:
    rows = raw.rows
    inside = [m for m in merges if np.count_nonzero((rows >= m[0]) & (rows <= m[1])) > 1]
    if inside:
        first, last = inside[0]
        report.once(MERGED, row=str(first), n=len(inside), rows=f"{first}–{last}")


def _best_sheet(
    book: Any, names: list[str], report: Report, expected: Collection[str], habits: Habits
) -> str:
    """Return the first sheet, or the one whose headers are known where the first is a cover."""
    if len(names) == 1 or habits.kind is None:
        return names[0]
    known: dict[str, int] = {}
    for name in names:
        head = book.get_sheet_by_name(name).to_python(skip_empty_area=False, nrows=60)
        plan = plan_sheet(head, kind=habits.kind, extra=list(expected)) if head else None
        known[name] = plan.recognised if plan is not None and plan.data_rows else 0
    best = max(names, key=lambda n: (known[n], -names.index(n)))
    others = [n for n in names if n != best and known[n] >= max(2, 0.6 * known[best])]
    if others:
        report.once(SHEETS_UNREAD, sheet=best, others=", ".join(others))
    return best


def _read_parquet(path: Path) -> RawTable:
    import pyarrow.parquet as pq

    if b"geo" not in (pq.read_schema(path).metadata or {}):
        return _from_frame(pd.read_parquet(path), None, None)
    import geopandas as gpd

    frame = gpd.read_parquet(path)
    plain = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    return _from_frame(plain, np.asarray(frame.geometry.array, dtype=object), frame.crs)


def _read_vector(path: Path, report: Report, layer: str | None) -> RawTable | None:
    if path.suffix.lower() in (".geojson", ".json") and not _is_geojson(path, report):
        return None
    found = chosen_layer(path, report, layer)
    return None if found is None else read_with_gdal(path, layer=found)


def chosen_layer(path: Path, report: Report, layer: str | None) -> str | None:
    """Return the layer of a file to read: the one that is named, else the only one with shapes.

    None, and the report says why, where there is no such layer, or more than one.
    """
    import pyogrio

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        listed = pyogrio.list_layers(path)
    names = [str(name) for name, _ in listed]
    if layer is not None and layer not in names:
        report.once(UNKNOWN_SHEET, value=layer, name=layer, names=", ".join(names), near=hint(layer, names))
        return None
    if layer is None:
        spatial = [str(name) for name, kind in listed if kind is not None] or names
        if len(spatial) > 1:
            report.once(WHICH_SHEET, names=", ".join(spatial))
            return None
        layer = spatial[0]
    return layer


def read_with_gdal(path: Path | str, **how: Any) -> RawTable:
    """Read one layer as it stands; ``how`` goes to `pyogrio.read_dataframe`."""
    import geopandas as gpd
    import pyogrio

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # GDAL's remarks; what matters is checked afterwards
        frame = pyogrio.read_dataframe(path, on_invalid="ignore", force_2d=True, **how)
    if not isinstance(frame, gpd.GeoDataFrame):
        return _from_frame(frame, None, None)
    plain = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    return _from_frame(plain, np.asarray(frame.geometry.array, dtype=object), frame.crs)


_SMALL_JSON = 1_000_000


def _is_geojson(path: Path, report: Report) -> bool:
    """Tell a small JSON that is no GeoJSON, and why; GDAL looks at large ones itself."""
    if path.stat().st_size > _SMALL_JSON:
        return True
    import json

    try:
        document = json.loads(path.read_bytes())
    except ValueError:
        return True  # broken: told as such when it is opened
    kind = document.get("type") if isinstance(document, dict) else None
    if kind == "FeatureCollection" and not document.get("features"):
        report.once(EMPTY)
        return False
    if kind is None:
        report.once(NOT_GEOJSON)
        return False
    return True


def _from_frame(frame: pd.DataFrame, geometry: NDArray[np.object_] | None, crs: CRS | None) -> RawTable:
    import shapely

    if geometry is not None:
        geometry = shapely.force_2d(geometry)
    cells = {str(name): np.asarray(frame[name]) for name in frame.columns}
    return RawTable(MappingProxyType(cells), np.arange(1, len(frame) + 1, dtype=np.int64), geometry, crs)
