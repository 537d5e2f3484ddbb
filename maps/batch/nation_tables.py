"""The country as tables: every commune of every province of a batch, and the provinces ranked.

Provinces are summed from their own tables, so a total equals the sum of what they show. People are shared
among communes by area in every province, so those of a cell on a border are counted once where the communes
of both sides meet; where they overlap, somebody is counted twice, and that is told.
"""

from __future__ import annotations

import datetime
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from phusong.data.language import Language, Text, format_number
from phusong.maps.atomic import replace_file
from phusong.maps.batch.job import ProvinceRun
from phusong.maps.batch.page import STATUS, cited_runs
from phusong.maps.citation import Cited, parquet_with_sources, sources_sheet
from phusong.maps.page_words import PREDICTED
from phusong.maps.sheet import Book, Column, Kind
from phusong.maps.tables import csv_bytes

if TYPE_CHECKING:
    import geopandas as gpd

NATION_FILES = BOOK, CSV, PARQUET = "nation.xlsx", "communes.csv", "communes.parquet"
OVERLAP = Text(
    "Xã của tỉnh {one} và {other} chồng lên nhau {km2} km²: người ở đó bị đếm hai lần trong tổng.",
    "Communes of {one} and {other} overlap by {km2} km²: their people are counted twice in the totals.",
)
LEAST_KM2 = 0.1
"""Of an overlap between two provinces that is told: outlines drawn apart differ by slivers."""

_W = {
    "provinces": Text("Tỉnh, thành phố", "Provinces"), "communes": Text("Xã, phường", "Communes"),
    "code": Text("Mã", "Code"), "name": Text("Tên", "Name"),
    "province": Text("Tỉnh, thành phố", "Province"), "commune_code": Text("Mã xã", "Commune code"),
    "commune": Text("Xã, phường", "Commune"), "status": Text("Tình trạng", "Status"),
    "rank": Text("{service}: hạng", "{service}: rank"),
    "covered": Text("{service}: người được phủ", "{service}: people covered"),
    "people": Text("{service}: tổng số người", "{service}: people"),
    "share": Text("{service}: tỷ lệ", "{service}: share"),
    "total": Text("Cả nước (các tỉnh đã tính)", "All provinces computed"),
    "title": Text("Phủ sóng các tỉnh, thành phố", "Coverage of the provinces"),
}


@dataclass(frozen=True)
class Total:
    """People covered, and people, of all provinces that were computed."""

    covered: float
    people: float


def totals(runs: Sequence[ProvinceRun]) -> dict[str, Total]:
    """Return the sum over the provinces for every service, to the last digit in any order of them."""
    names = dict.fromkeys(service for run in runs for service in run.indicators)
    return {
        name: Total(*(math.fsum(run.indicators[name][k] for run in runs if name in run.indicators)
                      for k in (0, 1)))
        for name in names
    }  # fmt: skip


def ranks(runs: Sequence[ProvinceRun], service: str) -> dict[str, int]:
    """Return the rank of each province by its share of people covered, 1 the highest; equals share one."""
    shares = {
        run.code: run.indicators[service][0] / run.indicators[service][1]
        for run in runs if service in run.indicators and run.indicators[service][1]
    }  # fmt: skip
    return {code: 1 + sum(other > share for other in shares.values()) for code, share in shares.items()}


def write_nation(runs: Sequence[ProvinceRun], out: Path, lang: Language) -> list[str]:
    """Write ``communes.csv``, ``communes.parquet`` (GeoParquet) and ``nation.xlsx`` into ``out``.

    Each takes the place of an earlier one whole. Without any province they are left as they are.

    Returns
    -------
    list of str
        What a reader of the totals should know.

    Raises
    ------
    OSError
        If one cannot be written.
    """
    frame = all_communes(runs, out)
    if frame is None:
        return []
    cited = cited_runs(runs, out)
    columns = [c for c in frame.columns if c != "geometry"]
    replace_file(out / CSV, csv_bytes(columns, frame[columns].itertuples(index=False)))
    parquet = io.BytesIO()
    frame.to_parquet(parquet, index=False)
    replace_file(out / PARQUET, parquet_with_sources(parquet.getvalue(), cited))
    replace_file(out / BOOK, _book(runs, frame, cited, lang))
    return [
        OVERLAP.say(lang, one=one, other=other, km2=format_number(km2, lang, 1))
        for one, other, km2 in overlaps(frame)
    ]


