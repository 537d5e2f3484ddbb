"""The province that every output is tried on, once per session."""

from __future__ import annotations

import pytest
from tiny_province import make_tiny_result

from phusong.coverage.result import Result


@pytest.fixture(scope="session")
def tiny_result() -> Result:
    return make_tiny_result()
