"""The program as a user calls it, and a small project that takes a second."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from quick_project import make_project

from phusong.cli.app import globals_first, run
from phusong.cli.options import Settings, first_language


@dataclass(frozen=True)
class Answer:
    """What a command line gave."""

    code: int
    out: str
    err: str


Phusong = Callable[..., Answer]


@pytest.fixture
def phusong(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Phusong:
    """Run a command line in this process; an exception that gets out is a failed test."""
    monkeypatch.delenv("PHUSONG_LANG", raising=False)

    def ask(*words: str | Path) -> Answer:
        line = globals_first([str(word) for word in words])
        capsys.readouterr()
        code = run(line, Settings(first_language(line)))
        told = capsys.readouterr()
        return Answer(code, told.out, told.err)

    return ask


@pytest.fixture
def project(sample: Path, tmp_path: Path) -> Path:
    """A project of this test's own, to spoil as it likes."""
    return make_project(sample, tmp_path / "tinh")


@pytest.fixture(scope="session")
def finished(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A project and its output; read only."""
    folder = tmp_path_factory.mktemp("finished")
    file = make_project(sample, folder / "tinh")
    assert run(["--quiet", "run", str(file), "--out", str(folder / "out")], Settings("vi")) == 0
    return file, folder / "out"
