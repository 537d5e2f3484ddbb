"""Whose data a figure rests on is said in every file of every command that writes results."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pytest
import rasterio
from fibre_project import make_fibre_project
from quick_project import make_project

from phusong.layers.provenance import Provenance, sha256_of, write_sources

CITED = "© OpenStreetMap contributors, ODbL 1.0 (openstreetmap.org/copyright)"
PICTURES = {".png", ".svg", ".pdf"}
"""Drawn with the notes of the pages; what they show cannot be read back as text."""
BESIDE = {".csv", ".toml"}
"""Have no place for it: it lies beside them."""


def cite(project: Path, file: str, layer: str, *, forbids: tuple[str, ...] = ()) -> None:
    folder = project.parent
    write_sources(folder, "99", [
        Provenance(
            file, layer, "osm", "OpenStreetMap", "daily", "ODbL-1.0", "https://example.org", CITED, forbids,
            True, ("https://example.org/x",), "", sha256_of(folder / file), date(2026, 6, 1).isoformat(),
        )
    ])  # fmt: skip


def says(path: Path) -> bool:
    """Tell whether a file names the source, read as its own kind of program reads it."""
    if path.suffix in (".docx", ".xlsx"):
        with zipfile.ZipFile(path) as archive:
            return any(CITED in archive.read(n).decode("utf-8", "replace") for n in archive.namelist())
    if path.suffix == ".gpkg":
        first = pyogrio.list_layers(path)[0, 0]
        told = pyogrio.read_info(path, layer=first)["dataset_metadata"] or {}
        return bool(told.get("ATTRIBUTION") == CITED)
    if path.suffix == ".tif":
        with rasterio.open(path) as raster:
            return bool(raster.tags().get("ATTRIBUTION") == CITED)
    if path.suffix == ".parquet":
        told = json.loads(pq.read_schema(path).metadata[b"attribution"])
        return CITED in {t["attribution"] for t in told} and b"geo" in pq.read_schema(path).metadata
    return CITED in path.read_text(encoding="utf-8-sig")


def silent(out: Path) -> set[str]:
    """Return the files of a folder of results that do not name the source and should."""
    assert CITED in (out / "attribution.txt").read_text(encoding="utf-8-sig")
    skipped = PICTURES | BESIDE
    return {p.name for p in out.iterdir() if p.is_file() and p.suffix not in skipped and not says(p)}


@pytest.fixture(scope="module")
def runs(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose stations are from OpenStreetMap."""
    folder = tmp_path_factory.mktemp("cited")
    project = make_project(sample, folder / "tinh")
    cite(project, "stations.csv", "stations")
    return project


@pytest.mark.slow
def test_run_batch_and_compare(phusong: Callable[..., Any], runs: Path, tmp_path: Path) -> None:
    assert phusong("batch", runs, "--out", tmp_path / "all").code == 0
    one = tmp_path / "all" / "99"
    assert silent(one) == set()
    # Of how it went, not of what came out.
    assert silent(tmp_path / "all") == {"ledger.json", "99.log", ".batch.lock"}
    shutil.copytree(one, tmp_path / "earlier")
    assert phusong("compare", tmp_path / "earlier", one, "--out", tmp_path / "compared").code == 0
    assert silent(tmp_path / "compared") == set()
    book = pd.read_excel(tmp_path / "all" / "nation.xlsx", sheet_name=None, engine="calamine")
    assert list(book)[-1] == "Ghi công"
    page = (tmp_path / "all" / "index.html").read_text(encoding="utf-8")
    assert "Chỉ để tham khảo, chưa phải dữ liệu chính thức: Trạm thu phát sóng" in page


@pytest.mark.slow
def test_validate_and_plan_sites(phusong: Callable[..., Any], runs: Path, tmp_path: Path) -> None:
    words = ["--polygons", runs.parent / "communes.gpkg", "--technology", "4G", "--operator", "A"]
    answer = phusong("validate", runs, *words, "--out", tmp_path / "validated")
    assert answer.code == 0, answer.err
    assert silent(tmp_path / "validated") == set()
    words = ["plan", "sites", runs, "--out", tmp_path / "plan", "--budget", "20 tỷ", "--service", "4G"]
    answer = phusong(*words)
    assert answer.code == 0, answer.err
    assert silent(tmp_path / "plan") == set()


@pytest.mark.slow
def test_plan_fibre(phusong: Callable[..., Any], sample: Path, tmp_path: Path) -> None:
    project = make_fibre_project(sample, tmp_path / "tinh")
    cite(project, "roads.gpkg", "roads")
    answer = phusong("plan", "fibre", project, "--out", tmp_path / "plan", "-p", "villages")
    assert answer.code == 0, answer.err
    assert silent(tmp_path / "plan") == set()
