"""Tables of loss cases and their terrain profiles, read and checked; every fault is told at once."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from phusong.coverage.radio.model import FloatArray
from phusong.data.language import Text
from phusong.layers.faults import Fault, Faults

Value = float | int | str
Row = Mapping[str, Value]


@dataclass(frozen=True)
class Column:
    """One input column of a layout: its name in the file and what may stand in it.

    Attributes
    ----------
    name : str
    kind : {"number", "whole", "word"}
    low, high : float
        Range of a number, ends included, unless ``open_ends``.
    words : tuple of str
        What a word may be; any if empty.
    optional : bool
        Whether the column or a cell may be missing.
    """

    name: str
    kind: Literal["number", "whole", "word"] = "number"
    low: float = -math.inf
    high: float = math.inf
    words: tuple[str, ...] = ()
    open_ends: bool = False
    optional: bool = False


@dataclass(frozen=True)
class Profile:
    """Heights along a path: equal steps from 0, or the distances as the file gives them."""

    distance_km: FloatArray
    elevation_m: FloatArray
    step_m: float
    clutter_m: FloatArray | None = None
    zone: FloatArray | None = None


@dataclass(frozen=True)
class RawCases:
    """Cells as text, with the row number a spreadsheet shows."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, Mapping[str, str]], ...]


_CHECK_FILE = Text("Kiểm tra đường dẫn và quyền đọc.", "Check the path and the right to read it.")
_NONE = Text("", "")


def fault(
    code: str, text: Text, remedy: Text, file: Path, *, row: str = "", column: str = "", value: str = "",
    **values: Any,
) -> Fault:
    """Make an error about the table of cases or the profiles."""
    return Fault("error", f"cases.{code}", text, remedy, values, "cases", file.name, row, column, value)


def read_cases(path: Path, faults: Faults) -> RawCases | None:
    """Read a table of cases from CSV, or from NTIA's command-line examples gathered in JSON."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        faults.add(fault("unreadable", Text("không đọc được tệp ({reason}).", "the file cannot be read "
                         "({reason})."), _CHECK_FILE, path, reason=str(error)))
        return None
    if path.suffix.lower() == ".json":
        return _from_examples(text, path, faults)
    records = list(csv.reader(io.StringIO(text, newline="")))
    if not records or not any(cell.strip() for cell in records[0]):
        faults.add(fault("empty", Text("tệp trống.", "the file is empty."), _NONE, path))
        return None
    header = tuple(cell.strip() for cell in records[0])
    rows = []
    for number, cells in enumerate(records[1:], start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(header):
            faults.add(fault(
                "too-many-cells", Text("dòng có {n} ô, tiêu đề có {m}.", "the row has {n} cells, the header "
                "{m}."), Text("Kiểm tra dấu phẩy thừa.", "Look for commas too many."), path, row=str(number),
                n=len(cells), m=len(header),
            ))
            continue
        padded = [*cells, *([""] * (len(header) - len(cells)))]
        rows.append((str(number), dict(zip(header, (c.strip() for c in padded), strict=True))))
    if not rows:
        nothing = Text("tệp không có trường hợp nào.", "the file holds no case.")
        faults.add(fault("no-rows", nothing, _NONE, path))
        return None
    return RawCases(header, tuple(rows))


def _from_examples(text: str, path: Path, faults: Faults) -> RawCases | None:
    try:
        examples = json.loads(text)["examples"]
        rows = [row for i, example in enumerate(examples) for row in _example_rows(i + 1, example)]
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        problem = Text(
            "không phải JSON có mục 'examples' ({reason}).", "not JSON with 'examples' ({reason})."
        )
        remedy = Text("Dùng tệp CSV.", "Use a CSV file.")
        faults.add(fault("json", problem, remedy, path, reason=str(error)))
        return None
    columns = tuple(dict.fromkeys(name for _, row in rows for name in row))
    return RawCases(columns, tuple(rows))


def _example_rows(number: int, example: Mapping[str, str]) -> list[tuple[str, Mapping[str, str]]]:
    """Flatten one example: a single case, or a table of confidence against distance or reliability."""
    base = {name: value for name, value in example.items() if not name[:1].isdigit() and name != "raw"}
    if "Basic Transmission Loss" in base:
        return [(str(number), base)]
    confidences = base["confidence"].split(",")
    key = "d__km" if base["Mode"] == "Area" else "reliability"
    lines = example["raw"].split("Basic Transmission Loss Results")[1].splitlines()[1:]
    rows: list[tuple[str, Mapping[str, str]]] = []
    for line in lines:
        cells = line.split()
        if rows and not cells:
            break
        # A row of results starts with its distance or reliability and ends with one loss a confidence.
        if len(cells) > len(confidences) and all(c.replace(".", "", 1).isdigit() for c in cells):
            for confidence, loss in zip(confidences, cells[-len(confidences) :], strict=True):
                row = {**base, key: cells[0], "confidence": confidence, "Basic Transmission Loss": loss}
                if key == "d__km":
                    row["Free Space"] = cells[1]
                rows.append((f"{number}/{cells[0]}/{confidence}", row))
    return rows


def read_profiles(path: Path, faults: Faults) -> dict[str, Profile]:
    """Read profiles: a mapping of names, a list counted from 0, or one profile in NTIA's 'pfl' order."""
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        faults.add(fault("profiles-unreadable", Text("không đọc được tệp mặt cắt ({reason}).", "the file of "
                         "profiles cannot be read ({reason})."), _CHECK_FILE, path, reason=str(error)))
        return {}
    if isinstance(content, dict) and "profile_pfl" in content:
        pfl = content["profile_pfl"]
        content = {"profile_pfl": {"n_intervals": pfl[0], "step_m": pfl[1], "elev_m": pfl[2:]}}
    if isinstance(content, list):
        content = {str(i): profile for i, profile in enumerate(content)}
    if not isinstance(content, dict):
        content = {}
    profiles = {}
    for name, raw in content.items():
        try:
            profiles[name] = _profile(raw)
        except (ValueError, KeyError, TypeError) as error:
            faults.add(fault(
                "profile",
                Text("mặt cắt không dùng được ({reason}).", "the profile cannot be used ({reason})."),
                Text(
                    "Cần step_m và elev_m, hoặc d_km và h_masl, ít nhất 3 điểm, không có NaN.",
                    "Give step_m and elev_m, or d_km and h_masl, with at least 3 points and no NaN.",
                ),
                path, row=str(name), reason=_reason(error),
            ))
    return profiles


