"""The map page in Chromium, from a file on disk: every control does its work."""

from __future__ import annotations

import pytest
from chromium import MARKS, PHONE, Open, fills, map_data, shot
from tiny_province import COMMUNES

from phusong.coverage.result import ANY, Result
from phusong.data.language import format_number
from phusong.maps.figures import Figures

pytestmark = MARKS


def test_service_recolours_communes_and_gaps(open_page: Open) -> None:
    page = open_page("map.html")
    data = map_data(page)
    seen, summaries = [], []
    for k in range(3):
        page.check(f'input[name="service"][value="{k}"]', force=True)
        seen.append(tuple(fills(page)))
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
    assert all(fill.endswith("/0") for fill in fills(page))
    page.locator("#opacity").fill("40")
    assert image.evaluate("i => i.style.opacity") == "0.4"
    assert "chưa đạt tiêu chí" in page.inner_text("#legend")
    shot(page, "map-signal")
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
    shot(page, "map-card")
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
    south, west, north, east = map_data(page)["province"]["bounds"]
    assert page.evaluate(f"map_phusong.getBounds().contains([[{south}, {west}], [{north}, {east}]])")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.click("#theme")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    shot(page, "map-dark")
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
    shot(page, "map-card-390")
