"""axe-core, for the tests that open pages.

axe-core comes with the package axe-playwright-python, licensed MPL-2.0; only the tests use it. Reference:
W3C, Web Content Accessibility Guidelines 2.2, levels A and AA.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
from chromium import MARKS as BROWSER
from chromium import REQUIRED

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
MARKS = [
    *BROWSER,
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("axe_playwright_python") is None and not REQUIRED, reason="no axe-core"
    ),
]


def axe_source() -> str:
    """Return the script of axe-core."""
    spec = importlib.util.find_spec("axe_playwright_python")
    assert spec is not None
    assert spec.origin is not None
    return (Path(spec.origin).parent / "axe.min.js").read_text(encoding="utf-8")


def violations(page: Any) -> list[str]:
    """Return what axe-core finds serious or critical on a page, one line each."""
    page.evaluate(axe_source())
    found = page.evaluate(
        "async tags => (await axe.run(document, {runOnly: {type: 'tag', values: tags}})).violations", WCAG
    )
    return [
        f"{v['id']} ({v['impact']}): {node['html'][:160]} {node['failureSummary'][:240]}"
        for v in found
        if v["impact"] in ("serious", "critical")
        for node in v["nodes"]
    ]
