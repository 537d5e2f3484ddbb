"""Our losses beside a table of reference losses, so that anyone can check the engine."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from phusong.coverage.radio.case_layout import Layout
from phusong.coverage.radio.case_models import LAYOUTS
from phusong.coverage.radio.case_tables import (
    Profile,
    RawCases,
    Row,
    Value,
    fault,
    read_cases,
    read_profiles,
    typed_row,
)
from phusong.data.language import Language, Text, format_number
from phusong.layers.faults import Fault, Faults

if TYPE_CHECKING:
    import pandas as pd

MODELS: tuple[str, ...] = tuple(dict.fromkeys(layout.model for layout in LAYOUTS))
"""Names of the models, as the command takes them."""


@dataclass(frozen=True)
class Comparison:
    """One column of the file against ours.

    Attributes
    ----------
    column : str
    rows : int
        In which both have a number.
    max_difference, mean_difference, percentile_99 : float
        Of the absolute difference; NaN without rows.
    tolerance : str
        ``0.01``, or ``0.1 %`` of the reference value; ``=`` where they must be equal.
    beyond : int
        Rows beyond the tolerance, and those where only one of both has a number.
    """

    column: str
    rows: int
    max_difference: float
    mean_difference: float
    percentile_99: float
    tolerance: str
    beyond: int


@dataclass(frozen=True)
class CasesResult:
    """The table with our columns, and how far apart both are.

    Attributes
    ----------
    table : DataFrame
        The columns of the file as they are, each followed by ``computed_`` and its name where we have
        the value; a computed column without a reference comes last.
    comparisons : tuple of Comparison
        The loss first.
    """

    model: str
    table: pd.DataFrame
    comparisons: tuple[Comparison, ...]

    @property
    def beyond(self) -> int:
        """Rows whose loss is beyond the tolerance."""
        return self.comparisons[0].beyond if self.comparisons else 0

    @property
    def intermediate_beyond(self) -> tuple[tuple[str, int], ...]:
        """Columns beside the loss with rows beyond their tolerance, and how many."""
        return tuple((c.column, c.beyond) for c in self.comparisons[1:] if c.beyond)

    def say(self, lang: Language) -> str:
        """Return the summary as a table of text."""
        return summary_text(self, lang)


def compute_cases(model: str, cases_path: Path, profiles_path: Path | None = None) -> CasesResult:
    """Compute every case of a table.

    Parameters
    ----------
    model : str
        One of `MODELS`.
    cases_path : Path
        CSV with the column names of the published reference data, or NTIA's examples in JSON. Reference
        columns may be missing; then there is nothing to compare.
    profiles_path : Path, optional
        JSON with the terrain profiles. By default the file beside the cases whose name ends in
        ``_profiles.json``.

    Returns
    -------
    CasesResult

    Raises
    ------
    InputError
        With every fault: missing columns, cells that are no numbers or out of range, profiles that are
        missing, short or have gaps.
    ValueError
        If the model is not known.
    """
    if model not in MODELS:
        raise ValueError(f"model = {model!r}: must be one of {', '.join(MODELS)}")
    faults = Faults()
    raw = read_cases(Path(cases_path), faults)
    faults.raise_errors()
    assert raw is not None
    layout = _layout(model, raw, Path(cases_path), faults)
    faults.raise_errors()
    assert layout is not None
    chosen = [(n, cells) for n, cells in raw.rows if layout.keep(cells)]
    if not chosen:
        faults.add(fault(
            "no-rows", Text("tệp không có trường hợp nào cho mô hình {model}.", "the file holds no case for "
            "the model {model}."), Text("", ""), Path(cases_path), model=model,
        ))
        faults.raise_errors()
    profiles = _profiles(layout, Path(cases_path), profiles_path, faults)
    rows = [(n, typed_row(n, cells, layout.columns, Path(cases_path), faults)) for n, cells in chosen]
    # Where the file of profiles cannot be read, that is the one fault, and not one of every row.
    if profiles is not None:
        _check_profiles(layout, rows, profiles, Path(cases_path), faults)
    faults.raise_errors()
    assert profiles is not None
    computed = _computed(layout, rows, profiles, Path(cases_path), faults)
    faults.raise_errors()
    table = _table(raw.columns, [cells for _, cells in chosen], computed)
    return CasesResult(model, table, _comparisons(layout, table))


def _layout(model: str, raw: RawCases, path: Path, faults: Faults) -> Layout | None:
    layouts = [layout for layout in LAYOUTS if layout.model == model]
    missing = {layout: layout.missing(raw.columns) for layout in layouts}
    nearest = min(layouts, key=lambda layout: len(missing[layout]))
    if not missing[nearest]:
        return nearest
    for name in missing[nearest]:
        faults.add(fault(
            "missing-column", Text("thiếu cột.", "the column is missing."),
            Text("Mô hình {model} cần các cột: {wanted}.", "The model {model} needs the columns: {wanted}."),
            path, column=name, model=model,
            wanted=", ".join(c.name for c in nearest.columns if not c.optional),
        ))
    return None


def default_profiles(cases_path: Path) -> Path | None:
    """Return the file of profiles that belongs to a table of cases, if it lies beside it."""
    stem = cases_path.stem
    names = [f"{stem}_profiles.json", f"{stem.removesuffix('_cases')}_profiles.json"]
    found = [cases_path.with_name(name) for name in names]
    return next((path for path in found if path.exists()), None)


def _profiles(
    layout: Layout, cases: Path, given: Path | None, faults: Faults
) -> dict[str, Profile] | None:
    if not layout.profile_column:
        return {}
    inside = cases if cases.suffix.lower() == ".json" else None
    path = given or inside or default_profiles(cases)
    if path is None:
        faults.add(fault(
            "no-profiles", Text("mô hình cần mặt cắt địa hình.", "the model needs terrain profiles."),
            Text("Thêm --profiles TỆP.json.", "Give --profiles FILE.json."), cases,
        ))
        faults.raise_errors()
        return {}
    unreadable = _why_unreadable(Path(path))
    if unreadable is not None:
        faults.add(unreadable)
        return None
    return read_profiles(Path(path), faults)


_NOT_READ = Text("không đọc được tệp mặt cắt.", "the file of profiles cannot be read.")
_CHECK_PATH = Text("Kiểm tra đường dẫn và quyền đọc.", "Check the path and the right to read it.")
_NOT_UTF8 = Text("tệp mặt cắt không phải UTF-8.", "the file of profiles is not in UTF-8.")
_NOT_JSON = Text(
    "tệp mặt cắt không phải JSON (dòng {line}, cột {at}).",
    "the file of profiles is not JSON (line {line}, column {at}).",
)
_NO_PROFILES = Text("tệp không có mặt cắt nào.", "the file holds no profile.")
_HOW_PROFILES = Text(
    "Cần JSON: tên mặt cắt, mỗi mặt cắt có step_m và elev_m, hoặc d_km và h_masl.",
    "Give JSON: names of profiles, each with step_m and elev_m, or d_km and h_masl.",
)


def _why_unreadable(path: Path) -> Fault | None:
    """Return what is wrong with the file of profiles as a whole, in our words and not in Python's."""
    code = "profiles-unreadable"
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError:
        return fault(code, _NOT_READ, _CHECK_PATH, path)
    except UnicodeDecodeError:
        return fault(code, _NOT_UTF8, _HOW_PROFILES, path)
    except json.JSONDecodeError as error:
        return fault(code, _NOT_JSON, _HOW_PROFILES, path, line=error.lineno, at=error.colno)
    except (RecursionError, ValueError):  # nested without end; a number of thousands of digits
        return fault(code, _NO_PROFILES, _HOW_PROFILES, path)
    if not isinstance(content, dict | list) or not content:
        return fault(code, _NO_PROFILES, _HOW_PROFILES, path)
    return None


