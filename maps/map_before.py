"""What the map page draws of an earlier state, or one without a plan: colours and signal to swipe away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from phusong.coverage.result import Result
from phusong.data.language import Language
from phusong.maps.figures import Figures
from phusong.maps.overlay import land_mask, mercator_frame, signal_overlay

if TYPE_CHECKING:
    from phusong.coverage.result import Reach


def before_data(before: Result, after: Result, lang: Language) -> dict[str, Any]:
    """Return shares and images of ``before`` in the order of ``after``'s services and operators.

    Parameters
    ----------
    before, after : Result
        Of the same communes, on the same grid.
    lang : {"vi", "en"}

    Raises
    ------
    GridMismatchError
        The grids differ.
    ValueError
        The communes differ.
    """
    after.layers.grid.require(before.layers.grid)
    old, new = Figures(before), Figures(after)
    if old.codes != new.codes:
        raise ValueError("a comparison needs the same communes on both sides")
    frame, land = mercator_frame(before.layers.grid), land_mask(before.layers.grid, before.layers.communes)
    figures: dict[str, list[list[float] | None]] = {}
    overlays: dict[str, str] = {}
    for s, service in enumerate(new.services):
        for o, operator in enumerate(new.operators):
            reach: Reach | None = before.reaches.get((service, operator))
            whole = old.province(service, "population", operator)
            if reach is None or whole is None:
                continue
            ratios = [whole, *(old.commune(c, service, "population", operator) for c in old.codes)]
            figures[f"{s}|{o}"] = [
                None if r is None else [round(r.numerator, 2), round(r.denominator, 2)] for r in ratios
            ]
            if before.public and np.isnan(reach.signal.values).all():
                continue
            overlays[f"{s}|{o}"] = signal_overlay(
                reach,
                frame,
                land=land,
                people=before.layers.population.people,
                min_people_per_km2=before.layers.project.gaps.min_people_per_km2,
                criterion_value=old.criterion_value(service),
            ).uri
    return {"asOf": old.as_of(lang), "figures": figures, "overlays": overlays}
