"""Many provinces, a process each: one that fails costs nobody else anything."""

from __future__ import annotations

import contextlib
import math
import os
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from phusong.data.language import Language, Text
from phusong.layers.faults import ExpectedError
from phusong.layers.project.schema import Project
from phusong.maps.batch.child import SHOWN
from phusong.maps.batch.job import Job, ProvinceRun, Status
from phusong.maps.batch.ledger import Events, Ledger
from phusong.maps.batch.neighbours import Lent, lend
from phusong.maps.batch.place import MARK
from phusong.maps.batch.pool import Pool, open_pool
from phusong.maps.batch.process import machine_mb, program
from phusong.maps.batch.projects import cost, current_run, each_once, mostly_kept, predicts, read_all
from phusong.maps.run import beside

__all__ = ["SHOWN", "BatchOptions", "ProvinceRun", "Status", "run_batch"]

WITHOUT_NEIGHBOURS = Text(
    "Tính thiếu trạm của tỉnh {codes} (không đọc được danh sách trạm).",
    "Computed without the stations of {codes}, whose list could not be read.",
)
TOO_MANY = Text(
    "Chia cho {workers} tiến trình, mỗi tiến trình chỉ còn {own:.0f} MB. Máy này chịu được nhiều nhất "
    "--workers {most}; hoặc cho --memory.",
    "Divided by {workers} processes, the memory leaves each {own:.0f} MB. This machine bears --workers "
    "{most} at most; or give --memory.",
)
CACHE = ".cache"
"""Folder of kept parts, below that of the batch, unless another is given."""
ROOM = 0.9
"""Part of the machine's memory that the workers may take together."""
LEAST_MB = 200.0
"""Below which no province can be read."""


@dataclass(frozen=True)
class BatchOptions:
    """How a batch runs; none of it changes what comes out, save ``public`` and ``across_borders``.

    Attributes
    ----------
    workers : int
        Provinces, or shares of them, at a time on this machine; the cores are divided among them.
    scheduler : str
        Address of a running Dask scheduler, whose workers are used instead.
    dask : bool, optional
        Whether local workers go through Dask; by default several do where the extra is installed.
    resume : bool
        Skip provinces whose inputs, parameters and version are those of the output that is there.
    public : bool
        Leave out what must not be shown to everybody, in logs too. An output without the names and columns
        of its inputs does not tell whether it is current, so every province is written anew.
    across_borders : bool
        Let the stations of each province serve its neighbours.
    cache : Path, optional
        Folder of kept parts; by default ``.cache`` in that of the batch.
    keep : bool
        Whether parts are kept at all.
    memory_mb : float
        That a worker may hold; 0: its part of the machine's memory.
    minutes : float
        That a province may take; 0: any.
    retries : int
        Further tries of a province where the machine was at fault.
    events : Path, optional
        File to which a line of JSON is added per event.
    """

    workers: int = 1
    scheduler: str = ""
    dask: bool | None = None
    resume: bool = False
    public: bool = False
    across_borders: bool = False
    cache: Path | None = None
    keep: bool = True
    memory_mb: float = 0.0
    minutes: float = 0.0
    retries: int = 1
    events: Path | None = None


@dataclass
class _Batch:
    """A batch on its way."""

    out: Path
    lang: Language
    options: BatchOptions
    finished: Callable[[ProvinceRun], None] | None
    events: Events
    ledger: Ledger | None = None
    runs: dict[Path, ProvinceRun] = field(default_factory=dict)
    logged: dict[str, int] = field(default_factory=dict)
    """Bytes in the log of each province, by code, that earlier batches left."""

    def end(self, path: Path, run: ProvinceRun) -> None:
        """Note a province that ended, whatever became of it."""
        self.runs[path] = run
        if self.ledger is not None:
            self.ledger.end(run)
        public = self.options.public
        self.events.tell(
            f"province-{run.status}", code=run.code, name=run.name, seconds=round(run.seconds, 3),
            peak_mb=run.peak_mb, attempts=run.attempts, worker=run.worker, blame=run.blame or None,
            messages=[] if public else list(run.messages),
        )
        if self.finished:
            self.finished(run)


