"""How each model reads a table of cases."""

from __future__ import annotations

import math
from typing import cast

from phusong.coverage.radio.case_itm import itm_layouts
from phusong.coverage.radio.case_layout import Compared, Computed, Layout, numbers
from phusong.coverage.radio.case_tables import Column, Profile, Row


def _f(row: Row, name: str) -> float:
    return float(row[name])


# P.1812 and P.526 share the table of the ITU-R validation set.
_PATH_COLUMNS = (
    Column("profile", "word"), Column("f (GHz)", low=0.03, high=6.0), Column("htg (m)", low=1.0, high=3000.0),
    Column("hrg (m)", low=1.0, high=3000.0), Column("pol", "whole", 1, 2),
)
_P1812_COLUMNS = (
    *_PATH_COLUMNS, Column("p (%)", low=1.0, high=50.0), Column("pL (%)", low=1.0, high=99.0),
    Column("sigmaL (dB)", low=0.0, high=50.0), Column("phi_t (deg)", low=-90.0, high=90.0),
    Column("phi_r (deg)", low=-90.0, high=90.0), Column("lam_t (deg)", low=-180.0, high=360.0),
    Column("lam_r (deg)", low=-180.0, high=360.0), Column("DN", low=1.0, high=156.0),
    Column("N0", low=200.0, high=500.0), Column("dct (km)", low=0.0, high=3000.0),
    Column("dcr (km)", low=0.0, high=3000.0),
)
_P1812_FIELDS = {
    "Lb (dB)|Eq (69)": "loss_db", "Ep (dBuV/m)|Eq (70)": "field_dbuv", "d (km)": "distance_km",
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
    "Lbd50 (dB)|Eq (42)": "lbd50_db", "Lbd (dB)|Eq (43)": "lbd_db", "Lminb0p (dB)|Eq (59)": "lminb0p_db",
    "Lba (dB)|Eq (46)": "lba_db", "Lminbap (dB)|Eq (60)": "lminbap_db", "Lbda (dB)|Eq (61)": "lbda_db",
    "Lbam (dB)|Eq (62)": "lbam_db", "Lbs (dB)|Eq (44)": "lbs_db", "Lbc (dB)|Eq (63)": "lbc_db",
}
_POLARISATIONS = {1: "horizontal", 2: "vertical"}


def _latitude_halfway_deg(row: Row, distance_km: float) -> float:
    """Go half of the profile's length from the transmitter towards the receiver; P.1812-7 eq. (4)."""
    a, b = math.radians(_f(row, "phi_t (deg)")), math.radians(_f(row, "phi_r (deg)"))
    across = math.radians(_f(row, "lam_r (deg)") - _f(row, "lam_t (deg)"))
    east = math.sin(across) * math.cos(b)
    north = math.cos(a) * math.sin(b) - math.sin(a) * math.cos(b) * math.cos(across)
    half = 0.5 * distance_km / 6371.0
    share = north / math.hypot(north, east) if north or east else 0.0
    return math.degrees(math.asin(math.sin(a) * math.cos(half) + math.cos(a) * math.sin(half) * share))


def _p1812(row: Row, profile: Profile | None) -> Computed:
    from phusong.coverage.radio import p1812

    assert profile is not None
    atmosphere = p1812.Atmosphere(
        time_percent=_f(row, "p (%)"), delta_n=_f(row, "DN"), n0=_f(row, "N0"),
        latitude_deg=_latitude_halfway_deg(row, float(profile.distance_km[-1])),
        polarisation=cast("p1812.Polarisation", _POLARISATIONS[int(row["pol"])]),
        tx_coast_km=_f(row, "dct (km)"), rx_coast_km=_f(row, "dcr (km)"),
    )
    result = p1812.path_loss(
        profile.distance_km, profile.elevation_m, profile.clutter_m, profile.zone,
        frequency_ghz=_f(row, "f (GHz)"), tx_height_m=_f(row, "htg (m)"), rx_height_m=_f(row, "hrg (m)"),
        atmosphere=atmosphere, location_percent=_f(row, "pL (%)"), sigma_db=_f(row, "sigmaL (dB)"),
    )
    return {name: float(getattr(result, field)) for name, field in _P1812_FIELDS.items()}


