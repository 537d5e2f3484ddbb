"""Compiled moves between site plans, with gains and losses kept up to date for every candidate.

A plan is a `Plan` of arrays that the kernels change in place:

- ``gain[i]``: weight that candidate ``i`` would add, or, once chosen, that would be lost without it;
- ``covers[c]``: chosen candidates that cover cell ``c``; ``keeper[c]``: the sum of their numbers, which
  is the one that a cell hangs on where the count is 1;
- ``chosen[:size]``: the chosen ones in no order; ``place[i]``: position there, -1 where not chosen.

Inserting or removing a candidate touches only cells whose count goes between 0, 1 and 2. All numbers of a
search come from one 64-bit state, so that a search repeats on every machine.
"""

from __future__ import annotations

import heapq
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.plan.cover_core import CoverCore
from phusong.coverage.plan.cover_problem import Floats, Ints, Longs
from phusong.coverage.radio.jit import kernel

NOISE = 1e-9
"""Relative differences of weight and money below this are rounding."""


class Table(NamedTuple):
    """A `CoverCore` as kernels take it."""

    start: Longs
    cells: Ints
    cell_start: Longs
    candidates: Ints
    weights: Floats
    costs: Floats


class Plan(NamedTuple):
    """A plan that the kernels change; see above. ``total`` holds its weight and cost, ``size`` its sites."""

    gain: Floats
    covers: Ints
    keeper: Longs
    chosen: Longs
    place: Longs
    size: Longs
    total: Floats


def table(core: CoverCore) -> Table:
    """Return the arrays of a core."""
    return Table(core.start, core.cells, core.cell_start, core.candidates, core.weights, core.costs)


def empty_plan(core: CoverCore) -> Plan:
    """Return a plan without sites."""
    n, m = core.candidate_count, core.cell_count
    return Plan(
        core.totals, np.zeros(m, dtype=np.int32), np.zeros(m, dtype=np.int64), np.zeros(n, dtype=np.int64),
        np.full(n, -1, dtype=np.int64), np.zeros(1, dtype=np.int64), np.zeros(2),
    )


def plan_of(core: CoverCore, chosen: NDArray[np.integer]) -> Plan:
    """Return a plan with the ``chosen`` sites."""
    plan, arrays = empty_plan(core), table(core)
    for i in chosen:
        insert(arrays, plan, int(i))
    return plan


def sites_of(plan: Plan) -> Longs:
    """Return the chosen candidates of a plan, ascending."""
    return np.sort(plan.chosen[: plan.size[0]])


@kernel
def insert(t: Table, p: Plan, i: int) -> None:
    """Put candidate ``i`` into the plan."""
    p.total[0] += p.gain[i]
    p.total[1] += t.costs[i]
    for k in range(t.start[i], t.start[i + 1]):
        c = t.cells[k]
        w = t.weights[c]
        if p.covers[c] == 0:
            for q in range(t.cell_start[c], t.cell_start[c + 1]):
                p.gain[t.candidates[q]] -= w
            p.gain[i] += w
        elif p.covers[c] == 1:
            p.gain[p.keeper[c]] -= w
        p.covers[c] += 1
        p.keeper[c] += i
    p.place[i] = p.size[0]
    p.chosen[p.size[0]] = i
    p.size[0] += 1


@kernel
def remove(t: Table, p: Plan, i: int) -> None:
    """Take candidate ``i`` out of the plan."""
    p.total[0] -= p.gain[i]
    p.total[1] -= t.costs[i]
    for k in range(t.start[i], t.start[i + 1]):
        c = t.cells[k]
        w = t.weights[c]
        p.covers[c] -= 1
        p.keeper[c] -= i
        if p.covers[c] == 0:
            for q in range(t.cell_start[c], t.cell_start[c + 1]):
                p.gain[t.candidates[q]] += w
            p.gain[i] -= w
        elif p.covers[c] == 1:
            p.gain[p.keeper[c]] += w
    p.size[0] -= 1
    last = p.chosen[p.size[0]]
    p.chosen[p.place[i]] = last
    p.place[last] = p.place[i]
    p.place[i] = -1


@kernel
def load(t: Table, p: Plan, sites: Longs) -> None:
    """Change the plan into the one with ``sites``."""
    for k in range(p.size[0] - 1, -1, -1):
        remove(t, p, p.chosen[k])
    for i in sites:
        insert(t, p, i)


