"""``phusong validate``: the prediction beside what was measured, declared and reported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from phusong.cli.evidence_options import MAYBE_MEASUREMENTS, reading_of, reading_options
from phusong.cli.options import OPEN, PROJECT, Settings, argument, option, out_folder_option
from phusong.cli.options import command as make_command
from phusong.data.language import Text

_FILE = click.Path(path_type=Path, dir_okay=False)


@make_command(
    "validate",
    Text(
        "Đối chiếu dự báo của DỰ_ÁN với TỆP_ĐO (đo kiểm, mẫu của ứng dụng), với vùng phủ khai báo và với "
        "phản "
        "ánh từ thôn, làng; viết trang, bảng và danh sách nơi cần kiểm tra vào --out.",
        "Hold the prediction of PROJECT against MEASUREMENTS (drive tests, samples of applications), "
        "declared "
        "coverage and reports from villages; write a page, tables and a list of places to ask about into "
        "--out.",
    ),
)
@argument("project", PROJECT, type=click.Path(path_type=Path))
@argument("measurements", MAYBE_MEASUREMENTS, type=_FILE, required=False)
@out_folder_option
@option("--polygons", type=_FILE, default=None,
        text=Text("Vùng phủ doanh nghiệp khai báo.", "Coverage as operators declare it."))
@option("--reports", type=_FILE, default=None,
        text=Text("Phiếu phản ánh đã điền.", "Filled-in forms of field reports."))
@option("--bars", type=click.IntRange(1, 5), default=1, show_default=True,
        text=Text("Từ mấy vạch thì coi là có sóng.", "Bars from which a report says covered."))
@option("--availability-dbm", type=click.FloatRange(-156.0, -25.0), default=None,
        text=Text("Ngưỡng độ sẵn sàng 4G, dBm; mặc định -121 (chưa đối chiếu được với QCVN 81).",
                  "Level of 4G availability, dBm; by default -121 (not confirmed by QCVN 81)."))
@option("--min-samples", type=click.IntRange(1), default=None,
        text=Text("Số mẫu tối thiểu để kết luận; mặc định 1825 (theo thống kê).",
                  "Least number of samples for a verdict; by default 1825 (statistics)."))
@reading_options
@click.pass_obj
def command(
    settings: Settings, /, project: Path, measurements: Path | None, out: Path, polygons: Path | None,
    reports: Path | None, bars: int, availability_dbm: float | None, min_samples: int | None,
    square: float | None, hours: float, workers: int, **reading: Any,
) -> None:
    """Validate one province."""
    from phusong.cli.screen import print_faults, progress_bar, say
    from phusong.coverage.evidence.availability import ENOUGH, LEVELS_DBM, Rule
    from phusong.coverage.evidence.validate import NOTHING_ASKED, Options, validate
    from phusong.layers.faults import ExpectedError
    from phusong.layers.project.file import read_project
    from phusong.layers.read import read_layers
    from phusong.maps.place import check
    from phusong.maps.validate.words import sentences
    from phusong.maps.validate.write import write_validation

    if measurements is None and polygons is None and reports is None:
        raise ExpectedError(NOTHING_ASKED)
    check(out)
    levels = LEVELS_DBM if availability_dbm is None else {**LEVELS_DBM, "4G": availability_dbm}
    options = Options(
        reading_of(**reading), square, round(3600.0 * hours),
        Rule(levels_dbm=levels, least_samples=min_samples or ENOUGH), bars, workers,
    )
    layers = read_layers(read_project(project))
    with progress_bar(settings) as progress:
        found = validate(
            layers, measurements, polygons=polygons, reports=reports, options=options, progress=progress
        )
    files = write_validation(found, out, settings.lang)
    if not settings.quiet:
        print_faults(found.faults, settings.lang, warnings=bool(settings.verbose))
        for sentence in sentences(found, settings.lang):
            say(sentence)
    say(OPEN.say(settings.lang, file=str(files["validate.html"])))
