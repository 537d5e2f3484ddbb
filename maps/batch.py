"""Many provinces, a process each: one that fails costs nobody else anything."""

from __future__ import annotations

import contextlib
import json
import logging
import multiprocessing
import os
import signal
import sys
import time
import tomllib
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Literal, cast

from phusong.data.language import Language, Text
from phusong.layers.faults import ExpectedError
from phusong.layers.project import Project, ProvinceTable
from phusong.layers.project_file import FILE_NAME, read_project

Status = Literal["done", "skipped", "failed"]

KILLED = Text(
    "Tiến trình của tỉnh bị dừng giữa chừng (mã {code}); thường là thiếu bộ nhớ. "
    "Chạy lại với ít --workers hơn.",
    "The province's process was stopped (code {code}), mostly for want of memory. "
    "Run again with fewer --workers.",
)
BROKEN = Text("Lỗi trong chương trình: {error}. Xem {log}.", "A fault of the program: {error}. See {log}.")
MORE = Text("… và {n} lỗi nữa: xem {log}.", "… and {n} more errors: see {log}.")
SHOWN = 20
"""Messages of one province on the summary page; its log has all."""
NOT_READ = Text("Không đọc được '{path}': {reason}.", "Cannot read '{path}': {reason}.")
NOT_A_FOLDER = Text(
    "'{path}' là một tệp, không phải thư mục. Hãy chọn tên khác.",
    "'{path}' is a file, not a folder. Choose another name.",
)
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
        Of the province; the project's folder where the project file does not even tell these.
    project : str
        Path of the project file as it was given.
    status : {"done", "skipped", "failed"}
        ``skipped``: inputs, parameters and version are those of the output that is there.
    messages : tuple of str
        In the user's language: why it failed, the first of many.
    seconds : float
    peak_mb : float
        Largest resident memory of the province's process; NaN where it was killed.
    folder : str
        Name of the folder of its output, below that of the batch.
    indicators : mapping of str to (numerator, denominator)
        Population of every service of any operator, by name of service.
    outline : tuple of rings
        Of the province, in degrees, coarse; empty where there is no output.
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
    outline: tuple[tuple[tuple[float, float], ...], ...] = ()


@dataclass(frozen=True)
class _Job:
    code: str
    name: str
    project: Path
    folder: Path
    public: bool = False


