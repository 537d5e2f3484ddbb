"""The process of one job of a batch: ``python -m phusong.maps.batch.child``, a job in, what became of it out.

The job comes as one line on standard input, which then stays open: when it closes, whoever started this
process is gone, and so is this process, so that nobody computes for nobody. What became of the job goes to
standard output as one line.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path

from phusong.data.language import Language, Text
from phusong.data.processes import collect_seldom
from phusong.layers.faults import ExpectedError
from phusong.maps.batch.job import Blame, Job, ProvinceRun

BROKEN = Text("Lỗi trong chương trình: {error}. Xem {log}.", "A fault of the program: {error}. See {log}.")
MACHINE = Text("Lỗi của máy: {error}. Xem {log}.", "A fault of the machine: {error}. See {log}.")
MORE = Text("… và {n} lỗi nữa: xem {log}.", "… and {n} more errors: see {log}.")
SHOWN = 20
"""Messages of one province on the summary page; its log has all."""
ORPHANED = 75
log = logging.getLogger(__name__)


def messages_of(error: ExpectedError, lang: Language) -> list[str]:
    """Return the errors that an exception carries, one by one, or what it says itself."""
    faults = [f for f in getattr(error, "faults", ()) if f.severity == "error"]
    return [f.say(lang) for f in faults] or [error.say(lang)]


def work(job: Job) -> ProvinceRun:
    """Do a job in this process and tell what became of it; only a kill gets past."""
    start = time.perf_counter()
    file = Path(job.folder).with_name(Path(job.folder).name + ".log")
    messages: list[str] = []
    figures: dict[str, tuple[float, float]] = {}
    blame: Blame = ""
    try:
        _log_to(file, job)
        figures = _do(job)
    except ExpectedError as error:
        messages = messages_of(error, job.lang)
        # What a user is told of a full disk, or of a file that changed, is the machine's doing all the same.
        blame = "machine" if getattr(error, "passing", False) or _of_machine(error.__cause__) else "data"
    except Exception as error:
        log.exception("the job failed", exc_info=not job.public)
        said = MACHINE if _of_machine(error) else BROKEN
        blame = "machine" if said is MACHINE else "program"
        messages = [said.say(job.lang, error=f"{type(error).__name__}: {error}"[:300], log=file.name)]
    for message in [] if job.public else messages:
        log.error("%s", message)
    if len(messages) > SHOWN:
        messages[SHOWN:] = [MORE.say(job.lang, n=len(messages) - SHOWN, log=file.name)]
    took = time.perf_counter() - start
    if blame:
        return job.failed(*messages, blame=blame, seconds=took)
    return ProvinceRun(
        job.code, job.name, job.project, "done", tuple(messages), took,
        folder=Path(job.folder).name if job.kind == "province" else "", indicators=figures,
        outline=outline_of(Path(job.folder)) if job.kind == "province" else (),
    )


def _of_machine(error: BaseException | None) -> bool:
    return isinstance(error, OSError | MemoryError)


def _log_to(file: Path, job: Job) -> None:
    # Shares and later tries add to the log of their province; the batch empties it first.
    logging.basicConfig(
        filename=file, filemode="a", encoding="utf-8",
        level=logging.WARNING if job.public else logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    part = f" {job.part + 1} of {job.parts}" if job.parts else ""
    log.info("%s%s: process %d on %s, %d threads", job.kind, part, os.getpid(), socket.gethostname(),
             job.threads)


def _do(job: Job) -> dict[str, tuple[float, float]]:
    from phusong.coverage.store import Store
    from phusong.maps.run import fill_province, run_province

    store = Store(Path(job.store)) if job.store else None
    neighbours = Path(job.neighbours) if job.neighbours else None
    project, folder = Path(job.project), Path(job.folder)
    if job.inventory:
        from phusong.maps.batch.neighbours import write_inventory

        write_inventory(project, Path(job.inventory))
        return {}
    if job.parts:
        if store is not None:
            fill_province(
                project, store, (job.part, job.parts), workers=job.threads, neighbours=neighbours
            )
        return {}
    outcome = run_province(
        project, folder, job.lang, workers=job.threads, public=job.public, store=store,
        neighbours=neighbours,
    )
    for fault in outcome.result.faults:
        log.warning("%s", fault.code if job.public else fault.say(job.lang))
    return figures_of(folder)


def figures_of(folder: Path) -> dict[str, tuple[float, float]]:
    """Return people covered and people, by service, from the table of an output."""
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


def outline_of(folder: Path) -> tuple[tuple[tuple[float, float], ...], ...]:
    """Return the outline of the province of an output, as its manifest holds it."""
    from phusong.maps.manifest import read_manifest

    rings = ((read_manifest(folder) or {}).get("province") or {}).get("outline") or []
    return tuple(tuple((float(lon), float(lat)) for lon, lat in ring) for ring in rings)


def _end_with_parent() -> None:
    """End this process when standard input closes."""
    while os.read(0, 4096):
        pass
    os._exit(ORPHANED)


def main() -> None:
    """Read a job, do it, tell."""
    # Ctrl-C reaches every process of a terminal; the one that started this one ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    collect_seldom()
    line = b""
    while not line.endswith(b"\n"):
        got = os.read(0, 1 << 16)
        if not got:
            return
        line += got
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # Libraries that print must not spoil the answer.
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    run = work(Job.from_json(json.dumps(json.loads(line))))
    with contextlib.suppress(BrokenPipeError):
        answer.write(run.to_json() + "\n")
        answer.flush()
    sys.stdout.flush()
    logging.shutdown()
    os._exit(0)


if __name__ == "__main__":
    main()
