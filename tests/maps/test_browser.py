"""The pages in Chromium, from files on disk: no request, no complaint, every control does its work."""

from __future__ import annotations

import base64
import dataclasses
import html
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tiny_province import COMMUNES

from phusong.coverage.result import ANY, Result
from phusong.data.language import format_number
from phusong.layers.project.tiles import MapTable
from phusong.maps.figures import Figures
from phusong.maps.map_page.page import render_map
from phusong.maps.public import public_result
from phusong.maps.report.page import render_report

ARTIFACTS = Path(__file__).parents[2] / "test-artifacts"
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]
CHROMIUM = os.environ.get("PHUSONG_CHROMIUM") or shutil.which("chromium")
DESK, PHONE = (1280, 800), (390, 844)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None and os.environ.get("PHUSONG_REQUIRE_BROWSER") != "1", reason="no Chromium"
    ),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def folder(tiny_result: Result, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    for lang in ("vi", "en"):
        (folder / lang).mkdir()
        (folder / lang / "map.html").write_text(render_map(tiny_result, lang), encoding="utf-8")
        (folder / lang / "index.html").write_text(render_report(tiny_result, lang), encoding="utf-8")
    return folder


Open = Callable[..., Any]


@pytest.fixture
def open_page(browser: Any, folder: Path) -> Iterator[Open]:
    """Open a page; whatever it asks for or complains about fails the test at its end."""
    wrong: list[str] = []
    contexts = []

    def go(name: str, size: tuple[int, int] = DESK, lang: str = "vi", hash_: str = "", **options: Any) -> Any:
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", lambda m: wrong.append(f"{m.type}: {m.text}"))
        page.on("pageerror", lambda e: wrong.append(f"error: {e}"))
        page.on("dialog", lambda d: (wrong.append(f"dialog: {d.message}"), d.dismiss()))
        known = ("data:", folder.as_uri())
        page.on("request", lambda r: None if r.url.startswith(known) else wrong.append(f"request: {r.url}"))
        page.goto((folder / lang / name).as_uri() + hash_)
        if name == "map.html":
            page.wait_for_selector("html[data-ready='1']")
        return page

    yield go
    for context in contexts:
        context.close()
    assert not wrong


def _shot(page: Any, name: str) -> None:
    ARTIFACTS.mkdir(exist_ok=True)
    page.wait_for_timeout(300)
    page.screenshot(path=str(ARTIFACTS / f"{name}.png"))


def _data(page: Any) -> dict[str, Any]:
    """All data of a map page: what is drawn first, and what comes behind the scripts."""
    return {
        key: value
        for block in ("#phusong-data", "#phusong-late")
        for key, value in json.loads(page.locator(block).text_content()).items()
    }


def _fills(page: Any) -> list[str]:
    """The colour of every commune as it is drawn."""
    return list(page.evaluate(
        "() => { const out = []; map_phusong.eachLayer(l => { const o = l.options;"
        " if (l instanceof L.Polygon && o.fillColor && o.interactive)"
        " out.push(o.fillColor + '/' + o.fillOpacity); }); return out; }"
    ))


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("size", [DESK, PHONE])
@pytest.mark.parametrize("name", ["map.html", "index.html"])
def test_opens_in_silence_and_fits(open_page: Open, name: str, size: tuple[int, int], lang: str) -> None:
    page = open_page(name, size, lang)
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert page.locator("html").get_attribute("lang") == lang
    _shot(page, f"{name.removesuffix('.html')}-{size[0]}-{lang}")


def test_service_recolours_communes_and_gaps(open_page: Open) -> None:
    page = open_page("map.html")
    data = _data(page)
    seen, summaries = [], []
    for k in range(3):
        page.check(f'input[name="service"][value="{k}"]', force=True)
        seen.append(tuple(_fills(page)))
        summaries.append(page.inner_text("#summary"))
        page.click("#tab-gaps")
        assert page.locator("#pane-gaps li").count() == len(data["gaps"][k]["rows"])
    assert len(set(seen)) == 3
    assert len(set(summaries)) == 3
    assert "93,2%" in summaries[0]
    assert "85.612/91.813" in summaries[0]


def test_operator_changes_figures_and_overlay(open_page: Open) -> None:
    page = open_page("map.html")
    page.check('input[name="colour"][value="signal"]')
    before = page.locator(".leaflet-signal-pane img").get_attribute("src")
    page.select_option("#operator", label="Mạng B")
    assert "66,8%" in page.inner_text("#summary")
    after = page.locator(".leaflet-signal-pane img").get_attribute("src")
    assert before != after
    page.check('input[name="service"][value="2"]', force=True)
    assert "không có số liệu" in page.inner_text("#summary")
    assert page.locator(".leaflet-signal-pane img").count() == 0


def test_colour_by_area_and_opacity(open_page: Open) -> None:
    page = open_page("map.html")
    assert page.locator(".leaflet-signal-pane img").count() == 0
    page.check('input[name="colour"][value="signal"]')
    image = page.locator(".leaflet-signal-pane img")
    assert image.count() == 1
    assert image.evaluate("i => i.complete && i.naturalWidth > 50")
    assert all(fill.endswith("/0") for fill in _fills(page))
    page.locator("#opacity").fill("40")
    assert image.evaluate("i => i.style.opacity") == "0.4"
    assert "chưa đạt tiêu chí" in page.inner_text("#legend")
    _shot(page, "map-signal")
    page.check('input[name="colour"][value="none"]')
    assert page.locator(".leaflet-signal-pane img").count() == 0


@pytest.mark.parametrize("layer", ["gaps", "places0", "places1", "stations", "fibre", "zones", "relief"])
def test_every_layer_switches(open_page: Open, layer: str) -> None:
    page = open_page("map.html")
    count = (
        "() => { let n = document.querySelectorAll('.leaflet-relief-pane img').length;"
        " map_phusong.eachLayer(l => { if (l instanceof L.Path) n += 1; }); return n; }"
    )
    box = page.locator(f'input[name="{layer}"]')
    shown = box.is_checked()
    before = page.evaluate(count)
    box.set_checked(not shown)
    between = page.evaluate(count)
    assert (between < before) if shown else (between > before)
    box.set_checked(shown)
    assert page.evaluate(count) == before


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Ia Grai", "Xã Ia Grai"), ("ia grai", "Xã Ia Grai"), ("Quy Nhơn", "Phường Quy Nhơn"),
        ("qui nhon", "Phường Quy Nhơn"), ("dak doa", "Xã Đắk Đoa"), ("ĐẮK ĐOA", "Xã Đắk Đoa"),
        ("00106", "Xã Ayun Hạ & “Pờ Tó”"), ("script alert", "<script>alert(1)</script>"),
    ],
)
def test_search_finds_with_and_without_marks(open_page: Open, typed: str, name: str) -> None:
    page = open_page("map.html")
    page.fill("#search", typed)
    assert page.locator("#found li").first.inner_text().startswith(name)
    page.keyboard.press("Enter")
    assert page.inner_text("#card h2") == name
    assert page.locator("#found").is_hidden()


