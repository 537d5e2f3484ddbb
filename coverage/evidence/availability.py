"""Availability of the network as a regulation counts it: the share of samples that hold a level."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import numpy as np

from phusong.coverage.evidence.statistics import Rate, block_numbers, rate
from phusong.data.language import Text

if TYPE_CHECKING:
    import geopandas as gpd

Verdict = Literal["met", "not met", "open", "too few"]

SHARE = 0.95
"""QCVN 81: at least 95 % of the samples."""
LEVELS_DBM: Mapping[str, float] = MappingProxyType({"4G": -121.0})
"""Level of QCVN 81 by technology. Unconfirmed: the text was not at hand; a project may say otherwise."""
ENOUGH = 1825
"""Samples from which a verdict is given: with as many independent ones, the 95 % interval of a share of
95 % is ±1 point wide (``1.96^2 0.95 0.05 / 0.01^2``). A rule of statistics, not the regulation's own number,
which was not at hand."""

SOURCE = Text(
    "QCVN 81 (tỷ lệ {share:.0f}% số mẫu); ngưỡng {level} và số mẫu tối thiểu {n} chưa đối chiếu được "
    "với văn bản, đặt lại bằng --availability-dbm và --min-samples",
    "QCVN 81 (share of {share:.0f}% of samples); the level of {level} and the least number of samples, {n}, "
    "are not confirmed by its text: set them with --availability-dbm and --min-samples",
)


@dataclass(frozen=True)
class Rule:
    """How availability is counted.

    Attributes
    ----------
    share : float
        Of 1, that must hold the level.
    levels_dbm : mapping of technology to float
        Technologies without a level are not counted.
    least_samples : int
    """

    share: float = SHARE
    levels_dbm: Mapping[str, float] = field(default_factory=lambda: LEVELS_DBM)
    least_samples: int = ENOUGH


@dataclass(frozen=True)
class Availability:
    """The figure of one technology and operator.

    Attributes
    ----------
    technology, operator : str
    level_dbm : float
    all_samples : Rate
        Over the samples as they are, the way a regulation counts.
    thinned : Rate
        Over one record a square and day: no car park outvotes a road.
    verdict : {"met", "not met", "open", "too few"}
        Of ``all_samples``: ``open`` where the interval holds the asked share.
    """

    technology: str
    operator: str
    level_dbm: float
    all_samples: Rate
    thinned: Rate
    verdict: Verdict


def availabilities(
    samples: gpd.GeoDataFrame, thinned: gpd.GeoDataFrame, rule: Rule | None = None
) -> list[Availability]:
    """Return the availability of every technology and operator that was measured, by name.

    Silent samples count as below the level; those of a phone that names no technology, for every one.

    Parameters
    ----------
    samples, thinned : GeoDataFrame
        As read, and as `phusong.coverage.evidence.thinning.thin` leaves them.
    rule : Rule, optional
    """
    rule = rule or Rule()
    found = []
    for technology in sorted(set(samples["technology"]) & set(rule.levels_dbm)):
        level = rule.levels_dbm[technology]
        for operator in sorted(set(samples.loc[samples["technology"] == technology, "operator"])):
            whole = _rate(samples, technology, operator, level)
            found.append(
                Availability(
                    technology, operator, level, whole, _rate(thinned, technology, operator, level),
                    verdict(whole, rule),
                )
            )
    return found


def verdict(counted: Rate, rule: Rule) -> Verdict:
    """Say whether a share meets a rule, as far as the samples can tell."""
    if counted.n < rule.least_samples:
        return "too few"
    if counted.low >= rule.share:
        return "met"
    return "not met" if counted.high < rule.share else "open"


def _rate(samples: gpd.GeoDataFrame, technology: str, operator: str, level_dbm: float) -> Rate:
    mine = (samples["technology"] == technology) | ((samples["technology"] == "") & ~samples["heard"])
    own = samples[mine & (samples["operator"] == operator)]
    held = own["heard"].to_numpy(bool) & (own["rsrp_dbm"].fillna(-np.inf).to_numpy() >= level_dbm)
    return rate(held, block_numbers(own.geometry.x.to_numpy(), own.geometry.y.to_numpy()))
