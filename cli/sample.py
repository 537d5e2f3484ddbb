"""``phusong sample``: the made-up province, or a country of them."""

from __future__ import annotations

from pathlib import Path

import click
from click.core import ParameterSource

from phusong.cli.options import FOLDER, Settings, argument, option
from phusong.cli.options import command as make_command
from phusong.data.language import Text

DONE = Text("Đã sinh Tỉnh Mẫu (minh họa). Chạy: phusong run {file} --out {out}",
            "Wrote Tỉnh Mẫu (minh họa). Run: phusong run {file} --out {out}")  # fmt: skip
COUNTRY = Text("Đã sinh {n} tỉnh mẫu (minh họa). Chạy: phusong batch {files} --out {out}",
               "Wrote {n} sample provinces (minh họa). Run: phusong batch {files} --out {out}")  # fmt: skip
THERE = Text(
    "Thư mục '{folder}' đã có tệp; không ghi đè. Chọn thư mục khác, hoặc thêm --force.",
    "The folder '{folder}' is not empty; nothing is overwritten. Choose another one, or add --force.",
)
ONE_PROVINCE = Text("{option} chỉ dùng cho một tỉnh, không dùng cùng --country.",
                    "{option} is for one province and does not go with --country.")  # fmt: skip
NO_COUNTRY = Text("--size chỉ dùng cùng --country.", "--size goes with --country only.")


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
@option(
    "--country",
    is_flag=True,
    text=Text(
        "34 tỉnh mẫu giáp nhau, mỗi tỉnh một thư mục con; số xã, số dân, diện tích như thật, còn lại "
        "đều bịa.",
        "34 sample provinces side by side, a folder each; communes, people and area are as many as in "
        "reality, all else is made up.",
    ),
)
@option("--size", type=click.FloatRange(0.01, 1.0), default=1.0, show_default=True,
        text=Text("Với --country: phần của cỡ thật.", "With --country: part of the real size."))  # fmt: skip
@option("--force", is_flag=True, text=Text("Ghi đè thư mục đã có.", "Overwrite an existing folder."))
@click.pass_context
def command(
    ctx: click.Context, folder: Path, communes: int, sites: int, villages: int, seed: int, coast: bool,
    country: bool, size: float, force: bool,
) -> None:  # fmt: skip
    """Write a sample province, or a country of them."""
    from phusong.cli.screen import say, tell
    from phusong.data.sample import make_country, make_sample
    from phusong.layers.faults import ExpectedError

    settings: Settings = ctx.obj
    given = [
        name for name in ("communes", "sites", "villages", "coast", "size")
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE
    ]  # fmt: skip
    if country and given and given != ["size"]:
        raise click.UsageError(ONE_PROVINCE.say(settings.lang, option=f"--{given[0]}"), ctx)
    if not country and "size" in given:
        raise click.UsageError(NO_COUNTRY.say(settings.lang), ctx)
    try:
        if country:
            files = make_country(
                folder, size=size, seed=seed, force=force,
                made=None if settings.quiet else lambda file: tell(str(file)),
            )  # fmt: skip
            every = folder / "*" / files[0].name
            say(COUNTRY.say(settings.lang, n=len(files), files=str(every), out=str(folder / "out")))
            return
        project = make_sample(
            folder, communes=communes, sites=sites, villages=villages, seed=seed, coast=coast, force=force
        )
    except FileExistsError as error:
        raise ExpectedError(THERE, folder=str(folder)) from error
    say(DONE.say(settings.lang, file=str(project), out=str(folder / "out")))
