"""Candidates with what they cover; more of them among the people where a target is beyond the first ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.plan.candidate_reach import reach_of_candidates
from phusong.coverage.plan.candidates import (
    FILLED,
    Candidates,
    RadioService,
    among_people,
    find_candidates,
)
from phusong.coverage.plan.site_aims import Universe
from phusong.layers.grid import FloatArray
from phusong.layers.inventory import Layers
from phusong.layers.project.plan import PlanSitesTable

if TYPE_CHECKING:
    import geopandas as gpd
    from scipy.sparse import csr_array

ROUNDS = 3
"""How often at most candidates are added among those whom none reaches."""

Needs = Mapping[str, tuple[FloatArray, float]]
"""Of each target: what the cells of the universe hold of it, and how much of that is wanted."""


def candidates_with_reach(
    layers: Layers, name: str, service: RadioService, operator: str, universe: Universe,
    home: NDArray[np.int32], *, settings: PlanSitesTable, needs: Needs, asked: tuple[str, ...] = (),
    own: gpd.GeoDataFrame | None = None, workers: int = 0, found: Callable[[int], Callable[[float], None]],
) -> tuple[Candidates, csr_array]:
    """Return where sites could stand and what each would cover.

    Parameters
    ----------
    layers, name, service, operator, universe, home, settings, own, workers
        As in `find_candidates` and `reach_of_candidates`.
    needs : mapping
        Targets. Where all candidates together stay below one, more are looked for in the midst of those
        whom none reaches, up to `ROUNDS` times.
    asked : tuple of str
        Ids of sites that the question names: those of such places are found again.
    found : callable
        Called with the number of candidates before they are predicted; what it returns is told the share
        that is done.
    """
    from scipy.sparse import vstack

    candidates = find_candidates(
        layers, name, service, operator, universe, home, settings=settings, own=own
    )
    reach = reach_of_candidates(
        layers, name, service, candidates, universe, settings=settings, workers=workers,
        progress=found(len(candidates)),
    )
    for _ in range(ROUNDS):
        reached = np.zeros(universe.cells.size, dtype=bool)
        reached[reach.indices] = True
        missing = {w for w in asked if w.startswith(FILLED)} - set(candidates.site_id)
        if not missing and all(w[reached].sum() >= need for w, need in needs.values()):
            break
        more = among_people(
            layers, name, service, operator, universe, home, ~reached, settings=settings
        )
        if not len(more):
            break
        new = reach_of_candidates(
            layers, name, service, more, universe, settings=settings, workers=workers,
            progress=found(len(more)),
        )
        candidates = candidates.joined(more)
        reach = vstack([reach, new], format="csr")
    return candidates, reach