def run_batch(
    projects: Sequence[Path],
    out: Path,
    lang: Language,
    *,
    options: BatchOptions | None = None,
    finished: Callable[[ProvinceRun], None] | None = None,
) -> list[ProvinceRun]:
    """Run every project, several at a time, each in a process of its own.

    The output of a province lies in ``out/<code>``, its log in ``out/<code>.log``, the ledger over all in
    ``out/ledger.json`` and ``.csv``; the summary page and the national tables are written by
    `phusong.maps.batch.page.write_summary` and `phusong.maps.batch.nation_tables.write_nation`.

    Parameters
    ----------
    projects : sequence of Path
    out : Path
    lang : Language
    options : BatchOptions, optional
    finished : callable, optional
        Called with each province as it ends.

    Returns
    -------
    list of ProvinceRun
        In the order of ``projects``.

    Raises
    ------
    ExpectedError
        If a scheduler cannot be reached or has no workers, or the machine is too small for so many.
    OSError
        If the folder or the file of events cannot be written.
    """
    options = options or BatchOptions()
    projects = each_once(projects)
    read, unread = read_all(projects, lang)
    out.mkdir(parents=True, exist_ok=True)
    batch = _Batch(out, lang, options, finished, Events(options.events))
    mark = out.resolve() / f"{MARK}{uuid.uuid4().hex[:12]}"
    with open_pool(options.workers, options.scheduler, dask=options.dask) as pool, _marked(mark):
        settings = _settings(pool, options)
        waiting = {str(p): (r.code, r.name) for p, r in unread.items()}
        waiting |= {str(p): (r.province.code, r.province.name) for p, r in read.items()}
        batch.ledger = Ledger(
            out, {str(p): waiting[str(p)] for p in projects}, settings, public=options.public
        )
        batch.events.tell("batch-started", provinces=len(waiting), **settings)
        try:
            for path, failed in unread.items():
                batch.end(path, failed)
            jobs = {path: _job(batch, path, project, settings, mark) for path, project in read.items()}
            lent = _lend(batch, pool, jobs) if options.across_borders else {}
            _run_jobs(batch, pool, _outdated(batch, read, jobs, lent), read)
        except BaseException as error:
            batch.events.tell("batch-stopped", error=type(error).__name__, ended=len(batch.runs))
            raise
    if options.keep:
        from phusong.coverage.store import Store

        with contextlib.suppress(OSError):  # what is left there is no reason to lose the summary
            Store(_cache(batch)).prune()
    runs = [batch.runs[path] for path in projects]
    count = {s: sum(r.status == s for r in runs) for s in ("done", "skipped", "failed")}
    batch.events.tell("batch-ended", **count)
    return runs


@contextlib.contextmanager
def _marked(mark: Path) -> Iterator[None]:
    """Hold a file that says that somebody waits; its going ends all processes, on other machines too."""
    mark.touch()
    try:
        yield
    finally:
        mark.unlink(missing_ok=True)


def _cache(batch: _Batch) -> Path:
    return (batch.options.cache or batch.out / CACHE).resolve()


