"""Samples beside the prediction: one row for each, with what both say and under what conditions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.criterion import technology_of
from phusong.coverage.evidence.statistics import block_numbers
from phusong.coverage.prediction import Prediction, ShareDone
from phusong.coverage.radio.antenna import pattern_gain_db
from phusong.coverage.radio.cells import Cell, group_by_site, service_cells
from phusong.coverage.radio.kernels import bearings_deg, elevations_deg
from phusong.coverage.radio.models import path_loss_of
from phusong.coverage.radio.pathloss import PathLoss, Site, Window
from phusong.coverage.radio.predict import predict_service
from phusong.coverage.radio.sight import BLOCKED, CLEAR, line_of_sight
from phusong.coverage.result import ANY, Reach
from phusong.layers.grid import FloatArray
from phusong.layers.inventory import Layers
from phusong.layers.project.schema import FibreService, FlatService, RangeService, TerrainService
from phusong.layers.rasters.clutter import CLASSES

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

RadioService = RangeService | FlatService | TerrainService
DISTANCE_BREAKS_M = (0.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0, np.inf)
CLEAR_SIGHT, RIDGE, NO_SIGHT = "clear", "ridge", ""

PAIR_COLUMNS = (
    "row", "service", "technology", "operator", "samples", "time", "rsrp_dbm", "heard", "predicted_dbm",
    "residual_db", "claimed", "measured", "probability", "server", "known_cell", "distance_m",
    "frequency_mhz", "clutter", "sight", "commune_code", "block", "lon", "lat", "x_m", "y_m",
)
"""Columns of the pairs: one row per record and service. ``predicted_dbm`` is of the cell that the record
names (``known_cell``), else of the best server; NaN where nothing is predicted. ``residual_db`` is measured
less predicted. ``claimed``: the map says covered; ``measured``: the level holds the service's threshold.
``server`` is a row of ``layers.stations``, -1 for none; ``clutter`` a class or ``none``; ``sight`` is
``clear``, ``ridge`` or empty."""


def radio_services(layers: Layers, technologies: set[str]) -> Mapping[str, RadioService]:
    """Return the services of the project whose technology was measured, by name."""
    return {
        name: service
        for name, service in layers.project.services.items()
        if not isinstance(service, FibreService) and technology_of(name, service) in technologies
    }


def predict_measured(
    layers: Layers, services: Mapping[str, RadioService], *, workers: int = 0,
    progress: ShareDone | None = None,
) -> dict[str, Prediction]:
    """Predict each service over the province, as a run does."""
    found = {}
    for done, (name, service) in enumerate(services.items()):
        found[name] = predict_service(layers, name, service, workers=workers)
        if progress:
            progress((done + 1) / len(services))
    return found


def threshold_dbm(service: RadioService) -> float:
    """Return the level from which a measurement counts as covered: the service's own, outdoors.

    Circles (``range``) have none: -110 dBm, the default of all others.
    """
    return float(getattr(service, "threshold_dbm", -110.0))


def pair_samples(
    layers: Layers, name: str, service: RadioService, prediction: Prediction, samples: gpd.GeoDataFrame,
    *, threshold: float | None = None,
) -> pd.DataFrame:
    """Hold samples against one service.

    Parameters
    ----------
    layers : Layers
    name : str
    service : RadioService
    prediction : Prediction
        Of the service.
    samples : GeoDataFrame
        As read, or thinned; those of other technologies and of unknown operators are left out. A silent
        phone that names no technology counts for every one.
    threshold : float, optional
        Level in dBm from which a measurement counts as covered; by default `threshold_dbm`.

    Returns
    -------
    DataFrame
        `PAIR_COLUMNS`.
    """
    import pandas as pd

    technology = technology_of(name, service)
    mine = (samples["technology"] == technology) | ((samples["technology"] == "") & ~samples["heard"])
    reaches = {reach.operator: reach for reach in prediction.reaches}
    asked = samples["operator"].where(samples["operator"] != "", ANY)
    samples = samples[mine & asked.isin(list(reaches))].reset_index(drop=True)
    asked = samples["operator"].where(samples["operator"] != "", ANY).to_numpy(dtype=object)
    x, y = samples.geometry.x.to_numpy(), samples.geometry.y.to_numpy()
    level = samples["rsrp_dbm"].to_numpy(np.float64)
    heard = samples["heard"].to_numpy(bool)
    said = _of_map(reaches, asked, x, y)
    known = _known_cells(layers, technology, asked, samples["station"].to_numpy(np.int64))
    if known.any() and not isinstance(service, RangeService):
        own = samples["station"].to_numpy(np.int64)[known]
        said["predicted"][known] = signals_of_cells(layers, name, service, x[known], y[known], own)
    said["server"][known] = samples["station"].to_numpy(np.int64)[known]
    limit = threshold_dbm(service) if threshold is None else threshold
    conditions = _conditions(layers, said["server"], x, y, getattr(service, "receiver_height_m", 1.5))
    return pd.DataFrame(
        {
            "row": samples["row"].to_numpy(), "service": name, "technology": technology, "operator": asked,
            "samples": samples["samples"].to_numpy() if "samples" in samples else 1,
            "time": samples["time"].to_numpy(), "rsrp_dbm": level, "heard": heard,
            "predicted_dbm": said["predicted"], "residual_db": level - said["predicted"],
            "claimed": said["claimed"], "measured": heard & (np.where(heard, level, -np.inf) >= limit),
            "probability": said["probability"], "server": said["server"], "known_cell": known,
            **conditions, "commune_code": samples["commune_code"].to_numpy(dtype=object),
            "block": block_numbers(x, y), "lon": samples["lon"].to_numpy(), "lat": samples["lat"].to_numpy(),
            "x_m": x, "y_m": y,
        }
    )[list(PAIR_COLUMNS)]


def _of_map(
    reaches: Mapping[str, Reach], asked: NDArray[np.object_], x: FloatArray, y: FloatArray
) -> dict[str, NDArray[np.generic]]:
    """Return what the map of each sample's operator says at its place."""
    n = len(asked)
    found: dict[str, NDArray[np.generic]] = {
        "predicted": np.full(n, np.nan), "claimed": np.zeros(n, dtype=bool),
        "probability": np.full(n, np.nan), "server": np.full(n, -1, dtype=np.int64),
    }
    for operator in set(asked.tolist()):
        here = np.flatnonzero(asked == operator)
        reach = reaches[operator]
        found["claimed"][here] = reach.covered.at(x[here], y[here], False)
        if reach.unit == "dBm":
            found["predicted"][here] = reach.signal.at(x[here], y[here], np.nan)
        if reach.probability is not None:
            found["probability"][here] = reach.probability.at(x[here], y[here], np.nan)
        if reach.best_server is not None:
            found["server"][here] = reach.best_server.at(x[here], y[here], -1)
    return found


