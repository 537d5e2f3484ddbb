"""Groups of sites: the same bits as in one go, and only what changed is computed again."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phusong.coverage.prediction import Prediction
from phusong.coverage.radio import groups, predict
from phusong.coverage.store import Store, digest_of
from phusong.layers.inventory import Layers
from phusong.layers.project.schema import FlatService

Network = Callable[..., Layers]
SERVICE = FlatService(model="tr38901-rma", sinr=True)
BOTH = ("signal", "probability", "covered", "best_server", "servers", "sinr")


@pytest.fixture(autouse=True)
def _small_squares(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "SIDE_M", 2000.0)
    monkeypatch.setattr(groups, "MOST_SITES", 3)


def cells(seed: int = 11, count: int = 24) -> list[dict[str, object]]:
    """Sectors at random, several sites in one place of another operator, some alike."""
    rng = np.random.default_rng(seed)
    places = rng.uniform((0, -6000), (8000, 0), (count, 2)).round(-2)
    return [
        {"x": x, "y": y, "operator": "VM"[n % 2], "azimuth_deg": azimuth, "eirp_dbm": 44.0 + 2 * (n % 3),
         "frequency_mhz": (1800.0, 2100.0)[n % 3 == 0]}
        for n, (x, y) in enumerate([*places, *places[:4]])
        for azimuth in (0.0, 120.0, 240.0)
    ]  # fmt: skip


def same(one: Prediction, other: Prediction) -> None:
    assert [r.operator for r in one.reaches] == [r.operator for r in other.reaches]
    assert one.faults == other.faults
    for a, b in zip(one.reaches, other.reaches, strict=True):
        for name in BOTH:
            assert getattr(a, name).values.tobytes() == getattr(b, name).values.tobytes(), (a.operator, name)


def computed(caplog: pytest.LogCaptureFixture) -> tuple[int, int]:
    """How many groups the last prediction computed, of how many."""
    told = [r.getMessage() for r in caplog.records if "groups of sites computed" in r.getMessage()]
    words = told[-1].split()
    return int(words[1]), int(words[3])


def test_groups_give_the_bits_of_one_go(
    network: Network, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="phusong.coverage.radio.predict")
    layers = network(cells())
    plain = predict.predict_service(layers, "4G", SERVICE, workers=2)
    assert plain.reaches[-1].covered.values.any()
    store = Store(tmp_path)
    same(plain, predict.predict_service(layers, "4G", SERVICE, workers=2, store=store))
    first, of = computed(caplog)
    assert first == of > 8
    same(plain, predict.predict_service(layers, "4G", SERVICE, workers=1, store=store))
    assert computed(caplog) == (0, of)


def test_shares_fill_the_store(network: Network, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="phusong.coverage.radio.predict")
    layers, store = network(cells()), Store(tmp_path)
    parts = [predict.fill_store(layers, "4G", SERVICE, store, (k, 3), workers=1) for k in range(3)]
    assert min(parts) > 0
    assert predict.fill_store(layers, "4G", SERVICE, store, (1, 3), workers=1) == 0
    same(
        predict.predict_service(layers, "4G", SERVICE, workers=1),
        predict.predict_service(layers, "4G", SERVICE, workers=1, store=store),
    )
    assert computed(caplog) == (0, sum(parts))


def test_a_station_costs_its_group(
    network: Network, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="phusong.coverage.radio.predict")
    store, before = Store(tmp_path), cells()
    predict.predict_service(network(before), "4G", SERVICE, workers=2, store=store)
    added = {"x": 4100.0, "y": -2900.0, "operator": "V", "azimuth_deg": 50.0, "eirp_dbm": 46.0}
    # In the middle of the file: the rows of all that come after it change.
    after = network([*before[:30], added, *before[30:]])
    got = predict.predict_service(after, "4G", SERVICE, workers=2, store=store)
    assert 1 <= computed(caplog)[0] <= 4  # a square that overflows is quartered
    same(predict.predict_service(after, "4G", SERVICE, workers=2), got)


def test_what_else_changes_computes_all(
    network: Network, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="phusong.coverage.radio.predict")
    store, layers = Store(tmp_path), network(cells(count=6))
    predict.predict_service(layers, "4G", SERVICE, workers=1, store=store)
    for other in (
        SERVICE.model_copy(update={"threshold_dbm": -109.0}), SERVICE.model_copy(update={"sinr": False}),
        SERVICE.model_copy(update={"environment": "urban"}),
    ):  # fmt: skip
        predict.predict_service(layers, "4G", other, workers=1, store=store)
        count, of = computed(caplog)
        assert count == of


@pytest.mark.parametrize("spoil", ["cut", "flipped", "other"])
def test_a_torn_part_is_computed_anew(
    network: Network, tmp_path: Path, spoil: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="phusong.coverage.radio.predict")
    layers, store = network(cells(count=6)), Store(tmp_path)
    plain = predict.predict_service(layers, "4G", SERVICE, workers=1, store=store)
    for path in tmp_path.glob("*/*.npz"):
        data = path.read_bytes()
        middle = len(data) // 2
        if spoil == "cut":
            path.write_bytes(data[:middle])
        elif spoil == "flipped":
            wrong = bytes(255 - byte for byte in data[middle : middle + 64])
            path.write_bytes(data[:middle] + wrong + data[middle + 64 :])
        else:
            np.savez(path, **{"0.name": np.frombuffer(b"X", np.uint8), "0.heard": np.zeros(4, np.uint8)})
    caplog.clear()
    same(plain, predict.predict_service(layers, "4G", SERVICE, workers=1, store=store))
    count, of = computed(caplog)
    assert count == of > 0


def test_a_full_disk_costs_parts_not_results(
    network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, arrays: object) -> None:
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Store, "_write", staticmethod(full))
    layers = network(cells(count=6))
    got = predict.predict_service(layers, "4G", SERVICE, workers=1, store=Store(tmp_path))
    same(predict.predict_service(layers, "4G", SERVICE, workers=1), got)
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]


def test_parts_nobody_asks_for_go(tmp_path: Path) -> None:
    import os
    import time

    store = Store(tmp_path)
    forgotten, asked = digest_of("forgotten"), digest_of("asked for")
    for key in (forgotten, asked):
        assert store.put(key, {"x": np.arange(9)})
    old = time.time() - 40 * 86400
    for key in (forgotten, asked):
        os.utime(store.path(key), (old, old))
    assert store.get(asked) is not None  # today
    assert store.prune() > 0
    assert not store.has(forgotten)
    assert store.has(asked)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=4), st.integers(0, 3))
def test_keys_tell_contents_apart(values: list[float], at: int) -> None:
    array = np.array(values)
    changed = array.copy()
    changed[at % len(values)] = np.nextafter(changed[at % len(values)], np.inf)
    assert digest_of(array, "x") == digest_of(array.copy(), "x")
    assert digest_of(array, "x") != digest_of(changed, "x")
    assert digest_of(array) != digest_of(array.reshape(-1, 1))
    assert digest_of(tuple(values)) != digest_of(tuple(changed.tolist()))
