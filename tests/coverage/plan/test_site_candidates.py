"""Candidates among people whom no other reaches, and what there will be, against a full prediction."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from quick_project import make_project

from phusong.coverage.analyse import analyse_layers
from phusong.coverage.plan.candidate_reach import stations_of, with_stations
from phusong.coverage.plan.candidates import FILLED, KINDS, Candidates, RadioService
from phusong.coverage.plan.reach_added import known_with_added
from phusong.coverage.plan.site_aims import Universe, universe_of
from phusong.coverage.plan.site_candidates import Needs, candidates_with_reach
from phusong.coverage.result import ANY, Result
from phusong.coverage.zonal import CommuneShares
from phusong.layers.inventory import Layers
from phusong.layers.project.file import read_project
from phusong.layers.project.plan import PlanSitesTable
from phusong.layers.project.schema import FibreService
from phusong.layers.read import read_layers

MORE = """
[services.hata]
model = "hata"
technology = "4G"
max_distance_m = 6000

[services.ground]
model = "p1812"
technology = "5G"
max_distance_m = 4000
"""
ONLY_VILLAGES = PlanSitesTable(share_masts=False, hilltop_radius_m=10_000.0, spacing_m=900.0)


@pytest.fixture(scope="module")
def layers(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Layers:
    file = make_project(sample, tmp_path_factory.mktemp("candidates") / "tinh")
    file.write_text(
        file.read_text(encoding="utf-8").replace("radius_m = 2000", "radius_m = 1200") + MORE,
        encoding="utf-8",
    )
    return read_layers(read_project(file))


def service_of(layers: Layers, name: str) -> RadioService:
    service = layers.project.services[name]
    assert not isinstance(service, FibreService)
    return service


def looked_for(
    layers: Layers, shares: CommuneShares, base: Result, percent: float, asked: tuple[str, ...] = ()
) -> tuple[Universe, Candidates, np.ndarray, float]:
    """Return candidates for a share of people, which cells each covers, and how many people are wanted."""
    universe = universe_of(layers, shares, base.reaches["4G", ANY], ["people"])
    aim = universe.aims["people"]
    need = percent / 100.0 * aim.total - aim.served
    needs: Needs = {"people": (aim.weights, need)} if percent else {}
    candidates, reach = candidates_with_reach(
        layers, "4G", service_of(layers, "4G"), ANY, universe, shares.home(), settings=ONLY_VILLAGES,
        needs=needs, asked=asked, found=lambda _: lambda _: None,
    )
    return universe, candidates, reach.toarray(), need


def test_a_target_beyond_the_villages_is_reached_from_among_the_people(
    layers: Layers, shares: CommuneShares, base: Result
) -> None:
    universe, few, covers, _ = looked_for(layers, shares, base, 0.0)
    assert set(few.kind) <= {"village", "hilltop"}
    aim = universe.aims["people"]
    within = 100.0 * (aim.served + aim.weights[covers.any(axis=0)].sum()) / aim.total
    assert within < 97.0
    _, same, _, _ = looked_for(layers, shares, base, within - 0.1)
    assert same.site_id.tolist() == few.site_id.tolist()
    _, many, reached, need = looked_for(layers, shares, base, 99.5)
    assert aim.weights[reached.any(axis=0)].sum() >= need
    assert many.site_id[: len(few)].tolist() == few.site_id.tolist()
    new = np.arange(len(few), len(many))
    assert set(many.kind[new]) == {"people"} <= set(KINDS)
    assert all(str(name).startswith(FILLED) for name in many.site_id[new])
    assert len(set(many.site_id)) == len(many)
    # Each stands where nobody was reached before, on a cell that holds somebody.
    alone = reached[new] & ~covers.any(axis=0)
    assert ((alone * aim.weights) > 0.0).any(axis=1).all()
    one = int(new[-1])
    _, again, _, _ = looked_for(layers, shares, base, 0.0, asked=(str(many.site_id[one]),))
    assert many.site_id[one] in again.site_id


@pytest.mark.parametrize("name", ["hata", "ground"])
def test_cells_are_merged_into_a_reach_as_a_full_prediction_has_them(
    name: str, layers: Layers, shares: CommuneShares, base: Result
) -> None:
    """Signal, server, count and probability of every operator, to the bit; nothing known of circles."""
    service = service_of(layers, name)
    universe = universe_of(layers, shares, base.reaches[name, ANY], ["people"])
    candidates, reach = candidates_with_reach(
        layers, name, service, ANY, universe, shares.home(), settings=PlanSitesTable(), needs={},
        found=lambda _: lambda _: None,
    )
    pick = np.argsort(-np.diff(reach.indptr), kind="stable")[[0, 3, 9]]
    added = stations_of(layers, name, service, candidates.take(pick), PlanSitesTable())
    assert len(added) == 9
    known = known_with_added(base, added)
    later = with_stations(layers, added)
    assert known(later, "4G") is None
    told = known(later, name)
    assert told is not None
    full = analyse_layers(later, shares=shares).reaches
    assert [r.operator for r in told[0]] == [o for of, o in full if of == name]
    changed = 0
    for mine in told[0]:
        other, before = full[name, mine.operator], base.reaches[name, mine.operator]
        for part in ("signal", "covered", "probability", "best_server", "servers"):
            a, b = getattr(mine, part).values, getattr(other, part).values
            assert a.dtype == b.dtype
            assert np.array_equal(a, b, equal_nan=a.dtype.kind == "f"), (mine.operator, part)
        changed += int((mine.covered.values & ~before.covered.values).sum())
    assert changed > 0
