"""``phusong convert``: any readable file to a clean one."""

from __future__ import annotations

from pathlib import Path

import click

from phusong.cli.options import Settings, argument, option
from phusong.cli.options import command as make_command
from phusong.data.language import Text

KINDS = ("stations", "places", "communes", "fibre_nodes", "fibre_routes", "households", "zones")
FILES = Text("TỆP", "FILE")
UNITS = ("communes-2025", "districts-2024")
SUMS = Text(
    "{column}: trước {before:.6g}, sau {after:.6g}", "{column}: {before:.6g} before, {after:.6g} after"
)
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
        "Đổi TỆP (bảng, KML/KMZ, GPX, Shapefile, MapInfo, FileGDB, DXF, zip, OFDS, OpenCelliD, "
        "postgresql://…) thành một tệp sạch: tên cột của dự án, WGS 84, Unicode. Không tự điền gì.",
        "Turn FILE (tables, KML/KMZ, GPX, Shapefile, MapInfo, FileGDB, DXF, zip, OFDS, OpenCelliD, "
        "postgresql://…) into one clean file with the project's columns, in WGS 84 and Unicode. Nothing is "
        "filled in.",
    ),
)
@argument("files", FILES, type=str, nargs=-1, required=True)
@option("--kind", type=click.Choice(KINDS), default=None,
        text=Text("Tệp là lớp gì; không ghi thì đoán theo cột và hình.",
                  "What the files hold; by default told by columns and shapes."))  # fmt: skip
@option("--out", type=click.Path(path_type=Path, dir_okay=False), default=None,
        text=Text("Tệp kết quả: .gpkg, .csv, .geojson, hoặc .json (OFDS).",
                  "Where to: .gpkg, .csv, .geojson, or .json (OFDS)."))  # fmt: skip
@option("--crs", default=None, text=Text("Hệ tọa độ của tệp, ví dụ EPSG:9217.",
                                         "Coordinate system of the files: EPSG:9217."))  # fmt: skip
@option("--layer", default=None, text=Text(
    "Trang tính, lớp hoặc thư mục; của GPX: waypoints, tracks, routes, track_points hoặc route_points.",
    "Sheet, layer or folder; of a GPX waypoints, tracks, routes, track_points or route_points."))  # fmt: skip
@option("--column", multiple=True, text=Text("TÊN=CỘT: cột của tệp cho cột của dự án; dùng nhiều lần.",
                                             "NAME=HEADER: which column is ours; repeatable."))  # fmt: skip
@option("--set", "defaults", multiple=True,
        text=Text("TÊN=GIÁ_TRỊ cho cột tệp không có; dùng nhiều lần.",
                  "NAME=VALUE for a column that the files lack; repeatable."))  # fmt: skip
@option("--province", default="", text=Text(
    "Mã tỉnh (52): vùng để tìm múi chiếu khi tệp không khai hệ tọa độ.",
    "Code of the province (52): where to look for the zone of coordinates without a system."))  # fmt: skip
@option("--units", type=click.Choice(UNITS), default=None, text=Text(
    "Chuyển bảng theo xã sang đơn vị khác: xã hiện hành, hoặc huyện trước sáp nhập; kết quả .csv.",
    "Carry a table by communes to other units: present communes, or districts of before; result .csv."))
@option("--vintage", type=click.Choice(("2024", "2025")), default=None, text=Text(
    "Với --units: mã xã của bảng là trước (2024) hay từ 01/7/2025 (2025).",
    "With --units: the table's codes are of before (2024) or since 1 July 2025 (2025)."))  # fmt: skip
@option("--divided", type=click.Choice(("refuse", "equal", "main")), default="refuse", text=Text(
    "Với --units: đơn vị bị chia mà không rõ dân số: từ chối, chia đều, hay về đơn vị chính.",
    "With --units: divided units of unknown people: refuse, equal parts, or all to the main one."))
@option("--project", type=click.Path(path_type=Path), default=None, text=Text(
    "Với --units: dự án có lớp old_communes, communes và population để chia theo dân số.",
    "With --units: a project with old_communes, communes and population, so that people decide."))
@option("--force", is_flag=True, text=Text("Ghi đè tệp kết quả.", "Overwrite the result."))
@click.pass_obj
def command(
    settings: Settings,
    files: tuple[str, ...],
    kind: str | None,
    out: Path | None,
    crs: str | None,
    layer: str | None,
    column: tuple[str, ...],
    defaults: tuple[str, ...],
    force: bool,
    province: str,
    units: str | None,
    vintage: str | None,
    divided: str,
    project: Path | None,
) -> int:
    """Convert files."""
    from phusong.cli.options import OPEN
    from phusong.cli.screen import print_faults, say
    from phusong.layers.convert import convert
    from phusong.layers.vectors.postgis_url import source_of

    if units is not None:
        from phusong.layers.boundaries.carry_file import carry_to

        carried = carry_to(
            [Path(f) for f in files], units, out=out, layer=layer, columns=_pairs(column), vintage=vintage,
            rule=divided, project=project, force=force,
        )
        print_faults(carried.faults, settings.lang)
        for name, before in carried.before.items():
            say(SUMS.say(settings.lang, column=name, before=before, after=carried.after[name]))
        say(OPEN.say(settings.lang, file=str(carried.out)))
        return 0
    done = convert(
        [source_of(f) for f in files], kind=kind, out=out, crs=crs, layer=layer, columns=_pairs(column),
        defaults=_pairs(defaults), force=force, province=province,
    )
    print_faults(done.faults, settings.lang)
    for name, n in done.rows.items():
        say(DONE.say(settings.lang, kind=name, n=n))
    say(OPEN.say(settings.lang, file=str(done.out)))
    return 0
