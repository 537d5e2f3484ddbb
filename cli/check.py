"""``phusong check``: read everything, compute nothing, say what is wrong."""

from __future__ import annotations

from pathlib import Path

import click

from phusong.cli.options import PROJECT, Settings, argument, option
from phusong.cli.options import command as make_command
from phusong.data.language import Text

READ = Text(
    "{layer}: {rows} dòng hoặc ô từ {path}, số liệu ngày {as_of}",
    "{layer}: {rows} rows or cells from {path}, as of {as_of}",
)
LAYERS = {
    "communes": Text("xã, phường", "communes"),
    "stations": Text("trạm", "stations"),
    "population": Text("dân số", "population"),
    "households": Text("hộ gia đình", "households"),
    "fibre_nodes": Text("nút cáp quang", "fibre nodes"),
    "fibre_routes": Text("tuyến cáp quang", "fibre routes"),
    "roads": Text("đường", "roads"),
    "terrain": Text("địa hình", "terrain"),
    "clutter": Text("lớp phủ mặt đất", "land cover"),
}
GOOD = Text("Chạy được: 0 lỗi, {warnings} cảnh báo.", "Ready to run: 0 errors, {warnings} warnings.")


@make_command(
    "check",
    Text(
        "Đọc mọi tệp của DỰ_ÁN và báo tất cả lỗi cùng lúc: tệp, dòng, cột, giá trị, cách sửa. "
        "Không viết gì.",
        "Read every file of PROJECT and report all faults at once: file, row, column, value, what to do. "
        "Nothing is written.",
    ),
)
@argument("project", PROJECT, type=click.Path(path_type=Path))
@option("--json", "as_json", is_flag=True, text=Text("In dạng JSON.", "Print JSON."))
@click.pass_obj
def command(settings: Settings, project: Path, as_json: bool) -> int:
    """Check one project."""
    from phusong.cli.screen import print_faults, say
    from phusong.layers.faults import InputError
    from phusong.layers.project_file import read_project
    from phusong.layers.read import read_layers
    from phusong.layers.summary import check_summary
    from phusong.maps.figures import layer_label

    try:
        layers = read_layers(read_project(project))
    except InputError as error:
        if not as_json:
            raise
        say(check_summary(error.faults, (), settings.lang))
        return 2
    if as_json:
        say(check_summary(layers.faults, layers.sources, settings.lang))
        return 0
    for source in layers.sources:
        known = LAYERS.get(source.layer)
        name = (
            known.say(settings.lang) if known else layer_label(source.layer.replace(".", ":"), settings.lang)
        )
        say(READ.say(settings.lang, **{**vars(source), "layer": name}))
    print_faults(layers.faults, settings.lang)
    say(GOOD.say(settings.lang, warnings=len(layers.faults)))
    return 0
