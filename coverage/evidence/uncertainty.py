"""How sure the percentages are: seeded draws of what is not known, each counted as the figures are.

Two questions are kept apart. The *figure* says how many people live where the criterion is met: unknown are
the model's local error, its error over the whole province, the people and the boundaries. *Heard* says how
many would find the threshold itself on the spot: there the location variability comes in too, which the
criterion's probability stands for otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.evidence.draw_kernels import add_up, decide
from phusong.coverage.evidence.draw_margins import NAMELESS, Margins, margins_of
from phusong.coverage.evidence.draw_official import (
    VILLAGES,
    Official,
    further_figures,
    official_of,
    percent_of,
    presence_of,
)
from phusong.coverage.evidence.draw_people import Group, Variant, accounts_of, groups_of
from phusong.coverage.evidence.fields import Lattice, lattice
from phusong.coverage.prediction import worker_count
from phusong.coverage.result import ANY, Reach
from phusong.coverage.settlements import Settlements
from phusong.coverage.tidy import fibre_service
from phusong.coverage.zonal import CommuneShares
from phusong.layers.grid import FloatArray
from phusong.layers.inventory import Layers
from phusong.layers.project.uncertainty import UncertaintyTable

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
        Services whose reach is taken as known: fibre.
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


Percents = Mapping[str, FloatArray]
"""By indicator: per cent by bit (the question of what is heard may be missing) and unit, province first."""


@dataclass(frozen=True)
class _Task:
    """What a draw needs of one service.

    ``ground`` has, by account, where among the margins' cells the ground of the villages lies, its bits, and
    the figure's clusters left out less those of the ground without errors.
    """

    service: str
    margins: Margins
    groups: tuple[Group, ...]
    official: Official
    active: tuple[tuple[tuple[NDArray[np.int64], NDArray[np.int64], FloatArray], ...], ...]
    base: tuple[tuple[FloatArray, ...], ...]
    ground: tuple[tuple[NDArray[np.int64], NDArray[np.uint64]], ...] = ()
    beyond: FloatArray | None = None
    known: tuple[Percents, ...] | None = None


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
    areas: Settlements | None = None,
    villages: pd.DataFrame | None = None,
    workers: int = 0,
) -> Uncertainty:
    """Draw what is not known; return low and high of every percentage that comes from a map.

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
    areas : Settlements, optional
    villages : DataFrame, optional
        `phusong.coverage.result.VILLAGE_COLUMNS`.
    workers : int
        Threads; 0 = one per core.
    """
    fields = _Fields(
        lattice(layers.grid.shape, layers.grid.cell_m, settings.residual_correlation_m),
        lattice(layers.grid.shape, layers.grid.cell_m, settings.correlation_m),
    )
    accounts, step = accounts_of(layers, shares), fields.shadow.cells
    of_villages = commune_of_place.get(layers.project.villages.layer, np.empty(0, dtype=np.int64))
    official, further = official_of(layers, accounts, of_villages, areas, villages, step)
    groups = (*groups_of(layers, accounts, commune_of_place, step), *further)
    wanted = np.zeros(layers.grid.size, dtype=bool)
    for variant in (v for group in groups for v in group.variants):
        wanted[(variant.drawn or variant).cells] = True
    for ground in official.grounds:
        wanted[ground.cells] = True
    tasks = []
    for service in layers.project.services:
        own = {o: r for (s, o), r in reaches.items() if s == service}
        margins = margins_of(layers, service, own, settings, fields.residual, fields.shadow, wanted)
        tasks.append(_task(layers, service, margins, groups, official, len(accounts)))
    work = partial(_draw, tasks, fields, settings, len(accounts))
    with ThreadPoolExecutor(worker_count(workers)) as pool:
        drawn = list(pool.map(work, range(settings.draws)))
    presence = presence_of(official, accounts)
    return _summary(layers, tasks, drawn, settings, len(accounts), presence)


def _task(
    layers: Layers, service: str, margins: Margins, groups: tuple[Group, ...], official: Official,
    accounts: int,
) -> _Task:
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
                margins.certain[variant.cells], variant.units, variant.weights, margins, variant
            )
            bits = margins.certain[drawn.cells[open_]]
            sums.append(whole - _accumulate(bits, units, weights, margins, variant))
            parts.append((where[open_], units, weights))
        active.append(tuple(parts))
        base.append(tuple(sums))
    task = _Task(service, margins, groups, official, tuple(active), tuple(base))
    village = official.village
    if village is not None and any(s == service for s, _ in village.outlying):
        count = len(margins.operators)
        ground = tuple((position[g.cells], margins.certain[g.cells]) for g in official.grounds)
        figure = np.zeros((count, village.weights.shape[0]))
        for k, operator in enumerate(margins.operators):
            if operator != NAMELESS:
                figure[k] = village.outlying[service, operator]
        beyond = figure - official.grounds[0].left_out(ground[0][1], np.ones(figure.shape, dtype=bool))
        task = replace(task, ground=ground, beyond=beyond)
    if not margins.errs:
        task = replace(task, known=tuple(_count(task, margins.certain[:0], v) for v in range(accounts)))
    return task


def _accumulate(
    bits: NDArray[np.uint64], units: NDArray[np.int64], weights: FloatArray, margins: Margins,
    variant: Variant,
) -> FloatArray:
    sums = np.zeros((margins.outs, len(variant.totals)))
    add_up(bits, units, weights, sums)
    return sums


def _draw(
    tasks: Sequence[_Task], fields: _Fields, settings: UncertaintyTable, accounts: int, number: int
) -> tuple[int, list[Percents]]:
    """Return the account of a draw and, for every service, its percentages."""
    rng = np.random.default_rng([settings.seed, number])
    biases = settings.bias_db * rng.standard_normal(len(tasks))
    account = int(rng.integers(accounts))
    residual = shadow = None
    found = []
    for task, bias in zip(tasks, biases, strict=True):
        if task.known is not None:
            found.append(task.known[account])
            continue
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
        found.append(_count(task, bits, account))
    return account, found


def _count(task: _Task, bits: NDArray[np.uint64], account: int) -> Percents:
    """Return the percentages of one service by one account, given what holds at the margins' cells."""
    margins, found = task.margins, {}
    together: dict[str, tuple[FloatArray, FloatArray]] = {}
    for group, active, base in zip(task.groups, task.active, task.base, strict=True):
        k = account if len(group.variants) > 1 else 0
        variant = group.variants[k]
        where, units, weights = active[k]
        sums = base[k] + _accumulate(bits[where], units, weights, margins, variant)
        np.clip(sums, 0.0, variant.totals, out=sums)
        together[group.indicator] = sums, variant.totals
        if group.shown:
            found[group.indicator] = percent_of(sums, variant.totals)
    outlying = None
    if task.beyond is not None:
        where, certain = task.ground[account]
        here = np.where(where >= 0, bits[where] if len(bits) else certain, certain)
        served = together[VILLAGES][0][: len(margins.operators)] > 0.5
        outlying = task.beyond + task.official.grounds[account].left_out(here, served)
    found.update(
        further_figures(task.official, task.service, margins.operators, together, account, outlying)
    )
    return found


