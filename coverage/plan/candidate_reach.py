"""Which uncovered cells each candidate would cover, by the very prediction of a run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.criterion import technology_of
from phusong.coverage.plan.candidates import Candidates, RadioService
from phusong.coverage.plan.site_aims import Universe
from phusong.coverage.prediction import ShareDone, worker_count
from phusong.coverage.radio.cells import service_cells
from phusong.coverage.radio.models import path_loss_of
from phusong.coverage.radio.predict import site_plans
from phusong.coverage.radio.site_covers import covered_alone
from phusong.data.tables import technology_defaults
from phusong.layers.inventory import Layers
from phusong.layers.project.plan import PlanSitesTable
from phusong.layers.project.schema import FlatService, RangeService, TerrainService
from phusong.layers.stations import FRAME

if TYPE_CHECKING:
    import geopandas as gpd
    from scipy.sparse import csr_array


def stations_of(
    layers: Layers, name: str, service: RadioService, candidates: Candidates, settings: PlanSitesTable
) -> gpd.GeoDataFrame:
    """Return the cells that candidates would carry, as rows of ``layers.stations``.

    Every site has ``settings.sectors`` cells, spread evenly from the first azimuth on; a single one is
    omnidirectional. Positions are those of the degrees that a file will hold.
    """
    import geopandas as gpd

    technology = technology_of(name, service)
    usual = technology_defaults()[technology]
    n, sectors = len(candidates), settings.sectors
    of = np.repeat(np.arange(n), sectors)
    sector = np.tile(np.arange(sectors), n)
    azimuth = (settings.first_azimuth_deg + 360.0 * sector / sectors) % 360.0
    codes = np.append(layers.communes["commune_code"].to_numpy(dtype=object), "")

    def given(key: str) -> float:
        """Return what the project sets, or what is usual."""
        value = getattr(settings, key)
        return float(value if value is not None else getattr(usual, key))

    taken = set(layers.stations["cell_id"].astype(str))
    columns: dict[str, Any] = {
        "site_id": candidates.site_id[of],
        "cell_id": np.array(
            [
                _cell_id(candidates.site_id[i], technology, s + 1, taken)
                for i, s in zip(of, sector, strict=True)
            ],
            dtype=object,
        ),
        "operator": candidates.operator[of],
        "technology": np.full(len(of), technology, dtype=object),
        "frequency_mhz": np.full(len(of), given("frequency_mhz")),
        "lon": candidates.lon[of],
        "lat": candidates.lat[of],
        "antenna_height_m": candidates.height_m[of],
        "azimuth_deg": np.where(sectors > 1, azimuth, np.nan),
        "tilt_deg": np.full(len(of), given("tilt_deg")),
        "beamwidth_deg": np.full(len(of), given("beamwidth_deg")),
        "eirp_dbm": np.full(len(of), given("eirp_dbm")),
        "bandwidth_mhz": np.full(len(of), given("bandwidth_mhz")),
        "commune_code": codes[candidates.commune[of]],
    }
    shapes = gpd.points_from_xy(candidates.x_m[of], candidates.y_m[of])
    return gpd.GeoDataFrame({c: columns[c] for c in FRAME}, geometry=shapes, crs=layers.grid.crs)


def _cell_id(site: object, technology: str, number: int, taken: set[str]) -> str:
    name = f"{site}-{technology}-{number}"
    while name in taken:
        name += "N"
    return name


def with_stations(layers: Layers, added: gpd.GeoDataFrame) -> Layers:
    """Return the layers with further cells behind those there are."""
    import geopandas as gpd
    import pandas as pd

    if not len(added):
        return layers
    both = [layers.stations, added] if len(layers.stations) else [added]
    frame = gpd.GeoDataFrame(pd.concat(both, ignore_index=True), geometry="geometry", crs=layers.grid.crs)
    return replace(layers, stations=frame)


def reach_of_candidates(
    layers: Layers, name: str, service: RadioService, candidates: Candidates, universe: Universe, *,
    settings: PlanSitesTable, workers: int = 0, progress: ShareDone | None = None,
) -> csr_array:
    """Return which cells of the universe each candidate covers.

    A candidate covers a cell exactly where a run with it as a station would call the cell covered by it:
    losses, patterns, margins and probability are those of `phusong.coverage.radio.predict`.

    Returns
    -------
    csr_array of bool, shape (candidates, cells of the universe)
    """
    from scipy.sparse import csr_array

    if isinstance(service, RangeService):
        rows = _in_circles(candidates, universe, service.radius_m, worker_count(workers))
    else:
        rows = _by_model(layers, name, service, candidates, universe, settings, workers, progress)
    start = np.concatenate([[0], np.cumsum([len(r) for r in rows])]).astype(np.int64)
    cells = np.concatenate([*rows, np.zeros(0, dtype=np.int64)])
    return csr_array(
        (np.ones(cells.size, dtype=np.bool_), cells, start), shape=(len(candidates), universe.cells.size)
    )


def _in_circles(
    candidates: Candidates, universe: Universe, radius_m: float, workers: int
) -> list[NDArray[np.int64]]:
    from scipy.spatial import cKDTree

    if not len(universe.cells):
        return [np.zeros(0, dtype=np.int64)] * len(candidates)
    tree = cKDTree(np.column_stack([universe.x_m, universe.y_m]))
    # A hair more, then the distance as `nearest` compares it.
    found = tree.query_ball_point(
        np.column_stack([candidates.x_m, candidates.y_m]), radius_m * (1.0 + 1e-9), workers=workers
    )
    rows = []
    for i, hits in enumerate(found):
        at = np.sort(np.asarray(hits, dtype=np.int64))
        apart = (universe.x_m[at] - candidates.x_m[i]) ** 2 + (universe.y_m[at] - candidates.y_m[i]) ** 2
        rows.append(at[apart <= radius_m * radius_m])
    return rows


def _by_model(
    layers: Layers, name: str, service: FlatService | TerrainService, candidates: Candidates,
    universe: Universe, settings: PlanSitesTable, workers: int, progress: ShareDone | None,
) -> list[NDArray[np.int64]]:
    stations = stations_of(layers, name, service, candidates, settings)
    planned = replace(layers, stations=stations)
    loss = path_loss_of(planned, service)
    plans = list(
        site_plans(layers.grid, loss, service_cells(planned, name, service), service.max_distance_m)
    )
    where = np.full(layers.grid.size, -1, dtype=np.int32)
    where[universe.cells] = np.arange(universe.cells.size)
    where = where.reshape(layers.grid.shape)
    site_of = np.arange(len(stations), dtype=np.int64) // settings.sectors
    rows: list[NDArray[np.int64]] = [np.zeros(0, dtype=np.int64)] * len(candidates)
    alone = covered_alone(layers, loss, plans, site_of, where, workers=workers)
    for done, found in enumerate(alone, start=1):
        for site, covered in found.items():
            rows[site] = np.sort(covered).astype(np.int64)
        if progress:
            progress(done / len(plans))
    return rows
