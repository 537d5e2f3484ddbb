"""Before and after: maps side by side and a map with a slider, of two results or of two output folders.

`write_before_after` is the one entry for who compares: an earlier run with a later one, or what there is with
what a plan would bring.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phusong.coverage.criterion import describe
from phusong.coverage.result import ANY, Result
from phusong.data.language import Language, Text, format_date, format_number
from phusong.maps.citation import cited_folders, sentence
from phusong.maps.figures import COMPLETE_WITHIN, Figures, Ratio, operator_label, service_label
from phusong.maps.geometry import simplify_coverage
from phusong.maps.manifest import read_manifest
from phusong.maps.map_page.before import joined_pages
from phusong.maps.map_page.page import render_map
from phusong.maps.page_words import MAP_WORDS, NOT_BOUNDARY, PREDICTED, PUBLIC, notes, words
from phusong.maps.safe import ascii_keys, shorten
from phusong.maps.static_parts import (
    OUTLINE_M,
    STYLE,
    classes_of,
    draw_inset,
    draw_legend,
    draw_north,
    draw_scale,
    fill_communes,
    frame_axes,
    wrapped,
    write_map,
)

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from matplotlib.figure import Figure

SLIDER = "before_after.html"
TITLE = Text("{name}, {service}: trước và sau", "{name}, {service}: before and after")
SHARE = Text("{share} dân số ({counts} người)", "{share} of the people ({counts})")
CHANGE = Text(
    "Thay đổi: {points} điểm %, {people} người được phủ. Tiêu chí: {criterion}.",
    "Change: {points} points, {people} people covered. Criterion: {criterion}.",
)
FOOT = Text("{operator}. {notes}", "{operator}. {notes}")
MORE = Text("xã tăng từ 1 điểm % ({n})", "communes up by 1 point or more ({n})")
LESS = Text("xã giảm từ 1 điểm % ({n})", "communes down by 1 point or more ({n})")
MARKED_POINTS = 1.0
"""From this change on, in points of per cent, a commune carries a sign."""


@dataclass(frozen=True)
class State:
    """One side of a comparison: all that is drawn of it.

    Attributes
    ----------
    name : str
        Heading of its side, such as ``Trước (30/06/2026)``.
    province : str
    as_of : datetime.date
    services : mapping of str to str
        Label of every service, by its name.
    criteria : mapping of str to str
        What counts as covered, by service, in the language of the maps.
    people : mapping of (service, operator) to mapping of code to Ratio
        People covered over people, by commune; ``""`` is the province.
    communes : GeoDataFrame
        ``commune_code`` and polygons, in a metric system, simplified for a page.
    notes : str
        What the figures are not.
    """

    name: str
    province: str
    as_of: datetime.date
    services: Mapping[str, str]
    criteria: Mapping[str, str]
    people: Mapping[tuple[str, str], Mapping[str, Ratio]]
    communes: gpd.GeoDataFrame
    notes: str


def state_of(result: Result, lang: Language, *, name: str = "") -> State:
    """Return what is drawn of a result; ``name`` is the day of its data by default."""
    figures, project = Figures(result), result.layers.project
    return State(
        name or figures.as_of(lang), project.province.name, project.province.as_of,
        {s: figures.label(s, lang) for s in figures.services},
        {s: describe(figures.service(s)).say(lang) for s in figures.services},
        _people(result.indicators), simplify_coverage(result.layers.communes, OUTLINE_M),
        notes(result, lang),
    )  # fmt: skip


def state_of_output(folder: Path, lang: Language, *, name: str = "") -> State:
    """Return what is drawn of an output folder, from its ``indicators.json`` and ``communes.gpkg``.

    Raises
    ------
    OSError
        A file is missing or cannot be read.
    ValueError
        ``indicators.json`` is of another schema.
    """
    import geopandas as gpd
    import pandas as pd

    document = json.loads((folder / "indicators.json").read_text(encoding="utf-8"))
    if document.get("schema") != "phusong.indicators" or not str(document.get("version")).startswith("1."):
        raise ValueError(f"{folder / 'indicators.json'} is of another schema")
    province = document["province"]
    as_of = datetime.date.fromisoformat(province["as_of"])
    communes = gpd.read_file(folder / "communes.gpkg")[["commune_code", "geometry"]]
    communes = simplify_coverage(communes.to_crs(communes.estimate_utm_crs()), OUTLINE_M)
    said = [PREDICTED, NOT_BOUNDARY, *([PUBLIC] if (read_manifest(folder) or {}).get("public") else [])]
    return State(
        name or format_date(as_of, lang), province["name"], as_of,
        {s: service_label(s, lang, fibre="reach_m" in v) for s, v in document["services"].items()},
        {s: v["criterion"][lang] for s, v in document["services"].items()},
        _people(pd.DataFrame(document["indicators"])), communes,
        " ".join([*(text.say(lang) for text in said), sentence(cited_folders([folder]), lang)]).rstrip(),
    )  # fmt: skip


def _people(indicators: pd.DataFrame) -> dict[tuple[str, str], dict[str, Ratio]]:
    table = indicators[indicators["indicator"] == "population"]
    columns = ("level", "code", "service", "operator", "numerator", "denominator")
    found: dict[tuple[str, str], dict[str, Ratio]] = {}
    for level, code, service, operator, n, of in zip(*(table[c].tolist() for c in columns), strict=True):
        n, of = float(n), float(of)
        ratio = Ratio(of if abs(of - n) < COMPLETE_WITHIN else n, of)
        found.setdefault((str(service), str(operator)), {})["" if level == "province" else str(code)] = ratio
    return found


def draw_before_after(
    before: State, after: State, service: str, lang: Language, *, operator: str = ANY
) -> Figure:
    """Draw the communes by the share of their people whom a service reaches, then and now, on one slide.

    Parameters
    ----------
    before, after : State
        Of one province; a commune that one side does not know is drawn as one without data.
    service : str
        One that both sides have.
    lang : {"vi", "en"}
    operator : str

    Returns
    -------
    matplotlib.figure.Figure
        10 by 5.6 inches. Communes that changed by `MARKED_POINTS` or more carry a triangle, so that the
        change is seen without colours too.

    Raises
    ------
    KeyError
        If a side has no figures for the service and operator.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    old, new = before.people[service, operator], after.people[service, operator]
    left, bottom, right, top = after.communes.total_bounds
    wide = 0.405
    high = min(wide * 10.0 / 5.625 * (top - bottom) / (right - left), 0.64)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(10.0, 5.625))
        for k, (state, people) in enumerate(((before, old), (after, new))):
            axes = figure.add_axes((0.005 + wide * k, 0.47 - high / 2, wide, high))
            classes = classes_of([people.get(str(c)) for c in state.communes["commune_code"]])
            fill_communes(axes, state.communes.to_crs(after.communes.crs), classes)
            frame_axes(axes, (left, bottom, right, top))
            middle = 0.005 + wide * (k + 0.5)
            figure.text(middle, 0.855, shorten(state.name, 50), fontsize=10, weight="bold", ha="center")
            said = SHARE.say(lang, share=people[""].share(lang), counts=people[""].counts(lang))
            figure.text(middle, 0.82, said, fontsize=9, ha="center")
            if k:
                more = _draw_changes(axes, after.communes, old, new, lang)
            else:
                draw_scale(axes, (left, bottom, right, top), lang)
        title = TITLE.say(lang, name=after.province, service=after.services[service])
        figure.text(0.02, 0.93, shorten(title, 90), fontsize=13, weight="bold")
        draw_legend(figure, None, lang, more=more, at=(0.815, 0.9))
        draw_north(figure, lang, (0.865, 0.43, 0.07, 0.09))
        draw_inset(figure, after.communes, (0.835, 0.09, 0.15, 0.33))
        _draw_foot(figure, after, service, operator, (old[""], new[""]), lang)
    return figure


