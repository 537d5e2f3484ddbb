"""Workers that are not fit, go away, or were never there: others do the work, or it is said in time."""

from __future__ import annotations

import contextlib
import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from phusong.layers.faults import ExpectedError
from phusong.maps.batch import pool as pools
from phusong.maps.batch.job import Job, ProvinceRun
from phusong.maps.batch.pool import DaskPool, open_pool
from phusong.maps.batch.process import program, run_job

distributed = pytest.importorskip("distributed")


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Two workers in this process."""
    monkeypatch.setattr(pools, "LOOK_S", 0.1)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, dashboard_address="127.0.0.1:0", memory_limit=0,
        worker_dashboard_address="127.0.0.1:0", silence_logs=50,
    ) as local:  # fmt: skip
        yield local


@pytest.fixture
def client(cluster: Any) -> Iterator[Any]:
    with distributed.Client(cluster, set_as_default=False) as found:
        yield found


def job(code: str, project: Path) -> Job:
    return Job(code, "P", str(project), str(project.parent / "out" / code), "en")


def done(asked: Job) -> ProvinceRun:
    return ProvinceRun(asked.code, asked.name, asked.project, "done")


def not_seen(asked: Job) -> ProvinceRun:
    refused = asked.failed("does not see", blame="machine")
    return ProvinceRun.from_json(json.dumps({**json.loads(refused.to_json()), "attempts": 0}))


def here() -> str:
    return str(distributed.get_worker().address)


def test_a_worker_that_sees_nothing_costs_no_province(
    client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that has not mounted the share fails at once, and would draw one province after the other."""
    blind, asked = sorted(client.scheduler_info(n_workers=-1)["workers"])[0], []

    def run(given: Job) -> ProvinceRun:
        asked.append((given.code, here()))
        return not_seen(given) if here() == blind or given.code == "none" else done(given)

    monkeypatch.setattr(pools, "run_job", run)
    pool = DaskPool(client, "x")
    codes = [f"{n:02}" for n in range(8)]
    for code in codes:
        pool.submit(job(code, tmp_path))
    ended = {given.code: said.status for given, said in (pool.next() for _ in codes)}
    assert ended == dict.fromkeys(codes, "done")
    assert any(address == blind for _, address in asked)
    # What nobody can do is tried by each once; what is not there for the asking machine either, by one.
    for project, times in ((tmp_path, 2), (tmp_path / "gone", 1)):
        asked.clear()
        pool.submit(job("none", project))
        given, said = pool.next()
        assert (given.code, said.status, said.blame) == ("none", "failed", "machine")
        assert len({address for _, address in asked}) == len(asked) == times


def test_the_last_fit_worker_goes(client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the others are asked once more, rather than nobody for ever."""
    one, other = sorted(client.scheduler_info(n_workers=-1)["workers"])
    begun, release, refuse = threading.Event(), threading.Event(), [True]

    def run(given: Job) -> ProvinceRun:
        if here() == one:
            return not_seen(given) if refuse[0] else done(given)
        begun.set()
        release.wait(20.0)
        return not_seen(given)

    monkeypatch.setattr(pools, "run_job", run)
    pool = DaskPool(client, "x")
    pool._send(job("01", tmp_path), False, frozenset({one}))
    try:
        assert begun.wait(20.0)
        refuse[0] = False
        client.retire_workers([other], close_workers=True, remove=True)
        assert pool.next()[1].status == "done"
    finally:
        release.set()


def test_no_worker_there(cluster: Any, client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "ALONE_S", 0.3)
    pool = DaskPool(client, "tcp://x")
    client.retire_workers(list(client.scheduler_info(n_workers=-1)["workers"]))
    pool.submit(job("01", tmp_path))
    pool.submit(job("02", tmp_path))
    for _ in range(2):
        given, said = pool.next()
        assert (said.status, said.blame) == ("failed", "machine"), given.code
        assert "tcp://x had no workers" in said.messages[0]
    monkeypatch.setattr(pools, "CONNECT_S", 0.3)
    with pytest.raises(ExpectedError, match="had no workers"), open_pool(1, cluster.scheduler_address):
        pass


def test_a_scheduler_that_is_gone_takes_no_job_and_loses_none(client: Any, tmp_path: Path) -> None:
    pool = DaskPool(client, "x")
    client.close()
    for code in ("01", "02"):
        pool.submit(job(code, tmp_path))
    assert {pool.next()[0].code for _ in range(2)} == {"01", "02"}
    pool.submit(job("03", tmp_path))
    assert "Run again with --resume" in pool.next()[1].messages[0]


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
def test_something_else_at_the_address(monkeypatch: pytest.MonkeyPatch, answer: bytes) -> None:
    """A page's first letters read as a length of three exbibytes; one that waits would be waited for."""
    monkeypatch.setattr(pools, "CONNECT_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    held.append(server.accept()[0])
                    held[-1].sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        begun = time.monotonic()
        with pytest.raises(ExpectedError, match=address), open_pool(1, address):
            pass
        assert time.monotonic() - begun < 15.0
    for one in held:
        one.close()


def test_dask_says_nothing_beside_our_messages(tmp_path: Path) -> None:
    with open_pool(2, dask=True):
        for name in ("distributed", "distributed.scheduler", "distributed.worker", "distributed.client"):
            assert not logging.getLogger(name).isEnabledFor(logging.CRITICAL), name
    assert logging.getLogger("distributed").isEnabledFor(logging.WARNING)


def test_a_worker_of_another_version(tmp_path: Path) -> None:
    """It says so, and tries nothing; what it does not know of a job does not trouble it."""
    asked = Job("01", "P", str(tmp_path), str(tmp_path / "01"), "vi", program=f"9.9.9 {'0' * 64}")
    line = json.dumps({**json.loads(asked.to_json()), "of_the_future": 1})
    assert Job.from_json(line) == asked
    run = run_job(Job.from_json(line))
    assert (run.status, run.blame, run.attempts) == ("failed", "machine", 0)
    assert "9.9.9" in run.messages[0]
    assert not (tmp_path / "01.log").exists()
    version, digest = program().split()
    assert len(digest) == 64
    assert version[0].isdigit()
