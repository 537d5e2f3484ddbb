"""A batch on a real Dask cluster on the loopback, and on none: the same bytes, whatever dies on the way."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from quick_project import content, make_project

from phusong.layers.faults import ExpectedError
from phusong.maps.batch.job import Job
from phusong.maps.batch.ledger import Events, Ledger
from phusong.maps.batch.process import run_job
from phusong.maps.batch.run import BatchOptions, run_batch

TABLES = ("indicators.csv", "indicators.json", "gaps.csv", "places.csv", "communes.gpkg", "signal_4G.tif")
PREDICTED = 'model = "cost231"\nmax_distance_m = 4000'


def predicted(sample: Path, folder: Path, code: str) -> Path:
    """A project whose prediction is worth cutting up."""
    project = make_project(sample, folder, code)
    text = project.read_text(encoding="utf-8")
    project.write_text(text.replace('model = "range"\nradius_m = 2000', PREDICTED), encoding="utf-8")
    return project


def tables(out: Path) -> dict[str, bytes]:
    found = content(out)
    return {name: found[name] for name in TABLES}


@pytest.fixture(scope="module")
def alone(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    """A project and its tables, computed in one go without anything kept."""
    folder = tmp_path_factory.mktemp("alone")
    project = predicted(sample, folder / "p", "51")
    (run,) = run_batch([project], folder / "out", "vi", options=BatchOptions(dask=False, keep=False))
    assert run.status == "done", run.messages
    assert not (folder / "out" / ".cache").exists()
    return project, tables(folder / "out" / "51")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address="127.0.0.1:0",
        silence_logs=50,
    ) as cluster:  # fmt: skip
        yield cluster.scheduler_address


def kill_the_worker(out: Path, code: str, killed: list[int]) -> None:
    """Kill the Dask worker above a province's process as soon as there is one."""
    until = time.monotonic() + 60
    while time.monotonic() < until and not killed:
        with contextlib.suppress(OSError, IndexError):
            pid = re.findall(r"process (\d+) on", (out / f"{code}.log").read_text(encoding="utf-8"))[0]
            status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
            worker = int(status.split("PPid:")[1].split()[0])
            if worker > 1:
                os.kill(worker, signal.SIGKILL)
                killed.append(int(pid))
        time.sleep(0.01)


@pytest.mark.slow
def test_cluster_with_a_worker_killed_gives_the_same_bytes(
    alone: tuple[Path, dict[str, bytes]], address: str, tmp_path: Path
) -> None:
    project, wanted = alone
    killed: list[int] = []
    killer = threading.Thread(target=kill_the_worker, args=(tmp_path / "out", "51", killed))
    killer.start()
    options = BatchOptions(scheduler=address, events=tmp_path / "events.jsonl")
    (run,) = run_batch([project], tmp_path / "out", "vi", options=options)
    killer.join(1)
    assert killed
    assert run.status == "done", run.messages
    assert tables(tmp_path / "out" / "51") == wanted
    lines = (tmp_path / "events.jsonl").read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    assert sum(e["event"] == "share-done" for e in events) == 2  # cut for the two workers
    # The process of the dead worker went with it.
    with pytest.raises(ProcessLookupError):
        os.kill(killed[0], 0)


