"""Downloads of OpenCelliD as stations that are marked as indicative."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
import small

HEADER = "radio,mcc,net,area,cell,unit,lon,lat,range,samples,changeable,created,updated,averageSignal\n"
ROWS = """\
LTE,452,4,5201,256001,0,108.05,14.05,1500,12,1,1500000000,1600000000,0
LTE,452,04,5201,256002,0,108.0501,14.0501,1500,3,1,1500000000,1600000000,0
UMTS,452,1,5202,4711,0,108.15,14.15,900,7,1,1500000000,1600000000,-80
GSM,452,2,5203,815,0,108.06,14.16,900,7,1,1500000000,1600000000,-80
NR,452,99,5203,815,0,108.06,14.06,900,7,1,1500000000,1600000000,-80
CDMA,452,3,1,1,0,108.06,14.06,900,7,1,1500000000,1600000000,-80
"""


@pytest.mark.parametrize(("name", "head"), [("452.csv", True), ("452.csv", False), ("452.csv.gz", False)])
def test_cells_become_stations(project: Path, name: str, head: bool) -> None:
    text = (HEADER if head else "") + ROWS
    data = gzip.compress(text.encode()) if name.endswith(".gz") else text.encode()
    (project.parent / name).write_bytes(data)
    project.write_text(project.read_text(encoding="utf-8").replace("stations.csv", name), encoding="utf-8")
    layers = small.layers_of(project)
    found = layers.stations
    assert found["operator"].tolist() == ["Viettel", "Viettel", "MobiFone", "VNPT", "452-99"]
    assert found["technology"].tolist() == ["4G", "4G", "3G", "2G", "5G"]
    assert found["site_id"].tolist()[:3] == ["452-04-eNB1000", "452-04-eNB1000", "452-01-3G-5202-4711"]
    assert found["cell_id"].is_unique
    assert found["lon"].tolist()[0] == 108.05
    codes = [f.code for f in layers.faults]
    for code in ("opencellid-indicative", "opencellid-left-out", "unknown-network-code"):
        assert f"stations.{code}" in codes


def test_another_table_is_not_taken_for_it(project: Path) -> None:
    assert not any("opencellid" in f.code for f in small.layers_of(project).faults)
