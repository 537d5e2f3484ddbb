"""Gaps: patches of populated ground that a service does not reach, with who lives there and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.criterion import technology_of
from phusong.coverage.reasons import Cause, Explainer
from phusong.coverage.result import ANY, GAP_COLUMNS, Reach
from phusong.coverage.zonal import CommuneShares
from phusong.layers.grid import FloatArray, Raster
from phusong.layers.inventory import Layers
from phusong.layers.lands import Folded
from phusong.layers.project.schema import FibreService, RangeService, TerrainService
from phusong.layers.status import OPERATIONAL

if TYPE_CHECKING:
    import geopandas as gpd

    from phusong.coverage.store import Store

_NEIGHBOURS = np.ones((3, 3), dtype=np.int8)
"""Cells that touch at a corner belong to one gap: people do not see the grid."""


@dataclass(frozen=True)
class Gaps:
    """The gaps of all services.

    Attributes
    ----------
    table : GeoDataFrame
        `GAP_COLUMNS`, EPSG:4326.
    scattered : mapping of service to float
        Uncovered people in no gap: on ground below the density, or in patches below the size.
    """

    table: gpd.GeoDataFrame
    scattered: Mapping[str, float]


def find_gaps(
    layers: Layers,
    shares: CommuneShares,
    reaches: Mapping[tuple[str, str], Reach],
    *,
    store: Store | None = None,
) -> Gaps:
    """Find, measure and rank the gaps of every service of any operator.

    A gap is a set of touching cells, uncovered, inside the communes, each with at least
    ``[gaps] min_people_per_km2``; those with fewer than ``[gaps] min_people`` in all get no number, and
    those larger than ``[gaps] max_area_km2`` are cut along the borders of communes.

    Parameters
    ----------
    layers : Layers
    shares : CommuneShares
    reaches : mapping of (service, operator) to Reach
    store : Store, optional
        Where the causes of gaps over terrain are kept between runs.
    """
    import geopandas as gpd
    import pandas as pd

    fold = Folded.of(layers.grid)
    people = fold.lay(Raster(shares.cell_people.reshape(layers.grid.shape), layers.grid))
    home = fold.scatter(*shares.homes())
    frames: list[gpd.GeoDataFrame] = []
    scattered: dict[str, float] = {}
    for (service, operator), reach in reaches.items():
        if operator != ANY:
            continue
        frame = _gaps_of(layers, shares, fold, people, home, service, reach, store)
        scattered[service] = float(people[~fold.lay(reach.covered)].sum() - frame["people"].sum())
        frames.append(frame)
    filled = [f for f in frames if len(f)] or frames[:1]
    table = gpd.GeoDataFrame(pd.concat(filled, ignore_index=True), geometry="geometry", crs=4326)
    return Gaps(table[list(GAP_COLUMNS)], scattered)


def _gaps_of(
    layers: Layers,
    shares: CommuneShares,
    fold: Folded,
    people: FloatArray,
    home: NDArray[np.int32],
    service: str,
    reach: Reach,
    store: Store | None,
) -> gpd.GeoDataFrame:
    import geopandas as gpd

    settings = layers.project.gaps
    populated = people >= max(settings.min_people_per_km2 * layers.grid.cell_km2, 1e-12)
    label, count = fold.label(populated & ~fold.lay(reach.covered))
    label, count = _cut_large(label, count, home, settings.max_area_km2 / layers.grid.cell_km2)
    size = np.bincount(label.ravel(), weights=people.ravel(), minlength=count + 1)
    wanted = np.flatnonzero(size[1:] >= settings.min_people) + 1
    # By people, then by place in the grid: the same order on every machine.
    wanted = wanted[np.lexsort((wanted, -np.round(size[wanted], 6)))]
    rank = np.zeros(count + 1, dtype=np.int32)
    rank[wanted] = np.arange(1, len(wanted) + 1)
    ranked = rank[label]
    if not len(wanted):
        return gpd.GeoDataFrame({c: [] for c in GAP_COLUMNS if c != "geometry"}, geometry=[], crs=4326)

    row, col = np.nonzero(ranked)
    order = np.argsort(ranked[row, col], kind="stable")
    row, col = row[order].astype(np.int64), col[order].astype(np.int64)
    starts = np.searchsorted(ranked[row, col], np.arange(1, len(wanted) + 2))
    seat = _seats(people, row, col, starts)
    row, col = fold.place(row, col)
    x = layers.grid.x_m()[col[seat]]
    y = layers.grid.y_m()[row[seat]]
    communes = _communes_of(layers, shares, row, col, starts)
    codes, names = (layers.communes[c].to_numpy(dtype=object) for c in ("commune_code", "commune_name"))
    table: dict[str, Any] = {
        "gap_id": [f"{service}-{n}" for n in range(1, len(wanted) + 1)],
        "service": service,
        "operator": reach.operator,
        "rank": np.arange(1, len(wanted) + 1),
        "people": size[wanted],
        "area_km2": np.diff(starts) * layers.grid.cell_km2,
        "commune_codes": ["; ".join(codes[c]) for c in communes],
        "commune_names": ["; ".join(names[c]) for c in communes],
        "places": _places_in(layers, fold.spread(ranked), len(wanted)),
        "nearest_fibre_m": _nearest_fibre(layers, x, y),
    }
    table["nearest_site_id"], table["nearest_site_m"] = _nearest_site(layers, service, x, y)
    causes = _causes(layers, reach, row, col, starts, x, y, store)
    table["reason"] = [cause.reason for cause in causes]
    table["server_site_id"] = [cause.site_id for cause in causes]
    for name in ("shortfall_db", "terrain_db", "clutter_db", "ridge_m", "ridge_above_m"):
        table[name] = np.array([getattr(cause, name) for cause in causes], dtype=np.float64)
    frame = gpd.GeoDataFrame(table, geometry=outlines(fold, ranked), crs=layers.grid.crs).to_crs(4326)
    seats = gpd.GeoSeries.from_xy(x, y, crs=layers.grid.crs).to_crs(4326)
    return frame.assign(lon=seats.x.to_numpy(), lat=seats.y.to_numpy())


def _cut_large(
    label: NDArray[np.int32], count: int, home: NDArray[np.int32], max_cells: float
) -> tuple[NDArray[np.int32], int]:
    """Cut the patches of more than ``max_cells`` cells along the borders of communes."""
    from scipy import ndimage

    large = np.bincount(label.ravel(), minlength=count + 1) > max_cells
    large[0] = False
    in_large = large[label]
    if not in_large.any():
        return label, count
    label = np.where(in_large, 0, label)
    for commune, block in enumerate(ndimage.find_objects(np.where(in_large, home + 1, 0))):
        if block is None:
            continue
        mine = in_large[block] & (home[block] == commune)
        part, parts = ndimage.label(mine, structure=_NEIGHBOURS)
        label[block] = np.where(mine, part + count, label[block])
        count += parts
    return label, count


def _causes(
    layers: Layers,
    reach: Reach,
    row: NDArray[np.int64],
    col: NDArray[np.int64],
    starts: NDArray[np.int64],
    x: FloatArray,
    y: FloatArray,
    store: Store | None,
) -> list[Cause]:
    """Return the cause of each gap: over terrain, that at its most populous cell."""
    kind = layers.project.services[reach.service]
    if isinstance(kind, TerrainService) and layers.terrain is not None:
        explainer = Explainer(layers, reach.service, kind, store)
        signal = reach.signal.at(x, y, np.nan)
        server = np.full(len(x), -1) if reach.best_server is None else reach.best_server.at(x, y, -1)
        seats = zip(x.tolist(), y.tolist(), server.tolist(), signal.tolist(), strict=True)
        causes = [explainer.explain(*seat) for seat in seats]
        explainer.save()
        return causes
    return [Cause(reason_from_signal(layers, reach, row[a:b], col[a:b])) for a, b in pairwise(starts)]


def reason_from_signal(layers: Layers, reach: Reach, row: NDArray[np.int64], col: NDArray[np.int64]) -> str:
    """Say why cells are uncovered as far as the signal alone tells.

    ``no fibre`` for fibre, ``no station in range`` where less than half of the cells have any signal
    within the service's reach, else ``power``.
    """
    kind = layers.project.services[reach.service]
    if isinstance(kind, FibreService):
        return "no fibre"
    if isinstance(kind, RangeService):
        return "no station in range"
    heard = np.isfinite(reach.signal.take(row, col)).mean()
    return "power" if heard >= 0.5 else "no station in range"


def _seats(
    people: FloatArray, row: NDArray[np.int64], col: NDArray[np.int64], starts: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return, for each gap, the cell with the most people: the first one of equals."""
    count = people[row, col]
    return np.array([a + int(np.argmax(count[a:b])) for a, b in pairwise(starts)], dtype=np.int64)


