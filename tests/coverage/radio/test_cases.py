"""Tables of cases: what they say of the engine, and every fault of a bad one at once."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from phusong.coverage.radio.cases import MODELS, compute_cases, default_profiles, write_cases
from phusong.layers.faults import InputError

HATA = "name,f_MHz,d_km,hb_m,hm_m,environment,city,standard_formula_dB\n"
P2P = "profile,h_tx_m,h_rx_m,climate,N0,f_mhz,pol,epsilon,sigma,mdvar,time,location,situation\n"
ROW = "hill,30,1.5,5,301,900,1,15,0.005,12,50,50,50\n"


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def hill(tmp_path: Path) -> Path:
    heights = (50.0 + 40.0 * np.sin(np.arange(60) / 7.0)).round(2).tolist()
    profile = {"n_intervals": 59, "step_m": 100.0, "elev_m": heights}
    return written(tmp_path, "cases_profiles.json", json.dumps({"hill": profile}))


@pytest.mark.parametrize(
    ("model", "file", "rows"),
    [
        ("p1812", "p1812_cases.csv", 42),
        ("tr38901", "tr38901_grid.csv", 280),
        ("hata", "hata_cost231.csv", 6),
    ],
)
def test_reference_tables(shared: Path, model: str, file: str, rows: int) -> None:
    result = compute_cases(model, shared / "vectors" / file)
    loss = result.comparisons[0]
    assert (loss.rows, loss.beyond) == (rows, 0)
    assert loss.max_difference < 0.01
    assert loss.max_difference >= loss.percentile_99 >= 0.0
    assert loss.max_difference >= loss.mean_difference
    columns = list(result.table.columns)
    assert columns.index(f"computed_{loss.column}") == columns.index(loss.column) + 1


def test_a_wrong_reference_is_counted(tmp_path: Path) -> None:
    text = HATA + "a,869,2,30,1,UrbanEnvironment,LargeCity,137.931\nb,869,2,30,1,urban,large,130.0\n"
    result = compute_cases("hata", written(tmp_path, "c.csv", text))
    assert result.beyond == 1
    assert result.comparisons[0].max_difference == pytest.approx(7.931, abs=1e-3)
    assert "vượt" in result.say("vi")
    assert "7,9" in result.say("vi")
    assert "7.9" in result.say("en")


def test_without_reference_columns(tmp_path: Path, hill: Path) -> None:
    result = compute_cases("itm-p2p", written(tmp_path, "cases.csv", P2P + ROW + "\n"))
    assert hill.exists()
    assert result.comparisons == ()
    assert np.isfinite(result.table["computed_A_db"]).all()
    assert "1 cases" in result.say("en")


def test_an_error_code_is_an_answer_not_a_fault(tmp_path: Path, hill: Path) -> None:
    header = P2P.strip() + ",rc,A_db\n"
    row = ROW.strip().replace(",900,", ",19,") + ",1009,0.0\n"
    result = compute_cases("itm-p2p", written(tmp_path, "cases.csv", header + row), hill)
    assert result.table["computed_rc"].tolist() == [1009]
    assert result.table["computed_A_db"].isna().all()
    assert [c.beyond for c in result.comparisons] == [0, 0]


def test_the_written_table_reads_back(tmp_path: Path, hill: Path) -> None:
    result = compute_cases("itm-p2p", written(tmp_path, "cases.csv", P2P + ROW), hill)
    write_cases(result, tmp_path / "out.csv")
    back = pd.read_csv(tmp_path / "out.csv")
    assert list(back.columns) == list(result.table.columns)
    np.testing.assert_array_equal(back["computed_A_db"], result.table["computed_A_db"])


def faults_of(model: str, cases: Path, profiles: Path | None = None) -> list[tuple[str, str, str, str]]:
    with pytest.raises(InputError) as caught:
        compute_cases(model, cases, profiles)
    for fault in caught.value.faults:
        assert fault.say("vi") != fault.say("en")
        assert "{" not in fault.say("vi") + fault.say("en")
    return [(f.code, f.row, f.column, f.value) for f in caught.value.faults]


def test_all_bad_cells_are_told_at_once(tmp_path: Path) -> None:
    text = HATA + (
        "a,abc,2,30,1,UrbanEnvironment,LargeCity,1\nb,869,0,30,,UrbanEnvironment,LargeCity,1\n"
        "c,869,2,30,1,Mars,LargeCity,1\nd,869,2,nan,1,urban,small,1\ne,1,2,3,4,5,6,7,8,9\n"
    )
    assert faults_of("hata", written(tmp_path, "c.csv", text)) == [
        ("cases.too-many-cells", "6", "", ""),
    ]
    good_shape = text.rsplit("e,", 1)[0]
    assert faults_of("hata", written(tmp_path, "c.csv", good_shape)) == [
        ("cases.range", "2", "f_MHz", "abc"),
        ("cases.range", "3", "d_km", "0"),
        ("cases.blank", "3", "hm_m", ""),
        ("cases.word", "4", "environment", "Mars"),
        ("cases.range", "5", "hb_m", "nan"),
    ]


def test_missing_columns_are_all_named(tmp_path: Path) -> None:
    found = faults_of("itm-p2p", written(tmp_path, "c.csv", "profile,h_tx_m,f_mhz\nhill,30,900\n"))
    assert {column for _, _, column, _ in found} >= {"h_rx_m", "climate", "N0", "mdvar"}
    assert {code for code, _, _, _ in found} == {"cases.missing-column"}


def test_profiles_must_be_there_and_whole(tmp_path: Path, hill: Path) -> None:
    cases = written(tmp_path, "other.csv", P2P + ROW + ROW.replace("hill", "dale"))
    assert default_profiles(cases) is None
    assert faults_of("itm-p2p", cases)[0][0] == "cases.no-profiles"
    assert faults_of("itm-p2p", cases, hill) == [("cases.unknown-profile", "3", "profile", "dale")]
    bad = {
        "hill": {"step_m": 100.0, "elev_m": [1.0, 2.0]},
        "dale": {"step_m": 100.0, "elev_m": [1.0, float("nan"), 3.0]},
    }
    profiles = written(tmp_path, "bad.json", json.dumps(bad))
    codes = [code for code, _, _, _ in faults_of("itm-p2p", cases, profiles)]
    assert codes == ["cases.profile", "cases.profile"]
    uneven = {name: {"d_km": [0.0, 0.1, 0.3], "h_masl": [1.0, 2.0, 3.0]} for name in ("hill", "dale")}
    profiles = written(tmp_path, "uneven.json", json.dumps(uneven))
    assert faults_of("itm-p2p", cases, profiles)[0][0] == "cases.uneven-profile"
    assert faults_of("itm-p2p", cases, written(tmp_path, "x.json", "{"))[0][0] == "cases.profiles-unreadable"


@pytest.mark.parametrize(
    "content", [None, b"", b"{", b"\xff\xfe\x00", b"[]", b"{}", b"null", b"7", b"[" * 100_000, b"9" * 5000]
)
def test_profiles_that_cannot_be_read_are_one_fault(tmp_path: Path, content: bytes | None) -> None:
    cases = written(tmp_path, "many.csv", P2P + ROW * 43)
    profiles = tmp_path / "p.json"
    if content is not None:
        profiles.write_bytes(content)
    with pytest.raises(InputError) as caught:
        compute_cases("itm-p2p", cases, profiles)
    assert [(f.code, f.file) for f in caught.value.faults] == [("cases.profiles-unreadable", "p.json")]
    said = caught.value.faults[0].say("vi")
    assert "mặt cắt" in said
    assert not re.search(r"Errno|No such|Expect|codec|line|column|exceed|depth", said)


def test_rows_are_still_held_to_their_columns_without_profiles(tmp_path: Path) -> None:
    cases = written(tmp_path, "many.csv", P2P + ROW + ROW.replace("hill,30", "hill,x"))
    assert faults_of("itm-p2p", cases, tmp_path / "none.json") == [
        ("cases.profiles-unreadable", "", "", ""), ("cases.number", "3", "h_tx_m", "x"),
    ]


def test_empty_and_unreadable_files(tmp_path: Path) -> None:
    assert faults_of("hata", written(tmp_path, "a.csv", ""))[0][0] == "cases.empty"
    assert faults_of("hata", written(tmp_path, "b.csv", HATA))[0][0] == "cases.no-rows"
    assert faults_of("hata", tmp_path / "none.csv")[0][0] == "cases.unreadable"
    assert faults_of("itm-p2p", written(tmp_path, "c.json", "[1]"))[0][0] == "cases.json"


def test_an_unknown_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="okumura"):
        compute_cases("okumura", tmp_path / "c.csv")
    assert set(MODELS) == {"itm-p2p", "itm-area", "p1812", "p526", "p2108", "p2109", "tr38901", "hata"}
