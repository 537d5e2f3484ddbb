"""Many provinces, a process each: one that fails costs nobody else anything."""

from __future__ import annotations

import contextlib
import json
import math
import os
import tomllib
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from phusong.data.language import Language, Text
from phusong.layers.faults import ExpectedError
from phusong.layers.project.file import FILE_NAME, read_project
from phusong.layers.project.schema import FlatService, Project, ProvinceTable, TerrainService
from phusong.maps.batch.child import SHOWN, figures_of, messages_of, outline_of
from phusong.maps.batch.job import Job, ProvinceRun, Status
from phusong.maps.batch.ledger import Events, Ledger
from phusong.maps.batch.neighbours import Lent, lend
from phusong.maps.batch.pool import Pool, open_pool
from phusong.maps.run import beside

__all__ = ["SHOWN", "BatchOptions", "ProvinceRun", "Status", "run_batch"]

NOT_READ = Text("Không đọc được '{path}': {reason}.", "Cannot read '{path}': {reason}.")
NOT_A_FOLDER = Text(
    "'{path}' là một tệp, không phải thư mục. Hãy chọn tên khác.",
    "'{path}' is a file, not a folder. Choose another name.",
)
SAME_CODE = Text(
    "Hai dự án cùng mã tỉnh {code}: {first} và {second}. Mỗi tỉnh chỉ được một dự án trong một lần chạy.",
    "Two projects have the province code {code}: {first} and {second}. A run takes one project per province.",
)
WITHOUT_NEIGHBOURS = Text(
    "Tính thiếu trạm của tỉnh {codes} (không đọc được danh sách trạm).",
    "Computed without the stations of {codes}, whose list could not be read.",
)
CACHE = ".cache"
"""Folder of kept parts, below that of the batch, unless another is given."""
ROOM = 0.9
"""Part of the machine's memory that the workers may take together."""


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
        If two projects are of one province, or a scheduler cannot be reached.
    """
    options = options or BatchOptions()
    if out.exists() and not out.is_dir():
        raise ExpectedError(NOT_A_FOLDER, path=str(out))
    read, unread = _read_all(projects, lang)
    out.mkdir(parents=True, exist_ok=True)
    batch = _Batch(out, lang, options, finished, Events(options.events))
    mark = out.resolve() / f".running-{uuid.uuid4().hex[:12]}"
    with open_pool(options.workers, options.scheduler, dask=options.dask) as pool, _marked(mark):
        settings = _settings(pool, options)
        waiting = {str(p): (r.code, r.name) for p, r in unread.items()}
        waiting |= {str(p): (r.province.code, r.province.name) for p, r in read.items()}
        batch.ledger = Ledger(
            out, {str(p): waiting[str(p)] for p in dict.fromkeys(projects)}, settings, public=options.public
        )
        batch.events.tell("batch-started", provinces=len(waiting), **settings)
        for path, failed in unread.items():
            batch.end(path, failed)
        jobs = {path: _job(batch, path, project, settings, mark) for path, project in read.items()}
        lent = _lend(batch, pool, jobs) if options.across_borders else {}
        _run_jobs(batch, pool, _outdated(batch, read, jobs, lent), read)
    if options.keep:
        from phusong.coverage.store import Store

        Store(_cache(batch)).prune()
    runs = [batch.runs[path] for path in dict.fromkeys(projects)]
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
    memory = options.memory_mb or pool.memory_mb or ROOM * _machine_mb() / pool.workers
    threads = 1 if options.scheduler else max((os.cpu_count() or 1) // pool.workers, 1)
    return {
        "workers": pool.workers, "threads": threads, "memory_mb": round(memory), "pool": pool.name,
        "minutes": options.minutes, "retries": options.retries,
    }  # fmt: skip


def _machine_mb() -> float:
    """Return the memory of this machine, 0 where the system does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1024.0**2
    except (AttributeError, OSError, ValueError):
        return 0.0


def _job(batch: _Batch, path: Path, project: Project, settings: Mapping[str, object], mark: Path) -> Job:
    out, options = batch.out.resolve(), batch.options
    folder = out / project.province.code
    with contextlib.suppress(OSError):
        folder.with_name(folder.name + ".log").write_bytes(b"")
    return Job(
        project.province.code, project.province.name, str(project.file), str(folder), batch.lang,
        public=options.public, threads=int(str(settings["threads"])),
        store=str(_cache(batch)) if options.keep else "", memory_mb=float(str(settings["memory_mb"])),
        minutes=options.minutes, retries=options.retries, mark=str(mark),
    )


def _lend(batch: _Batch, pool: Pool, jobs: Mapping[Path, Job]) -> dict[str, Lent]:
    """Have every province write its own stations, then give each those of its neighbours."""
    folder = _cache(batch) / "neighbours"
    files = {job.code: folder / f"{job.code}.csv" for job in jobs.values()}
    for job in jobs.values():
        pool.submit(replace(job, inventory=str(files[job.code])))
    for _ in jobs:
        job, run = pool.next()
        batch.events.tell("inventory-" + run.status, code=job.code, seconds=round(run.seconds, 3))
        if run.status == "failed":  # what an earlier run left of it may be of other inputs
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
        folder = Path(job.folder)
        project = beside(read[path], got.file)
        asked = options.resume and not options.public
        current = _figures_if_current(project, folder, lang) if asked else None
        if current is None:
            left[path] = job, told
            continue
        run = ProvinceRun(
            job.code, job.name, str(path), "skipped", told, folder=folder.name, indicators=current,
            outline=outline_of(folder), attempts=0,
        )
        batch.end(path, run)
    return left


