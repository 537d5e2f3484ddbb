"""The prices of a plan: the table that comes with the program, and what the project says instead."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

from phusong.data.fibre_prices import PORTS_PER_OLT, fibre_costs
from phusong.data.fibre_tables import LEVELS, Level
from phusong.data.language import Text
from phusong.layers.faults import Fault, Faults

PREFIX = "fibre_"
"""Keys of ``[costs]`` that are about fibre begin with this."""

_NOT_ABOVE_ZERO = Text(
    "Đơn giá phải lớn hơn 0.", "A price must be above zero.",
)
_TOO_LARGE = Text("Tỷ lệ phải từ 0 đến 1.", "A share must be from 0 to 1.")
_MEND = Text(
    "Sửa trong [costs] của tệp dự án, hoặc bỏ dòng đó để dùng đơn giá có sẵn ({known}).",
    "Mend it in [costs] of the project file, or leave the line out for the program's own ({known}).",
)
_UNKNOWN = Text("Không có đơn giá cáp quang tên này.", "There is no price of fibre by this name.")
_NEAREST = Text("Ý bạn là '{near}'?", "Did you mean '{near}'?")


@dataclass(frozen=True)
class Prices:
    """Prices at one level, in VND; shares as shares.

    Attributes
    ----------
    level : {"low", "base", "high"}
    values : mapping of key to float
        Keys of ``data/fibre_costs.csv``.
    own : frozenset of str
        Keys that the project gives.
    """

    level: Level
    values: Mapping[str, float]
    own: frozenset[str]

    def __getitem__(self, key: str) -> float:
        """Return one price in VND, or one share."""
        return self.values[key]

    @property
    def port_vnd(self) -> float:
        """A PON port with its part of an OLT."""
        return self.values["port"] + self.values["olt"] / PORTS_PER_OLT


def check_costs(costs: Mapping[str, float], file: str = "") -> Faults:
    """Return what is wrong with the prices of a project: not above zero, unknown names.

    Keys without the prefix ``fibre_`` are of other plans and are not looked at.
    """
    faults = Faults()
    table = fibre_costs()
    known = [f"{PREFIX}{key}{end}" for key in table for end in ("", "_low", "_high")]
    for name, value in costs.items():
        if not name.startswith(PREFIX):
            continue
        text, remedy, values = None, _MEND, {"known": ""}
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            text, remedy = _UNKNOWN, _NEAREST if near else Text("", "")
            values = {"near": near[0] if near else ""}
        else:
            key = _key(name)
            values = {"known": f"{PREFIX}{key} = {table[key].base:g} {table[key].currency}".strip()}
            if not value > 0.0:
                text = _NOT_ABOVE_ZERO
            elif table[key].unit == "share" and value > 1.0:
                text = _TOO_LARGE
        if text is not None:
            faults.add(
                Fault(
                    "error", "costs.fibre", text, remedy, values, layer="project", file=file,
                    column=f"costs.{name}", value=f"{value:g}",
                )
            )  # fmt: skip
    return faults


def _key(name: str) -> str:
    stem = name.removeprefix(PREFIX)
    table = fibre_costs()
    return stem if stem in table else stem.removesuffix("_low").removesuffix("_high")


def prices_of(costs: Mapping[str, float], level: Level = "base") -> Prices:
    """Return the prices at one level.

    A price of the project, ``fibre_aerial_km = 90e6``, is in VND and holds at every level, unless
    ``fibre_aerial_km_low`` or ``_high`` say otherwise.

    Raises
    ------
    InputError
        A price is not above zero, or its name is not known.
    """
    check_costs(costs).raise_errors()
    table = fibre_costs()
    rate = costs.get(f"{PREFIX}vnd_per_usd", table["vnd_per_usd"].base)
    values: dict[str, float] = {}
    own = set()
    for key, price in table.items():
        given = costs.get(f"{PREFIX}{key}_{level}", costs.get(f"{PREFIX}{key}"))
        if given is not None:
            own.add(key)
            values[key] = float(given)
        else:
            values[key] = price.at(level) * (rate if price.currency == "USD" else 1.0)
    return Prices(level, values, frozenset(own))


def all_prices(costs: Mapping[str, float]) -> dict[Level, Prices]:
    """Return the prices at every level."""
    return {level: prices_of(costs, level) for level in LEVELS}