def run_batch(
    projects: Sequence[Path],
    out: Path,
    lang: Language,
    *,
    workers: int = 1,
    resume: bool = False,
    finished: Callable[[ProvinceRun], None] | None = None,
    public: bool = False,
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
    public : bool
        Leave out what must not be shown to everybody, in logs too. An output without the names and columns
        of its inputs does not tell whether it is current, so every province is computed anew.

    Returns
    -------
    list of ProvinceRun
        In the order of ``projects``.

    Raises
    ------
    ExpectedError
        If two projects are of one province.
    """
    if out.exists() and not out.is_dir():
        raise ExpectedError(NOT_A_FOLDER, path=str(out))
    runs: dict[Path, ProvinceRun] = {}
    jobs: list[_Job] = []

    def end(project: Path, run: ProvinceRun) -> None:
        runs[project] = run
        if finished:
            finished(run)

    read, unread = _read_all(projects, lang)
    out.mkdir(parents=True, exist_ok=True)
    for path, failed in unread.items():
        end(path, failed)
    for path, project in read.items():
        job = _Job(project.province.code, project.province.name, path, out / project.province.code, public)
        current = _figures_if_current(project, job.folder, lang) if resume and not public else None
        if current is None:
            jobs.append(job)
        else:
            end(
                path,
                ProvinceRun(
                    job.code, job.name, str(path), "skipped", folder=job.folder.name, indicators=current,
                    outline=_outline(job.folder),
                ),
            )
    threads = max((os.cpu_count() or 1) // max(workers, 1), 1)
    with contextlib.closing(_run_processes(jobs, lang, workers, threads)) as ended:
        for job, run in ended:
            end(job.project, run)
    return [runs[path] for path in dict.fromkeys(projects)]


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
                _messages(error, lang)
                if isinstance(error, ExpectedError)
                else [NOT_READ.say(lang, path=str(path), reason=str(error.strerror or error))]
            )
            unread[path] = ProvinceRun(*_called(path), str(path), "failed", tuple(messages[:SHOWN]))
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


def _messages(error: ExpectedError, lang: Language) -> list[str]:
    faults = [f for f in getattr(error, "faults", ()) if f.severity == "error"]
    return [f.say(lang) for f in faults] or [error.say(lang)]


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
        return _figures(folder) if same else None
    except (OSError, KeyError, TypeError, ValueError):
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


def _outline(folder: Path) -> tuple[tuple[tuple[float, float], ...], ...]:
    """Return the outline of the province of an output, as its manifest holds it."""
    from phusong.maps.manifest import read_manifest

    rings = ((read_manifest(folder) or {}).get("province") or {}).get("outline") or []
    return tuple(tuple((float(lon), float(lat)) for lon, lat in ring) for ring in rings)


def _run_processes(
    jobs: Sequence[_Job], lang: Language, workers: int, threads: int
) -> Generator[tuple[_Job, ProvinceRun], None, None]:
    """Keep ``workers`` processes busy and yield each province as its process ends."""
    context = multiprocessing.get_context("spawn")
    waiting = list(jobs)
    running: dict[Any, tuple[_Job, Any, float]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < max(workers, 1):
                job = waiting.pop(0)
                receiver, sender = context.Pipe(duplex=False)
                process = context.Process(target=_work, args=(job, lang, threads, sender), name=job.code)
                process.start()
                sender.close()
                running[receiver] = (job, process, time.perf_counter())
            # A pipe is ready when a province has been sent or its process is gone. To wait for the process
            # instead would be for ever where what it sends fills the pipe.
            for receiver in cast("list[Any]", wait([*running])):
                job, process, start = running.pop(receiver)
                yield job, _collect(job, process, receiver, start, lang)
    finally:
        for _, process, _ in running.values():
            process.terminate()
        for _, process, _ in running.values():
            process.join()


def _collect(job: _Job, process: Any, receiver: Any, start: float, lang: Language) -> ProvinceRun:
    try:
        run: ProvinceRun | None = receiver.recv()
    except (EOFError, OSError):
        run = None
    finally:
        receiver.close()
    process.join()
    if run is not None:
        return run
    message = KILLED.say(lang, code=str(process.exitcode))
    seconds = time.perf_counter() - start
    return ProvinceRun(job.code, job.name, str(job.project), "failed", (message,), seconds)


def _work(job: _Job, lang: Language, threads: int, sender: Connection) -> None:
    """Run one province in a process of its own and send what became of it."""
    # Ctrl-C reaches every process of a terminal; the one that started this one ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    start = time.perf_counter()
    log = job.folder.with_name(job.folder.name + ".log")
    status: Status = "failed"
    messages: list[str] = []
    figures: dict[str, tuple[float, float]] = {}
    try:
        logging.basicConfig(
            filename=log,
            filemode="w",
            encoding="utf-8",
            level=logging.WARNING if job.public else logging.INFO,
            format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        )
        figures = _run(job, lang, threads)
        status = "done"
    except ExpectedError as error:
        messages = _messages(error, lang)
    except Exception as error:
        logging.getLogger(__name__).exception("the province failed", exc_info=not job.public)
        messages = [BROKEN.say(lang, error=f"{type(error).__name__}: {error}"[:300], log=log.name)]
    for message in [] if job.public else messages:
        logging.getLogger(__name__).error("%s", message)
    if len(messages) > SHOWN:
        messages[SHOWN:] = [MORE.say(lang, n=len(messages) - SHOWN, log=log.name)]
    folder = job.folder.name if status == "done" else ""
    took, told = time.perf_counter() - start, tuple(messages)
    sender.send(
        ProvinceRun(
            job.code, job.name, str(job.project), status, told, took, _peak_mb(), folder, figures,
            _outline(job.folder) if folder else (),
        )
    )
    sender.close()


def _run(job: _Job, lang: Language, threads: int) -> dict[str, tuple[float, float]]:
    """Run one province, log its warnings, and return its figures."""
    from phusong.maps.run import run_province

    outcome = run_province(job.project, job.folder, lang, workers=threads, public=job.public)
    for fault in outcome.result.faults:
        logging.getLogger(__name__).warning("%s", fault.code if job.public else fault.say(lang))
    return _figures(job.folder)


def _peak_mb() -> float:
    """Return the largest resident memory of this process; NaN where the system does not tell."""
    try:
        # getrusage would count the process that started this one, too.
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
        return float(status.split("VmHWM:")[1].split()[0]) / 1024.0
    except (OSError, IndexError, ValueError):
        pass
    try:
        import resource
    except ImportError:  # Windows
        return float("nan")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024.0**2 if sys.platform == "darwin" else 1024.0)
