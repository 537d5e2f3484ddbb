"""The sentences of provinces in every draw: residential areas, villages, town and country, households."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.evidence.draw_patches import Ground, grounds_of
from phusong.coverage.evidence.draw_people import Account, Group, Variant, at_points, of_matrix
from phusong.coverage.official import parts_of, reported_homes
from phusong.coverage.result import ANY
from phusong.coverage.settlements import Settlements, find_settlements
from phusong.coverage.tidy import fibre_service
from phusong.layers.grid import FloatArray
from phusong.layers.inventory import Layers
from phusong.layers.project.schema import FibreService

if TYPE_CHECKING:
    import pandas as pd

AREAS, VILLAGES = "settlements", "villages"
WEIGHTS = ("all", "homes", "power", "powerless", "rated", "poor")
"""Of a village: one; its households; whether it is known to have power or not, and has none; whether it is
known to be disadvantaged or not, and is."""
Percents = Iterator[tuple[str, FloatArray]]
"""Indicator, and per cent by operator and unit, the province first."""


@dataclass(frozen=True)
class Official:
    """What the further figures of a draw need beside its sums.

    Attributes
    ----------
    layers : Layers
    areas : tuple of Settlements
        By account; empty without any.
    grounds : tuple of Ground
        Of the villages by account; empty without villages.
    parts : mapping of part to array of bool, shape (communes,)
    homes, fibre : array of float64, shape (communes,)
        Households, and those with fibre; empty where nothing is reported.
    village : Villages or None
    """

    layers: Layers
    areas: tuple[Settlements, ...]
    grounds: tuple[Ground, ...]
    parts: Mapping[str, NDArray[np.bool_]]
    homes: FloatArray
    fibre: FloatArray
    village: Villages | None

    @property
    def communes(self) -> int:
        """How many there are."""
        return len(self.layers.communes)


@dataclass(frozen=True)
class Villages:
    """What is known of the villages.

    Attributes
    ----------
    weights : csr_array, shape (villages, 6 (communes + 1))
        Sums villages by commune, for each of `WEIGHTS` in turn.
    outlying : mapping of (service, operator) to array of float64, shape (villages,)
        People of the largest cluster left out, as the figures have it.
    """

    weights: Any
    outlying: Mapping[tuple[str, str], FloatArray]


def official_of(
    layers: Layers,
    accounts: tuple[Account, ...],
    of_villages: NDArray[np.int64],
    areas: Settlements | None,
    villages: pd.DataFrame | None,
    step: int,
) -> tuple[Official, tuple[Group, ...]]:
    """Return what further figures are made of, and the sums that they need.

    Parameters
    ----------
    layers, accounts
    of_villages : array of int64
        Position of each village's commune, -1 for none.
    areas : Settlements, optional
        Of the first account; those of the others are found here.
    villages : DataFrame, optional
        `phusong.coverage.result.VILLAGE_COLUMNS`.
    step : int
        Cells along the squares of a draw.
    """
    groups: list[Group] = []
    found: tuple[Settlements, ...] = ()
    rows, columns = layers.grid.shape
    if areas is not None:
        others = (find_settlements(layers.grid, a.shares, areas.rule) for a in accounts[1:])
        found = (areas, *others)
        variants = tuple(_of_areas(a).thinned(columns, rows, step) for a in found)
        groups.append(Group(AREAS, variants, heard=False, shown=False))
    grounds: tuple[Ground, ...] = ()
    known = None
    if villages is not None and len(villages):
        places = layers.places[layers.project.villages.layer]
        units = np.arange(len(places), dtype=np.int64)
        groups.append(Group(VILLAGES, (at_points(layers, places, units, len(places)),), False, shown=False))
        grounds = tuple(grounds_of(layers, [a.shares for a in accounts], places, step))
        known = _villages(villages, of_villages, len(layers.communes))
    nothing = np.empty(0)
    homes, fibre = (nothing, nothing) if layers.households is None else reported_homes(layers)
    return Official(layers, found, grounds, parts_of(layers), homes, fibre, known), tuple(groups)


def _of_areas(areas: Settlements) -> Variant:
    from scipy.sparse import csr_array

    held = areas.cells
    matrix = csr_array(
        (areas.cell_people[held], (areas.label[held] - 1, held)), shape=(len(areas), len(areas.label))
    )
    return of_matrix(matrix, len(areas))


def _villages(table: pd.DataFrame, commune: NDArray[np.int64], communes: int) -> Villages:
    from scipy.sparse import csr_array

    blocks = {(str(s), str(o)): own for (s, o), own in table.groupby(["service", "operator"], sort=False)}
    first = next(iter(blocks.values()))
    homes, power, poor = (
        first[c].to_numpy(np.float64) for c in ("households", "has_grid_power", "disadvantaged")
    )
    of = {
        "all": np.ones(len(first)), "homes": homes, "power": np.isfinite(power), "powerless": power == 0.0,
        "rated": np.isfinite(poor), "poor": poor == 1.0,
    }  # fmt: skip
    units = communes + 1
    where = np.where(commune >= 0, commune, communes)
    columns = np.concatenate([where + k * units for k in range(len(WEIGHTS))])
    values = np.nan_to_num(np.concatenate([np.asarray(of[name], dtype=np.float64) for name in WEIGHTS]))
    rows = np.tile(np.arange(len(where)), len(WEIGHTS))
    weights = csr_array((values, (rows, columns)), shape=(len(where), len(WEIGHTS) * units))
    outlying = {k: own["outlying_people"].to_numpy(np.float64) for k, own in blocks.items()}
    return Villages(weights, outlying)


def percent_of(sums: FloatArray, totals: FloatArray) -> FloatArray:
    """Return per cent by operator and unit, the last unit that of none, and the province before all.

    Parameters
    ----------
    sums : array of float64, shape (operators, units)
    totals : array of float64, shape (operators, units) or (units,)
    """
    totals = np.broadcast_to(totals, sums.shape)
    n, of = (np.concatenate([a.sum(axis=1, keepdims=True), a[:, :-1]], axis=1) for a in (sums, totals))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(of > 0.0, 100.0 * n / of, np.nan)


def further_figures(
    official: Official,
    service: str,
    operators: tuple[str, ...],
    sums: Mapping[str, tuple[FloatArray, FloatArray]],
    variant: int,
    outlying: FloatArray | None,
) -> Percents:
    """Yield the figures of one service in one draw that are no plain sums.

    Parameters
    ----------
    official : Official
    service : str
    operators : tuple of str
    sums : mapping of indicator to (sums, totals)
        Of the groups: shapes (operators or more, units) and (units,).
    variant : int
        The account of the draw.
    outlying : array of float64, shape (operators, villages), optional
        People of the largest cluster left out; of mobile services.
    """
    count = len(operators)
    covered, people = sums["population"][0][:count], sums["population"][1]
    yield from _parts(official, covered, people)
    if AREAS in sums:
        areas = official.areas[variant]
        inside, of = sums[AREAS][0][:count], sums[AREAS][1]
        served = (inside >= (areas.rule.served_share - 1e-9) * of).astype(np.float64)
        units = official.communes + 1
        by = np.stack([
            np.bincount(areas.commune, weights=row, minlength=units).astype(np.float64) for row in served
        ])
        total = np.bincount(areas.commune, minlength=units).astype(np.float64)
        yield AREAS, percent_of(by, total)
    if official.village is not None and outlying is not None:
        yield from _of_villages(official, sums[VILLAGES][0][:count] > 0.5, outlying)
    if isinstance(official.layers.project.services[service], FibreService) and len(official.homes):
        yield from _homes(official, service, operators, covered, people)


def _parts(official: Official, covered: FloatArray, people: FloatArray) -> Percents:
    for part, mask in official.parts.items():
        inside = np.append(mask, False)
        yield f"population_{part}", percent_of(covered * inside, people * inside)


def _of_villages(official: Official, served: NDArray[np.bool_], outlying: FloatArray) -> Percents:
    known = official.village
    assert known is not None
    lom = served & (outlying >= official.layers.project.villages.outlying_people)
    flags = np.concatenate([~served, lom, served, np.ones_like(served)]).astype(np.float64)
    summed = (flags @ known.weights).reshape(4, len(served), len(WEIGHTS), official.communes + 1)

    def of(which: int, weight: str) -> FloatArray:
        """Return sums by operator and commune of one kind of villages."""
        return np.asarray(summed[which, :, WEIGHTS.index(weight)])

    for kind, hit, among in (("trang", 0, 3), ("lom", 1, 2)):
        yield kind, percent_of(of(hit, "all"), of(among, "all"))
        yield f"{kind}_households", percent_of(of(hit, "homes"), of(among, "homes"))
        yield f"{kind}_no_power", percent_of(of(hit, "powerless"), of(hit, "power"))
        yield f"{kind}_disadvantaged", percent_of(of(hit, "poor"), of(hit, "rated"))
    yield "villages_disadvantaged", percent_of(of(2, "poor"), of(3, "poor"))


def _homes(
    official: Official, service: str, operators: tuple[str, ...], covered: FloatArray, people: FloatArray
) -> Percents:
    homes = np.append(official.homes, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(people > 0.0, np.minimum(covered / people, 1.0), 0.0)
        reported = np.append(np.where(official.homes > 0.0, official.fibre / official.homes, 0.0), 0.0)
    yield "households_reachable", percent_of(homes * share, homes)
    if service == fibre_service(official.layers):
        own = percent_of((people * reported)[None], people * (homes > 0.0))
        found = np.full((len(operators), own.shape[1]), np.nan)
        found[operators.index(ANY)] = own[0]
        yield "population_fibre", found


def presence_of(official: Official, accounts: tuple[Account, ...]) -> dict[str, FloatArray]:
    """Return per cent of communes with fibre by operator, shape (accounts, units): boundaries decide."""
    from dataclasses import replace

    from phusong.coverage.indicators import fibre_presence

    found: dict[str, list[FloatArray]] = {}
    known: dict[int, dict[str, FloatArray]] = {}
    for account in accounts:
        mine = known.get(id(account.communes))
        if mine is None:
            layers = replace(official.layers, communes=account.communes)
            mine = {}
            for figure in fibre_presence(layers):
                sums, of = (np.append(a, 0.0)[None] for a in (figure.numerator, np.ones(official.communes)))
                mine[figure.operator] = percent_of(sums, of)[0]
            known[id(account.communes)] = mine
        for operator, values in mine.items():
            found.setdefault(operator, []).append(values)
    return {operator: np.stack(values) for operator, values in found.items()}
