"""The line to the servers: a proxy, servers that lie about ranges, a full disk, a spoilt cache."""

import resource
import signal

import pytest
import rasterio
from publisher import file_of

from phusong.data.source_table import public_sources
from phusong.data.tables import provinces
from phusong.layers.sources.fetch import fetch_province
from phusong.layers.sources.transfer import cached_path, download, part_of

PROVINCE = provinces()["33"]
BY_ID = {s.id: s for s in public_sources()}
EXTRACT = BY_ID["osm-roads"].address
WORLDPOP = BY_ID["worldpop-100m"].address


def on(address):
    return address.partition("://")[2]


def test_both_ways_of_fetching_go_through_the_proxy(line, tmp_path, publisher, monkeypatch):
    for name in ("http_proxy", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", publisher.url)
    outside = line(mirror="http://nowhere.invalid", tries=1)  # no such host: only the proxy can answer
    outcomes = fetch_province(PROVINCE, tmp_path / "tinh", outside, kinds=["population", "roads"])
    assert [str(o.error) for o in outcomes if o.error] == []
    assert publisher.sent(on(WORLDPOP)) > 0


def test_a_server_that_gives_other_parts_than_asked_for_gives_the_whole(
    line, tmp_path, publisher, published
):
    publisher.fail(on(WORLDPOP), *["lie"] * 40)
    (outcome,) = fetch_province(PROVINCE, tmp_path / "tinh", line(), kinds=["population"])
    assert outcome.error is None
    with rasterio.open(tmp_path / "tinh" / "population.tif") as raster:
        assert (raster.read(1) == 40.0).all()


def test_a_wrong_part_is_not_joined_to_what_is_there(line, publisher, published):
    publisher.fail(on(EXTRACT), ("cut", 2000), "lie")
    assert download(line(), EXTRACT).read_bytes() == file_of(published, EXTRACT).read_bytes()


def test_a_full_disk_is_told_at_once_and_the_beginning_kept(line, publisher, published):
    whole = file_of(published, EXTRACT).stat().st_size
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (whole // 2, before[1]))  # a file may grow no longer
    try:
        with pytest.raises(OSError, match="large"):
            download(line(), EXTRACT)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert len([path for path, _ in publisher.log("asked") if path == on(EXTRACT)]) == 1  # not asked again
    assert not cached_path(line(), EXTRACT).exists()
    assert part_of(cached_path(line(), EXTRACT)).stat().st_size <= whole // 2
    assert download(line(), EXTRACT).stat().st_size == whole


def test_what_is_spoilt_in_the_cache_is_taken_anew(line, tmp_path, publisher):
    kinds = ["population", "roads", "buildings"]
    for outcome in fetch_province(PROVINCE, tmp_path / "one", line(), kinds=kinds):
        assert outcome.error is None
    cache = tmp_path / "cache"
    spoilt = [*cache.rglob("*.pbf"), *cache.rglob("*.tif"), *cache.rglob("*.gpkg"), *cache.rglob("*.json")]
    assert len({path.suffix for path in spoilt}) == 4
    for path in spoilt:
        path.write_bytes(path.read_bytes()[:50] + b"spoilt")
    offline = fetch_province(PROVINCE, tmp_path / "two", line(offline=True), kinds=["roads"])
    assert "vietnam-latest.osm.pbf" in str(offline[0].error)
    for outcome in fetch_province(PROVINCE, tmp_path / "three", line(), kinds=kinds):
        assert outcome.error is None, str(outcome.error)
    for name in ("population.tif", "roads.gpkg", "buildings.gpkg"):
        assert (tmp_path / "three" / name).stat().st_size == (tmp_path / "one" / name).stat().st_size
