"""Households with fibre, as the operators report them per commune."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from phusong.layers.boundaries.carry import convert_table, tell_carried
from phusong.layers.boundaries.codes import settle_codes, tell_duplicates
from phusong.layers.boundaries.old_codes import old_codes
from phusong.layers.boundaries.old_communes import OldCommunes
from phusong.layers.boundaries.province import Province
from phusong.layers.positions.columns import COMMUNE_NAME, codes_of_names
from phusong.layers.rules import error, hint, warning
from phusong.layers.source import Layer
from phusong.layers.tables.columns import Column, Table

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    Column("commune_code", needed=True, instead="commune_name"),
    Column("households", "number", needed=True, low=0.0, whole=True),
    Column("households_with_fibre", "number", needed=True, low=0.0, whole=True),
    Column("as_of", "date"),
    COMMUNE_NAME,
)

DUPLICATE = error(
    "duplicate-commune",
    "Mã xã trùng với dòng {first}.", "The commune code stands in row {first} as well.",
    "Mỗi xã một dòng: chỉ giữ số liệu mới nhất.", "One row per commune: keep the newest figures only.",
)
TOO_MANY = error(
    "more-fibre-than-households",
    "Số hộ có cáp quang ({fibre}) nhiều hơn số hộ ({households}).",
    "More households have fibre ({fibre}) than there are ({households}).",
    "Kiểm tra hai cột; số thuê bao không phải là số hộ.",
    "Check the two columns; subscribers are not households.",
)
UNKNOWN_SUM = warning(
    "households-without-commune",
    "{n} dòng với {households} hộ có mã xã không có trong lớp xã/phường: không được cộng vào xã nào.",
    "{n} rows with {households} households have codes that no commune has: they are added to none.",
    "Chuyển số liệu sang mã xã hiện hành.", "Carry the figures over to the present codes.",
)
UNKNOWN_NAME = error(
    "unknown-commune-name",
    "Không có xã nào tên này, hoặc có nhiều xã cùng tên. {near}",
    "No commune has this name, or several have. {near}",
    "Sửa tên, hoặc thêm cột mã xã.", "Mend the name, or add a column of commune codes.",
)
BY_NAME = warning(
    "communes-by-name",
    "{n} dòng được gắn với xã theo tên.", "{n} rows were given to their communes by name.",
)
SILENT = warning(
    "communes-without-households",
    "{n} xã không có số liệu hộ gia đình: {names}.", "{n} communes have no figures of households: {names}.",
)


def read_households(
    layer: Layer, province: Province | None, old: OldCommunes | None = None
) -> pd.DataFrame | None:
    """Read the households with fibre.

    Parameters
    ----------
    layer : Layer
    province : Province or None
    old : OldCommunes, optional
        Boundaries by which figures of divided old communes are carried by people.

    Returns
    -------
    DataFrame or None
        ``commune_code households households_with_fibre as_of`` in the order of the file; ``as_of`` is
        a `datetime.date`, or None where the file gives none.
    """
    import pandas as pd

    table = layer.open(COLUMNS)
    if table is None:
        return None
    carried = _of_before_the_merger(table, layer, province, old)
    if carried is not None:
        _tell_lost(layer, province, carried["commune_code"].to_numpy(), carried["households"].to_numpy())
        return carried
    codes = _codes(table, province)
    tell_duplicates(table, "commune_code", codes, DUPLICATE)
    households, fibre = table["households"], table["households_with_fibre"]
    table.each(TOO_MANY, fibre > households, "households_with_fibre", fibre=fibre, households=households)
    _tell_lost(layer, province, codes, households)
    as_of = table["as_of"] if table.has("as_of") else np.full(len(table), None, dtype=object)
    return pd.DataFrame(
        {
            "commune_code": codes,
            "households": households,
            "households_with_fibre": fibre,
            "as_of": pd.Series(as_of, dtype=object),
        }
    )


def _codes(table: Table, province: Province | None) -> NDArray[np.object_]:
    """Return the communes' codes: those of the table, else by the names of the communes."""
    if table.has("commune_code"):
        return settle_codes(table, province.codes if province is not None else None)
    names = table["commune_name"]
    if province is None:
        return np.full(len(names), "", dtype=object)
    codes = codes_of_names(names, province)
    near = [str(n) for n in province.communes["commune_name"]]
    lost = codes == ""
    hints = np.empty(len(names), dtype=object)
    for i in np.flatnonzero(lost):
        hints[i] = hint(names[i], near)
    table.each(UNKNOWN_NAME, lost, "commune_name", near=hints)
    table.report.once(BY_NAME, column=table.headers["commune_name"], n=int((~lost).sum()))
    return codes


def _of_before_the_merger(
    table: Table, layer: Layer, province: Province | None, ground: OldCommunes | None
) -> pd.DataFrame | None:
    """Return figures by communes of before July 2025 carried to the present ones; None for present codes."""
    import pandas as pd

    if province is None or not table.has("commune_code") or not layer.vietnamese:
        return None
    old = old_codes(table, layer, province)
    if old is None:
        return None
    columns = ("households", "households_with_fibre")
    frame = pd.DataFrame({"code": old, **{c: table[c] for c in columns}})
    rule = layer.settings.divided
    weights = ground.weights if ground is not None else None
    found = convert_table(frame, "code", columns, weights=weights, rule=rule)
    tell_carried(layer.report, table.headers["commune_code"], found, "2024", rule)
    days = [d for d in table["as_of"] if d is not None] if table.has("as_of") else []
    # A sum of figures of several days is as old as the oldest.
    as_of = pd.Series([min(days) if days else None] * len(found.table), dtype=object)
    return pd.DataFrame(
        {
            "commune_code": found.table["code"].to_numpy(dtype=object),
            **{c: found.table[c].to_numpy(dtype=np.float64) for c in columns},
            "as_of": as_of,
        }
    )


def _tell_lost(
    layer: Layer, province: Province | None, codes: NDArray[np.object_], households: NDArray[np.float64]
) -> None:
    """Tell figures of communes that the province lacks, and communes without figures."""
    if province is None:
        return
    known = set(province.codes)
    lost = np.array([code not in known for code in codes], dtype=bool) & (codes != "")
    if lost.any():
        layer.report.once(UNKNOWN_SUM, n=int(lost.sum()), households=float(np.nansum(households[lost])))
    silent = [c for c in province.codes if c not in set(codes.tolist())]
    if silent:
        names = ", ".join(silent[:10]) + (", …" if len(silent) > 10 else "")
        layer.report.once(SILENT, n=len(silent), names=names)
