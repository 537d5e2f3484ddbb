"""Any table by communes carried to the units of another time: present communes, or old districts."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.data.language import Text
from phusong.layers.boundaries.carry import Carried, Rule, convert_table, tell_carried, to_districts
from phusong.layers.boundaries.codes import COMMUNE_DIGITS
from phusong.layers.boundaries.crosswalk import Vintage
from phusong.layers.boundaries.vintage import tell_vintage, vintage_of
from phusong.layers.faults import ExpectedError, Fault, Faults
from phusong.layers.grid import FloatArray
from phusong.layers.on_disk import found_path
from phusong.layers.project.schema import LayerTable
from phusong.layers.rules import Report, error, warning
from phusong.layers.source import Layer
from phusong.layers.tables.columns import Column, Table, to_numbers, to_text
from phusong.layers.tables.headers import normalise
from phusong.layers.tables.numbers import read_numbers, tell_numbers
from phusong.layers.tables.records import RawTable

if TYPE_CHECKING:
    from phusong.layers.boundaries.old_communes import OldCommunes

Units = Literal["communes-2025", "districts-2024"]
UNITS: tuple[Units, ...] = ("communes-2025", "districts-2024")
OF_INDICATORS = ("service", "operator", "indicator", "unit", "criterion", "as_of")
"""Columns of the table of indicators that tell one figure from another; the rest is added up."""
_LAYER = "households"
"""Whose words the headers may be: a table by communes."""
_COLUMNS = (
    Column("commune_code"), Column("commune_name"),
    *(Column(n) for n in ("level", "code", "name", "numerator", "denominator", *OF_INDICATORS)),
)
_NO_AMOUNT = re.compile(
    r"\b(percent|percentage|ty le|ti le|mat do|density|trung binh|average|mean|lon|lat|kinh do|vi do|nam|year"
    r"|rank|hang|stt|tt|so tt|no|vintage|parts|basis)\b"
)

NO_CODES = error(
    "no-commune-codes",
    "Bảng không có cột mã xã.", "The table has no column of commune codes.",
    "Tệp có các cột: {has}. Nêu cột: --column commune_code=TÊN.",
    "The file has: {has}. Say which one: --column commune_code=NAME.",
)
NO_AMOUNTS = error(
    "no-amounts",
    "Bảng không có cột số lượng nào để cộng.", "The table has no amounts that could be added up.",
    "Tỷ lệ và trung bình không cộng được; cần tử số và mẫu số.",
    "Shares and means cannot be added; give numerator and denominator.",
)
SUMMED = warning(
    "carry-summed",
    "Cộng các cột: {columns}. Không chuyển: {others}.", "Added up: {columns}. Not carried: {others}.",
)
ONE_FILE = Text("--units chuyển mỗi lần một tệp.", "--units carries one file at a time.")
NOT_CSV = Text("Kết quả của --units là .csv, không phải '{kind}'.", "--units writes .csv, not '{kind}'.")
NO_OLD_LAYER = Text(
    "Dự án không có lớp [layers.old_communes].", "The project has no layer [layers.old_communes]."
)
THERE = Text(
    "Đã có tệp '{file}'; không ghi đè. Chọn tên khác, hoặc thêm --force.",
    "The file '{file}' is there; it is not overwritten. Choose another name, or add --force.",
)


@dataclass(frozen=True)
class CarriedFile:
    """What was carried.

    Attributes
    ----------
    table : DataFrame
        ``code name vintage``, the columns that tell figures apart, the sums, ``percent`` where there are
        ``numerator`` and ``denominator``, ``parts`` and ``basis`` as in `Carried`.
    before, after : mapping of column to float
        Sums of what was given and of ``table``.
    faults : tuple of Fault
        Warnings.
    """

    table: pd.DataFrame
    before: Mapping[str, float]
    after: Mapping[str, float]
    faults: tuple[Fault, ...]


@dataclass(frozen=True)
class Written:
    """What was written.

    Attributes
    ----------
    out : Path
    before, after : mapping of column to float
        Sums before and after: they agree where every row was placed.
    faults : tuple of Fault
        Warnings.
    """

    out: Path
    before: Mapping[str, float]
    after: Mapping[str, float]
    faults: tuple[Fault, ...]


def carry_file(
    file: Path,
    units: Units,
    *,
    layer: str | None = None,
    columns: Mapping[str, str] | None = None,
    vintage: Vintage | None = None,
    rule: Rule = "refuse",
    old: OldCommunes | None = None,
) -> CarriedFile:
    """Carry a table by communes to other units.

    Parameters
    ----------
    file : Path
        Any readable table. Of a table of indicators, the rows of communes are taken, figure by figure.
    units : {"communes-2025", "districts-2024"}
        Old communes to present ones; communes of either time to the districts of before the merger.
    layer : str, optional
        Sheet.
    columns : mapping, optional
        ``commune_code`` to the file's header.
    vintage : {"2024", "2025"}, optional
        Of the codes, where they leave it open.
    rule : {"refuse", "equal", "main"}
        For divided units of which no boundaries are known.
    old : OldCommunes, optional
        Boundaries and people of the old communes.

    Returns
    -------
    CarriedFile

    Raises
    ------
    InputError
        With every fault.
    """
    faults = Faults()
    settings = LayerTable(path=file, layer=layer, columns=dict(columns or {}))
    report = Report(_LAYER, file.as_posix(), faults)
    table = Layer(_LAYER, settings, found_path(file), report, vietnamese=True).open(_COLUMNS)
    read = _frame(table, report) if table is not None else None
    faults.raise_errors()
    assert table is not None
    assert read is not None
    frame, amounts = read
    header = table.headers.get("commune_code", "code")
    names = frame["name"].tolist() if "name" in frame else None
    answer = vintage_of(frame["code"].tolist(), names, declared=vintage or _said_vintage(table.raw))
    if answer.vintage is None:
        tell_vintage(report, header, answer, table.raw.rows.tolist())
    faults.raise_errors()
    assert answer.vintage is not None
    how = _How(units, answer.vintage, rule, old)
    parts = [_carried(group, key, amounts, how) for key, group in _groups(frame)]
    tell_carried(report, header, _together([c for _, c in parts]), answer.vintage, rule)
    faults.raise_errors()
    result = pd.concat([t for t, _ in parts], ignore_index=True)
    if {"numerator", "denominator"} <= set(result):
        with np.errstate(divide="ignore", invalid="ignore"):
            share = 100.0 * result["numerator"] / result["denominator"]
        result.insert(list(result).index("denominator") + 1, "percent", share.where(np.isfinite(share)))
    totals = [{c: sum(getattr(k, side)[c] for _, k in parts) for c in amounts}
              for side in ("before", "after")]
    return CarriedFile(result, totals[0], totals[1], tuple(faults))


def _frame(table: Table, report: Report) -> tuple[pd.DataFrame, list[str]] | None:
    """Return codes, names, the columns that tell figures apart and the amounts; and which are amounts."""
    raw = table.raw
    code = table.headers.get("commune_code", "code" if "code" in raw.cells else "")
    if not code:
        report.once(NO_CODES, has=", ".join(raw.cells) or "–")
        return None
    text = {h: to_text(c) for h, c in raw.cells.items()}
    keep = text["level"] == "commune" if "level" in text else np.ones(len(raw), dtype=bool)
    whole = [c.zfill(COMMUNE_DIGITS) if re.fullmatch(r"\d{1,5}", c) else c for c in text[code].tolist()]
    columns: dict[str, object] = {"code": np.array(whole, dtype=object)[keep]}
    name = table.headers.get("commune_name", "name" if "name" in raw.cells else "")
    if name:
        columns["name"] = text[name][keep]
    tidy = {"indicator", "numerator"} <= set(raw.cells)
    told_apart = [h for h in OF_INDICATORS if tidy and h in raw.cells]
    columns |= {h: text[h][keep] for h in told_apart}
    amounts: list[str] = []
    for header, cells in text.items():
        if header in (code, name, "level", *told_apart) or _NO_AMOUNT.search(normalise(header)[0]):
            continue
        values = _numbers(raw, header, cells, report)
        if values is not None:
            columns[header] = values[keep]
            amounts.append(header)
    if not amounts:
        report.once(NO_AMOUNTS)
        return None
    others = [h for h in raw.cells if h not in (*amounts, code, name, "level", *told_apart)]
    report.once(SUMMED, columns=", ".join(amounts), others=", ".join(others) or "–")
    return pd.DataFrame(columns), amounts


def _said_vintage(raw: RawTable) -> Vintage | None:
    """Return the vintage that a table of our own making says in its column."""
    for header in ("vintage", "code_vintage"):
        said = set(to_text(raw.cells[header]).tolist()) - {""} if header in raw.cells else set()
        if said in ({"2024"}, {"2025"}):
            return "2024" if said == {"2024"} else "2025"
    return None


def _numbers(raw: RawTable, header: str, text: NDArray[np.object_], report: Report) -> FloatArray | None:
    """Return a column of amounts, None where it holds something else."""
    if not any(any(c.isdigit() for c in t) for t in text.tolist()):
        return None
    plain, wrong = to_numbers(text)
    native = raw.native.get(header)
    if not wrong.any() and (raw.cells[header].dtype.kind in "iuf" or native is not None):
        return plain
    found = read_numbers(text, kind="quantity", native=native)
    if found.wrong.any():
        return None
    if found.refused and not wrong.any():
        return plain
    tell_numbers(report, header, found, text.tolist(), raw.rows)
    return found.values


def _groups(frame: pd.DataFrame) -> list[tuple[dict[str, str], pd.DataFrame]]:
    keys = [k for k in OF_INDICATORS if k in frame]
    if not keys:
        return [({}, frame)]
    return [
        (dict(zip(keys, map(str, values), strict=True)), group)
        for values, group in frame.groupby(keys, sort=False, dropna=False)
    ]


@dataclass(frozen=True)
class _How:
    units: Units
    vintage: Vintage
    rule: Rule
    old: OldCommunes | None


def _carried(
    group: pd.DataFrame, key: Mapping[str, str], amounts: Sequence[str], how: _How
) -> tuple[pd.DataFrame, Carried]:
    old, rule = how.old, how.rule
    weights = old.weights if old is not None else None
    if how.units == "districts-2024":
        found = to_districts(
            group, "code", amounts, vintage=how.vintage, rule=rule, weights=weights,
            amounts=old.people if old is not None else None,
        )
    elif how.vintage == "2025":
        raise ExpectedError(
            Text("Bảng đã theo xã hiện hành (từ 01/7/2025).", "The table is by present communes already.")
        )
    else:
        found = convert_table(group, "code", amounts, weights=weights, rule=rule)
    table = found.table
    for k, (column, value) in enumerate(key.items()):
        table.insert(3 + k, column, value)
    return table, found


def _together(parts: Sequence[Carried]) -> Carried:
    """Return what is to be told of all figures at once."""
    def union(name: str) -> tuple[str, ...]:
        """Return what any part names, each once, in order."""
        return tuple(sorted({c for p in parts for c in getattr(p, name)}))

    moves = pd.concat([p.moves for p in parts], ignore_index=True)
    return Carried(
        parts[0].table, moves, union("unknown"), union("undivided"), union("by_rule"), {}, {}, {}, {}
    )


def carry_to(
    files: Sequence[Path],
    units: str,
    *,
    out: Path | None = None,
    layer: str | None = None,
    columns: Mapping[str, str] | None = None,
    vintage: str | None = None,
    rule: str = "refuse",
    project: Path | None = None,
    force: bool = False,
) -> Written:
    """Carry one file as `carry_file` does, and write the result.

    Parameters
    ----------
    files : sequence of Path
        One.
    units, layer, columns, vintage, rule
        As in `carry_file`.
    out : Path, optional
        A ``.csv``; by default the file's name with the units, in the current folder.
    project : Path, optional
        Project file whose layers ``old_communes``, ``communes`` and ``population`` tell how many people of
        a divided commune each heir got.
    force : bool
        Whether to replace ``out``.

    Raises
    ------
    ExpectedError
        If ``out`` is there or is no CSV, or if there are several files.
    """
    if len(files) != 1:
        raise ExpectedError(ONE_FILE)
    target = out if out is not None else Path(f"{files[0].stem}-{units}.csv")
    if target.suffix.lower() != ".csv":
        raise ExpectedError(NOT_CSV, kind=target.suffix)
    if target.exists() and not force:
        raise ExpectedError(THERE, file=str(target))
    old = None
    if project is not None:
        from phusong.layers.project.file import read_project
        from phusong.layers.read import read_old_ground

        old = read_old_ground(read_project(project))
        if old is None:
            raise ExpectedError(NO_OLD_LAYER)
    found = carry_file(
        files[0], cast("Units", units), layer=layer, columns=columns, vintage=cast("Vintage | None", vintage),
        rule=cast("Rule", rule), old=old,
    )
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".phusong-") as folder:
        draft = Path(folder) / target.name
        found.table.to_csv(draft, index=False, encoding="utf-8-sig", lineterminator="\n")
        draft.replace(target)
    return Written(target, found.before, found.after, found.faults)
