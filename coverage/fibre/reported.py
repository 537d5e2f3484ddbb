"""Households that operators report with fibre beside those whom the recorded fibre can reach.

Nobody has fibre who is out of its reach. Where the operators report more households than live within reach of
the routes and nodes of the inventory, one of both is not what it seems: routes are missing, the reach of the
service is too short, or the report counts something else (whole communes, cabinets, contracts).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from phusong.coverage.result import ANY
from phusong.data.language import Text
from phusong.layers.faults import Fault

if TYPE_CHECKING:
    import pandas as pd

MARGIN_POINTS = 10.0
"""Percentage points of all households by which a report must exceed the reach before it is remarked on: both
are estimates, and people are not spread in a commune as households are."""

BEYOND_COLUMNS = ("level", "code", "name", "service", "homes", "reported", "reachable", "points")
_KEYS = ["level", "code", "name", "service"]
_NAMED = 5

EXCEEDS = Text(
    "doanh nghiệp báo cáo {reported_percent:.1f}% số hộ có cáp quang ({reported:.0f} hộ), trong khi ước "
    "tính {reachable_percent:.1f}% ({reachable:.0f} hộ) ở trong tầm các tuyến và điểm cáp quang của dữ "
    "liệu; {n}/{all} xã báo cáo vượt tầm quá {margin:.0f} điểm phần trăm, nhiều nhất: {worst}.",
    "the operators report fibre in {reported_percent:.1f}% of households ({reported:.0f}), while an "
    "estimated {reachable_percent:.1f}% ({reachable:.0f}) live within reach of the fibre routes and nodes "
    "of the data; in {n}/{all} communes the report exceeds the reach by more than {margin:.0f} percentage "
    "points, most in: {worst}.",
)
ASK = Text(
    "Hỏi doanh nghiệp tuyến cáp nào chưa có trong dữ liệu, số hộ được đếm thế nào; xem lại cự ly của dịch "
    "vụ.",
    "Ask the operators which routes the data lack and how households were counted; look again at the "
    "distance of the service.",
)


def _beside(indicators: pd.DataFrame) -> pd.DataFrame:
    """Return reported and reachable households beside each other, where there are both."""
    told = indicators[indicators["operator"] == ANY]
    reported = told[told["indicator"] == "households"].rename(
        columns={"numerator": "reported", "denominator": "homes"}
    )
    reachable = told[told["indicator"] == "households_reachable"].rename(columns={"numerator": "reachable"})
    both = reported[[*_KEYS, "homes", "reported"]].merge(reachable[[*_KEYS, "reachable"]], on=_KEYS)
    both = both[both["homes"] > 0.0]
    points = 100.0 * (both["reported"] - both["reachable"]) / both["homes"]
    return both.assign(points=points)[list(BEYOND_COLUMNS)]


def reported_beyond_reach(indicators: pd.DataFrame) -> pd.DataFrame:
    """Return where the households reported with fibre exceed those within reach by `MARGIN_POINTS`.

    Parameters
    ----------
    indicators : DataFrame
        The tidy table; of interest are ``households`` and ``households_reachable`` of any operator.

    Returns
    -------
    DataFrame
        `BEYOND_COLUMNS`: all households, those reported with fibre, those within reach (an estimate, see
        `phusong.coverage.official`), and the difference in percentage points of all households; the
        province first, then communes with the largest difference first. Empty where nothing is reported.
    """
    both = _beside(indicators)
    found = both[both["points"] > MARGIN_POINTS]
    found = found.assign(order=(found["level"] != "province").astype(int))
    found = found.sort_values(["order", "points", "code"], ascending=[True, False, True], kind="stable")
    return found[list(BEYOND_COLUMNS)].reset_index(drop=True)


def beyond_reach_faults(indicators: pd.DataFrame, file: str = "") -> list[Fault]:
    """Return a warning ``households.beyond-reach`` where it is so of the province or of a commune.

    ``file``: of the households, as the project names it.
    """
    beyond = reported_beyond_reach(indicators)
    both = _beside(indicators)
    told = []
    for service in dict.fromkeys(beyond["service"]):
        mine = both[both["service"] == service]
        whole = mine[mine["level"] == "province"].iloc[0]
        communes = beyond[(beyond["service"] == service) & (beyond["level"] == "commune")]
        most = communes.head(_NAMED)
        worst = [f"{name} (+{points:.0f})" for name, points in zip(most["name"], most["points"], strict=True)]
        values = {
            "reported": float(whole["reported"]), "reachable": float(whole["reachable"]),
            "reported_percent": 100.0 * float(whole["reported"] / whole["homes"]),
            "reachable_percent": 100.0 * float(whole["reachable"] / whole["homes"]),
            "n": len(communes), "all": int((mine["level"] == "commune").sum()), "margin": MARGIN_POINTS,
            "worst": "; ".join(worst) or "–",
        }
        told.append(
            Fault("warning", "households.beyond-reach", EXCEEDS, ASK, values, layer="households", file=file)
        )
    return told
