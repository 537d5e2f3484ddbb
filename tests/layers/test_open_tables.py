"""Tables come back as they were written, whatever the delimiter, the quoting and the order of columns."""

from __future__ import annotations

import csv
import io
import random
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phusong.layers.boundaries.codes import match_codes, own_codes
from phusong.layers.faults import Faults
from phusong.layers.project.schema import LayerTable
from phusong.layers.rules import Report, fold, nearest
from phusong.layers.tables.columns import Column, take_columns, to_dates, to_numbers, to_text
from phusong.layers.tables.opening import open_table, sniff_delimiter

# A level in dBm never has thousands; `1.125` alone in a column of another kind is refused, as it should be.
COLUMNS = (
    Column("site_id"), Column("operator"), Column("eirp_dbm", "number", unit="dBm"), Column("note"),
)
SETTINGS = LayerTable(path=Path("t.csv"))
words = st.text(
    st.characters(
        codec="utf-8", exclude_categories=("Cs", "Cc", "Zl", "Zp"), include_characters="\n,;\t\"'|"
    ),
    max_size=12,
).map(lambda text: " ".join(text.split(" ")).strip())
numbers = st.floats(-1e6, 1e6).map(lambda x: round(x, 6))


def read(data: bytes, name: str = "t.csv", **options: object) -> tuple[object, Faults]:
    faults = Faults()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        raw = open_table(path, Report("stations", name, faults), expected=[c.name for c in COLUMNS])
    return raw, faults


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(st.tuples(words, words, numbers, words), min_size=1, max_size=8),
    delimiter=st.sampled_from(",;\t|"),
    quoting=st.sampled_from((csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC)),
    order=st.permutations(range(4)),
    encoding=st.sampled_from(("utf-8", "utf-8-sig", "utf-16")),
    ending=st.sampled_from(("\n", "\r\n")),
    blank=st.booleans(),
)
def test_csv_round_trip(
    rows: list[tuple[str, str, float, str]],
    delimiter: str,
    quoting: int,
    order: list[int],
    encoding: str,
    ending: str,
    blank: bool,
) -> None:
    out = io.StringIO(newline="")
    # `x` stands in every row, so that no row is blank.
    writer = csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=ending)  # type: ignore[arg-type]
    writer.writerow([*(COLUMNS[i].name for i in order), "x"])
    if blank:
        out.write(ending)
    for row in rows:
        writer.writerow([*(row[i] for i in order), "x"])
    raw, faults = read(out.getvalue().encode(encoding))
    assert list(faults) == []
    table = take_columns(raw, SETTINGS, COLUMNS, Report("stations", "t.csv", faults))  # type: ignore[arg-type]
    assert list(faults) == []
    assert table is not None
    assert list(table.raw.rows) == list(range(2 + blank, 2 + blank + len(rows)))
    import unicodedata

    for j in (0, 1, 3):
        expected = [unicodedata.normalize("NFC", str(row[j]).strip()) for row in rows]
        assert list(table[COLUMNS[j].name]) == expected
    assert list(table["eirp_dbm"]) == [row[2] for row in rows]
    assert list(table.others["x"]) == ["x"] * len(rows)


def test_sniffing_without_a_known_header() -> None:
    assert sniff_delimiter("a;b;c\n1,5;2;3\n2,5;3;4\n") == ";"
    assert sniff_delimiter('a,b\n"x;y;z",1\n"u;v;w",2\n') == ","
    assert sniff_delimiter("only\n1\n2\n") == ","
    assert sniff_delimiter("a|b\nc|d\n") == "|"


def test_excels_hint_and_row_numbers() -> None:
    raw, faults = read(b"sep=;\r\nsite_id;operator\r\n\r\nA;x\r\nB;y\r\n")
    assert list(faults) == []
    assert list(raw.rows) == [4, 5]  # type: ignore[attr-defined]
    assert list(raw.cells["operator"]) == ["x", "y"]  # type: ignore[attr-defined]


def test_a_long_polygon_in_a_cell_and_the_limit_put_back() -> None:
    before = csv.field_size_limit()
    raw, faults = read(b'site_id,note\nA,"' + b"0 1," * 100_000 + b'"\n')
    assert list(faults) == []
    assert len(raw.cells["note"][0]) == 400_000  # type: ignore[attr-defined]
    assert csv.field_size_limit() == before


FRAME = pd.DataFrame(
    {
        "commune_code": ["00121", "21553"],
        "site_id": ["1", "Trạm Ia Grăng"],
        "eirp_dbm": [60.5, np.nan],
        "n": [3, 4],
        "day": pd.to_datetime(["2026-06-30", "2025-01-02"]),
    }
)


