"""Tables by commune codes of before July 2025: found by the project's word or by evidence."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from phusong.layers.boundaries.codes import COMMUNE_DIGITS, match_codes
from phusong.layers.boundaries.province import Province
from phusong.layers.source import Layer
from phusong.layers.tables.columns import Table, to_text


def old_codes(table: Table, layer: Layer, province: Province) -> NDArray[np.object_] | None:
    """Return a table's codes if they are of before the merger, None if they are the present ones; tell which.

    Where the project says nothing, codes that the province has are taken for the present ones; others are
    looked up in the lists of both vintages.

    Returns
    -------
    array of object (str), shape (n,), or None
        Five digits.
    """
    from phusong.layers.boundaries.crosswalk import Vintage
    from phusong.layers.boundaries.vintage import tell_vintage, vintage_of

    given = table["commune_code"]
    declared: Vintage | None = None
    if layer.settings.vintage is not None:
        declared = "2024" if str(layer.settings.vintage) == "2024" else "2025"
    settled = match_codes(given.tolist(), province.codes)
    known = set(province.codes)
    if declared == "2025" or (declared is None and all(c in known for c in settled.tolist() if c)):
        return None
    codes = [c.zfill(COMMUNE_DIGITS) if re.fullmatch(r"\d{1,5}", c) else c for c in given.tolist()]
    names = to_text(table["commune_name"]).tolist() if table.has("commune_name") else None
    answer = vintage_of(codes, names, declared=declared)
    if answer.reason == "undecided":
        return None  # both lists have them: they are held against the province, as present codes are
    if answer.vintage == "2024" or answer.reason == "mixed":
        tell_vintage(layer.report, table.headers["commune_code"], answer, table.raw.rows.tolist())
    return np.array(codes, dtype=object) if answer.vintage == "2024" else None


def present_codes(table: Table, layer: Layer, province: Province | None) -> Table:
    """Return a table whose old codes are replaced by those of their heirs; empty where one was divided.

    For layers of points, whose position tells the commune of those that are left empty.
    """
    if province is None or not table.has("commune_code") or not layer.vietnamese:
        return table
    old = old_codes(table, layer, province)
    if old is None:
        return table
    from phusong.layers.boundaries.crosswalk import crosswalk

    heirs = crosswalk().heirs
    new = {c: links[0].new if len(links := heirs.get(c, ())) == 1 else "" for c in set(old.tolist())}
    carried = np.array([new[c] for c in old.tolist()], dtype=object)
    return replace(table, columns={**table.columns, "commune_code": carried})
