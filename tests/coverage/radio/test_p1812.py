from __future__ import annotations

import csv
import json
import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phusong.coverage.radio import p1812_terms as terms
from phusong.coverage.radio.p1812 import (
    Atmosphere,
    P1812Result,
    location_sigma_db,
    location_term_db,
    middle_latitude_deg,
    path_loss,
)
from phusong.coverage.radio.p1812_path import bullington_nu, smooth_bullington_nu
from phusong.coverage.radio.p1812_terms import smooth_clearance
from phusong.coverage.radio.sweep_receivers import clear_share, milliradians, smooth_nu, surely_clear

VECTORS = Path(__file__).parents[3].parent / "shared" / "vectors"
COLUMNS = {
    "dlt (km)|Eq (78)": "dlt_km", "dlr (km)|Eq (81a)": "dlr_km", "th_t (mrad)|Eqs (76-78)": "theta_t_mrad",
    "th_r (mrad)|Eqs (79-81)": "theta_r_mrad", "th (mrad)|Eq (82)": "theta_mrad", "hts (m)": "hts_m",
    "hrs (m)": "hrs_m", "w|Table 5": "omega", "dtm (km)|Sec 3.6": "dtm_km", "dlm (km)|Sec 3.6": "dlm_km",
    "b0 (%)|Eq (5)": "beta0_percent", "ae (km)|Eq (7a)": "ae_km", "hst (m)|Eq (85)": "hst_m",
    "hsr (m)|Eq (86)": "hsr_m", "hst (m)|Eq (90a)": "hst_duct_m", "hsr (m)|Eq (90b)": "hsr_duct_m",
    "hstd (m)|Eq (89)": "hstd_m", "hsrd (m)|Eq (89)": "hsrd_m", "hte (m)|Eq (92a)": "hte_m",
    "hre (m)|Eq (92b)": "hre_m", "hm (m)|Eq (93)": "hm_m", "Fi|Eq (40)": "f_i", "Fj|Eq (57)": "f_j",
    "Fk|Eq (58)": "f_k", "Lbfs|Eq (8)": "lbfs_db", "Lb0p|Eq (10)": "lb0p_db", "Lb0b|Eq (11)": "lb0b_db",
    "Lbulla (dB)|Eq (21)": "lbulla_db", "Lbulls (dB)|Eq (21)": "lbulls_db", "Ldsph (dB)|Eq (27)": "ldsph_db",
    "Ld50 (dB)|Eq (39)": "ld50_db", "Ldb (dB)|Eq (39)": "ldb_db", "Ldp (dB)|Eq (41)": "ldp_db",
    "Lbd50 (dB)|Eq (42)": "lbd50_db", "Lminb0p (dB)|Eq (59)": "lminb0p_db", "Lba (dB)|Eq (46)": "lba_db",
    "Lminbap (dB)|Eq (60)": "lminbap_db", "Lbda (dB)|Eq (61)": "lbda_db", "Lbam (dB)|Eq (62)": "lbam_db",
    "Lbs (dB)|Eq (44)": "lbs_db", "Lbc (dB)|Eq (63)": "lbc_db", "Lb (dB)|Eq (69)": "loss_db",
    "Ep (dBuV/m)|Eq (70)": "field_dbuv",
}


def cases() -> list[dict[str, str]]:
    path = VECTORS / "p1812_cases.csv"
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def computed(row: dict[str, str]) -> P1812Result:
    profile = json.loads((VECTORS / "p1812_profiles.json").read_text())[row["profile"]]
    return path_loss(
        profile["d_km"], profile["h_masl"], profile["clutter_m"], profile["zone"],
        frequency_ghz=float(row["f (GHz)"]), tx_height_m=float(row["htg (m)"]),
        rx_height_m=float(row["hrg (m)"]), location_percent=float(row["pL (%)"]),
        sigma_db=float(row["sigmaL (dB)"]),
        atmosphere=Atmosphere(
            time_percent=float(row["p (%)"]), delta_n=float(row["DN"]), n0=float(row["N0"]),
            latitude_deg=middle_latitude_deg(
                float(row["phi_t (deg)"]), float(row["lam_t (deg)"]), float(row["phi_r (deg)"]),
                float(row["lam_r (deg)"]), float(row["d (km)"]),
            ),
            polarisation="horizontal" if row["pol"] == "1" else "vertical",
            tx_coast_km=float(row["dct (km)"]), rx_coast_km=float(row["dcr (km)"]),
        ),
    )


