"""Codes of communes: text with leading zeros, which spreadsheets like to take away."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from phusong.layers.rules import Rule, warning
from phusong.layers.tables.columns import Table
from phusong.layers.tables.spoilt_codes import SPOILT_TWICE, spoilt_codes

COMMUNE_DIGITS = 5
"""Of a commune's code in Vietnam (Decision 19/2025/QĐ-TTg); a province has two."""

REPAIRED = warning(
    "code-repaired",
    "Mã xã mất số 0 ở đầu hoặc bị đổi thành số thập phân: hiểu là '{code}'.",
    "The commune code has lost its leading zeros, or was turned into a decimal number: taken as '{code}'.",
    "Để cột mã ở dạng văn bản trong bảng tính.", "Keep the column of codes as text in the spreadsheet.",
)
UNKNOWN = warning(
    "unknown-commune",
    "Mã xã không có trong lớp xã/phường (có thể là mã trước khi sắp xếp).",
    "The commune code is not in the communes' layer (perhaps it is of before the merger).",
    "Dùng mã hiện hành của lớp xã/phường.", "Use the present codes, those of the communes' layer.",
)

_DECIMAL = re.compile(r"(\d+)\.0+")


def is_vietnamese(province_code: str) -> bool:
    """Tell whether a province's code has the form of Vietnam's, so that communes' codes have five digits."""
    return re.fullmatch(r"\d{2}", province_code) is not None


def own_codes(codes: Sequence[str], province_code: str) -> NDArray[np.object_]:
    """Return the codes of the communes' own layer as they should be.

    ``123.0`` becomes ``123``; in Vietnam, digits are filled up to five with zeros, since no code is
    shorter. Elsewhere nothing is known of the length, and digits stay as they are.
    """
    whole = [_DECIMAL.sub(r"\1", c) if _DECIMAL.fullmatch(c) else c for c in codes]
    if is_vietnamese(province_code):
        whole = [c.zfill(COMMUNE_DIGITS) if re.fullmatch(r"\d{1,5}", c) else c for c in whole]
    return np.array(whole, dtype=object)


def match_codes(codes: Sequence[str], known: Sequence[str]) -> NDArray[np.object_]:
    """Return each code as the communes' layer spells it, where that is beyond doubt.

    A code that the layer lacks is compared without its leading zeros and without a trailing ``.0``;
    it is replaced only if exactly one commune is left. Others stay as they are.
    """
    spelt = set(known)
    by_key: dict[str, str | None] = {}
    for code in known:
        key = code.lstrip("0")
        by_key[key] = code if key not in by_key else None
    found: dict[str, str] = {}
    for code in set(codes):
        whole = _DECIMAL.sub(r"\1", code) if _DECIMAL.fullmatch(code) else code
        match = by_key.get(whole.lstrip("0")) if whole.isdigit() else None
        found[code] = code if code in spelt or match is None else match
    return np.array([found[c] for c in codes], dtype=object)


def settle_codes(
    table: Table, known: Sequence[str] | None, name: str = "commune_code"
) -> NDArray[np.object_]:
    """Return the codes of a layer, repaired by those of the communes; tell which were, and which are unknown.

    With ``known`` None (the communes could not be read) the codes are returned as they are.
    """
    codes = table[name]
    if known is None:
        return codes
    settled = match_codes(codes.tolist(), known)
    table.each(REPAIRED, settled != codes, name, code=settled)
    unknown = (settled != "") & ~np.isin(settled.astype(str), list(known))
    table.each(UNKNOWN, unknown, name)
    return settled


def tell_duplicates(table: Table, name: str, values: NDArray[np.object_], rule: Rule) -> NDArray[np.bool_]:
    """Tell every row whose value stood in an earlier row; return which they are."""
    first: dict[str, int] = {}
    again = np.zeros(len(values), dtype=bool)
    before = np.full(len(values), "", dtype=object)
    for i, value in enumerate(values.tolist()):
        if value == "":
            continue
        if value in first:
            again[i] = True
            before[i] = str(table.raw.rows[first[value]])
        else:
            first[value] = i
    spoilt = again & spoilt_codes(table[name]) if again.any() else again
    table.each(SPOILT_TWICE, spoilt, name, first=before)
    table.each(rule, again & ~spoilt, name, first=before)
    return again

