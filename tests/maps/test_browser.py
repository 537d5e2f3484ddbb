"""Both pages in Chromium, from files on disk: no request, no complaint, legible, printed; tiles if asked."""

from __future__ import annotations

import base64
import dataclasses
import html
import re
from pathlib import Path
from typing import Any

import pytest
from chromium import ARTIFACTS, DESK, MARKS, PHONE, Open, shot

from phusong.coverage.result import Result
from phusong.layers.project.tiles import MapTable
from phusong.maps.map_page.page import render_map
from phusong.maps.public import public_result

pytestmark = MARKS


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("size", [DESK, PHONE])
@pytest.mark.parametrize("name", ["map.html", "index.html"])
def test_opens_in_silence_and_fits(open_page: Open, name: str, size: tuple[int, int], lang: str) -> None:
    page = open_page(name, size, lang)
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert page.locator("html").get_attribute("lang") == lang
    shot(page, f"{name.removesuffix('.html')}-{size[0]}-{lang}")


_CONTRAST = """() => {
  const rgb = text => text.match(/[\\d.]+/g).map(Number);
  const part = v => v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4;
  const light = c => 0.2126 * part(c[0]) + 0.7152 * part(c[1]) + 0.0722 * part(c[2]);
  const ground = node => {
    for (let n = node; n; n = n.parentElement) {
      const c = rgb(getComputedStyle(n).backgroundColor);
      if (c.length < 4 || c[3] > 0.8) return c.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const bad = [];
  for (const node of document.querySelectorAll('body *')) {
    if (!node.checkVisibility() || node.closest('svg, .sr, .skip')) continue;
    if (![...node.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
    const a = light(rgb(getComputedStyle(node).color)), b = light(ground(node));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) bad.push(node.tagName + '.' + node.className + ' ' + ratio.toFixed(2));
  }
  return bad;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["map.html", "index.html"])
def test_text_has_contrast(open_page: Open, name: str, scheme: str) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1 for text."""
    page = open_page(name, color_scheme=scheme)
    assert page.evaluate(_CONTRAST) == []
    shot(page, f"{name.removesuffix('.html')}-{scheme}")


def test_report_prints_on_a4(open_page: Open) -> None:
    page = open_page("index.html")
    ARTIFACTS.mkdir(exist_ok=True)
    pdf = page.pdf(path=str(ARTIFACTS / "index.pdf"), prefer_css_page_size=True)
    assert pdf.startswith(b"%PDF")
    assert b"/MediaBox [0 0 594.95996 841.91998]" in pdf or b"/MediaBox [0 0 595" in pdf
    page.emulate_media(media="print")
    assert page.locator("nav").is_hidden()
    assert page.locator("#table").is_visible()
    # The maps of three services stand side by side, and end where the first page does: 297 mm less margins.
    page.set_viewport_size({"width": round(184 / 25.4 * 96), "height": 900})
    top = "all => all.map(f => Math.round(f.getBoundingClientRect().top))"
    tops = page.eval_on_selector_all("#maps figure", top)
    assert len(tops) == 3
    assert len(set(tops)) == 1
    end = page.eval_on_selector("#maps", "e => e.getBoundingClientRect().bottom + scrollY")
    assert end <= 269 / 25.4 * 96


def test_long_tables_fold_on_paper_and_are_printed_whole_when_asked(open_page: Open) -> None:
    page = open_page("index.html")
    shown = "() => [...document.querySelectorAll('#table tbody tr')].filter(r => r.checkVisibility()).length"
    # Of six communes none folds; a seventh to thirtieth row would.
    page.evaluate(
        "() => { const body = document.querySelector('#table tbody');"
        " for (let k = 0; k < 24; k++) { const row = body.rows[0].cloneNode(true); row.className = 'fold';"
        " body.append(row); } }"
    )
    assert page.evaluate(shown) == 30
    page.emulate_media(media="print")
    assert page.evaluate(shown) == 6
    page.emulate_media(media="screen")
    page.check("#whole")
    page.emulate_media(media="print")
    assert page.evaluate(shown) == 30


def test_map_prints_on_one_page_with_its_legend(open_page: Open) -> None:
    page = open_page("map.html")
    ARTIFACTS.mkdir(exist_ok=True)
    pdf = page.pdf(path=str(ARTIFACTS / "map.pdf"), prefer_css_page_size=True)
    assert pdf.count(b"/Type /Page\n") == 1
    page.emulate_media(media="print")
    assert page.locator("#key").is_visible()
    assert page.locator("#summary").is_visible()
    assert page.locator(".tools").is_hidden()


