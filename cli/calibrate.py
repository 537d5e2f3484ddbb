"""``phusong calibrate``: corrections of the prediction from measurements; never applied unasked."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from phusong.cli.evidence_options import MEASUREMENTS, reading_of, reading_options
from phusong.cli.options import PROJECT, Settings, argument, option
from phusong.cli.options import command as make_command
from phusong.data.language import Text


@make_command(
    "calibrate",
    Text(
        "Tìm độ lệch của dự báo theo lớp phủ, băng tần và khoảng cách từ TỆP_ĐO, thử trên phần đất để riêng. "
        "Không đổi dự án; --write ghi tệp để dự án tự khai.",
        "Find how far the prediction is off by land cover, band and distance from MEASUREMENTS, tested on "
        "ground "
        "left out. The project is not touched; --write makes a file that it may name.",
    ),
)
@argument("project", PROJECT, type=click.Path(path_type=Path))
@argument("measurements", MEASUREMENTS, type=click.Path(path_type=Path, dir_okay=False))
@option("--service", default=None,
        text=Text("Một dịch vụ; mặc định mọi dịch vụ đã đo.",
                  "One service; by default all that were measured."))
@option("--write", is_flag=True, text=Text("Ghi tệp hiệu chỉnh.", "Write the file of corrections."))
@option("--out", type=click.Path(path_type=Path, dir_okay=False), default=None,
        text=Text("Tệp để ghi; mặc định calibration-<dịch vụ>.toml cạnh dự án.",
                  "File to write; by default calibration-<service>.toml beside the project."))
@reading_options
@click.pass_obj
def command(
    settings: Settings, /, project: Path, measurements: Path, service: str | None, write: bool,
    out: Path | None, square: float | None, hours: float, workers: int, **reading: Any,
) -> int:
    """Calibrate one province."""
    from phusong.cli.screen import progress_bar, say
    from phusong.coverage.evidence.calibrate_run import calibrate_project
    from phusong.coverage.evidence.validate import PREDICTING
    from phusong.layers.project.file import read_project
    from phusong.layers.read import read_layers
    from phusong.maps import calibration_file as words
    from phusong.maps.citation import cited_sources, sentence
    from phusong.maps.safe import ascii_key

    read = read_project(project)
    layers = read_layers(read)
    cited = cited_sources(layers.sources)
    with progress_bar(settings) as progress:
        shown = None if progress is None else lambda share: progress(PREDICTING, share)
        fits = calibrate_project(
            layers, measurements, service=service, reading=reading_of(**reading), square_m=square,
            seconds=round(3600.0 * hours), workers=workers, progress=shown,
        )
    for name, fit in fits.items():
        say(f"{name}:")
        for line in words.fit_lines(fit, name, settings.lang):
            say(line)
        if fit.calibration is None:
            continue
        if not fit.improves:
            say(words.WORSE.say(settings.lang))
        elif not write:
            say(words.NOT_WRITTEN.say(settings.lang))
        else:
            folder = read.file.parent
            path = folder / f"calibration-{ascii_key(name)}.toml" if out is None or len(fits) > 1 else out
            words.write_calibration(words.with_sources(fit.calibration, cited), path)
            relative = Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
            say(words.ADD.say(settings.lang, file=str(path), service=name, path=relative))
    if cited:
        say(sentence(cited, settings.lang))
    return 0
