"""P.1812 and Longley-Rice as the prediction asks them: losses from a site to every cell of its window."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.radio.itm_sweep import itm_sweep_site, sweep_window
from phusong.coverage.radio.link_budget import Budget
from phusong.coverage.radio.model import Limit, Link
from phusong.coverage.radio.p1812 import Atmosphere, location_sigma_db
from phusong.coverage.radio.p1812_terms import ZONE_COAST, ZONE_INLAND, ZONE_SEA
from phusong.coverage.radio.pathloss import Field, Float32Array, Site
from phusong.coverage.radio.profile import middle_latitude_deg
from phusong.coverage.radio.sweep import P1812Field, SweepLink
from phusong.coverage.radio.terminal import terminal_losses_db
from phusong.data.language import Text
from phusong.layers.faults import ExpectedError
from phusong.layers.grid import Grid
from phusong.layers.inventory import Layers
from phusong.layers.project.schema import TerrainService
from phusong.layers.rasters.clutter import CLASSES, clutter_heights_m

FREE_SPACE_DB = 32.45
"""20 log10(4 pi 1e9 / c) for km and MHz; Rec. ITU-R P.525."""
LEAST_HEIGHT_M = 1.0
"""Of an antenna in P.1812; what is lower is taken as this high."""
SEA_KM2 = 100.0
"""Water of this size or more, in one piece, is sea in the sense of P.1812, section 3.3, table 2."""
COAST_KM, COAST_M = 50.0, 100.0
"""Coastal land: no farther from the sea and no higher above it; P.1812-7, table 2."""

NO_TERRAIN = Text(
    "Mô hình {model} cần lớp địa hình: khai báo [layers.terrain] trong tệp dự án.",
    "Model {model} needs terrain: declare [layers.terrain] in the project file.",
)


@dataclass(frozen=True)
class _Ground:
    """The grid, and what every model over terrain takes from it."""

    grid: Grid
    terrain: Float32Array
    classes: NDArray[np.uint8] | None
    heights_m: NDArray[np.float64]

    @classmethod
    def of(cls, layers: Layers, model: str) -> _Ground:
        """Return the ground of a project; a project without terrain raises `ExpectedError`."""
        if layers.terrain is None:
            raise ExpectedError(NO_TERRAIN, model=model)
        heights = clutter_heights_m(layers.project.layers.clutter)
        classes = None if layers.clutter is None else layers.clutter.values
        return cls(layers.grid, layers.terrain.values, classes, heights)

    def position(self, site: Site) -> tuple[float, float] | None:
        """Return row and column of a site among cell centres, None off the grid."""
        rows, cols = self.grid.shape
        row = (self.grid.top_m - site.y_m) / self.grid.cell_m - 0.5
        col = (site.x_m - self.grid.left_m) / self.grid.cell_m - 0.5
        if not (-0.5 <= row <= rows - 0.5 and -0.5 <= col <= cols - 0.5):
            return None
        # In the outer half cell there is no ground to interpolate: its edge is repeated.
        return min(max(row, 0.0), rows - 1.0), min(max(col, 0.0), cols - 1.0)

    def sigma_db(self, link: Link, site: Site) -> Float32Array:
        """Return the location variability over the window; P.1812-7, section 4.7."""
        by_class = location_sigma_db(
            link.frequency_mhz / 1000.0, self.grid.cell_m, link.rx_height_m, self.heights_m
        ).astype(np.float32)
        return self._look_up(by_class, site)

    def terminal_db(self, link: Link, site: Site) -> Float32Array:
        """Return the loss among the clutter at the phone over the window."""
        losses = terminal_losses_db(link.frequency_mhz, link.rx_height_m, self.heights_m, self.grid.cell_m)
        return self._look_up(losses.astype(np.float32), site)

    def _look_up(self, by_class: Float32Array, site: Site) -> Float32Array:
        if self.classes is None:
            return np.full(site.window.shape, by_class[0], dtype=np.float32)
        return np.asarray(by_class[self.classes[site.window.slices]])

    def fields(
        self, site: Site, links: Sequence[Link], loss_db: NDArray[np.floating], first: tuple[int, int]
    ) -> tuple[Field, ...]:
        """Lay losses, whose first cell is ``first``, onto the site's window."""
        window = site.window
        found = []
        rows, cols = loss_db.shape[1:]
        row0, row1 = max(window.row0, first[0]), min(window.row1, first[0] + rows)
        col0, col1 = max(window.col0, first[1]), min(window.col1, first[1] + cols)
        for link, losses in zip(links, loss_db, strict=True):
            laid = np.full((1, *window.shape), np.nan, dtype=np.float32)
            if row0 < row1 and col0 < col1:
                laid[0, row0 - window.row0 : row1 - window.row0, col0 - window.col0 : col1 - window.col0] = (
                    losses[row0 - first[0] : row1 - first[0], col0 - first[1] : col1 - first[1]]
                )
            weight = np.ones_like(laid)
            found.append(Field(weight, laid, self.sigma_db(link, site)[None]))
        return tuple(found)