_RADIUS_BETA0_KM = 3.0 * 6371.0
"""Effective radius exceeded for beta0 per cent of the time, for which the set gives the parts of the
diffraction loss; P.1812-7 eq. (7b)."""


def _p526(row: Row, profile: Profile | None) -> Computed:
    from phusong.coverage.radio.p526 import Diffraction, path_diffraction

    assert profile is not None

    path = profile

    def over(radius_km: float) -> Diffraction:
        """Return the diffraction over the path for one radius of the earth."""
        return path_diffraction(
            path.distance_km, path.elevation_m, clutter_m=path.clutter_m,
            frequency_mhz=_f(row, "f (GHz)") * 1000.0, tx_height_m=_f(row, "htg (m)"),
            rx_height_m=_f(row, "hrg (m)"), effective_radius_km=radius_km, sea_share=_f(row, "w|Table 5"),
            polarisation="horizontal" if row["pol"] == 1 else "vertical",
        )

    median, beta0 = over(_f(row, "ae (km)|Eq (7a)")), over(_RADIUS_BETA0_KM)
    return {
        "Ld50 (dB)|Eq (39)": median.loss_db, "Ldb (dB)|Eq (39)": beta0.loss_db,
        "Lbulla (dB)|Eq (21)": beta0.bullington_db, "Lbulls (dB)|Eq (21)": beta0.smooth_db,
        "Ldsph (dB)|Eq (27)": beta0.spherical_db,
    }


def _p2108_statistical(row: Row, _: Profile | None) -> Computed:
    from phusong.coverage.radio.p2108 import STATISTICAL_LIMITS, statistical_loss_db

    values = [_f(row, name) for name in ("f__ghz", "d__km", "p")]
    codes = (48, 49, 50)
    for limit, value, code in zip(STATISTICAL_LIMITS, values, codes, strict=True):
        if limit.outside(value):
            return {"L_ctt__db": math.nan, "rtn": code}
    return {"L_ctt__db": float(statistical_loss_db(*values)), "rtn": 0}


def _p2108_height_gain(row: Row, _: Profile | None) -> Computed:
    from phusong.coverage.radio.p2108 import CLUTTER_TYPES, HEIGHT_GAIN_LIMITS, height_gain_loss_db

    frequency, height, width, top = (_f(row, n) for n in ("f__ghz", "h__meter", "w_s__meter", "R__meter"))
    values, codes = (frequency, height, width, top), (32, 33, 34, 35)
    for limit, value, code in zip(HEIGHT_GAIN_LIMITS, values, codes, strict=True):
        if limit.outside(value):
            return {"A_h__db": math.nan, "rtn": code}
    loss = height_gain_loss_db(
        frequency, height, CLUTTER_TYPES[int(row["clutter_type"]) - 1], clutter_height_m=top,
        street_width_m=width,
    )
    return {"A_h__db": float(loss), "rtn": 0}


_BUILDING_LOSS = "building entry loss (dB)"


def _p2109(frequency: str) -> Layout:
    def compute(row: Row, _: Profile | None) -> Computed:
        """Return the building entry loss of one case."""
        from phusong.coverage.radio.p2109 import BUILDING_TYPES, building_entry_loss_db

        loss = building_entry_loss_db(
            _f(row, frequency), _f(row, "probability (%)"), BUILDING_TYPES[int(row["building type"]) - 1],
            _f(row, "elevation angle (deg)"),
        )
        return {_BUILDING_LOSS: float(loss)}

    columns = (
        Column(frequency, low=0.08, high=100.0),
        Column("probability (%)", low=0.0, high=100.0, open_ends=True),
        Column("building type", "whole", 1, 2), Column("elevation angle (deg)", low=-90.0, high=90.0),
    )
    return Layout("p2109", columns, compute, ((_BUILDING_LOSS, 0.01, 0.0),))


def _tr38901(row: Row, _: Profile | None) -> Computed:
    import numpy as np

    from phusong.coverage.radio import tr38901
    from phusong.coverage.radio.model import Link

    function = getattr(tr38901, f"{row['scenario']}_{row['state']}_db")
    link = Link(_f(row, "f_GHz") * 1000.0, _f(row, "h_bs_m"), _f(row, "h_ut_m"))
    return {"pathloss_dB": float(function(np.array([_f(row, "d2d_m")]), link)[0])}


