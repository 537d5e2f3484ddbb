"""Who does the jobs of a batch: threads that each watch a process, or the workers of a Dask cluster.

Either way a job is `phusong.maps.batch.process.run_job`, so what comes out does not depend on who did it.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
import queue
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Protocol

from phusong.data.language import Text
from phusong.layers.faults import ExpectedError
from phusong.maps.batch.job import Job, ProvinceRun
from phusong.maps.batch.process import run_job

NO_DASK = Text(
    "Cần dask cho --scheduler: pip install \"phusong[cluster]\".",
    'The option --scheduler needs dask: pip install "phusong[cluster]".',
)
NO_SCHEDULER = Text(
    "Không kết nối được bộ điều phối {address}: {error}. Kiểm tra địa chỉ, tường lửa, và dask scheduler có "
    "đang chạy không.",
    "Cannot reach the scheduler {address}: {error}. Check the address, the firewall, and whether dask "
    "scheduler is running.",
)
LOST = Text(
    "Mất kết nối với bộ điều phối hoặc máy tính toán trước khi tỉnh này xong ({error}). "
    "Chạy lại với --resume.",
    "The scheduler or the worker was lost before this province was done ({error}). Run again with --resume.",
)
CONNECT_S = 10


class Pool(Protocol):
    """Takes jobs and gives them back done, in any order."""

    workers: int
    name: str
    memory_mb: float
    """That each may hold; 0 where the pool does not know."""

    def submit(self, job: Job, *, first: bool = False) -> None:
        """Take a job; ``first`` before those that wait."""
        ...

    def next(self) -> tuple[Job, ProvinceRun]:
        """Return a job that ended and what became of it; waits for one."""
        ...


class ThreadPool:
    """A thread for each job at a time, which watches its process."""

    def __init__(self, workers: int) -> None:
        self.workers, self.name, self.memory_mb = workers, "processes", 0.0
        self._waiting: queue.PriorityQueue[tuple[int, int, Job]] = queue.PriorityQueue()
        self._ended: queue.Queue[tuple[Job, ProvinceRun]] = queue.Queue()
        self._count = 0
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="province")

    def submit(self, job: Job, *, first: bool = False) -> None:
        """Take a job."""
        self._count += 1
        self._waiting.put((-1 if first else 0, self._count, job))
        self._threads.submit(self._work)

    def _work(self) -> None:
        _, _, job = self._waiting.get()
        try:
            run = run_job(job)
        except Exception as error:
            run = job.failed(f"{type(error).__name__}: {error}"[:300], blame="program")
        self._ended.put((job, run))

    def next(self) -> tuple[Job, ProvinceRun]:
        """Return a job that ended."""
        return self._ended.get()

    def close(self) -> None:
        """Start nothing more, and wait for what runs."""
        self._threads.shutdown(cancel_futures=True)


class DaskPool:
    """Workers of a Dask cluster, one job for each of their threads at a time."""

    def __init__(self, client: Any, name: str) -> None:
        self.client, self.name = client, name
        workers = client.scheduler_info(n_workers=-1)["workers"].values()
        self.workers = max(sum(w["nthreads"] for w in workers), 1)
        limits = [w["memory_limit"] / w["nthreads"] / 1024.0**2 for w in workers if w["memory_limit"]]
        self.memory_mb = min(limits, default=0.0)
        self._jobs: dict[Any, Job] = {}
        self._ended = _distributed().as_completed([], loop=client.loop)

    def submit(self, job: Job, *, first: bool = False) -> None:
        """Take a job."""
        future = self.client.submit(
            _dask_job, job.to_json(), key=f"{job.code}-{job.part}-of-{job.parts}-{os.urandom(4).hex()}",
            pure=False, priority=10 if first else 0,
        )
        self._jobs[future.key] = job
        self._ended.add(future)

    def next(self) -> tuple[Job, ProvinceRun]:
        """Return a job that ended; a worker that dies has its jobs done by others, three times at most."""
        future = next(self._ended)
        job = self._jobs.pop(future.key)
        try:
            run = ProvinceRun.from_json(future.result())
        except Exception as error:  # KilledWorker, CancelledError and what the network raises
            said = LOST.say(job.lang, error=type(error).__name__)
            run = job.failed(said, blame="machine")
        future.release()
        return job, run


def _dask_job(line: str) -> str:
    """Run on a worker: a job in, what became of it out."""
    return run_job(Job.from_json(line)).to_json()


def dask_is_there() -> bool:
    """Tell whether the extra ``cluster`` is installed."""
    return importlib.util.find_spec("distributed") is not None


def _distributed() -> Any:
    return importlib.import_module("distributed")


@contextmanager
def open_pool(workers: int, scheduler: str = "", *, dask: bool | None = None) -> Iterator[Pool]:
    """Give a pool, and end it.

    Parameters
    ----------
    workers : int
        Jobs at a time, on this machine.
    scheduler : str
        Address of a running scheduler, whose workers do the jobs instead.
    dask : bool, optional
        Whether local jobs go through Dask, in this process; by default where it is installed and there are
        several at a time.

    Raises
    ------
    ExpectedError
        The extra is not installed, or the scheduler cannot be reached.
    """
    if scheduler:
        with _cluster(scheduler) as client:
            yield DaskPool(client, scheduler)
        return
    # One at a time is no work for a scheduler, which takes seconds to load.
    if (workers > 1 and dask_is_there()) if dask is None else dask:
        with _local(workers) as client:
            yield DaskPool(client, "dask")
        return
    pool = ThreadPool(workers)
    try:
        yield pool
    finally:
        pool.close()


@contextmanager
def _cluster(scheduler: str) -> Iterator[Any]:
    if not dask_is_there():
        raise ExpectedError(NO_DASK)
    try:
        client = _distributed().Client(scheduler, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise ExpectedError(NO_SCHEDULER, address=scheduler, error=str(error)[:200]) from error
    # What a lost scheduler means is told of each province; Dask would add a traceback for each connection.
    told = logging.getLogger("distributed")
    level = told.level
    told.setLevel(logging.CRITICAL + 1)
    try:
        yield client
    finally:
        client.close(timeout=CONNECT_S)
        told.setLevel(level)


@contextmanager
def _local(workers: int) -> Iterator[Any]:
    """Give a client of a cluster inside this process; what listens does so on the loopback alone."""
    dask = _distributed()
    with (
        dask.LocalCluster(
            n_workers=1, threads_per_worker=workers, processes=False, dashboard_address="127.0.0.1:0",
            memory_limit=0, silence_logs=40, worker_dashboard_address="127.0.0.1:0",
        ) as cluster,
        dask.Client(cluster, set_as_default=False) as client,
    ):
        yield client
