"""Chromium, for the tests that open pages: where it is, how it is started, what they ask of a map page."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ARTIFACTS = Path(__file__).parents[1] / "test-artifacts"
CHROMIUM = os.environ.get("PHUSONG_CHROMIUM") or shutil.which("chromium")
REQUIRED = os.environ.get("PHUSONG_REQUIRE_BROWSER") == "1"
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]
DESK, PHONE = (1280, 800), (390, 844)
MARKS = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None and not REQUIRED, reason="no Chromium")]
Open = Callable[..., Any]
"""``open(name, size, lang)``: a page of the tiny province, as the fixture ``open_page`` gives it."""


def shot(page: Any, name: str) -> None:
    """Keep what a page looks like."""
    ARTIFACTS.mkdir(exist_ok=True)
    page.wait_for_timeout(300)
    page.screenshot(path=str(ARTIFACTS / f"{name}.png"))


def map_data(page: Any) -> dict[str, Any]:
    """Return all data of a map page: what is drawn first, and what comes behind the scripts."""
    return {
        key: value
        for block in ("#phusong-data", "#phusong-late")
        for key, value in json.loads(page.locator(block).text_content()).items()
    }


def fills(page: Any) -> list[str]:
    """Return the colour of every commune as it is drawn."""
    return list(page.evaluate(
        "() => { const out = []; map_phusong.eachLayer(l => { const o = l.options;"
        " if (l instanceof L.Polygon && o.fillColor && o.interactive)"
        " out.push(o.fillColor + '/' + o.fillOpacity); }); return out; }"
    ))
