"""``phusong field-form``: a sheet for community digital teams, village by village."""

from __future__ import annotations

from pathlib import Path

import click

from phusong.cli.options import PROJECT, Settings, argument, option
from phusong.cli.options import command as make_command
from phusong.data.language import Text

WROTE = Text("Đã viết {file}: {n} dòng.", "Wrote {file}: {n} rows.")


@make_command(
    "field-form",
    Text(
        "Lập phiếu để tổ công nghệ số cộng đồng ghi vạch sóng từng thôn, làng; điền xong thì đọc lại bằng "
        "phusong validate DỰ_ÁN --reports PHIẾU.",
        "Make a form in which community digital teams write the bars of every village; filled in, it is "
        "read by "
        "phusong validate PROJECT --reports FORM.",
    ),
)
@argument("project", PROJECT, type=click.Path(path_type=Path))
@option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True,
        text=Text("Tệp Excel (.xlsx) để ghi.", "Excel file (.xlsx) to write."))
@option("--commune", "communes", multiple=True,
        text=Text("Chỉ các xã có mã này (nhiều lần).", "Only communes with this code (may be repeated)."))
@option("--layer", default=None,
        text=Text("Lớp điểm; mặc định villages, hoặc lớp đầu tiên.",
                  "Layer of places; by default villages, or the first."))
@click.pass_obj
def command(
    settings: Settings, project: Path, out: Path, communes: tuple[str, ...], layer: str | None
) -> None:
    """Write the form."""
    from phusong.cli.screen import say
    from phusong.layers.project.file import read_project
    from phusong.layers.read import read_layers
    from phusong.maps.field_form import write_form

    rows = write_form(
        read_layers(read_project(project)), out, settings.lang, communes=communes, places=layer
    )
    say(WROTE.say(settings.lang, file=str(out), n=rows))
