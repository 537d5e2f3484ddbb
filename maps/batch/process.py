"""One job of a batch in a process of its own: watched, stopped past its bounds, tried again."""

from __future__ import annotations

import contextlib
import math
import os
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from phusong.data.language import Text
from phusong.maps.batch.job import Job, ProvinceRun
from phusong.maps.tables import version

KILLED = Text(
    "Tiến trình của tỉnh bị dừng giữa chừng (mã {code}); thường là thiếu bộ nhớ. "
    "Chạy lại với ít --workers hơn.",
    "The province's process was stopped (code {code}), mostly for want of memory. "
    "Run again with fewer --workers.",
)
TOO_LARGE = Text(
    "Tiến trình của tỉnh cần hơn {limit:.0f} MB và bị dừng. Tăng --memory, hoặc chạy với ít --workers hơn.",
    "The province's process needed more than {limit:.0f} MB and was stopped. Raise --memory, or run with "
    "fewer --workers.",
)
TOO_LONG = Text(
    "Quá {minutes} phút: tiến trình của tỉnh bị dừng. Tăng --minutes.",
    "It took more than {minutes} minutes: the province's process was stopped. Raise --minutes.",
)
NOT_SEEN = Text(
    "Máy {host} không thấy '{path}'. Máy tính toán của cụm phải thấy dự án, đầu vào và thư mục kết quả ở "
    "cùng đường dẫn (ổ đĩa chung).",
    "The machine {host} does not see '{path}'. The workers of a cluster must see projects, inputs and "
    "results under the same paths (a shared store).",
)
NOT_THE_SAME = Text(
    "Máy {host} cài phusong {theirs}, hoặc thư viện, khác với máy ra lệnh (phusong {ours}); kết quả có thể "
    "khác. Hãy cài cùng một bản trên mọi máy.",
    "The machine {host} has another phusong ({theirs}), or other libraries, than the one that asks "
    "(phusong {ours}); results might differ. Install the same on every machine.",
)
NOT_STARTED = Text(
    "Không khởi động được tiến trình của tỉnh: {error}.",
    "The province's process could not be started: {error}.",
)
PROC, GROUPS = Path("/proc"), Path("/sys/fs/cgroup")
"""Where Linux tells of processes and of control groups."""
STEP_S = 0.2
"""Between looks at a process's memory and time."""
SHARED_S = 5.0
"""That a file written on one machine may take to be seen on another."""
REST_S = 1.0
"""Before another try: what was short may be there again."""


def run_job(job: Job) -> ProvinceRun:
    """Run a job in a process of its own, again where the machine was at fault, and return what became of it.

    A machine that is not fit for it (another program, paths that it does not see) fails it without a try.

    The process is killed when the batch's mark goes: then nobody waits for it any more.
    """
    host = socket.gethostname()
    if job.program and job.program != program():
        said = NOT_THE_SAME.say(job.lang, host=host, theirs=version(), ours=job.program.split()[0])
        return replace(job.failed(said, blame="machine"), worker=host, attempts=0)
    for path in (job.project, job.mark):
        if path and not _seen(Path(path)):
            lost = job.failed(NOT_SEEN.say(job.lang, host=host, path=path), blame="machine")
            return replace(lost, worker=host, attempts=0)
    attempt, seconds, peak = 0, 0.0, math.nan
    while True:
        attempt += 1
        run = _once(job)
        seconds += run.seconds
        peak = max(peak, run.peak_mb) if not math.isnan(peak) else run.peak_mb
        again = run.status == "failed" and run.blame == "machine" and attempt <= job.retries
        if not again or _over(job):
            return replace(run, attempts=attempt, seconds=seconds, peak_mb=peak, worker=host)
        time.sleep(REST_S)
        # With one thread a prediction holds the fields of fewer sites at a time.
        job = replace(job, threads=1)


def program() -> str:
    """Return what tells this program from others: its version, and a digest of it and its libraries."""
    from phusong.maps.kept import drawing_digest

    return f"{version()} {drawing_digest()}"


