"""``phusong demo``: the sample province, from nothing to the report."""

from __future__ import annotations

import time
from pathlib import Path

import click

from phusong.cli.options import OPEN, Settings, option
from phusong.cli.options import command as make_command
from phusong.data.language import Text

MADE = Text("Đã sinh Tỉnh Mẫu (minh họa): {file}", "Made the sample province: {file}")
A_FILE = Text(
    "'{path}' là một tệp, không phải thư mục; không ghi đè. Chọn --out khác.",
    "'{path}' is a file, not a folder; it is not overwritten. Choose another --out.",
)
TOOK = Text("Xong trong {seconds:.0f} giây.", "Done in {seconds:.0f} seconds.")


@make_command(
    "demo",
    Text(
        "Sinh Tỉnh Mẫu (minh họa), tính vùng phủ và viết báo cáo, rồi cho biết tệp cần mở.",
        "Make the sample province, compute coverage, write the report, and say which file to open.",
    ),
)
@option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo"),
    show_default=True,
    text=Text("Thư mục của bản chạy thử.", "Folder of the demo."),
)
@option("--workers", type=click.IntRange(0), default=0, text=Text("Số luồng tính.", "Threads."))
@click.pass_obj
def command(settings: Settings, out: Path, workers: int) -> None:
    """Run the demo."""
    from phusong.cli.screen import progress_bar, say, tell
    from phusong.data.sample import make_sample
    from phusong.layers.faults import ExpectedError
    from phusong.maps.place import check
    from phusong.maps.run import run_province
    from phusong.maps.sentences import headline

    start = time.perf_counter()
    check(out / "ket-qua")  # before the work, not after it
    try:
        project = make_sample(out / "tinh-mau", force=True)
    except FileExistsError as error:
        raise ExpectedError(A_FILE, path=str(out / "tinh-mau")) from error
    if not settings.quiet:
        tell(MADE.say(settings.lang, file=str(project)))
    with progress_bar(settings) as progress:
        outcome = run_province(project, out / "ket-qua", settings.lang, workers=workers, progress=progress)
    if not settings.quiet:
        for sentence in headline(outcome.result, settings.lang):
            say(sentence)
        say(TOOK.say(settings.lang, seconds=time.perf_counter() - start))
    say(OPEN.say(settings.lang, file=str(outcome.files["index.html"])))
