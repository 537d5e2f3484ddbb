"""The cells that serve a service: where they stand, where they look, what they send."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from phusong.coverage.criterion import technology_of
from phusong.coverage.radio.antenna import VERTICAL_BEAMWIDTH_DEG
from phusong.coverage.radio.link_budget import (
    REPORTING_FLOOR_DB,
    Budget,
    noise_dbm,
    penetration_loss_db,
    reference_share_db,
)
from phusong.coverage.radio.model import FloatArray, Link
from phusong.layers.inventory import Layers
from phusong.layers.project.schema import FlatService, RangeService, TerrainService

NO_OPERATOR = ""
"""Cells whose operator is not known count for 'any' alone."""


@dataclass(frozen=True)
class Cell:
    """One cell as the prediction sees it.

    Attributes
    ----------
    station : int
        Row in ``layers.stations``.
    x_m, y_m : float
        In the grid's coordinate system.
    operator : str
    link : Link
    budget : Budget
    azimuth_deg : float
        Clockwise from grid north, in [0, 360); NaN = omnidirectional.
    tilt_deg, beamwidth_deg, vertical_beamwidth_deg : float
    noise_dbm : float
        In one resource element.
    known_bandwidth : bool
        Whether the number of resource blocks stands in the tables.
    """

    station: int
    x_m: float
    y_m: float
    operator: str
    link: Link
    budget: Budget
    azimuth_deg: float
    tilt_deg: float
    beamwidth_deg: float
    vertical_beamwidth_deg: float
    noise_dbm: float
    known_bandwidth: bool

    @property
    def antenna(self) -> tuple[float, float, float, float]:
        """Azimuth, tilt, horizontal and vertical factor, as `sector_gain_db` takes them."""
        vertical = 12.0 / self.vertical_beamwidth_deg**2
        if np.isnan(self.azimuth_deg):
            return 0.0, self.tilt_deg, 0.0, vertical
        return self.azimuth_deg, self.tilt_deg, 12.0 / self.beamwidth_deg**2, vertical

    @property
    def limits(self) -> tuple[float, float, float, float, float]:
        """Reference, required level, probability, its quantile and floor, as `merge_cell` takes them."""
        b = self.budget
        return (
            b.reference_dbm,
            b.required_dbm,
            b.probability,
            float(ndtri(b.probability)),
            b.floor_dbm,
        )


def operators_of(layers: Layers) -> tuple[str, ...]:
    """Return the operators of all stations, of whatever technology, by name."""
    return tuple(sorted(set(_operators(layers)) - {NO_OPERATOR}))


def _operators(layers: Layers) -> list[str]:
    column = layers.stations["operator"]
    pairs = zip(column.to_numpy(dtype=object).tolist(), column.isna().tolist(), strict=True)
    return [NO_OPERATOR if missing else str(v) for v, missing in pairs]


def rows_of(
    layers: Layers, name: str, service: RangeService | FlatService | TerrainService
) -> NDArray[np.int64]:
    """Return the rows of ``layers.stations`` with the technology of a service."""
    return np.flatnonzero((layers.stations["technology"] == technology_of(name, service)).to_numpy())


def service_cells(layers: Layers, name: str, service: FlatService | TerrainService) -> tuple[Cell, ...]:
    """Return the cells that serve, in the order of the stations."""
    rows = rows_of(layers, name, service)
    technology = technology_of(name, service)
    stations = layers.stations.iloc[rows]
    operators = _operators(layers)
    turn = _true_north_deg(layers, stations["lon"].to_numpy(np.float64), stations["lat"].to_numpy(np.float64))
    azimuth = (stations["azimuth_deg"].to_numpy(np.float64) + turn) % 360.0
    columns = {
        c: stations[c].to_numpy(np.float64)
        for c in (
            "frequency_mhz",
            "antenna_height_m",
            "tilt_deg",
            "beamwidth_deg",
            "eirp_dbm",
            "bandwidth_mhz",
        )
    }
    x, y = stations.geometry.x.to_numpy(), stations.geometry.y.to_numpy()
    # One object per distinct set of figures, so that sites find their shared links quickly.
    budgets: dict[tuple[float, float, float], tuple[Budget, bool]] = {}
    cells = []
    for n, row in enumerate(rows):
        frequency, eirp, bandwidth = (
            float(columns[c][n]) for c in ("frequency_mhz", "eirp_dbm", "bandwidth_mhz")
        )
        key = (frequency, eirp, bandwidth)
        if key not in budgets:
            budgets[key] = _budget(service, technology, *key)
        budget, known = budgets[key]
        cells.append(
            Cell(
                station=int(row),
                x_m=float(x[n]),
                y_m=float(y[n]),
                operator=operators[row],
                link=Link(
                    frequency,
                    float(columns["antenna_height_m"][n]),
                    service.receiver_height_m,
                    getattr(service, "environment", "rural"),
                ),
                budget=budget,
                azimuth_deg=float(azimuth[n]),
                tilt_deg=float(columns["tilt_deg"][n]),
                beamwidth_deg=float(columns["beamwidth_deg"][n]),
                vertical_beamwidth_deg=VERTICAL_BEAMWIDTH_DEG,
                noise_dbm=noise_dbm(technology, frequency),
                known_bandwidth=known,
            )
        )
    return tuple(cells)


def _budget(
    service: FlatService | TerrainService,
    technology: str,
    frequency_mhz: float,
    eirp_dbm: float,
    bandwidth_mhz: float,
) -> tuple[Budget, bool]:
    share, known = reference_share_db(technology, bandwidth_mhz, frequency_mhz)
    loss, spread = penetration_loss_db(service.penetration, frequency_mhz, service.penetration_db)
    budget = Budget(
        reference_dbm=eirp_dbm - share,
        required_dbm=service.threshold_dbm + loss,
        extra_sigma_db=spread,
        sigma_db=float("nan") if service.sigma_db is None else service.sigma_db,
        probability=service.probability,
        floor_dbm=service.threshold_dbm - REPORTING_FLOOR_DB,
    )
    return budget, known


def _true_north_deg(layers: Layers, lon: FloatArray, lat: FloatArray) -> FloatArray:
    """Return the grid bearing of true north at each point: azimuths are true, the grid is not."""
    from pyproj import Transformer

    if not len(lon):
        return np.empty(0)
    to_grid = Transformer.from_crs(4326, layers.grid.crs, always_xy=True)
    x0, y0 = to_grid.transform(lon, lat - 1e-3)
    x1, y1 = to_grid.transform(lon, lat + 1e-3)
    return np.asarray(np.degrees(np.arctan2(np.subtract(x1, x0), np.subtract(y1, y0))))


def group_by_site(cells: Sequence[Cell]) -> tuple[tuple[Cell, ...], ...]:
    """Return the cells that stand at one point together, points in order of their first cell."""
    groups: dict[tuple[float, float], list[Cell]] = {}
    for cell in cells:
        groups.setdefault((cell.x_m, cell.y_m), []).append(cell)
    return tuple(tuple(group) for group in groups.values())