def _communes_of(
    layers: Layers,
    shares: CommuneShares,
    row: NDArray[np.int64],
    col: NDArray[np.int64],
    starts: NDArray[np.int64],
) -> list[NDArray[np.int64]]:
    """Return the communes of each gap, the one with the most people first."""
    from scipy.sparse import csc_array

    gap = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    cell = row * layers.grid.shape[1] + col
    people = csc_array(shares.people_of_sets(cell, gap, len(starts) - 1))
    found = []
    for g in range(people.shape[1]):
        part = slice(people.indptr[g], people.indptr[g + 1])
        commune, count = people.indices[part], people.data[part]
        commune, count = commune[count > 0], count[count > 0]
        found.append(commune[np.lexsort((commune, -count))].astype(np.int64))
    return found


def _places_in(layers: Layers, ranked: NDArray[np.int32], gaps: int) -> list[str]:
    """Return the names of the places in the cells of each gap."""
    names: list[list[str]] = [[] for _ in range(gaps)]
    for places in layers.places.values():
        if not len(places):
            continue
        gap = Raster(ranked, layers.grid).at(places.geometry.x.to_numpy(), places.geometry.y.to_numpy(), 0)
        called = places["name"].to_numpy(dtype=object)
        for position in np.flatnonzero(gap):
            names[gap[position] - 1].append(str(called[position]))
    return ["; ".join(n) for n in names]


