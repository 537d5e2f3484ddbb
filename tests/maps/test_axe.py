"""No page has a serious fault for who reads it by keyboard, screen reader or with weak sight (axe-core)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from axe_core import MARKS, violations

from phusong.coverage.result import Result
from phusong.maps.batch.page import render_batch
from phusong.maps.batch.run import ProvinceRun
from phusong.maps.map_page.page import render_map
from phusong.maps.report.page import render_report

pytestmark = MARKS


PAGES = {"map.html": render_map, "index.html": render_report}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("name", [*PAGES, "batch.html"])
def test_axe_finds_nothing_serious(
    browser: Any, tiny_result: Result, tmp_path: Path, name: str, lang: Any, scheme: str
) -> None:
    if name == "batch.html":
        runs = [
            ProvinceRun("52", "Gia Lai", "p", "done", (), 3.0, 80.0, "52", {"4G": (8.0, 10.0)},
                        (((108.0, 13.0), (109.0, 13.0), (109.0, 14.0)),)),
            ProvinceRun("68", "Lâm Đồng", "p", "failed", ("hỏng",), 1.0),
        ]
        text = render_batch(runs, lang)
    else:
        text = PAGES[name](tiny_result, lang)
    (tmp_path / name).write_text(text, encoding="utf-8")
    # A test's own script is no part of the page: its policy is checked by the other browser tests.
    size = {"width": 1280, "height": 800}
    context = browser.new_context(color_scheme=scheme, bypass_csp=True, viewport=size)
    page = context.new_page()
    try:
        page.goto((tmp_path / name).as_uri())
        if name == "map.html":
            page.wait_for_selector("html[data-ready='1']")
            assert violations(page) == []
            page.click("#tab-gaps")
            page.click("#pane-gaps [data-gap]")
            assert violations(page) == []
            page.click("#tab-communes")
            page.click("#pane-communes [data-commune]")
        assert violations(page) == []
    finally:
        context.close()


@pytest.mark.parametrize("name", list(PAGES))
def test_axe_finds_nothing_serious_on_a_phone(
    browser: Any, tiny_result: Result, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_text(PAGES[name](tiny_result, "vi"), encoding="utf-8")
    context = browser.new_context(bypass_csp=True, viewport={"width": 390, "height": 844})
    page = context.new_page()
    try:
        page.goto((tmp_path / name).as_uri())
        if name == "map.html":
            page.wait_for_selector("html[data-ready='1']")
        assert violations(page) == []
    finally:
        context.close()


def test_axe_sees_what_is_wrong(browser: Any) -> None:
    page = browser.new_page()
    page.set_content("<html><body><img src='data:,'><p style='color:#ddd'>pale</p></body></html>")
    found = " ".join(violations(page))
    page.close()
    assert "image-alt" in found
    assert "color-contrast" in found
    assert "html-has-lang" in found
