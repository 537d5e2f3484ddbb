"""What the map page draws of an earlier state, or one without a plan: colours and signal to swipe away.

Who compares calls `phusong.maps.before_after`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from phusong.coverage.result import Result
from phusong.data.language import Language
from phusong.maps.figures import Figures
from phusong.maps.inline import safe_json
from phusong.maps.overlay import land_mask, mercator_frame, signal_overlay
from phusong.maps.page_words import MAP_WORDS, words
from phusong.maps.safe import shorten

if TYPE_CHECKING:
    from phusong.coverage.result import Reach


def side_names(before: Result, after: Result, lang: Language) -> tuple[str, str]:
    """Return what the two sides are called where nobody says: before and after, with their days."""
    said = words(MAP_WORDS, lang)
    old, new = Figures(before).as_of(lang), Figures(after).as_of(lang)
    return said["before"].replace("{0}", old), said["after"].replace("{0}", new)


def before_data(
    before: Result, after: Result, lang: Language, *, names: tuple[str, str] | None = None
) -> dict[str, Any]:
    """Return shares and images of ``before`` in the order of ``after``'s services and operators.

    Parameters
    ----------
    before, after : Result
        Of the same communes, on the same grid.
    lang : {"vi", "en"}
    names : tuple of str, optional
        Of the sides; see `side_names`.

    Raises
    ------
    GridMismatchError
        The grids differ.
    ValueError
        The communes differ.
    """
    after.layers.grid.require(before.layers.grid)
    old, new = Figures(before), Figures(after)
    if old.codes != new.codes:
        raise ValueError("a comparison needs the same communes on both sides")
    frame, land = mercator_frame(before.layers.grid), land_mask(before.layers.grid, before.layers.communes)
    figures: dict[str, list[list[float] | None]] = {}
    overlays: dict[str, str] = {}
    for s, service in enumerate(new.services):
        for o, operator in enumerate(new.operators):
            reach: Reach | None = before.reaches.get((service, operator))
            whole = old.province(service, "population", operator)
            if reach is None or whole is None:
                continue
            ratios = [whole, *(old.commune(c, service, "population", operator) for c in old.codes)]
            figures[f"{s}|{o}"] = [
                None if r is None else [round(r.numerator, 2), round(r.denominator, 2)] for r in ratios
            ]
            if _hidden(before, reach) or _hidden(after, after.reaches[service, operator]):
                continue
            overlays[f"{s}|{o}"] = signal_overlay(
                reach,
                frame,
                land=land,
                people=before.layers.population.people,
                min_people_per_km2=before.layers.project.gaps.min_people_per_km2,
                criterion_value=old.criterion_value(service),
            ).uri
    shown = names or side_names(before, after, lang)
    return {"names": [shorten(n, 80) for n in shown], "figures": figures, "overlays": overlays}


def _hidden(result: Result, reach: Reach) -> bool:
    """Whether a public version leaves this signal out; the other side must not tell it either."""
    return result.public and bool(np.isnan(reach.signal.values).all())


_BLOCK = '<script type="application/json" id="{name}">'


def _block(page: str, name: str) -> tuple[int, int]:
    """Return where the JSON of a block stands in a page."""
    start = page.find(mark := _BLOCK.format(name=name))
    if start < 0:
        raise ValueError("this is no map page of this version")
    start += len(mark)
    return start, page.index("</script>", start)


def page_data(page: str) -> dict[str, Any]:
    """Return what a map page draws, from the page itself.

    Raises
    ------
    ValueError
        If it is no map page.
    """
    data: dict[str, Any] = {}
    for name in ("phusong-data", "phusong-late"):
        start, end = _block(page, name)
        data |= json.loads(page[start:end])
    return data


def joined_pages(before: Path, after: Path, names: tuple[str, str]) -> str:
    """Return the map page ``after`` with a slider to the colours of the map page ``before``.

    Parameters
    ----------
    before, after : Path
        ``map.html`` of two outputs of one province. Where their grids differ the slider shows communes only.
    names : tuple of str
        Of the sides.

    Raises
    ------
    ValueError
        One is no map page, or their communes differ.
    """
    page = after.read_text(encoding="utf-8")
    old, new = page_data(before.read_text(encoding="utf-8")), page_data(page)
    codes = {code: k for k, code in enumerate(old["communes"]["code"], start=1)}
    if set(codes) != set(new["communes"]["code"]):
        raise ValueError("a comparison needs the same communes on both sides")
    rows = [0, *(codes[c] for c in new["communes"]["code"])]
    people = next(f for f in old["figures"] if f["id"] == "population")
    services = {service["id"]: k for k, service in enumerate(old["services"])}
    operators = {name: k for k, name in enumerate(old["operators"])}
    figures, overlays = {}, {}
    for s, service in enumerate(new["services"]):
        for o, operator in enumerate(new["operators"]):
            # The first is any operator, whatever the language of the page.
            pair = f"{services.get(service['id'])}|{operators.get(operator) if o else 0}"
            if pair in people["n"]:
                figures[f"{s}|{o}"] = [[people["n"][pair][k], people["of"][k]] for k in rows]
            # What the later page leaves out, as a public version does, the earlier one must not tell.
            both = pair in old["overlays"] and f"{s}|{o}" in new["overlays"]
            if both and old["frame"] == new["frame"]:
                overlays[f"{s}|{o}"] = old["overlays"][pair]
    start, end = _block(page, "phusong-late")
    late = json.loads(page[start:end])
    late["before"] = {
        "names": [shorten(n, 80) for n in names], "figures": figures, "overlays": overlays
    }  # fmt: skip
    return page[:start] + safe_json(late) + page[end:]


def page_with_figures(
    after: Path,
    figures: Mapping[tuple[str, str], Mapping[str, tuple[float, float]]],
    names: tuple[str, str],
) -> str:
    """Return the map page ``after`` with a slider to other shares of the same communes, without signal.

    Parameters
    ----------
    after : Path
        ``map.html`` of an output.
    figures : mapping of (service, operator) to mapping of code to (covered, people)
        ``""`` is the province. A commune that is missing is drawn as one without data.
    names : tuple of str
        Of the sides.

    Raises
    ------
    ValueError
        It is no map page.
    """
    page = after.read_text(encoding="utf-8")
    data = page_data(page)
    shown: dict[str, list[list[float] | None]] = {}
    for s, service in enumerate(data["services"]):
        for o, operator in enumerate(data["operators"]):
            own = figures.get((service["id"], operator if o else "any"))
            if own is not None:
                pairs = [own.get(code) for code in ("", *data["communes"]["code"])]
                shown[f"{s}|{o}"] = [None if p is None else [round(p[0], 2), round(p[1], 2)] for p in pairs]
    start, end = _block(page, "phusong-late")
    late = json.loads(page[start:end])
    late["before"] = {"names": [shorten(n, 80) for n in names], "figures": shown, "overlays": {}}
    return page[:start] + safe_json(late) + page[end:]
