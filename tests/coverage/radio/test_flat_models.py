"""Loss formulas against figures computed elsewhere, and what must hold of any of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phusong.coverage.radio import tr38901
from phusong.coverage.radio.cost231 import cost231_loss_db
from phusong.coverage.radio.hata import hata_loss_db, mobile_height_correction_db, okumura_sigma_db
from phusong.coverage.radio.model import Link
from phusong.coverage.radio.models import ARGUMENTS, FLAT_MODELS, MODEL_TABLE
from phusong.layers.project import schema as project


def test_tr38901_reference_values(shared: Path) -> None:
    table = pd.read_csv(shared / "vectors" / "tr38901_grid.csv")
    assert len(table) == 280
    for (scenario, state, f_ghz, h_bs, h_ut), rows in table.groupby(
        ["scenario", "state", "f_GHz", "h_bs_m", "h_ut_m"]
    ):
        formula = getattr(tr38901, f"{scenario}_{state}_db")
        got = formula(rows["d2d_m"].to_numpy(float), Link(f_ghz * 1000.0, h_bs, h_ut))
        np.testing.assert_allclose(got, rows["pathloss_dB"], atol=0.01)


def test_hata_and_cost231_reference_values(shared: Path) -> None:
    table = pd.read_csv(shared / "vectors" / "hata_cost231.csv")
    environments = {
        "UrbanEnvironment": "urban",
        "SubUrbanEnvironment": "suburban",
        "OpenAreasEnvironment": "open",
    }
    for row in table.itertuples():
        formula = cost231_loss_db if row.name.startswith("COST231") else hata_loss_db
        got = formula(
            np.array(1000.0 * row.d_km),
            frequency_mhz=row.f_MHz,
            base_height_m=row.hb_m,
            mobile_height_m=row.hm_m,
            environment=environments[row.environment],
            city="large" if row.city == "LargeCity" else "small",
        )
        assert got == pytest.approx(row.standard_formula_dB, abs=0.01)


def test_published_worked_figures() -> None:
    # Hata at 1 km from 30 m, 900 MHz: the '126.4 + 35.2 lg d' of GSM planning handbooks (mobile 1.5 m).
    at = {"frequency_mhz": 900.0, "base_height_m": 30.0, "mobile_height_m": 1.5}
    assert hata_loss_db(np.array(1000.0), **at) == pytest.approx(126.4, abs=0.05)
    assert hata_loss_db(np.array(10_000.0), **at) == pytest.approx(126.4 + 35.2, abs=0.1)
    # Annex B of GSM 03.30 has open ground 5 dB below quasi-open.
    rural = hata_loss_db(np.array(1000.0), **at, environment="rural")
    assert rural - hata_loss_db(np.array(1000.0), **at, environment="open") == pytest.approx(5.0)
    assert mobile_height_correction_db(900.0, 1.5, "small") == pytest.approx(0.0, abs=0.05)
    # Okumura's curve: about 7 dB in town and 8.5 dB in suburbs at 900 MHz.
    assert okumura_sigma_db(900.0, "urban") == pytest.approx(7.0, abs=0.2)
    assert okumura_sigma_db(900.0, "suburban") == pytest.approx(8.4, abs=0.2)


def test_line_of_sight_probabilities_of_table_7_4_2_1() -> None:
    d = np.array([5.0, 10.0, 18.0, 100.0, 1010.0])
    link = Link(3500.0, 25.0)
    np.testing.assert_allclose(
        tr38901.rma_los_probability(d, link), [1, 1, np.exp(-0.008), np.exp(-0.09), np.exp(-1)], rtol=1e-12
    )
    assert tr38901.uma_los_probability(d, link)[:3].tolist() == [1, 1, 1]
    assert tr38901.uma_los_probability(d, link)[3] == pytest.approx(0.18 + np.exp(-100 / 63) * 0.82)
    assert tr38901.umi_los_probability(d, link)[3] == pytest.approx(0.18 + np.exp(-100 / 36) * 0.82)
    high = tr38901.uma_los_probability(d, Link(3500.0, 25.0, 23.0))
    low = tr38901.uma_los_probability(d, link)
    assert high[3] == pytest.approx(low[3] * (1 + 1.25 * np.exp(-100 / 150)))
    assert (high >= low).all()
    assert (high <= 1).all()


@pytest.mark.parametrize("name", FLAT_MODELS)
@given(
    f=st.floats(450.0, 4000.0),
    hb=st.floats(10.0, 100.0),
    near=st.floats(0.0, 20_000.0),
    step=st.floats(0.01, 20_000.0),
    environment=st.sampled_from(["urban", "suburban", "rural", "open"]),
)
def test_further_never_loses_less(
    name: str, f: float, hb: float, near: float, step: float, environment: str
) -> None:
    model, link = FLAT_MODELS[name], Link(f, hb, 1.5, environment)
    loss = model.loss_db(np.array([near, near + step]), link)
    assert loss[1] >= loss[0] - 1e-9


@pytest.mark.parametrize("name", FLAT_MODELS)
@given(f=st.floats(450.0, 4000.0), hb=st.floats(5.0, 150.0), d=st.floats(0.0, 50_000.0))
def test_states_are_a_mixture_no_better_than_free_space(name: str, f: float, hb: float, d: float) -> None:
    link = Link(f, hb)
    states = FLAT_MODELS[name].states(np.array([d]), link)
    assert sum(s.weight for s in states) == pytest.approx(1.0)
    free = FLAT_MODELS["free-space"].loss_db(np.array([d]), link)
    for state in states:
        assert state.weight.shape == state.loss_db.shape == state.sigma_db.shape == (1,)
        assert state.weight[0] >= 0
        assert state.sigma_db[0] >= 0
        # TR 38.901 was fitted: within its breakpoint it lies up to half a decibel below free space.
        if d <= 5000:
            assert state.loss_db[0] >= free[0] - 5.0 * name.startswith("tr38901")


def test_outside_counts_every_argument() -> None:
    counts = FLAT_MODELS["hata"].outside(np.array([500.0, 5000.0, np.nan]), Link(1800.0, 25.0))
    assert counts == {"distance_m": 2, "frequency_mhz": 1, "tx_height_m": 1}
    assert FLAT_MODELS["hata"].outside(np.array([1000.0, 20_000.0]), Link(1500.0, 30.0)) == {}


def test_table_knows_every_model_of_the_project_file() -> None:
    assert set(MODEL_TABLE) == {
        "range", "route-distance", "free-space", *project.FLAT_MODELS, *project.TERRAIN_MODELS
    }  # fmt: skip
    assert set(FLAT_MODELS) == {"free-space", *project.FLAT_MODELS}
    for name, info in MODEL_TABLE.items():
        assert info.name == name
        assert info.source
        assert info.text.vi != info.text.en
        assert {limit.argument for limit in info.limits} <= set(ARGUMENTS)
        assert all(limit.low <= limit.high for limit in info.limits)
