"""``phusong plan fibre``: what to build so that what has no fibre gets it."""

from __future__ import annotations

from pathlib import Path

import click

from phusong.cli.options import OPEN, PROJECT, Settings, argument, option, out_folder_option
from phusong.cli.options import command as make_command
from phusong.data.language import Text


@make_command(
    "fibre",
    Text(
        "Lập phương án cáp quang cho DỰ_ÁN: nối các thôn, xã, trạm chưa có cáp vào mạng hiện có theo đường, "
        "rẻ nhất có thể; hoặc nhiều dân nhất trong kinh phí, hoặc rẻ nhất để đạt tỷ lệ dân số. Không chọn gì "
        "thì nối mọi lớp địa điểm.",
        "Plan fibre for PROJECT: connect villages, communes and base stations without it to what stands, "
        "along "
        "roads, as cheaply as can be; or most people for a budget; or the cheapest that reaches a share "
        "of the "
        "people. By default every layer of places.",
    ),
)
@argument("project", PROJECT, type=click.Path(path_type=Path))
@out_folder_option
@option("--places", "-p", multiple=True,
        text=Text("Lớp địa điểm cần nối; lặp lại được.", "Layer of places to connect; may be repeated."))
@option("--communes", is_flag=True, text=Text("Nối các xã chưa có cáp.", "Connect communes without fibre."))
@option("--sites", is_flag=True,
        text=Text("Nối các trạm chưa có cáp.", "Connect base stations without fibre."))
@option("--operator", default="any",
        text=Text("Nhà mạng kéo cáp; mặc định: bất kỳ.", "Whose fibre; any by default."))
@option("--service", default=None,
        text=Text("Dịch vụ cáp quang; mặc định: cái đầu.", "Fibre service; the first by default."))
@option("--budget", default=None,
        text=Text("Kinh phí: 50e9, '50 tỷ', '800 triệu'.", "Money: 50e9, '50 bn', '800 m' VND."))
@option("--target", default=None, text=Text("Tỷ lệ dân số cần đạt: 95%.", "Share of people to reach: 95%."))
@option("--years", default=None, text=Text("Phân kỳ: 2026-2030.", "Phases: 2026-2030."))
@option("--year-budgets", default=None,
        text=Text("Kinh phí từng năm, ngăn bởi dấu chấm phẩy; mặc định chia đều.",
                  "Money of each year, separated by semicolons; equal by default."))
@option("--laying", type=click.Choice(["aerial", "buried", "mixed"]), default="aerial", show_default=True,
        text=Text("Treo, ngầm, hoặc ngầm theo quốc lộ và phố.",
                  "Aerial, buried, or buried along national roads and streets."))
@option("--link-m", type=click.FloatRange(0.0, 50000.0), default=1000.0, show_default=True,
        text=Text("Khoảng cách tối đa từ điểm tới đường (m).", "Longest link from a point to a way (m)."))
@option("--start", type=click.Choice(["any", "olt"]), default="any", show_default=True,
        text=Text("Nối vào mọi cáp, hay chỉ cáp có đường về OLT.",
                  "Build on any cable, or on cable that leads to an OLT."))
@click.pass_obj
def command(
    settings: Settings, /, project: Path, out: Path, places: tuple[str, ...], communes: bool, sites: bool,
    operator: str, service: str | None, budget: str | None, target: str | None, years: str | None,
    year_budgets: str | None, laying: str, link_m: float, start: str,
) -> None:
    """Plan fibre for one province."""
    from phusong.cli.screen import print_faults, progress_bar, say
    from phusong.coverage.plan.fibre_asked import ask
    from phusong.maps.place import check_kind
    from phusong.maps.plan_fibre.words import sentences
    from phusong.maps.plan_fibre.write import KIND, plan_province, write_plan

    check_kind(out, KIND)
    request = ask(
        places=places, communes=communes, sites=sites, operator=operator, budget=budget, target=target,
        years=years, year_budgets=year_budgets, laying=laying, link_m=link_m, start=start,
    )
    with progress_bar(settings) as progress:
        plan = plan_province(project, request, service=service, progress=progress)
    files = write_plan(plan, out, settings.lang)
    if not settings.quiet:
        print_faults(plan.faults, settings.lang, each=5)
        for sentence in sentences(plan, settings.lang):
            say(sentence)
    say(OPEN.say(settings.lang, file=str(files["fibre_plan.html"])))