@pytest.mark.skipif(not cases(), reason="the reference vectors are not here")
def test_holds_the_validation_set() -> None:
    rows = cases()
    assert len(rows) == 42
    for row in rows:
        result = computed(row)
        name = f"{row['profile']} {row['dataset']}"
        assert result.loss_db == pytest.approx(float(row["Lb (dB)|Eq (69)"]), abs=0.01), name
        for column, attribute in COLUMNS.items():
            value = float(row[column])
            assert getattr(result, attribute) == pytest.approx(value, rel=1e-3, abs=1e-8), (name, column)
        # In two rows the column labelled eq. (43) holds the value of eq. (61) instead: eq. (43) is
        # the sum of two other columns.
        lbd = float(row["Lb0p|Eq (10)"]) + float(row["Ldp (dB)|Eq (41)"])
        assert result.lbd_db == pytest.approx(lbd, rel=1e-3), name


def hill(seed: int, n: int = 120) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    d = np.cumsum(np.append(0.0, rng.uniform(0.05, 0.2, n)))
    h = 300.0 + np.cumsum(rng.normal(0.0, 12.0, n + 1))
    return d, h, rng.choice([0.0, 10.0, 20.0], n + 1)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), percent=st.sampled_from([1.0, 10.0, 50.0]))
def test_turning_the_path_round_changes_nothing(seed: int, percent: float) -> None:
    d, h, r = hill(seed)
    given_ = {"frequency_ghz": 0.8, "atmosphere": Atmosphere(time_percent=percent)}
    there = path_loss(d, h, r, tx_height_m=30.0, rx_height_m=5.0, **given_)  # type: ignore[arg-type]
    back = path_loss(
        d[-1] - d[::-1], h[::-1], r[::-1], tx_height_m=5.0, rx_height_m=30.0, **given_  # type: ignore[arg-type]
    )
    assert there.loss_db == pytest.approx(back.loss_db, abs=1e-6)
    assert there.theta_t_mrad == pytest.approx(back.theta_r_mrad, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), frequency=st.floats(0.03, 6.0))
def test_median_loss_is_free_space_at_least_and_diffraction_grows_with_frequency(
    seed: int, frequency: float
) -> None:
    d, h, r = hill(seed)
    low = path_loss(d, h, r, frequency_ghz=frequency, tx_height_m=30.0)
    assert low.loss_db >= low.lbfs_db
    high = path_loss(d, h, r, frequency_ghz=min(1.5 * frequency, 6.0), tx_height_m=30.0)
    # An edge that touches the line costs 12.4 dB; below it, higher frequencies clear it the better.
    if low.lbulla_db > 13.0:
        assert high.lbulla_db >= low.lbulla_db


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_less_time_means_less_loss(seed: int) -> None:
    d, h, r = hill(seed)
    losses = [
        path_loss(
            d, h, r, frequency_ghz=0.6, tx_height_m=20.0, atmosphere=Atmosphere(time_percent=p)
        ).loss_db
        for p in (1.0, 5.0, 20.0, 40.0, 50.0)
    ]
    assert all(a <= b + 1e-9 for a, b in pairwise(losses))