def _reason(error: Exception) -> str:
    return f"{error.args[0]}?" if isinstance(error, KeyError) else str(error)


def _profile(raw: Mapping[str, Any]) -> Profile:
    if "elev_m" in raw:
        heights, step = np.asarray(raw["elev_m"], dtype=np.float64), float(raw["step_m"])
        intervals = int(raw.get("n_intervals", heights.size - 1))
        if heights.size != intervals + 1:
            raise ValueError(f"n_intervals {intervals}, elev_m {heights.size}")
        distance = np.arange(heights.size, dtype=np.float64) * step / 1000.0
        found = Profile(distance, heights, step)
    else:
        distance = np.asarray(raw["d_km"], dtype=np.float64)
        optional = {
            name: np.asarray(raw[name], dtype=np.float64)
            for name in ("clutter_m", "zone") if raw.get(name) is not None
        }
        steps = np.diff(distance)
        even = steps.size > 0 and bool(np.allclose(steps, steps[0], rtol=1e-6))
        step = float(steps[0]) * 1000.0 if even else math.nan
        heights = np.asarray(raw["h_masl"], dtype=np.float64)
        found = Profile(distance, heights, step, optional.get("clutter_m"), optional.get("zone"))
    arrays = [found.distance_km, found.elevation_m, found.clutter_m, found.zone]
    sizes = {a.shape for a in arrays if a is not None}
    if len(sizes) > 1 or found.elevation_m.ndim != 1 or found.elevation_m.size < 3:
        raise ValueError(f"{found.elevation_m.size} < 3" if len(sizes) == 1 else f"{sorted(sizes)}")
    if not all(np.isfinite(a).all() for a in arrays if a is not None):
        raise ValueError("NaN")
    if not (np.diff(found.distance_km) > 0.0).all():
        raise ValueError("d_km / step_m")
    return found


def typed_row(
    number: str, cells: Mapping[str, str], columns: Sequence[Column], path: Path, faults: Faults
) -> Row | None:
    """Return the cells of the columns as numbers and words; None after a fault."""
    values: dict[str, Value] = {}
    good = True
    for column in columns:
        text = cells.get(column.name, "")
        if not text:
            if not column.optional:
                good = False
                faults.add(fault("blank", Text("ô trống.", "the cell is empty."), _NONE, path, row=number,
                                 column=column.name))
            continue
        value = _value(text, column)
        if value is None:
            good = False
            faults.add(_bad_cell(number, text, column, path))
        else:
            values[column.name] = value
    return values if good else None


def _value(text: str, column: Column) -> Value | None:
    if column.kind == "word":
        return text if not column.words or text in column.words else None
    try:
        number = float(text)
    except ValueError:
        return None
    if not math.isfinite(number) or (column.kind == "whole" and number != int(number)):
        return None
    inside = column.low < number < column.high if column.open_ends else column.low <= number <= column.high
    if not inside:
        return None
    return int(number) if column.kind == "whole" else number


def _bad_cell(number: str, text: str, column: Column, path: Path) -> Fault:
    where = {"row": number, "column": column.name, "value": text}
    if column.kind == "word":
        return fault("word", Text("giá trị không nhận ra.", "the value is not known."),
                     Text("Dùng một trong: {words}.", "Use one of: {words}."), path,
                     words=", ".join(column.words), **where)
    wanted = Text("số nguyên", "a whole number") if column.kind == "whole" else Text("số", "a number")
    if math.isinf(column.low) and math.isinf(column.high):
        return fault("number", Text("không phải {wanted}.", "not {wanted}."),
                     Text("Viết số với dấu chấm thập phân.", "Write numbers with a decimal point."), path,
                     wanted=wanted, **where)
    remedy = Text(
        "Sửa giá trị; mô hình chỉ đúng trong khoảng này.", "Mend the value: the model holds there only."
    )
    return fault(
        "range", Text("cần {wanted}, {range}.", "must be {wanted}, {range}."), remedy, path,
        wanted=wanted, range=_range_text(column), **where,
    )


def _range_text(column: Column) -> Text:
    low, high = f"{column.low:g}", f"{column.high:g}"
    if math.isinf(column.high):
        return (
            Text(f"lớn hơn {low}", f"above {low}") if column.open_ends
            else Text(f"từ {low} trở lên", f"{low} or more")
        )
    if column.open_ends:
        return Text(f"lớn hơn {low} và nhỏ hơn {high}", f"above {low} and below {high}")
    return Text(f"từ {low} đến {high}", f"from {low} to {high}")
