"""The province that every output is tried on, once per session, and its pages in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import DESK, Open
from tiny_province import make_tiny_result

from phusong.coverage.result import Result
from phusong.maps.map_page.page import render_map
from phusong.maps.report.page import render_report


@pytest.fixture(scope="session")
def tiny_result() -> Result:
    return make_tiny_result()


@pytest.fixture(scope="module")
def pages(tiny_result: Result, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Map and report of the tiny province in both languages."""
    folder = tmp_path_factory.mktemp("pages")
    for lang in ("vi", "en"):
        (folder / lang).mkdir()
        (folder / lang / "map.html").write_text(render_map(tiny_result, lang), encoding="utf-8")
        (folder / lang / "index.html").write_text(render_report(tiny_result, lang), encoding="utf-8")
    return folder


@pytest.fixture
def open_page(browser: Any, pages: Path) -> Iterator[Open]:
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
        known = ("data:", pages.as_uri())
        page.on("request", lambda r: None if r.url.startswith(known) else wrong.append(f"request: {r.url}"))
        page.goto((pages / lang / name).as_uri() + hash_)
        if name == "map.html":
            page.wait_for_selector("html[data-ready='1']")
        return page

    yield go
    for context in contexts:
        context.close()
    assert not wrong
