"""The folder of a batch and what it is given: nothing of others is lost, one mistake costs one province."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from quick_project import content, make_project

from phusong.cli.app import run as run_cli
from phusong.cli.options import Settings
from phusong.layers.faults import ExpectedError
from phusong.maps.batch import process
from phusong.maps.batch.neighbours import lend
from phusong.maps.batch.page import write_summary
from phusong.maps.batch.place import held
from phusong.maps.batch.run import run_batch
from phusong.maps.manifest import sha256

Told = pytest.CaptureFixture[str]


def broken(folder: Path, code: str) -> Path:
    """A project that fails at once: of it only the first lines can be read."""
    folder.mkdir(parents=True)
    file = folder / "phusong.toml"
    file.write_text(
        f'[province]\ncode = "{code}"\nname = "Tỉnh"\nas_of = 2026-06-30\n', encoding="utf-8"
    )
    return file


def batch(*words: object, lang: str = "en") -> int:
    return run_cli(["batch", *map(str, words)], Settings(lang))  # type: ignore[arg-type]


def ledger_of(out: Path) -> list[dict[str, object]]:
    return list(json.loads((out / "ledger.json").read_text(encoding="utf-8"))["provinces"])


def test_files_of_others_are_not_replaced(tmp_path: Path, capsys: Told) -> None:
    """``--out`` may be the folder of a project, whose list of communes has the name of the national one."""
    project = broken(tmp_path / "p", "01")
    for name in ("communes.csv", "index.html", "nation.xlsx", "summary.json"):
        theirs = project.parent / name
        theirs.write_text("theirs", encoding="utf-8")
        before = content(project.parent)
        assert batch(project, "--out", project.parent) == 2
        assert name in capsys.readouterr().err
        assert content(project.parent) == before
        theirs.unlink()
    assert batch(project, "--out", project) == 2
    assert "is a file" in capsys.readouterr().err
    # What a batch wrote, a batch replaces; a ledger that nobody can read any more is no obstacle.
    out = tmp_path / "out"
    assert batch(project, "--out", out) == 1
    (out / "ledger.json").write_text('{"provinces": [', encoding="utf-8")
    assert batch(project, "--out", out, "--resume") == 1
    assert [row["status"] for row in ledger_of(out)] == ["failed"]


def test_two_batches_do_not_share_a_folder(tmp_path: Path, capsys: Told) -> None:
    project, out = broken(tmp_path / "p", "01"), tmp_path / "out"
    with held(out):
        mark = out / ".running-0123456789ab"
        mark.touch()
        before = content(out)
        assert batch(project, "--out", out, lang="vi") == 2
        assert "đang ghi vào" in capsys.readouterr().err
        assert content(out) == before
        with pytest.raises(ExpectedError, match="Another batch"), held(out):
            pass
    # Once it is gone, so is what it left for its workers to see.
    assert batch(project, "--out", out) == 1
    assert not mark.exists()


def test_several_projects_of_one_province_cost_that_province(sample: Path, tmp_path: Path) -> None:
    """As when a province sends its project with the head of another's."""
    first = make_project(sample, tmp_path / "a", "kh")
    second = make_project(sample, tmp_path / "b", "KH")  # one folder on Windows and macOS
    third = broken(tmp_path / "c", "03")
    (tmp_path / "out" / "kh").mkdir(parents=True)
    (tmp_path / "out" / "kh" / "last").write_text("good", encoding="utf-8")
    runs = run_batch([first, third, second], tmp_path / "out", "en")
    assert [(r.status, r.blame, r.attempts) for r in runs] == [("failed", "data", 0)] * 3
    for run in (runs[0], runs[2]):
        assert str(first) in run.messages[0]
        assert str(second) in run.messages[0]
    assert (tmp_path / "out" / "kh" / "last").read_text(encoding="utf-8") == "good"
    assert [row["code"] for row in ledger_of(tmp_path / "out")] == ["kh", "03", "KH"]


def test_a_project_that_is_named_in_several_ways_is_one(tmp_path: Path) -> None:
    project = broken(tmp_path / "p", "01")
    (tmp_path / "link").symlink_to(project.parent, target_is_directory=True)
    paths = [project, project.parent, tmp_path / "link" / "phusong.toml", tmp_path / "p" / ".." / "p"]
    assert [run.project for run in run_batch(paths, tmp_path / "out", "en")] == [str(project)]


