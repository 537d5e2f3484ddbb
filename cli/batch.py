"""``phusong batch``: many provinces, unattended."""

from __future__ import annotations

import contextlib
import logging
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import click

from phusong.cli.options import OPEN, PROJECT, Settings, argument, option, out_folder_option
from phusong.cli.options import command as make_command
from phusong.data.language import Text

STATUS = {
    "done": Text("xong", "done"),
    "skipped": Text("bỏ qua (không đổi)", "skipped (unchanged)"),
    "failed": Text("HỎNG", "FAILED"),
}
TOTAL = Text(
    "{done} tỉnh xong, {skipped} bỏ qua, {failed} hỏng.",
    "{done} provinces done, {skipped} skipped, {failed} failed.",
)
NO_NATION = Text(
    "Không ghi được bảng tổng hợp: {error}. Kết quả từng tỉnh vẫn nguyên vẹn.",
    "The tables over all provinces could not be written: {error}. Each province's results are whole.",
)
log = logging.getLogger(__name__)
FILE = click.Path(path_type=Path, dir_okay=False)
DIR = click.Path(path_type=Path, file_okay=False)


@contextlib.contextmanager
def stopped_by_the_system() -> Iterator[None]:
    """Take SIGTERM, which a service gets that is stopped, for Ctrl-C: every process of the batch ends."""

    def stop(*_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@make_command(
    "batch",
    Text(
        "Chạy nhiều DỰ_ÁN, mỗi tỉnh một tiến trình; tỉnh hỏng không cản tỉnh khác. Kết quả từng "
        "tỉnh ở thư mục con của --out mang mã tỉnh, trang tổng hợp là index.html ở đó. Mã thoát 1 nếu có "
        "tỉnh hỏng.",
        "Run many PROJECTs, a process each; one that fails stops none. Each province's results are in "
        "the folder of its code in --out, beside the summary page index.html. Exit code 1 if any failed.",
    ),
)
@argument("projects", PROJECT, nargs=-1, required=True, type=click.Path(path_type=Path))
@out_folder_option
@option("--workers", type=click.IntRange(1), default=1, show_default=True,
        text=Text("Số tỉnh chạy cùng lúc trên máy này.", "Provinces at a time on this machine."))  # fmt: skip
@option(
    "--scheduler",
    default="",
    text=Text(
        "Địa chỉ bộ điều phối Dask đang chạy (tcp://…): dùng các máy của cụm đó; mọi máy phải thấy dự án và "
        "--out ở cùng đường dẫn.",
        "Address of a running Dask scheduler (tcp://…): its workers are used; all of them must see the "
        "projects and --out under the same paths.",
    ),
)
@option(
    "--resume",
    is_flag=True,
    text=Text(
        "Bỏ qua tỉnh mà đầu vào, tham số và phiên bản không đổi.",
        "Skip provinces whose inputs, parameters and version are unchanged.",
    ),
)
@option(
    "--across-borders",
    is_flag=True,
    text=Text(
        "Trạm của mỗi tỉnh phục vụ cả tỉnh giáp ranh, trong tầm phủ của dịch vụ.",
        "Stations of each province serve its neighbours too, within the reach of the services.",
    ),
)
@option(
    "--public",
    is_flag=True,
    text=Text(
        "Bản công khai: không kèm vị trí trạm, tên nhà mạng, lưới tín hiệu, lớp có confidential = true và "
        "nội dung lỗi.",
        "Public version: without sites, names of operators, signal rasters, layers with confidential = true "
        "and the text of faults.",
    ),
)
@option("--memory", type=click.IntRange(200), default=None,
        text=Text("MB tối đa của mỗi tiến trình (mặc định: chia 90% bộ nhớ máy).",
                  "MB that a process may hold (default: its part of 90% of the machine's)."))  # fmt: skip
@option("--minutes", type=click.FloatRange(0.01), default=None,
        text=Text("Số phút tối đa của mỗi tỉnh.", "Minutes that a province may take."))  # fmt: skip
@option("--retries", type=click.IntRange(0, 10), default=1, show_default=True,
        text=Text("Số lần thử lại khi lỗi do máy.",
                  "Further tries where the machine was at fault."))  # fmt: skip
@option("--cache", type=DIR, default=None,
        text=Text("Nơi giữ phần đã tính (mặc định: .cache trong --out).",
                  "Where computed parts are kept (default: .cache in --out)."))  # fmt: skip
@option("--no-cache", is_flag=True,
        text=Text("Không giữ phần đã tính.", "Keep no computed parts."))  # fmt: skip
@option("--events", type=FILE, default=None,
        text=Text("Tệp để ghi thêm mỗi sự kiện một dòng JSON.",
                  "File to which a line of JSON is added per event."))  # fmt: skip
@click.pass_obj
def command(
    settings: Settings, projects: tuple[Path, ...], out: Path, workers: int, scheduler: str, resume: bool,
    across_borders: bool, public: bool, memory: int | None, minutes: float | None, retries: int,
    cache: Path | None, no_cache: bool, events: Path | None,
) -> int:  # fmt: skip
    """Run a batch."""
    from phusong.cli.screen import duration, say, tell
    from phusong.maps.batch.nation_tables import write_nation
    from phusong.maps.batch.page import write_summary
    from phusong.maps.batch.place import held
    from phusong.maps.batch.run import BatchOptions, ProvinceRun, run_batch

    def show(run: ProvinceRun) -> None:
        """Tell how one province ended."""
        if settings.quiet and run.status != "failed":
            return
        status = STATUS[run.status].say(settings.lang)
        tell(f"{run.code} {run.name}: {status} ({duration(run.seconds, settings.lang)})")
        for message in run.messages:
            tell(("  ✗ " if run.status == "failed" else "  ! ") + message)

    options = BatchOptions(
        workers=workers, scheduler=scheduler, resume=resume, public=public, across_borders=across_borders,
        cache=cache, keep=not no_cache, memory_mb=float(memory or 0), minutes=minutes or 0.0,
        retries=retries, events=events,
    )
    whole = True
    page = out / "index.html"
    with held(out), stopped_by_the_system():
        runs = run_batch(projects, out, settings.lang, options=options, finished=show)
        try:
            for note in write_nation(runs, out, settings.lang):
                tell("  ! " + note)
        except Exception as error:  # what each province has is there all the same
            whole = False
            log.info("the national tables", exc_info=True)
            tell(NO_NATION.say(settings.lang, error=str(error)))
        try:
            page = write_summary(runs, out, settings.lang, public=public)
        except OSError as error:
            whole = False
            tell(NO_NATION.say(settings.lang, error=str(error)))
    counts = {status: sum(run.status == status for run in runs) for status in STATUS}
    say(TOTAL.say(settings.lang, **counts))
    if whole:
        say(OPEN.say(settings.lang, file=str(page.resolve())))
    return 1 if counts["failed"] or not whole else 0
