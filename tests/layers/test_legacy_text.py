"""Old encodings are found per column, and sound Unicode is never touched."""

from __future__ import annotations

import functools
import random
import shutil
import sqlite3
import subprocess
import unicodedata
from importlib import util
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phusong.layers.faults import Faults
from phusong.layers.rules import Report
from phusong.layers.text.legacy_encodings import (
    ENCODINGS,
    decode,
    encode,
    from_bytes,
    tcvn3_letters,
    to_bytes,
    vni_letters,
)
from phusong.layers.text.legacy_text import read_text, read_texts, tell_text
from phusong.layers.text.syllables import is_syllable

VOWELS = "aăâeêioôơuưy"
TONES = ["", "\u0301", "\u0300", "\u0309", "\u0303", "\u0323"]
SMALL = [unicodedata.normalize("NFC", v + t) for v in VOWELS for t in TONES] + ["đ"]
ALPHABET = [c for c in SMALL + [s.upper() for s in SMALL] if not c.isascii()]


@functools.cache
def names(table: str) -> list[str]:
    """Official names of communes, old or new."""
    spec = util.find_spec("vietnamadminunits")
    assert spec is not None
    assert spec.origin is not None
    with sqlite3.connect(Path(spec.origin).parent / "data" / "dataset.db") as base:
        return [row[0] for row in base.execute(f"select ward from {table}") if row[0]]


def all_names() -> list[str]:
    return names("admin_units") + names("admin_units_legacy")


def test_the_examples_of_the_field() -> None:
    assert decode("Tr¹m ph¸t sãng t¹i x·", "tcvn3") == "Trạm phát sóng tại xã"
    assert decode("xaõ Ia Graêng", "vni") == "xã Ia Grăng"
    assert decode("PhýõÌng Ba ÐiÌnh", "cp1258") == "Phường Ba Đình"
    assert decode("Tráº¡m", "utf-8") == "Trạm"


def test_the_alphabet_goes_there_and_back() -> None:
    for letter in ALPHABET:
        for encoding in ("vni", "cp1258", "utf-8"):
            assert decode(encode(letter, encoding), encoding) == letter, (letter, encoding)
    for letter in ALPHABET:
        assert decode(encode(letter, "tcvn3"), "tcvn3").lower() == letter.lower()
    assert len(tcvn3_letters()) == 74, "67 small letters and 7 capitals in VN3 of TCVN 5712"
    assert set(vni_letters().values()) == set(ALPHABET)


@pytest.mark.skipif(shutil.which("iconv") is None, reason="no iconv to compare with")
def test_tcvn3_agrees_with_the_c_library() -> None:
    for seen, letter in tcvn3_letters().items():
        command = ["iconv", "-f", "TCVN", "-t", "UTF-8"]
        done = subprocess.run(command, input=seen.encode("latin-1"), capture_output=True)
        if done.returncode and b"not supported" in done.stderr:
            pytest.skip("this iconv has no TCVN")
        assert done.stdout.decode() == letter


def test_capitals_of_a_capital_font_come_back() -> None:
    assert decode("TR¹M PH¸T SãNG", "tcvn3") == "TRẠM PHÁT SÓNG"
    assert decode("Ph­êng ¸i Quèc", "tcvn3") == "Phường Ái Quốc"
    assert decode("X· SRã", "tcvn3") == "Xã SRó"


@pytest.mark.parametrize("table", ["admin_units", "admin_units_legacy"])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_commune_is_read_back(table: str, encoding: str) -> None:
    wanted = names(table)
    column = read_text([encode(name, encoding) for name in wanted])  # type: ignore[arg-type]
    assert (column.verdict, column.encoding) == ("converted", encoding)
    differ = [(a, b) for a, b in zip(column.cells, wanted, strict=True) if a != b]
    if encoding == "tcvn3":  # capitals with a tone are not in it
        assert all(a.casefold() == b.casefold() for a, b in differ)
        assert len(differ) <= 0.002 * len(wanted)
    else:
        assert differ == []


@pytest.mark.parametrize("table", ["admin_units", "admin_units_legacy"])
def test_correct_columns_stay_as_they_are(table: str) -> None:
    column = read_text(names(table))
    assert column.verdict == "unicode"
    assert column.cells.tolist() == names(table)
    assert not column.changed.any()


