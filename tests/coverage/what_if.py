"""What tests of scenarios share: the base of a module's layers, and asking what if."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from phusong.layers.inventory import Layers
from phusong.layers.scenario.apply import Applied, apply_scenario
from phusong.layers.scenario.asked import read_scenario
from phusong.layers.scenario.files import open_scenario

Ask = Callable[[str], tuple[Layers, Applied]]


def asking(layers: Layers, folder: Path) -> Ask:
    """Return what applies the text of a scenario to layers."""

    def apply(text: str) -> tuple[Layers, Applied]:
        file = folder / "kich-ban.toml"
        file.write_text('name = "Thử"\n' + text, encoding="utf-8")
        return apply_scenario(layers, open_scenario(read_scenario(file), layers))

    return apply