def test_search_finds_villages_and_says_when_it_does_not(open_page: Open) -> None:
    page = open_page("map.html")
    page.fill("#search", "doan ket")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    assert page.input_value("#search") == "Thôn Đoàn Kết"
    assert page.locator('input[name="places0"]').is_checked()
    page.fill("#search", "zzzz")
    assert "Không tìm thấy" in page.inner_text("#found")
    page.keyboard.press("Escape")
    assert page.locator("#found").is_hidden()


def test_click_on_a_commune_shows_its_card(open_page: Open, tiny_result: Result) -> None:
    page = open_page("map.html")
    frame = page.locator(".folium-map").bounding_box()
    at = page.evaluate(
        "() => { let p; map_phusong.eachLayer(l => { if (!p && l instanceof L.Polygon && l.getTooltip())"
        " p = map_phusong.latLngToContainerPoint(l.getBounds().getSouthWest()); }); return [p.x, p.y]; }"
    )
    page.mouse.move(frame["x"] + at[0] + 60, frame["y"] + at[1] - 18)
    page.mouse.click(frame["x"] + at[0] + 60, frame["y"] + at[1] - 18)
    assert page.inner_text("#card h2") == "Xã Ia Grai"
    card = page.inner_text("#card")
    figures = Figures(tiny_result)
    for service in figures.services:
        ratio = figures.commune("00101", service, "population")
        assert ratio is not None
        assert ratio.counts("vi") in card
        assert ratio.share("vi") in card
        assert figures.criterion(service, "vi") in card
    homes = figures.commune("00101", "fibre", "households")
    assert homes is not None
    assert homes.counts("vi") in card
    assert "30/06/2026" in card
    left = tiny_result.places
    left = left[(left.service == "4G") & (left.operator == ANY) & ~left.served]
    left = left[left.commune_code == "00101"]
    assert f"4G, {len(left)})" in card
    for name in left.name:
        assert name[:100] in card
    _shot(page, "map-card")
    page.keyboard.press("Escape")
    assert page.locator("#card").is_hidden()


