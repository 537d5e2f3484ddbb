"""``phusong loss``: our losses beside a table of reference losses."""

from __future__ import annotations

from pathlib import Path

import click

from phusong.cli.options import Settings, argument, option
from phusong.cli.options import command as make_command
from phusong.data.language import Text

# Written out so that --help need not load the models; a test holds it equal to cases.MODELS.
MODELS = ("itm-p2p", "itm-area", "p1812", "p526", "p2108", "p2109", "tr38901", "hata")

DONE = Text("{model}: {rows} trường hợp.", "{model}: {rows} cases.")
WITHIN = Text("Mọi suy hao nằm trong dung sai.", "Every loss is within the tolerance.")
BEYOND = Text("{n} suy hao vượt dung sai.", "{n} losses are beyond the tolerance.")
BETWEEN = Text(
    "Giá trị trung gian vượt dung sai: {columns}.", "Intermediate values beyond the tolerance: {columns}."
)
WRITTEN = Text("Đã viết bảng: {file}", "Table written: {file}")


@make_command(
    "loss",
    Text(
        "Tính suy hao cho từng dòng của BẢNG (CSV cùng tên cột với dữ liệu tham chiếu đã công bố) và so với "
        "các cột tham chiếu trong đó. MÔ_HÌNH: " + ", ".join(MODELS) + ".",
        "Compute the loss of MODEL for every row of CASES (CSV with the column names of the published "
        "reference data) and compare it with the reference columns there. MODEL: " + ", ".join(MODELS) + ".",
    ),
)
@argument("model", Text("MÔ_HÌNH", "MODEL"), type=click.Choice(MODELS))
@argument("cases", Text("BẢNG", "CASES"), type=click.Path(exists=True, dir_okay=False, path_type=Path))
@option(
    "--profiles", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    text=Text(
        "Tệp JSON mặt cắt địa hình; mặc định là tệp *_profiles.json cạnh BẢNG.",
        "JSON with the terrain profiles; by default the *_profiles.json beside CASES.",
    ),
)
@option(
    "--out", type=click.Path(dir_okay=False, path_type=Path),
    text=Text(
        "Viết bảng CSV với cột computed_* cạnh cột tham chiếu.",
        "Write a CSV with computed_* columns beside the reference columns.",
    ),
)
@click.pass_obj
def command(settings: Settings, model: str, cases: Path, profiles: Path | None, out: Path | None) -> int:
    """Compute and compare."""
    from phusong.cli.screen import say, tell
    from phusong.coverage.radio.cases import compute_cases, write_cases

    result = compute_cases(model, cases, profiles)
    if out is not None:
        write_cases(result, out)
        tell(WRITTEN.say(settings.lang, file=str(out)))
    say(DONE.say(settings.lang, model=model, rows=len(result.table)))
    say(result.say(settings.lang))
    if result.comparisons:
        say((BEYOND if result.beyond else WITHIN).say(settings.lang, n=result.beyond))
    if result.intermediate_beyond:
        columns = ", ".join(f"{column} ({n})" for column, n in result.intermediate_beyond)
        say(BETWEEN.say(settings.lang, columns=columns))
    return 0
