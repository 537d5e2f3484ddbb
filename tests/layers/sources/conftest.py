"""One province's publisher for all tests, and a line to it that does not wait."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("osmium")
pytest.importorskip("pooch")

from publisher import Publisher, publish

from phusong.data.tables import provinces
from phusong.layers.sources.area import Area, area_of
from phusong.layers.sources.transfer import Line

CODE = "33"  # Hưng Yên: small, flat, and by the sea


@pytest.fixture(scope="session")
def area() -> Area:
    return area_of(provinces()[CODE])


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory, area: Area) -> Path:
    """The files of all publishers; read only."""
    folder = tmp_path_factory.mktemp("published")
    publish(folder, area)
    return folder


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("server.py"))], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.terminate()


@pytest.fixture
def publisher(server: str, published: Path) -> Publisher:
    return Publisher(server, published)


@pytest.fixture
def line(publisher: Publisher, tmp_path: Path) -> Callable[..., Line]:
    def make(**changed: Any) -> Line:
        settings = {"mirror": publisher.url, "wait_s": 0.0, "timeout_s": 5.0, **changed}
        return Line(tmp_path / "cache", **settings)

    return make
