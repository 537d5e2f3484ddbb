"""The page over all provinces shows what became of each, harmlessly."""

from __future__ import annotations

import csv
import dataclasses
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
import shapely

from phusong.coverage.result import Result
from phusong.data.language import LANGUAGES
from phusong.maps.batch.page import render_batch, write_summary
from phusong.maps.batch.run import ProvinceRun
from phusong.maps.colours import PERCENT_BREAKS
from phusong.maps.geometry import province_outline
from phusong.maps.inset import EAST, WEST

RUNS = [
    ProvinceRun("52", "Gia Lai", "a/phusong.toml", "done", (), 41.2, 900.0, "52",
                {"4G": (3_000_000.5, 3_400_000.0), "fibre": (3_400_000.0, 3_400_000.0)}),
    ProvinceRun("68", "Lâm Đồng", "b/phusong.toml", "skipped", (), 0.1, folder="68",
                indicators={"4G": (1_000_000.0, 3_000_000.0)}),
    ProvinceRun("x", "<script>alert(1)</script>", "c", "failed",
                ('=HYPERLINK("http://x.org")', "Lỗi <b>"), 1.0),
    ProvinceRun("y", "=1+1", "d", "done", (), 1.0, folder='../a b"><script>', indicators={"5G": (0.0, 0.0)}),
]


SQUARE = (((108.0, 13.0), (109.0, 13.0), (109.0, 14.0), (108.0, 14.0)),)
ELSEWHERE = (((6.0, 0.0), (7.0, 0.0), (7.0, 1.0)),)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_page_says_what_became_of_each() -> None:
    reader = _Reader()
    reader.feed(render_batch(RUNS, "vi"))
    text = " ".join(reader.text)
    assert "2 tỉnh tính xong, 1 tỉnh giữ nguyên vì không đổi, 1 tỉnh lỗi." in text
    assert "88,2%" in text
    assert "3.000.001/3.400.000" in text or "3.000.000/3.400.000" in text
    assert "62,5%" in text  # 4,000,000.5 of 6,400,000
    table = _Reader()
    table.feed(render_batch(RUNS, "vi").split("<table", 1)[1])
    links = [attrs["href"] for tag, attrs in table.tags if tag == "a"]
    assert links[:2] == ["52/index.html", "68/index.html"]
    assert links[2] == "../a%20b%22%3E%3Cscript%3E/index.html"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_page_asks_no_host_and_runs_no_name(lang: str) -> None:
    page = render_batch(RUNS, lang)  # type: ignore[arg-type]
    reader = _Reader()
    reader.feed(page)
    assert [tag for tag, _ in reader.tags].count("script") == 1
    assert not [a for _, a in reader.tags if (a.get("src") or a.get("href") or "").startswith(("http", "//"))]
    policies = [a["content"] for tag, a in reader.tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert policies[0]
    assert policies[0].startswith("default-src 'none'; ")
    assert "alert(1)" not in re.sub("&lt;script&gt;alert\\(1\\)&lt;/script&gt;", "", page)


def test_no_provinces() -> None:
    assert "Không có tỉnh nào." in render_batch([], "vi")


def test_tables_beside_the_page(tmp_path: Path) -> None:
    assert write_summary(RUNS, tmp_path / "out", "vi") == tmp_path / "out" / "index.html"
    names = sorted(p.name for p in (tmp_path / "out").iterdir())
    assert names == ["index.html", "summary.csv", "summary.json"]
    with (tmp_path / "out" / "summary.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["code"] for row in rows] == ["52", "68", "x", "y"]
    assert float(rows[0]["4G_people_covered"]) == 3_000_000.5
    assert rows[1]["fibre_people"] == ""
    assert rows[2]["message"].startswith("'=HYPERLINK")
    assert rows[3]["name"] == "'=1+1"
    document = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))
    assert document["provinces"][2]["messages"][0] == '=HYPERLINK("http://x.org")'
    assert document["provinces"][3]["population"]["5G"]["percent"] is None
    assert document["provinces"][1]["peak_mb"] is None


def _drawn(*runs: ProvinceRun) -> str:
    return render_batch(runs, "vi")


def test_a_province_is_drawn_where_it_lies_in_its_colour() -> None:
    low = dataclasses.replace(RUNS[0], outline=SQUARE)
    page = _drawn(low, *RUNS[1:])
    assert page.count('class="unit ') == 2  # one map per service that it has: 4G and fibre
    assert 'class="unit c3"' in page  # 88.2 %
    assert f'class="unit c{len(PERCENT_BREAKS)}"' in page  # all
    assert "Quần đảo Hoàng Sa" in page
    assert "Quần đảo Trường Sa" in page
    shape = re.search(r'class="unit c3" d="M([\d.]+) ([\d.]+)L', page)
    assert shape is not None
    x = (108.0 - WEST) / (EAST - WEST) * 420.0
    assert float(shape.group(1)) == pytest.approx(x, abs=0.1)
    west_to_east = re.search(r'class="unit c3" d="M[\d.]+ ([\d.]+)L([\d.]+) ([\d.]+)L[\d.]+ ([\d.]+)', page)
    assert west_to_east is not None
    south, _, _, north = map(float, west_to_east.groups())
    assert north < south  # north is up


def test_other_countries_have_a_map_of_their_own() -> None:
    page = _drawn(dataclasses.replace(RUNS[0], outline=ELSEWHERE))
    assert 'class="unit ' in page
    assert "Hoàng Sa" not in page


def test_ranking_goes_from_high_to_low() -> None:
    page = _drawn(RUNS[1], RUNS[0])
    order = re.findall(r"<li><a[^>]*>([^<]+)</a>", page)
    assert order[:2] == ["Gia Lai", "Lâm Đồng"]


def test_the_outline_of_a_result_is_small_and_holds_its_communes(tiny_result: Result) -> None:
    rings = province_outline(tiny_result.layers.communes)
    assert len(rings) == 1
    west, south, east, north = tiny_result.layers.communes.to_crs(4326).total_bounds
    box = shapely.Polygon(rings[0]).bounds
    assert box == pytest.approx((west, south, east, north), abs=0.02)
    assert len(rings[0]) < 60
