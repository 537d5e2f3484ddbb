"""``phusong init``: a first project for a named province."""

from __future__ import annotations

import datetime
from pathlib import Path

import click

from phusong.cli.fetch_options import fetch_options, province_of, run_fetch
from phusong.cli.options import FOLDER, Settings, argument, option
from phusong.cli.options import command as make_command
from phusong.data.language import Text

THERE = Text("Đã có {files}; không ghi đè. Chọn thư mục khác.", "{files} exist; nothing is overwritten.")
FOUND = Text(
    "{kind} {name}, mã {code}: {communes} xã, phường, đặc khu.",
    "{kind} {name}, code {code}: {communes} communes, wards and special zones.",
)
WROTE = Text("Đã viết {file}", "Wrote {file}")
NEXT = Text(
    "Chép các tệp dữ liệu vào thư mục này, rồi chạy: phusong check {file}",
    "Put your data into this folder, then run: phusong check {file}",
)


@make_command(
    "init",
    Text(
        "Tạo trong THƯ_MỤC tệp phusong.toml có chú thích cho một tỉnh, bảng mã xã và các bảng trống. "
        "Tên tỉnh lấy từ --province, hoặc từ tên thư mục (gia-lai).",
        "Make in DIR a commented phusong.toml for a province, the table of its communes' codes and empty "
        "tables. The province is --province, or the name of the folder (gia-lai).",
    ),
)
@argument("folder", FOLDER, type=click.Path(path_type=Path, file_okay=False))
@option("--province", default=None, text=Text("Tên hoặc mã tỉnh.", "Name or code of the province."))
@option("--fetch", is_flag=True, text=Text(
    "Tải luôn dữ liệu công khai (như lệnh fetch) và viết dự án chạy được ngay.",
    "Also fetch public data (as the command fetch does), for a project that runs at once.",
))  # fmt: skip
@fetch_options
@click.pass_obj
def command(
    settings: Settings, folder: Path, province: str | None, fetch: bool, only: str | None,
    sources: tuple[str, ...], use: str, cache: Path | None, offline: bool, refresh: bool, mirror: str,
) -> int:
    """Start a project."""
    from phusong.cli.screen import say
    from phusong.data.starter import write_starter
    from phusong.layers.faults import ExpectedError

    found = province_of(province or folder.resolve().name)
    if fetch:
        if (folder / "phusong.toml").exists():
            raise ExpectedError(THERE, files=str(folder / "phusong.toml"))
        return run_fetch(
            settings, found, folder, only=only, sources=sources, use=use, cache=cache, offline=offline,
            refresh=refresh, mirror=mirror,
        )
    try:
        files = write_starter(folder, found, datetime.date.today().isoformat(), settings.lang)
    except FileExistsError as error:
        raise ExpectedError(THERE, files=str(error)) from error
    say(
        FOUND.say(
            settings.lang, kind=found.kind.capitalize(), name=found.name, code=found.code,
            communes=found.communes,
        )
    )
    for file in files:
        say(WROTE.say(settings.lang, file=str(file)))
    say(NEXT.say(settings.lang, file=str(files[0])))
    return 0
