"""Scenarios against full runs: what is lost and gained adds up, nothing else changes, reuse is exact."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from quick_project import make_project
from what_if import Ask

from phusong.coverage.analyse import analyse_layers
from phusong.coverage.radio.site_covers import site_covers
from phusong.coverage.result import ANY, Result
from phusong.coverage.scenario import (
    Base,
    WhatIf,
    compare_with_base,
    one_way,
    order_repairs,
    unchanged_services,
)
from phusong.coverage.targets import standings
from phusong.coverage.zonal import CommuneShares
from phusong.layers.inventory import Layers
from phusong.layers.project.file import read_project
from phusong.layers.project.schema import FibreService, Target
from phusong.layers.read import read_layers
from phusong.layers.scenario.apply import Applied

MORE = """
[services.5G]
model = "range"
radius_m = 1500

[services.hata]
model = "hata"
technology = "4G"
max_distance_m = 6000
sinr = true

[services.ground]
model = "p1812"
technology = "5G"
max_distance_m = 4000
"""


@pytest.fixture(scope="module")
def layers(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Layers:
    file = make_project(sample, tmp_path_factory.mktemp("what-if") / "tinh")
    file.write_text(file.read_text(encoding="utf-8") + MORE, encoding="utf-8")
    return read_layers(read_project(file))


def busiest(layers: Layers) -> str:
    return str(layers.stations["operator"].value_counts().index[0])


def mixed(layers: Layers) -> str:
    """A text that takes all of one operator and gives 5G to the sites of another."""
    other = layers.stations["operator"].value_counts().index[1]
    return (
        f'[[off]]\noperators = "{busiest(layers)}"\n'
        f'[[band]]\ntechnologies = "4G"\noperators = "{other}"\ntechnology = "5G"\n'
        "frequency_mhz = 700\nbandwidth_mhz = 20\n"
    )


def compared(base: Result, changed: Layers, applied: Applied, shares: CommuneShares) -> tuple[Result, WhatIf]:
    result = analyse_layers(changed, shares=shares)
    return result, compare_with_base(Base.of(base), result, applied, lambda: shares)


def test_base_less_lost_and_gained_is_the_scenario_in_every_row(
    ask: Ask, layers: Layers, base: Result, shares: CommuneShares
) -> None:
    changed, applied = ask(mixed(layers))
    assert not one_way(applied)
    result, found = compared(base, changed, applied, shares)
    rows = found.changes[found.changes["gained"].notna()]
    assert np.allclose(rows["base"] - rows["lost"] + rows["gained"], rows["scenario"], rtol=0, atol=1e-9)
    assert (rows["lost"] >= 0.0).all()
    assert (rows["gained"] >= 0.0).all()
    people = shares.cell_people.reshape(layers.grid.shape)
    whole = rows[(rows["level"] == "province") & (rows["indicator"] == "population")]
    both_ways = 0
    for row in whole.to_dict("records"):
        key = row["service"], row["operator"]
        was, now = base.reaches[key].covered.values, np.zeros(layers.grid.shape, dtype=bool)
        if key in result.reaches:  # the operator that is off has no reach left at all
            now = result.reaches[key].covered.values
        assert row["lost"] == pytest.approx(people[was & ~now].sum(), abs=1e-6)
        assert row["gained"] == pytest.approx(people[now & ~was].sum(), abs=1e-6)
        both_ways += bool(row["lost"] > 1.0 and row["gained"] > 1.0)
    assert both_ways > 0
    communes = rows[(rows["level"] == "commune") & (rows["indicator"] == "population")]
    for column in ("lost", "gained"):
        summed = communes.groupby(["service", "operator"])[column].sum()
        told = whole.set_index(["service", "operator"])[column]
        assert np.allclose(summed.reindex(told.index).fillna(0.0), told, atol=1e-6)


    targets_are_held_against_both(base, result, found)


def targets_are_held_against_both(base: Result, result: Result, found: WhatIf) -> None:
    """What there is comes from the base, what the scenario would bring from its own figures."""
    wanted = {
        "people": Target(service="5G", indicator="population", percent=50, year=2030),
        "communes": Target(service="5G", indicator="population", percent=1, year=2030, level="commune"),
    }
    project = result.layers.project.model_copy(update={"targets": wanted})
    layers = replace(result.layers, project=project)
    held = standings(replace(result, what_if=found, layers=layers), defaults=False)
    before = standings(replace(base, layers=layers), defaults=False)
    after = standings(replace(result, layers=layers), defaults=False)
    assert [s.percent for s in held] == [s.percent for s in before]
    assert [s.planned for s in held] == [s.percent for s in after]
    assert held[0].planned > held[0].percent


def test_places_lost_and_gained_are_those_whose_flag_turns(
    ask: Ask, layers: Layers, base: Result, shares: CommuneShares
) -> None:
    changed, applied = ask(mixed(layers))
    result, found = compared(base, changed, applied, shares)
    keys = ["layer", "place_id", "service", "operator"]
    was = {tuple(r) for r in base.places[base.places["served"]][keys].to_numpy()}
    now = {tuple(r) for r in result.places[result.places["served"]][keys].to_numpy()}
    for change, wanted in (("lost", was - now), ("gained", now - was)):
        told = found.places[found.places["change"] == change]
        assert {tuple(r) for r in told[keys].to_numpy()} == wanted
        assert wanted
        rows = found.changes[(found.changes["indicator"] == "places:villages")
                             & (found.changes["level"] == "province")]  # fmt: skip
        assert rows[change].sum() == len(told)


def test_services_that_are_not_touched_are_reused_to_the_bit(
    ask: Ask, layers: Layers, base: Result, shares: CommuneShares
) -> None:
    changed, applied = ask(f'[[off]]\noperators = "{busiest(layers)}"\ntechnologies = "5G"\n')
    known = unchanged_services(base, applied)
    kept = {name for name in layers.project.services if known(changed, name) is not None}
    assert kept == {"4G", "hata"}
    full = analyse_layers(changed, shares=shares)
    again = analyse_layers(changed, shares=shares, known=known)
    for key, reach in full.reaches.items():
        other = again.reaches[key]
        for name in ("signal", "covered", "probability", "best_server", "servers", "sinr"):
            a, b = getattr(reach, name), getattr(other, name)
            assert (a is None) == (b is None)
            assert a is None or np.array_equal(a.values, b.values, equal_nan=a.values.dtype.kind == "f")
    assert full.indicators.equals(again.indicators)
    assert [f.say("en") for f in full.faults] == [f.say("en") for f in again.faults]
    assert not np.array_equal(
        full.reaches["hata", ANY].best_server.values, base.reaches["hata", ANY].best_server.values
    )  # the rows did move


@pytest.mark.parametrize("name", ["4G", "5G", "hata", "ground"])
def test_sites_together_cover_what_the_run_covers(name: str, layers: Layers, base: Result) -> None:
    service = layers.project.services[name]
    assert not isinstance(service, FibreService)
    sites = sorted(layers.stations["site_id"].unique())
    cells = np.flatnonzero(layers.population.people.values.ravel() > 0.0)
    covers = site_covers(layers, name, service, sites, cells)
    union = np.zeros(len(cells), dtype=bool)
    union[covers.indices] = True
    assert np.array_equal(union, base.reaches[name, ANY].covered.values.ravel()[cells])
    assert 0 < union.sum() < len(cells)


@pytest.mark.parametrize("service", ["4G", "hata"])
def test_repairs_return_everybody_who_lost_service_as_fresh_runs_say(
    service: str, ask: Ask, layers: Layers, base: Result, shares: CommuneShares
) -> None:
    commune = layers.stations["commune_code"].value_counts().index[0]
    changed, applied = ask(
        f'[[off]]\ncommunes = "{commune}"\n[repair]\nservice = "{service}"\nhours = 2\n'
    )
    result, found = compared(base, changed, applied, shares)
    found = order_repairs(layers, result, found, shares)
    repair = found.repair
    assert repair is not None
    rows = found.changes
    row = rows[(rows["level"] == "province") & (rows["indicator"] == "population")
               & (rows["service"] == service) & (rows["operator"] == ANY)].iloc[0]  # fmt: skip
    assert repair.lost == pytest.approx(row["lost"], abs=1e-6)
    assert repair.lost > 1.0
    assert repair.table["people_total"].iloc[-1] == pytest.approx(repair.lost)
    assert repair.people_hours <= repair.people_hours_by_id + 1e-6
    assert sorted(repair.table["site_id"]) == sorted(applied.gone["site_id"].unique())
    # After the second repair the network is one without the sites that are still off.
    still = repair.table["site_id"].tolist()[2:]
    listed = ", ".join(f'"{s}"' for s in still)
    after, _ = ask(f"[[off]]\nsites = [{listed}]\n")
    later = analyse_layers(after, shares=shares)
    now = later.indicators.query(
        f"level == 'province' and indicator == 'population' and service == '{service}' and operator == 'any'"
    )["numerator"].iloc[0]
    back = repair.table["people_total"].iloc[1]
    assert now == pytest.approx(row["scenario"] + back, abs=1e-6)


def test_a_sunset_is_no_outage(ask: Ask, layers: Layers, base: Result, shares: CommuneShares) -> None:
    changed, applied = ask('[[off]]\ntechnologies = "5G"\n')
    result, found = compared(base, changed, applied, shares)
    assert order_repairs(layers, result, found, shares).repair is None
    assert not result.reaches["5G", ANY].covered.values.any()
    assert len(result.indicators) < len(base.indicators)
