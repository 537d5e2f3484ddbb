"""The answer under every definition of coverage, side by side: by commune, and who changes rank.

No prediction is made anew but for circles round sites, which cost next to nothing. A level of RSRP is
judged from the median signal and the location probability of the best server: both together give back the
spread (``sigma = (signal - threshold) / z(probability)``), and with it the probability at any other level.
A rate comes from the SINR at the service's load by the truncated Shannon bound of 3GPP TR 36.942 V17.0.0,
annex A.2: ``R = B min(0.6 log2(1 + SINR), 4.4)`` for SINR of -10 dB or more, with the SINR lowered by
``z(probability) sigma``; TDD carriers of 5G send down three quarters of the time (planning assumption).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.criterion import technology_of
from phusong.coverage.result import ANY, DEFINITION_COLUMNS, Reach
from phusong.coverage.zonal import CommuneShares
from phusong.data.evidence_tables import CoverageDefinition, coverage_definitions
from phusong.layers.grid import FloatArray, Raster
from phusong.layers.inventory import Layers
from phusong.layers.project.schema import FibreService, FlatService, RangeService, TerrainService

if TYPE_CHECKING:
    import pandas as pd

OWN = "own"
FLOOR_DB = 15.0
"""Signals are kept as far as this below the service's threshold."""
ALPHA, MAX_BPS_PER_HZ, MIN_SINR_DB = 0.6, 4.4, -10.0
TDD_DOWN = 0.75
_SIGMA_DB = (1.0, 20.0)
_USUAL_SIGMA_DB = 8.0
Mask = NDArray[np.bool_]


def definition_table(
    layers: Layers, shares: CommuneShares, reaches: Mapping[tuple[str, str], Reach]
) -> pd.DataFrame:
    """Return the people covered under each definition, for the province and each commune.

    Parameters
    ----------
    layers : Layers
    shares : CommuneShares
    reaches : mapping of (service, operator) to Reach

    Returns
    -------
    DataFrame
        `phusong.coverage.result.DEFINITION_COLUMNS`: any operator; first ``own``, then the presets that
        the results of the service allow. A circle round sites allows circles only; a rate needs
        ``sinr = true``.
    """
    import pandas as pd

    communes = layers.communes
    n = len(communes)
    total = np.asarray(shares.people.sum(axis=1), dtype=np.float64).ravel()
    province = layers.project.province
    blocks = []
    for service, kind in layers.project.services.items():
        if isinstance(kind, FibreService):
            continue
        own_percent: FloatArray | None = None
        for definition, mask in _masks(layers, service, kind, reaches):
            covered = shares.sum_people(mask)
            with np.errstate(divide="ignore", invalid="ignore"):
                percent = np.where(total > 0.0, 100.0 * covered / total, np.nan)
            own_percent = percent if own_percent is None else own_percent
            whole = 100.0 * covered.sum() / total.sum() if total.sum() > 0.0 else np.nan
            blocks.append(pd.DataFrame({
                "level": ["province"] + ["commune"] * n,
                "code": [province.code, *communes["commune_code"]],
                "name": [province.name, *communes["commune_name"]],
                "service": service, "definition": definition,
                "numerator": np.r_[covered.sum(), covered], "denominator": np.r_[total.sum(), total],
                "percent": np.r_[whole, percent], "rank": np.r_[np.nan, ranks(percent)],
                "rank_change": np.r_[np.nan, rank_changes(own_percent, percent)],
            }))  # fmt: skip
    if not blocks:
        return pd.DataFrame({c: [] for c in DEFINITION_COLUMNS})
    return pd.concat(blocks, ignore_index=True)[list(DEFINITION_COLUMNS)]


def ranks(percent: FloatArray) -> FloatArray:
    """Return ranks from the highest share down, NaN where there is none.

    Shares that read the same with one decimal share the best rank.
    """
    shown = np.round(percent, 1)
    known = np.sort(shown[np.isfinite(shown)])
    better = len(known) - np.searchsorted(known, shown, side="right")
    return np.where(np.isfinite(shown), better + 1.0, np.nan)


def rank_changes(before: FloatArray, after: FloatArray) -> FloatArray:
    """Return how many places each commune falls (negative: rises), NaN where it has no share.

    Communes that overtake it less those that it overtakes, where one overtakes another whose share was
    higher and is now lower, as read with one decimal: who stays level with others passes nobody.
    """
    old, new = np.round(before, 1), np.round(after, 1)
    passed = (old[:, None] > old[None, :]) & (new[:, None] < new[None, :])
    change = passed.sum(axis=1) - passed.sum(axis=0)
    return np.where(np.isfinite(old) & np.isfinite(new), change.astype(np.float64), np.nan)


def _masks(
    layers: Layers,
    service: str,
    kind: RangeService | FlatService | TerrainService,
    reaches: Mapping[tuple[str, str], Reach],
) -> Iterator[tuple[str, Raster[np.bool_]]]:
    """Yield the definitions that a service's results allow, its own first, and what each covers."""
    technology = technology_of(service, kind)
    own = reaches[service, ANY]
    yield OWN, own.covered
    spread = None if isinstance(kind, RangeService) else read_spread(layers, kind, own)
    for definition in coverage_definitions():
        if technology not in definition.technologies:
            continue
        if definition.kind == "radius":
            yield definition.id, _circle(layers, service, technology, definition)
            continue
        mask = None
        if definition.kind == "rsrp" and spread is not None:
            mask = _level(definition, spread)
        elif definition.kind == "rate" and spread is not None:
            mask = _rate(layers, service, technology, definition, reaches, spread)
        if mask is not None:
            yield definition.id, Raster(mask, layers.grid)


