"""The page of a check: nothing of the data is markup, all is said, and a browser and axe find no fault."""

from __future__ import annotations

import datetime
import importlib.util
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from check_cases import FAULTS, FORMULA, SCRIPT, make
from chromium import MARKS, REQUIRED

from phusong.data.language import LANGUAGES, Text
from phusong.layers.faults import ExpectedError, Fault
from phusong.layers.inventory import Source, Understood
from phusong.layers.quality.figures import CommunePeople, Figure, Quality, Suspect
from phusong.layers.summary import Checked, check_project
from phusong.maps.check.files import write_page
from phusong.maps.check.page import render_check

DAY = datetime.date(2026, 6, 30)
EVIL = f'{SCRIPT}</style></script><img src=x onerror=alert(2)>" onclick="alert(3)'


def hostile() -> Checked:
    """A check in which every text that comes from files is an attack."""
    plain = Text(EVIL, EVIL)
    faults = tuple(
        Fault(severity, EVIL, plain, plain, {}, "stations", EVIL, str(k + 2), EVIL, value)  # type: ignore[arg-type]
        for severity in ("error", "warning") for k, value in enumerate((EVIL, FORMULA, "\u2028", ""))
    )
    suspect = Suspect("stations", "site_id", EVIL, "site_id", plain)
    figure = Figure("near-sites", "stations", plain, plain, plain, 1.0, 3.0, "sites", 0.0, (suspect,))
    return Checked(
        EVIL, EVIL, DAY, faults, (Source("stations", EVIL, "0" * 64, DAY, 3, "layer"),),
        (Understood("stations", EVIL, 3, (("site_id", EVIL),), EVIL, EVIL, (plain,)),),
        Quality((figure,), (CommunePeople(EVIL, EVIL, 30.0, 10.0),)),
    )


class Tags(HTMLParser):
    """Collects elements and the names of their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_text_of_the_data_is_markup(lang: Any) -> None:
    page = Tags(render_check(hostile(), lang))
    assert sum(tag == "script" for tag, _ in page.tags) == 1
    assert not [tag for tag, _ in page.tags if tag == "img"]
    for _, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("src", "href"):
            assert (attributes.get(name) or "#").startswith(("#", "data:"))
    assert SCRIPT in "".join(page.text)
    assert FORMULA in "".join(page.text)


@pytest.fixture(scope="module")
def checked(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Checked:
    folder = tmp_path_factory.mktemp("page")
    return check_project(make(sample, folder / "tinh", "csv").project)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_fault_and_every_figure_is_on_it(checked: Checked, lang: Any) -> None:
    said = re.sub(r"\s+", " ", " ".join(Tags(render_check(checked, lang)).text))
    assert len(checked.errors) == len(FAULTS)
    for fault in checked.errors:
        row = f"{fault.row} {fault.column}"
        assert row in said
        assert fault.text.fill(lang, fault.values) in said
        assert fault.remedy.fill(lang, fault.values) in said
    for figure in checked.quality.figures:
        assert figure.title.say(lang) in said
        assert figure.criterion.say(lang) in said
    for source in checked.sources:
        assert source.path in said
    assert "Chưa chạy được" in said if lang == "vi" else "Not ready to run" in said


def test_no_word_of_one_language_is_in_the_other(checked: Checked) -> None:
    english = " ".join(Tags(render_check(checked, "en")).text)
    for word in ("Lỗi", "Cảnh báo", "Dòng", "xem lại", "dòng", "chưa ghi"):
        assert word not in english


def test_a_project_file_that_cannot_be_read_has_a_page(tmp_path: Path) -> None:
    (tmp_path / "phusong.toml").write_text("[province\n", encoding="utf-8")
    page = render_check(check_project(tmp_path), "vi")
    assert "chưa đọc được" in page
    assert "Sai cú pháp TOML" in page


def test_the_page_replaces_a_page_and_nothing_else(checked: Checked, tmp_path: Path) -> None:
    page = tmp_path / "check.html"
    write_page(checked, page, "vi")
    first = page.read_bytes()
    write_page(checked, page, "en")
    assert page.read_bytes() != first
    table = tmp_path / "stations.csv"
    table.write_text("a,b\n1,2\n", encoding="utf-8")
    for other in (table, tmp_path):
        with pytest.raises(ExpectedError):
            write_page(checked, other, "vi")
    assert table.read_text(encoding="utf-8") == "a,b\n1,2\n"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["check.html", "stations.csv"]


class TestInChromium:
    """From a file on disk: no request, no complaint, and it prints."""

    pytestmark = MARKS

    @pytest.mark.parametrize("width", [390, 1280])
    def test_it_opens_without_a_request_or_a_complaint(
        self, browser: Any, tmp_path: Path, width: int
    ) -> None:
        file = tmp_path / "check.html"
        file.write_text(render_check(hostile(), "vi"), encoding="utf-8")
        wrong: list[str] = []
        context = browser.new_context(viewport={"width": width, "height": 800})
        page = context.new_page()
        page.on("console", lambda m: wrong.append(m.text))
        page.on("pageerror", lambda e: wrong.append(str(e)))
        page.on("dialog", lambda d: (wrong.append(d.message), d.dismiss()))
        known = ("data:", file.as_uri())
        page.on("request", lambda r: None if r.url.startswith(known) else wrong.append(r.url))
        page.goto(file.as_uri())
        page.click("#theme")
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        assert page.locator("details:not([open])").count() == 0
        assert len(page.pdf(format="A4")) > 1000
        context.close()
        assert wrong == []

    @pytest.mark.slow
    @pytest.mark.skipif(
        importlib.util.find_spec("axe_playwright_python") is None and not REQUIRED, reason="no axe-core"
    )
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize("lang", LANGUAGES)
    def test_axe_finds_nothing(
        self, browser: Any, checked: Checked, tmp_path: Path, lang: Any, scheme: str
    ) -> None:
        from test_axe import violations

        file = tmp_path / "check.html"
        file.write_text(render_check(checked, lang), encoding="utf-8")
        context = browser.new_context(color_scheme=scheme, bypass_csp=True)
        page = context.new_page()
        page.goto(file.as_uri())
        assert violations(page) == []
        context.close()
