"""Fixtures of all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from chromium import CHROMIUM, FLAGS
from hypothesis import settings

if TYPE_CHECKING:
    from phusong.coverage.result import Result

# The same examples on every machine, so that a run that passed passes again; HYPOTHESIS_PROFILE=explore
# looks for new ones.
settings.register_profile("repeatable", derandomize=True)
settings.register_profile("explore", derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real inputs beside the project; tests that need it skip where it is absent."""
    if not (SHARED / "data").is_dir():
        pytest.skip("no ../shared beside the project")
    return SHARED


@pytest.fixture(scope="session")
def gia_lai(shared: Path) -> Result:
    """Gia Lai analysed once, its commune centres as key locations, a figure from elsewhere beside them."""
    from phusong.coverage.analyse import analyse
    from phusong.layers.project.file import read_project
    from phusong.layers.project.schema import OfficialTable, Reported

    project = read_project(shared / "data" / "gia-lai" / "phusong.toml")
    told = Reported(name="4G và điện thoại thông minh", value=81.15, source="tỉnh báo cáo 2023",
                    criterion="dti-smartphone")  # fmt: skip
    return analyse(
        project.model_copy(update={"official": OfficialTable(key=("centres",)), "reported": {"smart": told}})
    )


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project file of a small sample province."""
    from phusong.data.sample import make_sample

    folder = tmp_path_factory.mktemp("sample") / "tinh-mau"
    return make_sample(folder, communes=8, sites=40, villages=30, seed=3)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, for a module whose tests open pages."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
