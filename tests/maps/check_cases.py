"""A project whose stations are faulty in known cells, in every form that a table may have."""

from __future__ import annotations

import csv
import datetime
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
from ods import write_ods
from quick_project import make_project

Rows = list[list[Any]]
HEADER = ["site_id", "cell_id", "operator", "technology", "lon", "lat", "antenna_height_m", "azimuth_deg"]
FORMULA = '=HYPERLINK("http://example.org";"x")'
SCRIPT = "<script>alert(1)</script>"
FAULTS = {(2, 3): "6G", (3, 7): 400, (4, 6): 0, (5, 5): "x12", (6, 1): "C01"}
"""Row (of the data, from 1) and column of what is an error, and what stands there."""


@dataclass(frozen=True)
class Case:
    """A project, its table as it stands in the file, and where its data begin."""

    project: Path
    rows: Rows
    first_data_row: int


def table(source: Path) -> Rows:
    """Ten stations of the sample with the faults, a formula and a script in cells that are no fault."""
    with (source.parent / "stations.csv").open(encoding="utf-8-sig", newline="") as file:
        some = list(csv.DictReader(file))[:10]
    rows: Rows = []
    for k, row in enumerate(some):
        rows.append([
            f"S{k:02d}", f"C{k:02d}", f"Nhà mạng {k % 2}", "4G", float(row["lon"]), float(row["lat"]), 30,
            120,
        ])  # fmt: skip
    for (row, column), value in FAULTS.items():
        rows[row][column] = value
    rows[7][2], rows[8][2], rows[9][0] = FORMULA, SCRIPT, "007"
    return rows


def make(source: Path, folder: Path, kind: str) -> Case:
    """Write the project with the stations as ``csv``, ``hint`` (Excel's line), ``xlsx`` or ``ods``."""
    project = make_project(source, folder)
    data = table(source)
    name = f"stations.{'csv' if kind in ('csv', 'hint') else kind}"
    above: Rows = []
    if kind in ("csv", "hint"):
        rows = [[str(c) for c in row] for row in [HEADER, *data]]
        out = io.StringIO(newline="")
        csv.writer(out, delimiter=";" if kind == "hint" else ",").writerows(rows)
        hint = "sep=;\r\n" if kind == "hint" else ""
        (folder / name).write_text(hint + out.getvalue(), encoding="utf-8", newline="")
        above = [["sep=;"]] if kind == "hint" else []
        whole = [*above, *rows]
    else:
        titles: Rows = [["DANH SÁCH TRẠM THU PHÁT SÓNG"], ["Ngày lập", datetime.datetime(2026, 6, 30)], []]
        whole = [*titles, HEADER, *data]
        above = titles
        if kind == "xlsx":
            to_xlsx(folder / name, whole)
        else:
            write_ods(folder / name, whole, sheet="Trạm [1]")
    if name != "stations.csv":
        (folder / "stations.csv").unlink()
        text = project.read_text(encoding="utf-8")
        project.write_text(text.replace("stations.csv", name), encoding="utf-8")
    return Case(project, whole, len(above) + 2)


def to_xlsx(path: Path, rows: Rows) -> None:
    """Write a workbook whose title is merged, with a second sheet; text stays text."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Trạm '26"
    for r, row in enumerate(rows, start=1):
        for c, value in enumerate(row, start=1):
            cell = sheet.cell(r, c, value)
            if isinstance(value, str):
                cell.data_type = "s"
    sheet.merge_cells("A1:H1")
    book.create_sheet("Ghi chú")["A1"] = "không có gì"
    book.save(path)
