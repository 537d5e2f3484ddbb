"""What a fibre plan should connect: unserved places, communes and base stations without fibre."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.fibre.line_graph import points_of
from phusong.coverage.result import ANY
from phusong.data.fibre_prices import PERSONS_PER_HOME
from phusong.data.language import Text
from phusong.layers.faults import ExpectedError
from phusong.layers.grid import FloatArray
from phusong.layers.inventory import Layers
from phusong.layers.status import OPERATIONAL

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from phusong.coverage.fibre.assessment import Groundwork
    from phusong.coverage.zonal import CommuneShares

NEED_COLUMNS = (
    "kind", "layer", "need_id", "name", "commune_code", "commune_name", "x", "y", "households",
)
"""``kind`` is ``place``, ``commune`` or ``site``; ``households`` as the layer gives them, NaN otherwise."""

SITE_M = 300.0
"""A mast within this of an operator's cable or node has fibre, as in the redundancy of what exists."""

_UNKNOWN_LAYER = Text(
    "Dự án không có lớp địa điểm '{name}'. Các lớp có: {known}.",
    "The project has no layer of places '{name}'. There are: {known}.",
)


@dataclass(frozen=True)
class Wanted:
    """Which needs are asked for.

    Attributes
    ----------
    places : tuple of str
        Layers of places.
    communes, sites : bool
        Communes, and base stations, without fibre.
    operator : str
        Whose fibre counts, or `ANY`.
    """

    places: tuple[str, ...] = ()
    communes: bool = False
    sites: bool = False
    operator: str = ANY


def find_needs(
    layers: Layers, shares: CommuneShares, work: Groundwork, covered: NDArray[np.bool_], wanted: Wanted
) -> pd.DataFrame:
    """Return every point that should be connected and is not.

    Parameters
    ----------
    layers : Layers
    shares : CommuneShares
    work : Groundwork
    covered : array of bool
        Cells that the fibre of the operator reaches: a place counts as served if its cell is, as in the
        indicators.
    wanted : Wanted

    Returns
    -------
    DataFrame
        `NEED_COLUMNS`; a commune stands for its centre where there is one, else for its fullest cell.

    Raises
    ------
    ExpectedError
        A layer of places is not in the project.
    """
    import pandas as pd

    blocks = [_places(layers, name, covered) for name in wanted.places]
    if wanted.communes:
        blocks.append(_communes(layers, shares, wanted.operator))
    if wanted.sites:
        blocks.append(_sites(layers, work, wanted.operator))
    empty = pd.DataFrame({c: pd.Series(dtype=object) for c in NEED_COLUMNS})
    table = pd.concat([b for b in blocks if len(b)] or [empty], ignore_index=True)
    return _with_communes(layers, table)


def _points(
    points: gpd.GeoDataFrame, kind: str, layer: str, ids: Any, names: Any, codes: Any
) -> pd.DataFrame:
    import pandas as pd

    households = np.full(len(points), np.nan)
    if "households" in points:
        households = pd.to_numeric(points["households"], errors="coerce").to_numpy(np.float64)
    return pd.DataFrame(
        {
            "kind": kind, "layer": layer, "need_id": np.asarray(ids, dtype=object),
            "name": np.asarray(names, dtype=object), "commune_code": np.asarray(codes, dtype=object),
            "commune_name": "", "x": points.geometry.x.to_numpy(), "y": points.geometry.y.to_numpy(),
            "households": households,
        }
    )  # fmt: skip


def _places(layers: Layers, name: str, covered: NDArray[np.bool_]) -> pd.DataFrame:
    if name not in layers.places:
        raise ExpectedError(_UNKNOWN_LAYER, name=name, known=", ".join(layers.places) or "–")
    places = layers.places[name]
    row, col = layers.grid.index(places.geometry.x.to_numpy(), places.geometry.y.to_numpy())
    inside = layers.grid.holds(row, col)
    served = np.zeros(len(places), dtype=np.bool_)
    served[inside] = covered[row[inside], col[inside]]
    rest = places[~served]
    return _points(rest, "place", name, rest["place_id"], rest["name"], rest["commune_code"])


def has_fibre(layers: Layers, operator: str) -> NDArray[np.bool_]:
    """Return which communes an operational node or route of an operator touches."""
    present = np.zeros(len(layers.communes), dtype=np.bool_)
    for part in (layers.fibre_routes, layers.fibre_nodes):
        if part is None:
            continue
        mine = part[(part["status"] == OPERATIONAL).to_numpy()]
        if operator != ANY:
            mine = mine[(mine["operator"] == operator).to_numpy()]
        if len(mine):
            commune, _ = mine.sindex.query(layers.communes.geometry, predicate="intersects")
            present[np.unique(commune)] = True
    return present


