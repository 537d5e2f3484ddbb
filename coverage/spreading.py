"""What difference it makes where in a coarse cell people are put."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from phusong.coverage.result import ANY, Reach
from phusong.coverage.zonal import CommuneShares
from phusong.data.language import Text
from phusong.layers.faults import Fault
from phusong.layers.inventory import Layers

EFFECT = Text(
    "{service}: dồn dân theo {by}, phủ {with_people} người ({with_percent:.1f}%); chia đều thì "
    "{without_people} người ({without_percent:.1f}%), trước khi nhân theo dân số chính thức.",
    "{service}: people put by {by}, {with_people} covered ({with_percent:.1f}%); divided evenly "
    "{without_people} ({without_percent:.1f}%), before any scaling to official totals.",
)
NOTHING = Text("", "")
BY = {"buildings": Text("công trình", "buildings"), "landcover": Text("lớp phủ", "land cover")}


def effect_of_spreading(
    layers: Layers, shares: CommuneShares, reaches: Mapping[tuple[str, str], Reach]
) -> list[Fault]:
    """Tell for every service how many people are covered with and without spreading them.

    Both over the same cells inside communes, as the rasters have them.

    Returns
    -------
    list of Fault
        Warnings ``population.spread``; empty where people were divided evenly.
    """
    population = layers.population
    if population.evenly is None:
        return []
    inside = np.asarray(shares.area.sum(axis=0)).ravel()
    spread = population.people.values.ravel() * inside
    evenly = population.evenly.values.ravel() * inside
    told = []
    for (service, operator), reach in reaches.items():
        if operator != ANY:
            continue
        covered = reach.covered.values.ravel()
        yes, no = float(spread[covered].sum()), float(evenly[covered].sum())
        values = {
            "service": service, "by": BY[layers.project.layers.population.dasymetric],
            "with_people": round(yes), "with_percent": 100.0 * yes / max(float(spread.sum()), 1e-9),
            "without_people": round(no), "without_percent": 100.0 * no / max(float(evenly.sum()), 1e-9),
        }
        told.append(Fault("warning", "population.spread", EFFECT, NOTHING, values, layer="population"))
    return told