def _draw_changes(
    axes: Any, communes: gpd.GeoDataFrame, old: Mapping[str, Ratio], new: Mapping[str, Ratio], lang: Language
) -> list[Any]:
    """Mark communes that changed, and return the entries of the legend."""
    points = communes.geometry.representative_point()
    entries = []
    for sign, marker, text in ((1.0, "^", MORE), (-1.0, "v", LESS)):
        hit = [
            code in old and code in new
            and sign * (new[code].percent - old[code].percent) >= MARKED_POINTS
            for code in map(str, communes["commune_code"])
        ]  # fmt: skip
        if any(hit):
            entries += axes.plot(
                points[hit].x, points[hit].y, marker, markersize=5, color="#ffffff",
                markeredgecolor="#111111", linestyle="none", label=wrapped(text.say(lang, n=sum(hit))),
            )  # fmt: skip
    return entries


def _signed(value: float, lang: Language, decimals: int) -> str:
    text = format_number(abs(value), lang, decimals)
    if not any(c in text for c in "123456789"):
        return text
    return ("+" if value > 0 else "−") + text


def _draw_foot(
    figure: Any, after: State, service: str, operator: str, people: tuple[Ratio, Ratio], lang: Language
) -> None:
    old, new = people
    change = CHANGE.say(
        lang, points=_signed(new.percent - old.percent, lang, 1),
        people=_signed(new.numerator - old.numerator, lang, 0), criterion=after.criteria[service],
    )  # fmt: skip
    figure.text(0.02, 0.075, shorten(change, 150), fontsize=8)
    foot = FOOT.say(lang, operator=operator_label(operator, lang), notes=after.notes)
    figure.text(0.02, 0.055, wrapped(foot, 150), fontsize=7, va="top")


