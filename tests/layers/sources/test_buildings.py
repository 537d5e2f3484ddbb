"""Buildings by the index of a FlatGeobuf and by the row groups of a GeoParquet: the same ones."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely
from publisher import file_of, publish_buildings

from phusong.data.source_table import public_sources
from phusong.data.tables import provinces
from phusong.layers.sources.fetch import fetch_province

PROVINCE = provinces()["33"]
ADDRESS = {s.id: s.address for s in public_sources() if s.kind == "buildings"}
GROUPS = "combined-buildings-parquet"


def on(source):
    return ADDRESS[source].partition("://")[2]


def take(line, folder, source, **changed):
    choices = {"buildings": source}
    (outcome,) = fetch_province(PROVINCE, folder, line(**changed), kinds=["buildings"], choices=choices)
    return outcome


@pytest.mark.parametrize("source", ADDRESS)
def test_the_buildings_of_the_box_and_their_area(line, tmp_path, publisher, published, area, source):
    outcome = take(line, tmp_path / "tinh", source)
    assert outcome.error is None
    found = pyogrio.read_dataframe(tmp_path / "tinh" / "buildings.gpkg")
    lon, lat = float(area.communes[0]["lon"]), float(area.communes[0]["lat"])
    assert sorted(found.geometry.x) == pytest.approx([lon + k * 1e-3 + 5e-5 for k in range(5)], abs=1e-9)
    side_m = 1e-4 * 110_600, 1e-4 * 111_320 * np.cos(np.radians(lat))
    assert found["area_m2"].to_numpy() == pytest.approx(side_m[0] * side_m[1], rel=0.02)
    assert set(found["source"]) == {"google", "osm"}
    assert found.loc[found["source"] == "osm", "confidence"].isna().all()
    whole = file_of(published, ADDRESS[source]).stat().st_size
    assert publisher.sent(on(source)) < 0.8 * whole
    again = take(line, tmp_path / "tinh", source, offline=True)
    assert again.error is None


def test_row_groups_that_were_read_are_not_read_again(line, tmp_path, publisher, published, area):
    folder = tmp_path / "own"
    path = file_of(folder, ADDRESS[GROUPS])
    publish_buildings(path, area, rows=1, far=300)  # a row group each: five are wanted
    publisher.tell(forget=True, folder=str(folder))
    publisher.fail(on(GROUPS), *[None] * 6, *[503] * 9)
    outcome = take(line, tmp_path / "tinh", GROUPS, tries=2)
    assert outcome.taken is None
    assert not (tmp_path / "tinh" / "buildings.gpkg").exists()
    groups = list((tmp_path / "cache").rglob("*.npz"))
    assert 0 < len(groups) < 5
    groups[0].write_bytes(b"PK damaged")  # one of them spoilt meanwhile is taken anew
    publisher.tell(forget=True, folder=str(folder))
    outcome = take(line, tmp_path / "tinh", GROUPS)
    assert outcome.taken is not None
    assert outcome.taken.rows == {"buildings": 5}
    assert outcome.taken.notes[1].values["n"] == 5
    assert outcome.taken.notes[1].values["total"] == 305
    assert not list((tmp_path / "cache").rglob("*.npz"))


def _without(table, name):
    return table.drop_columns([name])


def _points(table):
    wkb = pa.array([shapely.to_wkb(shapely.Point(0, 0))] * len(table))
    return table.set_column(table.schema.get_field_index("geometry"), "geometry", wkb)


@pytest.mark.parametrize(
    ("change", "said"),
    [(lambda t: _without(t, "bbox"), "bbox.xmin"), (lambda t: _without(t, "geometry"), "geometry"),
     (_points, "polygon")],
    ids=["no-boxes", "no-shapes", "points"],
)  # fmt: skip
def test_changed_columns_are_named(line, tmp_path, publisher, published, change, said):
    folder = tmp_path / "own"
    path = file_of(folder, ADDRESS[GROUPS])
    path.parent.mkdir(parents=True)
    pq.write_table(change(pq.read_table(file_of(published, ADDRESS[GROUPS]))), path)
    publisher.tell(forget=True, folder=str(folder))
    outcome = take(line, tmp_path / "tinh", GROUPS)
    assert said in str(outcome.error)
    assert [s.id for s in outcome.instead] == ["combined-buildings"]


@pytest.mark.parametrize("source", ADDRESS)
@pytest.mark.parametrize("fault", ["lie", "page", 404, ("cut", 700), ("short", 700)], ids=str)
def test_a_fault_on_the_way_leaves_no_layer_or_the_right_one(line, tmp_path, publisher, source, fault):
    publisher.fail(on(source), *[fault] * 400)
    outcome = take(line, tmp_path / "tinh", source, tries=2)
    if outcome.error is None:  # the server that lies about parts gives the whole file
        assert fault == "lie"
        assert outcome.taken.rows == {"buildings": 5}
    else:
        assert not (tmp_path / "tinh" / "buildings.gpkg").exists()
        assert not list((tmp_path / "cache").rglob("buildings-*.gpkg"))
