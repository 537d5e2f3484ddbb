import json
import multiprocessing
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import rasterio
from publisher import Publisher, file_of, height_at, publish_cells, write_extract

from phusong.data.source_table import public_sources
from phusong.data.tables import provinces
from phusong.layers.faults import ExpectedError
from phusong.layers.project.file import read_project
from phusong.layers.provenance import read_sources, sha256_of
from phusong.layers.read import read_layers
from phusong.layers.sources.area import area_of
from phusong.layers.sources.fetch import fetch_province
from phusong.layers.sources.project import write_project
from phusong.layers.sources.transfer import (
    BUSY,
    CHECKSUM,
    CUT,
    DOWN,
    MISSING,
    OFFLINE,
    SLOW,
    Line,
    SourceError,
    cached_path,
    download,
    part_of,
)  # fmt: skip
from phusong.layers.sources.transfer import (
    PAGE as WEB_PAGE,
)
from phusong.layers.sources.windows import take_window

PROVINCE = provinces()["33"]
BY_ID = {s.id: s for s in public_sources()}
EXTRACT = BY_ID["osm-roads"].address
WORLDPOP = BY_ID["worldpop-100m"].address


def on(address):
    return address.partition("://")[2]


def test_everything_becomes_a_project_that_reads(line, tmp_path, area, publisher):
    folder = tmp_path / "tinh"
    outcomes = fetch_province(PROVINCE, folder, line())
    assert [str(o.error) for o in outcomes if o.error] == []
    entries = read_sources(folder)
    assert set(entries) == {
        "communes.gpkg", "population.tif", "terrain.tif", "clutter.tif", "roads.gpkg", "villages.csv",
        "schools.csv", "clinics.csv", "offices.csv", "water.gpkg", "stations.csv",
    }  # fmt: skip
    for name, entry in entries.items():
        assert entry.sha256 == sha256_of(folder / name)
        assert entry.attribution
        assert entry.addresses
        assert "127.0.0.1" not in "".join(entry.addresses)
    assert entries["stations.csv"].indicative
    assert not list(folder.glob("*.part*"))
    communes = pyogrio.read_dataframe(folder / "communes.gpkg")
    assert sorted(communes["commune_code"]) == sorted(c["commune_code"] for c in area.communes)
    project = read_project(write_project(folder, PROVINCE, "vi"))
    assert project.province.code == "33"
    coarse = project.model_copy(update={"grid": project.grid.model_copy(update={"cell_m": 2000.0})})
    layers = read_layers(coarse)  # raises where the project would not run
    assert len(layers.stations) == 3
    assert {f.code for f in layers.faults} >= {"stations.indicative-source"}
    assert all(agent.startswith("phusong/") for agent in publisher.log("agents"))
    with pytest.raises(FileExistsError):
        write_project(folder, PROVINCE, "vi")


def test_osm_objects_become_rows_in_the_projects_columns(line, tmp_path, area):
    folder = tmp_path / "tinh"
    kinds = ("boundaries", "roads", "villages", "places", "water", "stations")
    fetch_province(PROVINCE, folder, line(), kinds=kinds)
    villages = pyogrio.read_dataframe(folder / "villages.csv", read_geometry=False)
    assert sorted(villages["name"]) == ["Thôn Hai", "Thôn Một"]
    stations = pyogrio.read_dataframe(folder / "stations.csv", read_geometry=False)
    columns = ("operator", "technology", "antenna_height_m")
    told = sorted(zip(*(stations[c] for c in columns), strict=True))
    assert told == [("", "2G", ""), ("", "4G", ""), ("Viettel", "4G", "45")]
    roads = pyogrio.read_dataframe(folder / "roads.gpkg")
    assert list(roads["class"]) == ["primary"]
    schools = pyogrio.read_dataframe(folder / "schools.csv", read_geometry=False)
    middle = float(area.communes[0]["lon"]) + 0.001
    assert [float(x) for x in schools["lon"]] == pytest.approx([middle], abs=1e-6)
    assert pyogrio.read_info(folder / "water.gpkg")["features"] == 1


def test_a_window_is_the_publishers_pixels_and_little_more(line, tmp_path, area, publisher, published):
    fetch_province(PROVINCE, tmp_path / "tinh", line(), kinds=["population", "terrain"])
    with (
        rasterio.open(tmp_path / "tinh" / "population.tif") as ours,
        rasterio.open(file_of(published, WORLDPOP)) as theirs,
    ):
        window = theirs.window(*ours.bounds).round_offsets().round_lengths()
        np.testing.assert_array_equal(ours.read(1), theirs.read(1, window=window))
        west, south, east, north = area.bounds
        assert ours.bounds.left <= west
        assert ours.bounds.top >= north
        assert ours.bounds.right >= east
        assert ours.bounds.bottom <= south
    whole = file_of(published, WORLDPOP).stat().st_size
    assert publisher.sent(on(WORLDPOP)) < whole / 2
    with rasterio.open(tmp_path / "tinh" / "terrain.tif") as raster:
        heights = raster.read(1)
        rows, columns = np.indices(heights.shape)
        x, y = rasterio.transform.xy(raster.transform, rows.ravel(), columns.ravel())
        np.testing.assert_allclose(heights.ravel(), height_at(np.array(x), np.array(y)), atol=1)