def all_communes(runs: Sequence[ProvinceRun], out: Path) -> gpd.GeoDataFrame | None:
    """Return the communes of every province that has an output, by province and code; None without any."""
    import geopandas as gpd
    import pandas as pd

    frames = []
    for run in sorted((r for r in runs if r.folder), key=lambda r: r.code):
        frame = gpd.read_file(out / run.folder / "communes.gpkg")
        frame.insert(0, "province_code", run.code)
        frame.insert(1, "province_name", run.name)
        frames.append(frame.sort_values("commune_code"))
    return None if not frames else gpd.GeoDataFrame(pd.concat(frames, ignore_index=True), crs=frames[0].crs)


def overlaps(frame: gpd.GeoDataFrame) -> list[tuple[str, str, float]]:
    """Return pairs of provinces whose communes overlap by `LEAST_KM2` or more, and the area in km²."""
    import geopandas as gpd

    if frame["province_code"].nunique() < 2:
        return []
    flat = frame.to_crs(6933)  # equal area over the whole Earth
    one, other = flat.sindex.query(flat.geometry, predicate="overlaps")
    within = flat.sindex.query(flat.geometry, predicate="contains")
    pairs = {(min(a, b), max(a, b)) for a, b in [*zip(one, other, strict=True), *zip(*within, strict=True)]}
    code = flat["province_code"].to_numpy()
    area: dict[tuple[str, str], float] = {}
    shapes = gpd.GeoSeries(flat.geometry)
    for a, b in sorted(pairs):
        if code[a] != code[b]:
            km2 = shapes.iloc[a].intersection(shapes.iloc[b]).area / 1e6
            key = min(code[a], code[b]), max(code[a], code[b])
            area[key] = area.get(key, 0.0) + float(km2)
    return [(*pair, km2) for pair, km2 in sorted(area.items()) if km2 >= LEAST_KM2]


def _book(
    runs: Sequence[ProvinceRun], frame: gpd.GeoDataFrame, cited: Sequence[Cited], lang: Language
) -> bytes:
    import xlsxwriter

    file = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
               "nan_inf_to_errors": False}  # fmt: skip
    with xlsxwriter.Workbook(file, options) as workbook:
        # The same content, the same bytes.
        workbook.set_properties({"title": _W["title"].say(lang), "created": datetime.datetime(2000, 1, 1)})
        book = Book(workbook, PREDICTED.say(lang))
        book.table(book.sheet(_W["provinces"].say(lang)), _province_columns(runs, lang), freeze_columns=2)
        book.table(book.sheet(_W["communes"].say(lang)), _commune_columns(frame, lang), freeze_columns=4)
        sources_sheet(book, cited, lang)
    return file.getvalue()


def _province_columns(runs: Sequence[ProvinceRun], lang: Language) -> list[Column]:
    """Return a row per province, and the sum in the last."""
    sums = totals(runs)
    every = [*[r.code for r in runs], ""]
    columns = [
        Column(_W["code"].say(lang), "text", every),
        Column(_W["name"].say(lang), "text", [*[r.name for r in runs], _W["total"].say(lang)]),
        Column(_W["status"].say(lang), "text", [*[STATUS[r.status].say(lang) for r in runs], ""]),
    ]
    for service, total in sums.items():
        rank = ranks(runs, service)
        pairs = [*(r.indicators.get(service) for r in runs), (total.covered, total.people)]
        said = {key: _W[key].say(lang, service=service) for key in ("covered", "people", "share", "rank")}
        columns += [
            Column(said["covered"], "count", [p[0] if p else None for p in pairs]),
            Column(said["people"], "count", [p[1] if p else None for p in pairs]),
            Column(said["share"], "percent", [p[0] / p[1] if p and p[1] else None for p in pairs]),
            Column(said["rank"], "count", [*(rank.get(r.code) for r in runs), None]),
        ]
    return columns


def _commune_columns(frame: gpd.GeoDataFrame, lang: Language) -> list[Column]:
    """Return the communes with their figures; names of figures are those of ``communes.csv``."""
    named = {"province_code": "code", "province_name": "province", "commune_code": "commune_code",
             "commune_name": "commune"}  # fmt: skip
    columns = []
    for name in frame.columns:
        if name == "geometry":
            continue
        if name in named:
            columns.append(Column(_W[named[name]].say(lang), "text", frame[name].astype(str).tolist()))
        elif name.endswith("_pct"):
            columns.append(Column(name, "percent", [_number(v / 100.0) for v in frame[name]]))
        else:
            kind: Kind = "number" if name == "area_km2" else "count"
            columns.append(Column(name, kind, [_number(v) for v in frame[name]]))
    return columns


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