def _with_tiles(result: Result, **more: Any) -> Result:
    table = MapTable(
        tiles="https://tiles.example/{z}/{x}/{y}.png", tiles_attribution="<b>Nền</b> © Ai đó", **more
    )
    project = result.layers.project.model_copy(update={"map": table})
    return dataclasses.replace(result, layers=dataclasses.replace(result.layers, project=project))


def test_tiles_are_offered_only_where_asked_for(tiny_result: Result) -> None:
    bare, asked = render_map(tiny_result, "vi"), render_map(_with_tiles(tiny_result), "vi")
    policy = re.compile(r'http-equiv="Content-Security-Policy" content="([^"]*)"')
    before, after = (
        dict(rule.split(" ", 1) for rule in html.unescape(policy.findall(page)[0]).split("; "))
        for page in (bare, asked)
    )
    assert after.pop("img-src") == "data: https://tiles.example"
    assert before.pop("img-src") == "data:"
    assert set(before.pop("script-src").split()) < set(after.pop("script-src").split())
    assert before == after
    added = re.compile(
        r'<meta http-equiv="Content-Security-Policy"[^>]*>|'
        r'<script type="application/json" id="phusong-tiles">.*?</script>\n|'
        r"<script>(?=[^<]*phusongTiles).*?</script>\n", re.DOTALL,
    )  # fmt: skip
    left = re.sub(added, "", asked)
    assert "phusongTiles" in asked
    assert "https://tiles.example" not in left
    assert left == re.sub(added, "", bare)
    assert render_map(public_result(_with_tiles(tiny_result)), "vi") == render_map(
        public_result(tiny_result), "vi"
    )
    assert "tiles.example" in render_map(public_result(_with_tiles(tiny_result, tiles_public=True)), "vi")


def test_tiles_come_after_the_click_and_from_their_host_alone(
    browser: Any, tiny_result: Result, tmp_path: Path
) -> None:
    file = tmp_path / "map.html"
    file.write_text(render_map(_with_tiles(tiny_result), "vi", before=tiny_result), encoding="utf-8")
    dot = base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
    )
    asked: list[str] = []
    wrong: list[str] = []
    context = browser.new_context(viewport={"width": DESK[0], "height": DESK[1]})

    def answer(route: Any) -> None:
        """Give the tile, or nothing as where there is no network."""
        asked.append(route.request.url)
        if "/9/" in route.request.url:
            route.abort()
        else:
            route.fulfill(status=200, content_type="image/png", body=dot)

    try:
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.route(re.compile("^(?!file:|data:)"), answer)
        page.on("pageerror", lambda e: wrong.append(str(e)))
        page.on("console", lambda m: wrong.append(m.text) if "net::ERR_FAILED" not in m.text else None)
        page.goto(file.as_uri())
        page.wait_for_selector("html[data-ready='1']")
        page.uncheck("#layers input[name=gaps]")
        page.wait_for_timeout(300)
        assert asked == []
        page.locator("label", has_text="Bản đồ nền trực tuyến").click()
        page.wait_for_selector("img.leaflet-tile-loaded", state="attached")
        assert page.locator(".leaflet-control-attribution").inner_text().endswith("<b>Nền</b> © Ai đó")
        page.evaluate("map_phusong.setZoom(9, {animate: false})")
        page.wait_for_timeout(500)
        shot(page, "map-tiles")
        assert any("/9/" in url for url in asked)
        assert all(re.fullmatch(r"https://tiles\.example/\d+/\d+/\d+\.png", url) for url in asked)
        broken = "i => i.filter(e => e.complete && !e.naturalWidth).length"
        assert page.eval_on_selector_all("img.leaflet-tile", broken) == 0
        # The switch outlives the pane's being filled anew, as it stands.
        page.fill("#search", "Thôn 9")
        page.press("#search", "Enter")
        assert page.is_checked("input[name=tiles]")
        page.uncheck("input[name=tiles]")
        page.wait_for_timeout(100)
        seen = len(asked)
        page.evaluate("map_phusong.setZoom(12, {animate: false})")
        page.wait_for_timeout(300)
        assert len(asked) == seen
        assert page.locator("img.leaflet-tile").count() == 0
        # What is no image, or of another host, the policy keeps out all the same.
        page.evaluate("() => { new Image().src = 'https://other.example/a.png'; return 1; }")
        page.wait_for_timeout(200)
        assert len(asked) == seen
    finally:
        context.close()
    assert all("other.example" in said for said in wrong)
    assert wrong
