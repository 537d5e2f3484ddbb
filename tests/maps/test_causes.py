"""Why a gap is one, in words: the same sentence everywhere, with the figures of its cause."""

from __future__ import annotations

import dataclasses
import io
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from phusong.coverage.result import Result
from phusong.maps.document.content import write_document
from phusong.maps.map_page.data import map_data
from phusong.maps.report.page import render_report
from phusong.maps.words import cause_sentence, distance_words
from phusong.maps.workbook.book import write_workbook

NAN = float("nan")
BARE = {
    "server_site_id": "", "shortfall_db": NAN, "terrain_db": NAN, "clutter_db": NAN, "ridge_m": NAN,
    "ridge_above_m": NAN,
}
TERRAIN = {
    "reason": "terrain", "server_site_id": "MO520000", "shortfall_db": 12.4, "terrain_db": 31.0,
    "clutter_db": 2.0, "ridge_m": 3_214.0, "ridge_above_m": 83.6,
}


@pytest.mark.parametrize(("gap", "vi", "en"), [
    (TERRAIN, "địa hình: sống đất cách trạm MO520000 3,2 km, cao hơn tia 84 m; thiếu 12 dB",
     "terrain: a ridge 3.2 km from site MO520000, 84 m above the ray; 12 dB short"),
    (TERRAIN | {"ridge_m": NAN, "ridge_above_m": NAN},
     "địa hình: làm mất thêm 31 dB trên đường từ trạm MO520000; thiếu 12 dB",
     "terrain: takes another 31 dB on the path from site MO520000; 12 dB short"),
    (TERRAIN | {"reason": "clutter", "clutter_db": 18.2, "shortfall_db": -3.0},
     "rừng, nhà cửa: làm mất thêm 18 dB trên đường từ trạm MO520000",
     "forest or buildings: take another 18 dB on the path from site MO520000"),
    (TERRAIN | {"reason": "power", "server_site_id": ""},
     "tín hiệu yếu: kể cả khi thông thoáng, trạm mạnh nhất vẫn không đủ mạnh; thiếu 12 dB",
     "weak signal: the strongest site would not do even over open ground; 12 dB short"),
    (BARE | {"reason": "power"}, "tín hiệu yếu, chưa đạt ngưỡng", "signal too weak for the criterion"),
    (BARE | {"reason": "no station in range"}, "không có trạm trong tầm", "no station in range"),
])  # fmt: skip
def test_a_cause_is_said_with_its_figures(gap: dict[str, Any], vi: str, en: str) -> None:
    assert cause_sentence(gap, "vi") == vi
    assert cause_sentence(gap, "en") == en


def test_distances_are_metres_then_kilometres() -> None:
    assert [distance_words(v, "vi") for v in (849.6, 3_214.0, NAN)] == ["850 m", "3,2 km", "–"]


def test_every_output_says_the_cause(tiny_result: Result, tmp_path: Path) -> None:
    gaps = tiny_result.gaps.copy()
    first = gaps.index[(gaps["service"] == "4G") & (gaps["rank"] == 1)][0]
    for name, value in TERRAIN.items():
        gaps.loc[first, name] = value
    result = dataclasses.replace(tiny_result, gaps=gaps)
    said = cause_sentence(TERRAIN, "vi")
    assert map_data(result, "vi")["gaps"][0]["rows"][0][7] == said
    assert said in render_report(result, "vi")
    write_document(result, tmp_path / "report.docx", "vi")
    with zipfile.ZipFile(tmp_path / "report.docx") as archive:
        assert said in archive.read("word/document.xml").decode()
    write_workbook(result, tmp_path / "report.xlsx", "vi")
    book = openpyxl.load_workbook(io.BytesIO((tmp_path / "report.xlsx").read_bytes()))
    rows = list(book["Vùng lõm"].iter_rows(values_only=True))
    head = list(rows[0])
    assert rows[1][head.index("Diễn giải")] == said
    assert rows[1][head.index("Thiếu (dB)")] == pytest.approx(12.4)
    assert rows[1][head.index("Nguyên nhân")] == "địa hình che khuất"