def test_projects_that_are_none(tmp_path: Path) -> None:
    """A folder in the file's place, links in a circle, brackets without end, bytes that are no text."""
    names = ("tỉnh một\n", "b", "c", os.fsdecode(b"d\xff"))
    as_folder, circle, deep, bytes_ = (tmp_path / name for name in names)
    (as_folder / "phusong.toml").mkdir(parents=True)
    for folder in (circle, deep, bytes_):
        folder.mkdir()
    (circle / "phusong.toml").symlink_to(circle / "phusong.toml")
    (deep / "phusong.toml").write_text("a = " + "[" * 20_000, encoding="utf-8")
    (bytes_ / "phusong.toml").write_bytes(b"\xff\xfe[province]")
    projects = [folder / "phusong.toml" for folder in (as_folder, circle, deep, bytes_)]
    runs = run_batch(projects, tmp_path / "out", "en")
    assert [(run.status, run.blame) for run in runs] == [("failed", "data")] * 4
    assert all(run.messages and "Traceback" not in run.messages[0] for run in runs)
    assert [run.code for run in runs] == ["phusong.toml", "b", "c", names[3]]
    write_summary(runs, tmp_path / "out", "en")
    assert [row["code"] for row in ledger_of(tmp_path / "out")] == ["phusong.toml", "b", "c", "d?"]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["--workers", "0"], "--workers"),
        (["--workers", "-3"], "--workers"),
        (["--workers", "100000"], "This machine bears --workers"),
        (["--memory", "1"], "--memory"),
        (["--minutes", "0"], "--minutes"),
        (["--retries", "-1"], "--retries"),
        (["--events", "{here}/none/events"], "none/events"),
        (["--scheduler", "nowhere"], "nowhere"),
        (["--scheduler", "tcp://127.0.0.1:99999"], "99999"),
        (["--scheduler", "carrier-pigeon://1"], "carrier-pigeon"),
    ],
)
def test_options_that_cannot_be_meant(
    tmp_path: Path, capsys: Told, monkeypatch: pytest.MonkeyPatch, words: list[str], wanted: str
) -> None:
    if "--scheduler" in words:
        pytest.importorskip("distributed")
    monkeypatch.setattr("phusong.maps.batch.pool.CONNECT_S", 0.3)
    project = broken(tmp_path / "p", "01")
    assert batch(project, "--out", tmp_path / "out", *[w.format(here=tmp_path) for w in words]) == 2
    told = capsys.readouterr().err
    assert wanted in told
    assert "Traceback" not in told
    assert not [*(tmp_path / "out").glob("ledger.*"), *(tmp_path / "out").glob(".running-*")]


def test_lists_of_stations_that_are_not_what_was_written(tmp_path: Path) -> None:
    """A list that somebody changed, or a disk tore, is missing, not half believed."""
    files = {code: tmp_path / f"{code}.csv" for code in ("01", "02", "03")}
    row = "{0},,A,4G,1800,108.0,{1},30,,0,65,60,20\n"
    head = ("site_id,cell_id,operator,technology,frequency_mhz,lon,lat,antenna_height_m,azimuth_deg,tilt_deg,"
            "beamwidth_deg,eirp_dbm,bandwidth_mhz\n")  # fmt: skip
    for k, (code, file) in enumerate(files.items()):
        file.write_text(head + row.format(f"s{code}", 14.0 + 0.1 * k), encoding="utf-8")
        told = {"key": "", "bounds": [107.9, 13.9, 108.1, 14.4], "reach_m": 5000.0, "sha256": sha256(file)}
        file.with_suffix(".json").write_text(json.dumps(told), encoding="utf-8")
    files["02"].write_text(head + '"\n', encoding="utf-8")
    lent = lend(files, tmp_path)
    assert {code: got.missing for code, got in lent.items()} == {"01": ("02",), "02": (), "03": ("02",)}
    assert lent["02"].file is None
    assert lent["01"].file is not None
    with lent["01"].file.open(encoding="utf-8-sig", newline="") as file:
        assert [r["site_id"] for r in csv.DictReader(file)] == ["s03"]
    # Where there is no room for what is lent, the province is computed without and told so.
    lent["03"].file.unlink()  # type: ignore[union-attr]
    (tmp_path / "03.lent.csv").mkdir()
    assert lend(files, tmp_path)["03"].missing == ("01", "02")


