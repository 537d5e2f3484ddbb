"""Slips on the command line: one message in the user's language, exit code 2, no traceback."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from phusong.cli import app, plan
from phusong.cli.errors import system_message

SLIPS = [
    (["chek", "x"], "Không có lệnh 'chek'. Ý bạn là 'check'?",
     "No such command 'chek'. Did you mean 'check'?"),
    (["zzz"], "Không có lệnh 'zzz'.", "No such command 'zzz'."),
    (["run", "x", "--ou", "y"], "Không có tùy chọn --ou. Ý bạn là: --out?", "No such option"),
    (["run"], "Thiếu 'DỰ_ÁN'.", "Missing argument 'PROJECT'"),
    (["run", "x"], "Thiếu '--out'.", "Missing option '--out'."),
    (["run", "x", "--out"], "Tùy chọn --out cần một giá trị.", "Option '--out' requires an argument."),
    (["batch", "--out", "y"], "Thiếu 'DỰ_ÁN...'.", "Missing argument 'PROJECT...'"),
    (["link", "x", "A"], "Thiếu 'ĐẾN'.", "Missing argument 'TO'"),
    (["link", "x", "A", "B", "--model", "moon"], "'--model': chỉ nhận một trong: p1812, itm, p526.",
     "'moon' is not one of 'p1812', 'itm', 'p526'"),
    (["sample", "x", "--communes", "2"], "'--communes': cần một số từ 4 đến 400.",
     "2 is not in the range 4<=x<=400"),
    (["sample", "x", "--sites", "abc"], "'--sites': cần một số từ 10 đến 20000.", "'abc' is not a valid int"),
    (["sample", "x", "--seed", "-1"], "'--seed': cần một số từ 0 đến 999999999.", "-1 is not in the range"),
    (["sample", "x", "--coast=1"], "Tùy chọn --coast không nhận giá trị.", "does not take a value"),
    (["models", "p1812"], "Thừa tham số: p1812.", "unexpected extra argument (p1812)"),
    (["models", "--json=1"], "Tùy chọn --json không nhận giá trị.", "does not take a value"),
    (["loss", "moon", "x"], "'MÔ_HÌNH': chỉ nhận một trong: itm-p2p", "Invalid value for 'MODEL'"),
    (["loss", "hata", "none.csv"], "'BẢNG': không tìm thấy 'none.csv'.", "File 'none.csv' does not exist."),
    (["loss", "hata", "."], "'BẢNG': '.' là một thư mục, không phải tệp.", "File '.' is a directory."),
    (["--lang"], "Tùy chọn --lang cần một giá trị.", None),
    (["models", "--lang", "fr"], "'--lang': chỉ nhận một trong: vi, en.", None),
]


@pytest.mark.parametrize(("words", "vi", "en"), SLIPS, ids=[" ".join(slip[0]) for slip in SLIPS])
def test_slips(phusong: Callable[..., Any], words: list[str], vi: str, en: str | None) -> None:
    answer = phusong(*words)
    assert answer.code == 2
    assert answer.out == ""
    assert vi in answer.err
    assert "Traceback" not in answer.err
    if en is not None:
        answer = phusong("--lang", "en", *words)
        assert answer.code == 2
        assert en in answer.err


def test_a_slip_points_to_the_help_of_its_command(phusong: Callable[..., Any]) -> None:
    assert phusong("run", "x").err.endswith("Xem: phusong run --help\n")
    assert phusong("zzz").err.endswith("Xem: phusong --help\n")
    assert phusong("run", "x", "--lang", "en").err.endswith("See: phusong run --help\n")


@pytest.mark.parametrize(
    "words",
    [["--lang", "en", "models"], ["models", "--lang", "en"], ["models", "--lang=en"], ["--lang=en", "models"],
     ["--lang", "vi", "models", "--lang", "en"], ["models", "-vv", "--lang", "en", "--quiet"]],
    ids=" ".join,
)  # fmt: skip
def test_language_may_stand_anywhere_and_the_last_one_counts(
    phusong: Callable[..., Any], words: list[str]
) -> None:
    answer = phusong(*words)
    assert answer.code == 0
    assert answer.out.startswith("By distance")


def test_language_of_the_environment(phusong: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHUSONG_LANG", "en")
    assert phusong("models").out.startswith("By distance")
    assert phusong("chek").err.startswith("No such command")
    assert phusong("models", "--lang", "vi").out.startswith("Theo khoảng cách")
    monkeypatch.setenv("PHUSONG_LANG", "klingon")
    assert phusong("models").out.startswith("Theo khoảng cách")


def test_language_after_two_dashes_is_no_option(phusong: Callable[..., Any]) -> None:
    assert "Thừa tham số: en." in phusong("init", "--", "--lang", "en").err


def test_models_as_text_and_json(phusong: Callable[..., Any]) -> None:
    vi, en = phusong("models").out, phusong("models", "--lang", "en").out
    table = json.loads(phusong("models", "--json").out)
    names = [entry["name"] for entry in table]
    assert {"range", "hata", "cost231", "tr38901-rma", "tr38901-uma", "tr38901-umi", "p1812", "itm",
            "p526"} <= set(names)  # fmt: skip
    for entry in table:
        assert f"  {entry['name']}: " in vi
        assert f"  {entry['name']}: " in en
        assert entry["source"]
        assert set(entry["text"]) == {"vi", "en"}
    assert "Phạm vi" in vi
    assert "Range" in en


@pytest.mark.parametrize(
    ("error", "vi", "en"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/x/y"), "'/x/y': hết dung lượng đĩa.",
         "no space left"),
        (PermissionError(errno.EACCES, "Permission denied", "a"), "'a': không có quyền.", "no permission"),
        (OSError(errno.EROFS, "Read-only file system"), "được: đĩa chỉ cho đọc.", "is read-only"),
        (OSError("strange"), "Không đọc hoặc ghi được: strange.", "Cannot read or write: strange."),
    ],
)
def test_errors_of_the_system(
    phusong: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, error: OSError, vi: str, en: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("phusong.maps.model_table.models_text", fail)
    answer = phusong("models")
    assert answer.code == 2
    assert answer.err.endswith(vi + "\n")
    assert en in phusong("models", "--lang", "en").err
    assert en in system_message(error, "en")


def test_want_of_memory_is_told(phusong: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("phusong.maps.model_table.models_text", fail)
    answer = phusong("models")
    assert answer.code == 2
    assert "Không đủ bộ nhớ" in answer.err


def test_a_bug_is_not_passed_off_as_the_users_fault(
    phusong: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("phusong.maps.model_table.models_text", fail)
    with pytest.raises(ZeroDivisionError):
        phusong("models")


def test_interruption_is_told(phusong: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("phusong.maps.model_table.models_text", stop)
    answer = phusong("models")
    assert answer.code == 130
    assert answer.err.strip() == "Đã dừng theo yêu cầu."


def test_every_command_has_a_module_and_every_module_a_command() -> None:
    helpers = {"__init__", "app", "errors", "options", "screen", "evidence_options", "fetch_options"}
    modules = {p.stem for p in Path(app.__file__).parent.glob("*.py")} - helpers
    wanted = {name.replace("-", "_") for name in app.COMMANDS}
    assert modules == wanted | {f"plan_{name}" for name in plan.PLANS}
