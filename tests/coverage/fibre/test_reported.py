"""What operators report beside what fibre can reach: held to arithmetic by hand, and to the margin."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phusong.coverage.fibre.reported import MARGIN_POINTS, beyond_reach_faults, reported_beyond_reach
from phusong.coverage.result import INDICATOR_COLUMNS


def table(communes: list[tuple[float, float, float]]) -> pd.DataFrame:
    """Return the indicators of communes, each (homes, reported, reachable), and of their province."""
    whole = tuple(np.sum(communes, axis=0)) if communes else (0.0, 0.0, 0.0)
    units = [("province", "52", "Gia Lai", whole)]
    units += [("commune", f"{k:05d}", f"Xã {k}", c) for k, c in enumerate(communes)]
    rows = []
    for level, code, name, (homes, reported, reachable) in units:
        for operator, indicator, n in (
            ("any", "households", reported), ("any", "households_reachable", reachable),
            ("VNPT", "households_reachable", 0.0), ("any", "population", 0.0),
        ):
            percent = 100.0 * n / homes if homes else np.nan
            rows.append((level, code, name, "fibre", operator, indicator, n, homes, percent, "x", "", ""))
    return pd.DataFrame(rows, columns=list(INDICATOR_COLUMNS))


def test_province_and_communes_beyond_the_margin_worst_first() -> None:
    found = reported_beyond_reach(table([(100, 60, 55), (200, 190, 40), (50, 50, 20), (10, 2, 9)]))
    assert found["code"].tolist() == ["52", "00001", "00002"]
    assert found["points"].tolist() == pytest.approx([100 * (302 - 124) / 360, 75.0, 60.0])
    assert found["homes"].tolist() == [360, 200, 50]


def test_a_commune_is_told_though_the_province_is_within() -> None:
    (fault,) = beyond_reach_faults(table([(100, 0, 100), (100, 80, 20)]), "ho.csv")
    assert (fault.severity, fault.code, fault.file) == ("warning", "households.beyond-reach", "ho.csv")
    assert "1/2 xã" in fault.say("vi")
    assert "Xã 1 (+60)" in fault.say("vi")
    assert "40,0% số hộ" in fault.say("vi")
    assert "60.0% (120)" in fault.say("en")


def test_nothing_is_told_where_reports_are_within_reach_or_missing() -> None:
    assert beyond_reach_faults(table([(100, 60, 55), (0, 0, 0)])) == []
    reported = table([(100, 90, 10)])
    assert beyond_reach_faults(reported[reported["indicator"] != "households"]) == []
    assert beyond_reach_faults(reported[reported["indicator"] != "households_reachable"]) == []


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500), st.integers(0, 500)), max_size=8))
def test_it_is_the_communes_whose_difference_exceeds_the_margin(drawn: list[tuple[int, int, int]]) -> None:
    communes = [(float(h), float(min(a, h)), float(min(b, h))) for h, a, b in drawn]
    found = reported_beyond_reach(table(communes))
    mine = found[found["level"] == "commune"]
    beyond = [h > 0 and 100 * (a - b) / h > MARGIN_POINTS for h, a, b in communes]
    wanted = {f"{k:05d}" for k, is_beyond in enumerate(beyond) if is_beyond}
    assert set(mine["code"]) == wanted
    assert mine["points"].is_monotonic_decreasing
    assert len(beyond_reach_faults(table(communes))) == int(len(found) > 0)