def _communes(layers: Layers, shares: CommuneShares, operator: str) -> pd.DataFrame:
    import geopandas as gpd

    without = np.flatnonzero(~has_fibre(layers, operator))
    communes = layers.communes.iloc[without]
    centres = layers.places.get(layers.project.official.centres)
    at: dict[str, tuple[float, float]] = {}
    if centres is not None:
        codes = centres["commune_code"].astype(str).tolist()
        at = dict(zip(codes, zip(centres.geometry.x, centres.geometry.y, strict=True), strict=True))
    xs, ys = layers.grid.x_m(), layers.grid.y_m()
    positions = []
    for k, code in zip(without.tolist(), communes["commune_code"].astype(str), strict=True):
        if code in at:
            positions.append(at[code])
            continue
        people = shares.people[[k], :]
        if people.nnz:
            cell = int(people.indices[int(np.argmax(people.data))])
            row, col = divmod(cell, layers.grid.shape[1])
            positions.append((float(xs[col]), float(ys[row])))
        else:
            point = layers.communes.geometry.iloc[k].representative_point()
            positions.append((point.x, point.y))
    xy = np.array(positions, dtype=np.float64).reshape(-1, 2)
    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(xy[:, 0], xy[:, 1]), crs=layers.grid.crs)
    names = communes["commune_name"]
    return _points(points, "commune", "communes", communes["commune_code"], names, communes["commune_code"])


def _sites(layers: Layers, work: Groundwork, operator: str) -> pd.DataFrame:
    import shapely

    stations = layers.stations
    if operator != ANY:
        stations = stations[(stations["operator"] == operator).to_numpy()]
    sites = stations.drop_duplicates("site_id")
    network = work.network
    shapes = list(network.graph.lines[network.cable(operator)])
    nodes = network.node[network.fibre_nodes(operator)]
    shapes += list(points_of(network.graph.node_xy[nodes]))
    points = shapely.points(np.column_stack([sites.geometry.x, sites.geometry.y]))
    near = np.zeros(len(sites), dtype=np.bool_)
    if shapes and len(sites):
        near[shapely.STRtree(shapes).query(points, predicate="dwithin", distance=SITE_M)[0]] = True
    rest = sites[~near]
    codes = rest["commune_code"] if "commune_code" in rest else np.full(len(rest), "", dtype=object)
    return _points(rest, "site", "stations", rest["site_id"], rest["site_id"], codes)


def _with_communes(layers: Layers, table: pd.DataFrame) -> pd.DataFrame:
    """Fill in the commune of each need: the declared one, or the one that holds it."""
    import geopandas as gpd

    names = dict(
        zip(layers.communes["commune_code"].astype(str), layers.communes["commune_name"], strict=True)
    )
    codes = np.array(["" if c is None or c != c else str(c) for c in table["commune_code"]], dtype=object)
    points = gpd.GeoSeries(gpd.points_from_xy(table["x"], table["y"]), crs=layers.grid.crs)
    commune, point = points.sindex.query(layers.communes.geometry, predicate="intersects")
    held = np.full(len(table), "", dtype=object)
    held[point[::-1]] = layers.communes["commune_code"].to_numpy(dtype=object)[commune[::-1]]
    codes = np.where(np.isin(codes.astype(str), list(names)), codes, held)
    return table.assign(commune_code=codes, commune_name=[names.get(str(c), "") for c in codes])


def homes_of(
    layers: Layers, needs: pd.DataFrame, people: FloatArray, commune_people: FloatArray
) -> FloatArray:
    """Return the homes of each need: as its layer gives them, else its people by persons per home.

    Persons per home are those of the commune (people over households), else the national mean of the
    census of 2019; base stations have no homes.

    Parameters
    ----------
    layers : Layers
    needs : DataFrame
        Of `find_needs`.
    people : array, shape (needs,)
    commune_people : array, shape (communes,)
    """
    size = dict.fromkeys(layers.communes["commune_code"].astype(str), PERSONS_PER_HOME)
    if layers.households is not None:
        table = layers.households.set_index("commune_code")["households"]
        homes = table.reindex(layers.communes["commune_code"]).to_numpy(np.float64)
        known = (homes > 0) & (commune_people > 0)
        codes = layers.communes["commune_code"].astype(str)[known]
        for code, a, b in zip(codes, commune_people[known], homes[known], strict=True):
            size[code] = float(a / b)
    each = np.array([size.get(str(c), PERSONS_PER_HOME) for c in needs["commune_code"]], dtype=np.float64)
    given = needs["households"].to_numpy(np.float64)
    homes = np.where(given > 0, given, people / np.maximum(each, 1.0))
    return np.asarray(np.where((needs["kind"] == "site").to_numpy(), 0.0, homes))