_HATA_ENVIRONMENTS = {
    "UrbanEnvironment": "urban", "SubUrbanEnvironment": "suburban", "OpenAreasEnvironment": "open",
    "urban": "urban", "suburban": "suburban", "rural": "rural", "open": "open",
}
_HATA_CITIES = {"LargeCity": "large", "SmallCity": "small", "large": "large", "small": "small"}
HATA_END_MHZ = 1500.0
"""Above it the model ``hata`` is COST231-Hata."""


def _hata(row: Row, _: Profile | None) -> Computed:
    import numpy as np

    from phusong.coverage.radio.cost231 import cost231_loss_db
    from phusong.coverage.radio.hata import City, hata_loss_db

    frequency = _f(row, "f_MHz")
    formula = hata_loss_db if frequency <= HATA_END_MHZ else cost231_loss_db
    loss = formula(
        np.array([_f(row, "d_km") * 1000.0]), frequency_mhz=frequency, base_height_m=_f(row, "hb_m"),
        mobile_height_m=_f(row, "hm_m"), environment=_HATA_ENVIRONMENTS[str(row["environment"])],
        city=cast("City", _HATA_CITIES[str(row["city"])]),
    )
    return {"standard_formula_dB": float(loss[0])}


_INNER: Compared = tuple(
    (name, 0.0, 1e-3) if not name.startswith(("F", "L", "Ep")) else (name, 1e-6, 1e-3)
    for name in list(_P1812_FIELDS)[1:]
)

LAYOUTS: tuple[Layout, ...] = (
    *itm_layouts(),
    Layout("p1812", _P1812_COLUMNS, _p1812, (("Lb (dB)|Eq (69)", 0.01, 0.0), *_INNER), "profile"),
    Layout(
        "p526",
        (
            *_PATH_COLUMNS, Column("ae (km)|Eq (7a)", low=1000.0, high=1e6),
            Column("w|Table 5", low=0.0, high=1.0),
        ),
        _p526,
        tuple((name, 0.01, 0.0) for name in (
            "Ld50 (dB)|Eq (39)", "Ldb (dB)|Eq (39)", "Lbulla (dB)|Eq (21)", "Lbulls (dB)|Eq (21)",
            "Ldsph (dB)|Eq (27)",
        )),
        "profile",
    ),
    Layout(
        "p2108", numbers("f__ghz", "d__km", "p"), _p2108_statistical,
        (("L_ctt__db", 0.1, 0.0), ("rtn", 0.0, 0.0)), code_column="rtn",
    ),
    Layout(
        "p2108",
        (*numbers("f__ghz", "h__meter", "w_s__meter", "R__meter"), Column("clutter_type", "whole", 1, 6)),
        _p2108_height_gain, (("A_h__db", 0.1, 0.0), ("rtn", 0.0, 0.0)), code_column="rtn",
    ),
    _p2109("freqency (GHz)"),
    _p2109("frequency (GHz)"),
    Layout(
        "tr38901",
        (
            Column("scenario", "word", words=("rma", "uma", "umi")),
            Column("state", "word", words=("los", "nlos")),
            Column("f_GHz", low=0.5, high=100.0), Column("h_bs_m", low=1.0, high=150.0),
            Column("h_ut_m", low=1.0, high=22.5), Column("d2d_m", low=1.0, high=21_000.0),
        ),
        _tr38901, (("pathloss_dB", 0.01, 0.0),),
    ),
    Layout(
        "hata",
        (
            Column("f_MHz", low=100.0, high=3000.0), Column("d_km", low=0.0, high=100.0, open_ends=True),
            Column("hb_m", low=1.0, high=1000.0), Column("hm_m", low=0.5, high=20.0),
            Column("environment", "word", words=tuple(_HATA_ENVIRONMENTS)),
            Column("city", "word", words=tuple(_HATA_CITIES)),
        ),
        _hata, (("standard_formula_dB", 0.01, 0.0),),
    ),
)
"""All forms of tables that are known, the generated ones first."""
