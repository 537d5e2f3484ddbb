"""Exact shares of cells in polygons, once per province, so that any number of masks is one product."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from phusong.layers.grid import FloatArray, Grid, Raster
from phusong.layers.lands import zeros

if TYPE_CHECKING:
    import geopandas as gpd
    from scipy.sparse import csr_array

    from phusong.coverage.store import Store

_ROUNDING = 2e-6
"""exactextract holds fractions in single precision; sums this near to one are one."""


def cell_shares(shapes: gpd.GeoSeries, grid: Grid, store: Store | None = None) -> csr_array:
    """Return the exact part of every cell that lies in every polygon.

    Parameters
    ----------
    shapes : GeoSeries
        Polygons in the grid's coordinate system.
    grid : Grid
    store : Store, optional
        Where they are kept between runs.

    Returns
    -------
    csr_array of float64, shape (polygons, cells)
        Cells are numbered along rows, the north-western first.
    """
    from scipy.sparse import csr_array

    if len(shapes) == 0:
        return csr_array((0, grid.size))
    if store is None:
        return _extract(shapes, grid)

    def compute() -> dict[str, NDArray[Any]]:
        """Return the parts of the matrix."""
        found = _extract(shapes, grid)
        return {"data": found.data, "indices": found.indices, "indptr": found.indptr}

    kept = store.kept(("cell shares", *grid.place, *shapes.to_wkb()), compute)
    return csr_array((kept["data"], kept["indices"], kept["indptr"]), shape=(len(shapes), grid.size))


def _extract(shapes: gpd.GeoSeries, grid: Grid) -> csr_array:
    from exactextract import exact_extract
    from scipy.sparse import csr_array

    from phusong.layers.vectors.exact_shapes import Shapes, raster_source

    # Only cell numbers and fractions are asked for: one byte a cell is enough of a raster.
    source = raster_source(np.zeros(grid.shape, dtype=np.uint8), grid)
    pieces, of_shape = _by_lands(shapes, grid)
    features = Shapes(pieces)
    found: Any = exact_extract(source, features, ["cell_id", "coverage"], include_cols=["n"], output="pandas")
    lengths = found["cell_id"].map(len).to_numpy()
    cells = np.concatenate(found["cell_id"].to_list()) if lengths.sum() else np.empty(0, dtype=np.int64)
    parts = np.concatenate(found["coverage"].to_list()) if lengths.sum() else np.empty(0)
    rows = np.repeat(of_shape[found["n"].to_numpy()], lengths)
    shares = csr_array(
        (parts.astype(np.float64), (rows, cells.astype(np.int64))), shape=(len(shapes), grid.size)
    )
    shares.sum_duplicates()
    return shares


def _by_lands(shapes: gpd.GeoSeries, grid: Grid) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Take shapes apart that lie in several lands of the grid; return the pieces, and the shape of each.

    exactextract holds numbers for every cell between the ends of a shape, also where that is sea.
    """
    import shapely

    polygons = np.asarray(shapes.array, dtype=object)
    whole = np.arange(len(polygons))
    if not grid.lands:
        return polygons, whole
    parts, owner = shapely.get_parts(polygons, return_index=True)
    lands = [shapely.box(*grid.part(box).bounds) for box in grid.lands]
    land = np.full(len(parts), -1, dtype=np.int64)
    outlines = np.asarray(shapely.envelope(parts), dtype=object)
    found, held = shapely.STRtree(outlines).query(lands, predicate="covers")
    land[held] = found
    keys, piece = np.unique(np.column_stack([owner, land]), axis=0, return_inverse=True)
    order = np.argsort(piece.reshape(-1), kind="stable")
    pieces = shapely.multipolygons(parts[order], indices=piece.reshape(-1)[order])
    return np.asarray(pieces, dtype=object), keys[:, 0]


def _narrowed(matrix: csr_array, cells: NDArray[np.int64]) -> csr_array:
    """Return the columns of ``cells`` of a matrix that holds nothing in others, its order of entries kept."""
    from scipy.sparse import csr_array

    if len(cells) == matrix.shape[1]:
        return matrix
    place = np.empty(matrix.shape[1], dtype=np.int32)
    place[cells] = np.arange(len(cells), dtype=np.int32)
    return csr_array((matrix.data, place[matrix.indices], matrix.indptr), shape=(matrix.shape[0], len(cells)))


def _widened(matrix: csr_array, cells: NDArray[np.int64], size: int) -> csr_array:
    """Undo `_narrowed`."""
    from scipy.sparse import csr_array

    if len(cells) == size:
        return matrix
    return csr_array((matrix.data, cells[matrix.indices], matrix.indptr), shape=(matrix.shape[0], size))