@pytest.mark.slow
def test_local_dask_and_one_more_station(alone: tuple[Path, dict[str, bytes]], tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    project, wanted = alone
    # Four workers here, two of a cluster and one process elsewhere in this file: the same bytes.
    options = BatchOptions(workers=4, dask=True)
    (run,) = run_batch([project], tmp_path / "out", "vi", options=options)
    assert run.status == "done", run.messages
    assert tables(tmp_path / "out" / "51") == wanted
    stations = project.parent / "stations.csv"
    before = stations.read_bytes()
    lines = before.decode("utf-8-sig").splitlines()
    head = lines[0].split(",")
    row = next(line for line in lines[1:] if ",4G," in line).split(",")
    row[head.index("cell_id")] = "new-1"
    row[head.index("lat")] = f"{float(row[head.index('lat')]) + 0.002:.6f}"
    row[head.index("site_id")] = "new"
    stations.write_text("\n".join([*lines[:5], ",".join(row), *lines[5:]]) + "\n", encoding="utf-8")
    try:
        (again,) = run_batch([project], tmp_path / "out", "vi", options=BatchOptions(dask=False, resume=True))
        (fresh,) = run_batch([project], tmp_path / "f", "vi", options=BatchOptions(dask=False, keep=False))
    finally:
        stations.write_bytes(before)
    assert again.status == fresh.status == "done"
    assert tables(tmp_path / "out" / "51") == tables(tmp_path / "f" / "51") != wanted
    said = re.findall(r"4G: (\d+) of (\d+) groups", (tmp_path / "out" / "51.log").read_text(encoding="utf-8"))
    assert said
    assert int(said[-1][0]) < int(said[-1][1])


def test_no_scheduler_there(tmp_path: Path, sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("phusong.maps.batch.pool.CONNECT_S", 0.2)
    project = make_project(sample, tmp_path / "p", "52")
    with pytest.raises(ExpectedError, match=r"127\.0\.0\.1:9"):
        run_batch([project], tmp_path / "out", "en", options=BatchOptions(scheduler="tcp://127.0.0.1:9"))


@pytest.mark.slow
def test_scheduler_killed(sample: Path, tmp_path: Path) -> None:
    """What was not done is told as lost, at once, and nothing half-written is left."""
    pytest.importorskip("distributed")
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    here = ["--host", "127.0.0.1", "--dashboard-address", "127.0.0.1:0"]
    scheduler = dask("scheduler", "--port", str(port), *here)
    worker = dask("worker", address, "--nthreads", "1", "--death-timeout", "30", "--no-nanny", *here)
    try:
        wait_for_workers(address)
        projects = [make_project(sample, tmp_path / f"p{code}", code) for code in ("55", "56")]
        killer = threading.Thread(target=kill_when_begun, args=(tmp_path / "out", ("55", "56"), scheduler))
        killer.start()
        runs = run_batch(projects, tmp_path / "out", "en", options=BatchOptions(scheduler=address))
        killer.join(1)
    finally:
        for process in (worker, scheduler):
            process.kill()
            process.wait()
    assert [(r.status, r.blame) for r in runs] == [("failed", "machine")] * 2
    assert "Run again with --resume" in runs[0].messages[0]
    ledger = json.loads((tmp_path / "out" / "ledger.json").read_text(encoding="utf-8"))
    assert [p["status"] for p in ledger["provinces"]] == ["failed"] * 2
    assert not [*(tmp_path / "out").glob(".running-*"), *(tmp_path / "out").glob("5?")]


def dask(*words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "dask", *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_workers(address: str) -> None:
    import distributed

    until = time.monotonic() + 60
    while True:
        with (
            contextlib.suppress(OSError),
            distributed.Client(address, timeout=2, set_as_default=False) as client,
        ):
            client.wait_for_workers(1, timeout=30)
            return
        assert time.monotonic() < until


def kill_when_begun(out: Path, codes: tuple[str, ...], process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        for code in codes:
            with contextlib.suppress(OSError):
                if "process" in (out / f"{code}.log").read_text(encoding="utf-8"):
                    process.kill()
                    return
        time.sleep(0.02)


def job_of(project: Path, out: Path, **more: object) -> Job:
    out.mkdir(exist_ok=True)
    return Job("53", "P", str(project), str(out / "53"), "en", **more)  # type: ignore[arg-type]


@pytest.mark.slow
def test_bounds_of_time_and_memory(sample: Path, tmp_path: Path) -> None:
    project = make_project(sample, tmp_path / "p", "53")
    run = run_job(job_of(project, tmp_path / "out", minutes=0.01, retries=3))
    assert (run.status, run.attempts) == ("failed", 1)  # it would take as long again
    assert "more than 0.01 minutes" in run.messages[0]
    run = run_job(job_of(project, tmp_path / "out", memory_mb=60.0, retries=0))
    assert (run.status, run.blame) == ("failed", "machine")
    assert "more than 60 MB" in run.messages[0]
    assert run.peak_mb > 60.0
    assert not (tmp_path / "out" / "53").exists()


def test_what_a_worker_does_not_see(sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phusong.maps.batch.process.SHARED_S", 0.0)
    run = run_job(job_of(tmp_path / "elsewhere" / "phusong.toml", tmp_path / "out"))
    assert run.status == "failed"
    assert "does not see" in run.messages[0]
    assert "elsewhere" in run.messages[0]


def test_an_input_that_changes_while_running(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from phusong.maps import run as running

    project = make_project(sample, tmp_path / "p", "54")
    analyse = running.analyse

    def slowly(*args: object, **more: object) -> object:
        result = analyse(*args, **more)  # type: ignore[arg-type]
        (project.parent / "villages.csv").write_text("village_id\n", encoding="utf-8")
        return result

    monkeypatch.setattr(running, "analyse", slowly)
    with pytest.raises(running.InputChangedError, match=r"villages\.csv"):
        running.run_province(project, tmp_path / "out", "en")
    assert not (tmp_path / "out").exists()


def test_a_full_disk_keeps_the_last_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger(tmp_path, {"a": ("01", "A")}, {}, public=False)
    before = content(tmp_path)
    assert json.loads(before["ledger.json"])["provinces"][0]["status"] == "waiting"

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("phusong.maps.atomic.os.fsync", full)
    job = Job("01", "A", "a", str(tmp_path / "01"), "en")
    ledger.end(job.failed("x", blame="machine"))
    assert content(tmp_path) == before
    events = Events(tmp_path / "events")
    (tmp_path / "events").unlink()
    (tmp_path / "events").mkdir()
    events.tell("x")  # told to the log, no more


def test_two_shares_of_a_job_are_told_apart() -> None:
    job = Job("01", "A", "a", "b", "vi", threads=3)
    assert Job.from_json(job.share(1, 4).to_json()) == job.share(1, 4)
    assert (job.kind, job.share(0, 2).kind) == ("province", "share")