def _name_of_profile(layout: Layout, row: Row) -> str:
    return str(row.get(layout.profile_column, "profile_pfl"))


def _check_profiles(
    layout: Layout, rows: Sequence[tuple[str, Row | None]], profiles: dict[str, Profile], path: Path,
    faults: Faults,
) -> None:
    if not layout.profile_column:
        return
    told = {fault.row for fault in faults if fault.code == "cases.profile"}
    for number, row in rows:
        if row is None:
            continue
        name = _name_of_profile(layout, row)
        if name in told:
            continue
        profile = profiles.get(name)
        if profile is None:
            faults.add(fault(
                "unknown-profile", Text("không có mặt cắt này.", "there is no such profile."),
                Text("Kiểm tra tên trong tệp mặt cắt.", "Check the name in the file of profiles."), path,
                row=number, column=layout.profile_column, value=name,
            ))
        elif layout.even_steps and math.isnan(profile.step_m):
            faults.add(fault(
                "uneven-profile", Text("mặt cắt không cách đều.", "the profile has uneven steps."),
                Text("Mô hình ITM cần bước đều.", "ITM needs equal steps."), path,
                row=number, column=layout.profile_column, value=name,
            ))


def _computed(
    layout: Layout, rows: Sequence[tuple[str, Row | None]], profiles: dict[str, Profile], path: Path,
    faults: Faults,
) -> list[dict[str, Value]]:
    results = []
    for number, row in rows:
        assert row is not None
        profile = profiles[_name_of_profile(layout, row)] if layout.profile_column else None
        try:
            results.append(layout.compute(row, profile))
        except ValueError as error:
            faults.add(fault(
                "model", Text("mô hình từ chối: {reason}.", "the model refuses: {reason}."),
                Text("Sửa giá trị nêu trên.", "Mend the value named."), path, row=number, reason=str(error),
            ))
    return results