def test_every_commune_agrees_with_the_table(open_page: Open, tiny_result: Result) -> None:
    page = open_page("map.html")
    figures = Figures(tiny_result)
    page.click("#tab-communes")
    listed = page.inner_text("#pane-communes")
    for code, name in COMMUNES:
        ratio = figures.commune(code, "4G", "population")
        assert ratio is not None
        assert f"{ratio.counts('vi')} người" in listed
        assert ratio.share("vi") in listed
        assert name in listed
    shares = page.locator("#pane-communes .v").all_inner_texts()
    values = [float(s.removesuffix("%").replace(",", ".")) for s in shares]
    assert values == sorted(values)


def test_gap_list_and_map_agree(open_page: Open, tiny_result: Result) -> None:
    page = open_page("map.html")
    page.click("#tab-gaps")
    mine = tiny_result.gaps[tiny_result.gaps.service == "4G"]
    assert page.locator("#pane-gaps .n").all_inner_texts() == [str(r) for r in mine["rank"]]
    for people in mine.people:
        assert f"{format_number(people, 'vi', 0)} người" in page.inner_text("#pane-gaps")
    page.click('[data-gap="3"]')
    page.wait_for_timeout(600)
    lon, lat = mine.iloc[2][["lon", "lat"]]
    inside = page.evaluate(f"map_phusong.getBounds().contains([{lat}, {lon}])")
    assert inside
    assert page.evaluate("phusongState.gap") == 3