def free_space_bound_m(link: Link, budget: Budget, max_distance_m: float) -> float:
    """Return the distance beyond which even free space leaves nothing to report or cover."""
    reach_db = budget.reference_dbm - min(budget.floor_dbm, budget.required_dbm)
    km = 10.0 ** ((reach_db - FREE_SPACE_DB - 20.0 * math.log10(link.frequency_mhz)) / 20.0)
    return float(min(1000.0 * km, max_distance_m))


@dataclass(frozen=True)
class _TerrainPathLoss(ABC):
    """What the models over terrain share; a site off the grid, which has no profile, is not heard."""

    _model: ClassVar[str]
    layers: Layers
    service: TerrainService
    _ground: _Ground = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_ground", _Ground.of(self.layers, self.name))

    @property
    def name(self) -> str:
        """Name of the model."""
        return self._model

    @property
    def limits(self) -> tuple[Limit, ...]:
        """Range of the model."""
        from phusong.coverage.radio.models import MODEL_TABLE

        return MODEL_TABLE[self.name].limits

    @property
    def over_terrain(self) -> bool:
        """Elevation angles are taken over the terrain."""
        return True

    def fields(self, site: Site, links: Sequence[Link]) -> tuple[Field, ...]:
        """Return the states of every link over the site's window."""
        position = self._ground.position(site)
        if position is None:
            return self._ground.fields(site, links, np.full((len(links), 1, 1), np.nan), (0, 0))
        return self._swept(site, links, position, max(site.radius_m, self._ground.grid.cell_m))

    @abstractmethod
    def _swept(
        self, site: Site, links: Sequence[Link], position: tuple[float, float], reach_m: float
    ) -> tuple[Field, ...]:
        """Return the states as far as ``reach_m`` from a row and column of the grid."""


