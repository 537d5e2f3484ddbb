"""``phusong batch``: many provinces, unattended."""

from __future__ import annotations

from pathlib import Path

import click

from phusong.cli.options import OPEN, PROJECT, Settings, argument, option
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
@option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    text=Text("Thư mục kết quả.", "Folder of the results."),
)
@option(
    "--workers",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    text=Text("Số tỉnh chạy cùng lúc.", "Provinces at a time."),
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
    "--public",
    is_flag=True,
    text=Text(
        "Bản công khai: không kèm vị trí trạm, tên nhà mạng, lưới tín hiệu, lớp có confidential = true và "
        "nội dung lỗi.",
        "Public version: without sites, names of operators, signal rasters, layers with confidential = true "
        "and the text of faults.",
    ),
)
@click.pass_obj
def command(
    settings: Settings, projects: tuple[Path, ...], out: Path, workers: int, resume: bool, public: bool
) -> int:
    """Run a batch."""
    from phusong.cli.screen import duration, say, tell
    from phusong.maps.batch import ProvinceRun, run_batch
    from phusong.maps.batch_page import write_summary

    def show(run: ProvinceRun) -> None:
        if settings.quiet and run.status != "failed":
            return
        status = STATUS[run.status].say(settings.lang)
        tell(f"{run.code} {run.name}: {status} ({duration(run.seconds, settings.lang)})")
        for message in run.messages:
            tell("  ✗ " + message)

    runs = run_batch(
        projects, out, settings.lang, workers=workers, resume=resume, finished=show, public=public
    )
    page = write_summary(runs, out, settings.lang, public=public)
    counts = {status: sum(run.status == status for run in runs) for status in STATUS}
    say(TOTAL.say(settings.lang, **counts))
    say(OPEN.say(settings.lang, file=str(page)))
    return 1 if counts["failed"] else 0