def test_clutter_counts_between_the_ends_only() -> None:
    d, h, _ = hill(1)
    ends = np.zeros_like(d)
    ends[[0, -1]] = 50.0
    bare = path_loss(d, h, frequency_ghz=1.8, tx_height_m=30.0)
    assert path_loss(d, h, ends, frequency_ghz=1.8, tx_height_m=30.0).loss_db == bare.loss_db
    trees = np.full_like(d, 20.0)
    covered = path_loss(d, h, trees, frequency_ghz=1.8, tx_height_m=30.0)
    assert covered.loss_db > bare.loss_db + 5.0
    # It enters the Bullington heights, neither horizons nor the smooth surface.
    assert (covered.theta_mrad, covered.hstd_m) == (bare.theta_mrad, bare.hstd_m)


def test_smooth_sea_in_closed_form_agrees_with_a_dense_profile() -> None:
    d = np.linspace(0.0, 60.0, 6001)
    for tx, rx in ((30.0, 10.0), (300.0, 200.0), (50.0, 1.5)):
        closed = smooth_bullington_nu(60.0, tx, rx, 8500.0)
        dense = bullington_nu(d, np.zeros_like(d), tx, rx, 500.0 / 8500.0)
        assert dense == pytest.approx(closed, rel=2e-3, abs=2e-3)


@settings(max_examples=300, deadline=None)
@given(
    m=st.integers(1, 400), gap=st.floats(0.5, 1.499), tx=st.floats(1.0, 800.0), rx=st.floats(1.0, 800.0),
    radius=st.floats(6500.0, 20_000.0), start=st.floats(0.02, 0.98),
)
def test_smooth_profile_without_a_scan(
    m: int, gap: float, tx: float, rx: float, radius: float, start: float
) -> None:
    total = 0.1 * (m + gap)
    d = np.append(0.1 * np.arange(m + 1), total)
    scanned = bullington_nu(d, np.zeros_like(d), tx, rx, 500.0 / radius)
    found = smooth_nu(0.1, m, total, tx, rx, 500.0 / radius, start * total)
    assert found == pytest.approx(scanned, rel=1e-9, abs=1e-9)


@settings(max_examples=300, deadline=None)
@given(
    total=st.floats(0.2, 100.0), tx=st.floats(1.0, 3000.0), rx=st.floats(1.0, 3000.0),
    radius=st.floats(6500.0, 20_000.0),
)
def test_clearance_over_smooth_earth_without_cosines(
    total: float, tx: float, rx: float, radius: float
) -> None:
    place, share, _ = smooth_clearance(total, tx, rx, radius)
    found, near = clear_share(total, tx, rx, radius)
    assert found == pytest.approx(share, rel=1e-7, abs=1e-7)
    assert near == pytest.approx(place, rel=1e-6, abs=1e-6)


@settings(max_examples=300, deadline=None)
@given(
    total=st.floats(0.2, 100.0), tx=st.floats(1.0, 800.0), rx=st.floats(1.0, 800.0),
    radius=st.floats(6500.0, 20_000.0), frequency=st.floats(0.03, 6.0),
)
def test_what_is_called_surely_clear_has_no_spherical_loss(
    total: float, tx: float, rx: float, radius: float, frequency: float
) -> None:
    if surely_clear(total, tx, rx, radius, math.sqrt(0.2998 / frequency)):
        assert terms.spherical_db(total, tx, rx, radius, frequency, 0.0, terms.VERTICAL) == 0.0


def test_time_dependence_of_ducting_falls_with_its_incidence() -> None:
    """The sweep bounds the ducting loss from below by its value at the uncorrected incidence."""
    betas = np.geomspace(1e-12, 47.0, 300)
    for percent in (1.0, 10.0, 50.0):
        for distance in (0.2, 2.0, 15.0, 50.0, 100.0):
            losses = [terms.duct_time_db(distance, percent, beta) for beta in betas.tolist()]
            assert np.all(np.diff(losses) <= 1e-9)


@settings(deadline=None)
@given(slope=st.floats(-2000.0, 2000.0))
def test_angles_from_the_series(slope: float) -> None:
    assert milliradians(slope) == pytest.approx(1000.0 * math.atan(0.001 * slope), rel=1e-13, abs=1e-13)


