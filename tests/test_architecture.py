"""Imports go one way: cli, maps, coverage, layers; everyone may read data; data reads nobody."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ORDER = ["data", "layers", "coverage", "maps", "cli"]
MODULES = sorted(p for folder in ORDER for p in (ROOT / folder).rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Folders of phusong that a module imports, wherever in it the import stands."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            module = node.module or ""
            names |= {f"{module}.{alias.name}" for alias in node.names} if module == "phusong" else {module}
    return {name.split(".")[1] for name in names if name.startswith("phusong.")}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_no_arrow_runs_back(path: Path) -> None:
    level = ORDER.index(path.relative_to(ROOT).parts[0])
    assert {other for other in imported(path) if ORDER.index(other) > level} == set()


def test_the_rule_would_catch_an_arrow_that_runs_back(tmp_path: Path) -> None:
    module = tmp_path / "bad.py"
    module.write_text("def f():\n    from phusong import maps\n    import phusong.cli.app\n")
    assert imported(module) == {"maps", "cli"}


def test_every_package_is_listed_for_installation() -> None:
    listed = (ROOT / "setup.cfg").read_text(encoding="utf-8")
    for init in (p for p in MODULES if p.name == "__init__.py"):
        folder = init.parent.relative_to(ROOT).as_posix()
        assert f"phusong.{folder.replace('/', '.')} = {folder}\n" in listed


def test_help_needs_no_heavy_import() -> None:
    code = (
        "import sys; from phusong.cli.app import run; from phusong.cli.options import Settings; "
        "run(['--help'], Settings()); "
        "heavy = {'numba', 'numpy', 'pandas', 'rasterio', 'folium', 'pydantic', 'rich', 'scipy'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
