"""The sector pattern: its table, its compiled twin, its bounds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phusong.coverage.radio.antenna import pattern_gain_db, sector_gain_db
from phusong.coverage.radio.kernels import bearings_deg, elevations_deg

angle = st.floats(0.0, 359.99)


def test_points_of_the_table() -> None:
    at = {"azimuth_deg": 350.0, "tilt_deg": 6.0}
    assert pattern_gain_db(350.0, -6.0, **at) == 0.0
    # Half a beamwidth off the axis is 3 dB, in either plane, across north as well.
    assert pattern_gain_db(350.0 + 32.5 - 360.0, -6.0, **at) == pytest.approx(-3.0)
    assert pattern_gain_db(317.5, -6.0, **at) == pytest.approx(-3.0)
    assert pattern_gain_db(350.0, -1.0, **at) == pytest.approx(-3.0)
    assert pattern_gain_db(350.0, -1.0, **at, vertical_beamwidth_deg=20.0) == pytest.approx(-0.75)
    assert pattern_gain_db(22.5, -1.0, **at) == pytest.approx(-6.0)
    assert pattern_gain_db(170.0, -6.0, **at) == -30.0
    assert pattern_gain_db(170.0, 60.0, **at) == -30.0


def test_omnidirectional_keeps_its_vertical_pattern() -> None:
    gains = pattern_gain_db(np.arange(0.0, 360.0), -5.0, azimuth_deg=math.nan, tilt_deg=0.0)
    assert gains == pytest.approx(np.full(360, -3.0))


@settings(deadline=None)  # the first call compiles
@given(bearing=angle, azimuth=angle, elevation=st.floats(-90, 90), tilt=st.floats(-5, 15))
def test_kernel_equals_reference_and_never_gains(
    bearing: float, azimuth: float, elevation: float, tilt: float
) -> None:
    wanted = pattern_gain_db(bearing, elevation, azimuth_deg=azimuth, tilt_deg=tilt, beamwidth_deg=65.0)
    got = sector_gain_db(bearing, elevation, azimuth, tilt, 12.0 / 65.0**2, 12.0 / 10.0**2)
    assert got == pytest.approx(float(wanted), abs=1e-9)
    assert -30.0 <= got <= 0.0
    mirrored = pattern_gain_db(
        2 * azimuth - bearing, elevation, azimuth_deg=azimuth, tilt_deg=tilt, beamwidth_deg=65.0
    )
    assert mirrored == pytest.approx(wanted, abs=1e-6)


def test_angles_of_a_window() -> None:
    rng = np.random.default_rng(5)
    x, y = np.sort(rng.uniform(-3e4, 3e4, 151)), np.sort(rng.uniform(-3e4, 3e4, 149))[::-1].copy()
    x[75], y[75] = 0.0, 0.0
    ground = rng.uniform(-500.0, 1500.0, (149, 151)).astype(np.float32)
    ground[3, 4] = np.nan
    dx, dy = np.broadcast_arrays(x[None, :], y[:, None])
    d = np.hypot(dx, dy)
    bearing = bearings_deg(x, y, 0.0, 0.0)
    wanted = np.degrees(np.arctan2(dx, dy)) % 360.0
    away = d > 0
    np.testing.assert_allclose(bearing[away], wanted[away], atol=4e-5)
    assert (bearing >= 0).all()
    assert (bearing < 360).all()
    flat = elevations_deg(x, y, 0.0, 0.0, -28.5, np.empty((0, 0), dtype=np.float32))
    np.testing.assert_allclose(flat, np.degrees(np.arctan2(-28.5, d)), atol=1e-5)
    hilly = elevations_deg(x, y, 0.0, 0.0, -28.5, ground)
    rise = np.where(np.isnan(ground), 0.0, ground - d**2 / 1.7e7) - 28.5
    np.testing.assert_allclose(hilly, np.degrees(np.arctan2(rise, d)), atol=1e-5)
