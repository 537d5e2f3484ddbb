"""Reports from the field: what community digital teams saw on their phones, village by village."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from phusong.data.names import fold as fold_name
from phusong.layers.boundaries.codes import match_codes
from phusong.layers.faults import Faults
from phusong.layers.inventory import Layers
from phusong.layers.measurement_rules import HIGHEST_DBM, IMPOSSIBLE, LOWEST_DBM, POSITIVE, one_of_each
from phusong.layers.measurements import Reading
from phusong.layers.on_disk import found_path
from phusong.layers.positions.columns import COMMUNE_NAME
from phusong.layers.rules import error, fold, hint, warning
from phusong.layers.source import Layer
from phusong.layers.stations import settle_technologies
from phusong.layers.tables.columns import Column, Table, to_text
from phusong.layers.tables.dates import read_dates

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    Column("place_id"), Column("name"), Column("commune_code"), replace(COMMUNE_NAME, aside=False),
    Column("operator"), Column("technology"), Column("bars"),
    Column("rsrp_dbm", "number", unit="dBm"), Column("day"), Column("indoors"), Column("reporter"),
)
MOST_BARS = 5
WORDS = {
    0: ("không có sóng", "mất sóng", "không sóng", "không", "trắng sóng", "no signal", "none", "no service"),
    1: ("rất yếu", "yếu", "chập chờn", "lúc có lúc không", "weak", "poor"),
    2: ("trung bình", "tạm được", "vừa", "fair", "medium"),
    3: ("khá", "good"),
    4: ("tốt", "mạnh", "rất tốt", "đầy vạch", "strong", "excellent", "full"),
}
"""Words for bars, as people write them."""
_BARS = {fold(w): n for n, words in WORDS.items() for w in words}
INDOORS = frozenset(fold(w) for w in ("trong nhà", "nhà", "indoors", "indoor", "inside", "x", "có", "yes"))

NO_BARS = error(
    "missing-columns",
    "Thiếu cột số vạch sóng và cột mức thu.", "There is neither a column of bars nor one of levels.",
    "Dùng phiếu do lệnh phusong field-form lập. Tệp có các cột: {has}.",
    "Use the form that phusong field-form makes. The file has: {has}.",
)
BAD_BARS = error(
    "unknown-bars",
    "Không hiểu số vạch sóng này.", "These bars are not understood.",
    "Ghi số từ 0 (không có sóng) đến 5.", "Write a number from 0 (no signal) to 5.",
)
UNKNOWN_PLACE = error(
    "unknown-place",
    "Không tìm thấy thôn, làng này trong danh sách.{near}", "This village is not in the list.{near}",
    "Ghi mã thôn như trong phiếu, hoặc tên thôn kèm tên xã.",
    "Give the village's code as in the form, or its name with the commune's.",
)
SEVERAL_PLACES = error(
    "several-places",
    "Có {n} thôn, làng cùng tên này.", "{n} villages have this name.",
    "Ghi thêm mã thôn hoặc tên xã.", "Add the village's code or the commune's name.",
)
UNKNOWN_OPERATOR = error(
    "unknown-operator",
    "Nhà mạng này không có trong danh sách trạm.{near}", "This operator has no station here.{near}",
    "Ghi một trong: {known}.", "Write one of: {known}.",
)
BAD_DAY = error(
    "not-a-date", "Không phải là ngày.", "This is no date.",
    "Ghi dạng 30/06/2026.", "Write it as 30/06/2026.",
)
BLANK = warning(
    "not-filled",
    "{n} dòng của phiếu chưa điền: bỏ qua.", "{n} rows of the form are not filled in: left out.",
)


@dataclass(frozen=True)
class FieldReports:
    """Reports as they came.

    Attributes
    ----------
    reports : DataFrame
        ``row layer place_id name commune_code operator technology bars rsrp_dbm indoors day reporter x_m y_m
        lon lat``; ``bars`` NaN where only a level was given, ``technology`` and ``operator`` may be empty.
    file : str
    rows_read : int
    faults : tuple of Fault
        Warnings.
    """

    reports: pd.DataFrame
    file: str
    rows_read: int
    faults: tuple[Any, ...] = ()


def read_field_reports(path: Path, layers: Layers, reading: Reading | None = None) -> FieldReports:
    """Read filled-in forms and join them to the project's places.

    A row is found by its code; without one by its name and commune, then by its name alone where only one
    place has it.

    Raises
    ------
    InputError
        With one fault of each kind, and the row where it first stands.
    """
    faults = Faults()
    path = found_path(path.expanduser())
    layer = Layer.of(
        "field_reports", (reading or Reading()).settings(path), path.parent, faults,
        province_code=layers.project.province.code,
    )
    layer = replace(layer, report=replace(layer.report, file=path.name))
    table = layer.open(COLUMNS)
    frame = None
    if table is not None:
        frame = _read(table, layers)
    told = one_of_each(faults)
    told.raise_errors()
    assert frame is not None
    return FieldReports(frame, path.name, layer.report.rows_read, tuple(told.warnings))


def _read(table: Table, layers: Layers) -> pd.DataFrame | None:
    import pandas as pd

    if not table.has("bars") and not table.has("rsrp_dbm"):
        table.report.once(NO_BARS, has=", ".join(table.raw.cells))
        return None
    bars = _bars(table)
    level = table["rsrp_dbm"] if table.has("rsrp_dbm") else np.full(len(table), np.nan)
    filled = _text(table, "bars") != ""
    filled |= np.isfinite(level)
    if (~filled).any():
        table.report.once(BLANK, n=int((~filled).sum()))
    table.each(POSITIVE, (level >= 0.0) & filled, "rsrp_dbm")
    wild = ((level < LOWEST_DBM) | (level > HIGHEST_DBM)) & (level < 0.0)
    table.each(IMPOSSIBLE, wild & filled, "rsrp_dbm", low=LOWEST_DBM, high=HIGHEST_DBM)
    place = _places(table, layers, filled)
    everything = _all_places(layers)
    known = np.maximum(place, 0)
    frame = pd.DataFrame({"row": table.raw.rows})
    for name in ("layer", "place_id", "name", "commune_code", "x_m", "y_m", "lon", "lat"):
        frame[name] = everything[name].to_numpy()[known] if len(everything) else ""
    frame["operator"] = _operators(table, layers, filled)
    frame["technology"] = settle_technologies(table) if table.has("technology") else ""
    frame["bars"], frame["rsrp_dbm"] = bars, level
    frame["indoors"] = [fold(w) in INDOORS for w in _text(table, "indoors").tolist()]
    frame["day"] = _days(table, filled)
    frame["reporter"] = _text(table, "reporter")
    kept: pd.DataFrame = frame[filled & (place >= 0)].reset_index(drop=True)
    return kept


def _text(table: Table, name: str) -> NDArray[np.object_]:
    if not table.has(name):
        return np.full(len(table), "", dtype=object)
    return np.array([c.strip() for c in to_text(table[name]).tolist()], dtype=object)


def _bars(table: Table) -> NDArray[np.float64]:
    words = _text(table, "bars")
    found = np.full(len(words), np.nan)
    wrong = np.zeros(len(words), dtype=bool)
    for i, word in enumerate(words.tolist()):
        first = word.partition("/")[0].partition("(")[0].replace("vạch", "").strip()
        number = first.removesuffix(".0")
        if number.isdigit() and int(number) <= MOST_BARS:
            found[i] = int(number)
        elif fold(word) in _BARS:
            found[i] = _BARS[fold(word)]
        else:
            wrong[i] = word != ""
    if table.has("bars"):
        table.each(BAD_BARS, wrong, "bars")
    return found


def _all_places(layers: Layers) -> pd.DataFrame:
    import pandas as pd

    blocks = [
        pd.DataFrame(
            {
                "layer": name, "place_id": places["place_id"].astype(str).to_numpy(),
                "name": places["name"].astype(str).to_numpy(),
                "commune_code": places["commune_code"].astype(str).to_numpy(),
                "x_m": places.geometry.x.to_numpy(), "y_m": places.geometry.y.to_numpy(),
                "lon": places["lon"].to_numpy(), "lat": places["lat"].to_numpy(),
            }
        )
        for name, places in layers.places.items()
    ]
    names = ["layer", "place_id", "name", "commune_code", "x_m", "y_m", "lon", "lat"]
    return pd.concat(blocks, ignore_index=True) if blocks else pd.DataFrame(columns=names)


def _places(table: Table, layers: Layers, filled: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the position of each row's place among all places, -1 for none, which is told."""
    everything = _all_places(layers)
    by_id = {fold(i): n for n, i in enumerate(everything["place_id"])}
    communes = layers.communes
    code_of = {fold_name(str(n), prefix=True): str(c) for c, n in
               zip(communes["commune_code"], communes["commune_name"], strict=True)}  # fmt: skip
    by_name: dict[str, list[int]] = {}
    for n, name in enumerate(everything["name"]):
        by_name.setdefault(fold_name(str(name)), []).append(n)
    ids, names = _text(table, "place_id"), _text(table, "name")
    codes = match_codes(_text(table, "commune_code").tolist(), [str(c) for c in communes["commune_code"]])
    wards = _text(table, "commune_name")
    home = everything["commune_code"].to_numpy(dtype=object)
    found = np.full(len(table), -1, dtype=np.int64)
    several = np.zeros(len(table), dtype=np.int64)
    for i in np.flatnonzero(filled):
        if ids[i]:
            found[i] = by_id.get(fold(ids[i]), -1)
        if found[i] < 0 and names[i]:
            alike = by_name.get(fold_name(names[i]), [])
            code = codes[i] or code_of.get(fold_name(wards[i], prefix=True), "")
            inside = [n for n in alike if home[n] == code] if code else alike
            several[i] = len(inside) if len(inside) > 1 else 0
            found[i] = inside[0] if len(inside) == 1 else -1
    lost = filled & (found < 0)
    column = "place_id" if table.has("place_id") else "name"
    spelt = [str(n) for n in everything["name"]]
    near = np.array([hint(names[i], spelt) if lost[i] and names[i] else "" for i in range(len(table))],
                    dtype=object)  # fmt: skip
    table.each(SEVERAL_PLACES, lost & (several > 0), "name" if table.has("name") else column, n=several)
    table.each(UNKNOWN_PLACE, lost & (several == 0), column, near=near)
    return found


def _operators(table: Table, layers: Layers, filled: NDArray[np.bool_]) -> NDArray[np.object_]:
    own = {fold(str(o)): str(o) for o in layers.stations["operator"]}
    own.update({k: own[v] for k, v in {"vinaphone": "vnpt", "mobi": "mobifone"}.items() if v in own})
    words = _text(table, "operator")
    wrong = np.array([bool(w) and fold(w) not in own for w in words.tolist()], dtype=bool) & filled
    if wrong.any():
        near = np.array([hint(w, own.values()) for w in words.tolist()], dtype=object)
        table.each(UNKNOWN_OPERATOR, wrong, "operator", near=near, known=", ".join(sorted(set(own.values()))))
    return np.array([own.get(fold(w), "") for w in words.tolist()], dtype=object)


def _days(table: Table, filled: NDArray[np.bool_]) -> NDArray[np.object_]:
    read = read_dates(_text(table, "day"))
    if table.has("day"):
        table.each(BAD_DAY, read.wrong & filled, "day")
    return read.values
