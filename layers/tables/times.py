"""Moments of samples: a date with a time of day, as loggers, telephones and spreadsheets write them."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from phusong.layers.tables.columns import EMPTY_NUMBERS
from phusong.layers.tables.dates import DateColumn, read_dates

_CLOCK = re.compile(r"(\d{1,2})[:hH](\d{2})(?:[:mM](\d{2})(?:[.,]\d+)?)?s?\s*([ap]m|sa|ch)?", re.IGNORECASE)
_SERIAL = re.compile(r"\d{5}[.,](\d+)")
_EPOCH = re.compile(r"1\d{9}(?:\d{3})?(?:\.\d+)?")
_POINTED = re.compile(r"(\d{4})\.(\d\d)\.(\d\d)_(\d\d)\.(\d\d)\.(\d\d)")
"""Moments as G-NetTrack writes them: ``2026.07.01_08.05.10``."""
_DAY_S = 86_400
VIETNAM_S = 7 * 3600
"""Seconds since 1970 are of Greenwich; the province's clock is seven hours ahead."""


@dataclass(frozen=True)
class TimeColumn:
    """Moments as the province's clock shows them.

    Attributes
    ----------
    values : array of datetime64[s], shape (n,)
        NaT where the cell is empty or wrong.
    wrong : array of bool, shape (n,)
    dates : DateColumn
        How the days were understood; a refused column has no moments.
    """

    values: NDArray[np.datetime64]
    wrong: NDArray[np.bool_]
    dates: DateColumn


def read_times(
    cells: NDArray[np.object_], clocks: NDArray[np.object_] | None = None
) -> TimeColumn:
    """Read moments, from one column, or from one of days and one of times of day.

    Understood are ISO moments, days as `phusong.layers.tables.dates.read_dates` takes them with ``14:05``,
    ``14:05:33``, ``2:05 pm`` or ``14h05`` behind, ``2026.07.01_14.05.33``, a spreadsheet's day numbers with a
    fraction, and seconds or milliseconds since 1970. Offsets from Greenwich are not applied: the clock counts
    as it stands.

    Parameters
    ----------
    cells : array of str, shape (n,)
    clocks : array of str, shape (n,), optional
    """
    n = len(cells)
    distinct: dict[str, int] = {}
    place = np.array([distinct.setdefault(c, len(distinct)) for c in cells.tolist()], dtype=np.int64)
    texts = np.array([_POINTED.sub(r"\1-\2-\3 \4:\5:\6", t) for t in distinct], dtype=object)
    days = np.array([_day_part(t) for t in texts.tolist()], dtype=object)
    dates = read_dates(days)
    found = np.full(len(texts), np.datetime64("NaT", "s"), dtype="datetime64[s]")
    wrong = np.zeros(len(texts), dtype=bool)
    for i, text in enumerate(texts.tolist()):
        if text.strip().casefold() in EMPTY_NUMBERS:
            continue
        if _EPOCH.fullmatch(text.strip()):
            seconds = int(float(text)) // (1000 if len(text.strip().split(".")[0]) == 13 else 1)
            found[i] = np.datetime64(seconds + VIETNAM_S, "s")
            continue
        day, clock = dates.values[i], _seconds(text)
        if day is None or clock is None:
            wrong[i] = True
            continue
        found[i] = np.datetime64(day.isoformat(), "s") + np.timedelta64(clock, "s")
    values, bad = found[place], wrong[place]
    if clocks is not None:
        seconds_of = [_seconds(c) if c.strip() else 0 for c in clocks.tolist()]
        bad = bad | np.array([s is None for s in seconds_of], dtype=bool)
        values = values + np.array([s or 0 for s in seconds_of], dtype="timedelta64[s]")
    if dates.refused:
        values, bad = np.full(n, np.datetime64("NaT", "s"), dtype="datetime64[s]"), np.zeros(n, dtype=bool)
    return TimeColumn(values, bad, dates)


def _day_part(text: str) -> str:
    """Return a cell without its time of day; nothing of one that counts seconds."""
    plain = text.strip()
    if _EPOCH.fullmatch(plain):
        return ""
    if _SERIAL.fullmatch(plain):
        return plain.replace(",", ".")
    cut = _CLOCK.search(plain)
    if cut is None:
        return plain
    return f"{plain[: cut.start()]} ".rstrip(" Tt,;-") or plain[cut.end() :].strip(" ,;-")


def _seconds(text: str) -> int | None:
    """Return the seconds of the day in a cell, 0 where it names none, None where there is no such time."""
    plain = text.strip()
    serial = _SERIAL.fullmatch(plain)
    if serial:
        return round(float("0." + serial[1]) * _DAY_S) % _DAY_S
    if re.fullmatch(r"0[.,]\d+", plain):  # a time of day as a spreadsheet holds it
        return round(float(plain.replace(",", ".")) * _DAY_S) % _DAY_S
    clock = _CLOCK.search(plain)
    if clock is None:
        return 0
    hour, minute, second = int(clock[1]), int(clock[2]), int(clock[3] or 0)
    half = (clock[4] or "").casefold()
    if half in ("pm", "ch") and hour < 12:
        hour += 12
    elif half in ("am", "sa") and hour == 12:
        hour = 0
    return None if hour > 23 or minute > 59 or second > 59 else 3600 * hour + 60 * minute + second
