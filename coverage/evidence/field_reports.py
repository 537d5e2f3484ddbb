"""What people reported of their village beside what is predicted there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from phusong.coverage.criterion import technology_of
from phusong.coverage.evidence.statistics import Agreement, agreement, block_numbers
from phusong.coverage.prediction import Prediction
from phusong.coverage.result import ANY
from phusong.layers.inventory import Layers

if TYPE_CHECKING:
    import pandas as pd

LEAST_BARS = 1
"""From which a report says 'covered': one bar is a signal, and 0 is none."""
REPORT_COLUMNS = (
    "service", "operator", "layer", "place_id", "name", "commune_code", "reports", "good", "bars", "rsrp_dbm",
    "reported", "claimed", "predicted_dbm", "last_day", "lon", "lat", "x_m", "y_m",
)
"""One row per service, operator and place: ``reports`` of which ``good`` say that there is a signal; medians
``bars`` and ``rsrp_dbm``; ``reported`` by the majority, a tie counts as none."""


@dataclass(frozen=True)
class ReportAgreement:
    """Reports of one service and operator against the prediction."""

    service: str
    operator: str
    figures: Agreement


def compare_reports(
    layers: Layers, predictions: dict[str, Prediction], reports: pd.DataFrame, *, least_bars: int = LEAST_BARS
) -> tuple[pd.DataFrame, list[ReportAgreement]]:
    """Hold reports against the prediction at their villages.

    A report says 'covered' where its level holds the service's threshold; without a level, where it has
    ``least_bars`` or more. One without a technology counts for every radio service, one without an operator
    for 'any' only.

    Returns
    -------
    table : DataFrame
        `REPORT_COLUMNS`.
    figures : list of ReportAgreement
    """
    import pandas as pd

    rows: list[dict[str, object]] = []
    for service, prediction in predictions.items():
        settings = layers.project.services[service]
        limit = float(getattr(settings, "threshold_dbm", -110.0))
        mine = reports[reports["technology"].isin([technology_of(service, settings), ""])]
        level, bars = mine["rsrp_dbm"].to_numpy(np.float64), mine["bars"].to_numpy(np.float64)
        good = np.where(np.isfinite(level), level >= limit, bars >= least_bars)
        asked = mine["operator"].where(mine["operator"] != "", ANY)
        own = mine.assign(good=good, operator=asked)
        for (operator, layer, place), told in own.groupby(["operator", "layer", "place_id"], sort=True):
            if operator in {r.operator for r in prediction.reaches}:
                rows.append(_row(prediction, service, str(operator), str(layer), str(place), told))
    table = pd.DataFrame(rows, columns=list(REPORT_COLUMNS))
    figures = [
        ReportAgreement(
            str(service), str(operator),
            agreement(
                own["claimed"].to_numpy(bool), own["reported"].to_numpy(bool),
                block_numbers(own["x_m"].to_numpy(np.float64), own["y_m"].to_numpy(np.float64)),
            ),
        )
        for (service, operator), own in table.groupby(["service", "operator"], sort=True)
    ]
    return table, figures


def _row(
    prediction: Prediction, service: str, operator: str, layer: str, place: str, told: pd.DataFrame
) -> dict[str, object]:
    reach = prediction.of(operator)
    first = told.iloc[0]
    at = np.array([float(first["x_m"])]), np.array([float(first["y_m"])])
    days = [d for d in told["day"] if d is not None and d == d]
    good = int(told["good"].sum())
    return {
        "service": service, "operator": operator, "layer": layer, "place_id": place, "name": first["name"],
        "commune_code": first["commune_code"], "reports": len(told), "good": good,
        "bars": float(told["bars"].median()), "rsrp_dbm": float(told["rsrp_dbm"].median()),
        "reported": 2 * good > len(told), "claimed": bool(reach.covered.at(*at, False)[0]),
        "predicted_dbm": float(reach.signal.at(*at, np.nan)[0]) if reach.unit == "dBm" else np.nan,
        "last_day": max(days, default=None), "lon": first["lon"], "lat": first["lat"],
        "x_m": at[0][0], "y_m": at[1][0],
    }
