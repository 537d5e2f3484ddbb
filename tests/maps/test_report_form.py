"""The form for villages on the report page: every village of a commune, alone on paper, in any name."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from chromium import CHROMIUM, FLAGS, MARKS
from test_public import _marked
from tiny_province import OPERATORS, VILLAGE_NAMES

from phusong.coverage.result import Result
from phusong.data.language import LANGUAGES, Language
from phusong.maps.public import public_result
from phusong.maps.report.page import render_report


class _Form(HTMLParser):
    """What the options of the page say."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.villages: dict[str, list[list[str]]] = {}
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        own = dict(attrs)
        self.ids += [own["id"] or ""] if "id" in own else []
        if tag == "option" and own.get("data-villages") is not None:
            lines = (own["data-villages"] or "").split("\n")
            self.villages[own["value"] or ""] = [line.split("\t") for line in lines]


def _form(page: str) -> _Form:
    reader = _Form()
    reader.feed(page)
    return reader


def _with_names(result: Result) -> Result:
    """The made-up province with every hostile name, and two that would part a line."""
    names = [*VILLAGE_NAMES, "a\tb\nc", '" autofocus onfocus="alert(1)']
    frame = result.layers.places["villages"].copy()
    frame["name"] = [names[k % len(names)] for k in range(len(frame))]
    frame.loc[frame.index[: len(names)], "commune_code"] = "00101"
    layers = dataclasses.replace(result.layers, places={**result.layers.places, "villages": frame})
    return dataclasses.replace(result, layers=layers)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_village_stands_once_under_its_commune(tiny_result: Result, lang: Language) -> None:
    result = _with_names(tiny_result)
    page = render_report(result, lang)
    read = _form(page).villages
    frame = result.layers.places["villages"]
    assert all(len(pair) == 2 for pairs in read.values() for pair in pairs)
    assert sorted((code, own) for code, pairs in read.items() for own, _ in pairs) == sorted(
        zip(frame["commune_code"], frame["place_id"], strict=True)
    )
    said = [name for _, name in read["00101"]]
    for name in ("<script>alert(1)</script>", "</script><img src=x onerror=alert(1)>", "Làng O'Grang \"cũ\""):
        assert name in said
    assert '" autofocus onfocus="alert(1)' in said
    assert max(len(name) for name in said) == 80
    assert "<img" not in page
    assert "<script>alert" not in page


def test_a_public_report_has_the_form_only_where_villages_are_no_secret(tiny_result: Result) -> None:
    shown = render_report(public_result(tiny_result), "vi")
    assert len(_form(shown).villages) == len(_form(render_report(tiny_result, "vi")).villages) > 1
    assert not any(o in shown for o in OPERATORS)
    hidden = _form(render_report(public_result(_marked(tiny_result, "places.villages")), "vi"))
    assert hidden.villages == {}
    assert "form" not in hidden.ids


@pytest.fixture
def page(tiny_result: Result, tmp_path: Path) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    (tmp_path / "index.html").write_text(render_report(_with_names(tiny_result), "vi"), encoding="utf-8")
    wrong: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page()
        page.set_default_timeout(15_000)
        for event in ("console", "pageerror", "dialog"):
            page.on(event, lambda said: wrong.append(str(said)))
        page.goto((tmp_path / "index.html").as_uri())
        yield page
        browser.close()
    assert not wrong


@pytest.mark.browser
@MARKS[1]
def test_a_chosen_commune_is_printed_alone(page: Any) -> None:
    page.evaluate("() => { window.calls = 0; window.print = () => { window.calls += 1; }; }")
    page.emulate_media(media="print")
    assert not page.locator("#form").is_visible()
    before = page.inner_text("body")
    page.emulate_media(media="screen")
    assert not page.locator("#sheet").is_visible()
    page.select_option("#form-commune", "00101")
    lines = page.locator('option[value="00101"]').get_attribute("data-villages").split("\n")
    page.focus("#form-commune")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("window.calls") == 1
    page.emulate_media(media="print")
    rows = page.locator("#sheet tbody tr")
    assert rows.count() == len(lines) + 3
    shown = page.locator("#sheet tbody th").evaluate_all("a => a.map(th => th.firstChild.textContent)")
    assert shown[: len(lines)] == [line.split("\t")[1] for line in lines]
    assert page.inner_text("#sheet-commune") == "Xã Ia Grai (00101)"
    assert page.locator("#sheet thead th[colspan]").all_inner_texts() == list(OPERATORS)
    assert rows.first.locator("td").count() == 1 + 6 * len(OPERATORS)
    # Nothing but the sheet has a place on the paper.
    others = page.evaluate(
        "() => [...document.body.querySelectorAll('*')].filter(e => e.getClientRects().length &&"
        " !e.closest('#sheet') && !e.contains(document.getElementById('sheet'))).length"
    )
    assert others == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert 1 <= page.pdf(prefer_css_page_size=True).count(b"/Type /Page\n") <= 2
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.inner_text("body") == before
    assert not page.locator("#form").is_visible()
