"""Scenario files: what is wrong with them is told, what they ask for is done to the layers and counted."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import shapely
from pyproj import Transformer
from quick_project import make_project

from phusong.data.language import LANGUAGES
from phusong.layers.faults import Fault, InputError
from phusong.layers.inventory import Layers
from phusong.layers.project.file import read_project
from phusong.layers.read import read_layers
from phusong.layers.scenario.apply import Applied, Counts, apply_scenario
from phusong.layers.scenario.asked import read_scenario
from phusong.layers.scenario.files import open_scenario


@pytest.fixture(scope="module")
def layers(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Layers:
    return read_layers(read_project(make_project(sample, tmp_path_factory.mktemp("scenario") / "tinh")))


Ask = Callable[..., tuple[Layers, Applied]]


@pytest.fixture
def ask(layers: Layers, tmp_path: Path) -> Ask:
    def apply(text: str, **files: str) -> tuple[Layers, Applied]:
        for name, content in files.items():
            (tmp_path / name.replace("_", ".")).write_text(content, encoding="utf-8")
        file = tmp_path / "kich-ban.toml"
        file.write_text('name = "Thử"\n' + text, encoding="utf-8")
        return apply_scenario(layers, open_scenario(read_scenario(file), layers))

    return apply


def faults(ask: Ask, text: str, **files: str) -> list[Fault]:
    with pytest.raises(InputError) as caught:
        ask(text, **files)
    told = [f for f in caught.value.faults if f.severity == "error"]
    for fault in told:
        for lang in LANGUAGES:
            assert "{" not in fault.say(lang)
    return told


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ('[[of]]\nsites = "A"', "unknown-key", "'off'"),
        ('[[off]]\noperater = "A"', "unknown-key", "off[1].operater"),
        ("[[off]]\nradius_km = 3", "nothing-selected", "sites_file"),
        ('[[off]]\ntechnologies = ["6G"]', "wrong-value", "off[1].technologies[1]"),
        ('[[off]]\ntrack_file = "x.csv"', "missing-key", "radius_km = 30"),
        ('[[off]]\nsites_file = "x.csv"', "missing-file", "x.csv"),
        ('[[band]]\noperators = "A"', "missing-key", "band[1].frequency_mhz"),
        ('note = "nothing"', "nothing-changes", "off"),
        ("[[off]\n", "syntax", "line 2"),
    ],
)  # fmt: skip
def test_a_file_that_does_not_fit_is_told(ask: Ask, text: str, code: str, said: str) -> None:
    told = faults(ask, text)
    assert f"scenario.{code}" in [f.code for f in told]
    assert said in " ".join(f.say("en") for f in told)


def test_what_the_inventory_lacks_is_told_at_once_with_its_row(ask: Ask, layers: Layers) -> None:
    site, operator = layers.stations["site_id"].iloc[0], layers.stations["operator"].iloc[0]
    told = faults(
        ask,
        f'[[off]]\nsites = ["{site}", "{site}x"]\n[[off]]\nsites_file = "list.csv"\n'
        f'[[off]]\noperators = "{operator}x"\n[[off]]\ncommunes = "00000"\n'
        '[[off]]\ntrack_file = "far.csv"\nradius_km = 5\n[repair]\nservice = "9G"\n',
        list_csv=f"site_id\n{site}\nnowhere\n", far_csv="lon,lat\n120,10\n121,11\n",
    )
    assert [(f.column, f.row, f.value) for f in told[:5]] == [
        ("off[1].sites", "", f"{site}x"), ("site_id", "3", "nowhere"),
        ("off[3].operators", "", f"{operator}x"), ("off[4].communes", "", "00000"),
        ("off[5].radius_km", "", ""),
    ]  # fmt: skip
    assert site in told[0].say("vi")
    assert told[5].column == "repair.service"


def test_unknown_ids_may_be_passed_over_but_not_all(ask: Ask, layers: Layers) -> None:
    site = layers.stations["site_id"].iloc[0]
    changed, applied = ask(f'[[off]]\nsites = ["{site}", "nowhere"]\nunknown = "skip"\n')
    assert applied.steps[0].counts.sites == 1
    assert "scenario.skipped-unknown" in [f.code for f in changed.faults]
    told = faults(ask, '[[off]]\nsites = "nowhere"\nunknown = "skip"\n')
    assert [f.code for f in told] == ["scenario.nothing-matches"]


def test_conditions_of_an_entry_hold_together_and_entries_add_up(ask: Ask, layers: Layers) -> None:
    s = layers.stations
    operator, commune = s["operator"].iloc[0], s["commune_code"].iloc[-1]
    changed, applied = ask(
        f'[[off]]\noperators = "{operator.upper()}"\ntechnologies = "5G"\n'
        f'[[removed]]\ncommunes = "{commune}"\n'
    )
    first = (s["operator"] == operator) & (s["technology"] == "5G")
    second = (s["commune_code"] == commune) & ~first
    assert applied.steps[0].counts == Counts.of(s[first])
    assert applied.steps[1].counts == Counts.of(s[second])
    assert applied.after.cells == applied.before.cells - int(first.sum() + second.sum())
    assert changed.stations["cell_id"].tolist() == s.loc[~(first | second), "cell_id"].tolist()
    assert len(layers.stations) == applied.before.cells  # the base is left as it was
    assert not applied.gone["to_repair"].any()


@pytest.mark.parametrize("kind", ["csv", "geojson", "kml"])
def test_a_track_takes_what_lies_within_its_radius(ask: Ask, layers: Layers, kind: str) -> None:
    left, bottom, right, top = layers.communes.total_bounds
    ends = np.array([[left - 3e5, bottom], [(left + right) / 2, (bottom + top) / 2]])
    lon, lat = Transformer.from_crs(layers.grid.crs, 4326, always_xy=True).transform(ends[:, 0], ends[:, 1])
    pairs = list(zip(lon.tolist(), lat.tolist(), strict=True))
    line = {"type": "Feature", "properties": {}, "geometry": {"type": "LineString", "coordinates": pairs}}
    text = {
        "csv": "time,lon,lat\n" + "".join(f"{k},{x!r},{y!r}\n" for k, (x, y) in enumerate(pairs)),
        "geojson": json.dumps({"type": "FeatureCollection", "features": [line]}),
        "kml": '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>'
               "<Placemark><LineString><coordinates>" + " ".join(f"{x!r},{y!r},0" for x, y in pairs)
               + "</coordinates></LineString></Placemark></Document></kml>",
    }[kind]  # fmt: skip
    _, applied = ask(f'[[off]]\ntrack_file = "bao.{kind}"\nradius_km = 4\n', **{f"bao_{kind}": text})
    track = shapely.LineString(ends)
    wanted = layers.stations[layers.stations.geometry.distance(track) <= 4000.0]
    assert 0 < len(wanted) < len(layers.stations)
    assert applied.gone["cell_id"].tolist() == wanted["cell_id"].tolist()
    assert applied.gone["to_repair"].all()
    assert applied.tracks[0][1] == 4000.0


def test_a_list_narrows_to_its_technologies_and_says_hours(ask: Ask, layers: Layers) -> None:
    s = layers.stations
    site = next(name for name, held in s.groupby("site_id") if held["technology"].nunique() > 1)
    technology = s.loc[s["site_id"] == site, "technology"].iloc[0]
    _, applied = ask(
        '[[off]]\nsites_file = { path = "list.csv", columns = { repair_hours = "Số giờ" } }\n',
        list_csv=f"Mã trạm,technology,Số giờ\n{site},{technology},6\n",
    )
    assert set(applied.gone["technology"]) == {technology}
    assert set(applied.gone["site_id"]) == {site}
    assert applied.hours == {site: 6.0}


def test_a_band_goes_onto_every_direction_once(ask: Ask, layers: Layers) -> None:
    s = layers.stations
    operator = s["operator"].iloc[0]
    hosts = s[(s["operator"] == operator) & (s["technology"] == "4G")]
    entry = (
        f'[[band]]\noperators = "{operator}"\ntechnologies = "4G"\ntechnology = "5G"\nfrequency_mhz = 700\n'
        "bandwidth_mhz = 20\neirp_dbm = 61\n"
    )
    changed, applied = ask(entry)
    new = changed.stations.iloc[applied.before.cells :]
    assert len(new) == len(hosts.drop_duplicates(["site_id", "azimuth_deg", "antenna_height_m"]))
    assert set(new["technology"]) == {"5G"}
    figures = new[["frequency_mhz", "bandwidth_mhz", "eirp_dbm"]].drop_duplicates().to_numpy().tolist()
    assert figures == [[700.0, 20.0, 61.0]]
    assert changed.stations["cell_id"].is_unique
    assert applied.after.sites == applied.before.sites
    assert [f.code for f in faults(ask, entry + entry)] == ["scenario.band-exists"]
    assert faults(ask, entry.replace("= 20", "= 7"))[0].code == "scenario.unknown-bandwidth"


def test_stations_are_added_under_free_ids_and_known_spellings(ask: Ask, layers: Layers) -> None:
    here = layers.stations.iloc[0]
    row = (
        f'[[station]]\nsite_id = "{here.site_id}"\noperator = "{here.operator.upper()}"\ntechnology = "4G"\n'
        f"lon = {here.lon}\nlat = {here.lat}\n"
    )
    changed, applied = ask(
        row + row.replace(here.site_id, "N1") + f'cell_id = "{here.cell_id}-new"\n',
    )
    assert [s.counts.cells for s in applied.steps] == [2]
    new = changed.stations.iloc[-2:]
    assert set(new["operator"]) == {here.operator}
    assert changed.stations["cell_id"].is_unique
    assert np.isfinite(new["eirp_dbm"]).all()
    told = faults(ask, row + f'cell_id = "{here.cell_id}"\n')
    assert "scenario.duplicate-cell" in [f.code for f in told]
    far = faults(ask, row.replace(str(here.lon), "150.0"))
    assert [(f.code, f.row) for f in far] == [("stations.outside-province", "1")]


def test_a_table_of_stations_is_read_like_the_projects_own(ask: Ask, layers: Layers) -> None:
    here = layers.stations.iloc[0]
    changed, applied = ask(
        'stations_added = "them.csv"\n',
        them_csv=f"site_id,operator,technology,lon,lat\nN1,{here.operator},4G,{here.lon},{here.lat}\n",
    )
    assert applied.after.sites == applied.before.sites + 1
    assert changed.stations["cell_id"].iloc[-1] == "N1-4G-1"
    assert changed.sources[-1].path == "them.csv"
    assert len(changed.sources) == len(layers.sources) + 2
