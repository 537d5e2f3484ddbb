"""Households with fibre, as the operators report them per commune."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from phusong.layers.codes import settle_codes, tell_duplicates
from phusong.layers.columns import Column
from phusong.layers.province import Province
from phusong.layers.rules import error, warning
from phusong.layers.source import Layer

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    Column("commune_code", needed=True),
    Column("households", "number", needed=True, low=0.0, whole=True),
    Column("households_with_fibre", "number", needed=True, low=0.0, whole=True),
    Column("as_of", "date"),
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
SILENT = warning(
    "communes-without-households",
    "{n} xã không có số liệu hộ gia đình: {names}.", "{n} communes have no figures of households: {names}.",
)


def read_households(layer: Layer, province: Province | None) -> pd.DataFrame | None:
    """Read the households with fibre.

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
    codes = settle_codes(table, province.codes if province is not None else None)
    tell_duplicates(table, "commune_code", codes, DUPLICATE)
    households, fibre = table["households"], table["households_with_fibre"]
    table.each(TOO_MANY, fibre > households, "households_with_fibre", fibre=fibre, households=households)
    if province is not None:
        known = set(province.codes)
        lost = np.array([code not in known for code in codes], dtype=bool) & (codes != "")
        if lost.any():
            layer.report.once(UNKNOWN_SUM, n=int(lost.sum()), households=float(np.nansum(households[lost])))
        silent = [c for c in province.codes if c not in set(codes.tolist())]
        if silent:
            names = ", ".join(silent[:10]) + (", …" if len(silent) > 10 else "")
            layer.report.once(SILENT, n=len(silent), names=names)
    as_of = table["as_of"] if table.has("as_of") else np.full(len(table), None, dtype=object)
    return pd.DataFrame(
        {
            "commune_code": codes,
            "households": households,
            "households_with_fibre": fibre,
            "as_of": pd.Series(as_of, dtype=object),
        }
    )