@settings(max_examples=300, deadline=None)
@given(st.integers(1, 40), st.booleans(), st.randoms(use_true_random=False))
def test_no_sample_of_correct_names_is_touched(n: int, bare: bool, rng: random.Random) -> None:
    chosen = rng.sample(all_names(), n)
    cells = [name.partition(" ")[2] if bare and " " in name else name for name in chosen]
    column = read_text(cells)
    assert column.verdict in ("plain", "unicode")
    assert column.cells.tolist() == cells


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 40), st.sampled_from(ENCODINGS), st.randoms(use_true_random=False))
def test_a_sample_is_read_right_or_left_alone(n: int, encoding: str, rng: random.Random) -> None:
    chosen = rng.sample(all_names(), n)
    cells = [encode(name, encoding) for name in chosen]  # type: ignore[arg-type]
    column = read_text(cells)
    if column.verdict == "converted":
        assert column.encoding == encoding
        assert [c.casefold() for c in column.cells] == [c.casefold() for c in chosen]
    else:
        assert column.cells.tolist() == [unicodedata.normalize("NFC", c) for c in cells]
    if n >= 12:
        assert column.verdict in ("converted", "mixed")


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=40))
def test_bytes_of_1252_come_back(data: bytes) -> None:
    assert to_bytes(from_bytes(data)) == data


@pytest.mark.parametrize(
    "cells",
    [
        ["Station A", "Tower 12", "BTS-0031"],
        ["9/125 µm", "62,5/125 µm"],
        ["30°", "12 m²", "± 3 dB"],
        ["São Tomé", "Príncipe", "Água Grande", "Lembá", "Mé-Zóchi", "Caué"],
        ["Müller & Söhne", "Köln", "für"],
        ["© Viettel", "VNPT®"],
        ["Phó", "Hoà"],
    ],
)
def test_other_text_is_left_alone(cells: list[str]) -> None:
    column = read_text(cells)
    assert column.verdict in ("plain", "unicode")
    assert column.cells.tolist() == cells


def test_a_decomposed_column_is_composed_and_counted() -> None:
    cells = [unicodedata.normalize("NFD", n) for n in ("Xã Ia Grăng", "Phường Pleiku", "Xã Đak Đoa")]
    column = read_text(cells)
    assert (column.verdict, column.composed) == ("unicode", 3)
    assert column.cells[0] == "Xã Ia Grăng"


def test_one_short_cell_is_in_doubt_and_not_guessed() -> None:
    column = read_text(["x·"])
    assert (column.verdict, column.encoding) == ("doubtful", "tcvn3")
    assert column.cells.tolist() == ["x·"]


def test_a_mixture_is_a_fault_with_its_rows() -> None:
    good, old = names("admin_units")[:20], [encode(n, "tcvn3") for n in names("admin_units")[20:40]]
    column = read_text(good + old)
    assert column.verdict == "mixed"
    faults = Faults()
    rows = np.arange(2, 42)
    tell_text(Report("stations", "a.csv", faults), "Tên trạm", column, good + old, rows)
    (fault,) = faults
    assert fault.code == "stations.text-mixed"
    assert "TCVN3" in fault.say("vi")
    assert "Unicode" in fault.say("en")


def test_two_old_encodings_in_one_column_are_a_fault() -> None:
    some = names("admin_units")
    half = [encode(n, "tcvn3") for n in some[:20]] + [encode(n, "vni") for n in some[20:40]]
    assert read_text(half).verdict == "mixed"


def test_a_column_that_may_be_either_is_in_doubt_beside_an_old_one() -> None:
    columns = {"name": [encode(n, "tcvn3") for n in names("admin_units")[:30]], "note": ["Phó", "Lé"]}
    judged = read_texts(columns)
    assert judged["name"].verdict == "converted"
    assert judged["note"].verdict == "doubtful"
    assert read_texts({"note": columns["note"]})["note"].verdict == "unicode"


def test_what_the_project_declares_wins() -> None:
    assert read_text(["x·"], declared="tcvn3").cells.tolist() == ["xã"]
    assert read_text(["x·"], declared="unicode").cells.tolist() == ["x·"]
    refused = read_text(["xã đất"], declared="tcvn3")
    assert refused.verdict == "doubtful"
    assert refused.cells.tolist() == ["xã đất"]
    with pytest.raises(ValueError, match="encoding is 'ebcdic'"):
        read_text(["xã"], declared="ebcdic")


def test_lost_letters_are_told() -> None:
    column = read_text(["Tr\ufffdm", "Trạm"])
    assert column.lost == 1
    faults = Faults()
    tell_text(Report("places.x", "a.csv", faults), "h", column, ["Tr\ufffdm", "Trạm"], np.array([2, 3]))
    assert [f.code for f in faults] == ["places.text-lost"]


def test_a_blank_stripped_from_a_misread_cell_does_not_matter() -> None:
    assert decode(encode("Xã Hà", "utf-8").strip(), "utf-8") == "Xã Hà"


@pytest.mark.parametrize(
    "word", ["Trường", "hòa", "hoà", "khuỷu", "Quỳnh", "giữa", "Krông", "Đắk", "Pưh", "nghiêng", "ĐỨC"]
)
def test_syllables(word: str) -> None:
    assert is_syllable(word)


@pytest.mark.parametrize(
    "word", ["xaõ", "viÖn", "Graêng", "ñaát", "aâ", "tiÕng", "đảt", "a\u0301\u0300", "", "xyz"]
)
def test_no_syllables(word: str) -> None:
    assert not is_syllable(word)
