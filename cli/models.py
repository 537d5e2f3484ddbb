"""``phusong models``: what can stand behind ``model =`` in a project file."""

from __future__ import annotations

import click

from phusong.cli.options import Settings, option
from phusong.cli.options import command as make_command
from phusong.data.language import Text


@make_command(
    "models", Text("Liệt kê các mô hình, phạm vi áp dụng và nguồn.", "List models, ranges and sources.")
)
@option("--json", "as_json", is_flag=True, text=Text("In dạng JSON.", "Print JSON."))
@click.pass_obj
def command(settings: Settings, as_json: bool) -> None:
    """List the models."""
    from phusong.cli.screen import say
    from phusong.maps.model_table import models_json, models_text

    say(models_json() if as_json else models_text(settings.lang))
