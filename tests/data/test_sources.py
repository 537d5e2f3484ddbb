from urllib.parse import urlsplit

import pytest

from phusong.data.source_table import KINDS, LICENCES, USES, public_sources, sources_of
from phusong.data.tables import provinces
from phusong.layers.sources.area import area_of, tiles_of
from phusong.layers.sources.fetch import ADAPTERS

SOURCES = public_sources()


def test_ids_are_unique_and_every_kind_has_a_source():
    assert len({s.id for s in SOURCES}) == len(SOURCES)
    assert all(sources_of(kind) for kind in KINDS)


@pytest.mark.parametrize("source", SOURCES, ids=lambda s: s.id)
def test_every_row_is_complete(source):
    assert source.kind in KINDS
    assert source.licence in LICENCES
    assert set(source.forbids) <= set(USES)
    assert source.adapter in {*ADAPTERS, "none"}
    for word in (source.name, source.vintage, source.attribution, source.worth.vi, source.worth.en):
        assert word
    for address in (source.address, source.licence_url, source.documentation):
        assert urlsplit(address).scheme == "https"
    assert source.fields <= {"lat", "lon", "NS", "EW", "ns", "ew", "row", "column", "token"}
    assert ("token" in source.fields) == (bool(source.token_env))
    assert bool(source.tile_deg) == bool(source.fields - {"token"})
    assert (source.adapter == "none") == bool(source.forbids)


@pytest.mark.parametrize("code", provinces())
def test_addresses_render_for_every_province(code):
    area = area_of(provinces()[code])
    west, south, east, north = area.bounds
    assert 101.9 < west < east < 112
    assert 7 < south < north < 24
    for source in SOURCES:
        tiles = tiles_of(source, area)
        assert tiles
        assert len({t.address for t in tiles}) == len(tiles)
        for tile in tiles:
            assert "{" not in tile.address or source.token_env
        if source.tile_deg:  # every commune's point lies in one of the tiles
            for box in area.boxes:
                x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
                assert any(t.bounds[0] <= x <= t.bounds[2] and t.bounds[1] <= y <= t.bounds[3] for t in tiles)


def test_tiles_bear_the_publishers_names():
    # Quy Nhơn, 13.78 N 109.22 E; the names are those of the publishers' own listings.
    area = area_of(provinces()["52"])
    names = {s.id: {t.address.rpartition("/")[2] for t in tiles_of(s, area)} for s in SOURCES}
    assert "Copernicus_DSM_COG_10_N13_00_E109_00_DEM.tif" in names["copernicus-glo30"]
    assert "NASADEM_HGT_n13e109.tif" in names["nasadem"]
    assert "ESA_WorldCover_10m_2021_v200_N12E108_Map.tif" in names["worldcover"]
    assert names["ghs-pop"] == {"GHS_POP_E2025_GLOBE_R2023A_4326_3ss_V1_0_R8_C29.zip"}
