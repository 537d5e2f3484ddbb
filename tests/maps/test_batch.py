"""Many provinces: what one of them suffers costs no other anything, and nothing is computed twice."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import json
import os
import re
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from quick_project import content, make_project, of_another_province

from phusong.cli.app import run as run_cli
from phusong.cli.options import Settings
from phusong.maps.batch.run import SHOWN, BatchOptions, ProvinceRun, run_batch
from phusong.maps.manifest import sha256

RESUME = BatchOptions(resume=True, dask=False)
TABLES = ("indicators.csv", "indicators.json", "gaps.csv", "places.csv", "communes.gpkg", "gaps.gpkg")


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def corrupt(raster: Path) -> None:
    """Keep the head of a raster and spoil the values, as a broken download does."""
    data = bytearray(raster.read_bytes())
    data[len(data) // 3 :] = bytes(len(data) - len(data) // 3)
    raster.write_bytes(bytes(data[: len(data) // 2]))


def process_of(out: Path, code: str) -> int | None:
    """The process that a province's log names last."""
    with contextlib.suppress(OSError):
        found = re.findall(r"process (\d+) on", (out / f"{code}.log").read_text(encoding="utf-8"))
        return int(found[-1]) if found else None
    return None


class Killer(threading.Thread):
    """Kills the process of one province while it runs, as a system short of memory does.

    ``times``: that often, so that a second try dies too.
    """

    def __init__(self, out: Path, code: str, times: int) -> None:
        super().__init__(daemon=True)
        self.out, self.code, self.times = out, code, times
        self.killed: list[int] = []

    def run(self) -> None:
        until = time.monotonic() + 120
        while time.monotonic() < until and len(self.killed) < self.times:
            pid = process_of(self.out, self.code)
            if pid and pid not in self.killed:
                os.kill(pid, signal.SIGKILL)
                self.killed.append(pid)
            time.sleep(0.01)


@dataclasses.dataclass(frozen=True)
class Night:
    """One batch over provinces of every kind."""

    projects: dict[str, Path]
    out: Path
    exit_code: int
    runs: dict[str, ProvinceRun]


