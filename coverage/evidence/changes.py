"""What changed between two runs: inputs, parameters, figures, places, stations, and what can be blamed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from phusong.coverage.evidence.carried_runs import Carry, carry_runs
from phusong.coverage.evidence.change_causes import blame, change_of_stations
from phusong.coverage.evidence.history import KEY, NUMBERS, Run
from phusong.data.language import Text
from phusong.layers.faults import ExpectedError

if TYPE_CHECKING:
    import pandas as pd

Status = Literal["same", "changed", "added", "removed"]

OTHER_PLACE = Text(
    "Hai kết quả không có xã nào chung: {before} và {after}.",
    "The two results have no commune in common: {before} and {after}.",
)
NOTES: Mapping[str, Text] = {
    "service-before": Text(
        "Dịch vụ {name} chỉ có ở kết quả trước: không so sánh được.",
        "Service {name} is in the earlier results only: it cannot be compared.",
    ),
    "service-after": Text(
        "Dịch vụ {name} chỉ có ở kết quả sau: không so sánh được.",
        "Service {name} is in the later results only: it cannot be compared.",
    ),
    "operator-before": Text(
        "Nhà mạng {name} chỉ có ở kết quả trước.", "Operator {name} is in the earlier results only."
    ),
    "operator-after": Text(
        "Nhà mạng {name} chỉ có ở kết quả sau.", "Operator {name} is in the later results only."
    ),
    "communes-before": Text(
        "{n} xã chỉ có ở kết quả trước, không nằm trong các bảng thay đổi theo xã: {names}.",
        "{n} communes are in the earlier results only and in no table of changes: {names}.",
    ),
    "communes-after": Text(
        "{n} xã chỉ có ở kết quả sau, không nằm trong các bảng thay đổi theo xã: {names}.",
        "{n} communes are in the later results only and in no table of changes: {names}.",
    ),
    "no-places": Text(
        "Một trong hai thư mục không có places.csv: không so sánh được từng thôn, làng.",
        "One of the folders has no places.csv: villages cannot be compared one by one.",
    ),
    "no-stations": Text(
        "Một trong hai thư mục không có stations.csv (bản công khai hoặc bản chương trình cũ): không nói "
        "được trạm nào thêm, bớt, đổi.",
        "One of the folders has no stations.csv (a public version, or an older program's): which stations "
        "came, went or changed cannot be said.",
    ),
    "program": Text(
        "Hai kết quả do hai phiên bản chương trình tính ({before} và {after}): một phần khác nhau có thể "
        "do đó.",
        "Two versions of the program computed the results ({before} and {after}): part of the difference "
        "may be theirs.",
    ),
    "public": Text(
        "Một trong hai kết quả là bản công khai: chỉ so sánh được phần 'bất kỳ nhà mạng nào'.",
        "One of the results is a public version: only 'any operator' can be compared.",
    ),
    "criterion": Text(
        "Tiêu chí của {name} khác nhau: trước '{before}', sau '{after}'.",
        "The criterion of {name} differs: before '{before}', after '{after}'.",
    ),
    "backwards": Text(
        "Số liệu của kết quả 'trước' ({before}) mới hơn kết quả 'sau' ({after}).",
        "The data of the 'earlier' results ({before}) are newer than those of the 'later' ({after}).",
    ),
    "carried": Text(
        "{n} xã trước sắp xếp được quy về xã hiện nay; {by_area} xã bị chia được chia theo {basis}.",
        "{n} communes of before the merger are carried to the present ones; {by_area} divided ones by "
        "{basis}.",
    ),
    "carried-left": Text(
        "{n} xã cũ không quy đổi được ({names}): {people:.0f} người không nằm trong bảng theo xã.",
        "{n} old communes could not be carried ({names}): {people:.0f} people are in no commune of the "
        "tables.",
    ),
}


@dataclass(frozen=True)
class InputChange:
    """One layer of either run; the days are those of the data, empty where it was not there."""

    layer: str
    status: Status
    before: str
    after: str
    rows_before: int
    rows_after: int


@dataclass(frozen=True)
class ParameterChange:
    """One key of the project file that differs; None where one side has not got it."""

    key: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Said:
    """A sentence with its values."""

    text: Text
    values: Mapping[str, Any]
    code: str


@dataclass(frozen=True)
class Comparison:
    """Two runs beside each other.

    Attributes
    ----------
    before, after : Run
    services : tuple of str
        Those of both.
    inputs : tuple of InputChange
        Every layer of either.
    parameters : tuple of ParameterChange
        Those that differ, file paths and the day of the province left out.
    notes : tuple of Said
        What cannot be compared, and what else must be known.
    figures : DataFrame
        One row per figure of either: `KEY`, ``name``, ``n_before of_before percent_before n_after of_after
        percent_after change points``, NaN where a side has not got it; across the merger by present communes.
    effects : DataFrame
        Of ``population``: `KEY`, ``name change by_reach by_people``: ``change = by_reach + by_people``.
    places : DataFrame
        Places that came, went, moved, gained or lost: see `phusong.coverage.evidence.change_causes`.
    stations : DataFrame or None
        Cells that came, went or changed.
    carry : Carry or None
        How figures came across the merger.
    """

    before: Run
    after: Run
    services: tuple[str, ...]
    inputs: tuple[InputChange, ...]
    parameters: tuple[ParameterChange, ...]
    notes: tuple[Said, ...]
    figures: pd.DataFrame
    effects: pd.DataFrame
    places: pd.DataFrame
    stations: pd.DataFrame | None
    carry: Carry | None

    @property
    def changed_figures(self) -> pd.DataFrame:
        """Figures of both sides that are not the same number."""
        f = self.figures
        moved = np.zeros(len(f), dtype=bool)
        for a, b in (("n_before", "n_after"), ("of_before", "of_after")):
            x, y = f[a].to_numpy(float), f[b].to_numpy(float)
            moved |= ~np.isclose(x, y, rtol=1e-9, atol=1e-6, equal_nan=True)
        return f[moved]

    @property
    def nothing(self) -> bool:
        """Tell whether no figure, place, station, input or parameter differs."""
        return not (
            len(self.changed_figures)
            or len(self.places)
            or (self.stations is not None and len(self.stations))
            or any(i.status != "same" for i in self.inputs)
            or self.parameters
            or self.notes
        )


def compare_runs(before: Run, after: Run) -> Comparison:
    """Compare two output folders.

    Where one has communes of before 1 July 2025, its figures are carried to the present ones; numerators and
    denominators are, never percentages.

    Raises
    ------
    ExpectedError
        They have no commune in common.
    """
    carry = carry_runs(before, after)
    old = carry.indicators if carry is not None and carry.side == "before" else before.indicators
    new = carry.indicators if carry is not None and carry.side == "after" else after.indicators
    figures = _figures(old, new)
    communes = figures[figures["level"] == "commune"]
    if not (communes["n_before"].notna() & communes["n_after"].notna()).any():
        raise ExpectedError(
            OTHER_PLACE,
            before=f"{before.province} ({before.province_code})",
            after=f"{after.province} ({after.province_code})",
        )
    services = tuple(s for s in after.services if s in before.services)
    inputs, parameters = _inputs(before, after), _parameters(before, after)
    stations = None
    if before.stations is not None and after.stations is not None:
        stations = change_of_stations(before.stations, after.stations)
    return Comparison(
        before, after, services, inputs, parameters, tuple(_notes(before, after, figures, carry)), figures,
        _effects(figures), blame(before, after, services, inputs, stations), stations, carry,
    )  # fmt: skip


def _inputs(before: Run, after: Run) -> tuple[InputChange, ...]:
    found = []
    for layer in dict.fromkeys([*before.inputs, *after.inputs]):
        a, b = before.inputs.get(layer), after.inputs.get(layer)
        status: Status = "same"
        if a is None or b is None:
            status = "added" if a is None else "removed"
        elif a.sha256 != b.sha256:
            status = "changed"
        found.append(InputChange(
            layer, status, "" if a is None else a.as_of, "" if b is None else b.as_of,
            0 if a is None else a.rows, 0 if b is None else b.rows,
        ))  # fmt: skip
    return tuple(found)


_NOT_PARAMETERS = ("province.as_of", "history.", "costs.", "targets.", "reported.")


def _parameters(before: Run, after: Run) -> tuple[ParameterChange, ...]:
    """Return the keys on which figures depend and that differ; where files lie is told by the inputs."""
    found = []
    for key in dict.fromkeys([*before.parameters, *after.parameters]):
        a, b = before.parameters.get(key), after.parameters.get(key)
        blank = a in (None, "", {}, []) and b in (None, "", {}, [])
        if a == b or blank or key.startswith(_NOT_PARAMETERS):
            continue
        if key.split(".")[0] in ("layers", "places", "zones") and key.rpartition(".")[2] in ("path", "as_of"):
            continue
        found.append(ParameterChange(key, a, b))
    return tuple(found)


def _figures(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    keys = list(KEY)
    # The code of a province may change; there is one in either run.
    codes = [f["code"].astype(str).where(f["level"] != "province", "") for f in (old, new)]
    frames = [f.assign(code=c) for f, c in zip((old, new), codes, strict=True)]
    both = frames[0].merge(frames[1], on=keys, how="outer", suffixes=("_before", "_after"), validate="1:1")
    values = {
        f"{short}_{side}": both[f"{long}_{side}"].to_numpy(float)
        for side in ("before", "after")
        for short, long in zip(("n", "of"), NUMBERS, strict=True)
    }
    table = pd.DataFrame({**{k: both[k].astype(str) for k in keys}, **values})
    table.insert(len(keys), "name", both["name_after"].fillna(both["name_before"]).astype(str))
    for side in ("before", "after"):
        of = table[f"of_{side}"].to_numpy(float)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = 100.0 * table[f"n_{side}"].to_numpy(float) / of
        table[f"percent_{side}"] = np.where(of > 0.0, share, np.nan)
    table["change"] = table["n_after"] - table["n_before"]
    table["points"] = table["percent_after"] - table["percent_before"]
    table["_order"] = (table["level"] != "province").astype(int)
    return table.sort_values(["_order", *keys[1:]], kind="stable", ignore_index=True).drop(columns="_order")


def _effects(figures: pd.DataFrame) -> pd.DataFrame:
    """Take the change in people covered apart, exactly, into what reach and what people account for.

    With covered people ``n = s N``: ``n1 - n0 = (s1 - s0)(N0 + N1)/2 + (N1 - N0)(s0 + s1)/2``, the mean of
    the two orders in which one could change after the other (Shapley's values of two causes). The province's
    parts are the sums of the communes'.
    """
    own = figures[(figures["indicator"] == "population") & (figures["level"] == "commune")]
    own = own.dropna(subset=["n_before", "n_after", "of_before", "of_after"])
    n0, n1 = own["n_before"].to_numpy(float), own["n_after"].to_numpy(float)
    of0, of1 = own["of_before"].to_numpy(float), own["of_after"].to_numpy(float)
    s0 = np.divide(n0, of0, out=np.zeros_like(n0), where=of0 > 0)
    s1 = np.divide(n1, of1, out=np.zeros_like(n1), where=of1 > 0)
    # Where nobody lived, or lives, a share says nothing: all that changes is the people.
    s0, s1 = np.where(of0 > 0, s0, s1), np.where(of1 > 0, s1, s0)
    frame = own[[*KEY, "name"]].assign(
        change=n1 - n0, by_reach=(s1 - s0) * (of0 + of1) / 2.0, by_people=(of1 - of0) * (s0 + s1) / 2.0
    )
    return frame.reset_index(drop=True)


def province_effects(found: Comparison, service: str, operator: str = "any") -> tuple[float, float, float]:
    """Return change, part by reach and part by people, summed over the communes of both sides."""
    own = found.effects[(found.effects["service"] == service) & (found.effects["operator"] == operator)]
    change, reach, people = (float(own[c].sum()) for c in ("change", "by_reach", "by_people"))
    return change, reach, people


def _notes(before: Run, after: Run, figures: pd.DataFrame, carry: Carry | None) -> list[Said]:
    found: list[Said] = []

    def add(code: str, **values: Any) -> None:
        """Keep one note."""
        found.append(Said(NOTES[code], values, code))

    for a, b, side in ((before, after, "before"), (after, before, "after")):
        for name in a.services:
            if name not in b.services:
                add(f"service-{side}", name=name)
        if not (a.public or b.public):
            for name in a.operators():
                if name not in b.operators():
                    add(f"operator-{side}", name=name)
    for name, service in after.services.items():
        other = before.services.get(name)
        if other is not None:
            was, now = (_criterion(s["criterion"]) for s in (other, service))
            if was != now:
                add("criterion", name=name, before=was, after=now)
    communes = figures[figures["level"] == "commune"]
    here = communes.groupby("code", sort=True)[["n_before", "n_after"]].count()
    names = communes.drop_duplicates("code").set_index("code")["name"]
    for side, column in (("before", "n_after"), ("after", "n_before")):
        only = here.index[here[column] == 0].tolist()
        if only:
            add(f"communes-{side}", n=len(only), names=listed([f"{names[c]} ({c})" for c in only]))
    if before.places is None or after.places is None:
        add("no-places")
    if before.stations is None or after.stations is None:
        add("no-stations")
    if before.program != after.program:
        add("program", before=before.program, after=after.program)
    if before.public != after.public:
        add("public")
    if before.as_of > after.as_of:
        add("backwards", before=before.as_of, after=after.as_of)
    if carry is not None:
        add("carried", n=carry.units, by_area=len(carry.divided), basis=carry.basis)
        if carry.left:
            add("carried-left", n=len(carry.left), names=listed(carry.left), people=carry.people_left)
    return found


def _criterion(said: Mapping[str, str]) -> Text:
    # Earlier versions put a space before the sign.
    vi, en = (str(said[lang]).replace(" %", "%") for lang in ("vi", "en"))
    return Text(vi.replace("{", "(").replace("}", ")"), en)


def listed(names: Sequence[str], most: int = 8) -> str:
    """Return names in a row, the rest counted."""
    more = f", … (+{len(names) - most})" if len(names) > most else ""
    return ", ".join(names[:most]) + more
