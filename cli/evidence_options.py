"""Options that say how a file of measurements is to be read, shared by its commands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from phusong.cli.options import option, workers_option
from phusong.data.language import Text

if TYPE_CHECKING:
    from phusong.layers.measurements import Reading

Function = TypeVar("Function", bound=Callable[..., Any])
MEASUREMENTS = Text("TỆP_ĐO", "MEASUREMENTS")
MAYBE_MEASUREMENTS = Text("[TỆP_ĐO]", "[MEASUREMENTS]")
NOT_A_COLUMN = Text(
    "--column cần dạng tên=tiêu đề, ví dụ rsrp_dbm=\"Mức thu\"; nhận được '{given}'.",
    "--column takes name=header, such as rsrp_dbm=\"Level\"; got '{given}'.",
)

_OPTIONS = (
    option(
        "--column", "columns", multiple=True,
        text=Text("Cột nào trong tệp là cột nào của ta: rsrp_dbm=\"Mức thu\" (nhiều lần).",
                  "Which header is which of our columns: rsrp_dbm=\"Level\" (may be repeated)."),
    ),
    option("--technology", type=click.Choice(["2G", "3G", "4G", "5G"]), default=None,
           text=Text("Công nghệ, khi tệp không có cột này.",
                     "Technology, where the file has no such column.")),
    option("--operator", default=None,
           text=Text("Nhà mạng, khi tệp không có cột này.", "Operator, where the file has no such column.")),
    option("--crs", default=None, text=Text("Hệ tọa độ của tệp, ví dụ EPSG:9217.",
                                            "System of the coordinates, such as EPSG:9217.")),
    option("--sheet", default=None,
           text=Text("Trang tính hoặc lớp của tệp.", "Sheet or layer of the file.")),
    option("--empty-is-silence", is_flag=True,
           text=Text("Ô mức thu để trống nghĩa là mất sóng.",
                     "An empty level means that nothing was heard.")),
    option("--square", type=click.FloatRange(10.0, 5000.0), default=None,
           text=Text("Cạnh ô vuông khi làm thưa, mét; mặc định bằng ô lưới của dự án.",
                     "Side of the squares of thinning, metres; by default the project's cell.")),
    option("--hours", type=click.FloatRange(0.0, 8760.0), default=24.0, show_default=True,
           text=Text("Khoảng thời gian khi làm thưa, giờ.", "Span of thinning, hours.")),
    workers_option,
)  # fmt: skip


def reading_options(function: Function) -> Function:
    """Add the options to a command."""
    for decorate in reversed(_OPTIONS):
        function = decorate(function)
    return function


def reading_of(
    columns: Sequence[str], technology: str | None, operator: str | None, crs: str | None, sheet: str | None,
    empty_is_silence: bool,
) -> Reading:
    """Return how the file is to be read."""
    from phusong.layers.faults import ExpectedError
    from phusong.layers.measurements import Reading

    pairs = [c.partition("=") for c in columns]
    for name, sign, header in pairs:
        if not (name and sign and header):
            raise ExpectedError(NOT_A_COLUMN, given=name + sign + header)
    given = {"technology": technology, "operator": operator}
    return Reading(
        {name.strip(): header.strip() for name, _, header in pairs}, {k: v for k, v in given.items() if v},
        crs, sheet, empty_is_silence,
    )
