"""``phusong init`` and ``phusong sample``: a first project, a made-up province."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from quick_project import content

NAMES = {"phusong.toml", "communes_codes.csv", "stations.csv", "households.csv", "villages.csv"}


def province_of(folder: Path) -> tuple[str, str]:
    table = tomllib.loads((folder / "phusong.toml").read_text(encoding="utf-8"))["province"]
    return table["code"], table["name"]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_province_by_the_name_of_the_folder(phusong: Callable[..., Any], tmp_path: Path, lang: str) -> None:
    folder = tmp_path / "gia-lai"
    answer = phusong("init", folder, "--lang", lang)
    assert answer.code == 0
    assert {p.name for p in folder.iterdir()} == NAMES
    assert province_of(folder) == ("52", "Gia Lai")
    assert ("135 xã, phường, đặc khu" if lang == "vi" else "135 communes") in answer.out
    assert f"phusong check {folder / 'phusong.toml'}" in answer.out
    codes = [row["commune_code"] for row in rows(folder / "communes_codes.csv")]
    assert len(codes) == len(set(codes)) == 135
    assert all(len(code) == 5 and code.isdigit() for code in codes)
    assert [row["commune_code"] for row in rows(folder / "households.csv")] == codes
    assert rows(folder / "stations.csv") == []
    # What a newcomer has not brought yet is all that `check` finds.
    answer = phusong("check", folder, "--lang", lang)
    assert answer.code == 2
    assert answer.err.count("✗") == 3
    for file in ("communes.gpkg", "population.tif", "stations.csv"):
        assert file in answer.err
    assert "communes_codes.csv" not in answer.err  # a table of codes is no map


@pytest.mark.parametrize(
    ("asked", "code", "name"),
    [
        ("52", "52", "Gia Lai"),
        ("1", "01", "Hà Nội"),
        ("Đắk Lắk", "66", "Đắk Lắk"),
        ("dak lak", "66", "Đắk Lắk"),
        ("tỉnh Gia Lai", "52", "Gia Lai"),
        ("binh-dinh", "52", "Gia Lai"),  # merged on 1 July 2025
        ("Quảng Nam", "48", "Đà Nẵng"),
        ("HÀ GIANG", "08", "Tuyên Quang"),
    ],
)
def test_province_by_code_or_name_old_or_new(
    phusong: Callable[..., Any], tmp_path: Path, asked: str, code: str, name: str
) -> None:
    answer = phusong("init", tmp_path / "x", "--province", asked)
    assert answer.code == 0, answer.err
    assert province_of(tmp_path / "x") == (code, name)
    assert f"{name}, mã {code}" in answer.out


def test_unknown_province(phusong: Callable[..., Any], tmp_path: Path) -> None:
    answer = phusong("init", tmp_path / "gia-lay")
    assert answer.code == 2
    assert answer.err == "Không có tỉnh 'gia-lay'. Ý bạn là: Gia Lai?\n"
    answer = phusong("init", tmp_path / "x", "--province", "zzzzzz", "--lang", "en")
    assert answer.code == 2
    assert answer.err.startswith("No province 'zzzzzz'. Give its name or two-digit code")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("present", sorted(NAMES))
def test_nothing_is_overwritten(phusong: Callable[..., Any], tmp_path: Path, present: str) -> None:
    (tmp_path / present).write_text("mine")
    before = content(tmp_path)
    answer = phusong("init", tmp_path, "--province", "52")
    assert answer.code == 2
    assert present in answer.err
    assert "không ghi đè" in answer.err
    assert content(tmp_path) == before
    assert "nothing is overwritten" in phusong("init", tmp_path, "--province", "52", "--lang", "en").err


def test_sample_and_its_seed(phusong: Callable[..., Any], tmp_path: Path) -> None:
    words = ["--communes", "4", "--sites", "10", "--villages", "0", "--seed", "7", "--no-coast"]
    answer = phusong("sample", tmp_path / "a", *words)
    assert answer.code == 0
    assert f"phusong run {tmp_path / 'a' / 'phusong.toml'}" in answer.out
    assert "Wrote" in phusong("sample", tmp_path / "b", *words, "--lang", "en").out
    assert content(tmp_path / "a") == content(tmp_path / "b")


def test_sample_leaves_what_is_there_unless_forced(phusong: Callable[..., Any], tmp_path: Path) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    (folder / "phusong.toml").write_text("mine")
    (folder / "notes.txt").write_text("mine too")
    before = content(folder)
    words = ["sample", folder, "--communes", "4", "--sites", "10", "--villages", "0"]
    answer = phusong(*words)
    assert answer.code == 2
    told = f"Thư mục '{folder}' đã có tệp; không ghi đè. Chọn thư mục khác, hoặc thêm --force.\n"
    assert answer.err == told
    assert "is not empty" in phusong(*words, "--lang", "en").err
    assert content(folder) == before
    assert phusong(*words, "--force").code == 0
    assert (folder / "notes.txt").read_text() == "mine too"
    assert province_of(folder)[1] == "Tỉnh Mẫu (minh họa)"
    answer = phusong("sample", folder / "notes.txt", "--force")
    assert answer.code == 2
    assert "là một tệp, không phải thư mục" in answer.err


def test_country_goes_to_the_generator_and_takes_no_options_of_one_province(
    phusong: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}

    def write(folder: Path, *, made: Callable[[Path], None] | None, **words: Any) -> list[Path]:
        asked.update(words, folder=folder)
        files = [folder / code / "phusong.toml" for code in ("M01", "M02")]
        for file in files if made else []:
            made(file)
        return files

    monkeypatch.setattr("phusong.data.sample.make_country", write)
    answer = phusong("sample", tmp_path, "--country", "--size", "0.05", "--seed", "9", "--lang", "en")
    assert answer.code == 0
    assert asked == {"folder": tmp_path, "size": 0.05, "seed": 9, "force": False}
    assert f"phusong batch {tmp_path / '*' / 'phusong.toml'} --out {tmp_path / 'out'}" in answer.out
    assert answer.err.splitlines() == [str(tmp_path / code / "phusong.toml") for code in ("M01", "M02")]
    assert phusong("sample", tmp_path, "--country", "--quiet").err == ""
    answer = phusong("sample", tmp_path, "--country", "--sites", "20")
    assert answer.code == 2
    assert "--sites chỉ dùng cho một tỉnh, không dùng cùng --country" in answer.err
    answer = phusong("sample", tmp_path, "--size", "0.05", "--lang", "en")
    assert answer.code == 2
    assert "--size goes with --country only" in answer.err
    assert "0.01" in phusong("sample", tmp_path, "--country", "--size", "0").err


@pytest.mark.slow
def test_demo(phusong: Callable[..., Any], tmp_path: Path) -> None:
    answer = phusong("demo", "--out", tmp_path / "thu")
    assert answer.code == 0
    page = tmp_path / "thu" / "ket-qua" / "index.html"
    assert str(page) in answer.out
    assert page.is_file()
    assert "Tỉnh Mẫu" in page.read_text(encoding="utf-8")
    assert "Phủ sóng 4G đạt" in answer.out


def test_demo_refuses_what_it_did_not_make(phusong: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "ket-qua").mkdir()
    (tmp_path / "ket-qua" / "thesis.doc").write_text("mine")
    answer = phusong("demo", "--out", tmp_path)
    assert answer.code == 2
    assert "đã có dữ liệu khác" in answer.err
    assert list(content(tmp_path)) == ["ket-qua/thesis.doc"]
    other = tmp_path / "other"
    other.mkdir()
    (other / "tinh-mau").write_text("a file")
    answer = phusong("demo", "--out", other, "--lang", "en")
    assert answer.code == 2
    assert "is a file, not a folder" in answer.err
    assert content(other) == {"tinh-mau": b"a file"}
