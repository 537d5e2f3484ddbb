"""``phusong convert``: any readable file to a clean one."""

from __future__ import annotations

from pathlib import Path

import click

from phusong.cli.options import Settings, argument, option
from phusong.cli.options import command as make_command
from phusong.data.language import Text

KINDS = ("stations", "places", "communes", "fibre_nodes", "fibre_routes", "households", "zones")
FILES = Text("TỆP", "FILE")
DONE = Text("{kind}: {n} dòng", "{kind}: {n} rows")
BAD_PAIR = Text("'{value}' phải có dạng TÊN=GIÁ_TRỊ.", "'{value}' must be NAME=VALUE.")


def _pairs(given: tuple[str, ...]) -> dict[str, str]:
    from phusong.layers.faults import ExpectedError

    for value in given:
        if "=" not in value.strip("="):
            raise ExpectedError(BAD_PAIR, value=value)
    return {v.partition("=")[0].strip(): v.partition("=")[2].strip() for v in given}


@make_command(
    "convert",
    Text(
        "Đổi TỆP (bảng, KML/KMZ, Shapefile, MapInfo, FileGDB, DXF, OFDS, OpenCelliD…) thành một tệp sạch: "
        "tên cột của dự án, WGS 84, Unicode. Không tự điền gì.",
        "Turn FILE (tables, KML/KMZ, Shapefile, MapInfo, FileGDB, DXF, OFDS, OpenCelliD…) into one clean "
        "file with the project's columns, in WGS 84 and Unicode. Nothing is filled in.",
    ),
)
@argument("files", FILES, type=click.Path(path_type=Path), nargs=-1, required=True)
@option("--kind", type=click.Choice(KINDS), default=None,
        text=Text("Tệp là lớp gì; không ghi thì đoán theo cột và hình.",
                  "What the files hold; by default told by columns and shapes."))  # fmt: skip
@option("--out", type=click.Path(path_type=Path, dir_okay=False), default=None,
        text=Text("Tệp kết quả: .gpkg, .csv, .geojson, hoặc .json (OFDS).",
                  "Where to: .gpkg, .csv, .geojson, or .json (OFDS)."))  # fmt: skip
@option("--crs", default=None, text=Text("Hệ tọa độ của tệp, ví dụ EPSG:9217.",
                                         "Coordinate system of the files: EPSG:9217."))  # fmt: skip
@option("--layer", default=None, text=Text("Trang tính, lớp hoặc thư mục.", "Sheet, layer or folder."))
@option("--column", multiple=True, text=Text("TÊN=CỘT: cột của tệp cho cột của dự án; dùng nhiều lần.",
                                             "NAME=HEADER: which column is ours; repeatable."))  # fmt: skip
@option("--set", "defaults", multiple=True,
        text=Text("TÊN=GIÁ_TRỊ cho cột tệp không có; dùng nhiều lần.",
                  "NAME=VALUE for a column that the files lack; repeatable."))  # fmt: skip
@option("--force", is_flag=True, text=Text("Ghi đè tệp kết quả.", "Overwrite the result."))
@click.pass_obj
def command(
    settings: Settings,
    files: tuple[Path, ...],
    kind: str | None,
    out: Path | None,
    crs: str | None,
    layer: str | None,
    column: tuple[str, ...],
    defaults: tuple[str, ...],
    force: bool,
) -> int:
    """Convert files."""
    from phusong.cli.options import OPEN
    from phusong.cli.screen import print_faults, say
    from phusong.layers.convert import convert

    done = convert(
        files, kind=kind, out=out, crs=crs, layer=layer, columns=_pairs(column), defaults=_pairs(defaults),
        force=force,
    )
    print_faults(done.faults, settings.lang)
    for name, n in done.rows.items():
        say(DONE.say(settings.lang, kind=name, n=n))
    say(OPEN.say(settings.lang, file=str(done.out)))
    return 0