@kernel
def draw(state: NDArray[np.uint64]) -> float:
    """Return the next number of [0, 1): splitmix64 (Steele, Lea, Flood, OOPSLA 2014, figure 9)."""
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    z = state[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return float(z >> np.uint64(11)) * 2.0**-53


@kernel
def below(state: NDArray[np.uint64], n: int) -> int:
    """Return the next whole number of [0, n)."""
    return int(draw(state) * n)


@kernel
def fill(t: Table, p: Plan, by_ratio: bool, budget: float, least: float, target: float) -> None:
    """Add candidates greedily while they fit the budget, gain ``least`` and the weight is below ``target``.

    Lazily: gains only fall, so that a key from before is at least the gain of now.
    """
    tiny = NOISE * max(budget, 1e-300)
    per = np.maximum(t.costs, 1e-300) if by_ratio else np.ones(t.costs.size)
    heap = [(-p.gain[i] / per[i], i) for i in range(p.gain.size) if p.place[i] < 0 and p.gain[i] >= least]
    heapq.heapify(heap)
    noise = NOISE * (p.total[0] + 1e-300)
    while len(heap) > 0 and p.total[0] < target:
        i = heapq.heappop(heap)[1]
        if p.total[1] + t.costs[i] > budget + tiny:
            continue
        now = -p.gain[i] / per[i]
        if p.gain[i] <= noise or p.gain[i] < least:
            continue
        if len(heap) > 0 and now > heap[0][0]:
            heapq.heappush(heap, (now, i))
            continue
        insert(t, p, i)


@kernel
def refill(t: Table, p: Plan, by_ratio: bool, budget: float) -> None:
    """Add the best candidate that fits, by scanning all, until none is left that fits and gains."""
    tiny = NOISE * max(budget, 1e-300)
    noise = NOISE * (p.total[0] + 1e-300)
    while True:
        best, found = 0.0, -1
        room = budget + tiny - p.total[1]
        for i in range(p.gain.size):
            if p.gain[i] > noise and p.place[i] < 0 and t.costs[i] <= room:
                value = p.gain[i] / max(t.costs[i], 1e-300) if by_ratio else p.gain[i]
                if value > best:
                    best, found = value, i
        if found < 0:
            return
        insert(t, p, found)


@kernel
def drop_near(t: Table, p: Plan, first: int, drops: int, state: NDArray[np.uint64]) -> None:
    """Take out ``first`` and up to ``drops - 1`` chosen sites that a random walk over shared cells meets."""
    remove(t, p, first)
    at = first
    done = 1
    for _ in range(12 * drops):
        if done == drops or p.size[0] == 0:
            return
        c = t.cells[t.start[at] + below(state, t.start[at + 1] - t.start[at])]
        q = int(t.candidates[t.cell_start[c] + below(state, t.cell_start[c + 1] - t.cell_start[c])])
        c = t.cells[t.start[q] + below(state, t.start[q + 1] - t.start[q])]
        if p.covers[c] == 1:
            at = p.keeper[c]
            remove(t, p, at)
            done += 1
        else:
            at = q


@kernel
def drop_and_refill(
    t: Table, p: Plan, budget: float, drops: int, tries: Longs, state: NDArray[np.uint64]
) -> int:
    """From each site of ``tries`` drop ``drops`` near ones and refill; keep what is better, undo the rest.

    With one drop this is a pass of best swaps. Returns how often the plan became better.
    """
    better = 0
    for i in tries:
        if p.place[i] < 0:
            continue
        before, weight = p.chosen[: p.size[0]].copy(), p.total[0]
        for by_ratio in (False, True):
            drop_near(t, p, i, drops, state)
            refill(t, p, by_ratio, budget)
            if p.total[0] > weight + NOISE * weight:
                better += 1
                break
            _restore(t, p, before)
    return better


@kernel
def _restore(t: Table, p: Plan, sites: Longs) -> None:
    """Change the plan back into ``sites``, touching only what differs."""
    for i in sites:
        if p.place[i] < 0:
            insert(t, p, i)
    wanted = np.zeros(p.place.size, dtype=np.bool_)
    for i in sites:
        wanted[i] = True
    for k in range(p.size[0] - 1, -1, -1):
        if not wanted[p.chosen[k]]:
            remove(t, p, p.chosen[k])


@kernel
def anneal(
    t: Table, p: Plan, budget: float, price: float, hot: float, cold: float, steps: int, target: float,
    state: NDArray[np.uint64], best: Longs, record: Floats,
) -> int:
    """Try ``steps`` random swaps, additions and drops while the temperature falls from ``hot`` to ``cold``.

    A move that changes weight minus ``price`` x cost by ``d`` is taken with probability ``exp(d / T)``
    (Kirkpatrick, Gelatt, Vecchi, Science 220, 1983); plans stay within the budget. Partners of a swap are
    mostly neighbours, which share a cell. ``best`` and ``record`` (weight, sites) keep the heaviest plan
    seen; at ``target`` the search ends. Returns the steps done.
    """
    n = p.gain.size
    tiny = NOISE * max(budget, 1e-300)
    cooling = (cold / hot) ** (256.0 / max(steps, 256))
    temperature = hot
    for step in range(steps):
        if step % 256 == 255:
            temperature *= cooling
        size = p.size[0]
        kind = draw(state)
        bar = temperature * np.log(draw(state) + 1e-300)
        if kind < 0.04 or size == 0:
            if kind < 0.02 and size > 0:
                i = p.chosen[below(state, size)]
                if price * t.costs[i] - p.gain[i] >= bar:
                    remove(t, p, i)
                continue
            j = below(state, n)
            if p.place[j] >= 0 or p.total[1] + t.costs[j] > budget + tiny:
                continue
            if p.gain[j] - price * t.costs[j] < bar:
                continue
            insert(t, p, j)
        else:
            i = p.chosen[below(state, size)]
            if kind < 0.75:
                c = t.cells[t.start[i] + below(state, t.start[i + 1] - t.start[i])]
                j = int(t.candidates[t.cell_start[c] + below(state, t.cell_start[c + 1] - t.cell_start[c])])
            else:
                j = below(state, n)
            extra = t.costs[j] - t.costs[i]
            if p.place[j] >= 0 or p.total[1] + extra > budget + tiny:
                continue
            lack = bar + p.gain[i] + price * extra - p.gain[j]
            if lack > p.gain[i]:
                continue
            if lack > 0.0:
                for k in range(t.start[j], t.start[j + 1]):
                    c = t.cells[k]
                    if p.covers[c] == 1 and p.keeper[c] == i:
                        lack -= t.weights[c]
                if lack > 0.0:
                    continue
            remove(t, p, i)
            insert(t, p, j)
        if p.total[0] > record[0] * (1.0 + NOISE):
            record[0] = p.total[0]
            record[1] = p.size[0]
            best[: p.size[0]] = p.chosen[: p.size[0]]
            if p.total[0] >= target:
                return step + 1
    return steps