def test_sea_has_no_tiles_and_land_that_lacks_one_is_told(line, tmp_path, area, publisher):
    from phusong.layers.sources.area import tiles_of

    tiles = tiles_of(BY_ID["copernicus-glo30"], area)
    publisher.fail(on(tiles[-1].address), *[404] * 9)
    (outcome,) = fetch_province(PROVINCE, tmp_path / "tinh", line(), kinds=["terrain"])
    assert outcome.taken is not None
    (note,) = outcome.taken.notes
    assert note.values == {"n": 1}
    with rasterio.open(tmp_path / "tinh" / "terrain.tif") as raster:
        _, south, east, _ = tiles[-1].bounds
        x, y = min(east, area.bounds[2]) - 0.05, max(south, area.bounds[1]) + 0.05
        assert next(raster.sample([(x, y)]))[0] == 0
    (all_gone,) = fetch_province(
        PROVINCE, tmp_path / "tinh", line(mirror=publisher.url + "/nowhere"), kinds=["terrain"]
    )
    assert all_gone.error is None  # from the cache, but for the tile that is sea


@pytest.mark.parametrize(
    ("kind", "source"),
    [
        ("population", "worldpop-1km"), ("population", "ghs-pop"), ("terrain", "nasadem"),
        ("boundaries", "geoboundaries"),
    ],
)  # fmt: skip
def test_the_other_sources_bring_their_layer(line, tmp_path, kind, source, area):
    (outcome,) = fetch_province(
        PROVINCE, tmp_path / "tinh", line(), kinds=[kind], choices={kind: source}
    )
    assert outcome.error is None
    assert outcome.taken is not None
    if kind == "boundaries":
        communes = pyogrio.read_dataframe(tmp_path / "tinh" / "communes.gpkg")
        assert len(communes) == len(area.communes)
        assert read_sources(tmp_path / "tinh")["communes.gpkg"].indicative
    if source == "ghs-pop":
        with rasterio.open(tmp_path / "tinh" / "population.tif") as raster:
            assert (raster.read(1) == 3.0).all()
    assert "sig=abc" not in json.dumps(outcome.taken.addresses)


def test_hrsl_is_read_through_its_list_of_rasters(line, tmp_path):
    (outcome,) = fetch_province(
        PROVINCE, tmp_path / "tinh", line(), kinds=["population"], choices={"population": "hrsl"}
    )
    assert outcome.error is None
    with rasterio.open(tmp_path / "tinh" / "population.tif") as raster:
        assert (raster.read(1) == 1.5).all()


FAULTS = [
    ([404] * 9, MISSING), ([429] * 9, BUSY), ([503] * 9, BUSY), (["page"] * 9, WEB_PAGE),
    ([("cut", 1000)] * 9, CUT),
]  # fmt: skip


@pytest.mark.parametrize(("faults", "expected"), FAULTS, ids=["404", "429", "503", "page", "cut"])
def test_a_download_that_fails_leaves_no_file(line, publisher, faults, expected):
    publisher.fail(on(EXTRACT), *faults)
    with pytest.raises(SourceError) as caught:
        download(line(tries=3), EXTRACT)
    assert caught.value.text is expected
    assert not cached_path(line(), EXTRACT).exists()


@pytest.mark.parametrize("fault", [429, 500, ("cut", 3000), ("cut", 0)])
def test_a_passing_fault_is_got_over(line, publisher, published, fault):
    publisher.fail(on(EXTRACT), fault)
    path = download(line(), EXTRACT)
    assert path.read_bytes() == file_of(published, EXTRACT).read_bytes()


def test_a_cut_download_goes_on_where_it_ended(line, publisher, published):
    whole = file_of(published, EXTRACT).read_bytes()
    publisher.fail(on(EXTRACT), ("cut", 2000))
    with pytest.raises(SourceError):
        download(line(tries=1), EXTRACT)
    part = part_of(cached_path(line(), EXTRACT))
    assert part.read_bytes() == whole[:2000]
    assert download(line(), EXTRACT).read_bytes() == whole
    assert publisher.log("asked")[-1][1] == "bytes=2000-"
    assert publisher.sent(on(EXTRACT)) == len(whole)
    assert not part.exists()


