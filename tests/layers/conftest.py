from __future__ import annotations

from pathlib import Path

import pytest
import small

pytest.register_assert_rewrite("nasty_cases")

SHARED = Path(__file__).parents[2].parent / "shared" / "data"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return small.write_province(tmp_path)


@pytest.fixture(scope="session")
def shared() -> Path:
    if not SHARED.is_dir():
        pytest.skip("the shared data are not here")
    return SHARED
