"""Tables of cases for the Irregular Terrain Model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from phusong.coverage.radio.case_layout import Compared, Computed, Layout, numbers, wholes
from phusong.coverage.radio.case_tables import Column, Profile, Row, Value

if TYPE_CHECKING:
    from phusong.coverage.radio.itm import ItmResult

# ITM: numbers out of the model's range are no faults of the table, they have return codes.
_ITM_NAMES = {
    # ours: (generated tables, NTIA's test data and examples)
    "h_tx": ("h_tx_m", "h_tx__meter"), "h_rx": ("h_rx_m", "h_rx__meter"), "climate": ("climate", "climate"),
    "n0": ("N0", "N_0"), "f": ("f_mhz", "f__mhz"), "pol": ("pol", "pol"), "epsilon": ("epsilon", "epsilon"),
    "sigma": ("sigma", "sigma"), "mdvar": ("mdvar", "mdvar"), "d": ("d_km", "d__km"),
    "delta_h": ("delta_h_m", "delta_h__meter"),
}
_WHOLE = ("climate", "pol", "mdvar")
_TLS = ("time", "location", "situation")
_P2P_KEYS = ("h_tx", "h_rx", "climate", "n0", "f", "pol", "epsilon", "sigma", "mdvar")


def _itm_columns(keys: tuple[str, ...], which: int) -> tuple[Column, ...]:
    return tuple(Column(_ITM_NAMES[k][which], "whole" if k in _WHOLE else "number") for k in keys)


def _itm(row: Row, profile: Profile | None, which: int) -> ItmResult:
    from phusong.coverage.radio import itm

    def value(key: str) -> Value:
        """Return one cell of the case."""
        return row[_ITM_NAMES[key][which]]

    # Confidence and reliability are situation and time, with half of the locations.
    by_confidence = "confidence" in row
    time, location, situation = (
        (row["reliability"], 50.0, row["confidence"]) if by_confidence else (row[name] for name in _TLS)
    )
    if value("pol") not in (0, 1):
        return itm.ItmResult(itm.ERROR_POLARISATION, 0)
    parameters = itm.Parameters(
        float(value("f")), float(value("h_tx")), float(value("h_rx")), int(value("climate")),
        float(value("n0")), value("pol") == 1, float(value("epsilon")), float(value("sigma")),
        int(value("mdvar")), float(time), float(location), float(situation),
    )
    if profile is not None:
        return itm.point_to_point(profile.elevation_m, profile.step_m, parameters)
    names = ("tx_site", "rx_site") if "tx_site" in row else ("tx_siting_criteria", "rx_siting_criteria")
    if names[0] not in row:
        names = ("tx_site_criteria", "rx_site_criteria")
    siting = (int(row[names[0]]), int(row[names[1]]))
    result = itm.area(float(value("d")), float(value("delta_h")), parameters, siting=siting)
    renamed = {itm.ERROR_TIME: itm.ERROR_RELIABILITY, itm.ERROR_SITUATION: itm.ERROR_CONFIDENCE}
    if by_confidence and result.return_code in renamed:
        return itm.ItmResult(renamed[result.return_code], result.warnings)
    return result


def _itm_values(x: ItmResult) -> Computed:
    return {
        "A_db": x.loss_db, "rc": x.return_code, "warnings": x.warnings, "mode": x.mode,
        "A_ref_db": x.reference_db, "A_fs_db": x.free_space_db, "delta_h_m": x.delta_h_m, "N_s": x.n_s,
        "theta_tx_rad": x.horizon_angle_rad[0], "theta_rx_rad": x.horizon_angle_rad[1],
        "d_hzn_tx_m": x.horizon_m[0], "d_hzn_rx_m": x.horizon_m[1],
        "h_e_tx_m": x.effective_height_m[0], "h_e_rx_m": x.effective_height_m[1],
        "d_km": x.distance_m / 1000.0,
    }


def _itm_example_values(x: ItmResult) -> Computed:
    values = _itm_values(x)
    names = {
        "Basic Transmission Loss": "A_db", "ITM Return Code": "rc", "ITM Warning Flags": "warnings",
        "Mode of Propagation": "mode", "Free Space": "A_fs_db", "A_ref__db": "A_ref_db", "N_s": "N_s",
        "d_hzn_tx__meter": "d_hzn_tx_m", "d_hzn_rx__meter": "d_hzn_rx_m", "h_e_tx__meter": "h_e_tx_m",
        "h_e_rx__meter": "h_e_rx_m", "delta_h__meter": "delta_h_m",
    }
    computed = {name: values[source] for name, source in names.items()}
    for end, angle in zip(("tx", "rx"), x.horizon_angle_rad, strict=True):
        computed[f"theta_hzn_{end}"] = angle * 1000.0
    return computed


_ITM_INNER: Compared = (
    ("A_ref_db", 0.01, 0.0), ("A_fs_db", 0.01, 0.0), ("delta_h_m", 0.0, 1e-3), ("N_s", 0.0, 1e-3),
    ("theta_tx_rad", 1e-9, 1e-3), ("theta_rx_rad", 1e-9, 1e-3), ("d_hzn_tx_m", 0.0, 1e-3),
    ("d_hzn_rx_m", 0.0, 1e-3), ("h_e_tx_m", 0.0, 1e-3), ("h_e_rx_m", 0.0, 1e-3), ("mode", 0.0, 0.0),
    ("rc", 0.0, 0.0), ("warnings", 0.0, 0.0),
)
_GENERATED: Compared = (("A_db", 0.01, 0.0), *_ITM_INNER)
_PUBLISHED: Compared = (("A__db", 0.1, 0.0),)
_EXAMPLES: Compared = (
    ("Basic Transmission Loss", 0.1, 0.0), ("A_ref__db", 0.1, 0.0), ("Free Space", 0.1, 0.0),
    ("delta_h__meter", 0.1, 0.0), ("N_s", 0.1, 0.0), ("theta_hzn_tx", 0.001, 0.0),
    ("theta_hzn_rx", 0.001, 0.0), ("d_hzn_tx__meter", 1.0, 0.0), ("d_hzn_rx__meter", 1.0, 0.0),
    ("h_e_tx__meter", 0.1, 0.0), ("h_e_rx__meter", 0.1, 0.0), ("Mode of Propagation", 0.0, 0.0),
    ("ITM Return Code", 0.0, 0.0), ("ITM Warning Flags", 0.0, 0.0),
)
_EXAMPLE_PERCENTS = numbers(*_TLS, "confidence", "reliability", optional=True)


def itm_layouts() -> list[Layout]:
    """Return the layouts of both modes: generated tables, NTIA's test data, NTIA's examples."""
    layouts = []
    for model, mode, keys, generated, published, example in (
        ("itm-p2p", "Point-to-Point", _P2P_KEYS, (), (), ()),
        ("itm-area", "Area", (*_P2P_KEYS, "d", "delta_h"), ("tx_site", "rx_site"),
         ("tx_siting_criteria", "rx_siting_criteria"), ("tx_site_criteria", "rx_site_criteria")),
    ):
        p2p = model == "itm-p2p"
        profile, index = (Column("profile", "word"),), (Column("profile_idx", "whole"),)
        layouts += [
            Layout(
                model,
                (*(profile if p2p else ()), *_itm_columns(keys, 0), *wholes(*generated), *numbers(*_TLS)),
                lambda row, p: _itm_values(_itm(row, p, 0)), _GENERATED,
                "profile" if p2p else "", True, "rc", 1000,
            ),
            Layout(
                model,
                (*(index if p2p else ()), *_itm_columns(keys, 1), *wholes(*published), *numbers(*_TLS)),
                lambda row, p: _published(_itm(row, p, 1)), _PUBLISHED,
                "profile_idx" if p2p else "", True, "rc", 1000,
            ),
            Layout(
                model, (*_itm_columns(keys, 1), *wholes(*example), *_EXAMPLE_PERCENTS),
                lambda row, p: _itm_example_values(_itm(row, p, 1)), _EXAMPLES,
                "Terrain File" if p2p else "", True, "ITM Return Code", 1000, (("Mode", mode),),
            ),
        ]
    return layouts


def _published(x: ItmResult) -> Computed:
    return {"A__db": x.loss_db, "rc": x.return_code, "warnings": x.warnings, "mode": x.mode}