@settings(deadline=None)
@given(x=st.floats(0.001, 0.999))
def test_tail_of_the_normal_distribution(x: float) -> None:
    from scipy.stats import norm

    assert terms.tail_of_normal(x) == pytest.approx(norm.isf(x), abs=0.00054)


def test_location_variability() -> None:
    # (0.52 + 0.024 * 2) * 100^0.28, whole below the clutter and gone 10 m above it.
    whole = 0.568 * 100.0**0.28
    assert location_sigma_db(2.0, 100.0, 1.5, [0.0, 5.0, 20.0]) == pytest.approx([0.85 * whole, whole, whole])
    assert location_sigma_db(2.0, 100.0, 12.0, [1.0])[0] == 0.0
    d, h, r = hill(3)
    median = path_loss(d, h, r, frequency_ghz=2.0, tx_height_m=30.0)
    most = path_loss(d, h, r, frequency_ghz=2.0, tx_height_m=30.0, location_percent=90.0, sigma_db=5.5)
    assert most.loss_db - median.loss_db == pytest.approx(1.2816 * 5.5, abs=0.01)
    assert location_term_db(50.0, 5.5) == 0.0


def test_latitude_halfway() -> None:
    assert middle_latitude_deg(10.0, 108.0, 14.0, 108.0) == pytest.approx(12.0)
    assert middle_latitude_deg(0.0, 0.0, 0.0, 40.0) == pytest.approx(0.0)
    assert middle_latitude_deg(60.0, 0.0, 60.0, 90.0) > 60.0


@pytest.mark.parametrize(
    ("message", "change"),
    [
        (r"frequency_ghz = 0.02 is outside 0.03 to 6 GHz", {"frequency_ghz": 0.02}),
        (r"frequency_ghz = 7.0", {"frequency_ghz": 7.0}),
        (r"tx_height_m = 0.5 is outside 1 to 3000 m", {"tx_height_m": 0.5}),
        (r"rx_height_m = 4000.0", {"rx_height_m": 4000.0}),
        (r"location_percent = 0.0", {"location_percent": 0.0, "sigma_db": 5.0}),
        (r"sigma_db = -1.0", {"sigma_db": -1.0}),
        (r"distance_km has 2 points; a profile needs at least 3", {"distance_km": [0.0, 1.0]}),
        (r"terrain_m\[1\] = nan", {"terrain_m": [1.0, math.nan, 2.0, 3.0]}),
        (r"terrain_m has shape \(3,\)", {"terrain_m": [1.0, 1.0, 2.0]}),
        (r"clutter_m has a negative height", {"clutter_m": [0.0, -3.0, 0.0, 0.0]}),
        (r"zone = 2 is not 1", {"zone": [4, 4, 2, 4]}),
        (r"distance_km must start at 0 and ascend", {"distance_km": [0.0, 2.0, 1.0, 3.0]}),
        (r"distance_km must start at 0", {"distance_km": [0.5, 1.0, 1.5, 3.0]}),
    ],
)
def test_bad_paths_are_refused(message: str, change: dict[str, object]) -> None:
    values: dict[str, object] = {
        "distance_km": [0.0, 1.0, 2.0, 3.0], "terrain_m": [5.0, 6.0, 7.0, 8.0], "frequency_ghz": 1.8,
        "tx_height_m": 30.0,
    }
    with pytest.raises(ValueError, match=message):
        path_loss(**{**values, **change})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("time_percent", 0.5), ("time_percent", 60.0), ("delta_n", 157.0), ("delta_n", math.nan),
        ("n0", 100.0), ("latitude_deg", 91.0), ("tx_coast_km", -1.0), ("polarisation", "round"),
    ],
)
def test_bad_atmospheres_are_refused(argument: str, value: object) -> None:
    with pytest.raises(ValueError, match=argument):
        Atmosphere(**{argument: value})  # type: ignore[arg-type]
