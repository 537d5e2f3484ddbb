"""Places that should be served: villages, commune centres, schools, post offices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from phusong.layers.boundaries.codes import tell_duplicates
from phusong.layers.boundaries.old_codes import present_codes
from phusong.layers.boundaries.province import Province
from phusong.layers.positions.columns import POSITION
from phusong.layers.positions.points import read_points
from phusong.layers.rules import error, warning
from phusong.layers.source import Layer
from phusong.layers.stations import commune_codes
from phusong.layers.tables.columns import Column, Table, to_text

if TYPE_CHECKING:
    import geopandas as gpd

COLUMNS = (Column("place_id"), Column("name"), Column("commune_code"), *POSITION)

DUPLICATE = error(
    "duplicate-id",
    "Mã trùng với dòng {first}.", "The id stands in row {first} as well.",
    "Mỗi đối tượng một mã riêng: xóa dòng lặp hoặc sửa mã.",
    "Each needs an id of its own: delete the repetition, or mend the id.",
)
NO_NAME = warning(
    "no-name",
    "{n} dòng không có tên: dùng mã thay tên.", "{n} rows have no name: the id stands for it.",
    'Khai cột tên: columns = {{ name = "…" }}.', 'Say which column holds it: columns = {{ name = "…" }}.',
)


def read_places(
    layer: Layer, province: Province | None, more: tuple[Column, ...] = ()
) -> gpd.GeoDataFrame | None:
    """Read a layer of places, and ``more`` columns that are checked where the file has them.

    Rows without an id are called ``<layer>-<row>``.

    Returns
    -------
    GeoDataFrame or None
        ``place_id name commune_code lon lat``, the file's other columns, ``geometry``.
    """
    import geopandas as gpd

    table = layer.open((*COLUMNS, *more), free=True)
    if table is None:
        return None
    table = present_codes(table, layer, province)
    points = read_points(table, layer.settings, province, province_code=layer.province_code)
    if points is None:
        return None
    ids = settle_ids(table, "place_id", layer.name)
    columns = {
        "place_id": ids,
        "name": settle_names(table, ids),
        "commune_code": commune_codes(table, points, province),
        "lon": points.lon,
        "lat": points.lat,
        **{column.name: table[column.name] for column in more if table.has(column.name)},
        **other_columns(table),
    }
    crs = province.grid.crs if province is not None else None
    return gpd.GeoDataFrame(columns, geometry=points.shapes(), crs=crs)


def settle_ids(table: Table, name: str, layer: str) -> NDArray[np.object_]:
    """Return the ids of a layer, with ``<layer>-<row>`` where there is none; tell duplicates."""
    stem = layer.rpartition(".")[2]
    ids = table[name].copy() if table.has(name) else np.full(len(table), "", dtype=object)
    tell_duplicates(table, name, ids, DUPLICATE)
    for i in np.flatnonzero(ids == ""):
        ids[i] = f"{stem}-{table.raw.rows[i]}"
    return ids


def settle_names(table: Table, ids: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return the names of a layer, the id where there is none."""
    given = table["name"] if table.has("name") else np.full(len(table), "", dtype=object)
    nameless = given == ""
    if nameless.any():
        table.report.once(NO_NAME, column=table.headers.get("name", "name"), n=int(nameless.sum()))
    return np.where(nameless, ids, given)


def other_columns(table: Table) -> dict[str, NDArray[np.object_]]:
    """Return the file's other columns, carried through: numbers of the file's own as they are, else text."""
    return {
        name: cells if cells.dtype.kind in "iufb" else to_text(cells)
        for name, cells in table.others.items() if name != "geometry"
    }
