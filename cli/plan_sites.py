"""``phusong plan sites``: which sites to build, in order, with what they cost and bring."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from phusong.cli.options import OPEN, PROJECT, Settings, argument, option, out_folder_option, workers_option
from phusong.cli.options import command as make_command
from phusong.data.language import Text

_FILE = click.Path(path_type=Path, dir_okay=False)


@make_command(
    "sites",
    Text(
        "Chọn vị trí trạm cho một dịch vụ của DỰ_ÁN: phủ nhiều nhất với kinh phí (--budget) hoặc số trạm "
        "(--count) cho "
        "trước, hoặc đạt mục tiêu (--target) với ít tiền nhất, tính cả truyền dẫn; viết trang, bảng, dự "
        "thảo văn bản vào "
        "--out.",
        "Choose sites for one service of PROJECT: the most for a budget (--budget) or a number of sites "
        "(--count), or a "
        "target (--target) for the least money, with their way to the core; write a page, tables and a "
        "draft document "
        "into --out.",
    ),
)
@argument("project", PROJECT, type=click.Path(path_type=Path))
@out_folder_option
@option(
    "--service",
    default=None,
    text=Text("Dịch vụ; mặc định dịch vụ vô tuyến đầu tiên.", "Service; by default the first radio service."),
)
@option(
    "--operator",
    default="any",
    text=Text("Nhà mạng; mặc định ít nhất một nhà mạng.", "Operator; by default at least one of them."),
)
@option(
    "--budget",
    default=None,
    text=Text("Kinh phí: 50e9, '20 tỷ', '500 triệu'.", "Money: 50e9, '20 bn', '500 m' VND."),
)
@option(
    "--target",
    multiple=True,
    text=Text(
        "Mục tiêu: 99%, villages=100%, zones=60%; nhắc lại được.",
        "Target: 99%, villages=100%, zones=60%; may be repeated.",
    ),
)
@option("--count", type=click.IntRange(1), default=None, text=Text("Số vị trí.", "Number of sites."))
@option(
    "--objective",
    default="people",
    text=Text(
        "Cần phủ nhiều nhất: people, villages, key, zones, roads; hoặc có trọng số: people=1,villages=300.",
        "What to cover most of: people, villages, key, zones, roads; or weighted: people=1,villages=300.",
    ),
)
@option(
    "--fixed",
    multiple=True,
    text=Text(
        "Mã vị trí bắt buộc, cách nhau bằng dấu phẩy.", "Ids of sites that the plan must have, by commas."
    ),
)
@option(
    "--forbidden",
    multiple=True,
    text=Text("Mã vị trí bị cấm, cách nhau bằng dấu phẩy.", "Ids of sites that it must not have, by commas."),
)
@option(
    "--min-gain",
    type=click.FloatRange(0.0),
    default=0.0,
    text=Text(
        "Mỗi vị trí phải tăng ít nhất bấy nhiêu người (hoặc thôn, km, theo mục tiêu).",
        "What every site has to gain at least: people, or villages, km, … of the objective.",
    ),
)
@option(
    "--candidates",
    type=_FILE,
    default=None,
    text=Text("Danh sách vị trí đề xuất.", "List of proposed places."),
)
@option(
    "--prices",
    type=click.Choice(("low", "base", "high")),
    default="base",
    text=Text(
        "Mức đơn giá mặc định: low thấp, base trung bình, high cao.",
        "Level of default prices: low, base (the middle) or high.",
    ),
)
@option(
    "--years",
    type=click.IntRange(1, 30),
    default=3,
    text=Text("Số năm thực hiện; mặc định 3.", "Years of building; 3 by default."),
)
@option(
    "--start-year",
    type=click.IntRange(2000, 2100),
    default=None,
    text=Text("Năm đầu; mặc định năm sau năm số liệu.", "First year; by default the year after the data's."),
)
@option(
    "--per-year",
    default=None,
    text=Text("Kinh phí mỗi năm; mặc định chia đều.", "Money a year; by default in equal parts."),
)
@option(
    "--exact",
    is_flag=True,
    text=Text('Chứng minh bằng HiGHS (cài "phusong[exact]").', 'Prove by HiGHS (install "phusong[exact]").'),
)
@option(
    "--seconds",
    type=click.FloatRange(1.0),
    default=60.0,
    text=Text("Thời gian tìm kiếm, giây; mặc định 60.", "Time of the search, seconds; 60 by default."),
)
@workers_option
@click.pass_obj
def command(settings: Settings, /, project: Path, out: Path, **asked: Any) -> None:
    """Plan sites."""
    from phusong.cli.screen import print_faults, progress_bar, say
    from phusong.coverage.plan.plan_faults import check_goal
    from phusong.coverage.plan.site_plan import plan_sites
    from phusong.coverage.plan.site_question import question_of
    from phusong.coverage.plan.site_steps import steps_of
    from phusong.layers.own_places import read_own
    from phusong.layers.project.file import read_project
    from phusong.layers.read import read_layers
    from phusong.maps.place import check_kind
    from phusong.maps.plan_sites.words import sentences
    from phusong.maps.plan_sites.write import KIND, write_plan

    check_kind(out, KIND)
    own, workers = asked.pop("candidates"), asked.pop("workers")
    read = read_project(project)
    question = question_of(read, **asked)
    check_goal(question)
    layers = read_layers(read)
    places, layers = (None, layers) if own is None else read_own(own, layers)
    with progress_bar(settings) as progress:
        found = plan_sites(layers, question, own=places, workers=workers, progress=progress)
    files = write_plan(found, out, settings.lang)
    if not settings.quiet:
        print_faults(found.faults, settings.lang, warnings=bool(settings.verbose))
        for sentence in sentences(found, steps_of(found), settings.lang):
            say(sentence)
    say(OPEN.say(settings.lang, file=str(files["plan.html"])))
