"""A propagation model with corrections that were fitted to measurements."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.radio.cells import Cell
from phusong.coverage.radio.link_budget import Budget
from phusong.coverage.radio.model import Limit, Link
from phusong.coverage.radio.pathloss import Field, PathLoss, Site
from phusong.layers.calibration import Calibration, calibration_of
from phusong.layers.grid import Grid
from phusong.layers.inventory import Layers
from phusong.layers.project.schema import FlatService, TerrainService


@dataclass(frozen=True)
class CalibratedPathLoss:
    """Another model, less the corrections of its signal: as a `PathLoss`.

    What is added to the signal is taken from the loss, in every state alike. Bounds stay safe: the inner
    model is asked with the largest correction added to the power.
    """

    inner: PathLoss
    calibration: Calibration
    grid: Grid
    clutter: NDArray[np.uint8] | None

    @property
    def name(self) -> str:
        """Name of the model."""
        return self.inner.name

    @property
    def limits(self) -> tuple[Limit, ...]:
        """Range of the model."""
        return self.inner.limits

    @property
    def over_terrain(self) -> bool:
        """As the model has it."""
        return self.inner.over_terrain

    def bound_m(self, link: Link, budget: Budget, max_distance_m: float) -> float:
        """Return the bound for the power raised by the largest correction."""
        highest = self.calibration.highest_db(link.frequency_mhz)
        raised = dataclasses.replace(budget, reference_dbm=budget.reference_dbm + highest)
        return self.inner.bound_m(link, raised, max_distance_m)

    def fields(self, site: Site, links: Sequence[Link]) -> tuple[Field, ...]:
        """Return the states of every link over the site's window."""
        rows, cols = site.window.slices
        x = self.grid.x_m()[cols] - site.x_m
        y = self.grid.y_m()[rows] - site.y_m
        distance = np.hypot(x[None, :], y[:, None]).astype(np.float32)
        clutter = None if self.clutter is None else self.clutter[rows, cols]
        found = []
        for link, field in zip(links, self.inner.fields(site, links), strict=True):
            extra = self.calibration.correction_db(link.frequency_mhz, clutter, distance)
            found.append(Field(field.weight, field.loss_db - extra[None], field.sigma_db))
        return tuple(found)


def calibrated(layers: Layers, service: FlatService | TerrainService, loss: PathLoss) -> PathLoss:
    """Return the model with the corrections that its service names, or as it is where it names none.

    Raises
    ------
    ExpectedError
        The corrections are of another model.
    """
    found = calibration_of(layers.calibrations, service)
    if found is None:
        return loss
    clutter = None if layers.clutter is None else layers.clutter.values
    return CalibratedPathLoss(loss, found, layers.grid, clutter)


def correction_at_db(layers: Layers, service: object, cell: Cell, x_m: float, y_m: float) -> float:
    """Return what the corrections add to a cell's signal at a point: 0 without any."""
    if not isinstance(service, FlatService | TerrainService):
        return 0.0
    found = calibration_of(layers.calibrations, service)
    if found is None:
        return 0.0
    clutter = None
    if layers.clutter is not None:
        clutter = layers.clutter.at(np.array([x_m]), np.array([y_m]), 0)
    distance = np.array([np.hypot(x_m - cell.x_m, y_m - cell.y_m)], dtype=np.float32)
    return float(found.correction_db(cell.link.frequency_mhz, clutter, distance)[0])
