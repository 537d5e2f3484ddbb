"""Before and after on the map: the slider shows the earlier colours where it says so."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from chromium import CHROMIUM, FLAGS, MARKS
from test_axe import violations

from phusong.coverage.result import Result
from phusong.data.language import format_percent
from phusong.layers.grid import GridMismatchError, Raster
from phusong.maps.colours import PERCENT_COLOURS, css, percent_class
from phusong.maps.map_page.before import before_data
from phusong.maps.map_page.page import render_map

pytestmark = MARKS

GAP_RGB = (143, 56, 0)


@pytest.fixture(scope="module")
def earlier(tiny_result: Result) -> Result:
    """The province with half of everybody's 4G, and no coverage in the west."""
    table = tiny_result.indicators.copy()
    mine = (table["indicator"] == "population") & (table["service"] == "4G")
    table.loc[mine, "numerator"] *= 0.5
    table.loc[mine, "percent"] *= 0.5
    reaches = dict(tiny_result.reaches)
    for key, reach in reaches.items():
        covered = reach.covered.values.copy()
        covered[:, : covered.shape[1] // 2] = False
        reaches[key] = dataclasses.replace(reach, covered=Raster(covered, reach.covered.grid))
    return dataclasses.replace(tiny_result, indicators=table, reaches=reaches)


@pytest.fixture(scope="module")
def page(tiny_result: Result, earlier: Result, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    path = tmp_path_factory.mktemp("swipe") / "map.html"
    path.write_text(render_map(tiny_result, "vi", before=earlier), encoding="utf-8")
    wrong: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.on("console", lambda m: wrong.append(m.text))
        page.on("pageerror", lambda e: wrong.append(str(e)))
        page.on("request", lambda r: None if r.url.startswith(("file:", "data:")) else wrong.append(r.url))
        page.goto(path.as_uri())
        page.wait_for_selector("html[data-ready='1']")
        yield page
        browser.close()
    assert not wrong


def _width(page: Any) -> float:
    """Where the earlier colours end, from the left edge of the map, in pixels of the screen."""
    return float(page.evaluate(
        "() => { const path = map_phusong.getPane('beforeFill').style.clipPath;"
        " const x = path.match(/-?[\\d.]+px/g).filter((_, k) => k % 2 === 0).map(parseFloat);"
        " return map_phusong.layerPointToContainerPoint([Math.max(...x), 0]).x; }"
    ))


def test_the_slider_cuts_the_earlier_colours(page: Any) -> None:
    wide = page.locator(".folium-map").bounding_box()["width"]
    assert _width(page) == pytest.approx(wide / 2, abs=2)
    page.focus("#swipe")
    for _ in range(20):
        page.keyboard.press("ArrowLeft")
    assert _width(page) == pytest.approx(wide * 0.3, abs=2)
    page.evaluate("map_phusong.panBy([60, 30], {animate: false})")
    page.evaluate("map_phusong.setZoom(map_phusong.getZoom() + 0.5, {animate: false})")
    assert _width(page) == pytest.approx(wide * 0.3, abs=2)
    assert page.locator("#swipeline").bounding_box()["x"] == pytest.approx(
        page.locator(".folium-map").bounding_box()["x"] + wide * 0.3, abs=3
    )


def _gap_pixels(page: Any, at: int) -> int:
    """Count the pixels of the map in the colour of numbered gaps, with the slider at a per cent."""
    import matplotlib.image

    page.evaluate(
        "at => { const s = document.getElementById('swipe'); s.value = at;"
        " s.dispatchEvent(new Event('input', {bubbles: true})); }", at,
    )
    page.wait_for_timeout(300)
    seen = matplotlib.image.imread(io.BytesIO(page.locator(".folium-map").screenshot()), format="png")
    return int((np.abs(seen[..., :3] * 255 - np.array(GAP_RGB)) < 14).all(axis=-1).sum())


def test_nothing_of_now_stands_where_then_is_shown(page: Any) -> None:
    assert _gap_pixels(page, 0) > 200
    assert _gap_pixels(page, 100) == 0
    _gap_pixels(page, 50)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_communes_have_the_colours_of_then(page: Any, earlier: Result, tiny_result: Result) -> None:
    drawn = page.evaluate(
        "() => { const out = []; map_phusong.eachLayer(l => { const o = l.options;"
        " if (l instanceof L.Polygon && o.pane === 'beforeFill') out.push(o.fillColor); }); return out; }"
    )
    query = "level == 'commune' and service == '4G' and operator == 'any' and indicator == 'population'"
    then, now = (r.indicators.query(query)["percent"].tolist() for r in (earlier, tiny_result))
    assert drawn == [css(PERCENT_COLOURS[percent_class(p)]) for p in then]
    assert drawn != [css(PERCENT_COLOURS[percent_class(p)]) for p in now]
    whole = earlier.indicators.query(query.replace("commune", "province")).iloc[0]
    assert f"Trước: {format_percent(whole.numerator, whole.denominator, 'vi')}" in page.inner_text("#summary")


def test_signal_of_then_lies_above_and_communes_can_still_be_chosen(page: Any) -> None:
    page.check('input[name="colour"][value="signal"]')
    images = page.locator(".leaflet-beforeFill-pane img")
    assert images.count() == 1
    assert images.first.get_attribute("src") != page.locator(".leaflet-signal-pane img").get_attribute("src")
    page.check('input[name="colour"][value="commune"]')
    assert images.count() == 0
    box = page.locator(".folium-map").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.4)
    page.wait_for_selector("#card:not([hidden]) h2", timeout=5_000)


def test_axe_finds_nothing_serious_on_it(page: Any) -> None:
    assert violations(page) == []


def test_both_sides_must_be_of_one_province(tiny_result: Result, earlier: Result) -> None:
    layers = tiny_result.layers
    other = dataclasses.replace(
        earlier, layers=dataclasses.replace(layers, grid=dataclasses.replace(layers.grid, left_m=1.0))
    )
    with pytest.raises(GridMismatchError):
        before_data(other, tiny_result, "vi")
    fewer = dataclasses.replace(earlier, layers=dataclasses.replace(layers, communes=layers.communes[:3]))
    with pytest.raises(ValueError, match="same communes"):
        before_data(fewer, tiny_result, "vi")


def test_the_earlier_image_differs_only_where_coverage_does(tiny_result: Result, earlier: Result) -> None:
    same = before_data(tiny_result, tiny_result, "en")
    query = "level == 'province' and service == '4G' and operator == 'any' and indicator == 'population'"
    whole = tiny_result.indicators.query(query).iloc[0]
    assert same["figures"]["0|0"][0] == pytest.approx([whole.numerator, whole.denominator], abs=0.01)
    other = before_data(earlier, tiny_result, "en")
    assert set(same["overlays"]) == set(other["overlays"])
    assert same["overlays"]["0|0"] != other["overlays"]["0|0"]
    assert np.isfinite([f[0] for f in other["figures"]["0|0"]]).all()
