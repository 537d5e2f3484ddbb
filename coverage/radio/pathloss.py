"""Where propagation models plug into the prediction: losses between one site and its window."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.radio.link_budget import Budget, location_probability
from phusong.coverage.radio.model import FlatModel, Limit, Link
from phusong.layers.grid import Grid

Float32Array = NDArray[np.float32]
_BLOCK = 1 << 14
"""Distances handed to a model at once: few enough that its temporaries stay in the cache."""


@dataclass(frozen=True)
class Window:
    """A block of the grid's cells: rows ``row0 <= r < row1``, columns likewise."""

    row0: int
    row1: int
    col0: int
    col1: int

    @classmethod
    def around(cls, grid: Grid, x_m: float, y_m: float, radius_m: float) -> Window:
        """Return the cells of the grid whose centres can lie within the radius; it may be empty."""
        rows, cols = grid.shape
        across = (x_m - grid.left_m) / grid.cell_m - 0.5
        down = (grid.top_m - y_m) / grid.cell_m - 0.5
        reach = radius_m / grid.cell_m
        row0, col0 = (max(math.ceil(v - reach - 1e-9), 0) for v in (down, across))
        row1 = min(math.floor(down + reach + 1e-9) + 1, rows)
        col1 = min(math.floor(across + reach + 1e-9) + 1, cols)
        return cls(row0, max(row1, row0), col0, max(col1, col0))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.row1 - self.row0, self.col1 - self.col0

    @property
    def slices(self) -> tuple[slice, slice]:
        """For cutting the window out of an array of the grid's shape."""
        return slice(self.row0, self.row1), slice(self.col0, self.col1)


@dataclass(frozen=True)
class Site:
    """One position of antennas, and the window in which any of its cells may be heard.

    Attributes
    ----------
    x_m, y_m : float
        In the grid's coordinate system.
    radius_m : float
        No cell of the site is heard beyond.
    window : Window
    """

    x_m: float
    y_m: float
    radius_m: float
    window: Window


@dataclass(frozen=True)
class Field:
    """The states of one link over a window, ``(states, rows, cols)`` each.

    Attributes
    ----------
    weight : array of float32
        Probability of each state; they sum to one.
    loss_db : array of float32
        Median basic transmission loss. NaN or infinite = nothing arrives; finite where the weight is 0.
    sigma_db : array of float32
        Shadowing.
    """

    weight: Float32Array
    loss_db: Float32Array
    sigma_db: Float32Array


class PathLoss(Protocol):
    """A propagation model over one grid, as the prediction asks it.

    Must be safe to call from several threads at once, and give the same for the same arguments.

    Attributes
    ----------
    name : str
        As in the project file.
    limits : tuple of Limit
        Range of the model, of which the prediction counts what lies outside.
    over_terrain : bool
        Whether elevation angles of the antennas are taken over the terrain, or over flat ground.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def limits(self) -> tuple[Limit, ...]: ...  # noqa: D102

    @property
    def over_terrain(self) -> bool: ...  # noqa: D102

    def bound_m(self, link: Link, budget: Budget, max_distance_m: float) -> float:
        """Return a distance beyond which the cell is surely neither reported nor covered."""
        ...

    def fields(self, site: Site, links: Sequence[Link]) -> tuple[Field, ...]:
        """Return the states of every link over the site's window.

        Cells further than ``site.radius_m`` are never looked at and may hold anything.
        """
        ...


@dataclass(frozen=True)
class FlatPathLoss:
    """A formula of distance as a `PathLoss`."""

    model: FlatModel
    grid: Grid

    @property
    def name(self) -> str:
        """Name of the model."""
        return self.model.name

    @property
    def limits(self) -> tuple[Limit, ...]:
        """Range of the model."""
        return self.model.limits

    @property
    def over_terrain(self) -> bool:
        """Flat ground for the antenna too: the formula knows no hills."""
        return False

    def bound_m(self, link: Link, budget: Budget, max_distance_m: float) -> float:
        """Return the distance at which the boresight falls out, by bisection to a millimetre.

        Every flat model loses more the further it goes, so what fails at a distance fails beyond.
        """
        if self._heard(link, budget, max_distance_m):
            return max_distance_m
        low, high = 0.0, max_distance_m
        while high - low > 1e-3:
            middle = 0.5 * (low + high)
            low, high = (middle, high) if self._heard(link, budget, middle) else (low, middle)
        return high

    def _heard(self, link: Link, budget: Budget, distance_m: float) -> bool:
        states = self.model.states(np.array([distance_m]), link)
        # A hair more than the field's float32 can hold against it.
        rsrp = [budget.reference_dbm - s.loss_db + 1e-3 for s in states]
        median = sum(s.weight * r for s, r in zip(states, rsrp, strict=True))
        chance = sum(
            s.weight * location_probability(r, budget.required_dbm, budget.spread_db(s.sigma_db))
            for s, r in zip(states, rsrp, strict=True)
        )
        return bool(np.all(median >= budget.floor_dbm) or np.all(chance >= budget.probability - 1e-6))

    def fields(self, site: Site, links: Sequence[Link]) -> tuple[Field, ...]:
        """Return the states of every link over the site's window."""
        rows, cols = site.window.shape
        x = self.grid.x_m()[site.window.slices[1]] - site.x_m
        y = self.grid.y_m()[site.window.slices[0]] - site.y_m
        counts = [len(self.model.states(np.array([100.0]), link)) for link in links]
        stacks = [np.zeros((3, count, rows, cols), dtype=np.float32) for count in counts]
        step = max(_BLOCK // cols, 1)
        for start in range(0, rows, step):
            block = slice(start, min(start + step, rows))
            # The circle is narrower than the window away from its middle.
            nearest2 = float(np.min(y[block] ** 2))
            inside = np.flatnonzero(x**2 + nearest2 <= site.radius_m**2)
            if not len(inside):
                continue
            span = slice(int(inside[0]), int(inside[-1]) + 1)
            distance = np.sqrt(x[None, span] ** 2 + y[block, None] ** 2)
            for link, stack in zip(links, stacks, strict=True):
                for n, state in enumerate(self.model.states(distance, link)):
                    stack[0, n, block, span] = state.weight
                    stack[1, n, block, span] = state.loss_db
                    stack[2, n, block, span] = state.sigma_db
        return tuple(Field(*stack) for stack in stacks)
