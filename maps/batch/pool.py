"""Who does the jobs of a batch: threads that each watch a process, or the workers of a Dask cluster.

Either way a job is `phusong.maps.batch.process.run_job`, so what comes out does not depend on who did it.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import logging
import os
import queue
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
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
NO_WORKERS = Text(
    "Bộ điều phối {address} không có máy tính toán nào trong {seconds:.0f} giây. Khởi động dask worker trên "
    "các máy, rồi chạy lại với --resume.",
    "The scheduler {address} had no workers for {seconds:.0f} seconds. Start dask worker on the machines, "
    "then run again with --resume.",
)
NOT_UNDERSTOOD = Text(
    "Máy tính toán không hiểu việc được giao ({error}). Hãy cài cùng một bản phusong trên mọi máy, kể cả máy "
    "chạy bộ điều phối.",
    "A worker does not understand what it is asked ({error}). Install the same phusong on every machine, "
    "that of the scheduler too.",
)
CONNECT_S = 10
LOOK_S = 5.0
"""Between looks at whether a cluster still is one."""
ALONE_S = 300.0
"""That a scheduler may have no workers, as when their machines start again."""
log = logging.getLogger(__name__)


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
        workers = self._there().values()
        self.workers = max(sum(w["nthreads"] for w in workers), 1)
        limits = [w["memory_limit"] / w["nthreads"] / 1024.0**2 for w in workers if w["memory_limit"]]
        self.memory_mb = min(limits, default=0.0)
        self._sent: dict[str, _Sent] = {}
        self._ended: queue.Queue[Any] = queue.Queue()
        self._alone_since: float | None = None

    def _there(self) -> dict[str, Any]:
        """Return the workers by address, as the scheduler knows them; none where it does not answer."""
        try:
            return dict(self.client.scheduler_info(n_workers=-1)["workers"])
        except (OSError, TimeoutError):
            return {}

    def submit(self, job: Job, *, first: bool = False) -> None:
        """Take a job."""
        self._send(job, first, frozenset())

    def _send(self, job: Job, first: bool, unfit: frozenset[str]) -> None:
        """Send a job to a worker that has not been found unfit for it."""
        key = f"{job.code}-{job.part}-of-{job.parts}-{os.urandom(4).hex()}"
        self._sent[key] = sent = _Sent(job, first, unfit)
        try:
            sent.fit = frozenset(self._there()) - unfit if unfit else frozenset()
            sent.future = self.client.submit(
                _dask_job, job.to_json(), key=key, pure=False, priority=10 if first else 0,
                workers=sorted(sent.fit) or None,
            )
            sent.future.add_done_callback(self._ended.put)
        except Exception as error:  # the scheduler is gone: `next` tells
            log.info("job %s is not sent: %s", key, error)

    def next(self) -> tuple[Job, ProvinceRun]:
        """Return a job that ended; a worker that dies has its jobs done by others, three times at most.

        What a worker was not fit for (it does not see the folders, it has another program) is done by others.
        """
        while True:
            try:
                future = self._ended.get(timeout=LOOK_S)
            except queue.Empty:
                lost = self._lost()
                if lost is not None:
                    return lost
                continue
            sent = self._sent.pop(future.key, None)
            if sent is None:
                continue
            job, address = sent.job, ""
            try:
                address, line = future.result()
                run = ProvinceRun.from_json(line)
            except (ImportError, AttributeError, TypeError, ValueError, KeyError) as error:
                run = job.failed(NOT_UNDERSTOOD.say(job.lang, error=str(error)[:200]), blame="machine")
            except Exception as error:  # KilledWorker, CancelledError and what the network raises
                said = LOST.say(job.lang, error=type(error).__name__)
                run = job.failed(said, blame="machine")
            future.release()
            unfit = sent.unfit | {address}
            if address and _unfit(run) and Path(job.project).exists() and set(self._there()) - unfit:
                self._send(job, sent.first, unfit)
                continue
            return job, run

    def _lost(self) -> tuple[Job, ProvinceRun] | None:
        """Return a job that nobody will do any more; look after those whose workers went."""
        if not self._sent:
            return None
        why = None
        if self.client.status in ("closed", "closing"):
            why = LOST, "scheduler"
        elif self.client.status == "running":
            there = frozenset(self._there())
            now = time.monotonic()
            self._alone_since = None if there else self._alone_since or now
            if self._alone_since is not None and now - self._alone_since > ALONE_S:
                why = NO_WORKERS, ""
            for key, sent in list(self._sent.items()) if there else ():
                if sent.fit and not sent.fit & there:
                    del self._sent[key]
                    self._cancel(sent)
                    self._send(sent.job, sent.first, frozenset())
        if why is None:
            return None
        _, sent = self._sent.popitem()
        self._cancel(sent)
        said = why[0].say(sent.job.lang, error=why[1], address=self.name, seconds=ALONE_S)
        return sent.job, sent.job.failed(said, blame="machine")

    @staticmethod
    def _cancel(sent: _Sent) -> None:
        with contextlib.suppress(Exception):  # there may be nobody to tell
            sent.future.cancel()


@dataclass
class _Sent:
    """A job on its way."""

    job: Job
    first: bool
    unfit: frozenset[str]
    """Workers that could not do it."""
    fit: frozenset[str] = frozenset()
    """Those that may do it; none: any."""
    future: Any = None


def _unfit(run: ProvinceRun) -> bool:
    return run.status == "failed" and run.blame == "machine" and not run.attempts


def _dask_job(line: str) -> tuple[str, str]:
    """Run on a worker: a job in; its address and what became of the job out."""
    address = str(_distributed().get_worker().address)
    return address, run_job(Job.from_json(line)).to_json()


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
        with _alone_speaking(), _cluster(scheduler) as client:
            if not _anybody(client):
                raise ExpectedError(NO_WORKERS, address=scheduler, seconds=CONNECT_S)
            yield DaskPool(client, scheduler)
        return
    # One at a time is no work for a scheduler, which takes seconds to load.
    if (workers > 1 and dask_is_there()) if dask is None else dask:
        with _alone_speaking(), _local(workers) as client:
            yield DaskPool(client, "dask")
        return
    pool = ThreadPool(workers)
    try:
        yield pool
    finally:
        pool.close()


@contextmanager
def _alone_speaking() -> Iterator[None]:
    """Keep Dask's own remarks back, unless all are asked for (``-vv``).

    What a lost scheduler means is told of each province; Dask would add a traceback for each connection.
    """
    if log.isEnabledFor(logging.DEBUG) or not dask_is_there():
        yield
        return
    _distributed()  # which sets the levels of its loggers when it is imported
    loggers = [logging.getLogger(name) for name in ("distributed", "distributed.client")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _anybody(client: Any) -> bool:
    """Tell whether there is a worker; those of machines that start just now are waited for."""
    try:
        client.wait_for_workers(1, timeout=CONNECT_S)
    except TimeoutError:
        return False
    return True


@contextmanager
def _cluster(scheduler: str) -> Iterator[Any]:
    if not dask_is_there():
        raise ExpectedError(NO_DASK)
    client = _connected(scheduler)
    try:
        yield client
    finally:
        client.close(timeout=CONNECT_S)


def _connected(scheduler: str) -> Any:
    """Return a client of a scheduler, within a time that Dask itself does not keep.

    What else may listen at an address, a page or a database, answers with what Dask takes for the length of a
    message, or not at all.
    """
    kind = _distributed().Client
    client = kind.__new__(kind)
    ended: queue.SimpleQueue[Exception | None] = queue.SimpleQueue()

    def connect() -> None:
        """Connect, and tell how that ended."""
        try:
            client.__init__(scheduler, timeout=CONNECT_S, set_as_default=False)
        except Exception as error:
            ended.put(error)
        else:
            ended.put(None)

    threading.Thread(target=connect, daemon=True).start()
    try:
        error = ended.get(timeout=2.0 * CONNECT_S)
    except queue.Empty:
        error = TimeoutError()
    if error is None:
        return client
    client.status = "closed"  # there is nothing that it could close when it goes
    expected = isinstance(error, OSError | ValueError) and str(error)
    said = str(error)[:200] if expected else type(error).__name__
    raise ExpectedError(NO_SCHEDULER, address=scheduler, error=said) from error


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
