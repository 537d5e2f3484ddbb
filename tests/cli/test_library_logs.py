"""A library's own remarks do not stand beside our messages."""

from __future__ import annotations

import logging
from pathlib import Path

from phusong.cli.app import run
from phusong.cli.options import Settings


def test_gdal_says_nothing_beside_our_message(tmp_path: Path) -> None:
    assert run(["check", str(tmp_path / "none.toml")], Settings()) == 2
    assert not logging.getLogger("rasterio").isEnabledFor(logging.WARNING)
