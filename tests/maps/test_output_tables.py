"""The tables read back as what they were written from, harmlessly, in the same bytes."""

from __future__ import annotations

import csv
import dataclasses
import datetime
import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phusong.coverage.result import INDICATOR_COLUMNS, PLACE_COLUMNS, Result
from phusong.data.starter import communes_of
from phusong.maps import tables
from phusong.maps.safe import ascii_key, ascii_keys, neutral, one_line, shorten

SCHEMA = Path(__file__).parents[2] / "docs" / "indicators.schema.json"


def _read(path: Path) -> tuple[list[str], list[list[str]]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file)
    return header, rows


def test_indicators_csv_reads_back_exactly(tiny_result: Result, tmp_path: Path) -> None:
    path = tmp_path / "indicators.csv"
    tables.write_indicators_csv(tiny_result, path)
    assert path.read_bytes().startswith(b"\xef\xbb\xbflevel,code,")
    header, rows = _read(path)
    assert tuple(header) == INDICATOR_COLUMNS
    back = pd.DataFrame(rows, columns=header)
    for column in ("numerator", "denominator", "percent"):
        numbers = [float(cell) if cell else np.nan for cell in back[column]]
        np.testing.assert_array_equal(numbers, tiny_result.indicators[column])
    assert back["code"].tolist() == tiny_result.indicators["code"].tolist()
    assert set(back["as_of"]) == {"2026-06-30"}


def test_no_cell_of_any_csv_is_a_formula(tiny_result: Result, tmp_path: Path) -> None:
    for write in (tables.write_indicators_csv, tables.write_gaps_csv, tables.write_places_csv):
        path = tmp_path / "table.csv"
        write(tiny_result, path)
        header, rows = _read(path)
        for row in rows:
            assert len(row) == len(header)
            for cell in row:
                assert cell[:1] not in {"=", "+", "@", "\t", "\r"}
                if cell.startswith("-"):
                    float(cell)
    names = {row[2] for row in rows}
    assert {"'=HYPERLINK(1)", "'+84", "../../x", "Ạ" * 500, "<script>alert(1)</script>"} <= names


def test_places_keep_every_row(tiny_result: Result, tmp_path: Path) -> None:
    path = tmp_path / "places.csv"
    tables.write_places_csv(tiny_result, path)
    header, rows = _read(path)
    assert tuple(header) == PLACE_COLUMNS
    assert len(rows) == len(tiny_result.places)
    served = [row[header.index("served")] == "1" for row in rows]
    assert served == tiny_result.places["served"].tolist()


def test_same_result_same_bytes(tiny_result: Result, tmp_path: Path) -> None:
    for write in (tables.write_indicators_csv, tables.write_gaps_csv, tables.write_places_csv,
                  tables.write_indicators_json):
        write(tiny_result, tmp_path / "a")
        write(tiny_result, tmp_path / "b")
        assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_json_follows_its_schema(tiny_result: Result, tmp_path: Path) -> None:
    path = tmp_path / "indicators.json"
    tables.write_indicators_json(tiny_result, path)
    document = json.loads(path.read_text(encoding="utf-8"))
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    checker = jsonschema.Draft202012Validator(
        schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )
    checker.validate(document)
    assert document["province"]["code_vintage"] is None  # the made-up province is in no register
    assert len(document["indicators"]) == len(tiny_result.indicators)
    for found, row in zip(document["indicators"], tiny_result.indicators.itertuples(), strict=True):
        assert (found["code"], found["numerator"]) == (row.code, row.numerator)
    document["indicators"][0].pop("criterion")
    with pytest.raises(jsonschema.ValidationError):
        checker.validate(document)


def _with_codes(result: Result, code: str, communes: list[str], as_of: datetime.date) -> Result:
    project = result.layers.project
    province = project.province.model_copy(update={"code": code, "as_of": as_of})
    layers = dataclasses.replace(
        result.layers, project=project.model_copy(update={"province": province}),
        communes=result.layers.communes.assign(commune_code=communes),
    )
    return dataclasses.replace(result, layers=layers)


def test_codes_in_no_register_have_no_vintage(tiny_result: Result) -> None:
    now, then = datetime.date(2025, 7, 1), datetime.date(2025, 6, 30)
    # From the lists of 2025 (Gia Lai) and of 2024 (Quy Nhơn, in Bình Định, whose code was 52 too).
    gia_lai = ["21553", "21583", "21589", "23563", "23575", "23602"]
    quy_nhon = ["21550", "21553", "21556", "21559", "21562", "21565"]
    assert {u["commune_code"] for u in communes_of("52")} >= set(gia_lai)
    assert tables.code_vintage(_with_codes(tiny_result, "52", gia_lai, now)) == "2025-07-01"
    assert tables.code_vintage(_with_codes(tiny_result, "52", quy_nhon, then)) == "before-2025-07-01"
    assert tables.code_vintage(_with_codes(tiny_result, "52", quy_nhon, now)) is None
    assert tables.code_vintage(_with_codes(tiny_result, "01", gia_lai, now)) is None
    assert tables.code_vintage(_with_codes(tiny_result, "99", gia_lai, now)) is None
    assert tables.code_vintage(_with_codes(tiny_result, "52", [*gia_lai[:5], "99999"], now)) is None
    assert tables.code_vintage(_with_codes(tiny_result, "ST", [f"ST-{k}" for k in range(6)], now)) is None


@given(st.text(max_size=30))
def test_neutral_text_never_starts_a_formula(text: str) -> None:
    safe = neutral(text)
    assert safe.lstrip()[:1] not in set("=+-@＝＋－＠")
    assert one_line(safe.removeprefix("'")) in one_line(text) or "'" in text


@given(st.lists(st.text(max_size=60), max_size=8))
def test_keys_are_plain_and_distinct(texts: list[str]) -> None:
    keys = ascii_keys(texts)
    assert len({k.casefold() for k in keys.values()}) == len(set(texts))
    for key in keys.values():
        assert key.isascii()
        assert key.replace("_", "").isalnum() or key.strip("_") == ""
        assert key


def test_key_of_a_path_is_no_path() -> None:
    assert ascii_key("../../x") == "x"
    assert ascii_key("Mạng Đ.1") == "Mang_D_1"
    assert ascii_key("con").casefold() != "con"
    assert shorten("Ạ" * 500, 40) == "Ạ" * 39 + "…"


_VALUES = (
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats() | st.text(max_size=6)
    | st.dates() | st.sampled_from(["=1+1", "Xã Ia Krêl", '"', "-", "1", "nan"])
)  # fmt: skip


@given(st.lists(st.tuples(_VALUES, st.floats(), st.text(max_size=4), st.booleans()), max_size=12))
def test_columns_are_written_as_their_values_are(rows: list[tuple[Any, ...]]) -> None:
    """By column, each text once, as fast as it may be: the same bytes as value by value."""
    frame = pd.DataFrame({
        name: pd.Series([row[k] for row in rows], dtype=dtype)
        for k, (name, dtype) in enumerate({"a": object, "b": float, "c": "str", "d": bool}.items())
    })  # fmt: skip
    assert tables.frame_csv(frame) == tables.csv_bytes("abcd", rows)
    plain = [{k: tables.plain_value(v) for k, v in zip("abcd", row, strict=True)} for row in rows]
    assert json.loads(tables.json_bytes({"x": 1}, "rows", frame)) == {"x": 1, "rows": plain}
