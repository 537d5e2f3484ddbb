"""The pages work inside a frame of a dashboard, sandboxed too, and the data say their version."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from chromium import CHROMIUM, FLAGS, MARKS

from phusong.coverage.result import Result
from phusong.maps import gis, tables
from phusong.maps.map_page.page import render_map
from phusong.maps.report.page import render_report

pytestmark = MARKS

HOST = """<!DOCTYPE html><html lang="vi"><title>IOC</title>
<iframe id="framed" title="phusong" src="{page}" {sandbox} width="1100" height="650"></iframe></html>"""


@pytest.mark.parametrize("sandbox", ["", 'sandbox="allow-scripts"'])
@pytest.mark.parametrize("name", ["map.html", "index.html"])
def test_a_page_lives_in_a_frame(tiny_result: Result, tmp_path: Path, name: str, sandbox: str) -> None:
    from playwright.sync_api import sync_playwright

    render = render_map if name == "map.html" else render_report
    (tmp_path / name).write_text(render(tiny_result, "vi"), encoding="utf-8")
    (tmp_path / "host.html").write_text(HOST.format(page=name, sandbox=sandbox), encoding="utf-8")
    wrong: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1200, "height": 700})
        page.on("console", lambda m: wrong.append(m.text))
        page.on("pageerror", lambda e: wrong.append(str(e)))
        page.goto((tmp_path / "host.html").as_uri())
        frame = page.frame_locator("#framed")
        if name == "map.html":
            frame.locator("html[data-ready='1']").wait_for(timeout=20_000)
            before = frame.locator("#summary").inner_text()
            frame.locator('input[name="service"][value="1"]').check(force=True)
            assert frame.locator("#summary").inner_text() != before
        else:
            frame.locator("#filter").fill("quy nhon")
            assert frame.locator("#table tbody tr:visible").count() == 1
        browser.close()
    assert not wrong


def test_geojson_says_what_it_is(tiny_result: Result, tmp_path: Path) -> None:
    gis.write_communes_geojson(tiny_result, tmp_path / "communes.geojson")
    read = json.loads((tmp_path / "communes.geojson").read_text(encoding="utf-8"))
    assert read["schema"] == "phusong.communes"
    assert re.fullmatch(r"\d+\.\d+", read["version"])
    assert read["province"] == {
        "code": "00", "name": tiny_result.layers.project.province.name, "as_of": "2026-06-30",
        "code_vintage": tables.code_vintage(tiny_result),
    }  # fmt: skip
    assert [f["id"] for f in read["features"]] == tiny_result.layers.communes["commune_code"].tolist()
    tables.write_indicators_json(tiny_result, tmp_path / "indicators.json")
    whole = json.loads((tmp_path / "indicators.json").read_text(encoding="utf-8"))
    assert whole["schema"] == "phusong.indicators"
    wanted = {"level": "commune", "service": "4G", "operator": "any", "indicator": "population"}
    by_code = {row["code"]: row["percent"] for row in whole["indicators"] if wanted.items() <= row.items()}
    shown = {f["id"]: f["properties"]["4g_any_pct"] for f in read["features"]}
    assert shown == pytest.approx(by_code)
