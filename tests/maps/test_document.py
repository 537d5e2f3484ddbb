"""The draft is in the form of the decree, says the result's numbers, and takes any name."""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
import zipfile
from pathlib import Path

import docx
import pytest
from docx.shared import Mm

from phusong.coverage.result import ANY, Result
from phusong.maps.document.content import province_title, write_document
from phusong.maps.figures import Figures


@pytest.fixture(scope="module")
def path(tiny_result: Result, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("draft") / "report.docx"
    write_document(tiny_result, path, "vi")
    return path


def _text(path: Path) -> str:
    """Return everything that is read on the pages, cells included."""
    with zipfile.ZipFile(path) as archive:
        document = archive.read("word/document.xml").decode()
    paragraphs = re.findall("<w:p[ >].*?</w:p>", document, flags=re.DOTALL)
    return "\n".join("".join(re.findall("<w:t[^>]*>([^<]*)</w:t>", p)) for p in paragraphs)


def filled_to_the_foot(pdf: Path, annex: str) -> None:
    """Assert that only the last page of the body and of the annex may end before their last third."""
    told = subprocess.run(["pdftotext", "-bbox", str(pdf), "-"], check=True, capture_output=True).stdout
    space = "{http://www.w3.org/1999/xhtml}"
    pages = list(ElementTree.fromstring(told).iter(f"{space}page"))
    words = [list(page.iter(f"{space}word")) for page in pages]
    said = [" ".join(w.text or "" for w in page) for page in words]
    first = next(k for k, text in enumerate(said) if annex in text[:40])
    assert 1 < first < len(pages)
    for k, page in enumerate(words):
        if k not in (first - 1, len(pages) - 1):
            lowest = max(float(w.get("yMax", 0)) for w in page) / float(pages[k].get("height", 1))
            assert lowest > 0.67, (k + 1, lowest)


def test_page_is_that_of_the_decree(path: Path) -> None:
    document = docx.Document(str(path))
    section = document.sections[0]
    assert (section.page_width.mm, section.page_height.mm) == pytest.approx((210, 297), abs=0.1)
    for margin, low, high in (
        (section.top_margin, 20, 25), (section.bottom_margin, 20, 25), (section.left_margin, 30, 35),
        (section.right_margin, 15, 20),
    ):
        assert Mm(low) <= margin <= Mm(high)
    assert document.styles["Normal"].font.name == "Times New Roman"
    assert 13 <= document.styles["Normal"].font.size.pt <= 14
    assert section.different_first_page_header_footer
    assert "PAGE" in section.header._element.xml
    assert "PAGE" not in section.first_page_header._element.xml


def test_what_an_agency_fills_in_is_blank(path: Path) -> None:
    text = _text(path)
    for wanted in ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc", "DỰ THẢO",
                   "BÁO CÁO", "Nơi nhận:", "chưa đo kiểm", "30/06/2026"):
        assert wanted in text
    assert re.search(r"Số: +/BC-", text)
    assert re.search(r"ngày +tháng +năm 2026", text)


def test_numbers_are_those_of_the_result(tiny_result: Result, path: Path) -> None:
    text = _text(path)
    figures = Figures(tiny_result)
    for service in figures.services:
        for operator in figures.operators:
            ratio = figures.province(service, "population", operator)
            if ratio is not None:
                assert ratio.counts("vi") in text
                assert ratio.share("vi") in text
        assert figures.criterion(service, "vi") in text
    worst = tiny_result.gaps.sort_values("people").iloc[-1]
    assert f"{worst['people']:,.0f}".replace(",", ".") in text
    missing = tiny_result.places
    missing = missing[(missing["layer"] == "villages") & (missing["service"] == "4G")
                      & (missing["operator"] == ANY) & ~missing["served"]]
    assert f"4G: {len(missing)}/24 thôn, làng chưa được phủ." in text


def test_names_pass_harmlessly(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        document = archive.read("word/document.xml").decode()
        relations = archive.read("word/_rels/document.xml.rels").decode()
    assert "<script>" not in document
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in document
    assert "TargetMode=\"External\"" not in relations


def test_same_result_same_bytes(tiny_result: Result, path: Path, tmp_path: Path) -> None:
    write_document(tiny_result, tmp_path / "again.docx", "vi")
    assert (tmp_path / "again.docx").read_bytes() == path.read_bytes()


def test_other_countries_have_no_motto(tiny_result: Result, tmp_path: Path) -> None:
    communes = tiny_result.layers.communes.assign(commune_code=[f"ST-{k}" for k in range(6)])
    table = tiny_result.indicators
    codes = dict(zip(tiny_result.layers.communes["commune_code"], communes["commune_code"], strict=True))
    result = dataclasses.replace(
        tiny_result, layers=dataclasses.replace(tiny_result.layers, communes=communes),
        indicators=table.assign(code=table["code"].replace(codes)), gaps=tiny_result.gaps[:0],
        places=tiny_result.places[:0],
    )
    write_document(result, tmp_path / "report.docx", "en")
    text = _text(tmp_path / "report.docx")
    assert "SOCIALIST REPUBLIC" not in text
    assert "DRAFT" in text
    assert "ST-5" in text


def test_title_says_what_the_province_is_once() -> None:
    assert province_title("Gia Lai", "tỉnh") == "tỉnh Gia Lai"
    assert province_title("Tỉnh Mẫu", "tỉnh") == "Tỉnh Mẫu"
    assert province_title("São Tomé", None) == "São Tomé"


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_opens_it(path: Path, tmp_path: Path) -> None:
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    subprocess.run(
        ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), str(path)],
        check=True, capture_output=True, timeout=120,
    )
    pages = (tmp_path / "report.pdf").read_bytes().count(b"/Type/Page/")
    assert 4 <= pages <= 8
    if shutil.which("pdftotext"):
        filled_to_the_foot(tmp_path / "report.pdf", "PHỤ LỤC")