def test_keyboard_alone_is_enough(open_page: Open) -> None:
    page = open_page("map.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.focus("#tab-map")
    page.keyboard.press("ArrowRight")
    assert page.locator("#pane-gaps").is_visible()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator("#card h2").is_visible()
    page.wait_for_timeout(800)
    zoom = page.evaluate("map_phusong.getZoom()")
    page.focus(".folium-map")
    page.keyboard.press("+")
    page.wait_for_timeout(800)
    assert page.evaluate("map_phusong.getZoom()") > zoom


def test_home_theme_panel_and_address(open_page: Open) -> None:
    page = open_page("map.html", hash_="#dv=5G&xa=00102")
    assert page.locator('input[name="service"][value="1"]').is_checked()
    assert page.inner_text("#card h2") == "Phường Quy Nhơn"
    page.click('[aria-label="Toàn tỉnh"]')
    page.wait_for_timeout(600)
    south, west, north, east = _data(page)["province"]["bounds"]
    assert page.evaluate(f"map_phusong.getBounds().contains([[{south}, {west}], [{north}, {east}]])")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.click("#theme")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    _shot(page, "map-dark")
    page.click("#toggle")
    assert page.locator("#panel").is_hidden()
    assert page.locator("#key").is_visible()
    assert page.get_attribute("#toggle", "aria-expanded") == "false"


def test_map_scale_north_inset_and_notes(open_page: Open) -> None:
    page = open_page("map.html")
    assert "km" in page.inner_text(".leaflet-control-scale")
    assert page.locator("#north").is_visible()
    assert "Hoàng Sa" in page.locator("#inset").text_content()
    assert page.locator(".leaflet-control-attribution a").count() == 0
    assert "chưa đo kiểm" in page.inner_text(".notes")
    assert "MINH HỌA" in page.inner_text(".banner")


def test_phone_panel_opens_and_shuts(open_page: Open) -> None:
    page = open_page("map.html", PHONE, has_touch=True)
    assert page.evaluate("document.body.classList.contains('panel-off')")
    page.click("#toggle")
    assert not page.evaluate("document.body.classList.contains('panel-off')")
    page.fill("#search", "ia grai")
    page.keyboard.press("Enter")
    assert page.locator("#card h2").is_visible()
    _shot(page, "map-card-390")


def test_report_table_sorts(open_page: Open) -> None:
    page = open_page("index.html")
    head = page.locator("#table thead th").nth(3)
    for order, sign in (("ascending", 1), ("descending", -1)):
        head.locator("button").click()
        assert head.get_attribute("aria-sort") == order
        values = page.eval_on_selector_all(
            "#table tbody tr", "rows => rows.map(r => Number(r.cells[3].dataset.v))"
        )
        assert values == sorted(values, reverse=sign < 0)
    page.locator("#table thead th button").first.click()
    names = page.locator("#table tbody th").all_inner_texts()
    assert names.index("Phường Quy Nhơn") < names.index("Xã Đắk Đoa") < names.index("Xã Ia Grai")


@pytest.mark.parametrize("typed", ["Đắk", "dak doa", "00103"])
def test_report_table_filters(open_page: Open, typed: str) -> None:
    page = open_page("index.html")
    page.fill("#filter", typed)
    assert page.locator("#table tbody tr:visible").count() == 1
    assert page.inner_text("#table tbody tr:visible th") == "Xã Đắk Đoa"
    assert page.inner_text("#shown") == "Hiện 1/6 xã"
    page.fill("#filter", "")
    page.fill("#below", "95")
    shares = page.eval_on_selector_all(
        "#table tbody tr", "rows => rows.map(r => [r.hidden, Number(r.cells[3].dataset.v)])"
    )
    assert all(hidden == (share >= 95) for hidden, share in shares)
    assert 0 < sum(not hidden for hidden, _ in shares) < 6


def test_numbers_of_the_report_are_those_of_the_table(open_page: Open, tiny_result: Result) -> None:
    page = open_page("index.html")
    figures = Figures(tiny_result)
    cards = page.locator(".card").all_inner_texts()
    for service, card in zip(figures.services, cards, strict=True):
        ratio = figures.province(service, "population")
        assert ratio is not None
        assert ratio.share("vi") in card
        assert ratio.counts("vi") in card
    rows = page.eval_on_selector_all(
        "#table tbody tr", "rows => rows.map(r => [r.cells[1].textContent, Number(r.cells[3].dataset.v)])"
    )
    assert [code for code, _ in rows] == [code for code, _ in COMMUNES]
    for code, percent in rows:
        table = tiny_result.indicators
        row = table[(table.code == code) & (table.service == "4G") & (table.operator == ANY)
                    & (table.indicator == "population")].iloc[0]
        assert percent == pytest.approx(row.percent, rel=1e-5)


def test_report_shows_the_map_on_request(open_page: Open) -> None:
    page = open_page("index.html")
    assert page.locator("iframe").count() == 0
    page.click("#embed")
    frame = page.frame_locator("#frame iframe")
    assert "93,2%" in frame.locator("#summary").inner_text()
    page.click("#embed")
    assert page.locator("#frame").is_hidden()
    page.click("#table >> text=Xã Đắk Đoa")
    page.wait_for_selector("html[data-ready='1']")
    assert page.inner_text("#card h2") == "Xã Đắk Đoa"


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("size", [DESK, PHONE, (844, 390)])
def test_the_contents_hide_nothing_and_lead_where_they_say(
    open_page: Open, size: tuple[int, int], lang: str
) -> None:
    page = open_page("index.html", size, lang)
    boxes = page.eval_on_selector_all(
        "nav a", "all => all.map(a => { const b = a.getBoundingClientRect();"
        " return [b.left, b.right, b.height]; })"
    )  # fmt: skip
    assert len(boxes) == page.locator("main > section").count() > 15
    assert all(left >= 0 and right <= size[0] for left, right, _ in boxes)
    assert min(high for *_, high in boxes) >= 24  # WCAG 2.2, 2.5.8
    wide, high = page.evaluate("(n => [n.scrollWidth - n.clientWidth, n.offsetHeight])"
                               "(document.querySelector('nav'))")  # fmt: skip
    assert wide == 0
    assert high <= (72 if size == DESK else 200)
    for part in ("gaps", "sources"):
        page.click(f"nav a[href='#{part}']")
        page.wait_for_function(
            "part => document.querySelector(`#${part} h2`).getBoundingClientRect().top < innerHeight",
            arg=part,
        )
        top = page.evaluate(f"document.querySelector('#{part} h2').getBoundingClientRect().top")
        nav = page.evaluate("document.querySelector('nav').getBoundingClientRect().bottom")
        assert max(nav, 0) <= top
        if size == DESK:
            assert page.locator(".up").is_hidden()
            continue
        assert nav <= 0  # no third of a small screen is held by the contents
        page.click(".up")
        page.wait_for_function("document.querySelector('nav').getBoundingClientRect().bottom > 0")


def test_report_reads_without_script(open_page: Open) -> None:
    page = open_page("index.html", java_script_enabled=False)
    assert "Phủ sóng 4G đạt 93,2% dân số" in page.inner_text("main")
    assert page.locator("svg.communes").count() == 3
    assert page.locator("#table tbody tr").count() == 6


def test_report_names_its_parts_for_screen_readers(open_page: Open) -> None:
    page = open_page("index.html")
    assert page.locator("table").count() == page.locator("table > caption").count()
    assert page.locator("th:not([scope])").count() == 0
    unnamed = page.evaluate(
        "() => [...document.querySelectorAll('input, select')].filter(f => !f.labels.length).length"
    )
    assert unnamed == 0
    dead = page.evaluate(
        "() => [...document.querySelectorAll('a[href^=\"#\"]')].map(a => a.getAttribute('href').slice(1))"
        ".filter(id => !document.getElementById(id))"
    )
    assert dead == []
    twice = page.evaluate(
        "() => { const ids = [...document.querySelectorAll('[id]')].map(n => n.id);"
        " return ids.length - new Set(ids).size; }"
    )
    assert twice == 0
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"


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
    _shot(page, f"{name.removesuffix('.html')}-{scheme}")


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
        _shot(page, "map-tiles")
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
