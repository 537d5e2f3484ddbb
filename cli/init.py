"""``phusong init``: a first project for a named province."""

from __future__ import annotations

import datetime
from pathlib import Path

import click

from phusong.cli.options import FOLDER, Settings, argument, option
from phusong.cli.options import command as make_command
from phusong.data.language import Text

UNKNOWN = Text("Không có tỉnh '{asked}'.", "No province '{asked}'.")
NEAREST = Text("Ý bạn là: {nearest}?", "Did you mean: {nearest}?")
GIVE = Text(
    "Ghi tên hoặc mã hai số bằng --province, ví dụ --province 52.",
    "Give its name or two-digit code with --province, for example --province 52.",
)
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
@click.pass_obj
def command(settings: Settings, folder: Path, province: str | None) -> None:
    """Start a project."""
    from phusong.cli.screen import say
    from phusong.data.starter import UnknownProvinceError, find_province, write_starter
    from phusong.layers.faults import ExpectedError

    try:
        found = find_province(province or folder.resolve().name)
        files = write_starter(folder, found, datetime.date.today().isoformat(), settings.lang)
    except UnknownProvinceError as error:
        parts = [UNKNOWN, NEAREST if error.nearest else GIVE]
        text = Text(" ".join(p.vi for p in parts), " ".join(p.en for p in parts))
        raise ExpectedError(text, asked=error.asked, nearest=", ".join(error.nearest)) from error
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