@dataclass(frozen=True)
class P1812PathLoss(_TerrainPathLoss):
    """Rec. ITU-R P.1812 by the swept ray, as a `PathLoss`.

    Parameters
    ----------
    layers : Layers
        With terrain; clutter raises the profiles where there is a layer of it.
    service : TerrainService
    """

    _model: ClassVar[str] = "p1812"
    diffraction_only: ClassVar[bool] = False
    _field: P1812Field = field(init=False, repr=False, compare=False)
    _atmosphere: Atmosphere = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        ground = self._ground
        clutter = None
        if ground.classes is not None:
            clutter = ground.heights_m.astype(np.float32)[ground.classes]
        zone = None
        if ground.classes is not None and self.layers.project.radio.sea_zones:
            zone = zones(ground.grid, ground.terrain, ground.classes)
        swept = P1812Field(ground.terrain, ground.grid.cell_m, clutter, zone, allow_voids=True)
        radio = self.layers.project.radio
        atmosphere = Atmosphere(
            time_percent=50.0 if self.diffraction_only else self.service.time_percent,
            delta_n=radio.delta_n,
            n0=radio.n0,
            latitude_deg=middle_latitude_deg(ground.grid),
            diffraction_only=self.diffraction_only,
        )
        object.__setattr__(self, "_field", swept)
        object.__setattr__(self, "_atmosphere", atmosphere)

    def bound_m(self, link: Link, budget: Budget, max_distance_m: float) -> float:
        """Return the reach in free space: at no place is the median loss less."""
        # Ducting and focusing raise signals above free space for small times only.
        return free_space_bound_m(link, budget, max_distance_m) if self._median else max_distance_m

    @property
    def _median(self) -> bool:
        return self.diffraction_only or self.service.time_percent == 50.0

    def _swept(
        self, site: Site, links: Sequence[Link], position: tuple[float, float], reach_m: float
    ) -> tuple[Field, ...]:
        swept = self._field.sweep(
            *position,
            [SweepLink(link.frequency_mhz / 1000.0, max(link.tx_height_m, LEAST_HEIGHT_M)) for link in links],
            max_distance_m=reach_m,
            rx_height_m=max(links[0].rx_height_m, LEAST_HEIGHT_M),
            atmosphere=self._atmosphere,
        )
        return self._ground.fields(site, links, swept.loss_db, (swept.first_row, swept.first_col))


@dataclass(frozen=True)
class P526PathLoss(P1812PathLoss):
    """Free space and delta-Bullington diffraction alone, by the same sweep, clutter in the profile."""

    _model: ClassVar[str] = "p526"
    diffraction_only: ClassVar[bool] = True


@dataclass(frozen=True)
class ItmPathLoss(_TerrainPathLoss):
    """Longley-Rice on each cell's own path, with the clutter at the phone, as a `PathLoss`."""

    _model: ClassVar[str] = "itm"

    def bound_m(self, link: Link, budget: Budget, max_distance_m: float) -> float:
        """Return the furthest that the service asks for: the model may fall below free space."""
        return max_distance_m

    def _swept(
        self, site: Site, links: Sequence[Link], position: tuple[float, float], reach_m: float
    ) -> tuple[Field, ...]:
        grid = self._ground.grid
        losses, _ = itm_sweep_site(
            self._ground.terrain,
            grid.cell_m,
            *position,
            [(link.frequency_mhz, link.tx_height_m) for link in links],
            rx_height_m=links[0].rx_height_m,
            max_distance_m=reach_m,
            n0=self.layers.project.radio.n0,
            time=self.service.time_percent,
        )
        window = sweep_window(grid.shape, grid.cell_m, *position, reach_m)
        laid = self._ground.fields(site, links, losses, (window[0], window[2]))
        return tuple(
            Field(f.weight, f.loss_db + self._ground.terminal_db(link, site), f.sigma_db)
            for f, link in zip(laid, links, strict=True)
        )


def zones(grid: Grid, terrain_m: Float32Array, classes: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """Return P.1812's radio-climatic zones from land cover, None where there is no sea.

    Water in one piece of `SEA_KM2` or more is sea; land within `COAST_KM` of it and no higher than
    `COAST_M` is coast; the rest is inland. P.1812-7, table 2.
    """
    from scipy import ndimage

    pieces, _ = ndimage.label(classes == CLASSES["water"])
    size = np.bincount(pieces.ravel()) * grid.cell_km2
    size[0] = 0.0
    sea = (size >= SEA_KM2)[pieces]
    if not sea.any():
        return None
    low = np.where(np.isfinite(terrain_m), terrain_m, np.inf) <= COAST_M
    near = ndimage.distance_transform_edt(~sea, sampling=grid.cell_m / 1000.0) <= COAST_KM
    zone = np.where(low & near, np.uint8(ZONE_COAST), np.uint8(ZONE_INLAND))
    zone[sea] = ZONE_SEA
    return zone
