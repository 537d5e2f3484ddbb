"""Polygons of the communes of before July 2025: they say how many people of a divided one each heir got."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray

from phusong.layers.boundaries.carry import Weights, overlay_weights
from phusong.layers.boundaries.codes import own_codes
from phusong.layers.boundaries.crosswalk import crosswalk
from phusong.layers.boundaries.province import Province
from phusong.layers.grid import FloatArray
from phusong.layers.inventory import Population
from phusong.layers.rules import error, warning
from phusong.layers.source import Layer
from phusong.layers.tables.columns import MISSING_COLUMNS, Column
from phusong.layers.vectors.geometry import crs_of, repair, take_shapes, transform

COLUMNS = (Column("commune_code"), Column("commune_name"))
_AREA = ("vùng", "an area")

NOT_OLD = error(
    "no-old-commune",
    "Không mã nào thuộc danh mục xã trước 01/7/2025.",
    "None of the codes is that of a commune of before 1 July 2025.",
    "Lớp này cần ranh giới xã cũ với mã cũ; xã mới là lớp communes.",
    "This layer needs the old boundaries with their old codes; the new ones are the layer communes.",
)
UNKNOWN = warning(
    "unknown-old-commune",
    "{n} đối tượng có mã không có trong danh mục xã trước 01/7/2025: {codes}. Không dùng.",
    "{n} features have codes that no commune had before 1 July 2025: {codes}. They are not used.",
)
NO_CODE = warning(
    "old-commune-without-code",
    "{n} đối tượng không có mã xã (dòng {rows}): không dùng.",
    "{n} features have no code (rows {rows}): they are not used.",
)
PARTS = warning(
    "old-communes-in-parts",
    "{n} mã có nhiều hơn một đối tượng: gộp lại ({codes}).",
    "{n} codes have more than one feature: they are joined ({codes}).",
)


@dataclass(frozen=True)
class OldCommunes:
    """The old communes on the ground of the new ones.

    Attributes
    ----------
    codes : tuple of str
        Of 2024, sorted.
    shapes : array of shapely polygons, shape (n,)
        In the grid's system.
    province : Province
    population : Population or None
        Without it areas decide.
    """

    codes: tuple[str, ...]
    shapes: NDArray[np.object_]
    province: Province
    population: Population | None = None

    @cached_property
    def weights(self) -> Weights:
        """People (or square metres, where nobody lives) of each divided commune in each of its heirs."""
        new = np.asarray(self.province.communes.geometry.array, dtype=object)
        return overlay_weights(self.codes, self.shapes, self.province.codes, new, people=self._people)

    @cached_property
    def people(self) -> Mapping[str, float]:
        """People of each old commune by the population raster; square metres without one."""
        points = self._people
        if points is None:
            return {c: float(s.area) for c, s in zip(self.codes, self.shapes, strict=True)}
        tree = shapely.STRtree(np.atleast_1d(np.asarray(shapely.points(points[0], points[1]), dtype=object)))
        shape, cell = tree.query(self.shapes, predicate="intersects")
        sums = np.bincount(shape, weights=points[2][cell], minlength=len(self.codes))
        return dict(zip(self.codes, sums.tolist(), strict=True))

    @cached_property
    def _people(self) -> tuple[FloatArray, FloatArray, FloatArray] | None:
        """Return the populated cells' centres and their people."""
        if self.population is None:
            return None
        raster = self.population.people
        row, column = np.nonzero(raster.values > 0)
        if not len(row):
            return None
        return raster.grid.x_m()[column], raster.grid.y_m()[row], raster.values[row, column]


def read_old_communes(
    layer: Layer, province: Province | None, population: Population | None = None
) -> OldCommunes | None:
    """Read the polygons of old communes.

    Features of one code are joined; those without a code, or with one that no commune had, are told and
    left out.
    """
    table = layer.open(COLUMNS)
    if table is None:
        return None
    if not table.has("commune_code"):
        has = ", ".join(table.raw.cells) or "–"
        layer.report.once(MISSING_COLUMNS, names="commune_code", has=has, first="commune_code")
        return None
    shapes = take_shapes(table.raw, table.report, 2, _AREA)
    crs = crs_of(table.raw, layer.settings, table.report)
    if shapes is None or crs is None or province is None:
        return None
    codes = own_codes(table["commune_code"].tolist(), "00")
    old = crosswalk().old
    strange = sorted({c for c in codes.tolist() if c and c not in old})
    header = table.headers["commune_code"]
    nameless = table.raw.rows[codes == ""].tolist()
    if nameless:
        layer.report.once(NO_CODE, column=header, n=len(nameless), rows=_listed([str(r) for r in nameless]))
    if strange:
        layer.report.once(UNKNOWN, column=header, n=len(strange), codes=_listed(strange))
    known = sorted(set(codes.tolist()) - {*strange, ""})
    if not known:
        layer.report.once(NOT_OLD, column=header)
        return None
    metric = province.grid.crs
    moved = transform(repair(shapes, table.raw.rows, table.report, crs, metric), crs, metric)
    present = ~(shapely.is_missing(moved) | shapely.is_empty(moved))
    pieces = {c: moved[(codes == c) & present] for c in known}
    several = [c for c, parts in pieces.items() if len(parts) > 1]
    if several:
        layer.report.once(PARTS, column=header, n=len(several), codes=_listed(several))
    here = [c for c in known if len(pieces[c])]
    whole = np.empty(len(here), dtype=object)
    whole[:] = [shapely.union_all(pieces[c]) for c in here]
    return OldCommunes(tuple(here), whole, province, population)


def _listed(codes: list[str]) -> str:
    return ", ".join(codes[:10]) + (", …" if len(codes) > 10 else "")