def test_a_file_that_changed_meanwhile_is_not_joined_with_its_former_beginning(line, tmp_path, area, server):
    folder = tmp_path / "own"
    file = file_of(folder, EXTRACT)
    write_extract(file, area)
    Publisher(server, folder).fail(on(EXTRACT), ("cut", 2000))
    with pytest.raises(SourceError):
        download(line(tries=1, mirror=server), EXTRACT)
    write_extract(file, area, leave_out=3)
    Publisher(server, folder)
    assert download(line(mirror=server), EXTRACT).read_bytes() == file.read_bytes()


def test_a_redirect_is_followed(line, publisher, published):
    publisher.fail(on(EXTRACT), ("redirect", on(EXTRACT)))
    assert download(line(), EXTRACT).read_bytes() == file_of(published, EXTRACT).read_bytes()


def test_a_trickle_is_given_up(line, publisher):
    publisher.fail(on(EXTRACT), *[("slow", 0.02)] * 2)
    with pytest.raises(SourceError) as caught:
        download(line(tries=2, slow_s=0.2, slow_bytes_per_s=1000.0), EXTRACT)
    assert caught.value.text is SLOW


def test_a_wrong_checksum_is_refused_and_not_resumed(line, publisher):
    with pytest.raises(SourceError) as caught:
        download(line(), EXTRACT, checksum="md5:" + "0" * 32)
    assert caught.value.text is CHECKSUM
    path = cached_path(line(), EXTRACT)
    assert not path.exists()
    assert not part_of(path).exists()


def test_the_publishers_checksum_is_used(line, publisher, tmp_path):
    publisher.fail(on(EXTRACT) + ".md5", "page")
    (outcome,) = fetch_province(PROVINCE, tmp_path / "tinh", line(), kinds=["roads"])
    assert outcome.taken is None
    (outcome,) = fetch_province(PROVINCE, tmp_path / "tinh", line(), kinds=["roads"])
    assert outcome.taken is not None


def test_nobody_there(tmp_path):
    with pytest.raises(SourceError) as caught:
        download(Line(tmp_path, mirror="http://127.0.0.1:9", wait_s=0.0, tries=2), EXTRACT)
    assert caught.value.text is DOWN


def test_offline_takes_what_the_cache_has_and_nothing_else(line, tmp_path, publisher):
    folder = tmp_path / "tinh"
    fetch_province(PROVINCE, folder, line(), kinds=["population"])
    before = len(publisher.log("asked"))
    got, lacking = fetch_province(
        PROVINCE, tmp_path / "other", line(offline=True), kinds=["population", "terrain"]
    )
    assert len(publisher.log("asked")) == before
    assert got.taken is not None
    assert isinstance(lacking.error, SourceError)
    assert lacking.error.text is OFFLINE
    assert (tmp_path / "other" / "population.tif").read_bytes() == (folder / "population.tif").read_bytes()


@pytest.mark.parametrize("fault", ["page", ("cut", 200), ("short", 100), 404], ids=str)
def test_a_raster_that_breaks_is_no_raster(line, publisher, tmp_path, fault):
    first = [] if fault in ("page", 404) else [None]
    publisher.fail(on(WORLDPOP), *first, *[fault] * 20)
    (outcome,) = fetch_province(PROVINCE, tmp_path / "tinh", line(tries=2), kinds=["population"])
    assert isinstance(outcome.error, SourceError)
    assert not (tmp_path / "tinh" / "population.tif").exists()
    assert [s.id for s in outcome.instead][:1] == ["worldpop-1km"]
    publisher.fail(on(WORLDPOP))
    (again,) = fetch_province(PROVINCE, tmp_path / "tinh", line(), kinds=["population"])
    assert again.taken is not None


def test_a_server_without_ranges_gives_the_same_window(line, publisher, area, tmp_path):
    parts = take_window(line(), WORLDPOP, area.bounds)
    publisher.tell(ranges=False)
    whole = take_window(Line(tmp_path / "fresh", mirror=publisher.url), WORLDPOP, area.bounds)
    assert parts is not None
    assert whole is not None
    assert parts.path.read_bytes() == whole.path.read_bytes()


def _one_process(cache: str, url: str, queue) -> None:
    queue.put(download(Line(Path(cache), mirror=url), EXTRACT).stat().st_size)


def test_two_processes_on_one_cache_fetch_once(tmp_path, publisher, published):
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    given = (str(tmp_path), publisher.url, queue)
    both = [context.Process(target=_one_process, args=given) for _ in range(2)]
    for process in both:
        process.start()
    sizes = [queue.get(timeout=30) for _ in both]
    for process in both:
        process.join()
    size = file_of(published, EXTRACT).stat().st_size
    assert sizes == [size, size]
    assert publisher.sent(on(EXTRACT)) == size