def _settings(pool: Pool, options: BatchOptions) -> dict[str, float | int | str]:
    """Return how many work at a time, and the memory and threads of each."""
    own = ROOM * machine_mb() / pool.workers
    if not options.memory_mb and not pool.memory_mb and 0.0 < own < LEAST_MB:
        most = max(int(own * pool.workers / LEAST_MB), 1)
        raise ExpectedError(TOO_MANY, workers=pool.workers, own=own, most=most)
    memory = options.memory_mb or pool.memory_mb or own
    threads = 1 if options.scheduler else max((os.cpu_count() or 1) // pool.workers, 1)
    return {
        "workers": pool.workers, "threads": threads, "memory_mb": round(memory), "pool": pool.name,
        "minutes": options.minutes, "retries": options.retries,
    }  # fmt: skip


def _job(batch: _Batch, path: Path, project: Project, settings: Mapping[str, object], mark: Path) -> Job:
    out, options = batch.out.resolve(), batch.options
    folder = out / project.province.code
    file = folder.with_name(folder.name + ".log")
    batch.logged[project.province.code] = file.stat().st_size if file.is_file() else 0
    return Job(
        project.province.code, project.province.name, str(project.file), str(folder), batch.lang,
        public=options.public, threads=int(str(settings["threads"])),
        store=str(_cache(batch)) if options.keep else "", memory_mb=float(str(settings["memory_mb"])),
        minutes=options.minutes, retries=options.retries, mark=str(mark),
        program=program() if options.scheduler else "",
    )


def _cut_log(job: Job, earlier: int) -> None:
    """Remove from the log of a province that is computed anew what earlier batches wrote into it."""
    file = Path(job.folder).with_name(Path(job.folder).name + ".log")
    with contextlib.suppress(OSError):
        file.write_bytes(file.read_bytes()[earlier:] if file.is_file() else b"")


def _lend(batch: _Batch, pool: Pool, jobs: Mapping[Path, Job]) -> dict[str, Lent]:
    """Have every province write its own stations, then give each those of its neighbours."""
    # Not in a cache that other batches may use: a list is found by the code of its province.
    folder = batch.out.resolve() / CACHE / "neighbours"
    files = {job.code: folder / f"{job.code}.csv" for job in jobs.values()}
    for job in jobs.values():
        pool.submit(replace(job, inventory=str(files[job.code])))
    for _ in jobs:
        job, run = pool.next()
        batch.events.tell("inventory-" + run.status, code=job.code, seconds=round(run.seconds, 3))
        if run.status == "failed":  # what an earlier run left of it may be of other inputs
            with contextlib.suppress(OSError):
                files[job.code].with_suffix(".json").unlink(missing_ok=True)
    return lend(files, folder)


def _outdated(
    batch: _Batch, read: Mapping[Path, Project], jobs: Mapping[Path, Job], lent: Mapping[str, Lent]
) -> dict[Path, tuple[Job, tuple[str, ...]]]:
    """Return the jobs that are to be done, with what is to be told of them; the others are skipped."""
    left: dict[Path, tuple[Job, tuple[str, ...]]] = {}
    options, lang = batch.options, batch.lang
    for path, job in jobs.items():
        got = lent.get(job.code, Lent(None))
        if got.file is not None:
            job = replace(job, neighbours=str(got.file))
        told = (WITHOUT_NEIGHBOURS.say(lang, codes=", ".join(got.missing)),) if got.missing else ()
        current = None
        if options.resume and not options.public:
            current = current_run(beside(read[path], got.file), job, lang, path)
        if current is None:
            left[path] = job, told
            _cut_log(job, batch.logged.get(job.code, 0))
        else:
            batch.end(path, replace(current, messages=told))
    return left


def _run_jobs(
    batch: _Batch,
    pool: Pool,
    jobs: Mapping[Path, tuple[Job, tuple[str, ...]]],
    read: Mapping[Path, Project],
) -> None:
    """Have all jobs done, the dearest first, those that would hold up the others in shares."""
    costs = {path: cost(read[path]) for path in jobs}
    fair = sum(costs.values()) / max(pool.workers, 1)
    by_code = {job.code: path for path, (job, _) in jobs.items()}
    shares: dict[str, int] = {}
    running = 0
    for path in sorted(jobs, key=lambda p: (-costs[p], str(p))):
        job = jobs[path][0]
        parts = min(math.ceil(costs[path] / fair), pool.workers) if job.store and fair else 1
        batch.events.tell("province-queued", code=job.code)
        if parts < 2 or not predicts(read[path]) or mostly_kept(read[path], job):
            pool.submit(job)
            running += 1
            continue
        shares[job.code] = parts
        if batch.ledger is not None:
            batch.ledger.shares(str(path), parts)
        for part in range(parts):
            pool.submit(job.share(part, parts))
        running += parts
    spent: dict[str, float] = {}
    while running:
        job, run = pool.next()
        running -= 1
        path = by_code[job.code]
        if job.kind == "share":
            # A share that failed is computed with the province, which says what is wrong.
            batch.events.tell(f"share-{run.status}", code=job.code, part=job.part + 1, of=job.parts,
                              seconds=round(run.seconds, 3), worker=run.worker)  # fmt: skip
            spent[job.code] = spent.get(job.code, 0.0) + run.seconds
            shares[job.code] -= 1
            if not shares[job.code]:
                pool.submit(jobs[path][0], first=True)
                running += 1
            continue
        messages = (*run.messages, *jobs[path][1])
        seconds = run.seconds + spent.get(job.code, 0.0)
        batch.end(path, replace(run, project=str(path), messages=messages, seconds=seconds))