def _nearest_site(layers: Layers, service: str, x: FloatArray, y: FloatArray) -> tuple[list[str], FloatArray]:
    """Return the nearest site with the technology of the service, whoever runs it."""
    from scipy.spatial import cKDTree

    kind = layers.project.services[service]
    stations = layers.stations
    if not isinstance(kind, FibreService):
        stations = stations[(stations["technology"] == technology_of(service, kind)).to_numpy()]
    if not len(stations):
        return [""] * len(x), np.full(len(x), np.nan)
    points = np.column_stack([stations.geometry.x, stations.geometry.y])
    distance, nearest = cKDTree(points).query(np.column_stack([x, y]))
    return stations["site_id"].iloc[nearest].astype(str).tolist(), np.asarray(distance)


def _nearest_fibre(layers: Layers, x: FloatArray, y: FloatArray) -> FloatArray:
    """Return the distance to the nearest operational route or node, NaN without any."""
    import geopandas as gpd

    points = gpd.GeoSeries.from_xy(x, y, crs=layers.grid.crs)
    best = np.full(len(x), np.inf)
    for part in (layers.fibre_routes, layers.fibre_nodes):
        if part is None:
            continue
        part = part[(part["status"] == OPERATIONAL).to_numpy()]
        if not len(part):
            continue
        (asked, _), distance = part.sindex.nearest(points, return_all=False, return_distance=True)
        best[asked] = np.minimum(best[asked], distance)
    return np.where(np.isfinite(best), best, np.nan)


def outlines(fold: Folded, ranked: NDArray[np.int32]) -> list[Any]:
    """Return the outline of each gap, in order of rank."""
    import shapely
    from rasterio.features import shapes
    from shapely.geometry import shape

    parts: dict[int, list[Any]] = {}
    for box, land in fold.views(ranked):
        found = shapes(land, mask=land > 0, connectivity=4, transform=fold.grid.part(box).transform)
        for geometry, value in found:
            parts.setdefault(int(value), []).append(shape(geometry))
    # Parts of one gap touch at corners alone, so they need no union to be one valid shape.
    together = [parts[rank] for rank in sorted(parts)]
    return [mine[0] if len(mine) == 1 else shapely.MultiPolygon(mine) for mine in together]