@pytest.fixture(scope="module")
def night(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Night:
    folder = tmp_path_factory.mktemp("night")
    codes = ("11", "12", "13", "14", "15", "16", "17", "18")
    projects = {code: make_project(sample, folder / f"p{code}", code) for code in codes}
    (projects["12"].parent / "terrain.tif").unlink()
    corrupt(projects["13"].parent / "population.tif")
    replace(projects["14"], "[grid]", "[grid")
    (projects["17"].parent / "stations.csv").write_bytes(b"")
    of_another_province(projects["18"].parent / "communes.gpkg")
    killer = Killer(folder / "out", "15", times=2)
    killer.start()
    ended: list[ProvinceRun] = []
    options = BatchOptions(workers=2, dask=False, events=folder / "events.jsonl")
    runs = run_batch([*projects.values()], folder / "out", "en", options=options, finished=ended.append)
    killer.join(timeout=1)
    assert len(killer.killed) == 2
    assert sorted(r.project for r in ended) == sorted(r.project for r in runs)
    by_code = {Path(run.project).parent.name[1:]: run for run in runs}
    assert list(by_code) == list(projects)  # in the order in which they were asked for
    return Night(projects, folder / "out", 0, by_code)


@pytest.mark.slow
def test_those_that_can_finish_do(night: Night) -> None:
    assert {code: run.status for code, run in night.runs.items()} == {
        "11": "done", "12": "failed", "13": "failed", "14": "failed", "15": "failed", "16": "done",
        "17": "failed", "18": "failed",
    }  # fmt: skip
    for code in ("11", "16"):
        run = night.runs[code]
        assert run.folder == code
        assert run.messages == ()
        assert run.seconds > 0
        assert 50 < run.peak_mb < 3000
        (numerator, denominator) = run.indicators["4G"]
        assert 0 < numerator < denominator
    # The two have the same inputs but for their code.
    assert night.runs["11"].indicators == night.runs["16"].indicators


@pytest.mark.slow
def test_every_failure_says_why(night: Night) -> None:
    assert "terrain.tif" in night.runs["12"].messages[0]
    assert "population.tif" in night.runs["13"].messages[0]
    assert "TOML" in night.runs["14"].messages[0]
    assert "row 6" in night.runs["14"].messages[0]
    assert "was stopped" in night.runs["15"].messages[0]
    assert "fewer --workers" in night.runs["15"].messages[0]
    assert (night.runs["15"].blame, night.runs["15"].attempts) == ("machine", 2)
    assert "stations.csv" in night.runs["17"].messages[0]
    assert "stations.csv" in night.runs["18"].messages[0]  # which lie in none of its communes
    assert {night.runs[code].blame for code in ("12", "13", "14", "17", "18")} == {"data"}
    for code in ("12", "13", "14", "15", "17", "18"):
        assert "Traceback" not in " ".join(night.runs[code].messages)
        assert "fault of the program" not in " ".join(night.runs[code].messages)
        assert not (night.out / code).exists()
        assert night.runs[code].folder == ""


@pytest.mark.slow
def test_a_log_for_every_province_that_was_begun(night: Night) -> None:
    logs = {p.stem: p.read_text(encoding="utf-8") for p in night.out.glob("*.log")}
    assert {"11", "13", "16", "17", "18"} <= set(logs) <= {"11", "13", "15", "16", "17", "18"}
    ledger = json.loads((night.out / "ledger.json").read_text(encoding="utf-8"))
    assert {p["code"]: p["status"] for p in ledger["provinces"]} == {
        run.code: run.status for run in night.runs.values()
    }
    assert next(p for p in ledger["provinces"] if p["code"] == "15")["attempts"] == 2
    assert ledger["batch"]["memory_mb"] > 0
    lines = (night.out.parent / "events.jsonl").read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    assert (events[0]["event"], events[-1]["event"]) == ("batch-started", "batch-ended")
    assert {e["code"] for e in events if e["event"] == "province-failed"} >= {"12", "13", "15", "17", "18"}
    assert "population.tif" in logs["13"]
    assert "indicators: " in logs["11"]


@pytest.fixture(scope="module")
def again(night: Night) -> Night:
    """The same through the command, resumed: what is unchanged is kept, failures are tried again."""
    before = {code: content(night.out / code) for code in ("11", "16")}
    words = [*map(str, night.projects.values()), "--out", str(night.out), "--resume", "--workers", "2"]
    code = run_cli(["--quiet", "batch", *words], Settings("en"))
    assert {code: content(night.out / code) for code in ("11", "16")} == before
    return dataclasses.replace(night, exit_code=code)


@pytest.mark.slow
def test_resumed_batch_and_its_summary(again: Night) -> None:
    assert again.exit_code == 1
    summary = json.loads((again.out / "summary.json").read_text(encoding="utf-8"))
    states = {p["code"]: p["status"] for p in summary["provinces"]}
    # 14 has no readable code, so its folder stands for it; 15 was killed before and is done now.
    assert states == {
        "11": "skipped", "12": "failed", "13": "failed", "p14": "failed", "15": "done", "16": "skipped",
        "17": "failed", "18": "failed",
    }  # fmt: skip
    with (again.out / "summary.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["code"]: row for row in csv.DictReader(file)}
    for code in ("11", "15", "16"):
        with (again.out / code / "indicators.csv").open(encoding="utf-8-sig", newline="") as file:
            wanted = next(
                row for row in csv.DictReader(file)
                if (row["level"], row["indicator"], row["operator"], row["service"])
                == ("province", "population", "any", "4G")
            )  # fmt: skip
        assert float(rows[code]["4G_people_covered"]) == pytest.approx(float(wanted["numerator"]), rel=1e-9)
        assert float(rows[code]["4G_people"]) == pytest.approx(float(wanted["denominator"]), rel=1e-9)
    page = (again.out / "index.html").read_text(encoding="utf-8")
    for code in ("11", "15", "16"):
        assert f'href="{code}/index.html"' in page
        assert (again.out / code / "index.html").is_file()
    assert 'href="13/' not in page
    assert "1 provinces computed, 2 unchanged and kept, 5 failed." in page


def change_input(project: Path, out: Path) -> None:
    path = project.parent / "villages.csv"
    replace(path, "99-V00030", "99-V00031")


def change_parameter(project: Path, out: Path) -> None:
    replace(project, "radius_m = 2000", "radius_m = 2001")


def tamper(project: Path, out: Path) -> None:
    replace(out / "indicators.csv", "population", "Population")


def lose(project: Path, out: Path) -> None:
    (out / "gaps.csv").unlink()


def older(project: Path, out: Path) -> None:
    replace(out / "manifest.json", '"name": "phusong"', '"name": "phusong", "x": 1')
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    manifest["generator"]["version"] = "0.0.1"
    (out / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def spoil_manifest(project: Path, out: Path) -> None:
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    manifest["inputs"] = "none"
    (out / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def spoil_outline(project: Path, out: Path) -> None:
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    manifest["province"]["outline"] = [[1, 2], "x"]
    (out / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def status_if_resumed(project: Path, out: Path, lang: str = "vi") -> str:
    """Tell whether a batch would keep an output, without running what it would not keep."""

    class AboutToRunError(Exception):
        pass

    def refuse(*_: object) -> object:
        raise AboutToRunError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("phusong.maps.batch.pool.ThreadPool.submit", refuse)
        try:
            (run,) = run_batch([project], out, lang, options=RESUME)  # type: ignore[arg-type]
        except AboutToRunError:
            return "again"
    return run.status


@pytest.fixture
def kept(sample: Path, tmp_path: Path) -> tuple[Path, Path]:
    """A project with an output where a batch would have put it."""
    project = make_project(sample, tmp_path / "p", "21")
    words = ["--quiet", "run", str(project), "--out", str(tmp_path / "out" / "21")]
    assert run_cli(words, Settings("vi")) == 0
    return project, tmp_path / "out"


def test_what_makes_a_province_run_again(kept: tuple[Path, Path]) -> None:
    project, out = kept
    state = {**{project.parent / n: b for n, b in content(project.parent).items()},
             **{out / "21" / n: b for n, b in content(out / "21").items()}}  # fmt: skip
    assert status_if_resumed(project, out) == "skipped"
    assert status_if_resumed(project.parent, out) == "skipped"
    assert status_if_resumed(project, out, "en") == "again"
    changes: tuple[Callable[[Path, Path], None], ...] = (
        change_input, change_parameter, tamper, lose, older, spoil_manifest, spoil_outline
    )  # fmt: skip
    for change in changes:
        change(project, out / "21")
        assert status_if_resumed(project, out) == "again", change.__name__
        for path, data in state.items():
            path.write_bytes(data)
        assert status_if_resumed(project, out) == "skipped", change.__name__
    # A comment in the project file, or a file nobody reads, changes nothing.
    project.write_text(project.read_text(encoding="utf-8") + "\n# noted\n", encoding="utf-8")
    (project.parent / "notes.txt").write_text("x")
    assert status_if_resumed(project, out) == "skipped"


@pytest.mark.slow
def test_resumed_tables_are_those_of_a_fresh_run(kept: tuple[Path, Path], tmp_path: Path) -> None:
    project, out = kept
    before = content(out / "21")
    (run,) = run_batch([project], out, "vi", options=RESUME)
    assert run.status == "skipped"
    assert content(out / "21") == before
    change_parameter(project, out / "21")
    (run,) = run_batch([project], out, "vi", options=RESUME)
    assert run.status == "done"
    (fresh,) = run_batch([project], tmp_path / "fresh", "vi")
    assert fresh.indicators == run.indicators
    changed = 0
    for name in TABLES:
        assert sha256(out / "21" / name) == sha256(tmp_path / "fresh" / "21" / name), name
        changed += before[name] != (out / "21" / name).read_bytes()
    assert changed > 0


def test_none_readable_is_told_of_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "ca-mau"
    folder.mkdir()
    words = [str(folder), str(tmp_path / "none.toml"), "--out", str(tmp_path / "out")]
    assert run_cli(["batch", *words], Settings("vi")) == 1
    told = capsys.readouterr()
    assert told.err.count("HỎNG") == 2
    assert "ca-mau ca-mau: HỎNG" in told.err
    assert "0 tỉnh xong, 0 bỏ qua, 2 hỏng." in told.out
    assert (tmp_path / "out" / "index.html").is_file()
    with (tmp_path / "out" / "summary.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row["status"] for row in csv.DictReader(file)] == ["failed", "failed"]


@pytest.mark.slow
def test_more_messages_than_a_pipe_holds(sample: Path, tmp_path: Path) -> None:
    project = make_project(sample, tmp_path / "a", "31")
    path = project.parent / "stations.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        for column in ("technology", "frequency_mhz", "lon", "lat", "antenna_height_m", "azimuth_deg",
                       "tilt_deg", "beamwidth_deg", "eirp_dbm", "bandwidth_mhz"):  # fmt: skip
            row[column] = "wrong " * 20
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    (run,) = run_batch([project], tmp_path / "out", "vi")
    assert run.status == "failed"
    log = (tmp_path / "out" / "31.log").read_text(encoding="utf-8")
    assert len(log.encode()) > 65_536  # what a pipe holds on Linux
    assert len(run.messages) == SHOWN + 1
    assert "31.log" in run.messages[-1]
    assert log.count(" ERROR ") > SHOWN


@pytest.mark.slow
def test_interrupted_batch_leaves_no_process(sample: Path, tmp_path: Path) -> None:
    bad = make_project(sample, tmp_path / "a", "41")
    replace(bad.parent / "stations.csv", "4G", "9G")
    good = make_project(sample, tmp_path / "b", "42")

    out = tmp_path / "out"

    def stop(run: ProvinceRun) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_batch([bad, good], out, "vi", options=BatchOptions(workers=2, dask=False), finished=stop)
    pid = process_of(out, "42")
    if pid is not None:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert not [*out.glob(".running-*"), *out.glob("42"), *out.glob(".42.*")]
