"""Tables for other programs: CSV and JSON, the same bytes for the same result.

CSV: UTF-8 with a byte-order mark, because Excel reads a file without one in the code page of Windows
and ruins the diacritics, while every other program passes over it; comma, point, CRLF after RFC 4180.
Numbers are written in full (the shortest text that reads back as the same number), text through
`phusong.maps.safe.neutral`. Who wants to look at figures in Excel takes the workbook.
"""

from __future__ import annotations

import csv
import datetime
import importlib.metadata
import io
import json
import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from phusong.coverage.criterion import describe
from phusong.coverage.result import GAP_COLUMNS, INDICATOR_COLUMNS, PLACE_COLUMNS, Result
from phusong.layers.boundaries.crosswalk import crosswalk
from phusong.maps.citation import cited_sources, member
from phusong.maps.safe import neutral

if TYPE_CHECKING:
    import pandas as pd

SCHEMA_VERSION = "1.1"
"""Of ``indicators.json``: the first number changes when a reader of the old form would break."""

MERGER = datetime.date(2025, 7, 1)
"""First day of the 34 provinces and of government in two tiers."""


def version() -> str:
    """Return the version of the installed program."""
    return importlib.metadata.version("phusong")


def plain_value(value: Any) -> Any:
    """Return a value that JSON holds: numbers without a fraction as integers, NaN as None."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        number = float(value)
        if not math.isfinite(number):
            return None
        return int(number) if number.is_integer() and abs(number) < 2**53 else number
    if isinstance(value, datetime.date):
        return value.isoformat()[:10]
    return str(value)


def _cell(value: Any) -> str:
    value = plain_value(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    return neutral(value) if isinstance(value, str) else repr(value)


def csv_bytes(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """Return a table as the bytes of a CSV file in the form that this module describes."""
    return _csv(columns, ([_cell(value) for value in row] for row in rows))


def _csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([_cell(str(c)) for c in columns])
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def json_bytes(value: Any, records: str = "", frame: pd.DataFrame | None = None) -> bytes:
    """Return ``value`` as JSON in UTF-8, indented; NaN is refused rather than written.

    With ``records``, a member of that name comes last that has the rows of ``frame``, each on a line of its
    own.
    """
    text = json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False)
    if frame is not None:
        lines = ",\n".join(json_lines(frame))
        text = f'{text[:-2]},\n "{records}": [\n{lines}\n ]\n}}'
    return (text + "\n").encode("utf-8", "replace")  # a path may hold bytes that are no text


def frame_csv(frame: pd.DataFrame, columns: Iterable[str] | None = None) -> bytes:
    """Return columns of a frame, by default all but shapes, as `csv_bytes` would write them."""
    chosen = [c for c in (frame.columns if columns is None else columns) if c != "geometry"]
    return _csv(chosen, zip(*(_texts(frame[c], _cell, "") for c in chosen), strict=True))


def json_lines(frame: pd.DataFrame) -> list[str]:
    """Return the rows of a frame as JSON objects."""
    columns = []
    for name in frame.columns:
        head = json.dumps(str(name), ensure_ascii=False)
        columns.append([f"{head}:{text}" for text in _texts(frame[name], _json, "null")])
    return ["{" + ",".join(row) + "}" for row in zip(*columns, strict=True)]


def _json(value: Any) -> str:
    return json.dumps(plain_value(value), ensure_ascii=False, allow_nan=False)


def _texts(column: pd.Series, write: Callable[[Any], str], absent: str) -> list[str]:
    """Write every value of a column; the same few names stand in most, so each is written once."""
    if column.dtype.kind == "f":
        return [_number(v) if math.isfinite(v) else absent for v in column.tolist()]
    # Out of Arrow in one go: asked one by one its texts are slow.
    text = column.dtype.kind == "O"
    values = column.to_numpy(dtype=object).tolist() if text else column.tolist()
    known: dict[str, str] = {}
    found = []
    for value in values:
        if type(value) is not str:
            found.append(write(value))
            continue
        said = known.get(value)
        if said is None:
            said = known[value] = write(value)
        found.append(said)
    return found


def _number(value: float) -> str:
    return repr(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)


def indicator_columns(result: Result) -> tuple[str, ...]:
    """Return the columns of the tidy table; ``low high`` come last where the project asks for them."""
    return (*INDICATOR_COLUMNS, *(c for c in ("low", "high") if c in result.indicators))


def write_indicators_csv(result: Result, path: Path) -> None:
    """Write the tidy table of indicators."""
    columns = indicator_columns(result)
    path.write_bytes(frame_csv(result.indicators, columns))


def write_gaps_csv(result: Result, path: Path) -> None:
    """Write the gaps without their polygons."""
    path.write_bytes(frame_csv(result.gaps, GAP_COLUMNS))


def write_places_csv(result: Result, path: Path) -> None:
    """Write the places: one row per place, service and operator; ``served`` is 0 or 1."""
    path.write_bytes(frame_csv(result.places, PLACE_COLUMNS))


STATION_COLUMNS = (
    "site_id", "cell_id", "operator", "technology", "frequency_mhz", "lon", "lat", "antenna_height_m",
    "azimuth_deg", "tilt_deg", "beamwidth_deg", "eirp_dbm", "bandwidth_mhz", "commune_code",
)
"""Of ``stations.csv``: what was computed with, defaults filled in, so that a later run can be compared."""


def write_stations_csv(result: Result, path: Path) -> None:
    """Write the cells that were computed with, one a row, in the order of the file."""
    columns = [c for c in STATION_COLUMNS if c in result.layers.stations]
    path.write_bytes(frame_csv(result.layers.stations, columns))


def vietnamese_form(result: Result) -> bool:
    """Tell whether the codes look Vietnamese: two digits for the province, five for the communes.

    So do those of the sample province, which is in no register.
    """
    code = result.layers.project.province.code
    if not (len(code) == 2 and code.isdigit()):
        return False
    return all(len(c) == 5 and c.isdigit() for c in map(str, result.layers.communes["commune_code"]))


def code_vintage(result: Result) -> str | None:
    """Say which set of Vietnamese units the codes belong to; None where they are no such codes.

    The same two digits name different provinces before and after 1 July 2025 (52 was Bình Định and is
    Gia Lai), so a code goes with its vintage: that in force on the day of the data, if its register has
    every commune in that province. None for codes that only look like it, those of the sample province.
    """
    if not vietnamese_form(result):
        return None
    province = result.layers.project.province
    since = province.as_of >= MERGER
    register = crosswalk().units("2025" if since else "2024")
    units = [register.get(str(c)) for c in result.layers.communes["commune_code"]]
    if any(unit is None or unit.province_code != province.code for unit in units):
        return None
    return MERGER.isoformat() if since else f"before-{MERGER.isoformat()}"


def _head(result: Result) -> dict[str, Any]:
    """Return what stands before the rows in ``indicators.json`` (``docs/indicators.schema.json``)."""
    province = result.layers.project.province
    services: dict[str, Any] = {}
    for name, service in result.layers.project.services.items():
        operators = sorted({o for s, o in result.reaches if s == name}, key=lambda o: (o != "any", o))
        parameters = service.model_dump(mode="json", exclude_none=True)
        criterion = describe(service)
        services[name] = {
            "operators": operators, "criterion": {"vi": criterion.vi, "en": criterion.en}, **parameters
        }
    people = result.people
    return {
        "schema": "phusong.indicators",
        "version": SCHEMA_VERSION,
        "generator": {"name": "phusong", "version": version()},
        "province": {
            "code": province.code, "name": province.name, "code_vintage": code_vintage(result),
            "as_of": province.as_of.isoformat(),
        },
        **({} if result.what_if is None else {"scenario": result.what_if.name}),
        **member(cited_sources(result.layers.sources)),
        "services": services,
        "people": {
            "total": plain_value(people.total), "inside": plain_value(people.inside),
            "outside": plain_value(people.outside), "in_overlaps": plain_value(people.in_overlaps),
            "in_holes": plain_value(people.in_holes), "scaled": people.scaled,
            "raster_inside": plain_value(people.raster_inside),
        },
        "scattered": {k: plain_value(v) for k, v in sorted(result.scattered.items())},
    }


def write_indicators_json(result: Result, path: Path) -> None:
    """Write the indicators for other systems, with codes, their vintage, dates and criteria."""
    rows = result.indicators[list(indicator_columns(result))]
    path.write_bytes(json_bytes(_head(result), "indicators", rows))