def test_a_part_of_the_machine_is_all_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container, or a service with MemoryMax, the machine's memory is not its own."""
    monkeypatch.setattr(process, "PROC", tmp_path / "proc")
    monkeypatch.setattr(process, "GROUPS", tmp_path / "groups")
    whole = process.machine_mb()
    (tmp_path / "proc" / "self").mkdir(parents=True)
    told = tmp_path / "proc" / "self" / "cgroup"
    for lines, limits in (
        ("0::/system.slice/phusong.service\n", {"system.slice/phusong.service/memory.max": "209715200",
                                                "system.slice/memory.max": "max"}),
        ("0::/\n", {"memory.max": "209715200\n"}),
        ("5:cpu:/\n4:memory:/not/seen/here\n", {"memory/memory.limit_in_bytes": "209715200"}),
    ):  # fmt: skip
        told.write_text(lines, encoding="utf-8")
        files = [tmp_path / "groups" / name for name in limits]
        for file, limit in zip(files, limits.values(), strict=True):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(limit, encoding="utf-8")
        assert process.machine_mb() == 200.0
        files[0].write_text("max", encoding="utf-8")
        assert process.machine_mb() == whole
        for file in files:
            file.unlink()


@contextlib.contextmanager
def started(projects: list[Path], out: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """A batch in a process of its own, which ends with the test at the latest."""
    with subprocess.Popen(
        [sys.executable, "-P", "-c", "from phusong.cli.app import main; main()", "--lang", "en", "batch",
         *map(str, projects), "--out", str(out), *words],
        stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.kill()


def process_begun(out: Path, codes: str) -> int:
    """Wait for the process of a province, and return its number."""
    until = time.monotonic() + 300
    while True:
        for file in sorted(out.glob(f"{codes}.log")):
            found = re.findall(r"province: process (\d+) on", file.read_text(encoding="utf-8"))
            if found:
                return int(found[-1])
        assert time.monotonic() < until
        time.sleep(0.02)


def gone(pid: int) -> bool:
    """Tell whether a process ends within some seconds."""
    until = time.monotonic() + 15
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


OF_A_BATCH = {".batch.lock", ".cache", "ledger.csv", "ledger.json"}


@pytest.mark.slow
def test_a_service_that_is_stopped(sample: Path, tmp_path: Path) -> None:
    """SIGTERM ends every process; the ledger says what is left to do, and nothing is half-written."""
    pytest.importorskip("distributed")
    projects = [make_project(sample, tmp_path / f"p{code}", code) for code in ("81", "82")]
    out, told = tmp_path / "out", tmp_path / "events"
    with started(projects, out, "--workers", "2", "--events", str(told)) as night:
        child = process_begun(out, "8?")
        night.send_signal(signal.SIGTERM)
        stderr = night.communicate(timeout=60)[1]
    assert night.returncode == 130, stderr
    assert stderr.strip() == "Stopped as asked."
    assert gone(child)
    assert [row["status"] for row in ledger_of(out)] == ["waiting"] * 2
    events = [json.loads(line) for line in told.read_text(encoding="utf-8").splitlines()]
    assert (events[-1]["event"], events[-1]["ended"]) == ("batch-stopped", 0)
    assert {p.name for p in out.iterdir()} <= OF_A_BATCH | {"81.log", "82.log"}


@pytest.mark.slow
def test_a_batch_that_is_killed_goes_on(sample: Path, tmp_path: Path) -> None:
    """Without a chance to say a word: what was done is kept, the rest is done the next time."""
    projects = [make_project(sample, tmp_path / f"p{code}", code) for code in ("83", "84")]
    out = tmp_path / "out"
    with started(projects, out, "--workers", "1") as night:
        child = process_begun(out, "84")
        night.kill()
        night.communicate(timeout=60)
    assert gone(child)
    assert [row["status"] for row in ledger_of(out)] == ["done", "waiting"]
    first = content(out / "83")
    assert "manifest.json" in first
    assert not (out / "84").exists()
    assert len(list(out.glob(".running-*"))) == 1
    logs = {code: (out / f"{code}.log").read_text(encoding="utf-8") for code in ("83", "84")}
    assert batch(*projects, "--out", out, "--resume") == 0
    assert [row["status"] for row in ledger_of(out)] == ["skipped", "done"]
    assert content(out / "83") == first
    # They have the same inputs but for their code, and nothing of the killed one is left.
    assert (out / "84" / "places.csv").read_bytes() == first["places.csv"]
    # A log is that of the last computation.
    assert (out / "83.log").read_text(encoding="utf-8") == logs["83"]
    assert f"process {child} on" not in (out / "84.log").read_text(encoding="utf-8")
    assert f"process {child} on" in logs["84"]
    summary = {"index.html", "summary.csv", "summary.json", "communes.csv", "communes.parquet", "nation.xlsx"}
    assert {p.name for p in out.iterdir()} == OF_A_BATCH | summary | {"83", "84", "83.log", "84.log"}
