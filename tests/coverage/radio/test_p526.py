"""Diffraction alone against the values that the P.1812 validation set gives for the same method."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from phusong.coverage.radio.cases import compute_cases
from phusong.coverage.radio.p526 import knife_edge_loss_db, path_diffraction

D = np.linspace(0.0, 20.0, 81)
RIDGE = np.where(abs(D - 8.0) < 0.3, 200.0, 10.0)
LINK = {"frequency_mhz": 900.0, "tx_height_m": 30.0, "rx_height_m": 1.5}


def test_parts_and_sum_of_the_validation_set(shared: Path) -> None:
    result = compute_cases("p526", shared / "vectors" / "p1812_cases.csv")
    assert len(result.comparisons) == 5
    for comparison in result.comparisons:
        assert comparison.rows == 42
        assert comparison.max_difference < 1e-6


def test_knife_edge() -> None:
    # J(0) = 6.03 dB; zero up to -0.78; about 13 + 20 log nu far in the shadow (P.526 eq. 31).
    assert knife_edge_loss_db(0.0) == pytest.approx(6.03, abs=0.01)
    assert (knife_edge_loss_db([-5.0, -0.78]) == 0.0).all()
    assert knife_edge_loss_db(50.0) == pytest.approx(13.0 + 20.0 * np.log10(50.0), abs=0.15)


def test_reciprocity() -> None:
    there = path_diffraction(D, RIDGE, **LINK)
    back = path_diffraction(
        20.0 - D[::-1], RIDGE[::-1], frequency_mhz=900.0, tx_height_m=1.5, rx_height_m=30.0
    )
    assert there.loss_db == pytest.approx(back.loss_db, abs=1e-6)
    assert there.loss_db > 20.0


def test_clutter_and_higher_ridges_cost_more() -> None:
    plain = path_diffraction(D, RIDGE, **LINK).loss_db
    assert path_diffraction(D, RIDGE, clutter_m=np.full(81, 15.0), **LINK).loss_db > plain
    assert path_diffraction(D, RIDGE * 2.0, **LINK).loss_db > plain


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"distance_km": [0.0, 1.0], "elevation_m": [1.0, 1.0]}, "distance_km"),
        ({"elevation_m": RIDGE[:-1]}, "elevation_m"),
        ({"elevation_m": np.full(81, np.nan)}, "elevation_m"),
        ({"distance_km": D[::-1]}, "distance_km"),
        ({"frequency_mhz": 10.0}, "frequency_mhz = 10 MHz: must be 30 to 300000"),
        ({"rx_height_m": -1.0}, "rx_height_m"),
        ({"effective_radius_km": 0.0}, "effective_radius_km"),
        ({"sea_share": 1.1}, "sea_share"),
        ({"polarisation": "circular"}, "polarisation"),
        ({"clutter_m": [1.0, 2.0]}, "clutter_m"),
    ],
)
def test_bad_arguments_are_named(change: dict[str, object], named: str) -> None:
    arguments: dict[str, object] = {"distance_km": D, "elevation_m": RIDGE, **LINK, **change}
    with pytest.raises(ValueError, match=named):
        path_diffraction(**arguments)  # type: ignore[arg-type]
