"""Lows and highs where they are read: in the sentences of provinces, and pairs of communes by name."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from phusong.coverage.evidence.uncertainty import ORDER_COLUMNS, RANK_COLUMNS, Uncertainty, with_ranges
from phusong.coverage.result import ANY, Result
from phusong.layers.project.uncertainty import UncertaintyTable
from phusong.maps.figures import Figures
from phusong.maps.official_sentences import official_service_sentences
from phusong.maps.report.section import Section
from phusong.maps.report.uncertainty import uncertainty

INDICATORS = ("trang", "settlements", *(f"population_{x}" for x in ("urban", "rural", "disadvantaged")))
KEYS = ["level", "code", "service", "operator", "indicator"]


@pytest.fixture(scope="module")
def ranged(tiny_result: Result) -> Result:
    """The tiny result with villages, town and country, three points either way, and one uncertain pair."""
    province = tiny_result.layers.project.province
    head = {
        "level": "province", "code": province.code, "name": province.name, "service": "4G", "operator": ANY,
        "unit": "x", "criterion": "c", "as_of": "2026-06-30",
    }  # fmt: skip
    more = pd.DataFrame([
        {**head, "indicator": name, "numerator": 20.0, "denominator": 50.0, "percent": 40.0}
        for name in INDICATORS
    ])  # fmt: skip
    table = pd.concat([tiny_result.indicators, more], ignore_index=True).drop_duplicates(KEYS, keep="last")
    drawn = table[table["indicator"].isin(more["indicator"])][[*KEYS, "percent"]].reset_index(drop=True)
    drawn = drawn.assign(low=drawn["percent"] - 3.0, high=drawn["percent"] + 3.0)
    drawn = drawn.assign(heard=np.nan, heard_low=np.nan, heard_high=np.nan)
    codes = [str(c) for c in tiny_result.layers.communes["commune_code"]]
    order = pd.DataFrame([("4G", 1, codes[0], codes[1], 10.0, 11.0, 0.4)], columns=list(ORDER_COLUMNS))
    nothing = pd.DataFrame(columns=list(RANK_COLUMNS))
    found = Uncertainty(UncertaintyTable(), drawn, order, nothing, 1, ())
    indicators, found = with_ranges(table, found)
    return dataclasses.replace(tiny_result, indicators=indicators, uncertainty=found)


def test_sentences_of_provinces_have_their_ranges(ranged: Result) -> None:
    said = [s.text for s in official_service_sentences(Figures(ranged), "4G", "vi")]
    within = "40,0% (khoảng tin cậy 90%: 37,0–43,0%)"
    for beginning in ("Thôn trắng sóng 4G: 20/50", "4G: đô thị 40,0%", "Độ bao phủ 4G đạt 40,0%",
                      f"4G: {within} dân số các xã đặc biệt khó khăn"):  # fmt: skip
        (sentence,) = [x for x in said if x.startswith(beginning)]
        assert within in sentence


def test_what_is_not_drawn_is_its_own_low_and_high(ranged: Result) -> None:
    rows = ranged.indicators[ranged.indicators["percent"].notna()]
    counted = rows[rows["indicator"] == "households"]
    assert len(counted)
    assert counted["low"].tolist() == counted["percent"].tolist() == counted["high"].tolist()
    assert rows[["low", "high"]].notna().all(axis=None)


@pytest.mark.parametrize(("lang", "sentence"), [
    ("vi", "chưa chắc xã nào đứng trước"), ("en", "the order of these two communes is not certain"),
])  # fmt: skip
def test_two_communes_whose_order_is_not_certain_are_named(ranged: Result, lang: str, sentence: str) -> None:
    page = uncertainty(Section(Figures(ranged), lang))  # type: ignore[arg-type]
    names = ranged.layers.communes["commune_name"]
    (item,) = [x for x in page.split("<li>") if sentence in x]
    assert str(names.iloc[0]) in item
    assert str(names.iloc[1]) in item
    assert "40" in item
