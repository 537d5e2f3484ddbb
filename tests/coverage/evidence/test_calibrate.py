"""Known offsets are found again within their error; samples without silence are told as biased."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from phusong.coverage.evidence.calibrate import Fit, calibrate, corrections_db
from phusong.coverage.evidence.censoring import censoring
from phusong.coverage.evidence.compare_points import pair_samples, predict_measured
from phusong.coverage.prediction import Prediction
from phusong.layers.calibration import Calibration, Term
from phusong.layers.faults import ExpectedError
from phusong.layers.inventory import Layers
from phusong.maps.calibration_file import to_toml, with_sources
from phusong.maps.citation import Cited

TRUE = {("forest", "V"): -9.0, ("open", "V"): -2.0, ("forest", "W"): 5.0, ("open", "W"): 0.0}
SLOPE = -6.0
FLOOR = -124.0


def truth(
    layers: Layers, predicted: dict[str, Prediction], samples_at: Callable[..., gpd.GeoDataFrame], seed: int,
    n: int = 4000,
) -> pd.DataFrame:
    """Samples of the prediction, plus known offsets, a slope, block effects and shadowing of 6 dB."""
    rng = np.random.default_rng(seed)
    left, bottom, right, top = layers.grid.bounds
    x, y = rng.uniform(left, right, n), rng.uniform(bottom, top, n)
    operator = np.where(rng.random(n) < 0.5, "V", "W").astype(object)
    blank = samples_at(layers, x, y, np.full(n, -80.0), operator=operator)
    service = layers.project.services["4G"]
    pairs = pair_samples(layers, "4G", service, predicted["4G"], blank)
    offset = np.array([TRUE[c, o] for c, o in zip(pairs["clutter"], pairs["operator"], strict=True)])
    slope = SLOPE * np.log10(pairs["distance_m"].to_numpy() / 1000.0)
    local = rng.normal(0.0, 2.0, int(pairs["block"].max()) + 1)[pairs["block"]]
    level = pairs["predicted_dbm"].to_numpy() + offset + slope + local + rng.normal(0.0, 6.0, n)
    return pairs.assign(rsrp_dbm=level, residual_db=level - pairs["predicted_dbm"])


def with_floor(pairs: pd.DataFrame, *, keep_silent: bool) -> pd.DataFrame:
    """What a phone makes of it: silent below the floor, or not in the file at all."""
    heard = (pairs["rsrp_dbm"] >= FLOOR) & pairs["predicted_dbm"].notna()
    level = pairs["rsrp_dbm"].where(heard)
    found = pairs.assign(heard=heard, rsrp_dbm=level, residual_db=level - pairs["predicted_dbm"])
    return found if keep_silent else found[heard].reset_index(drop=True)


def fit(pairs: pd.DataFrame) -> Fit:
    return calibrate(pairs, service="4G", model="tr38901-rma", file="t.csv", sha256="00")


def test_known_offsets_are_found_within_their_error(
    stripes: Layers, predicted: dict[str, Prediction], samples_at: Callable[..., gpd.GeoDataFrame]
) -> None:
    pulls = []
    for seed in range(4):
        pairs = truth(stripes, predicted, samples_at, seed)
        # Nothing is lost here: every level is in the file, however weak.
        found = fit(pairs.assign(heard=pairs["predicted_dbm"].notna()))
        assert found.calibration is not None
        assert found.improves
        assert not found.censoring.censored
        assert len(found.calibration.terms) == 4
        for term in found.calibration.terms:
            want = TRUE[term.clutter, "V" if term.frequency_mhz == 1800.0 else "W"]
            assert 0.1 < term.offset_se_db < 1.5
            pulls += [(term.offset_db - want) / term.offset_se_db,
                      (term.slope_db_per_decade - SLOPE) / term.slope_se_db_per_decade]  # fmt: skip
            assert term.samples > 150
    assert np.abs(pulls).max() < 4.0
    assert 0.6 < np.std(pulls) < 1.5, "standard errors are what they say"
    assert abs(np.mean(pulls)) < 0.5


def test_received_samples_alone_are_told_as_biased(
    stripes: Layers, predicted: dict[str, Prediction], samples_at: Callable[..., gpd.GeoDataFrame]
) -> None:
    pairs = truth(stripes, predicted, samples_at, 20)
    received = fit(with_floor(pairs, keep_silent=False))
    assert received.censoring.censored
    assert received.censoring.expected > received.censoring.below + 50
    assert received.calibration is not None
    assert received.calibration.biased
    assert received.weak > 0
    complete = fit(with_floor(pairs, keep_silent=True))
    assert not complete.censoring.censored
    assert complete.censoring.silent > 100
    assert complete.calibration is not None
    assert not complete.calibration.biased


@pytest.mark.parametrize("seed", range(5))
def test_strong_samples_alone_are_not_suspected(seed: int) -> None:
    rng = np.random.default_rng(seed)
    predicted = rng.uniform(-90.0, -60.0, 2000)
    assert not censoring(predicted - 3.0 + rng.normal(0, 7.0, 2000), predicted).censored


def test_few_samples_make_no_term(
    stripes: Layers, predicted: dict[str, Prediction], samples_at: Callable[..., gpd.GeoDataFrame]
) -> None:
    pairs = truth(stripes, predicted, samples_at, 30, n=40)
    found = fit(pairs.assign(heard=pairs["predicted_dbm"].notna()))
    assert found.calibration is None
    assert not found.improves
    assert sum(n for _, _, n in found.left_over) == found.samples


def test_wild_samples_move_it_little(
    stripes: Layers, predicted: dict[str, Prediction], samples_at: Callable[..., gpd.GeoDataFrame]
) -> None:
    pairs = truth(stripes, predicted, samples_at, 31)
    pairs = pairs.assign(heard=pairs["predicted_dbm"].notna())
    wild = np.random.default_rng(1).random(len(pairs)) < 0.03
    spoilt = pairs.assign(residual_db=np.where(wild, pairs["residual_db"] + 60.0, pairs["residual_db"]))
    clean, dirty = fit(pairs).calibration, fit(spoilt).calibration
    assert clean is not None
    assert dirty is not None
    moved = [a.offset_db - b.offset_db for a, b in zip(clean.terms, dirty.terms, strict=True)]
    assert np.abs(moved).mean() < 0.9  # 3 % of 60 dB would move a mean by 1.8


def term(**own: object) -> Term:
    return Term.model_validate({
        "clutter": "all", "frequency_mhz": 1800.0, "offset_db": -7.0, "offset_se_db": 0.5, "near_m": 100.0,
        "far_m": 10_000.0, "samples": 100, "blocks": 10, **own,
    })  # fmt: skip


def calibrated_layers(layers: Layers, *terms: Term, model: str = "tr38901-rma") -> Layers:
    service = layers.project.services["4G"].model_copy(update={"calibration": Path("c.toml")})
    project = layers.project.model_copy(update={"services": {"4G": service}})
    held = Calibration(service="4G", model=model, terms=terms)
    return dataclasses.replace(layers, project=project, calibrations={"c.toml": held})


@pytest.mark.parametrize("offset", [-7.0, 6.0])
def test_a_calibrated_prediction_is_the_plain_one_shifted(
    stripes: Layers, predicted: dict[str, Prediction], offset: float
) -> None:
    layers = calibrated_layers(stripes, term(offset_db=offset), term(frequency_mhz=900.0, offset_db=offset))
    found = predict_measured(layers, {"4G": layers.project.services["4G"]}, workers=1)["4G"].of("V")
    plain = predicted["4G"].of("V")
    both = np.isfinite(found.signal.values) & np.isfinite(plain.signal.values)
    assert both.sum() > 1000
    np.testing.assert_allclose(
        found.signal.values[both], plain.signal.values[both] + offset, atol=2e-3
    )
    grew = found.covered.values.sum() - plain.covered.values.sum()
    assert grew * offset > 0


def test_other_bands_and_classes_stay_as_they_are(stripes: Layers, predicted: dict[str, Prediction]) -> None:
    layers = calibrated_layers(stripes, term(clutter="forest", slope_db_per_decade=4.0))
    found = predict_measured(layers, {"4G": layers.project.services["4G"]}, workers=1)["4G"]
    np.testing.assert_array_equal(found.of("W").signal.values, predicted["4G"].of("W").signal.values)
    open_ground = layers.clutter.values == 2
    np.testing.assert_array_equal(
        found.of("V").signal.values[open_ground], predicted["4G"].of("V").signal.values[open_ground]
    )


def test_slopes_end_with_the_samples() -> None:
    held = term(slope_db_per_decade=10.0, near_m=100.0, far_m=1000.0, offset_db=0.0)
    found = held.correction_db(np.array([1.0, 100.0, 1000.0, 9000.0]))
    assert found == pytest.approx([-10.0, -10.0, 0.0, 0.0])


def test_another_model_is_refused(stripes: Layers) -> None:
    layers = calibrated_layers(stripes, term(), model="p1812")
    with pytest.raises(ExpectedError, match="p1812"):
        predict_measured(layers, {"4G": layers.project.services["4G"]}, workers=1)


def test_the_file_reads_back_as_it_was() -> None:
    held = Calibration(
        service='4G "x"', model="p1812", measured_file="đo.csv", terms=(term(), term(clutter="forest"))
    )
    assert Calibration.model_validate(tomllib.loads(to_toml(held))) == held


def test_the_file_names_its_sources_whatever_others_wrote_of_them() -> None:
    cited = [
        Cited("© A \"quoted\"\nservice = \"stolen\"", "CC BY 4.0", "clutter"),
        Cited("© B \x7f\u2028#", "", "stations", True, ("redistribution",)),
        Cited("© B \x7f\u2028#", "", "places.schools", True, ("redistribution",)),
    ]
    held = with_sources(Calibration(service="4G", model="p1812", terms=(term(),)), cited)
    text = to_toml(held)
    read = Calibration.model_validate(tomllib.loads(text))
    assert read == held
    assert read.service == "4G"
    assert [c.layers for c in read.attribution] == [("clutter",), ("stations", "places.schools")]
    head = text.partition("format")[0]
    for said in ("Dữ liệu công khai: © A", "không cho phổ biến lại", "Public data: © A", "forbids redistr"):
        assert said in head


def test_corrections_take_the_class_before_the_rest() -> None:
    held = Calibration(service="4G", model="x", terms=(term(), term(clutter="forest", offset_db=-12.0)))
    frame = pd.DataFrame({
        "clutter": ["forest", "open", "open"], "frequency_mhz": [1800.0, 1800.0, 2600.0],
        "distance_m": [500.0, 500.0, 500.0],
    })  # fmt: skip
    assert corrections_db(held, frame).tolist() == [-12.0, -7.0, 0.0]
