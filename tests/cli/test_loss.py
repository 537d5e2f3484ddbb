"""``phusong loss`` as a user runs it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from phusong.cli import loss
from phusong.cli.app import main
from phusong.coverage.radio.cases import MODELS

TABLE = (
    "name,f_MHz,d_km,hb_m,hm_m,environment,city,standard_formula_dB\n"
    "a,869.0,2.0,30.0,1.0,UrbanEnvironment,LargeCity,137.931\n"
)


def run(*words: str) -> int:
    with pytest.raises(SystemExit) as end:
        main(list(words))
    return int(end.value.code or 0)


def test_the_models_are_those_of_the_library() -> None:
    assert loss.MODELS == MODELS


def test_summary_and_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases = tmp_path / "c.csv"
    cases.write_text(TABLE, encoding="utf-8")
    out = tmp_path / "out.csv"
    assert run("--lang", "en", "loss", "hata", str(cases), "--out", str(out)) == 0
    printed = capsys.readouterr().out
    assert "standard_formula_dB" in printed
    assert "within the tolerance" in printed
    assert "computed_standard_formula_dB" in out.read_text(encoding="utf-8")
    assert run("loss", "hata", str(cases)) == 0
    assert "dung sai" in capsys.readouterr().out


def test_intermediate_values_beyond_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    head = (
        "h_tx_m,h_rx_m,tx_site,rx_site,d_km,delta_h_m,climate,N0,f_mhz,pol,epsilon,sigma,mdvar,time,location,"
        "situation"
    )
    row = "15,1.5,1,1,24.49,90,5,301,900,0,15,0.005,12,50,50,50"
    cases, out = tmp_path / "c.csv", tmp_path / "out.csv"
    cases.write_text(f"{head}\n{row}\n", encoding="utf-8")
    assert run("loss", "itm-area", str(cases), "--out", str(out)) == 0
    with out.open(encoding="utf-8", newline="") as file:
        ours = next(csv.DictReader(file))
    free = float(ours["computed_A_fs_db"]) + 1.0
    cases.write_text(f"{head},A_db,A_fs_db\n{row},{ours['computed_A_db']},{free}\n", encoding="utf-8")
    capsys.readouterr()
    assert run("--lang", "en", "loss", "itm-area", str(cases)) == 0
    printed = capsys.readouterr().out
    assert "Every loss is within the tolerance." in printed
    assert "Intermediate values beyond the tolerance: A_fs_db (1)." in printed


def test_bad_input_is_one_message_and_exit_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases = tmp_path / "c.csv"
    cases.write_text(TABLE.replace("869.0", "x").replace("30.0", "-1"), encoding="utf-8")
    assert run("loss", "hata", str(cases)) == 2
    told = capsys.readouterr().err
    assert "f_MHz" in told
    assert "hb_m" in told
    assert "Traceback" not in told
    assert run("loss", "moon", str(cases)) == 2
    assert run("loss", "hata", str(tmp_path / "none.csv")) == 2