def _quantiles(values: FloatArray, level: float) -> FloatArray:
    """Return low and high such that another draw lies between them with the probability ``level``.

    Quantiles at ``k / (n + 1)`` (type 6 of R. Hyndman and Y. Fan, The American Statistician 50 (1996) 361).
    """
    # Draws without anything to divide by (villages without signal where there are none) stand last.
    ordered = np.sort(values, axis=0)
    seen = (~np.isnan(values)).sum(axis=0)
    found = []
    for share in ((1.0 - level) / 2.0, (1.0 + level) / 2.0):
        at = np.clip(share * (seen + 1.0) - 1.0, 0.0, np.maximum(seen - 1.0, 0.0))
        below = np.floor(at).astype(np.int64)
        above = np.minimum(below + 1, np.maximum(seen - 1, 0))
        first, second = (np.take_along_axis(ordered, k[None], axis=0)[0] for k in (below, above))
        # Interpolation must not take apart what is the same in every draw.
        found.append(np.where(first == second, first, first + (at - below) * (second - first)))
    return np.stack(found)


def _summary(
    layers: Layers, tasks: Sequence[_Task], drawn: Sequence[tuple[int, list[Percents]]],
    settings: UncertaintyTable, accounts: int, presence: Mapping[str, FloatArray],
) -> Uncertainty:
    import pandas as pd

    codes = [layers.project.province.code, *layers.communes["commune_code"]]
    nothing = np.full((3, len(codes)), np.nan)
    heads: list[tuple[str, str, str]] = []
    values_of: list[FloatArray] = []
    orders = []

    def add(service: str, operator: str, indicator: str, ends: FloatArray, heard: FloatArray) -> None:
        """Keep lows and highs of one indicator."""
        heads.append((service, operator, indicator))
        values_of.append(np.concatenate([ends, heard]))

    for s, task in enumerate(tasks):
        operators, count = task.margins.operators, len(task.margins.operators)
        asked = {g.indicator for g in task.groups if g.heard} if task.margins.spread else set()
        for indicator in drawn[0][1][s]:
            values = np.stack([percents[s][indicator] for _, percents in drawn])
            ends = _quantiles(values, settings.level)
            mean = values.mean(axis=0)
            for o, operator in enumerate(operators):
                if operator == NAMELESS:
                    continue
                heard = nothing
                if indicator in asked:
                    heard = np.stack([mean[count + o], ends[0, count + o], ends[1, count + o]])
                add(task.service, operator, indicator, ends[:, o], heard)
            if indicator == "population":
                orders.append((task, values[:, operators.index(ANY), 1:]))
    chosen = np.array([account for account, _ in drawn])
    for operator, percents in presence.items():
        ends = _quantiles(percents[chosen], settings.level)
        add(fibre_service(layers), operator, "communes", ends, nothing)
    n = len(codes)
    names = [np.repeat(np.array(column, dtype=object), n) for column in zip(*heads, strict=True)]
    levels = ["province"] + ["commune"] * (n - 1)
    table = pd.DataFrame({
        "level": levels * len(heads), "code": codes * len(heads),
        **dict(zip(("service", "operator", "indicator"), names, strict=True)), "percent": np.nan,
        **dict(zip(UNCERTAINTY_COLUMNS[6:], np.concatenate(values_of, axis=1), strict=True)),
    })  # fmt: skip
    fixed = tuple(t.service for t in tasks if not t.margins.errs)
    ranks = _ranks(layers, orders, settings.level)
    return Uncertainty(settings, table, _order(layers, orders), ranks, accounts, fixed)


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
    sums = task.base[g][0] + _accumulate(bits, units, weights, margins, group.variants[0])
    return percent_of(sums, group.variants[0].totals)[margins.operators.index(ANY), 1:]


def with_ranges(indicators: pd.DataFrame, found: Uncertainty) -> tuple[pd.DataFrame, Uncertainty]:
    """Return the tidy table with columns ``low`` and ``high``, and lows and highs beside their figures.

    What is counted in lists or reported (households with fibre, shared masts) touches nothing that is drawn:
    its low and high are the figure.
    """
    keys = ["level", "code", "service", "operator", "indicator"]
    ranges = found.table[[*keys, "low", "high", "heard", "heard_low", "heard_high"]]
    table = indicators.merge(ranges, on=keys, how="left", validate="1:1")
    for end in ("low", "high"):
        table[end] = table[end].where(table[end].notna(), table["percent"]).where(table["percent"].notna())
    beside = table.loc[table["percent"].notna(), list(UNCERTAINTY_COLUMNS)].reset_index(drop=True)
    columns = [*indicators.columns, "low", "high"]
    return table[columns], replace(found, table=beside)
