"""Coverage as operators declare it: polygons, each of one operator and technology."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from phusong.layers.boundaries.province import Province
from phusong.layers.faults import Faults
from phusong.layers.inventory import Layers
from phusong.layers.measurements import Reading
from phusong.layers.on_disk import found_path
from phusong.layers.rules import error, fold, hint, warning
from phusong.layers.source import Layer
from phusong.layers.stations import settle_technologies
from phusong.layers.tables.columns import Column
from phusong.layers.vectors.shapes import AREAS, read_shapes

if TYPE_CHECKING:
    import geopandas as gpd

COLUMNS = (Column("operator"), Column("technology"))

NO_TECHNOLOGY = error(
    "no-technology",
    "Không có cột công nghệ.", "There is no column of the technology.",
    "Nếu cả tệp cùng một công nghệ: --technology 4G.", "If all of it is of one: --technology 4G.",
)
NO_OPERATOR = error(
    "no-operator",
    "Không có cột nhà mạng.", "There is no column of the operator.",
    "Nếu cả tệp của một nhà mạng: --operator TÊN.", "If all of it is of one: --operator NAME.",
)
OTHER_OPERATOR = warning(
    "unknown-operator",
    "Nhà mạng '{name}' không có trong danh sách trạm: không đối chiếu.{near}",
    "The operator '{name}' has no station here: not compared.{near}",
)


def read_declared(path: Path, layers: Layers, reading: Reading | None = None) -> gpd.GeoDataFrame:
    """Read polygons of declared coverage.

    Returns
    -------
    GeoDataFrame
        ``operator technology geometry`` (valid polygons in the grid's system), operators spelt as in the
        inventory.

    Raises
    ------
    InputError
    """
    import geopandas as gpd

    faults = Faults()
    province = Province(layers.grid, layers.communes)
    path = found_path(path.expanduser())
    layer = Layer.of(
        "declared", (reading or Reading()).settings(path), path.parent, faults,
        province_code=layers.project.province.code,
    )
    layer = replace(layer, report=replace(layer.report, file=path.name))
    table = layer.open(COLUMNS)
    shapes = None
    if table is not None:
        shapes = read_shapes(table, layer, province, AREAS)
        if not table.has("technology"):
            layer.report.once(NO_TECHNOLOGY)
        if not table.has("operator"):
            layer.report.once(NO_OPERATOR)
    if table is None or shapes is None or not (table.has("technology") and table.has("operator")):
        faults.raise_errors()
        raise AssertionError("a reading without result has errors")
    technology = settle_technologies(table)
    own = {fold(str(o)): str(o) for o in layers.stations["operator"]}
    words = table["operator"]
    for word in sorted({w for w in words.tolist() if fold(w) not in own}):
        layer.report.once(OTHER_OPERATOR, name=word, near=hint(word, own.values()))
    faults.raise_errors()
    return gpd.GeoDataFrame(
        {"operator": np.array([own.get(fold(w), w) for w in words.tolist()], dtype=object),
         "technology": technology},
        geometry=shapes, crs=layers.grid.crs,
    )  # fmt: skip
