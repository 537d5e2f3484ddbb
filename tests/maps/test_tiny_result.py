"""The made-up province keeps the contract of a result."""

from __future__ import annotations

import numpy as np

from phusong.coverage.result import ANY, GAP_COLUMNS, INDICATOR_COLUMNS, PLACE_COLUMNS, Result


def test_columns_are_those_of_the_contract(tiny_result: Result) -> None:
    assert tuple(tiny_result.indicators.columns) == INDICATOR_COLUMNS
    assert tuple(tiny_result.gaps.columns) == GAP_COLUMNS
    assert tuple(tiny_result.places.columns) == PLACE_COLUMNS


def test_communes_sum_to_the_province(tiny_result: Result) -> None:
    table = tiny_result.indicators
    keys = ["service", "operator", "indicator"]
    province = table[table.level == "province"].set_index(keys).numerator.sort_index()
    communes = table[table.level == "commune"].groupby(keys).numerator.sum().sort_index()
    np.testing.assert_allclose(communes, province, rtol=1e-12)


def test_gaps_and_scattered_people_are_the_uncovered(tiny_result: Result) -> None:
    table = tiny_result.indicators
    assert len(tiny_result.gaps) >= 4
    for service, scattered in tiny_result.scattered.items():
        row = table[(table.level == "province") & (table.service == service) & (table.operator == ANY)
                    & (table.indicator == "population")].iloc[0]
        in_gaps = tiny_result.gaps[tiny_result.gaps.service == service].people.sum()
        np.testing.assert_allclose(in_gaps + scattered, row.denominator - row.numerator, rtol=1e-9)