@pytest.mark.parametrize("name", ["t.xlsx", "t.parquet", "t.gpkg", "t.csv"])
def test_formats_agree(tmp_path: Path, name: str) -> None:
    """One table through four formats, written by other libraries, gives the same columns."""
    path = tmp_path / name
    if name == "t.xlsx":
        FRAME.to_excel(path, index=False)
    elif name == "t.parquet":
        FRAME.to_parquet(path)
    elif name == "t.gpkg":
        import pyogrio

        pyogrio.write_dataframe(FRAME, path)
    else:
        FRAME.to_csv(path, index=False)
    faults = Faults()
    report = Report("t", name, faults)
    raw = open_table(path, report)
    assert raw is not None
    assert report.rows_read == 2
    wanted = (
        Column("commune_code"),
        Column("site_id"),
        Column("eirp_dbm", "number"),
        Column("n", "number"),
        Column("day", "date"),
    )
    table = take_columns(raw, LayerTable(path=path), wanted, report)
    assert table is not None
    assert list(faults) == []
    assert list(table["commune_code"]) == ["00121", "21553"]
    assert list(table["site_id"]) == ["1", "Trạm Ia Grăng"]
    assert table["eirp_dbm"][0] == 60.5
    assert np.isnan(table["eirp_dbm"][1])
    assert list(table["n"]) == [3.0, 4.0]
    assert [str(d) for d in table["day"]] == ["2026-06-30", "2025-01-02"]
    assert list(raw.rows) == ([2, 3] if name in ("t.xlsx", "t.csv") else [1, 2])


def test_sheet_of_a_workbook_with_blank_rows(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    with pd.ExcelWriter(path) as book:
        pd.DataFrame({"a": [1]}).to_excel(book, sheet_name="Bìa", index=False)
        FRAME.to_excel(book, sheet_name="Trạm", index=False, startrow=2)
    faults = Faults()
    raw = open_table(path, Report("t", "t.xlsx", faults), layer="Trạm")
    assert raw is not None
    assert list(raw.rows) == [4, 5]
    assert open_table(path, Report("t", "t.xlsx", faults), layer="Tram") is None
    (fault,) = faults
    assert "muốn viết 'Trạm'" in fault.say("vi")
    assert "Do you mean 'Trạm'" in fault.say("en")


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.integers(1, 99_999).map(lambda n: f"{n:05d}"), min_size=1, max_size=30, unique=True),
    st.randoms(),
)
def test_codes_that_lost_their_zeros_come_back(codes: list[str], rng: random.Random) -> None:
    spoilt = [rng.choice([c, c.lstrip("0"), f"{int(c)}.0", f"{c}.0"]) for c in codes]
    assert list(match_codes(spoilt, codes)) == codes
    assert list(own_codes(spoilt, "01")) == codes


@given(st.lists(st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=6)))
def test_codes_elsewhere_are_left_alone(codes: list[str]) -> None:
    assert list(own_codes(codes, "STP")) == codes


def test_ambiguous_codes_are_not_guessed() -> None:
    """Where two communes differ in leading zeros only, a bare number belongs to neither."""
    assert list(match_codes(["12", "012", "0012", "7"], ["012", "0012"])) == ["12", "012", "0012", "7"]


@settings(max_examples=200, deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_read_as_python_writes_them(value: float) -> None:
    found, wrong = to_numbers(np.array([repr(value)], dtype=object))
    assert not wrong[0]
    assert found[0] == value


@pytest.mark.parametrize("cell", ["1,5", "1 800", "12m", "0x10", "1_000", "inf", "--1", "1e999", "108°"])
def test_what_is_no_number(cell: str) -> None:
    found, wrong = to_numbers(np.array([cell], dtype=object))
    assert wrong[0]
    assert np.isnan(found[0])


def test_dates() -> None:
    cells = np.array(
        ["2026-06-30", "30/06/2026", "1.2.2026", "", "06/30/2026", "2026-06-30T10:00:00"], dtype=object
    )
    dates, wrong = to_dates(cells)
    assert [str(d) for d in dates] == ["2026-06-30", "2026-06-30", "2026-02-01", "None", "None", "2026-06-30"]
    assert list(wrong) == [False, False, False, False, True, False]


def test_text_is_composed_and_whole_numbers_lose_their_point() -> None:
    assert list(to_text(np.array(["Hoa\u0300", None, 5.0, 5.25, True], dtype=object))) == [
        "Hoà",
        "",
        "5",
        "5.25",
        "True",
    ]
    assert list(to_text(np.array([21553.0, np.nan]))) == ["21553", ""]


def test_folded_names() -> None:
    assert fold("Mã Trạm_ĐĂK") == fold("ma tram dak") == "matramdak"
    assert nearest("stations_", ["stations", "status"]) == "stations"
    assert nearest("zzz", ["stations"]) == ""
