"""How sure the percentages are: seeded draws of what is not known, each counted as the figures are.

Two questions are kept apart. The *figure* says how many people live where the criterion is met: unknown are
the model's local error, its error over the whole province, the people and the boundaries. *Heard* says how
many would find the threshold itself on the spot: there the location variability comes in too, which the
criterion's probability stands for otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.evidence.draw_kernels import add_up, decide
from phusong.coverage.evidence.draw_margins import NAMELESS, Margins, margins_of
from phusong.coverage.evidence.draw_people import Group, groups_of
from phusong.coverage.evidence.fields import Lattice, lattice
from phusong.coverage.prediction import worker_count
from phusong.coverage.result import ANY, Reach
from phusong.coverage.zonal import CommuneShares
from phusong.layers.grid import FloatArray
from phusong.layers.inventory import Layers
from phusong.layers.project_uncertainty import UncertaintyTable

if TYPE_CHECKING:
    import pandas as pd

UNCERTAINTY_COLUMNS = (
    "level", "code", "service", "operator", "indicator", "percent", "low", "high", "heard", "heard_low",
    "heard_high",
)  # fmt: skip
ORDER_COLUMNS = ("service", "rank", "code", "next_code", "percent", "next_percent", "chance")
RANK_COLUMNS = ("service", "code", "rank", "rank_low", "rank_high")
UNCERTAIN_ORDER = 0.1
"""Chance of the other order from which that of two communes is called uncertain."""


@dataclass(frozen=True)
class Uncertainty:
    """Lows and highs.

    Attributes
    ----------
    settings : UncertaintyTable
    table : DataFrame
        `UNCERTAINTY_COLUMNS`: ``low`` and ``high`` of the figure; ``heard`` (mean over the draws),
        ``heard_low heard_high`` where the model knows the spread of its signal, NaN elsewhere. Per cent.
    order : DataFrame
        `ORDER_COLUMNS`: communes next to each other when ranked by ``population`` of any operator, lowest
        first, and the chance that the other order is the true one; ties count half.
    ranks : DataFrame
        `RANK_COLUMNS`: rank of each commune by its figure (1 is the lowest share), and between which ranks
        the draws put it; ties share the middle of their ranks.
    people_variants : int
        How many accounts of people and boundaries the draws chose among.
    fixed : tuple of str
        Services whose reach is taken as known: circles and fibre.
    """

    settings: UncertaintyTable
    table: pd.DataFrame
    order: pd.DataFrame
    ranks: pd.DataFrame
    people_variants: int
    fixed: tuple[str, ...]

    def uncertain_pairs(self, service: str) -> pd.DataFrame:
        """Return the neighbours in the ranking whose order is not certain."""
        own = self.order[self.order["service"] == service]
        return own[own["chance"] > UNCERTAIN_ORDER]


@dataclass(frozen=True)
class _Task:
    """What a draw needs of one service."""

    service: str
    margins: Margins
    groups: tuple[Group, ...]
    active: tuple[tuple[tuple[NDArray[np.int64], NDArray[np.int64], FloatArray], ...], ...]
    base: tuple[tuple[FloatArray, ...], ...]


@dataclass
class _Fields:
    """The lattices, and where in its own fields each site looks."""

    residual: Lattice
    shadow: Lattice
    shifts: Mapping[str, NDArray[np.int32]] = field(default_factory=dict)


def uncertainty_of(
    layers: Layers,
    shares: CommuneShares,
    reaches: Mapping[tuple[str, str], Reach],
    commune_of_place: Mapping[str, NDArray[np.int64]],
    settings: UncertaintyTable,
    *,
    workers: int = 0,
) -> Uncertainty:
    """Draw what is not known; return low and high of every percentage of people, area, places and zones.

    In draw d a cell meets the criterion if for one operator's best server
    ``median + bias_d + R_d >= threshold + z_p sigma``, and is heard if
    ``median + bias_d + R_d + L_d >= threshold``. R (``residual_db``) and L (the model's spread) are fields of
    exponential correlation, ``sqrt(common) C + sqrt(1 - common) X_site`` each, C shared by all sites. Only
    the best server of each operator is drawn. All services fade together; each has a bias of its own. Draw d
    depends on seed and d alone, so the result is the same for any number of workers.

    Parameters
    ----------
    layers, shares, reaches, commune_of_place
        As in `phusong.coverage.indicators.indicator_table`.
    settings : UncertaintyTable
    workers : int
        Threads; 0 = one per core.
    """
    fields = _Fields(
        lattice(layers.grid.shape, layers.grid.cell_m, settings.residual_correlation_m),
        lattice(layers.grid.shape, layers.grid.cell_m, settings.correlation_m),
    )
    groups, variants = groups_of(layers, shares, commune_of_place, fields.shadow.cells)
    wanted = np.zeros(layers.grid.size, dtype=bool)
    for variant in (v for group in groups for v in group.variants):
        wanted[(variant.drawn or variant).cells] = True
    tasks = []
    for service in layers.project.services:
        own = {o: r for (s, o), r in reaches.items() if s == service}
        margins = margins_of(layers, service, own, settings, fields.residual, fields.shadow, wanted)
        tasks.append(_task(layers, service, margins, groups))
    work = partial(_draw, tasks, fields, settings, len(variants))
    with ThreadPoolExecutor(worker_count(workers)) as pool:
        drawn = list(pool.map(work, range(settings.draws)))
    return _summary(layers, tasks, drawn, settings, len(variants))


def _task(layers: Layers, service: str, margins: Margins, groups: tuple[Group, ...]) -> _Task:
    """Sum the figure without what errors can turn, and keep that for the draws."""
    position = np.full(layers.grid.size, -1, dtype=np.int64)
    position[margins.cells] = np.arange(len(margins.cells))
    active, base = [], []
    for group in groups:
        parts, sums = [], []
        for variant in group.variants:
            drawn = variant.drawn or variant
            where = position[drawn.cells]
            open_ = where >= 0
            units, weights = drawn.units[open_], drawn.weights[open_]
            whole = _accumulate(
                margins.certain[variant.cells], variant.units, variant.weights, margins, group
            )
            bits = margins.certain[drawn.cells[open_]]
            sums.append(whole - _accumulate(bits, units, weights, margins, group))
            parts.append((where[open_], units, weights))
        active.append(tuple(parts))
        base.append(tuple(sums))
    return _Task(service, margins, groups, tuple(active), tuple(base))


def _accumulate(
    bits: NDArray[np.uint64], units: NDArray[np.int64], weights: FloatArray, margins: Margins, group: Group
) -> FloatArray:
    sums = np.zeros((margins.outs, group.units))
    add_up(bits, units, weights, sums)
    return sums


def _draw(
    tasks: Sequence[_Task], fields: _Fields, settings: UncertaintyTable, variants: int, number: int
) -> list[list[FloatArray]]:
    """Return, for every service and group, per cent by (question and operator, unit or province)."""
    rng = np.random.default_rng([settings.seed, number])
    biases = settings.bias_db * rng.standard_normal(len(tasks))
    variant = int(rng.integers(variants))
    residual = shadow = None
    found = []
    for task, bias in zip(tasks, biases, strict=True):
        margins = task.margins
        bits = np.zeros(len(margins.cells), dtype=np.uint64)
        if len(bits):
            if residual is None or shadow is None:
                residual, shadow = fields.residual.draw(rng), fields.shadow.draw(rng)
            decide(
                margins.criterion, margins.threshold, margins.sigma, margins.site, margins.shift_residual,
                margins.shift_shadow, *margins.at_residual, *margins.at_shadow, *residual, *shadow,
                bias, settings.residual_db, settings.common, bits,
            )  # fmt: skip
        own = []
        for group, active, base in zip(task.groups, task.active, task.base, strict=True):
            k = variant if len(group.variants) > 1 else 0
            where, units, weights = active[k]
            sums = base[k] + _accumulate(bits[where], units, weights, margins, group)
            np.clip(sums, 0.0, group.variants[k].totals, out=sums)
            own.append(_percent(sums, group.variants[k].totals))
        found.append(own)
    return found


def _percent(sums: FloatArray, totals: FloatArray) -> FloatArray:
    """Return per cent by unit, the last one of what lies in none, and the province before all."""
    n = np.concatenate([sums.sum(axis=1, keepdims=True), sums[:, :-1]], axis=1)
    of = np.concatenate([[totals.sum()], totals[:-1]])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(of > 0.0, 100.0 * n / of, np.nan)


def _quantiles(values: FloatArray, level: float) -> FloatArray:
    """Return low and high such that another draw lies between them with the probability ``level``.

    Quantiles at ``k / (n + 1)`` (type 6 of R. Hyndman and Y. Fan, The American Statistician 50 (1996) 361).
    """
    ends = [(1.0 - level) / 2.0, (1.0 + level) / 2.0]
    known = ~np.isnan(values[0])
    found = np.full((2, *values.shape[1:]), np.nan)
    found[:, known] = np.quantile(values[:, known], ends, axis=0, method="weibull")
    # Interpolation must not take apart what is the same in every draw.
    return np.where(values.min(axis=0) == values.max(axis=0), values[0], found)


def _summary(
    layers: Layers, tasks: Sequence[_Task], drawn: Sequence[Any], settings: UncertaintyTable, variants: int
) -> Uncertainty:
    import pandas as pd

    codes = [layers.project.province.code, *layers.communes["commune_code"]]
    levels = ["province"] + ["commune"] * (len(codes) - 1)
    blocks, orders = [], []
    for s, task in enumerate(tasks):
        for g, group in enumerate(task.groups):
            values = np.stack([d[s][g] for d in drawn])
            low, high = _quantiles(values, settings.level)
            plain = task.margins
            mean = values.mean(axis=0)
            count = len(plain.operators)
            for o, operator in enumerate(plain.operators):
                if operator == NAMELESS:
                    continue
                heard = plain.spread and group.heard
                nothing = np.full(len(codes), np.nan)
                blocks.append(pd.DataFrame({
                    "level": levels, "code": codes, "service": task.service, "operator": operator,
                    "indicator": group.indicator, "low": low[o], "high": high[o],
                    "heard": mean[count + o] if heard else nothing,
                    "heard_low": low[count + o] if heard else nothing,
                    "heard_high": high[count + o] if heard else nothing,
                }))  # fmt: skip
            if group.indicator == "population":
                orders.append((task, values[:, plain.operators.index(ANY), 1:]))
    table = pd.concat(blocks, ignore_index=True)
    table.insert(5, "percent", np.nan)
    fixed = tuple(t.service for t in tasks if not t.margins.spread)
    ranks = _ranks(layers, orders, settings.level)
    return Uncertainty(settings, table, _order(layers, orders), ranks, variants, fixed)


def _order(layers: Layers, orders: Sequence[tuple[_Task, FloatArray]]) -> pd.DataFrame:
    """Return neighbours in the ranking of each service by its figure, and the chance of the other order."""
    import pandas as pd

    codes = layers.communes["commune_code"].tolist()
    rows = []
    for task, values in orders:
        figure = _figure(task)
        ranked = [int(k) for k in np.argsort(figure, kind="stable") if np.isfinite(figure[k])]
        for rank, (a, b) in enumerate(pairwise(ranked), start=1):
            first, second = values[:, a], values[:, b]
            known = np.isfinite(first) & np.isfinite(second)
            gap = np.abs(first - second) < 1e-9
            other = np.where(gap, 0.5, (first > second).astype(float))[known]
            chance = float(other.mean()) if len(other) else float("nan")
            rows.append((task.service, rank, codes[a], codes[b], figure[a], figure[b], chance))
    return pd.DataFrame(rows, columns=list(ORDER_COLUMNS))


def _ranks(
    layers: Layers, orders: Sequence[tuple[_Task, FloatArray]], level: float
) -> pd.DataFrame:
    import pandas as pd
    from scipy.stats import rankdata

    codes = layers.communes["commune_code"].tolist()
    rows = []
    for task, values in orders:
        figure = _figure(task)
        known = np.flatnonzero(np.isfinite(figure) & np.isfinite(values).all(axis=0))
        if not len(known):
            continue
        own = rankdata(figure[known])
        drawn = rankdata(np.round(values[:, known], 9), axis=1)
        low, high = _quantiles(drawn, level)
        rows += [
            (task.service, codes[k], own[i], low[i], high[i]) for i, k in enumerate(known.tolist())
        ]
    return pd.DataFrame(rows, columns=list(RANK_COLUMNS))


def _figure(task: _Task) -> FloatArray:
    """Return the communes' share of people by the criterion as it is, any operator."""
    g = next(k for k, group in enumerate(task.groups) if group.indicator == "population")
    group, margins = task.groups[g], task.margins
    where, units, weights = task.active[g][0]
    bits = margins.certain[margins.cells][where]
    sums = task.base[g][0] + _accumulate(bits, units, weights, margins, group)
    return _percent(sums, group.variants[0].totals)[margins.operators.index(ANY), 1:]


def with_ranges(indicators: pd.DataFrame, found: Uncertainty) -> tuple[pd.DataFrame, Uncertainty]:
    """Return the tidy table with columns ``low`` and ``high``, and lows and highs beside their figures."""
    from dataclasses import replace

    keys = ["level", "code", "service", "operator", "indicator"]
    ranges = found.table[[*keys, "low", "high"]]
    table = indicators.merge(ranges, on=keys, how="left", validate="1:1")
    figures = indicators[[*keys, "percent"]]
    beside = found.table.drop(columns="percent").merge(figures, on=keys, how="left", validate="1:1")
    return table, replace(found, table=beside[list(UNCERTAINTY_COLUMNS)])
