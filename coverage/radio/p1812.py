"""Rec. ITU-R P.1812: basic transmission loss of one path, checked, with every intermediate value.

Source: Recommendation ITU-R P.1812-7, "A path-specific propagation prediction method for point-to-area
terrestrial services in the frequency range 30 MHz to 6 000 MHz", ITU, 2023. Validity: 30 MHz to 6 GHz,
0.25 to 3 000 km, antennas within 3 km above ground, 1 to 50 per cent of the time, 1 to 99 per cent of
locations.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from phusong.coverage.radio import p1812_terms as terms
from phusong.coverage.radio.model import Limit
from phusong.coverage.radio.p1812_path import Climate, path_terms

Polarisation = Literal["horizontal", "vertical"]

EDITION = "ITU-R P.1812-7 (2023)"

LIMITS = (
    Limit("distance_m", 250.0, 3_000_000.0, "m"),
    Limit("frequency_mhz", 30.0, 6000.0, "MHz"),
    Limit("tx_height_m", 1.0, 3000.0, "m"),
    Limit("rx_height_m", 1.0, 3000.0, "m"),
    Limit("time_percent", 1.0, 50.0, "%"),
    Limit("location_percent", 1.0, 99.0, "%"),
)
"""Ranges of section 1 and table 1. Outside those of frequency, heights and percentages nothing is
computed; nearer than 250 m the formulas are evaluated and the caller warns."""


def check_range(argument: str, value: float, low: float, high: float, unit: str) -> None:
    """Raise ValueError that names argument, value and range unless ``low <= value <= high``."""
    if not low <= value <= high:
        raise ValueError(f"{argument} = {value} is outside {low:g} to {high:g} {unit}".rstrip())


@dataclass(frozen=True)
class Atmosphere:
    """Conditions that hold for a whole site or province.

    Attributes
    ----------
    time_percent : float
        The loss is not exceeded for so much of the year, 1 to 50.
    delta_n : float
        Fall of refractivity over the lowest kilometre, N-units/km, positive; section 3.5.
    n0 : float
        Refractivity at sea level, N-units. The defaults are those of the project file for Vietnam.
    latitude_deg : float
        Of the middle of the path, or of the site.
    polarisation : {"vertical", "horizontal"}
    tx_coast_km, rx_coast_km : float, optional
        Distance over land from either end to the coast along the path; read from the zones by default.
    diffraction_only : bool
        Leave ducting and troposcatter out of a sweep; see `phusong.coverage.radio.p526`.
    """

    time_percent: float = 50.0
    delta_n: float = 50.0
    n0: float = 370.0
    latitude_deg: float = 14.0
    polarisation: Polarisation = "vertical"
    tx_coast_km: float | None = None
    rx_coast_km: float | None = None
    diffraction_only: bool = False

    def __post_init__(self) -> None:
        check_range("time_percent", self.time_percent, 1.0, 50.0, "%")
        check_range("delta_n", self.delta_n, 1.0, 156.0, "N-units/km")
        check_range("n0", self.n0, 200.0, 500.0, "N-units")
        check_range("latitude_deg", self.latitude_deg, -90.0, 90.0, "degrees")
        for name in ("tx_coast_km", "rx_coast_km"):
            value = getattr(self, name)
            if value is not None:
                check_range(name, value, 0.0, 3000.0, "km")
        if self.polarisation not in ("horizontal", "vertical"):
            raise ValueError(f"polarisation = {self.polarisation!r} is not horizontal or vertical")

    def climate(self) -> Climate:
        """Return the form that kernels take."""
        return Climate(
            float(self.time_percent), float(self.delta_n), float(self.n0), float(self.latitude_deg),
            -1.0 if self.tx_coast_km is None else float(self.tx_coast_km),
            -1.0 if self.rx_coast_km is None else float(self.rx_coast_km),
            terms.HORIZONTAL if self.polarisation == "horizontal" else terms.VERTICAL,
            self.diffraction_only,
        )


@dataclass(frozen=True)
class P1812Result:
    """Loss of one path and the values on the way, named after the recommendation's symbols.

    Attributes
    ----------
    loss_db, field_dbuv : float
        Lb, eq. (69), and Ep, eq. (70), of 1 kW effective radiated power.
    distance_km, dlt_km, dlr_km : float
        d; horizon distances, eqs. (78, 81a).
    theta_t_mrad, theta_r_mrad, theta_mrad : float
        Horizon angles and angular distance, eqs. (76-82).
    hts_m, hrs_m : float
        Antennas above sea level.
    omega, dtm_km, dlm_km, beta0_percent, ae_km : float
        Share of sea; longest stretches of land and of inland; incidence of ducting, eq. (5);
        median effective earth radius, eq. (7a).
    hst_m, hsr_m : float
        Ends of the fitted smooth surface, eqs. (85, 86).
    hst_duct_m, hsr_duct_m, hstd_m, hsrd_m : float
        The same for ducting, eqs. (90a, b), and for diffraction, eq. (89).
    hte_m, hre_m, hm_m : float
        Effective heights for ducting, eqs. (92a, b), and roughness, eq. (93).
    f_i, f_j, f_k : float
        Interpolation by time, angle and distance, eqs. (40, 57, 58).
    lbfs_db, lb0p_db, lb0b_db : float
        Free space, eq. (8), and line of sight for p and beta0 per cent, eqs. (10, 11).
    lbulla_db, lbulls_db, ldsph_db : float
        Parts of the diffraction loss at the earth radius of beta0 per cent, eqs. (21, 27).
    ld50_db, ldb_db, ldp_db : float
        Diffraction at the median, at beta0 and at p per cent, eqs. (39, 41).
    lbd50_db, lbd_db, lminb0p_db, lba_db, lminbap_db, lbda_db, lbam_db, lbs_db, lbc_db : float
        Eqs. (42), (43), (59), (46), (60), (61), (62), (44), (63).
    location_db : float
        Lloc, 0 at 50 per cent of locations.
    transhorizon : bool
        Whether bare ground hides the ends from each other at the median earth radius.
    """

    loss_db: float
    field_dbuv: float
    distance_km: float
    dlt_km: float
    dlr_km: float
    theta_t_mrad: float
    theta_r_mrad: float
    theta_mrad: float
    hts_m: float
    hrs_m: float
    omega: float
    dtm_km: float
    dlm_km: float
    beta0_percent: float
    ae_km: float
    hst_m: float
    hsr_m: float
    hst_duct_m: float
    hsr_duct_m: float
    hstd_m: float
    hsrd_m: float
    hte_m: float
    hre_m: float
    hm_m: float
    f_i: float
    f_j: float
    f_k: float
    lbfs_db: float
    lb0p_db: float
    lb0b_db: float
    lbulla_db: float
    lbulls_db: float
    ldsph_db: float
    ld50_db: float
    ldb_db: float
    ldp_db: float
    lbd50_db: float
    lbd_db: float
    lminb0p_db: float
    lba_db: float
    lminbap_db: float
    lbda_db: float
    lbam_db: float
    lbs_db: float
    lbc_db: float
    location_db: float
    transhorizon: bool


def location_sigma_db(
    frequency_ghz: float, cell_m: float, rx_height_m: float = 1.5, clutter_m: ArrayLike = 0.0
) -> NDArray[np.float64]:
    """Return the standard deviation of the loss over the locations of a square cell; section 4.7.

    sigma = (0.52 + 0.024 f) w^0.28 u, with u falling from 1 at the height of the clutter to 0 at 10 m
    above it.

    Parameters
    ----------
    frequency_ghz : float
        0.03 to 6.
    cell_m : float
        Side of the square w, 50 to 1000 m in the recommendation.
    rx_height_m : float
        Above ground.
    clutter_m : array_like
        Representative height of clutter at the receiver, m; the result has its shape.
    """
    check_range("frequency_ghz", frequency_ghz, 0.03, 6.0, "GHz")
    check_range("cell_m", cell_m, 1.0, 5000.0, "m")
    over = rx_height_m - np.asarray(clutter_m, dtype=np.float64)
    low_db = (0.52 + 0.024 * frequency_ghz) * cell_m**0.28
    return np.asarray(low_db * np.clip(1.0 - over / 10.0, 0.0, 1.0))


def location_term_db(location_percent: float, sigma_db: float) -> float:
    """Return what is added to the median for ``location_percent`` of locations outdoors; section 4.7."""
    check_range("location_percent", location_percent, 1.0, 99.0, "%")
    if location_percent == 50.0:
        return 0.0
    return -sigma_db * terms.tail_of_normal(location_percent / 100.0)


def middle_latitude_deg(
    tx_latitude_deg: float, tx_longitude_deg: float, rx_latitude_deg: float, rx_longitude_deg: float,
    distance_km: float | None = None,
) -> float:
    """Return the latitude of the middle of a path, which eq. (4) asks for.

    It lies half of ``distance_km`` (by default half of the great circle between the ends) from the
    transmitter towards the receiver.
    """
    a, b = math.radians(tx_latitude_deg), math.radians(rx_latitude_deg)
    across = math.radians(rx_longitude_deg - tx_longitude_deg)
    east = math.cos(b) * math.sin(across)
    north = math.cos(a) * math.sin(b) - math.sin(a) * math.cos(b) * math.cos(across)
    ahead = math.sin(a) * math.sin(b) + math.cos(a) * math.cos(b) * math.cos(across)
    whole = math.atan2(math.hypot(north, east), ahead)
    half = 0.5 * (whole if distance_km is None else distance_km / terms.EARTH_RADIUS_KM)
    towards = north / math.hypot(north, east) if whole > 0.0 else 0.0
    return math.degrees(math.asin(math.sin(a) * math.cos(half) + math.cos(a) * math.sin(half) * towards))


def _checked_profile(
    distance_km: ArrayLike, terrain_m: ArrayLike, clutter_m: ArrayLike | None, zone: ArrayLike | None
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.uint8]]:
    d = np.array(distance_km, dtype=np.float64)
    h = np.array(terrain_m, dtype=np.float64)
    r = np.zeros_like(h) if clutter_m is None else np.array(clutter_m, dtype=np.float64)
    codes = np.full(h.shape, terms.ZONE_INLAND) if zone is None else np.array(zone)
    if d.ndim != 1 or d.size < 3:
        raise ValueError(f"distance_km has {d.size} points; a profile needs at least 3")
    for name, values in (("terrain_m", h), ("clutter_m", r), ("zone", codes)):
        if values.shape != d.shape:
            raise ValueError(f"{name} has shape {values.shape}, distance_km {d.shape}")
    for name, values in (("distance_km", d), ("terrain_m", h), ("clutter_m", r)):
        bad = np.flatnonzero(~np.isfinite(values))
        if bad.size:
            raise ValueError(f"{name}[{bad[0]}] = {values[bad[0]]} is not a number ({bad.size} points)")
    if d[0] != 0.0 or np.any(np.diff(d) <= 0.0):
        raise ValueError(f"distance_km must start at 0 and ascend; it starts at {d[0]}")
    check_range("distance_km[-1]", float(d[-1]), 0.0, 3000.0, "km")
    if np.any(r < 0.0):
        raise ValueError(f"clutter_m has a negative height, {r.min()} m")
    known = np.isin(codes, (terms.ZONE_SEA, terms.ZONE_COAST, terms.ZONE_INLAND))
    if not known.all():
        raise ValueError(f"zone = {codes[~known][0]} is not 1 (sea), 3 (coast) or 4 (inland)")
    return d, h, h + r, codes.astype(np.uint8)


def path_loss(
    distance_km: ArrayLike, terrain_m: ArrayLike, clutter_m: ArrayLike | None = None,
    zone: ArrayLike | None = None, *, frequency_ghz: float, tx_height_m: float, rx_height_m: float = 1.5,
    atmosphere: Atmosphere | None = None, location_percent: float = 50.0, sigma_db: float = 0.0,
    smooth_closed_form: bool = False,
) -> P1812Result:
    """Return the basic transmission loss of one path with all its terms.

    Parameters
    ----------
    distance_km : array_like, shape (n,)
        Distance of each profile point from the transmitter, from 0, ascending, n >= 3.
    terrain_m : array_like, shape (n,)
        Ground above sea level.
    clutter_m : array_like, shape (n,), optional
        Representative height of clutter; that at both ends is not used.
    zone : array_like of int, shape (n,), optional
        1 sea, 3 coastal land, 4 inland (default).
    frequency_ghz : float
        0.03 to 6.
    tx_height_m, rx_height_m : float
        Above ground, 1 to 3000.
    atmosphere : Atmosphere, optional
        Time percentage, refractivity, latitude, polarisation.
    location_percent, sigma_db : float
        Percentage of locations, 1 to 99, and the standard deviation over them (`location_sigma_db`).
        Over sea at the receiver there is no such variation.
    smooth_closed_form : bool
        Take the smooth-earth Bullington loss from attachment 4 instead of the profile's points.

    Raises
    ------
    ValueError
        For a value out of range, a profile of fewer than 3 points, or one that is not a number.
    """
    check_range("frequency_ghz", frequency_ghz, 0.03, 6.0, "GHz")
    check_range("tx_height_m", tx_height_m, 1.0, 3000.0, "m")
    check_range("rx_height_m", rx_height_m, 1.0, 3000.0, "m")
    check_range("sigma_db", sigma_db, 0.0, 50.0, "dB")
    d, h, g, codes = _checked_profile(distance_km, terrain_m, clutter_m, zone)
    climate = (atmosphere or Atmosphere()).climate()
    if codes[0] == terms.ZONE_SEA:
        climate = climate._replace(tx_coast_km=0.0)
    if codes[-1] == terms.ZONE_SEA:
        climate = climate._replace(rx_coast_km=0.0)
        sigma_db = 0.0
    t = path_terms(
        d, h, g, codes, float(tx_height_m), float(rx_height_m), float(frequency_ghz), climate,
        smooth_closed_form,
    )
    location = location_term_db(location_percent, sigma_db)
    loss = max(t.los_db, t.median_location_db + location)
    return P1812Result(
        loss_db=loss, field_dbuv=terms.field_strength_dbuv(loss, frequency_ghz),
        distance_km=t.distance_km, dlt_km=t.tx_horizon_km, dlr_km=t.rx_horizon_km,
        theta_t_mrad=t.tx_horizon_mrad, theta_r_mrad=t.rx_horizon_mrad, theta_mrad=t.angular_distance_mrad,
        hts_m=t.tx_masl, hrs_m=t.rx_masl, omega=t.sea_share, dtm_km=t.land_km, dlm_km=t.inland_km,
        beta0_percent=t.beta0_percent, ae_km=t.effective_radius_km, hst_m=t.fit_tx_m, hsr_m=t.fit_rx_m,
        hst_duct_m=t.duct_tx_m, hsr_duct_m=t.duct_rx_m, hstd_m=t.diffraction_tx_m,
        hsrd_m=t.diffraction_rx_m, hte_m=t.effective_tx_m, hre_m=t.effective_rx_m, hm_m=t.roughness_m,
        f_i=t.f_time, f_j=t.f_angle, f_k=t.f_distance, lbfs_db=t.free_space_db, lb0p_db=t.los_db,
        lb0b_db=t.los_beta0_db, lbulla_db=t.bullington_db, lbulls_db=t.bullington_smooth_db,
        ldsph_db=t.spherical_db, ld50_db=t.diffraction_median_db, ldb_db=t.diffraction_beta0_db,
        ldp_db=t.diffraction_db, lbd50_db=t.median_with_diffraction_db, lbd_db=t.with_diffraction_db,
        lminb0p_db=t.minimum_db, lba_db=t.ducting_db, lminbap_db=t.minimum_ducting_db,
        lbda_db=t.with_ducting_db, lbam_db=t.modified_db, lbs_db=t.troposcatter_db,
        lbc_db=t.median_location_db, location_db=location, transhorizon=bool(t.beyond_horizon),
    )
