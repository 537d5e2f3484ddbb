"""What could stand in for a site of a plan, and what that would cost: the answer to 'why this one?'."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from phusong.coverage.plan.backhaul import connect_all
from phusong.coverage.plan.joint import NOISE, Cover, JointProblem, Longs, price_of
from phusong.layers.grid import FloatArray

LAPS = 3
SWAP_SECONDS = 10.0


@dataclass(frozen=True)
class Substitute:
    """The cheapest candidates that alone could replace a site, all others of the plan standing.

    Attributes
    ----------
    candidate : int
        -1 where none can: the plan would gain less, or miss a target.
    extra : float
        What the whole plan would cost more with it, million dong.
    mast : int
        The cheapest among masts that stand, -1 for none.
    mast_extra : float
    masts_near : int
        Masts that cover any of what this site alone serves.
    """

    candidate: int
    extra: float
    mast: int
    mast_extra: float
    masts_near: int


def substitutes(
    problem: JointProblem, chosen: Longs, *, seconds: float = SWAP_SECONDS
) -> dict[int, Substitute]:
    """Return what could stand in for each site, by candidate; in the order of ``chosen``, while time is left.

    A candidate can stand in for a site if with it in the site's place the plan gains no less, or for targets
    still reaches them all. Its price is that of the branch from where the network of the other sites is.
    """
    end = time.monotonic() + seconds
    cover = _covered_by(problem, chosen)
    whole = price_of(problem, chosen.tolist())
    found: dict[int, Substitute] = {}
    for k, site in enumerate(chosen.tolist()):
        if k and time.monotonic() > end:
            break
        found[site] = _substitute(problem, cover, np.delete(chosen, k), site, whole)
    return found


def _covered_by(problem: JointProblem, chosen: Longs) -> Cover:
    cover = Cover(problem)
    for site in chosen.tolist():
        cover.add(site)
    return cover


def _substitute(problem: JointProblem, cover: Cover, rest: Longs, site: int, whole: float) -> Substitute:
    row = cover.row(site)
    alone = row[cover.times[row] == 1]
    lost = problem.weights[:, alone].sum(axis=1)
    part = np.asarray((cover.columns[:, alone] @ problem.weights[:, alone].T).T)
    gains: FloatArray = cover.gains + part
    if problem.to_target:
        needed = np.maximum(problem.need * (1.0 - NOISE) - (cover.covered - lost), 0.0)
    else:
        needed = np.maximum(lost[:1] * (1.0 - NOISE), problem.least)
        gains = gains[:1]
    able = problem.allowed & (gains >= needed[:, None]).all(axis=0)
    able[rest] = False
    able[site] = False
    growth = connect_all(problem.ways, np.sort(rest))
    standing = float(problem.site_cost[rest].sum()) + sum(c.cost for c in growth.connections)
    extra = np.where(able, problem.site_cost + growth.prices() + standing - whole, np.inf)
    shared = np.where(problem.ways.shared, extra, np.inf)
    best, mast = (int(np.argmin(v)) for v in (extra, shared))
    return Substitute(
        best if np.isfinite(extra[best]) else -1, float(extra[best]),
        mast if np.isfinite(shared[mast]) else -1, float(shared[mast]),
        int((problem.ways.shared & (part.sum(axis=0) > 0.0)).sum()),
    )  # fmt: skip


def swapped(problem: JointProblem, chosen: Longs, *, seconds: float = SWAP_SECONDS) -> Longs:
    """Return a plan in which no site can be replaced by a single cheaper one, as far as the time goes."""
    end = time.monotonic() + seconds
    fixed = set(problem.fixed.tolist())
    for _ in range(LAPS):
        before = chosen
        for site in before.tolist():
            if site in fixed or time.monotonic() > end:
                continue
            rest = chosen[chosen != site]
            other = _substitute(
                problem, _covered_by(problem, chosen), rest, site, price_of(problem, chosen.tolist())
            )
            if other.candidate >= 0 and other.extra < -1e-6:
                chosen = np.sort(np.append(rest, other.candidate))
        if np.array_equal(before, chosen):
            break
    return chosen
