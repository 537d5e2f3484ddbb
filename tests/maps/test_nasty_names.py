"""Names that would hurt a careless program pass through every output of a run as mere names.

The made-up province holds ``<script>alert(1)</script>``, ``=HYPERLINK(...)``, ``../../x``, a village of 500
letters and others, see ``conftest.VILLAGE_NAMES`` and ``conftest.COMMUNES``.
"""

from __future__ import annotations

import csv
import dataclasses
import json
import shutil
import sqlite3
import subprocess
import xml.etree.ElementTree as ElementTree
import zipfile
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tiny_province import VILLAGE_NAMES

from phusong.coverage.result import Result
from phusong.layers.project.schema import Project
from phusong.maps.write import write_outputs

SVG = "{http://www.w3.org/2000/svg}"
ALLOWED_SVG = {"svg", "g", "path", "use", "defs", "clipPath", "rect", "image", "metadata", "style", "title"}
PROVINCE = 'Tỉnh <img src=x onerror="alert(2)"> ../../x (minh họa)'


@pytest.fixture(scope="module")
def out(tiny_result: Result, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All outputs of the province, with hostile names of the province, a service and an operator too."""
    project = tiny_result.layers.project
    spoilt = project.model_copy(
        update={"province": project.province.model_copy(update={"name": PROVINCE})}
    )
    assert isinstance(spoilt, Project)
    result = dataclasses.replace(tiny_result, layers=dataclasses.replace(tiny_result.layers, project=spoilt))
    folder = tmp_path_factory.mktemp("nasty")
    write_outputs(result, folder / "out", "vi")
    assert sorted(p.name for p in folder.iterdir()) == ["out"]
    return folder / "out"


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


@pytest.mark.parametrize("name", ["index.html", "map.html"])
def test_pages_hold_only_their_own_elements(out: Path, name: str) -> None:
    reader = _Tags()
    reader.feed((out / name).read_text(encoding="utf-8"))
    assert not [tag for tag, _ in reader.seen if tag in ("img", "object", "embed", "iframe")]
    assert not [a for _, a in reader.seen if any(k.startswith("on") for k in a)]
    scripts = [a for tag, a in reader.seen if tag == "script"]
    assert len(scripts) == {"index.html": 1, "map.html": 6}[name]
    assert not any("src" in a for a in scripts)


def test_drawings_hold_only_drawing(out: Path) -> None:
    drawings = sorted(out.glob("*.svg"))
    assert len(drawings) == 4
    for path in drawings:
        for element in ElementTree.parse(path).iter():
            assert not any(k.lower().startswith("on") for k in element.attrib)
            if element.tag.startswith(SVG):
                assert element.tag.removeprefix(SVG) in ALLOWED_SVG
            link = element.attrib.get("{http://www.w3.org/1999/xlink}href", "#")
            assert link.startswith(("#", "data:image/png"))


@pytest.mark.parametrize("name", ["report.docx", "report.xlsx"])
def test_office_files_are_sound_and_link_nowhere(out: Path, name: str) -> None:
    with zipfile.ZipFile(out / name) as archive:
        assert archive.testzip() is None
        for member in archive.namelist():
            assert ".." not in member
            if member.endswith((".xml", ".rels")):
                text = archive.read(member).decode()
                ElementTree.fromstring(text)
                assert 'TargetMode="External"' not in text
                assert "<hyperlink" not in text
                if member.startswith("xl/worksheets/"):
                    assert "<f>" not in text


def test_tables_hold_the_names(out: Path) -> None:
    with (out / "places.csv").open(encoding="utf-8-sig", newline="") as file:
        cells = {value for row in csv.reader(file) for value in row}
    assert not [v for v in cells if v[:1] in "=+@" and v[:1]]
    assert {"'=HYPERLINK(1)", "../../x", "<script>alert(1)</script>", "Ạ" * 500} <= cells
    for name in ("indicators.json", "communes.geojson", "manifest.json"):
        read = json.loads((out / name).read_text(encoding="utf-8"))
        assert read["province"]["name"] == PROVINCE
    with closing(sqlite3.connect(out / "communes.gpkg")) as database:
        names = {row[0] for row in database.execute("SELECT commune_name FROM communes")}
    assert "<script>alert(1)</script>" in names


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="no poppler")
def test_pdf_shows_the_names_as_text(out: Path) -> None:
    raw = (out / "report.pdf").read_bytes()
    for active in (b"/JavaScript", b"/JS ", b"/URI", b"/Launch", b"/OpenAction", b"/EmbeddedFile"):
        assert active not in raw
    said = subprocess.run(
        ["pdftotext", "-layout", str(out / "report.pdf"), "-"], capture_output=True, check=True
    ).stdout.decode()
    assert "<script>alert(1)</script>" in "".join(said.split("\n"))


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("soffice") is None, reason="no LibreOffice")
@pytest.mark.parametrize("name", ["report.docx", "report.xlsx"])
def test_libreoffice_opens_it(out: Path, tmp_path: Path, name: str) -> None:
    home = (tmp_path / "profile").as_uri()
    subprocess.run(
        ["soffice", f"-env:UserInstallation={home}", "--headless", "--convert-to", "pdf", "--outdir",
         str(tmp_path), str(out / name)], check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    made = tmp_path / "report.pdf"
    said = subprocess.run(["pdftotext", str(made), "-"], capture_output=True, check=True).stdout.decode()
    flat = "".join(said.split())
    assert "<script>alert(1)</script>" in flat
    assert "=HYPERLINK(1)" in flat or name == "report.docx"
    assert "Err:" not in said
    assert "#NAME?" not in said
    assert all(name[:3] in said for name in VILLAGE_NAMES[:2])
