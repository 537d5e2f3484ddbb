"""The optical budget of every planned place: whether light from the OLT gets there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.fibre.fibre_graph import DROP
from phusong.coverage.fibre.optical_budget import Optics, margin_left_db, max_reach_m
from phusong.coverage.fibre.road_reach import multi_source
from phusong.coverage.plan.fibre_ways import Ways

if TYPE_CHECKING:
    import pandas as pd

REMEDIES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("B+", ("1:32",)), ("C+", ("1:32",)), ("B+", ("1:16",)), ("C+", ("1:16",)), ("C+", ("1:8",)),
)  # fmt: skip
"""Optics that are tried, in this order, where those of the service do not suffice."""

BY_CABLE, BY_ROAD, NO_OLT = "cable", "road", "none"


def planned_light(
    ways: Ways, edges: NDArray[np.int64], needs: NDArray[np.int64], optics: Optics, drop_m: float,
    operator: str,
) -> pd.DataFrame:
    """Return the optical budget of connected needs, from the nearest OLT along existing and new cable.

    Where no recorded cable leads to an OLT, the shortest way along roads stands for the cable that is missing
    from the data: a lower bound of its length.

    Parameters
    ----------
    ways : Ways
    edges : array of int
        The plan's.
    needs : array of int
    optics : Optics
    drop_m : float
        Added to every path.
    operator : str

    Returns
    -------
    DataFrame
        ``path_m path_by margin_db in_class remedy``, a row per need: ``path_by`` is ``cable``, ``road`` or
        ``none``; ``remedy`` the first of `REMEDIES` that suffices, ``-`` where none does, empty where
        none is needed.
    """
    import pandas as pd

    net, graph = ways.net, ways.net.graph
    roots = net.node[net.fibre_nodes(operator, roles=("aggregation",))]
    laid = ways.own | (net.kind == DROP)
    laid[edges] = True
    cable, _ = multi_source(graph.take(laid).csr(), roots)
    road, _ = multi_source(graph.csr(), roots)
    node = ways.node[needs]
    known, along = np.isfinite(cable[node]), np.isfinite(road[node])
    path = np.where(known, cable[node], np.where(along, road[node], np.nan)) + drop_m
    margin = margin_left_db(path, optics)
    fits = (margin >= 0.0) & (path <= max_reach_m(optics))
    remedy = np.full(len(needs), "", dtype=object)
    far = np.isfinite(path) & ~fits
    remedy[far] = "-"
    for name, splitters in reversed(REMEDIES):
        reach = max_reach_m(Optics(name, splitters, optics.wavelength_nm, optics.level))
        remedy[far & (path <= reach)] = f"{name} {'+'.join(splitters)}"
    by = np.where(known, BY_CABLE, np.where(along, BY_ROAD, NO_OLT)).astype(object)
    return pd.DataFrame(
        {"path_m": path, "path_by": by, "margin_db": margin, "in_class": fits, "remedy": remedy}
    )
