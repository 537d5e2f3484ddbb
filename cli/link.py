"""``phusong link``: one path, with everything that is on it."""

from __future__ import annotations

from pathlib import Path

import click

from phusong.cli.options import PROJECT, Settings, argument, option
from phusong.cli.options import command as make_command
from phusong.data.language import Text

WROTE = Text("Đã viết {file}", "Wrote {file}")


@make_command(
    "link",
    Text(
        "Mặt cắt và từng thành phần suy hao từ điểm TỪ đến điểm ĐẾN: mã vị trí trạm, hoặc 'vĩ độ,kinh độ'. "
        "Tọa độ âm thì đặt sau dấu --.",
        "Profile and every term of the loss between FROM and TO: a site id, or 'lat,lon'. Put negative "
        "coordinates after --.",
    ),
)
@argument("project", PROJECT, type=click.Path(path_type=Path))
@argument("start", Text("TỪ", "FROM"))
@argument("end", Text("ĐẾN", "TO"))
@option("--service", default=None, text=Text("Dịch vụ của dự án.", "Service of the project."))
@option(
    "--model",
    type=click.Choice(["p1812", "itm", "p526"]),
    default=None,
    text=Text("Mô hình; mặc định là của dịch vụ, hoặc p1812.", "Model; the service's own, or p1812."),
)
@option(
    "--png",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    text=Text("Vẽ mặt cắt.", "Draw it."),
)
@option("--json", "as_json", is_flag=True, text=Text("In dạng JSON.", "Print JSON."))
@click.pass_obj
def command(
    settings: Settings,
    project: Path,
    start: str,
    end: str,
    service: str | None,
    model: str | None,
    png: Path | None,
    as_json: bool,
) -> None:
    """Analyse one path."""
    from phusong.cli.screen import say, tell
    from phusong.coverage.radio.link import analyse_link
    from phusong.layers.project.file import read_project
    from phusong.layers.read import read_layers
    from phusong.maps.citation import cited_sources
    from phusong.maps.link_view import link_json, link_png, link_text

    layers = read_layers(read_project(project), only=("terrain", "clutter"))
    link = analyse_link(layers, start, end, service=service, model=model)
    cited = cited_sources(layers.sources)
    say(link_json(link, cited) if as_json else link_text(link, settings.lang, cited))
    if png is not None:
        png.write_bytes(link_png(link, settings.lang, cited))
        tell(WROTE.say(settings.lang, file=str(png)))