def test_own_files_are_not_overwritten(line, tmp_path):
    folder = tmp_path / "tinh"
    folder.mkdir()
    (folder / "stations.csv").write_text("site_id\nA\n")
    (outcome,) = fetch_province(PROVINCE, folder, line(), kinds=["stations"])
    assert isinstance(outcome.error, ExpectedError)
    assert (folder / "stations.csv").read_text() == "site_id\nA\n"
    (outcome,) = fetch_province(PROVINCE, folder, line(), kinds=["stations"], force=True)
    assert outcome.taken is not None


def test_a_licence_that_forbids_a_use_is_refused(line, tmp_path, publisher, published, area):
    from publisher import publish_boundaries

    choices = {"boundaries": "gadm"}
    (outcome,) = fetch_province(PROVINCE, tmp_path / "t", line(), kinds=["boundaries"], choices=choices)
    assert "GADM" in str(outcome.error)
    address = BY_ID["geoboundaries"].address
    choices = {"boundaries": "geoboundaries"}
    publish_boundaries(published, address, area, "Creative Commons Attribution-NonCommercial 3.0")
    (outcome,) = fetch_province(PROVINCE, tmp_path / "t", line(), kinds=["boundaries"], choices=choices)
    publish_boundaries(published, address, area)
    assert "NonCommercial" in str(outcome.error)
    assert not (tmp_path / "t" / "communes.gpkg").exists()


def test_communes_that_lack_a_boundary_are_named(tmp_path, area, server):
    folder = tmp_path / "own"
    write_extract(file_of(folder, EXTRACT), area, leave_out=2)
    file = file_of(folder, EXTRACT)
    import hashlib

    file.with_name(file.name + ".md5").write_text(hashlib.md5(file.read_bytes()).hexdigest())
    one = Line(tmp_path / "cache", mirror=Publisher(server, folder).url, wait_s=0.0)
    (outcome,) = fetch_province(PROVINCE, tmp_path / "tinh", one, kinds=["boundaries"])
    assert outcome.taken is not None
    said = {note.text.en: note.values for note in outcome.taken.notes}
    lacking = next(v for text, v in said.items() if text.startswith("No boundary"))
    names = ", ".join(sorted(c["commune_name"] for c in area.communes[-2:]))
    assert lacking == {"n": 2, "names": names}


def test_opencellid_needs_a_token_and_tells_a_refusal(line, tmp_path, published, monkeypatch, area):
    import gzip

    monkeypatch.delenv("OPENCELLID_TOKEN", raising=False)
    choices = {"stations": "opencellid"}
    ask = {"kinds": ["stations"], "choices": choices}
    (outcome,) = fetch_province(PROVINCE, tmp_path / "t", line(), **ask)
    assert "OPENCELLID_TOKEN" in str(outcome.error)
    monkeypatch.setenv("OPENCELLID_TOKEN", "pk.secret")
    file = published / "opencellid.org/ocid/downloads"
    file.write_text('{"status":"error","message":"INVALID_TOKEN"}')
    (outcome,) = fetch_province(PROVINCE, tmp_path / "t", line(), **ask)
    assert "INVALID_TOKEN" in str(outcome.error)
    publish_cells(file, area)
    (outcome,) = fetch_province(PROVINCE, tmp_path / "t", line(), **ask)
    assert outcome.error is None
    assert outcome.taken is not None
    assert outcome.taken.rows == {"stations": 1}
    assert "pk.secret" not in (tmp_path / "t" / "sources.json").read_text()
    world = {**ask, "choices": {"stations": "opencellid-world"}}  # at the same address but for its query
    (outcome,) = fetch_province(PROVINCE, tmp_path / "t", line(), **world)
    assert outcome.taken is not None
    assert outcome.taken.rows == {"stations": 1}
    file.write_bytes(gzip.compress(b"LTE,452,4,1,2\n"))
    (outcome,) = fetch_province(PROVINCE, tmp_path / "t", line(refresh=True), **ask)
    publish_cells(file, area)
    assert outcome.error is not None


def test_unknown_kinds_and_sources_are_told(line, tmp_path):
    with pytest.raises(ExpectedError, match="landcover"):
        fetch_province(PROVINCE, tmp_path, line(), kinds=["forest"])
    with pytest.raises(ExpectedError, match="worldpop-100m"):
        fetch_province(PROVINCE, tmp_path, line(), kinds=["population"], choices={"population": "x"})


def test_islands_far_out_do_not_make_the_box_a_sea():
    for code, name in (("48", "Hoàng Sa"), ("56", "Trường Sa")):
        found = area_of(provinces()[code])
        assert any(name in far for far in found.far)
        west, south, east, north = found.bounds
        assert east - west < 4
        assert north - south < 4
