"""The optical budget, against sums done by hand."""

from __future__ import annotations

import numpy as np
import pytest
from fibre_ways import nodes_of, routes_of

from phusong.coverage.fibre.fibre_graph import fibre_network
from phusong.coverage.fibre.optical_budget import (
    Optics,
    head_start_m,
    margin_left_db,
    max_reach_m,
    optical_paths,
    path_loss_db,
    reach_table,
    too_bright_db,
)

CAUTIOUS = {("splitter_db", "1:32"): 17.5, ("splitter_db", "1:64"): 21.0}


@pytest.mark.parametrize(("splitter", "km"), [("1:32", 15.7), ("1:64", 5.7)])
def test_reach_of_class_b_plus_as_planners_reckon_it(splitter: str, km: float) -> None:
    optics = Optics("B+", (splitter,), splices_per_km=0.0, own=CAUTIOUS)  # 2 dB of connectors, 3 of margin
    assert max_reach_m(optics) / 1000.0 == pytest.approx(km, abs=0.05)


def test_loss_is_a_sum_and_reach_is_where_nothing_is_left() -> None:
    optics = Optics("C+", ("1:4", "1:8"), 1490, "low", connectors=3, splices_per_km=2.0, margin_db=2.5)
    by_hand = 6.6 + 9.8 + 3 * 0.2 + 7.0 * (0.22 + 2.0 * 0.05)
    assert float(path_loss_db(7000.0, optics)) == pytest.approx(by_hand)
    assert float(margin_left_db(7000.0, optics)) == pytest.approx(32.0 - 2.5 - by_hand)
    reach = max_reach_m(optics)
    assert float(margin_left_db(reach, optics)) == pytest.approx(0.0, abs=1e-9)
    assert float(margin_left_db(reach + 1.0, optics)) < 0.0
    # 17 dB of splitters and pairs: the least that C+ asks for is met at once.
    assert float(too_bright_db(0.0, optics)) == pytest.approx(0.0, abs=1e-9)


def test_no_reach_is_zero_and_no_reach_passes_sixty_kilometres() -> None:
    assert max_reach_m(Optics("B+", ("1:64", "1:8"))) == 0.0
    assert max_reach_m(Optics("C+", ("1:2",), 1550, "low")) == 60_000.0
    with pytest.raises(ValueError, match="1:32"):
        max_reach_m(Optics("B+", ("1:33",)))
    with pytest.raises(ValueError, match=r"B\+"):
        max_reach_m(Optics("A++"))


def test_the_table_falls_with_every_doubling_and_rises_with_the_class() -> None:
    table = reach_table()
    assert len(table) == 2 * 6 * 3
    wide = table.pivot_table(index="splitter", columns=["optical_class", "wavelength_nm"], values="reach_m")
    wide = wide.loc[["1:2", "1:4", "1:8", "1:16", "1:32", "1:64"]]
    assert (wide.diff().iloc[1:] <= 0.0).all().all()
    assert (wide["C+"] >= wide["B+"]).all().all()
    low, high = reach_table(level="low")["reach_m"], reach_table(level="high")["reach_m"]
    assert (low >= table["reach_m"]).all()
    assert (high <= table["reach_m"]).all()


def test_every_path_has_its_own_budget() -> None:
    nodes = nodes_of(
        (0.0, 0.0, "olt", "V"), (6000.0, 0.0, "cabinet", "V"), (20_000.0, 0.0, "cabinet", "V"),
        (0.0, 9000.0, "cabinet", "V"),
    )  # fmt: skip
    network = fibre_network(None, routes_of([(0, 0), (6000, 0), (20_000, 0)]), nodes)
    optics = Optics("B+", ("1:32",))
    paths = optical_paths(network, optics, "V")
    np.testing.assert_allclose(paths["cable_m"], [0.0, 6000.0, 20_000.0, np.nan])
    np.testing.assert_allclose(paths["loss_db"][:3], 17.0 + 4 * 0.5 + np.array([0.0, 6.0, 20.0]) * 0.39)
    assert paths["ok"].tolist() == [True, True, False, False]
    reach = max_reach_m(optics)
    np.testing.assert_allclose(paths["reach_left_m"], [reach, reach - 6000.0, 0.0, np.nan])
    start = head_start_m(np.array([0.0, reach - 700.0, reach, np.inf]), optics, 2000.0, 200.0)
    np.testing.assert_allclose(start, [0.0, 1500.0, np.inf, np.inf])
