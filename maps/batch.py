"""Many provinces, a process each: one that fails costs nobody else anything."""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Literal

from phusong.data.language import Language, Text
from phusong.layers.faults import ExpectedError
from phusong.layers.project import Project
from phusong.layers.project_file import read_project

Status = Literal["done", "skipped", "failed"]

KILLED = Text(
    "Tiến trình của tỉnh bị dừng giữa chừng (mã {code}); thường là thiếu bộ nhớ. "
    "Chạy lại với ít --workers hơn.",
    "The province's process was stopped (code {code}), mostly for want of memory. "
    "Run again with fewer --workers.",
)
BROKEN = Text("Lỗi trong chương trình: {error}. Xem {log}.", "A fault of the program: {error}. See {log}.")
SAME_CODE = Text(
    "Hai dự án cùng mã tỉnh {code}: {first} và {second}. Mỗi tỉnh chỉ được một dự án trong một lần chạy.",
    "Two projects have the province code {code}: {first} and {second}. A run takes one project per province.",
)


@dataclass(frozen=True)
class ProvinceRun:
    """What became of one province of a batch.

    Attributes
    ----------
    code, name : str
        Of the province; the code is the project's folder where the project could not be read.
    project : str
        Path of the project file as it was given.
    status : {"done", "skipped", "failed"}
        ``skipped``: inputs, parameters and version are those of the output that is there.
    messages : tuple of str
        In the user's language: why it failed.
    seconds : float
    peak_mb : float
        Largest resident memory of the province's process; NaN where it was killed.
    folder : str
        Name of the folder of its output, below that of the batch.
    indicators : mapping of str to (numerator, denominator)
        Population of every service of any operator, by name of service.
    """

    code: str
    name: str
    project: str
    status: Status
    messages: tuple[str, ...] = ()
    seconds: float = 0.0
    peak_mb: float = float("nan")
    folder: str = ""
    indicators: Mapping[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Job:
    code: str
    name: str
    project: Path
    folder: Path


def run_batch(
    projects: Sequence[Path],
    out: Path,
    lang: Language,
    *,
    workers: int = 1,
    resume: bool = False,
    finished: Callable[[ProvinceRun], None] | None = None,
) -> list[ProvinceRun]:
    """Run every project, ``workers`` provinces at a time, each in a process of its own.

    The output of a province lies in ``out/<code>``, its log in ``out/<code>.log``; the summary page and
    table over all of them are written by `phusong.maps.batch_page.write_summary`.

    Parameters
    ----------
    projects : sequence of Path
    out : Path
    lang : Language
    workers : int
        Provinces at a time; the cores are divided among them.
    resume : bool
        Skip provinces whose inputs, parameters and version are those of the output that is there.
    finished : callable, optional
        Called with each province as it ends.

    Returns
    -------
    list of ProvinceRun
        In the order of ``projects``.

    Raises
    ------
    ExpectedError
        If two projects are of one province.
    """
    out.mkdir(parents=True, exist_ok=True)
    runs: dict[Path, ProvinceRun] = {}
    jobs: list[_Job] = []

    def end(project: Path, run: ProvinceRun) -> None:
        runs[project] = run
        if finished:
            finished(run)

    read = _read_all(projects, lang, end)
    for path, project in read.items():
        job = _Job(project.province.code, project.province.name, path, out / project.province.code)
        current = _figures_if_current(project, job.folder) if resume else None
        if current is None:
            jobs.append(job)
        else:
            end(
                path,
                ProvinceRun(
                    job.code, job.name, str(path), "skipped", folder=job.folder.name, indicators=current
                ),
            )
    threads = max((os.cpu_count() or 1) // max(workers, 1), 1)
    for job, run in _run_processes(jobs, lang, workers, threads):
        end(job.project, run)
    return [runs[path] for path in dict.fromkeys(projects)]


def _read_all(
    projects: Iterable[Path], lang: Language, end: Callable[[Path, ProvinceRun], None]
) -> dict[Path, Project]:
    """Read the project files; those that cannot be read are failed provinces, not a failed batch."""
    read: dict[Path, Project] = {}
    by_code: dict[str, Path] = {}
    for path in dict.fromkeys(projects):
        try:
            project = read_project(path)
        except ExpectedError as error:
            name = path.parent.name or path.name
            end(path, ProvinceRun(name, name, str(path), "failed", tuple(_messages(error, lang))))
            continue
        other = by_code.setdefault(project.province.code, path)
        if other != path:
            raise ExpectedError(SAME_CODE, code=project.province.code, first=str(other), second=str(path))
        read[path] = project
    return read


def _messages(error: ExpectedError, lang: Language) -> list[str]:
    faults = [f for f in getattr(error, "faults", ()) if f.severity == "error"]
    return [f.say(lang) for f in faults] or [error.say(lang)]


def _figures_if_current(project: Project, folder: Path) -> dict[str, tuple[float, float]] | None:
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
            and manifest["project"] == json.loads(project.model_dump_json())
            and all(
                file_sha256(project.file.parent / entry["path"]) == entry["sha256"]
                for entry in manifest["inputs"]
            )
            and all(sha256(folder / entry["path"]) == entry["sha256"] for entry in manifest["outputs"])
        )
        return _figures(folder) if same else None
    except (OSError, KeyError, TypeError):
        return None


def _figures(folder: Path) -> dict[str, tuple[float, float]]:
    import pandas as pd

    table = pd.read_csv(folder / "indicators.csv", dtype={"code": str, "service": str})
    wanted = (
        (table["level"] == "province") & (table["indicator"] == "population") & (table["operator"] == "any")
    )
    rows = table[wanted]
    return {
        str(s): (float(n), float(d))
        for s, n, d in zip(rows["service"], rows["numerator"], rows["denominator"], strict=True)
    }


def _run_processes(
    jobs: Sequence[_Job], lang: Language, workers: int, threads: int
) -> Iterable[tuple[_Job, ProvinceRun]]:
    """Keep ``workers`` processes busy and yield each province as its process ends."""
    context = multiprocessing.get_context("spawn")
    waiting = list(jobs)
    running: dict[Any, tuple[_Job, Any, Connection, float]] = {}
    while waiting or running:
        while waiting and len(running) < max(workers, 1):
            job = waiting.pop(0)
            receiver, sender = context.Pipe(duplex=False)
            process = context.Process(target=_work, args=(job, lang, threads, sender), name=job.code)
            process.start()
            sender.close()
            running[process.sentinel] = (job, process, receiver, time.perf_counter())
        for sentinel in wait([*running]):
            job, process, receiver, start = running.pop(sentinel)
            process.join()
            yield job, _collect(job, process, receiver, time.perf_counter() - start, lang)


def _collect(job: _Job, process: Any, receiver: Connection, seconds: float, lang: Language) -> ProvinceRun:
    try:
        run: ProvinceRun | None = receiver.recv() if receiver.poll() else None
    except (EOFError, OSError):
        run = None
    finally:
        receiver.close()
    if run is not None:
        return run
    message = KILLED.say(lang, code=str(process.exitcode))
    return ProvinceRun(job.code, job.name, str(job.project), "failed", (message,), seconds)


def _work(job: _Job, lang: Language, threads: int, sender: Connection) -> None:
    """Run one province in a process of its own and send what became of it."""
    import resource

    from phusong.maps.run import run_province

    log = job.folder.with_name(job.folder.name + ".log")
    logging.basicConfig(
        filename=log,
        filemode="w",
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    start = time.perf_counter()
    status: Status = "failed"
    messages: list[str] = []
    figures: dict[str, tuple[float, float]] = {}
    try:
        run_province(job.project, job.folder, lang, workers=threads)
        figures = _figures(job.folder)
        status = "done"
    except ExpectedError as error:
        messages = _messages(error, lang)
    except Exception as error:
        logging.getLogger(__name__).exception("the province failed")
        messages = [BROKEN.say(lang, error=f"{type(error).__name__}: {error}"[:300], log=log.name)]
    for message in messages:
        logging.getLogger(__name__).error("%s", message)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
    sender.send(
        ProvinceRun(
            job.code,
            job.name,
            str(job.project),
            status,
            tuple(messages),
            time.perf_counter() - start,
            peak_mb,
            job.folder.name if status == "done" else "",
            figures,
        )
    )
    sender.close()