def _run_jobs(
    batch: _Batch,
    pool: Pool,
    jobs: Mapping[Path, tuple[Job, tuple[str, ...]]],
    read: Mapping[Path, Project],
) -> None:
    """Have all jobs done, the dearest first, those that would hold up the others in shares."""
    costs = {path: _cost(read[path]) for path in jobs}
    fair = sum(costs.values()) / max(pool.workers, 1)
    by_code = {job.code: path for path, (job, _) in jobs.items()}
    shares: dict[str, int] = {}
    running = 0
    for path in sorted(jobs, key=lambda p: (-costs[p], str(p))):
        job = jobs[path][0]
        parts = min(math.ceil(costs[path] / fair), pool.workers) if job.store and fair else 1
        batch.events.tell("province-queued", code=job.code)
        if parts < 2 or not _predicts(read[path]) or _mostly_kept(read[path], job):
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


def _predicts(project: Project) -> bool:
    return any(isinstance(s, FlatService | TerrainService) for s in project.services.values())


def _mostly_kept(project: Project, job: Job) -> bool:
    """Tell whether the parts of an earlier run will do but for some groups: each share would read for little.

    So where that run had the same parameters and the same ground; its stations may have been others.
    """
    from phusong.layers.read import file_sha256
    from phusong.maps.manifest import read_manifest

    manifest = read_manifest(Path(job.folder))
    try:
        return (
            manifest is not None
            and Path(job.store).is_dir()
            and manifest["project"]["services"] == json.loads(project.model_dump_json())["services"]
            and all(
                file_sha256(project.file.parent / entry["path"]) == entry["sha256"]
                for entry in manifest["inputs"]
                if entry["layer"] in ("communes", "terrain", "clutter")
            )
        )
    except (OSError, KeyError, TypeError, ValueError):
        return False


def _cost(project: Project) -> float:
    """Return about how long a province takes beside others: by the size of its list of stations."""
    weight = {FlatService: 1.0, TerrainService: 10.0}
    services = sum(weight.get(type(s), 0.1) for s in project.services.values())
    try:
        return services * float(max(project.path(project.layers.stations).stat().st_size, 1))
    except OSError:
        return services


def _read_all(
    projects: Iterable[Path], lang: Language
) -> tuple[dict[Path, Project], dict[Path, ProvinceRun]]:
    """Read the project files; those that cannot be read are failed provinces, not a failed batch."""
    read: dict[Path, Project] = {}
    unread: dict[Path, ProvinceRun] = {}
    by_code: dict[str, Path] = {}
    for path in dict.fromkeys(projects):
        try:
            project = read_project(path)
        except (ExpectedError, OSError) as error:
            messages = (
                messages_of(error, lang)
                if isinstance(error, ExpectedError)
                else [NOT_READ.say(lang, path=str(path), reason=str(error.strerror or error))]
            )
            unread[path] = ProvinceRun(
                *_called(path), str(path), "failed", tuple(messages[:SHOWN]), blame="data", attempts=0
            )
            continue
        # Folders of codes that differ in case only are one folder on many systems.
        other = by_code.setdefault(project.province.code.casefold(), path)
        if other != path:
            raise ExpectedError(SAME_CODE, code=project.province.code, first=str(other), second=str(path))
        read[path] = project
    return read, unread


def _called(path: Path) -> tuple[str, str]:
    """Return code and name from a project file that has faults, or the name of its folder."""
    file = path.resolve() / FILE_NAME if path.is_dir() else path.resolve()
    folder = file.parent.name or path.name
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8-sig"))["province"]
        return ProvinceTable(**table).code, ProvinceTable(**table).name
    except (OSError, ValueError, LookupError, TypeError):
        return folder, folder


def _figures_if_current(
    project: Project, folder: Path, lang: Language
) -> dict[str, tuple[float, float]] | None:
    """Return the figures of an output made from the same inputs by the same program, else None."""
    from phusong.layers.read import file_sha256
    from phusong.maps.manifest import read_manifest, sha256
    from phusong.maps.tables import version

    manifest = read_manifest(folder)
    if manifest is None:
        return None
    try:
        same = (
            manifest["generator"]["version"] == version()
            and manifest["language"] == lang
            and not manifest.get("public", False)
            and manifest["project"] == json.loads(project.model_dump_json())
            and all(
                file_sha256(project.file.parent / entry["path"]) == entry["sha256"]
                for entry in manifest["inputs"]
            )
            and all(sha256(folder / entry["path"]) == entry["sha256"] for entry in manifest["outputs"])
        )
        return figures_of(folder) if same else None
    except (OSError, KeyError, TypeError, ValueError):
        return None
