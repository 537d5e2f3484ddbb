"""``phusong sample``: the made-up province."""

from __future__ import annotations

from pathlib import Path

import click

from phusong.cli.options import FOLDER, Settings, argument, option
from phusong.cli.options import command as make_command
from phusong.data.language import Text

DONE = Text("Đã sinh Tỉnh Mẫu (minh họa). Chạy: phusong run {file} --out {out}",
            "Wrote Tỉnh Mẫu (minh họa). Run: phusong run {file} --out {out}")  # fmt: skip
THERE = Text(
    "Thư mục '{folder}' đã có tệp; không ghi đè. Chọn thư mục khác, hoặc thêm --force.",
    "The folder '{folder}' is not empty; nothing is overwritten. Choose another one, or add --force.",
)


@make_command(
    "sample",
    Text(
        "Sinh 'Tỉnh Mẫu (minh họa)' vào THƯ_MỤC: xã, địa hình, dân số, đường, trạm, cáp quang, thôn. "
        "Cùng --seed cho cùng tệp.",
        "Write 'Tỉnh Mẫu (minh họa)' into DIR: communes, relief, people, roads, stations, fibre, villages. "
        "The same --seed gives the same files.",
    ),
)
@argument("folder", FOLDER, type=click.Path(path_type=Path, file_okay=False))
@option(
    "--communes", type=click.IntRange(4, 400), default=40, show_default=True, text=Text("Số xã.", "Communes.")
)
@option("--sites", type=click.IntRange(10, 20000), default=400, show_default=True,
        text=Text("Số vị trí trạm.", "Sites."))  # fmt: skip
@option("--villages", type=click.IntRange(0, 20000), default=300, show_default=True,
        text=Text("Số thôn.", "Villages."))  # fmt: skip
@option("--seed", type=click.IntRange(0, 999_999_999), default=1, show_default=True,
        text=Text("Hạt giống.", "Seed."))  # fmt: skip
@option(
    "--coast/--no-coast",
    default=True,
    show_default=True,
    text=Text("Có biển hay không.", "With a sea or not."),
)
@option("--force", is_flag=True, text=Text("Ghi đè thư mục đã có.", "Overwrite an existing folder."))
@click.pass_obj
def command(
    settings: Settings,
    folder: Path,
    communes: int,
    sites: int,
    villages: int,
    seed: int,
    coast: bool,
    force: bool,
) -> None:
    """Write a sample province."""
    from phusong.cli.screen import say
    from phusong.data.sample import make_sample
    from phusong.layers.faults import ExpectedError

    try:
        project = make_sample(
            folder, communes=communes, sites=sites, villages=villages, seed=seed, coast=coast, force=force
        )
    except FileExistsError as error:
        raise ExpectedError(THERE, folder=str(folder)) from error
    say(DONE.say(settings.lang, file=str(project), out=str(folder / "out")))
