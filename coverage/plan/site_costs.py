"""What a site costs before its way to the core: mast, equipment, power, access."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.plan.candidates import Candidates
from phusong.coverage.plan.fibre_prices import prices_of as fibre_prices_of
from phusong.data.fibre_tables import Level
from phusong.data.language import LANGUAGES, Text, format_number
from phusong.data.site_cost_table import MILLION, site_unit_costs, vnd_per_usd
from phusong.layers.faults import ExpectedError, Fault
from phusong.layers.grid import FloatArray
from phusong.layers.project.plan import PlanSitesTable
from phusong.layers.project.schema import Project
from phusong.layers.rules import fold, hint

ITEMS = ("mast", "equipment", "power", "access")
"""Cost lines of a site; backhaul adds ``fibre`` and ``microwave``."""
PREFIX = "site_"
"""Keys of ``[costs]`` that are about sites begin with this; figures are in dong, as those of fibre."""
_MILLION, _BILLION = ("trieu", "tr", "million", "m"), ("ty", "ti", "billion", "bn")
_TWO_UNITS = [[large, small + money] for large in _BILLION for small in _MILLION for money in ("", "dong")]
TRACK_FROM_M = 100.0
"""Nearer to a road no track is built."""

_NEGATIVE = Text(
    "Đơn giá '{key}' trong bảng [costs] là {value} đồng: phải từ 0 trở lên.",
    "The price '{key}' in the table [costs] is {value} dong: prices are 0 or more.",
)
_UNKNOWN = Text(
    "Không có đơn giá '{key}' trong bảng [costs].{near} Có: {known}.",
    "There is no price '{key}' in the table [costs].{near} There are: {known}.",
)
_DEFAULTS = Text(
    "Bảng [costs] chưa có {n} đơn giá: dùng mức mặc định (triệu đồng, 1 USD = {rate} đồng): {prices}.",
    "The table [costs] lacks {n} prices: defaults are used (million dong, 1 USD = {rate} dong): {prices}.",
)
_REMEDY = Text(
    "Thay bằng đơn giá của địa phương, tính bằng đồng: site_tower_new = 400e6; nguồn của từng mức mặc định "
    "ghi trong bảng đơn giá kèm theo.",
    "Replace them by local prices, in dong: site_tower_new = 400e6; the source of each default stands in the "
    "table of prices.",
)
_BAD_MONEY = Text(
    "Không hiểu số tiền '{value}'. Ghi ví dụ: 20 tỷ, 500 triệu, 50e9.",
    "The sum '{value}' is not understood. Write for example 20 bn, 500 m, 50e9.",
)


@dataclass(frozen=True)
class Prices:
    """Unit prices in million dong.

    Attributes
    ----------
    values : mapping of str to float
        Keys of ``data/site_costs.csv``; ``fibre`` (a kilometre along a commune road) and ``fibre_end`` are
        those of ``data/fibre_costs.csv``.
    given : frozenset of str
        Those of the project file; the others are defaults.
    level : {"low", "base", "high"}
        Of the defaults.
    """

    values: Mapping[str, float]
    given: frozenset[str]
    level: Level

    def __getitem__(self, key: str) -> float:
        """Return one price."""
        return self.values[key]


def prices_of(project: Project, level: Level, technology: str) -> tuple[Prices, tuple[Fault, ...]]:
    """Return the prices of a project and, as a warning, the defaults that stand in for missing ones.

    Raises
    ------
    ExpectedError
        A price of ``[costs]`` is negative.
    """
    table = site_unit_costs()
    for name, value in project.costs.items():
        if name.startswith(PREFIX) and name.removeprefix(PREFIX) not in table:
            known = [PREFIX + key for key in table]
            raise ExpectedError(_UNKNOWN, key=name, near=hint(name, known, lead=" "), known=", ".join(known))
        if name.startswith(PREFIX) and value < 0.0:
            raise ExpectedError(_NEGATIVE, key=name, value=value)
    given = {key: project.costs[PREFIX + key] / MILLION for key in table if PREFIX + key in project.costs}
    values = {key: given.get(key, cost.million_vnd.at(level)) for key, cost in table.items()}
    fibre = fibre_prices_of(project.costs, level)
    values |= {"fibre": fibre["aerial_km"] / MILLION, "fibre_end": fibre["point"] / MILLION}
    needed = [k for k in table if not k.startswith("equipment_") or k == f"equipment_{technology}"]
    missing = [k for k in needed if k not in given]
    prices = Prices(MappingProxyType(values), frozenset(given), level)
    if not missing:
        return prices, ()
    said = Text(*(
        "; ".join(f"{PREFIX}{k} {format_number(values[k], lang, 0)}" for k in missing) for lang in LANGUAGES
    ))
    fault = Fault(
        "warning", "costs.default-used", _DEFAULTS, _REMEDY,
        {"n": len(missing), "rate": int(vnd_per_usd()), "prices": said}, layer="project",
        file=project.file.name, column="costs",
    )  # fmt: skip
    return prices, (fault,)


def site_costs(
    candidates: Candidates, prices: Prices, technology: str, settings: PlanSitesTable
) -> dict[str, FloatArray]:
    """Return the cost lines of every candidate without backhaul, in million dong, shape ``(n,)`` each.

    Power of a new tower is the cheaper of a line and the sun; beyond ``solar_from_km`` only the sun.
    """
    shared = candidates.shared
    line = prices["power_site"] + prices["power_line"] * candidates.power_km
    grid = np.where(runs_on_sun(candidates, prices, settings), prices["power_solar"], line)
    track = np.nan_to_num(candidates.road_m, nan=0.0)
    track = np.where(track > TRACK_FROM_M, track, 0.0) / 1000.0
    return {
        "mast": np.where(shared, prices["mast_shared"], prices["tower_new"]),
        "equipment": np.full(len(candidates), settings.sectors * prices[f"equipment_{technology}"]),
        "power": np.where(shared, prices["power_shared"], grid),
        "access": np.where(shared, 0.0, track * prices["access_road"]),
    }


def runs_on_sun(candidates: Candidates, prices: Prices, settings: PlanSitesTable) -> NDArray[np.bool_]:
    """Tell which sites have power from the sun, shape ``(n,)``."""
    line = prices["power_site"] + prices["power_line"] * candidates.power_km
    far = candidates.power_km > settings.solar_from_km
    return np.asarray(~candidates.shared & (far | (prices["power_solar"] < line)))


def parse_money(text: str) -> float:
    """Return a sum in million dong: ``20 tỷ``, ``1 tỷ 500 triệu``, ``2,5 ty``, ``50e9``; else it is dong.

    Raises
    ------
    ExpectedError
    """
    if re.fullmatch(r"\s*[0-9.]+[eE][0-9]{1,2}\s*", text):
        return float(text) / MILLION
    both = re.fullmatch(r"\s*([0-9][0-9.,_ ]*[^\d]+)([0-9][0-9.,_ ]*[^\d]+)", text)
    if both and [fold(re.sub(r"[\d.,_ ]", "", part)) for part in both.groups()] in _TWO_UNITS:
        return sum(parse_money(part.strip(" ,")) for part in both.groups())
    match = re.fullmatch(r"\s*([0-9][0-9.,_ ]*)\s*([^\d]*)\s*", text)
    unit = fold(match[2]).replace("vnd", "").replace("dong", "") if match else ""
    factors = {"": 1.0 / MILLION, **dict.fromkeys(_MILLION, 1.0), **dict.fromkeys(_BILLION, 1000.0)}
    if match is None or unit not in factors:
        raise ExpectedError(_BAD_MONEY, value=text)
    digits = match[1].strip().replace(" ", "").replace("_", "")
    # Of two signs the last is the decimal one; one alone followed by three digits separates thousands.
    signs = [c for c in digits if c in ".,"]
    if len(set(signs)) == 2:
        last = signs[-1]
        digits = digits.replace("," if last == "." else ".", "").replace(last, ".")
    elif signs and (len(signs) > 1 or re.search(r"[.,]\d{3}$", digits)):
        digits = digits.replace(signs[0], "")
    else:
        digits = digits.replace(",", ".")
    try:
        return float(digits) * factors[unit]
    except ValueError:
        raise ExpectedError(_BAD_MONEY, value=text) from None
