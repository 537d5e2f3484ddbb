"""``phusong run``: one province from its project file to the report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from phusong.cli.options import OPEN, PROJECT, Settings, argument, option, out_folder_option, workers_option
from phusong.cli.options import command as make_command
from phusong.data.language import Text

if TYPE_CHECKING:
    from phusong.coverage.store import Store

DIR = click.Path(path_type=Path, file_okay=False)
BASE_ALONE = Text("--base chỉ dùng cùng --scenario.", "--base goes with --scenario only.")


@make_command(
    "run",
    Text(
        "Đọc DỰ_ÁN (tệp phusong.toml hoặc thư mục chứa nó), tính vùng phủ 4G, 5G, cáp quang và viết bản "
        "đồ, báo cáo, bảng vào thư mục --out. Kết quả được ghi trọn vẹn hoặc không ghi gì.",
        "Read PROJECT (a phusong.toml, or its folder), compute 4G, 5G and fibre coverage and write maps, "
        "report and tables into --out. The output is written whole or not at all.",
    ),
)
@argument("project", PROJECT, type=click.Path(path_type=Path))
@out_folder_option
@workers_option
@option(
    "--public",
    is_flag=True,
    text=Text(
        "Bản công khai: không kèm vị trí trạm, tên nhà mạng, lưới tín hiệu và các lớp có "
        "confidential = true.",
        "Public version: without sites, names of operators, signal rasters and layers with "
        "confidential = true.",
    ),
)
@option(
    "--scenario",
    type=click.Path(path_type=Path, dir_okay=False),
    text=Text(
        "Tệp kịch bản (TOML): tắt, bỏ, thêm trạm, băng tần, cáp; kết quả là của kịch bản, so với hiện trạng.",
        "Scenario file (TOML): stations off, removed or added, bands, fibre; the results are those of the "
        "scenario, beside what there is.",
    ),
)
@option(
    "--base",
    type=DIR,
    text=Text(
        "Thư mục kết quả hiện trạng đã tính, để --scenario khỏi tính lại nếu dữ liệu và tham số không đổi.",
        "Earlier results of the project as it is, so that --scenario need not compute them again where "
        "inputs and parameters are the same.",
    ),
)
@option(
    "--cache",
    type=DIR,
    text=Text(
        "Nơi giữ phần đã tính, để lần chạy sau (và --scenario) chỉ tính lại phần thay đổi; dùng chung được "
        "với batch --cache.",
        "Where computed parts are kept, so that a later run (and --scenario) computes only what changed; may "
        "be that of batch --cache.",
    ),
)
@click.pass_obj
def command(
    settings: Settings, project: Path, out: Path, workers: int, public: bool, scenario: Path | None,
    base: Path | None, cache: Path | None,
) -> None:
    """Run one province."""
    if scenario is not None:
        _run_scenario(settings, project, scenario, out, base, workers, public, cache)
        return
    if base is not None:
        raise click.UsageError(BASE_ALONE.say(settings.lang))
    from phusong.cli.screen import print_faults, progress_bar, say
    from phusong.maps.run import run_province
    from phusong.maps.sentences import headline

    store = _store(cache)
    with progress_bar(settings) as progress:
        outcome = run_province(
            project, out, settings.lang, workers=workers, progress=progress, public=public, store=store
        )
    if store is not None:
        store.prune()
    if not settings.quiet:
        print_faults(outcome.result.faults, settings.lang, warnings=bool(settings.verbose))
        for sentence in headline(outcome.result, settings.lang):
            say(sentence)
    say(OPEN.say(settings.lang, file=str(outcome.files["index.html"])))


def _store(cache: Path | None) -> Store | None:
    if cache is None:
        return None
    from phusong.coverage.store import Store

    return Store(cache)


def _run_scenario(
    settings: Settings, project: Path, scenario: Path, out: Path, base: Path | None, workers: int,
    public: bool, cache: Path | None,
) -> None:
    from phusong.cli.screen import print_faults, progress_bar, say
    from phusong.maps.scenario.run import run_scenario
    from phusong.maps.scenario.words import headline

    store = _store(cache)
    with progress_bar(settings) as progress:
        outcome = run_scenario(
            project, scenario, out, settings.lang, base=base, workers=workers, progress=progress,
            public=public, store=store,
        )
    if store is not None:
        store.prune()
    result = outcome.result
    if not settings.quiet and result.what_if is not None:
        print_faults(result.faults, settings.lang, warnings=bool(settings.verbose))
        for sentence in headline(result, result.what_if, settings.lang):
            say(sentence)
    say(OPEN.say(settings.lang, file=str(outcome.files["index.html"])))
