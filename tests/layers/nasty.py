"""Writers of files as planners have them, from tables whose truth is known."""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import small

Rows = list[list[Any]]

NAMES = (
    "Thôn Ia Grăng", "Làng Đê Kjiêng", "Tổ dân phố Phù Đổng", "Buôn Ma Thuột", "Thôn Trường Sơn",
    "Làng Kông Bờ La", "Thôn Quyết Thắng", "Khu phố Hòa Bình", "Thôn Vĩnh Thạnh", "Làng Đắk Trôi",
    "Thôn Mỹ Hiệp", "Thôn Phước Lộc",
)
HEADER = [
    "site_id", "cell_id", "operator", "technology", "lon", "lat", "antenna_height_m", "azimuth_deg",
    "tilt_deg", "commune_code",
]
VIETNAMESE = [
    "Mã trạm", "Mã cell", "Nhà mạng", "Công nghệ", "Kinh độ", "Vĩ độ", "Độ cao anten (m)", "Góc phương vị",
    "Góc nghiêng", "Mã xã",
]


def stations() -> Rows:
    """Twelve cells, three in each commune, none on a border."""
    rows: Rows = []
    for k in range(12):
        i, j = k % 2, k // 2 % 2
        lon = round(small.LON + 0.1 * i + 0.013 + 0.007 * (k // 4), 6)
        lat = round(small.LAT + 0.1 * j + 0.021 + 0.011 * (k // 4), 6)
        operator, technology = ("Viettel", "4G") if k % 3 else ("VNPT", "5G")
        rows.append(
            [f"GLI{k:03d}", f"GLI{k:03d}-1", operator, technology, lon, lat, 24.5 + k, 30 * k % 360,
             2 + k % 5, small.CODES[i + 2 * j]]
        )
    return rows


def text_rows(rows: Rows) -> list[list[str]]:
    return [["" if c is None else str(c) for c in row] for row in rows]


def to_csv(
    path: Path, rows: Rows, *, delimiter: str = ",", encoding: str = "utf-8", data: Any = None
) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows(text_rows(rows))
    path.write_bytes(data(out.getvalue()) if data is not None else out.getvalue().encode(encoding))


def to_xlsx(path: Path, rows: Rows, *, merges: Sequence[str] = (), before: Sequence[str] = ()) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for name in before:
        sheet.title = name
        sheet = book.create_sheet("Số liệu")
    for row in rows:
        sheet.append(list(row))
    for area in merges:
        sheet.merge_cells(area)
    book.save(path)


def to_xls(path: Path, rows: Rows, *, merges: Sequence[tuple[int, int, int, int]] = ()) -> None:
    """Write Excel 2003; ``merges`` are first and last row, first and last column, from 0."""
    xlwt = pytest.importorskip("xlwt")
    book = xlwt.Workbook()
    sheet = book.add_sheet("Trạm")
    day = xlwt.easyxf(num_format_str="DD/MM/YYYY")
    covered = {(i, j) for a, b, c, d in merges for i in range(a, b + 1) for j in range(c, d + 1)}
    for a, b, c, d in merges:
        sheet.write_merge(a, b, c, d, rows[a][c])
    for i, row in enumerate(rows):
        for j, cell in enumerate(row):
            if cell is None or (i, j) in covered:
                continue
            if isinstance(cell, str) and cell.startswith("=1+"):
                cell = xlwt.Formula(cell[1:])
            sheet.write(i, j, cell, *([day] if isinstance(cell, datetime.date) else []))
    book.save(str(path))
