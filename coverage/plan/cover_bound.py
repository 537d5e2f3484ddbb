"""How good any plan could be: a Lagrangian bound, with or without a good plan at hand.

For prices ``0 ≤ λ_c ≤ w_c`` of the cells the Lagrangian of the covering problem is

    L(λ) = Σ_c (w_c - λ_c) + max { Σ_i s_i y_i : Σ_i cost_i y_i ≤ budget, 0 ≤ y ≤ 1 },   s_i = Σ_{c of i} λ_c,

and every λ bounds the weight of every plan from above (Galvão, ReVelle, European Journal of Operational
Research 88, 1996, relax the same constraints). Good prices are found by the primal-dual hybrid gradient
method (Chambolle, Pock, Journal of Mathematical Imaging and Vision 40, 2011, algorithm 1) on the saddle point
of the same function, with the diagonal steps of Pock and Chambolle (ICCV 2011, lemma 2) and restarts from the
average (Applegate et al., NeurIPS 2021): it needs no good plan to set its steps, and comes as close to the
linear relaxation as one has patience for. Whatever the rounds done, the bound returned is ``L`` of prices
evaluated outright, so that a half-converged one is loose but never wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.plan.cover_core import CoverCore
from phusong.coverage.plan.cover_problem import Floats, Ints, Longs
from phusong.coverage.radio.jit import kernel

ROUNDS_AT_ONCE = 25
"""Rounds between two evaluations of the bound."""

SAFETY = 1e-9
"""Share by which a bound is loosened for rounding."""


@dataclass(frozen=True, eq=False)
class Certificate:
    """A proven bound and what it was proven with.

    Attributes
    ----------
    bound : float
        No plan within the budget weighs more; for a target, no plan that reaches it costs less.
    prices : (cells,) float64
        The prices ``λ`` that prove it.
    scores : (candidates,) float64
        ``s_i``: sum of the prices of a candidate's cells.
    money_price : float
        Weight that one unit of budget is worth at these prices.
    shares : (candidates,) float64
        ``y`` of the relaxation, nearly: how much of each candidate it would build.
    rounds : int
        Rounds of the method done.
    """

    bound: float
    prices: Floats
    scores: Floats
    money_price: float
    shares: Floats
    rounds: int


def evaluate(core: CoverCore, prices: Floats, budget: float) -> tuple[float, Floats, float]:
    """Return ``L(prices)``, the candidates' scores and the price of money: the proof, plainly.

    Parameters
    ----------
    prices : (cells,) float64
        Any; values outside ``[0, w]`` are taken at the nearest end.
    budget : float
        In the unit of the costs.
    """
    prices = np.clip(prices, 0.0, core.weights)
    scores = scores_of(core, prices)
    rest = float((core.weights - prices).sum())
    order, spent = _by_ratio(core, scores)
    whole = int(np.searchsorted(spent, budget, side="right"))
    value = float(scores[order[:whole]].sum())
    money_price = 0.0
    if whole < order.size:
        marginal = order[whole]
        money_price = float(scores[marginal] / core.costs[marginal])
        left = budget - (float(spent[whole - 1]) if whole else 0.0)
        value += money_price * max(left, 0.0)
    return (rest + value) * (1.0 + SAFETY), scores, money_price


def least_cost(core: CoverCore, prices: Floats, target: float) -> float:
    """Return the smallest budget with ``L(prices) ≥ target``: no plan that costs less covers it."""
    prices = np.clip(prices, 0.0, core.weights)
    scores = scores_of(core, prices)
    need = target * (1.0 - SAFETY) - float((core.weights - prices).sum())
    if need <= 0.0:
        return 0.0
    order, spent = _by_ratio(core, scores)
    value = np.cumsum(scores[order])
    whole = int(np.searchsorted(value, need, side="left"))
    if whole >= order.size:
        return float(spent[-1]) if order.size else 0.0
    before, cost = (float(value[whole - 1]), float(spent[whole - 1])) if whole else (0.0, 0.0)
    marginal = order[whole]
    return (cost + float(core.costs[marginal] * (need - before) / scores[marginal])) * (1.0 - SAFETY)


def scores_of(core: CoverCore, prices: Floats) -> Floats:
    """Sum the prices of each candidate's cells, ``(candidates,)``."""
    return np.add.reduceat(prices[core.cells], core.start[:-1])