def _seen(path: Path) -> bool:
    """Tell whether there is a path; a shared store may need a moment to show a new one."""
    until = time.monotonic() + SHARED_S
    while not path.exists():
        if time.monotonic() > until:
            return False
        time.sleep(STEP_S)
    return True


def _over(job: Job) -> bool:
    return bool(job.mark) and not Path(job.mark).exists()


def _once(job: Job) -> ProvinceRun:
    start = time.perf_counter()
    try:
        process = _start(job)
    except OSError as error:
        return job.failed(NOT_STARTED.say(job.lang, error=str(error)), blame="machine")
    with _ended(process):
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(job.to_json().encode() + b"\n")
            process.stdin.flush()
        answer, peak, over = _watch(process, job, start)
    took = time.perf_counter() - start
    if over is None:
        try:
            return replace(ProvinceRun.from_json(answer.decode()), peak_mb=peak, seconds=took)
        except (ValueError, KeyError, TypeError):
            over = KILLED.say(job.lang, code=str(process.returncode))
    blame = "data" if over == _too_long(job) else "machine"
    return replace(job.failed(over, blame=blame, seconds=took), peak_mb=peak)  # type: ignore[arg-type]


def _start(job: Job) -> subprocess.Popen[bytes]:
    file = Path(job.folder).with_name(Path(job.folder).name + ".log")
    with file.open("ab") as log:  # what libraries and the interpreter say goes to the log
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "phusong.maps.batch.child"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, start_new_session=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )


@contextlib.contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Leave no process behind, whatever happens."""
    try:
        yield
    finally:
        if process.poll() is None:
            process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        process.wait()


def _too_long(job: Job) -> str:
    return TOO_LONG.say(job.lang, minutes=f"{job.minutes:g}")


def _watch(
    process: subprocess.Popen[bytes], job: Job, start: float
) -> tuple[bytes, float, str | None]:
    """Return what a process answered, its largest memory, and why it was stopped if it was."""
    answer, peak = b"", math.nan
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            ready = selector.select(STEP_S)
            held, high = _memory_mb(process.pid)
            if not math.isnan(high):
                peak = high
            if ready:
                got = os.read(process.stdout.fileno(), 1 << 16)
                answer += got
                if not got:
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        process.wait(10.0)
                    return answer, peak, None
                if answer.endswith(b"\n"):
                    return answer, peak, None
            if _over(job):
                return b"", peak, KILLED.say(job.lang, code="-")
            if job.minutes and time.perf_counter() - start > 60.0 * job.minutes:
                return b"", peak, _too_long(job)
            if job.memory_mb and held > job.memory_mb:
                return b"", peak, TOO_LARGE.say(job.lang, limit=job.memory_mb)


def machine_mb() -> float:
    """Return the memory of this machine, or of its part for this container or service; 0 where not told."""
    try:
        whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1024.0**2
    except (AttributeError, OSError, ValueError):
        return 0.0
    return min([whole, *_group_limits_mb()])


def _group_limits_mb() -> Iterator[float]:
    """Give the limits of the control groups of this process, of version 2 and 1, from its own up."""
    try:
        lines = (PROC / "self" / "cgroup").read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return
    for line in lines:
        _, controllers, place = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        root = GROUPS / "memory" if controllers else GROUPS
        file = "memory.limit_in_bytes" if controllers else "memory.max"
        # Inside a container the place may be that on the host; what is seen there is the root.
        for group in (root / place.lstrip("/"), *(root / place.lstrip("/")).parents):
            if group.is_relative_to(root):
                with contextlib.suppress(OSError, ValueError):  # "max" is no number
                    yield int((group / file).read_text(encoding="ascii")) / 1024.0**2


def _memory_mb(pid: int) -> tuple[float, float]:
    """Return the resident memory of a process now and at its largest; NaN where the system does not tell."""
    try:
        status = (PROC / str(pid) / "status").read_text(encoding="ascii", errors="replace")
        now, high = (float(status.split(word)[1].split()[0]) / 1024.0 for word in ("VmRSS:", "VmHWM:"))
    except (OSError, IndexError, ValueError):
        return math.nan, math.nan
    return now, high