def _held(*matrices: csr_array) -> NDArray[np.int64]:
    """Return the numbers of the columns in which one of the matrices holds anything; all if most are."""
    size = matrices[0].shape[1]
    there = np.zeros(size, dtype=bool)
    for matrix in matrices:
        there[matrix.indices] = True
    cells = np.flatnonzero(there)
    # Sparse products take memory for every column: worth sparing where communes are a small part.
    return cells if 2 * len(cells) <= size else np.arange(size)


@dataclass(frozen=True)
class CommuneShares:
    """How every cell, and every person in it, is shared among the communes.

    Attributes
    ----------
    area : csr_array, shape (communes, cells)
        Part of the cell that belongs to the commune; an overlap of communes is split equally, so no
        column sums to more than one.
    people : csr_array, shape (communes, cells)
        People of the cell that belong to the commune.
    cell_people : FloatArray, shape (cells,)
        Column sums of ``people``.
    in_overlaps, in_holes : float
        People of the raster (before any scaling) on ground that several communes claim, and on ground
        that none claims but communes enclose.
    raster_inside : float
        People inside before scaling.
    """

    area: csr_array
    people: csr_array
    cell_people: FloatArray
    in_overlaps: float
    in_holes: float
    raster_inside: float

    @cached_property
    def _cells(self) -> NDArray[np.int64]:
        """Numbers of the cells that matter: all, or those in communes where these are a small part."""
        return _held(self.area, self.people)

    @cached_property
    def _narrow(self) -> tuple[csr_array, csr_array]:
        """``area`` and ``people`` of ``_cells``."""
        return _narrowed(self.area, self._cells), _narrowed(self.people, self._cells)

    def home(self) -> NDArray[np.int32]:
        """Return the commune with the largest part of each cell (the first of equals), -1 for none."""
        home = np.full(self.area.shape[1], -1, dtype=np.int32)
        cells, communes = self.homes()
        home[cells] = communes
        return home

    def homes(self) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Return the cells that are in a commune, ascending, and the commune of each as in `home`."""
        columns = self._narrow[0].tocsc()
        held = np.flatnonzero(np.diff(columns.indptr))
        first = columns.indptr[held]
        largest = np.maximum.reduceat(columns.data, first) if len(held) else np.empty(0)
        cell = np.repeat(np.arange(len(held)), np.diff(columns.indptr)[held])
        # Written backwards, so that the first of equals stays.
        best = np.flatnonzero(columns.data == largest[cell])[::-1]
        home = np.zeros(len(held), dtype=np.int32)
        home[cell[best]] = columns.indices[best]
        return self._cells[held], home

    def people_of_sets(self, cell: NDArray[np.int64], of_set: NDArray[np.int64], sets: int) -> csr_array:
        """Return the people of each commune in sets of cells, shape (communes, sets).

        ``cell`` and ``of_set`` are the members, all of them cells in communes.
        """
        from scipy.sparse import csr_array

        held = self._cells
        at = cell if len(held) == self.area.shape[1] else np.searchsorted(held, cell)
        member = csr_array((np.ones(len(cell)), (at, of_set)), shape=(len(held), sets))
        return csr_array(self._narrow[1] @ member)

    def sum_people(self, mask: Raster[np.bool_]) -> FloatArray:
        """Return the people of each commune in the cells of ``mask``."""
        return np.asarray(self._narrow[1] @ self._in_cells(mask))

    def sum_area_km2(self, mask: Raster[np.bool_]) -> FloatArray:
        """Return the area of each commune in the cells of ``mask``."""
        return np.asarray(self._narrow[0] @ self._in_cells(mask)) * mask.grid.cell_km2

    def _in_cells(self, mask: Raster[np.bool_]) -> FloatArray:
        held = self._cells
        inside = mask.values.ravel() if len(held) == self.area.shape[1] else mask.cells(held)
        return inside.astype(np.float64)


def share_communes(
    communes: gpd.GeoDataFrame,
    people: Raster[np.float64],
    *,
    overlaps: gpd.GeoSeries,
    holes: gpd.GeoSeries,
    official: Mapping[str, float] | None = None,
    store: Store | None = None,
) -> CommuneShares:
    """Share the cells of the grid and their people among communes.

    Parameters
    ----------
    communes : GeoDataFrame
        With ``commune_code``, in the grid's coordinate system.
    people : Raster of float64
    overlaps : GeoSeries
        Disjoint pieces of ground that two or more communes claim.
    holes : GeoSeries
        Ground that communes enclose and none claims.
    official : mapping of commune code to float, optional
        Official populations: the people of each of these communes are scaled to the figure.
    store : Store, optional
        Where parts of cells, and the shares, are kept between runs.
    """
    from scipy.sparse import csr_array

    grid = people.grid
    if store is None or grid.lands:  # arrays that leave out the sea are quicker made than read
        return _shared(communes, people, overlaps, holes, official, store)

    def compute() -> dict[str, NDArray[Any]]:
        """Return the shares as arrays."""
        found = _shared(communes, people, overlaps, holes, official, store)
        arrays = {
            f"{name}.{part}": getattr(getattr(found, name), part)
            for name in ("area", "people") for part in ("data", "indices", "indptr")
        }
        sums = np.array([found.in_overlaps, found.in_holes, found.raster_inside])
        return {**arrays, "cell_people": found.cell_people, "sums": sums}

    shapes = (list(part.to_wkb()) for part in (communes.geometry, overlaps, holes))
    said = None if official is None else sorted(official.items())
    parts = *grid.place, people.values, communes["commune_code"].tolist(), said, *chain.from_iterable(shapes)
    kept = store.kept(("commune shares", *parts), compute)
    size = (len(communes), grid.size)
    area, shared = (
        csr_array((kept[f"{k}.data"], kept[f"{k}.indices"], kept[f"{k}.indptr"]), shape=size)
        for k in ("area", "people")
    )
    return CommuneShares(area, shared, kept["cell_people"], *kept["sums"].tolist())


def _shared(
    communes: gpd.GeoDataFrame, people: Raster[np.float64], overlaps: gpd.GeoSeries, holes: gpd.GeoSeries,
    official: Mapping[str, float] | None, store: Store | None,
) -> CommuneShares:
    """Do what `share_communes` says."""
    grid = people.grid
    shapes = communes.geometry
    count = people.values.ravel()
    area, claimed = cell_shares(shapes, grid, store), cell_shares(overlaps, grid)
    cells = _held(area, claimed)
    area, claimed = _narrowed(area, cells), _narrowed(claimed, cells)
    if len(overlaps):
        area = _split_overlaps(area, claimed, shapes, overlaps)
    area = _snap_to_one(area)
    in_overlaps = float((claimed @ count[cells]).sum()) if len(overlaps) else 0.0
    in_holes = float((cell_shares(holes, grid) @ count).sum()) if len(holes) else 0.0

    shared, raster_inside = _people_in(area, communes, count[cells], official)
    cell_people = zeros(grid, np.float64).reshape(-1)
    cell_people[cells] = np.asarray(shared.sum(axis=0), dtype=np.float64).ravel()
    area, shared = _widened(area, cells, grid.size), _widened(shared, cells, grid.size)
    return CommuneShares(area, shared, cell_people, in_overlaps, in_holes, raster_inside)


def people_in(
    area: csr_array,
    communes: gpd.GeoDataFrame,
    people: Raster[np.float64],
    official: Mapping[str, float] | None = None,
) -> tuple[csr_array, float]:
    """Return the people of each commune by cell, shape (communes, cells), and their sum before scaling.

    Parameters
    ----------
    area : csr_array, shape (communes, cells)
    communes, people, official
        As in `share_communes`.
    """
    cells = _held(area)
    count = people.values.ravel()[cells]
    shared, raster_inside = _people_in(_narrowed(area, cells), communes, count, official)
    return _widened(shared, cells, people.grid.size), raster_inside


def _people_in(
    area: csr_array, communes: gpd.GeoDataFrame, count: FloatArray, official: Mapping[str, float] | None
) -> tuple[csr_array, float]:
    """Do what `people_in` says for the cells of which ``count`` are the people."""
    from scipy.sparse import csr_array, diags_array

    shared = csr_array(area @ diags_array(count))
    raster_inside = float(shared.sum())
    if official is not None:
        before = np.asarray(shared.sum(axis=1)).ravel()
        wanted = np.array([official.get(code, np.nan) for code in communes["commune_code"]], dtype=np.float64)
        usable = np.isfinite(wanted) & (before > 0.0)
        factor = np.where(usable, wanted / np.where(before > 0.0, before, 1.0), 1.0)
        shared = csr_array(diags_array(factor) @ shared)
    return shared, raster_inside


def _split_overlaps(
    area: csr_array, claimed: csr_array, shapes: gpd.GeoSeries, overlaps: gpd.GeoSeries
) -> csr_array:
    """Give each of ``m`` claimants of a piece the m-th part of it."""
    from scipy.sparse import csr_array

    piece, commune = shapes.sindex.query(overlaps.representative_point(), predicate="intersects")
    claimants = np.bincount(piece, minlength=len(overlaps))
    surplus = np.where(claimants > 0, (claimants - 1.0) / np.maximum(claimants, 1), 0.0)
    pick = csr_array((surplus[piece], (commune, piece)), shape=(area.shape[0], len(overlaps)))
    split = csr_array(area - pick @ claimed)
    split.data = np.maximum(split.data, 0.0)
    return split


def _snap_to_one(area: csr_array) -> csr_array:
    """Make the shares of a cell sum to one where only rounding keeps them from it."""
    from scipy.sparse import csr_array, diags_array

    total: NDArray[np.float64] = np.asarray(area.sum(axis=0), dtype=np.float64).ravel()
    near = (np.abs(total - 1.0) < _ROUNDING) | (total > 1.0)
    return csr_array(area @ diags_array(np.where(near, 1.0 / np.where(near, total, 1.0), 1.0)))
