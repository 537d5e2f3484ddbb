"""``phusong fetch``: public data for any province."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import click

from phusong.cli.fetch_options import KIND_NAMES, fetch_options, province_of, run_fetch
from phusong.cli.options import Settings, argument, option
from phusong.cli.options import command as make_command
from phusong.data.language import Text

WHICH = Text("Ghi tên hoặc mã tỉnh, hoặc dùng --list.", "Name a province, or use --list.")


@make_command(
    "fetch",
    Text(
        "Tải dữ liệu công khai của một tỉnh (ranh giới xã, dân số, địa hình, lớp phủ, đường, thôn làng, cột "
        "phát sóng nhìn thấy) thành một dự án chạy được. Mỗi nguồn hỏng không cản nguồn khác.",
        "Bring public data of a province (communes, people, relief, land cover, roads, villages, visible "
        "masts) into a project that runs. A source that fails stops no other.",
    ),
)
@argument("province", Text("TỈNH", "PROVINCE"), required=False)
@option(
    "--into", type=click.Path(path_type=Path, file_okay=False), default=None,
    text=Text("Thư mục dự án; mặc định theo tên tỉnh.", "Folder of the project; by default that name."),
)  # fmt: skip
@option("--force", is_flag=True, text=Text("Ghi đè cả tệp không do lệnh này tải.",
        "Also overwrite files that were not fetched."))  # fmt: skip
@option("--list", "listing", is_flag=True,
        text=Text("Liệt kê các nguồn, giấy phép và giá trị của từng nguồn.",
                  "List the sources, their licences and what each is worth."))  # fmt: skip
@fetch_options
@click.pass_obj
def command(
    settings: Settings, province: str | None, into: Path | None, force: bool, listing: bool, only: str | None,
    sources: tuple[str, ...], use: str, cache: Path | None, offline: bool, refresh: bool, mirror: str,
) -> int:
    """Fetch a province."""
    if listing:
        _list(settings)
        return 0
    if province is None:
        raise click.UsageError(WHICH.say(settings.lang))
    found = province_of(province)
    folder = into or Path(re.sub(r"[^a-z0-9]+", "-", _plain(found.name)).strip("-"))
    return run_fetch(
        settings, found, folder, only=only, sources=sources, use=use, cache=cache, offline=offline,
        refresh=refresh, mirror=mirror, force=force,
    )


def _plain(name: str) -> str:
    """Return a name without marks: ``gia lai``."""
    bare = unicodedata.normalize("NFD", name.replace("Đ", "D").replace("đ", "d"))
    return "".join(c for c in bare if not unicodedata.combining(c)).casefold()


def _list(settings: Settings) -> None:
    from phusong.cli.screen import say
    from phusong.data.source_table import public_sources

    for source in public_sources():
        kind = KIND_NAMES[source.kind].say(settings.lang)
        say(f"{source.kind}={source.id}  [{kind}] {source.name}, {source.vintage}; {source.licence}")
        say(f"    {source.worth.say(settings.lang)}")
        say(f"    {source.documentation}")