@dataclass(frozen=True)
class Spread:
    """How the signal of a service lies about its threshold.

    Attributes
    ----------
    z : FloatArray
        Standard normal deviate of the probability to meet the threshold, infinite at its ends.
    sigma_db : FloatArray
        Read back from signal and probability.
    threshold_dbm, probability : float
        Of the service.
    """

    z: FloatArray
    sigma_db: FloatArray
    threshold_dbm: float
    probability: float


def read_spread(layers: Layers, kind: FlatService | TerrainService, reach: Reach) -> Spread | None:
    """Read the spread of each cell back; None where the model knows no probability.

    Near the threshold, and where the probability is too near 0 or 1 to tell, the median of the others
    stands.
    """
    from scipy.special import ndtri

    from phusong.coverage.radio.link_budget import penetration_loss_db

    if reach.probability is None or reach.unit != "dBm":
        return None
    mine = layers.stations["technology"] == technology_of(reach.service, kind)
    mhz = float(layers.stations.loc[mine, "frequency_mhz"].median()) if mine.any() else 2000.0
    loss = penetration_loss_db(kind.penetration, mhz, kind.penetration_db)[0]
    above = reach.signal.values.astype(np.float64) - (kind.threshold_dbm + loss)
    probability = reach.probability.values.astype(np.float64)
    z = ndtri(probability)
    with np.errstate(divide="ignore", invalid="ignore"):
        sigma = above / z
    clear = (np.abs(z) > 0.3) & (np.abs(z) < 3.5) & (sigma > _SIGMA_DB[0]) & (sigma < _SIGMA_DB[1])
    usual = float(np.median(sigma[clear])) if clear.any() else _USUAL_SIGMA_DB
    sigma = np.where(clear, sigma, usual)
    z = np.where(np.abs(z) < 3.5, z, np.where(np.isfinite(above), above / usual, -np.inf))
    return Spread(z, sigma, kind.threshold_dbm, kind.probability)


def _level(definition: CoverageDefinition, spread: Spread) -> Mask | None:
    """Return where another level holds with its probability; None below what signals are kept."""
    from scipy.special import ndtri

    assert definition.threshold_dbm is not None
    if definition.threshold_dbm < spread.threshold_dbm - FLOOR_DB:
        return None
    wanted = float(ndtri(np.float32(definition.probability or spread.probability)))
    shifted = spread.z + (spread.threshold_dbm - definition.threshold_dbm) / spread.sigma_db
    return np.asarray(shifted >= wanted)


def edge_rate_mbps(sinr_db: FloatArray, bandwidth_mhz: FloatArray, *, down: float = 1.0) -> FloatArray:
    """Return the downlink rate of a user who has the whole carrier, in Mb/s.

    ``B min(alpha log2(1 + 10^(SINR/10)), S_max)`` with alpha 0.6 and S_max 4.4 bit/s/Hz, zero below
    -10 dB: 3GPP TR 36.942 V17.0.0, annex A.2, downlink baseline. ``down``: share of the time.
    """
    efficiency = np.minimum(ALPHA * np.log2(1.0 + 10.0 ** (sinr_db / 10.0)), MAX_BPS_PER_HZ)
    return np.where(sinr_db >= MIN_SINR_DB, efficiency * bandwidth_mhz * down, 0.0)


def _rate(
    layers: Layers,
    service: str,
    technology: str,
    definition: CoverageDefinition,
    reaches: Mapping[tuple[str, str], Reach],
    spread: Spread,
) -> Mask | None:
    """Return where an operator offers the rate; None without SINR, or at less than the load wanted."""
    from scipy.special import ndtri

    kind = layers.project.services[service]
    assert definition.downlink_mbps is not None
    assert not isinstance(kind, RangeService | FibreService)
    if definition.load is not None and kind.load < definition.load:
        return None
    margin = float(ndtri(definition.probability or spread.probability)) * spread.sigma_db
    width = layers.stations["bandwidth_mhz"].to_numpy(np.float64)
    mine = [r for (s, o), r in reaches.items() if s == service and (o != ANY or len(reaches) == 1)]
    found: Mask | None = None
    for reach in mine or [reaches[service, ANY]]:
        if reach.sinr is None or reach.best_server is None:
            return None
        best = reach.best_server.values
        bandwidth = np.where(best >= 0, width[np.maximum(best, 0)], 0.0)
        sinr = np.nan_to_num(reach.sinr.values.astype(np.float64), nan=-np.inf) - margin
        rate = edge_rate_mbps(sinr, bandwidth, down=TDD_DOWN if technology == "5G" else 1.0)
        here = rate >= definition.downlink_mbps
        found = here if found is None else found | here
    return found


def _circle(
    layers: Layers, service: str, technology: str, definition: CoverageDefinition
) -> Raster[np.bool_]:
    from phusong.coverage.radio.range import within_range

    assert definition.radius_m is not None
    circle = RangeService.model_validate(
        {"model": "range", "technology": technology, "radius_m": definition.radius_m}
    )
    return within_range(layers, service, circle)
