"""The PDF says what the document says, in the same form, its fonts inside, the same bytes each time."""

from __future__ import annotations

import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import docx
import pytest
from test_document import filled_to_the_foot

from phusong.coverage.result import Result
from phusong.maps.document.content import write_document, write_pdf
from phusong.maps.static import Drawings

needs_poppler = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler is not installed")


@pytest.fixture(scope="module")
def drawings(tiny_result: Result) -> Drawings:
    return Drawings(tiny_result, "vi")


@pytest.fixture(scope="module")
def path(tiny_result: Result, drawings: Drawings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pdf") / "report.pdf"
    write_pdf(tiny_result, path, "vi", drawings=drawings)
    return path


def _run(*command: str | Path) -> str:
    return subprocess.run([str(c) for c in command], check=True, capture_output=True).stdout.decode()


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def _paragraphs(path: Path) -> list[str]:
    """All texts of a Word document, cells of tables included."""
    document = docx.Document(str(path))
    cells = [c for t in document.tables for row in t.rows for c in row.cells]
    return [p.text for where in (document, *cells) for p in where.paragraphs]


@needs_poppler
def test_it_says_every_word_of_the_document(
    tiny_result: Result, drawings: Drawings, path: Path, tmp_path: Path
) -> None:
    write_document(tiny_result, tmp_path / "report.docx", "vi", drawings=drawings)
    wanted = {w for p in _paragraphs(tmp_path / "report.docx") for w in _words(p) if len(w) < 20}
    assert len(wanted) > 300
    assert wanted - set(_words(_run("pdftotext", path, "-"))) == set()


@needs_poppler
def test_the_form_is_that_of_the_decree(path: Path) -> None:
    text = _run("pdftotext", "-layout", path, "-")
    for said in ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc", "DỰ THẢO", "Nơi nhận:"):
        assert said in text
    pages = text.rstrip("\f").split("\f")
    assert 4 <= len(pages) <= 8
    filled_to_the_foot(path, "PHỤ LỤC")
    first = [page.strip().splitlines()[0].strip() for page in pages]
    assert first[1:] == [str(k) for k in range(2, len(pages) + 1)]
    assert "ỦY BAN NHÂN DÂN" in first[0] or "DỰ THẢO" in first[0] or "CỘNG" in first[0]
    box = ElementTree.fromstring(_run("pdftotext", "-bbox", path, "-"))
    space = "{http://www.w3.org/1999/xhtml}"
    words = list(box.iter(f"{space}word"))
    left, right = min(float(w.get("xMin", 0)) for w in words), max(float(w.get("xMax", 0)) for w in words)
    assert left >= 29.5 / 25.4 * 72
    assert right <= (210 - 17.5) / 25.4 * 72


@needs_poppler
def test_its_fonts_are_inside(path: Path) -> None:
    rows = _run("pdffonts", path).splitlines()[2:]
    assert len(rows) >= 3
    for row in rows:
        assert "DejaVuSerif" in row
        assert re.search(r"\byes +yes\b", row)  # embedded, as a subset


def test_same_result_same_bytes(
    tiny_result: Result, drawings: Drawings, path: Path, tmp_path: Path
) -> None:
    write_pdf(tiny_result, tmp_path / "again.pdf", "vi", drawings=drawings)
    assert (tmp_path / "again.pdf").read_bytes() == path.read_bytes()


def test_drawings_are_named_after_services_and_drawn_once(drawings: Drawings, tmp_path: Path) -> None:
    names = drawings.names()
    assert sorted(names) == sorted(
        f"map_{key}.{kind}" for key in ("4G", "5G", "fibre", "gaps") for kind in ("png", "svg")
    )
    for name, service in names.items():
        drawings.write(service, tmp_path / name)
    assert drawings.figure("4G") is drawings.figure("4G")
    assert (tmp_path / "map_gaps.png").read_bytes()[:4] == b"\x89PNG"
    root = ElementTree.fromstring((tmp_path / "map_gaps.svg").read_bytes())
    assert root.tag.endswith("svg")
    said = " ".join(t.get_text() for t in drawings.figure("").texts)
    gaps = drawings.result.gaps
    for service in drawings.services:
        people = gaps.loc[gaps["service"] == service, "people"].sum()
        assert f"{people:,.0f}".replace(",", ".") in said
    assert "30/06/2026" in said
