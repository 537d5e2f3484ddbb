"""Why a gap is not covered: the loss of its best candidate server, taken apart."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from phusong.coverage.radio.cells import Cell, service_cells
from phusong.coverage.radio.link import MODELS, answers_by_link, cell_report
from phusong.coverage.radio.profile import clearance, median_earth_radius_km, straight_profile
from phusong.layers.inventory import Layers
from phusong.layers.project import TerrainService

CANDIDATES = 6
"""Nearest sites that are asked: a farther one seldom delivers more, and never by much."""


@dataclass(frozen=True)
class Cause:
    """Why a place has no service.

    Attributes
    ----------
    reason : str
        ``no station in range``: none within the service's reach. ``power``: even free space would not
        do. ``clutter``: it would be covered over bare ground. ``terrain``: the ground is in the way.
    site_id : str
        Of the candidate with the strongest signal; empty without any.
    distance_m : float
        To it.
    shortfall_db : float
        What the signal lacks of threshold and margin.
    terrain_db, clutter_db : float
        Loss beyond free space by bare ground, and by what stands on it.
    ridge_m, ridge_above_m : float
        Distance of the highest obstacle from the site, and how far it stands above the ray; NaN where
        the ray is clear.
    """

    reason: str
    site_id: str = ""
    distance_m: float = float("nan")
    shortfall_db: float = float("nan")
    terrain_db: float = float("nan")
    clutter_db: float = float("nan")
    ridge_m: float = float("nan")
    ridge_above_m: float = float("nan")


NOBODY = Cause("no station in range")


class Explainer:
    """Finds the causes of one service over terrain.

    Parameters
    ----------
    layers : Layers
        With terrain.
    name : str
        Of the service.
    service : TerrainService
    """

    def __init__(self, layers: Layers, name: str, service: TerrainService) -> None:
        from scipy.spatial import cKDTree

        self.layers = layers
        self.service = service
        self._cells: dict[tuple[float, float], list[Cell]] = defaultdict(list)
        for cell in service_cells(layers, name, service):
            self._cells[cell.x_m, cell.y_m].append(cell)
        self._sites = list(self._cells)
        self._tree = cKDTree(np.array(self._sites)) if self._sites else None

    def explain(self, x_m: float, y_m: float) -> Cause:
        """Return the cause at a point of the grid's coordinate system."""
        if self._tree is None:
            return NOBODY
        distance, near = self._tree.query(
            [x_m, y_m], k=min(CANDIDATES, len(self._sites)), distance_upper_bound=self.service.max_distance_m
        )
        causes = [
            self._cause(self._sites[n], (x_m, y_m))
            for d, n in zip(np.atleast_1d(distance), np.atleast_1d(near), strict=True)
            if np.isfinite(d) and d > 0.0
        ]
        found = [c for c in causes if c is not None]
        return min(found, key=lambda c: c.shortfall_db, default=NOBODY)

    def _cause(self, site: tuple[float, float], place: tuple[float, float]) -> Cause | None:
        profile = straight_profile(self.layers, site, place)
        if not np.isfinite(profile.ground_m).all():
            return None
        cells = self._cells[site]
        service, model = self.service, self.service.model
        answers = answers_by_link(self.layers, service, cells, profile, cells[0].link.rx_height_m, model)
        reports = [
            cell_report(self.layers, cell, answers[cell.link][0], answers[cell.link][1][0]) for cell in cells
        ]
        best = min(range(len(cells)), key=lambda n: (reports[n].required_dbm - reports[n].rsrp_dbm, n))
        link, report = cells[best].link, reports[best]
        path, (loss, free, _) = answers[link]
        bare = MODELS[model](self.layers, service, dataclasses.replace(path, clutter_m=None))[0]
        shortfall = (
            report.required_dbm + float(ndtri(self.service.probability)) * report.sigma_db - report.rsrp_dbm
        )
        ridge = clearance(
            profile,
            frequency_mhz=link.frequency_mhz,
            tx_height_m=link.tx_height_m,
            rx_height_m=link.rx_height_m,
            earth_radius_km=median_earth_radius_km(self.layers.project.radio.delta_n),
        ).worst
        return Cause(
            _reason(shortfall, bare - free, loss - bare),
            str(self.layers.stations["site_id"].iloc[cells[best].station]),
            profile.length_m,
            shortfall,
            bare - free,
            loss - bare,
            ridge.distance_m if ridge else float("nan"),
            ridge.above_line_m if ridge else float("nan"),
        )


def _reason(shortfall_db: float, terrain_db: float, clutter_db: float) -> str:
    """Name what alone would close the shortfall, the cheapest to blame first."""
    if shortfall_db > terrain_db + clutter_db:
        return "power"
    # Where this very path would be covered, the larger loss is the likelier culprit.
    to_close = shortfall_db if shortfall_db > 0.0 else terrain_db
    return "clutter" if clutter_db >= to_close else "terrain"