def _known_cells(
    layers: Layers, technology: str, asked: NDArray[np.object_], station: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Tell which samples name a cell of their own technology and operator."""
    row = np.maximum(station, 0)
    technologies = layers.stations["technology"].to_numpy(dtype=object)[row]
    operators = layers.stations["operator"].to_numpy(dtype=object)[row]
    fits = (technologies == technology) & ((operators == asked) | (asked == ANY))
    return np.asarray((station >= 0) & fits, dtype=bool)


def signals_of_cells(
    layers: Layers, name: str, service: FlatService | TerrainService, x_m: FloatArray, y_m: FloatArray,
    station: NDArray[np.int64],
) -> FloatArray:
    """Return the predicted RSRP of one cell of the network at each point, as the map would have it there.

    Levels are those of the grid's cell that holds the point, without the floor under which a map shows
    nothing.

    Parameters
    ----------
    layers : Layers
    name : str
    service : FlatService or TerrainService
    x_m, y_m : array, shape (n,)
    station : array of int, shape (n,)
        Row of ``layers.stations`` of the cell.

    Returns
    -------
    array of float64, shape (n,)
        dBm; NaN off the grid, beyond the service's ``max_distance_m`` or where the model has nothing.
    """
    found = np.full(station.shape, np.nan)
    loss = path_loss_of(layers, service)
    row, col = layers.grid.index(x_m, y_m)
    inside = layers.grid.holds(row, col)
    for group in group_by_site(service_cells(layers, name, service)):
        own = {cell.station: cell for cell in group}
        here = np.flatnonzero(inside & np.isin(station, list(own)))
        if len(here):
            cells = tuple(own[int(s)] for s in station[here])
            found[here] = _at_site(layers, loss, cells, row[here], col[here], service.max_distance_m)
    return found


def _at_site(
    layers: Layers, loss: PathLoss, cells: tuple[Cell, ...], row: NDArray[np.int64], col: NDArray[np.int64],
    max_distance_m: float,
) -> FloatArray:
    """Return the level of each cell, all of one site, at the centre of its own cell of the grid."""
    grid, first = layers.grid, cells[0]
    xs, ys = grid.x_m(), grid.y_m()
    distance = np.hypot(xs[col] - first.x_m, ys[row] - first.y_m)
    near = distance <= max_distance_m
    level = np.full(len(cells), np.nan)
    if not near.any():
        return level
    radius = float(distance[near].max()) + 1.0
    window = Window.around(grid, first.x_m, first.y_m, radius)
    rows, cols = window.slices
    links = tuple(dict.fromkeys(c.link for c in cells))
    fields = loss.fields(Site(first.x_m, first.y_m, radius, window), links)
    bearing = bearings_deg(xs[cols], ys[rows], first.x_m, first.y_m)
    ground = _ground(layers, loss, first, window)
    for n in np.flatnonzero(near):
        cell, at = cells[n], (row[n] - window.row0, col[n] - window.col0)
        field = fields[links.index(cell.link)]
        rise = cell.link.rx_height_m - cell.link.tx_height_m
        one = ground[at[0] : at[0] + 1, at[1] : at[1] + 1] if ground.size else ground
        elevation = elevations_deg(xs[col[n] : col[n] + 1], ys[row[n] : row[n] + 1], first.x_m, first.y_m,
                                   rise, one)  # fmt: skip
        gain = pattern_gain_db(
            bearing[at], elevation[0, 0], azimuth_deg=cell.azimuth_deg, tilt_deg=cell.tilt_deg,
            beamwidth_deg=cell.beamwidth_deg, vertical_beamwidth_deg=cell.vertical_beamwidth_deg,
        )
        weight, db = field.weight[:, at[0], at[1]], field.loss_db[:, at[0], at[1]]
        level[n] = cell.budget.reference_dbm + float(gain) - float((weight * db).sum())
    level[~np.isfinite(level)] = np.nan
    return level


def _ground(layers: Layers, loss: PathLoss, cell: Cell, window: Window) -> NDArray[np.float32]:
    """Return the ground of a window above that at the site; of size zero over flat ground."""
    none = np.empty((0, 0), dtype=np.float32)
    if not loss.over_terrain or layers.terrain is None:
        return none
    row, col = layers.grid.index(np.array([cell.x_m]), np.array([cell.y_m]))
    if not layers.grid.holds(row, col)[0]:
        return none
    terrain = layers.terrain.values
    return np.asarray(terrain[window.slices] - terrain[row[0], col[0]])


def _conditions(
    layers: Layers, server: NDArray[np.generic], x: FloatArray, y: FloatArray, height_m: float
) -> dict[str, NDArray[np.generic]]:
    """Return distance and band of the server, clutter at the phone, and whether the ground is between."""
    stations = layers.stations
    held = np.maximum(server.astype(np.int64), 0)
    gone = server.astype(np.int64) < 0
    sx, sy = stations.geometry.x.to_numpy()[held], stations.geometry.y.to_numpy()[held]
    sx, sy = np.where(gone, np.nan, sx), np.where(gone, np.nan, sy)
    mast = stations["antenna_height_m"].to_numpy(np.float64)[held]
    band = np.where(gone, np.nan, stations["frequency_mhz"].to_numpy(np.float64)[held])
    names = np.array(["none", *CLASSES], dtype=object)
    codes = np.zeros(len(x), dtype=np.int64)
    if layers.clutter is not None:
        codes = layers.clutter.at(x, y, 0).astype(np.int64)
    seen = line_of_sight(
        layers, np.column_stack([sx, sy]), np.column_stack([x, y]), mast, np.full(len(x), height_m)
    )
    sight = np.full(len(x), NO_SIGHT, dtype=object)
    sight[seen == CLEAR], sight[seen == BLOCKED] = CLEAR_SIGHT, RIDGE
    return {
        "distance_m": np.hypot(x - sx, y - sy), "frequency_mhz": band, "clutter": names[codes],
        "sight": sight,
    }
