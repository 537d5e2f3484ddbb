"""The report in Chromium, from a file on disk: its tables, its contents, its numbers."""

from __future__ import annotations

import pytest
from chromium import DESK, MARKS, PHONE, Open
from tiny_province import COMMUNES

from phusong.coverage.result import ANY, Result
from phusong.maps.figures import Figures

pytestmark = MARKS


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