def _table(
    columns: Sequence[str], rows: Sequence[object], computed: Sequence[dict[str, Value]]
) -> pd.DataFrame:
    import pandas as pd

    given = pd.DataFrame(rows, columns=list(columns), dtype=object).fillna("")
    ours = pd.DataFrame(computed)
    parts: dict[str, object] = {}
    for name in columns:
        numbers = pd.to_numeric(given[name], errors="coerce")
        parts[name] = numbers if numbers.notna().all() else given[name].astype(str)
        if name in ours:
            parts[f"computed_{name}"] = ours[name]
    for name in map(str, ours.columns):
        parts.setdefault(f"computed_{name}", ours[name])
    return pd.DataFrame(parts)


def _comparisons(layout: Layout, table: pd.DataFrame) -> tuple[Comparison, ...]:
    import numpy as np
    import pandas as pd

    found = []
    for column, absolute, relative in layout.compared:
        if column not in table or f"computed_{column}" not in table:
            continue
        theirs = pd.to_numeric(table[column].map(_from_hex), errors="coerce").to_numpy(dtype=float)
        ours = pd.to_numeric(table[f"computed_{column}"], errors="coerce").to_numpy(dtype=float)
        both = np.isfinite(theirs) & np.isfinite(ours)
        apart = np.abs(ours - theirs)[both]
        allowed = absolute + relative * np.abs(theirs[both]) + 1e-9
        lonely = int(np.count_nonzero(np.isfinite(theirs) & ~np.isfinite(ours) & ~layout.refused(table)))
        text = f"{100.0 * relative:g}%" if relative else f"{absolute:g}" if absolute else "="
        largest, mean, most = (
            (float(apart.max()), float(apart.mean()), float(np.percentile(apart, 99.0)))
            if apart.size else (math.nan, math.nan, math.nan)
        )
        beyond = int(np.count_nonzero(apart > allowed)) + lonely
        found.append(Comparison(column, int(both.sum()), largest, mean, most, text, beyond))
    return tuple(found)


def _from_hex(value: object) -> object:
    return int(value, 16) if isinstance(value, str) and value.startswith("0x") else value


_HEADINGS = (
    Text("cột", "column"), Text("số dòng", "rows"), Text("lệch lớn nhất", "max difference"),
    Text("trung bình", "mean"), Text("99%", "99%"), Text("dung sai", "tolerance"),
    Text("vượt", "beyond"),
)
_NOTHING = Text(
    "{n} trường hợp đã tính; tệp không có cột tham chiếu để so.",
    "{n} cases computed; the file has no reference column to compare with.",
)


def _figure(value: float, lang: Language) -> str:
    if not math.isfinite(value):
        return "–"
    if 0.0 < value < 1e-3:
        text = f"{value:.1e}"
        return text.replace(".", ",") if lang == "vi" else text
    return format_number(value, lang, 4 if value else 0)


def summary_text(result: CasesResult, lang: Language) -> str:
    """Return the comparisons as aligned text, the loss first."""
    if not result.comparisons:
        return _NOTHING.say(lang, n=len(result.table))
    lines = [[heading.say(lang) for heading in _HEADINGS]]
    for c in result.comparisons:
        figures = [_figure(v, lang) for v in (c.max_difference, c.mean_difference, c.percentile_99)]
        tolerance = c.tolerance if lang == "en" else c.tolerance.replace(".", ",")
        counts = [format_number(count, lang) for count in (c.rows, c.beyond)]
        lines.append([c.column, counts[0], *figures, tolerance, counts[1]])
    widths = [max(len(line[i]) for line in lines) for i in range(len(_HEADINGS))]
    padded = [
        [line[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(line[1:], widths[1:], strict=True))]
        for line in lines
    ]
    return "\n".join("  ".join(line) for line in padded)


def write_cases(result: CasesResult, path: Path) -> None:
    """Write the table as CSV, numbers as short as they can be read back exactly."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(result.table.columns)
        for row in result.table.itertuples(index=False):
            writer.writerow(["" if isinstance(v, float) and math.isnan(v) else v for v in row])
