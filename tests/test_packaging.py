"""The mapping of folders to phusong.<folder> holds however Python is started, and numba survives it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
IMPORTS = (
    "import numba, phusong.coverage, phusong.coverage.radio.model as m; print(phusong.coverage.__file__)"
)


def python(*arguments: str, cwd: Path = ROOT, interpreter: str = sys.executable) -> str:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("COV_", "PYTEST_"))}
    done = subprocess.run(
        [interpreter, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_numba_imports_at_the_root_where_the_folder_shadows_coverage_py() -> None:
    # `python -c` puts the current folder first in sys.path, so `import coverage` finds ours.
    assert Path(python("-c", IMPORTS).strip()) == ROOT / "coverage" / "__init__.py"


def test_the_folder_itself_refuses_to_be_coverage_py() -> None:
    code = (
        "import sys; sys.path.insert(0, '.')\n"
        "try:\n    import coverage\nexcept ImportError as e:\n    print(e)"
    )
    assert "phusong.coverage" in python("-c", code)


@pytest.mark.parametrize(
    "command",
    [("-m", "pytest"), (str(Path(sys.executable).with_name("pytest")),)],
    ids=["python -m pytest", "pytest"],
)
def test_pytest_starts_at_the_root(command: tuple[str, ...]) -> None:
    out = python(*command, "-q", "tests/data/test_language.py")
    assert " passed" in out


def test_pytest_measures_coverage_at_the_root(tmp_path: Path) -> None:
    pytest_command = Path(sys.executable).with_name("pytest")
    report = tmp_path / "cov.json"
    python(
        str(pytest_command),
        "-q",
        "tests/data/test_language.py",
        "--cov=phusong.data",
        f"--cov-report=json:{report}",
    )
    assert "data/language.py" in report.read_text()


@pytest.mark.slow
def test_a_wheel_holds_every_module_and_table_and_imports_elsewhere(tmp_path: Path) -> None:
    source = tmp_path / "source"
    files = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    for name in files:
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    python("-m", "pip", "wheel", "-q", "--no-deps", "-w", str(tmp_path), str(source), cwd=tmp_path)
    target = tmp_path / "site"
    wheel = next(tmp_path.glob("phusong-*.whl"))
    python("-m", "pip", "install", "-q", "--no-deps", "--target", str(target), str(wheel), cwd=tmp_path)
    wanted = {
        n for n in files
        if n.split("/")[0] in {"coverage", "layers", "maps", "data", "cli"} and not n.endswith(".md")
    }  # fmt: skip
    installed = {
        p.relative_to(target / "phusong").as_posix() for p in (target / "phusong").rglob("*") if p.is_file()
    }
    assert wanted - installed == set()
    code = f"import sys; sys.path.insert(0, {str(target)!r}); {IMPORTS}"
    # -S-like isolation from the editable install: its finder answers only what the path does not.
    assert str(target) in python("-c", code, cwd=tmp_path)
