"""``phusong plan``: what to build; each kind of plan lives in a module of its own."""

from __future__ import annotations

import importlib
from typing import Any

import click

from phusong.cli.options import Command, Context, language_of
from phusong.data.language import Text

PLANS: dict[str, Text] = {
    "sites": Text("Vị trí trạm nên đầu tư, theo thứ tự.", "Which sites to build, in order."),
    "fibre": Text("Tuyến cáp quang nên đầu tư.", "Which fibre to lay."),
}


class PlanGroup(Command, click.Group):
    """Plans are imported when named."""

    context_class = Context

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the kinds of plans."""
        return list(PLANS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a plan's command."""
        if cmd_name not in PLANS:
            return None
        module = importlib.import_module(f"phusong.cli.plan_{cmd_name}")
        return module.command  # type: ignore[no-any-return]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the plans without importing any."""
        lang = language_of(ctx)
        with formatter.section("Commands"):
            formatter.write_dl([(name, text.say(lang)) for name, text in PLANS.items()])

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Find the plan that is asked for, or name those there are."""
        if args and args[0] not in PLANS:
            text = Text(
                f"Không có kế hoạch '{args[0]}'. Có: {', '.join(PLANS)}.",
                f"There is no plan '{args[0]}'. There are: {', '.join(PLANS)}.",
            )
            from phusong.cli.app import NoSuchCommandError

            raise NoSuchCommandError(text.say(language_of(ctx)), ctx)
        return super().resolve_command(ctx, args)


@click.group(
    "plan", cls=PlanGroup, subcommand_metavar="COMMAND [ARGS]...",
    text=Text(
        "Lập kế hoạch đầu tư: đặt trạm (sites) hoặc kéo cáp quang (fibre) ở đâu trước, hết bao nhiêu, và "
        "gần phương án "
        "tốt nhất đến mức nào.",
        "Plan what to build: where to put sites or lay fibre first, for how much, and how near that is to "
        "the best "
        "possible.",
    ),
)
def command() -> None:
    """Plan sites or fibre."""
