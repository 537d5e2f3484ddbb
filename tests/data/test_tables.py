import importlib.util
import math
import sqlite3
from collections import Counter
from pathlib import Path

import pyproj
import pytest

from phusong.data.tables import (
    bands,
    bandwidths_mhz,
    provinces,
    reference_offset_db,
    resource_blocks,
    technology_defaults,
)


def units() -> Path:
    spec = importlib.util.find_spec("vietnamadminunits")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "data" / "dataset.db"


def test_defaults_agree_with_resource_blocks():
    defaults = technology_defaults()
    assert list(defaults) == ["2G", "3G", "4G", "5G"]
    for name in ("4G", "5G"):
        assert resource_blocks(name, defaults[name].bandwidth_mhz) == defaults[name].n_rb
    assert all(d.source for d in defaults.values())


def test_tables_cannot_be_changed():
    with pytest.raises(TypeError):
        technology_defaults()["6G"] = technology_defaults()["5G"]  # type: ignore[index]


def test_resource_blocks_fill_the_channel_but_not_more():
    for technology, spacing_khz in (("4G", 15), ("5G", 30)):
        for width in bandwidths_mhz(technology):
            occupied_mhz = resource_blocks(technology, width) * 12 * spacing_khz / 1000
            assert 0.75 * width < occupied_mhz < width


def test_reference_offset():
    assert reference_offset_db("4G", 20) == pytest.approx(10 * math.log10(1200))
    assert reference_offset_db("5G", 100) == pytest.approx(35.1534, abs=1e-3)
    assert reference_offset_db("2G", 0.2) == 0.0
    with pytest.raises(ValueError, match=r"bandwidth_mhz is 7, but 4G .* 1\.4, 3, 5"):
        reference_offset_db("4G", 7)


def test_default_bands_exist():
    names = {band.name: band for band in bands()}
    for d in technology_defaults().values():
        assert d.technology in names[f"{d.frequency_mhz:g}"].technologies
    assert all(b.downlink_low_mhz < b.downlink_high_mhz and b.source for b in bands())


def test_provinces_agree_with_the_register_of_units():
    with sqlite3.connect(f"file:{units()}?mode=ro", uri=True) as connection:
        counted = Counter(code for (code,) in connection.execute("select provinceCode from admin_units"))
        names = dict(connection.execute("select provinceCode, provinceShort from admin_units"))
    connection.close()
    assert {code: p.communes for code, p in provinces().items()} == counted
    assert {code: p.name for code, p in provinces().items()} == names
    assert sum(len(p.former) for p in provinces().values()) == 63


def test_zones_of_provinces_have_the_meridian_they_say():
    for province in provinces().values():
        for epsg in province.tm3_candidates:
            crs = pyproj.CRS.from_epsg(epsg)
            assert "VN-2000 / TM-3" in crs.name
            if epsg == province.tm3_epsg:
                operation = crs.coordinate_operation
                assert operation is not None
                longitude = {p.name: p.value for p in operation.params}["Longitude of natural origin"]
                assert longitude == province.central_meridian_deg
    assert provinces()["52"].tm3_candidates == (9217, 9218)
