"""Masts, base stations and cells of three operators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from phusong.data.sample.communes import Communes, scatter
from phusong.data.sample.frame import BoolArray, FloatArray, Frame, IntArray
from phusong.data.sample.relief import Relief
from phusong.data.sample.settlement import Settlement, inner_cells, jittered, share_out
from phusong.data.sample.unit import SAMPLE, Unit
from phusong.data.tables import TechnologyDefaults, technology_defaults

if TYPE_CHECKING:
    import pandas as pd

OPERATORS = ("Viettel", "VNPT", "MobiFone")
SHORT = ("VTL", "VNP", "MBF")
SHARES = np.array([0.46, 0.34, 0.20])
NR_MHZ = (2600.0, 3700.0, 3800.0)
"""5G bands by operator, as in the table of bands."""
SHARED = 0.13
"""Part of the masts that carry a second operator."""
COLUMNS = (
    "site_id", "cell_id", "operator", "technology", "frequency_mhz", "lon", "lat", "antenna_height_m",
    "azimuth_deg", "tilt_deg", "beamwidth_deg", "eirp_dbm", "bandwidth_mhz", "commune_code", "status",
)  # fmt: skip


@dataclass(frozen=True)
class Sites:
    """Masts.

    Attributes
    ----------
    xy : array, shape (sites, 2)
    cell : array of int, shape (sites,)
        Flat index on the work lattice.
    operator : array of int, shape (sites,)
        Owner, index into `OPERATORS`.
    busy : array of float, shape (sites,)
        Rank by people around, 0 fewest to 1 most.
    """

    xy: FloatArray
    cell: IntArray
    operator: IntArray
    busy: FloatArray


def unreached(
    rng: np.random.Generator, frame: Frame, communes: Communes, settlement: Settlement
) -> BoolArray:
    """Return the surroundings of a few of the remotest villages, where nobody has built."""
    count = min(max(1, round(len(communes.centre) / 7)), len(settlement.village_xy))
    blind = np.zeros(frame.shape, dtype=bool)
    order = np.argsort(-settlement.remote, kind="stable")
    taken: list[FloatArray] = []
    towns = frame.points(communes.centre)
    for index in order:
        point = settlement.village_xy[index]
        if len(taken) == count:
            break
        if any(np.hypot(*(point - other)) < 8_000.0 for other in taken):
            continue
        if np.hypot(*(towns - point).T).min() < 2_500.0:
            continue
        taken.append(point)
        radius = rng.uniform(3_200.0, 4_800.0)
        blind |= np.hypot(frame.x_m() - point[0], frame.y_m() - point[1]) < radius
    return blind


def _uphill(relief: Relief, inside: BoolArray, cells: IntArray, busy: FloatArray) -> IntArray:
    """Move masts outside towns to the highest cell within two, as builders do."""
    rows, cols = relief.frame.shape
    height = np.where(inside & ~relief.water, relief.height_m, -np.inf)
    row, col = np.divmod(cells, cols)
    best, best_height = cells.copy(), height.ravel()[cells]
    for down in range(-2, 3):
        for right in range(-2, 3):
            r, c = np.clip(row + down, 0, rows - 1), np.clip(col + right, 0, cols - 1)
            better = (height[r, c] > best_height) & (busy < 0.6)
            best = np.where(better, r * cols + c, best)
            best_height = np.where(better, height[r, c], best_height)
    return best


def make_sites(
    rng: np.random.Generator, relief: Relief, communes: Communes, settlement: Settlement, road: BoolArray,
    count: int,
) -> Sites:
    """Place ``count`` masts near people and roads, and none in a few remote valleys."""
    from scipy.ndimage import gaussian_filter

    frame = relief.frame
    around = gaussian_filter(settlement.density, 700.0 / frame.cell_m)
    along = gaussian_filter(road.astype(np.float64), 400.0 / frame.cell_m)
    around, along = around / around.max(), along / max(float(along.max()), 1e-9)
    inside = communes.inside & ~relief.water
    weight = np.where(inside, (around + 0.012 * along + 1e-6) ** 0.8, 0.0)
    open_to_all = weight * ~unreached(rng, frame, communes, settlement)
    if np.count_nonzero(open_to_all) >= 4 * count:
        weight = open_to_all
    cells, operators = [], []
    for operator, number in enumerate(share_out(count, SHARES)):
        cells.append(scatter(rng, frame, weight, int(number)))
        operators.append(np.full(int(number), operator))
    cell = np.concatenate(cells)
    order = rng.permutation(count)
    cell, owner = cell[order], np.concatenate(operators)[order]
    busy = np.argsort(np.argsort(around.ravel()[cell], kind="stable"), kind="stable") / max(count - 1, 1)
    cell = _uphill(relief, inside & (weight > 0), cell, busy)
    return Sites(jittered(rng, frame, cell, inner_cells(communes.label)), cell, owner.astype(np.int64), busy)


def _technologies(rng: np.random.Generator, busy: float) -> list[tuple[str, str]]:
    """Return the technologies of one base station and their status; 4G is everywhere."""
    result = [("4G", "operational")]
    if rng.random() < 0.78:
        result.append(("3G", "operational"))
    if rng.random() < 0.62:
        result.append(("2G", "operational"))
    if busy > 0.80 + rng.normal(0.0, 0.03):
        result.append(("5G", "operational"))
    elif busy > 0.76:
        result.append(("5G", "planned"))
    return result


def _carriers(
    technology: str, operator: int, busy: float, draw: float, default: TechnologyDefaults
) -> list[tuple[float, float]]:
    """Return frequency and bandwidth (MHz) of each carrier of a station."""
    if technology == "5G":
        return [(NR_MHZ[operator], default.bandwidth_mhz)]
    if technology != "4G":
        return [(default.frequency_mhz, default.bandwidth_mhz)]
    if busy > 0.75:
        return [(1800.0, 20.0), (2100.0, 15.0)]
    if busy < 0.65 and draw < 0.6:
        return [(900.0, 10.0)]
    return [(1800.0, 20.0)]


def _height_m(rng: np.random.Generator, busy: float) -> float:
    choices = (18.0, 24.0, 30.0) if busy > 0.8 else (30.0, 36.0, 42.0, 42.0, 48.0)
    return float(choices[rng.integers(len(choices))])


def make_cells(
    rng: np.random.Generator, sites: Sites, lonlat: FloatArray, commune: IntArray, unit: Unit = SAMPLE
) -> pd.DataFrame:
    """Return the table of cells: three sectors per carrier, one omnidirectional cell at small masts."""
    import pandas as pd

    defaults = technology_defaults()
    rows: list[tuple[Any, ...]] = []
    for index in range(len(sites.cell)):
        owner, busy = int(sites.operator[index]), float(sites.busy[index])
        operators = [owner]
        if rng.random() < SHARED:
            operators.append((owner + 1 + int(rng.integers(2))) % 3)
        height, turn = _height_m(rng, busy), int(rng.integers(0, 120))
        sectors = (None,) if busy < 0.25 and rng.random() < 0.25 else (turn, turn + 120, turn + 240)
        site = f"TM{index + 1:05d}"
        for operator in operators:
            for technology, status in _technologies(rng, busy):
                default, number = defaults[technology], 0
                for mhz, width in _carriers(technology, operator, busy, rng.random(), default):
                    tilt = int(rng.integers(3, 10) if busy > 0.6 else rng.integers(0, 6))
                    eirp = default.eirp_dbm + float(rng.integers(-4, 5)) / 2
                    for azimuth in sectors:
                        number += 1
                        rows.append((
                            site, f"{site}-{SHORT[operator]}-{technology}-{number}", OPERATORS[operator],
                            technology, mhz, lonlat[index, 0], lonlat[index, 1], height,
                            azimuth, 0 if azimuth is None else tilt,
                            360.0 if azimuth is None else default.beamwidth_deg, eirp, width,
                            unit.commune(int(commune[index])), status,
                        ))  # fmt: skip
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.astype({"azimuth_deg": "Int64", "lon": float, "lat": float})
