"""Why a gap is not covered: the loss of its best candidate server, taken apart."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from phusong.coverage.radio.cells import Cell, service_cells
from phusong.coverage.radio.groups import ground_key
from phusong.coverage.radio.link import answers_by_link, cell_report
from phusong.coverage.radio.link_models import MODELS
from phusong.coverage.radio.models import path_loss_of
from phusong.coverage.radio.profile import clearance, median_earth_radius_km, straight_profile
from phusong.coverage.store import Answers, Store, digest_of
from phusong.layers.grid import FloatArray
from phusong.layers.inventory import Layers
from phusong.layers.project.schema import TerrainService

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
_REASONS = ("power", "clutter", "terrain")
_NUMBERS = ("distance_m", "shortfall_db", "terrain_db", "clutter_db", "ridge_m", "ridge_above_m")
"""Of a cause, as they are kept, after its reason and the place of its cell among those of the site."""


class Explainer:
    """Finds the causes of one service over terrain.

    Parameters
    ----------
    layers : Layers
        With terrain.
    name : str
        Of the service.
    service : TerrainService
    store : Store, optional
        Where causes are kept between runs; `save` puts them there.
    """

    def __init__(
        self, layers: Layers, name: str, service: TerrainService, store: Store | None = None
    ) -> None:
        from scipy.spatial import cKDTree

        self.layers = layers
        self.service = service
        self._cells: dict[tuple[float, float], list[Cell]] = defaultdict(list)
        self._site_of: dict[int, tuple[float, float]] = {}
        for cell in service_cells(layers, name, service):
            self._cells[cell.x_m, cell.y_m].append(cell)
            self._site_of[cell.station] = (cell.x_m, cell.y_m)
        self._sites = list(self._cells)
        self._tree = cKDTree(np.array(self._sites)) if self._sites else None
        ground = "" if store is None else ground_key(layers, service, path_loss_of(layers, service))
        self._answers = Answers(store, "causes", name, ground, width=2 + len(_NUMBERS))
        self._digests: dict[tuple[float, float], str] = {}

    def save(self) -> None:
        """Keep the causes found for later runs."""
        self._answers.save()

    def explain(self, x_m: float, y_m: float, server: int = -1, signal_dbm: float = float("nan")) -> Cause:
        """Return the cause at a point of the grid's coordinate system.

        Parameters
        ----------
        x_m, y_m : float
        server : int
            Row in ``layers.stations`` of the best server there, as predicted; -1 where nothing is heard.
        signal_dbm : float
            Its predicted signal, which decides what is lacking.
        """
        if self._tree is None:
            return NOBODY
        if server >= 0:
            known = self._cause(self._site_of[server], (x_m, y_m), signal_dbm)
            if known is not None:
                return known
        distance, near = self._tree.query(
            [x_m, y_m], k=min(CANDIDATES, len(self._sites)), distance_upper_bound=self.service.max_distance_m
        )
        causes = [
            self._cause(self._sites[n], (x_m, y_m), float("nan"))
            for d, n in zip(np.atleast_1d(distance), np.atleast_1d(near), strict=True)
            if np.isfinite(d)
        ]
        found = [c for c in causes if c is not None]
        return min(found, key=lambda c: c.shortfall_db, default=NOBODY)

    def _cause(
        self, site: tuple[float, float], place: tuple[float, float], signal_dbm: float
    ) -> Cause | None:
        if site == place:
            return None
        cells = self._cells[site]
        if site not in self._digests:  # the row in the stations is no part of what a cell does
            self._digests[site] = digest_of([dataclasses.replace(cell, station=0) for cell in cells])
        kept = self._answers.ask(
            (self._digests[site], site, place, signal_dbm), lambda: self._numbers(site, place, signal_dbm)
        )
        if kept[0] < 0:
            return None
        site_id = str(self.layers.stations["site_id"].iloc[cells[int(kept[1])].station])
        return Cause(_REASONS[int(kept[0])], site_id, *kept[2:].tolist())

    def _numbers(
        self, site: tuple[float, float], place: tuple[float, float], signal_dbm: float
    ) -> FloatArray:
        """Return a cause as numbers: reason, place of the cell, `_NUMBERS`; a reason of -1 for none."""
        profile = straight_profile(self.layers, site, place)
        if not np.isfinite(profile.ground_m).all():
            return np.full(2 + len(_NUMBERS), -1.0)
        cells = self._cells[site]
        service, model = self.service, self.service.model
        answers = answers_by_link(self.layers, service, cells, profile, cells[0].link.rx_height_m, model)
        reports = [
            cell_report(self.layers, cell, answers[cell.link][0], answers[cell.link][1][0], service)
            for cell in cells
        ]
        best = min(range(len(cells)), key=lambda n: (reports[n].required_dbm - reports[n].rsrp_dbm, n))
        link, report = cells[best].link, reports[best]
        path, (loss, free, _) = answers[link]
        bare = MODELS[model](self.layers, service, dataclasses.replace(path, clutter_m=None))[0]
        needed = report.required_dbm + float(ndtri(self.service.probability)) * report.sigma_db
        # The prediction decides what is lacking; where it hears nothing, no more than its floor arrives.
        arrives = (
            signal_dbm if np.isfinite(signal_dbm) else min(report.rsrp_dbm, cells[best].budget.floor_dbm)
        )
        shortfall = needed - arrives
        ridge = clearance(
            profile,
            frequency_mhz=link.frequency_mhz,
            tx_height_m=link.tx_height_m,
            rx_height_m=link.rx_height_m,
            earth_radius_km=median_earth_radius_km(self.layers.project.radio.delta_n),
        ).worst
        return np.array([
            _REASONS.index(_reason(shortfall, bare - free, loss - bare)), best, profile.length_m, shortfall,
            bare - free, loss - bare, ridge.distance_m if ridge else np.nan,
            ridge.above_line_m if ridge else np.nan,
        ])  # fmt: skip


def _reason(shortfall_db: float, terrain_db: float, clutter_db: float) -> str:
    """Name what alone would close the shortfall, the cheapest to blame first."""
    if shortfall_db > max(terrain_db, 0.0) + max(clutter_db, 0.0):
        return "power"
    return "clutter" if clutter_db >= shortfall_db else "terrain"