def _by_ratio(core: CoverCore, scores: Floats) -> tuple[Longs, Floats]:
    """Return candidates by score per cost, best first, and the sum of their costs up to each."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(scores > 0.0, scores / core.costs, 0.0)
    order = np.argsort(-ratio, kind="stable")
    return order, np.cumsum(core.costs[order])


class PriceSearch:
    """The primal-dual method, going on from where it stopped, also after the budget was changed."""

    def __init__(self, core: CoverCore) -> None:
        self.core = core
        degree = np.maximum(np.diff(core.cell_start), 1)
        self._scale = float(core.weights.mean())
        self._weights = core.weights / self._scale
        self._cell_step = self._weights / degree
        self._site_step = 1.0 / np.add.reduceat(self._weights[core.cells], core.start[:-1])
        n, m = core.candidate_count, core.cell_count
        self._y, self._ahead, self._sum_y = np.zeros(n), np.zeros(n), np.zeros(n)
        self._prices, self._sum_prices = np.zeros(m), np.zeros(m)
        self._from_y, self._from_prices = np.zeros(n), np.zeros(m)
        self._summed = 0
        self._since = 0
        self._omega = 0.3
        self._last_gap = np.inf
        self.rounds = 0

    def go(self, budget: float, rounds: int) -> tuple[Floats, Floats]:
        """Do ``rounds`` more rounds; return the prices of now and their average."""
        core = self.core
        _rounds(
            core.start, core.cells, core.cell_start, core.candidates, self._weights, core.costs, budget,
            self._cell_step, self._site_step, self._omega, rounds, self._y, self._ahead, self._prices,
            self._sum_y, self._sum_prices,
        )
        self._summed += rounds
        self._since += rounds
        self.rounds += rounds
        return self._prices * self._scale, self._sum_prices / self._summed * self._scale

    @property
    def shares(self) -> Floats:
        """Average ``y`` since the last restart."""
        return self._sum_y / max(self._summed, 1)

    def restart_if_due(self, bound: float) -> None:
        """Begin again from the average once the gap has shrunk well, or after a good while."""
        core, y = self.core, self.shares
        reached = np.add.reduceat(y[core.candidates], core.cell_start[:-1])
        gap = bound / self._scale - float((self._weights * np.minimum(reached, 1.0)).sum())
        if not (gap < 0.4 * self._last_gap or (self._since > 200 and self._since >= 0.36 * self.rounds)):
            return
        self._last_gap = gap
        self._y[:] = self._ahead[:] = y
        self._prices[:] = self._sum_prices / self._summed
        moved_prices = float(np.sqrt(((self._prices - self._from_prices) ** 2 / self._cell_step).sum()))
        moved_y = float(np.sqrt(((self._y - self._from_y) ** 2 / self._site_step).sum()))
        if moved_prices > 1e-9 and moved_y > 1e-9:
            self._omega = float(np.sqrt(self._omega * moved_y / moved_prices))
        self._from_y[:], self._from_prices[:] = self._y, self._prices
        self._sum_y[:], self._sum_prices[:] = 0.0, 0.0
        self._summed = self._since = 0


def bound_weight(
    core: CoverCore, budget: float, rounds: int, *, enough: float = 0.0,
    go_on: Callable[[], bool] = lambda: True, search: PriceSearch | None = None,
) -> Certificate:
    """Bound the weight of every plan within ``budget`` from above.

    Parameters
    ----------
    rounds : int
        Most rounds; a round reads every pair of candidate and cell twice.
    enough : float
        A bound down to this is as good as is wanted.
    go_on : callable
        Asked every 25 rounds, for a limit of time.
    search : PriceSearch, optional
        To go on with.
    """
    search = search or PriceSearch(core)
    best, prices = np.inf, core.weights.copy()
    started = search.rounds
    while True:
        last, average = search.go(budget, ROUNDS_AT_ONCE)
        now = np.inf
        for tried in (last, average):
            now = evaluate(core, tried, budget)[0]
            if now < best:
                best, prices = now, np.clip(tried, 0.0, core.weights)
        if best <= enough or search.rounds - started >= rounds or not go_on():
            break
        search.restart_if_due(now)
    bound, scores, money_price = evaluate(core, prices, budget)
    return Certificate(bound, prices, scores, money_price, search.shares, search.rounds)


def bound_cost(
    core: CoverCore, target: float, budget: float, rounds: int, *, go_on: Callable[[], bool] = lambda: True
) -> Certificate:
    """Bound the cost of every plan that covers ``target`` from below.

    The prices that are best for a budget where the relaxation just reaches the target prove the most: the
    search begins at ``budget``, the cost of some plan, and follows the bound that was proven so far.
    """
    search = PriceSearch(core)
    best, prices = 0.0, core.weights.copy()
    while True:
        for tried in search.go(budget, ROUNDS_AT_ONCE):
            cost = least_cost(core, tried, target)
            if cost > best:
                best, prices = cost, np.clip(tried, 0.0, core.weights)
        if search.rounds >= rounds or not go_on():
            break
        weight = evaluate(core, prices, budget)[0]
        search.restart_if_due(weight)
        if search.rounds % 100 == 0 and best > 0.0:
            budget = 0.5 * (budget + best)
    _, scores, money_price = evaluate(core, prices, best)
    return Certificate(best, prices, scores, money_price, search.shares, search.rounds)


def possible(core: CoverCore, proof: Certificate, value: float) -> NDArray[np.bool_]:
    """Return which candidates a plan within the budget that weighs more than ``value`` can have.

    With candidate ``i`` built by force the Lagrangian falls by at least ``money_price x cost_i - s_i``: where
    that leaves no more than ``value``, no better plan has the candidate (reduced-cost fixing).
    """
    loss = proof.money_price * core.costs - proof.scores
    return np.asarray(proof.bound * (1.0 + SAFETY) - np.maximum(loss, 0.0) > value)


@kernel
def _project(wish: Floats, pull: Floats, costs: Floats, budget: float, y: Floats) -> None:
    """Set ``y`` to ``clip(wish - μ pull, 0, 1)`` with the least ``μ ≥ 0`` that keeps the budget."""
    n = wish.size
    spent, low, high = 0.0, 0.0, 0.0
    for i in range(n):
        y[i] = min(1.0, max(0.0, wish[i]))
        spent += costs[i] * y[i]
        if pull[i] > 0.0:
            high = max(high, wish[i] / pull[i])
    if spent <= budget:
        return
    mu = 0.0
    for _ in range(100):
        spent, slope = 0.0, 0.0
        for i in range(n):
            v = wish[i] - mu * pull[i]
            if v >= 1.0:
                spent += costs[i]
            elif v > 0.0:
                spent += costs[i] * v
                slope += costs[i] * pull[i]
        over = spent - budget
        if abs(over) <= 1e-10 * budget:
            break
        if over > 0.0:
            low = mu
        else:
            high = mu
        mu = mu + over / slope if slope > 0.0 else -1.0
        if not low < mu < high:
            mu = 0.5 * (low + high)
    for i in range(n):
        y[i] = min(1.0, max(0.0, wish[i] - mu * pull[i]))


@kernel
def _rounds(
    start: Longs, cells: Ints, cell_start: Longs, candidates: Ints, weights: Floats, costs: Floats,
    budget: float, cell_step: Floats, site_step: Floats, omega: float, rounds: int, y: Floats, ahead: Floats,
    prices: Floats, sum_y: Floats, sum_prices: Floats,
) -> None:
    """Do rounds of the primal-dual method: prices against ``ahead``, then ``y`` against the prices."""
    n, m = y.size, prices.size
    wish, pull, moved = np.zeros(n), np.zeros(n), np.zeros(n)
    for i in range(n):
        pull[i] = omega * site_step[i] * costs[i]
    for _ in range(rounds):
        for c in range(m):
            reached = 0.0
            for q in range(cell_start[c], cell_start[c + 1]):
                reached += ahead[candidates[q]]
            new = prices[c] - cell_step[c] / omega * (reached - 1.0)
            prices[c] = min(weights[c], max(0.0, new))
            sum_prices[c] += prices[c]
        for i in range(n):
            score = 0.0
            for k in range(start[i], start[i + 1]):
                score += prices[cells[k]]
            wish[i] = y[i] + omega * site_step[i] * score
        _project(wish, pull, costs, budget, moved)
        for i in range(n):
            ahead[i] = 2.0 * moved[i] - y[i]
            y[i] = moved[i]
            sum_y[i] += moved[i]
