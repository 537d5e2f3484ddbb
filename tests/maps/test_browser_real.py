"""The pages of a whole province: small enough, silent, and found what is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from chromium import ARTIFACTS, CHROMIUM, DESK, FLAGS, MARKS, PHONE, map_data

from phusong.data.language import format_number
from phusong.maps.figures import Figures
from phusong.maps.map_page.page import render_map
from phusong.maps.report.page import render_report

pytestmark = MARKS

PROJECT = Path(__file__).parents[2].parent / "shared" / "data" / "gia-lai" / "phusong.toml"
MOST_BYTES = 6_000_000
MOST_PAGES = 12


def _look(page: Any, name: str) -> bytes:
    """Keep what an official sees: on a desk, on a phone, on paper; return the print."""
    folder = ARTIFACTS / "gia-lai"
    folder.mkdir(parents=True, exist_ok=True)
    for wide, high in (PHONE, DESK):
        page.set_viewport_size({"width": wide, "height": high})
        page.wait_for_timeout(500)
        page.screenshot(path=str(folder / f"{name}-{wide}.png"))
        assert page.evaluate("document.documentElement.scrollWidth") <= wide
    return bytes(page.pdf(path=str(folder / f"{name}.pdf"), prefer_css_page_size=True))


@pytest.mark.slow
@pytest.mark.skipif(not PROJECT.exists(), reason="the shared data are absent")
def test_gia_lai_opens_small_and_silent(tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    from phusong.coverage.analyse import analyse
    from phusong.layers.project.file import read_project

    result = analyse(read_project(PROJECT))
    for name, render in (("map.html", render_map), ("index.html", render_report)):
        (tmp_path / name).write_text(render(result, "vi"), encoding="utf-8")
        assert (tmp_path / name).stat().st_size < MOST_BYTES
    said: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.on("console", lambda m: said.append(m.text))
        page.on("pageerror", lambda e: said.append(str(e)))
        page.on("request", lambda r: said.append(r.url) if not r.url.startswith(("file:", "data:")) else None)
        page.goto((tmp_path / "map.html").as_uri())
        page.wait_for_selector("html[data-ready='1']")
        assert len(map_data(page)["communes"]["name"]) == len(result.layers.communes) == 135
        for typed in ("Ia Grai", "ia grai", "Quy Nhơn"):
            name = "Phường Quy Nhơn" if typed == "Quy Nhơn" else "Xã Ia Grai"
            page.fill("#search", typed)
            assert name in [text.split("\n")[0] for text in page.locator("#found li").all_inner_texts()]
        _look(page, "map")
        page.goto((tmp_path / "index.html").as_uri())
        printed = _look(page, "index")
        rows = page.eval_on_selector_all(
            "#table tbody tr", "rows => rows.map(r => [r.cells[1].textContent, r.cells[3].textContent])"
        )
        browser.close()
    assert 4 <= printed.count(b"/Type /Page\n") <= MOST_PAGES
    figures = Figures(result)
    assert [code for code, _ in rows] == list(figures.codes)
    for code, shown in rows:
        table = result.indicators[result.indicators["code"] == code]
        row = table.query("service == '4G' and operator == 'any' and indicator == 'population'").iloc[0]
        assert shown.endswith(
            f"{format_number(row.numerator, 'vi', 0)}/{format_number(row.denominator, 'vi', 0)}"
        )
    assert not said
