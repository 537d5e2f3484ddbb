"""A province that is made up is said to be on every page, and no real one is."""

from __future__ import annotations

import dataclasses
import html

import pytest

from phusong.data.language import LANGUAGES, Language
from phusong.layers.summary import Checked
from phusong.maps.batch.page import render_batch
from phusong.maps.batch.run import ProvinceRun
from phusong.maps.check.page import render_check
from phusong.maps.page_words import ILLUSTRATION
from phusong.maps.section_page import section_page

MADE_UP = "Tỉnh Mẫu (minh họa)"
RUN = ProvinceRun("52", "Gia Lai", "a/phusong.toml", "done", (), 41.2, 900.0, "52", {"4G": (3.0, 4.0)})
CHECKED = Checked("Gia Lai", "phusong.toml")


def plans_and_comparisons(name: str, lang: Language) -> str:
    """Return a page of the frame that plans, comparisons and validations share."""
    body = section_page(lambda key, _: key, lang, name=name, about=[], sections=[("a", "<p>b</p>")])
    return "".join(body)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_pages_of_a_province(lang: Language) -> None:
    said = ILLUSTRATION.say(lang)
    for name, expected in ((MADE_UP, True), ("Tỉnh Mẫu 07 (minh họa)", True), ("Gia Lai", False)):
        assert (said in html.unescape(plans_and_comparisons(name, lang))) is expected
        checked = dataclasses.replace(CHECKED, name=name)
        assert (said in html.unescape(render_check(checked, lang))) is expected


def test_the_page_of_a_batch_counts_them() -> None:
    two = [RUN, dataclasses.replace(RUN, code="M01", name=MADE_UP)]
    assert "MINH HỌA: 1 trong 2 tỉnh" in html.unescape(render_batch(two, "vi"))
    assert "ILLUSTRATION: 1 of the 2 provinces" in html.unescape(render_batch(two, "en"))
    assert "MINH HỌA" not in html.unescape(render_batch([RUN], "vi"))