def write_before_after(
    before: Result | Path,
    after: Result | Path,
    folder: Path,
    lang: Language,
    *,
    names: tuple[str, str] | None = None,
) -> dict[str, Path]:
    """Write the maps of a comparison into a folder that exists.

    Parameters
    ----------
    before, after : Result or Path
        Both results of one province on one grid, or both output folders of this program (then the slider
        shows signal only where their grids are the same).
    folder : Path
    lang : {"vi", "en"}
    names : tuple of str, optional
        What the sides are called, such as ``("Hiện trạng", "Theo phương án")``; *before* and *after* with
        the day of their data otherwise.

    Returns
    -------
    mapping of file name to Path
        ``before_after.html`` (the map with the slider) and, for every service of both sides,
        ``map_before_after_<service>.png`` and ``.svg``.

    Raises
    ------
    ValueError, GridMismatchError
        The sides do not fit: other communes, another grid, another schema, one a result and one a folder.
    """
    jobs = before_after_writers(before, after, lang, names=names)
    for name, write in jobs.items():
        write(folder / name)
    return {name: folder / name for name in jobs}


def before_after_writers(
    before: Result | Path, after: Result | Path, lang: Language, *, names: tuple[str, str] | None = None
) -> dict[str, Callable[[Path], None]]:
    """Return what writes each file of `write_before_after`, by its name: for who writes more beside them."""
    if isinstance(before, Result) and isinstance(after, Result):
        states = _named(state_of(before, lang), state_of(after, lang), lang, names)
        slider = partial(render_map, after, lang, before=before, names=(states[0].name, states[1].name))
    elif isinstance(before, Path) and isinstance(after, Path):
        states = _named(state_of_output(before, lang), state_of_output(after, lang), lang, names)
        pages = before / "map.html", after / "map.html"
        slider = partial(joined_pages, *pages, (states[0].name, states[1].name))
    else:
        raise ValueError("a comparison takes two results or two output folders")
    jobs: dict[str, Callable[[Path], None]] = {SLIDER: partial(_write_page, slider)}
    both = [s for s in states[1].services if all((s, ANY) in state.people for state in states)]
    for service, key in ascii_keys(both).items():
        for kind in ("png", "svg"):
            jobs[f"map_before_after_{key}.{kind}"] = partial(_write_drawing, states, service, lang)
    return jobs


def _named(
    before: State, after: State, lang: Language, names: Sequence[str] | None
) -> tuple[State, State]:
    said = words(MAP_WORDS, lang)
    old, new = names or (
        said["before"].replace("{0}", before.name), said["after"].replace("{0}", after.name)
    )  # fmt: skip
    return replace(before, name=old), replace(after, name=new)


def _write_page(render: Callable[[], str], path: Path) -> None:
    path.write_bytes(render().encode("utf-8", "replace"))


def _write_drawing(states: tuple[State, State], service: str, lang: Language, path: Path) -> None:
    write_map(draw_before_after(*states, service, lang), path, states[1].as_of)
