"""Fibre along roads, from layers to answers: reach, service areas, redundancy, backbone, optics."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.fibre import road_faults
from phusong.coverage.fibre.backbone import BACKBONE_M, backbone_reach
from phusong.coverage.fibre.fibre_graph import FibreNetwork, fibre_network
from phusong.coverage.fibre.laying import Ground
from phusong.coverage.fibre.optical_budget import Optics, cable_from_olt, head_start_m, optical_paths
from phusong.coverage.fibre.redundancy import Redundancy, redundancy
from phusong.coverage.fibre.road_graph import RoadGraph, islands, road_graph
from phusong.coverage.fibre.road_reach import (
    AccessField,
    CellReach,
    access_field,
    people_along,
    people_passed,
    reach_cells,
    reach_points,
)
from phusong.coverage.fibre.service_area import service_areas
from phusong.coverage.prediction import Prediction, worker_count
from phusong.coverage.result import ANY, Reach
from phusong.data.fibre_tables import Level
from phusong.layers.faults import ExpectedError, Fault, Faults
from phusong.layers.grid import FloatArray, Raster
from phusong.layers.inventory import Layers
from phusong.layers.project.schema import FibreService

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from phusong.coverage.zonal import CommuneShares


@dataclass(frozen=True)
class Groundwork:
    """The network of a province, laid out once for reach and for planning.

    Attributes
    ----------
    roads : RoadGraph
    network : FibreNetwork
        Roads and fibre; ``network.cost_m`` is zero along cables in operation.
    fibre : FibreNetwork
        The fibre alone.
    islands : DataFrame
        Roads that are joined to nothing; see `phusong.coverage.fibre.road_graph.islands`.
    faults : tuple of Fault
    """

    roads: RoadGraph
    network: FibreNetwork
    fibre: FibreNetwork
    islands: pd.DataFrame
    faults: tuple[Fault, ...]


def lay_out(layers: Layers, name: str, service: FibreService, *, level: Level = "base") -> Groundwork:
    """Lay the roads and the fibre of a province out as graphs.

    Parameters
    ----------
    layers : Layers
    name : str
        Of the service, for messages.
    service : FibreService
    level : {"low", "base", "high"}
        Of the laying factors.

    Raises
    ------
    ExpectedError
        There are no roads.
    """
    if layers.roads is None:
        raise ExpectedError(road_faults.NO_ROADS, name=name)
    faults = Faults()
    ground = Ground(layers.water, layers.protected, layers.terrain)
    roads = road_graph(
        layers.roads, ground=ground, snap_m=service.snap_m, class_factors=service.classes, level=level
    )
    people = people_along(roads.graph, layers.grid, layers.population.people.values, service.drop_m)
    apart = islands(roads.graph, people)
    network = fibre_network(
        roads, layers.fibre_routes, layers.fibre_nodes, snap_m=service.snap_m, level=level
    )
    fibre = fibre_network(None, layers.fibre_routes, layers.fibre_nodes, snap_m=service.snap_m, level=level)
    road_faults.tell_roads(layers, roads, apart, faults)
    road_faults.tell_fibre(layers, network, faults)
    return Groundwork(roads, network, fibre, apart, tuple(faults))


@dataclass(frozen=True)
class RoadReach:
    """The reach of one operator along roads.

    Attributes
    ----------
    field : AccessField
    cells : CellReach
    reach : Reach
    """

    field: AccessField
    cells: CellReach
    reach: Reach


def optics_of(service: FibreService) -> Optics | None:
    """Return the optics of a service, None where it asks for no optical budget."""
    if service.optics is None:
        return None
    return Optics(service.optics, tuple(service.splitters))


def reach_along_roads(
    layers: Layers, name: str, service: FibreService, work: Groundwork
) -> tuple[dict[str, RoadReach], tuple[Fault, ...]]:
    """Return the reach of every operator, then of any, and what there is to tell.

    A cell is covered if its centre is within ``drop_m`` of a way (road, route, or access point) that is
    within ``reach_m`` of an operational access point along ways; the signal is the distance along ways to
    where the drop leaves. With ``optics``, access points reach no farther than their optical budget.
    """
    faults = Faults()
    network = work.network
    serving = network.fibre_nodes(kinds=tuple(service.access))
    tap = service.tap_routes
    if not len(serving) and network.existing.any():
        tap = True
        road_faults.tell_access(layers, road_faults.NO_ACCESS, faults)
    elif not len(serving):
        road_faults.tell_access(layers, road_faults.NOTHING, faults)
    start = _head_starts(layers, service, work, serving, faults)
    found: dict[str, RoadReach] = {}
    for operator in (*network.operators, ANY):
        field = access_field(
            network, operator, kinds=tuple(service.access), tap=tap, head_start_m=start
        )
        cells = reach_cells(field, layers.grid, service.drop_m)
        covered = cells.along_m <= service.reach_m
        signal = cells.along_m
        if start is not None:
            access = field.nearest_at(cells.edge, cells.at_m)
            used = np.append(field.head_start_m, 0.0)[access]
            signal = np.where(np.isfinite(signal), signal - np.where(np.isfinite(used), used, 0.0), np.inf)
        shown = np.where(np.isfinite(signal), signal, np.nan).astype(np.float32)
        reach = Reach(
            service=name, operator=operator, unit="m",
            signal=Raster(shown, layers.grid), covered=Raster(covered, layers.grid),
        )  # fmt: skip
        found[operator] = RoadReach(field, cells, reach)
    road_faults.tell_places(
        layers, network, found[ANY].field.source.tolist(), service.drop_m, faults
    )
    return found, tuple(faults)


def _head_starts(
    layers: Layers, service: FibreService, work: Groundwork, serving: NDArray[np.int64], faults: Faults
) -> FloatArray | None:
    optics = optics_of(service)
    if optics is None:
        return None
    network = work.network
    start = np.full(len(network.node), np.inf)
    for operator in (*network.operators, ""):
        mine = network.node_operator == operator
        cable = cable_from_olt(work.fibre, operator or ANY)
        start[mine] = head_start_m(cable, optics, service.reach_m, service.drop_m)[mine]
        unknown = np.isin(np.flatnonzero(mine & ~np.isfinite(cable)), serving)
        if unknown.any():
            road_faults.tell_access(layers, road_faults.NO_OLT, faults, n=int(unknown.sum()))
    return start


def predict_along_roads(layers: Layers, name: str, service: FibreService) -> Prediction:
    """Return the reaches of a service with ``reach = "roads"``, with what was found wrong on the way."""
    work = lay_out(layers, name, service)
    found, faults = reach_along_roads(layers, name, service, work)
    return Prediction(tuple(r.reach for r in found.values()), work.faults + faults)


@dataclass(frozen=True)
class FibreAssessment:
    """Everything about the fibre that exists.

    Attributes
    ----------
    work : Groundwork
    reaches : mapping of operator to RoadReach
        `ANY` last.
    areas : GeoDataFrame
        Service areas, one per operator, in the grid's system; see `service_areas`.
    passed : DataFrame
        People and homes passed; see `people_passed`.
    places : DataFrame
        ``layer place_id name operator along_m drop_m access_id served``: exact, from the place itself.
    redundancy : mapping of operator to Redundancy
    backbone : DataFrame
        See `backbone_reach`; all operators.
    optics : DataFrame
        See `optical_paths`; all operators.
    faults : tuple of Fault
    """

    work: Groundwork
    reaches: Mapping[str, RoadReach]
    areas: gpd.GeoDataFrame
    passed: pd.DataFrame
    places: pd.DataFrame
    redundancy: Mapping[str, Redundancy]
    backbone: pd.DataFrame
    optics: pd.DataFrame
    faults: tuple[Fault, ...]


def assess_fibre(
    layers: Layers,
    shares: CommuneShares,
    name: str,
    service: FibreService,
    *,
    backbone_m: float = BACKBONE_M,
    workers: int = 0,
) -> FibreAssessment:
    """Assess the fibre of a province along its roads.

    Parameters
    ----------
    layers : Layers
    shares : CommuneShares
    name : str
        Of the service.
    service : FibreService
        ``reach`` need not be ``"roads"``; the roads are needed.
    backbone_m : float
        How far along the cable an aggregation point may be from a commune.
    workers : int
        Threads; 0 = one per core. The result does not depend on it.

    Raises
    ------
    ExpectedError
        There are no roads.
    """
    import pandas as pd

    work = lay_out(layers, name, service)
    reaches, faults = reach_along_roads(layers, name, service, work)
    people = shares.cell_people.reshape(layers.grid.shape)
    optics = optics_of(service) or Optics()
    weak, backbone, paths = {}, [], []
    for operator, found in reaches.items():
        weak[operator] = _redundancy(layers, work, operator, found, people, tuple(service.access))
        backbone.append(backbone_reach(work.fibre, layers.communes, limit_m=backbone_m, operator=operator))
        paths.append(optical_paths(work.fibre, optics, operator).assign(operator=operator))
    return FibreAssessment(
        work, reaches, _areas(layers, service, reaches, workers),
        people_passed(layers, shares, tuple(r.reach for r in reaches.values())),
        _places(layers, service, reaches, work), weak, pd.concat(backbone, ignore_index=True),
        pd.concat(paths, ignore_index=True), work.faults + faults,
    )  # fmt: skip


def _areas(
    layers: Layers, service: FibreService, reaches: Mapping[str, RoadReach], workers: int
) -> gpd.GeoDataFrame:
    import pandas as pd

    def one(operator: str) -> gpd.GeoDataFrame:
        """Return the service areas of one operator."""
        field = reaches[operator].field
        return service_areas(field, service.reach_m, service.drop_m, layers.grid.crs, operator=operator)

    # Most of the work is in GEOS, which lets other threads run.
    with ThreadPoolExecutor(worker_count(workers)) as pool:
        return pd.concat(list(pool.map(one, reaches)), ignore_index=True)


def people_served(
    network: FibreNetwork, operator: str, found: RoadReach, people: FloatArray, kinds: tuple[str, ...] = ()
) -> FloatArray:
    """Return the people of the covered cells by the access point nearest to each, shape ``(f,)``."""
    rows = network.fibre_nodes(operator, kinds=kinds)
    covered = found.reach.covered.values
    access = found.field.nearest_at(found.cells.edge[covered], found.cells.at_m[covered])
    held = (access >= 0) & (access < len(rows))
    served = np.zeros(len(network.node))
    served[rows] = np.bincount(access[held], weights=people[covered][held], minlength=len(rows))
    return served


def _redundancy(
    layers: Layers, work: Groundwork, operator: str, found: RoadReach, people: FloatArray,
    kinds: tuple[str, ...],
) -> Redundancy:
    served = people_served(work.network, operator, found, people, kinds)
    commune = np.full(len(work.fibre.node), "", dtype=object)
    if layers.fibre_nodes is not None and len(commune):
        holder, point = layers.fibre_nodes.sindex.query(layers.communes.geometry, predicate="intersects")
        commune[point[::-1]] = layers.communes["commune_code"].to_numpy(dtype=object)[holder[::-1]]
    sites = layers.stations.drop_duplicates("site_id").geometry
    ids = None if layers.fibre_routes is None else layers.fibre_routes["id"].to_numpy(dtype=object)
    weak = redundancy(
        work.fibre, operator, people_of_node=served, commune_of_node=commune,
        site_xy=np.column_stack([sites.x, sites.y]), route_ids=ids,
    )  # fmt: skip
    return replace(weak, spans=weak.spans.assign(commune_code=_commune_of(layers, weak.spans)))


def _commune_of(layers: Layers, spans: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """Return the code of the commune in which the middle of each span lies, empty for none."""
    import shapely

    middle = shapely.line_interpolate_point(spans.geometry.to_numpy(), 0.5, normalized=True)
    codes = np.full(len(spans), "", dtype=object)
    if len(spans):
        point, holder = layers.communes.sindex.query(middle, predicate="intersects")
        codes[point[::-1]] = layers.communes["commune_code"].to_numpy(dtype=object)[holder[::-1]]
    return codes


def _places(
    layers: Layers, service: FibreService, reaches: Mapping[str, RoadReach], work: Groundwork
) -> pd.DataFrame:
    import pandas as pd

    columns = ["layer", "place_id", "name", "operator", "along_m", "drop_m", "access_id", "served"]
    blocks = []
    for layer, places in layers.places.items():
        xy = np.column_stack([places.geometry.x, places.geometry.y])
        for operator, found in reaches.items():
            rows = work.network.fibre_nodes(operator, kinds=tuple(service.access))
            table = reach_points(found.field, xy, service.drop_m)
            access = table["access"].to_numpy()
            known = (access >= 0) & (access < len(rows))
            ids = np.full(len(places), "", dtype=object)
            if layers.fibre_nodes is not None and known.any():
                ids[known] = layers.fibre_nodes["id"].to_numpy(dtype=object)[rows[access[known]]]
            blocks.append(
                pd.DataFrame(
                    {
                        "layer": layer, "place_id": places["place_id"].to_numpy(),
                        "name": places["name"].to_numpy(), "operator": operator,
                        "along_m": table["along_m"], "drop_m": table["drop_m"], "access_id": ids,
                        "served": table["along_m"] <= service.reach_m,
                    }
                )
            )  # fmt: skip
    return pd.concat(blocks, ignore_index=True) if blocks else pd.DataFrame({c: [] for c in columns})
