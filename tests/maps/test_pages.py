"""The pages as text: nothing from outside, nothing from data as markup, the same bytes twice."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phusong.coverage.result import ANY, Result
from phusong.data.language import LANGUAGES, Language, Text, format_number
from phusong.maps import page_words, sentences
from phusong.maps.figures import Figures
from phusong.maps.inline import Page, asset, escape, leaflet_css, leaflet_js, safe_json
from phusong.maps.inset import inset_svg
from phusong.maps.map_page.before import page_data
from phusong.maps.map_page.page import LATE, render_map
from phusong.maps.report import words as report_words
from phusong.maps.report.page import render_report

RENDER = {"map": render_map, "report": render_report}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inline: list[tuple[str, dict[str, str | None], str]] = []
        self.text: list[str] = []
        self._open: tuple[str, dict[str, str | None]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open = (tag, dict(attrs)) if tag in ("script", "style") else None

    def handle_data(self, data: str) -> None:
        if self._open:
            self.inline.append((*self._open, data))
        else:
            self.text.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._open = None


def _read(page: str) -> _Reader:
    reader = _Reader()
    reader.feed(page)
    return reader


@pytest.fixture(scope="module")
def pages(tiny_result: Result) -> dict[tuple[str, Language], str]:
    return {(name, lang): render(tiny_result, lang) for name, render in RENDER.items() for lang in LANGUAGES}


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", sorted(RENDER))
def test_nothing_comes_from_outside(
    pages: dict[tuple[str, Language], str], name: str, lang: Language
) -> None:
    reader = _read(pages[name, lang])
    for tag, attributes in reader.tags:
        for key in ("src", "href", "action", "poster", "data"):
            value = attributes.get(key) or ""
            assert not re.match(r"(?i)\s*(https?:|//|ftp:|javascript:)", value), (tag, value)
        assert not [key for key in attributes if key.startswith("on")]
        assert "style" not in attributes
    assert not re.search(r"url\((?!data:)", "".join(text for tag, _, text in reader.inline if tag == "style"))


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", sorted(RENDER))
def test_policy_names_every_inlined_text(
    pages: dict[tuple[str, Language], str], name: str, lang: Language
) -> None:
    reader = _read(pages[name, lang])
    policy = next(a["content"] for _, a in reader.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert "*" not in policy
    for tag, attributes, text in reader.inline:
        if attributes.get("type") == "application/json":
            continue
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy, (tag, text[:60])


@pytest.mark.parametrize("name", sorted(RENDER))
def test_names_never_become_markup(pages: dict[tuple[str, Language], str], name: str) -> None:
    page = pages[name, "vi"]
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "<b>Mẫu" not in page
    assert "\u2028" not in page
    scripts = [a for tag, a in _read(page).tags if tag == "script"]
    assert len(scripts) == (6 if name == "map" else 1)


def test_hostile_names_are_shown_as_they_are(pages: dict[tuple[str, Language], str]) -> None:
    shown = "".join(_read(pages["report", "vi"]).text)
    assert "<script>alert(1)</script>" in shown
    assert '=HYPERLINK("http://example.org";"x")' in shown
    data = page_data(pages["map", "vi"])
    assert "<script>alert(1)</script>" in data["communes"]["name"]
    assert all(len(n) <= 120 for layer in data["places"] for n in layer["name"])


@pytest.mark.parametrize("name", sorted(RENDER))
def test_same_result_same_bytes(
    tiny_result: Result, pages: dict[tuple[str, Language], str], name: str
) -> None:
    assert RENDER[name](tiny_result, "vi") == pages[name, "vi"]


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", sorted(RENDER))
def test_what_must_be_said(
    pages: dict[tuple[str, Language], str], tiny_result: Result, name: str, lang: Language
) -> None:
    page = html.unescape(pages[name, lang])
    for text in (page_words.PREDICTED, page_words.NOT_BOUNDARY, page_words.ILLUSTRATION):
        assert text.say(lang) in page
    assert "Hoàng Sa" in page
    assert "Trường Sa" in page
    assert f'<html lang="{lang}">' in page
    assert Figures(tiny_result).as_of(lang) in page


def test_a_real_province_carries_no_banner(tiny_result: Result) -> None:
    import dataclasses

    project = tiny_result.layers.project
    named = project.model_copy(update={"province": project.province.model_copy(update={"name": "Gia Lai"})})
    result = dataclasses.replace(tiny_result, layers=dataclasses.replace(tiny_result.layers, project=named))
    for render in RENDER.values():
        assert page_words.ILLUSTRATION.say("vi") not in html.unescape(render(result, "vi"))


def test_a_province_with_next_to_nothing(tiny_result: Result) -> None:
    """No places, gaps, fibre, terrain, households, roads or zones: the pages still say what there is."""
    import dataclasses

    layers = dataclasses.replace(
        tiny_result.layers, places={}, zones={}, households=None, fibre_nodes=None, fibre_routes=None,
        terrain=None, clutter=None, roads=None, sources=(),
    )
    result = dataclasses.replace(
        tiny_result, layers=layers, places=tiny_result.places.iloc[:0], gaps=tiny_result.gaps.iloc[:0],
        faults=(), reaches={k: v for k, v in tiny_result.reaches.items() if k[0] != "fibre"}, scattered={},
    )
    for render in RENDER.values():
        assert "93,2%" in render(result, "vi") or render is render_map


def test_report_tells_every_figure_of_the_communes(
    pages: dict[tuple[str, Language], str], tiny_result: Result
) -> None:
    shown = "\n".join(_read(pages["report", "vi"]).text)
    table = tiny_result.indicators
    table = table[(table.indicator == "population") & (table.operator == ANY)]
    assert len(table) == 21
    for row in table.itertuples():
        counts = f"{format_number(row.numerator, 'vi', 0)}/{format_number(row.denominator, 'vi', 0)}"
        assert counts in shown


def test_people_of_the_account_add_up(pages: dict[tuple[str, Language], str], tiny_result: Result) -> None:
    people = tiny_result.people
    assert people.inside + people.outside == pytest.approx(people.total, rel=1e-9)
    shown = "\n".join(_read(pages["report", "en"]).text)
    for value in (people.raster_inside, people.outside, people.total):
        assert format_number(value, "en", 0) in shown


def test_sentences_in_the_form_of_provinces(tiny_result: Result) -> None:
    figures = Figures(tiny_result)
    first = sentences.service_sentences(figures, "4G", "vi")[0]
    assert first.text.startswith("Phủ sóng 4G đạt 93,2% dân số (85.612/91.813 người), dự báo theo mô hình")
    assert first.text.endswith("số liệu đến 30/06/2026.")
    fibre = [s.text for s in sentences.service_sentences(figures, "fibre", "vi")]
    assert any("71,1% hộ gia đình (6.858/9.650 hộ)" in text for text in fibre)
    villages = [s.text for s in sentences.service_sentences(figures, "4G", "en")]
    assert "4G reaches 45.8% of villages (11/24)." in villages


def test_words_have_the_same_fields_in_both_languages() -> None:
    tables = [page_words.MAP_WORDS, page_words.REASONS, report_words.REPORT_WORDS, report_words.NAVIGATION]
    texts = [t for table in tables for t in table.values()]
    texts += [t for t in vars(sentences).values() if isinstance(t, Text)]
    assert len(texts) > 120
    for text in texts:
        vietnamese, english = text.fields()
        assert vietnamese == english, text


@settings(deadline=None)
@given(
    st.recursive(
        st.text() | st.integers() | st.booleans(), lambda c: st.lists(c) | st.dictionaries(st.text(), c)
    )
)
def test_json_inside_a_script_reads_back(value: object) -> None:
    text = safe_json(value)
    assert not re.search("[<>&\u2028\u2029]", text)
    assert json.loads(text) == value


def test_json_refuses_what_is_no_number() -> None:
    with pytest.raises(ValueError, match="JSON"):
        safe_json([float("nan")])


@settings(deadline=None)
@given(st.text())
def test_escaped_text_stays_text(text: str) -> None:
    reader = _read(f"<p title='{escape(text)}'>{escape(text)}</p>")
    assert [tag for tag, _ in reader.tags] == ["p"]


def test_a_script_cannot_end_its_own_element() -> None:
    for bad in ("a</script>", "b<!--", "c\r\n"):
        with pytest.raises(ValueError, match="inlined"):
            Page("vi", "x", scripts=[bad]).render()


def test_leaflet_is_whole_and_silent() -> None:
    assert len(leaflet_js()) > 140_000
    assert "sourceMappingURL" not in leaflet_js()
    assert leaflet_css().count("url(data:image/png;base64,") == 3
    assert "images/" not in leaflet_css()


def test_scripts_write_no_markup() -> None:
    for name in ("map.js", "map_parts.js", "page_tools.js", "plan_fibre.js", "report.js", "validate.js"):
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", asset(name))


def test_inset_frames_the_province_and_draws_the_country() -> None:
    drawn = inset_svg((107.4, 13.0, 109.4, 14.7), "vi")
    assert 'class="here"' in drawn
    assert drawn.count("h0") > 1500
    assert 'class="here"' not in inset_svg((6.4, 0.0, 7.5, 1.7), "en")


def test_the_first_picture_waits_for_nothing_that_it_does_not_draw(
    pages: dict[tuple[str, Language], str],
) -> None:
    page = pages["map", "vi"]
    inline = [a.get("id") or "" for tag, a, _ in _read(page).inline if tag == "script"]
    assert inline == ["phusong-data", "", "", "", "", "phusong-late"]
    early = json.loads(next(text for _, a, text in _read(page).inline if a.get("id") == "phusong-data"))
    assert set(early) & set(LATE) == set()
    assert {"communes", "figures", "services", "words"} <= set(early)
