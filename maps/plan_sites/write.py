"""Every output of a plan of sites, written whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from phusong.coverage.plan.site_plan import SitePlan
from phusong.coverage.plan.site_steps import Step, steps_of
from phusong.coverage.result import Result
from phusong.data.language import Language, Text
from phusong.maps.before_after import before_after_writers
from phusong.maps.geometry import simplify_coverage
from phusong.maps.manifest import input_record
from phusong.maps.map_page.data import OUTLINE_M
from phusong.maps.plan_sites.book import write_book, write_document
from phusong.maps.plan_sites.page import render_plan
from phusong.maps.plan_sites.tables import (
    backhaul_lines,
    candidates_csv,
    plan_json,
    scenario_toml,
    sites_csv,
    stations_csv,
    write_gpkg,
)
from phusong.maps.write_folder import write_folder

KIND = "plan-sites"
_NAMES = Text("Hiện trạng|Theo kế hoạch", "As it is|With the plan")


def write_plan(found: SitePlan, out: Path, lang: Language) -> Mapping[str, Path]:
    """Write page, workbook, document, tables, stations and the map before and after into ``out``.

    Returns
    -------
    mapping of file name to Path

    Raises
    ------
    ExpectedError
        ``out`` holds something else (see `phusong.maps.place.check_kind`), cannot be replaced or written, or
        the disk is full.
    """
    province = found.layers.project.province
    return write_folder(
        out, writers(found, lang), lang, kind=KIND,
        province=(province.code, province.name, province.as_of),
        inputs=[input_record(s) for s in found.layers.sources],
        more={"seconds": {name: round(value, 3) for name, value in found.seconds.items()}},
    )  # fmt: skip


def writers(found: SitePlan, lang: Language) -> dict[str, Callable[[Path], Any]]:
    """Return what writes each file, by its name."""
    steps = steps_of(found)
    links = links_of(found, steps)
    names = _NAMES.say(lang).split("|")
    before, after = (_for_drawing(r) for r in (found.before, found.after))
    return {
        "plan.html": lambda p: p.write_bytes(
            render_plan(found, steps, links, lang).encode("utf-8", "replace")
        ),
        "plan.xlsx": partial(write_book, found, steps, lang=lang),
        "plan.docx": partial(write_document, found, steps, links, lang=lang),
        "plan_sites.csv": lambda p: p.write_bytes(sites_csv(found, steps)),
        "plan_sites.gpkg": partial(write_gpkg, found, steps),
        "plan.json": lambda p: p.write_bytes(plan_json(found, steps)),
        "candidates.csv": lambda p: p.write_bytes(candidates_csv(found)),
        "stations_added.csv": lambda p: p.write_bytes(stations_csv(found)),
        "scenario.toml": lambda p: p.write_text(scenario_toml(found), encoding="utf-8"),
        **before_after_writers(before, after, lang, names=(names[0], names[1])),
    }


def links_of(found: SitePlan, steps: tuple[Step, ...]) -> list[tuple[int, str, Any]]:
    """Return new cable and links as lines in the grid's system, each with its step and kind."""
    frame = backhaul_lines(found, steps).to_crs(found.layers.grid.crs)
    return list(zip(frame["order"].tolist(), frame["kind"].tolist(), frame.geometry.tolist(), strict=True))


def _for_drawing(result: Result) -> Result:
    communes = simplify_coverage(result.layers.communes, OUTLINE_M)
    return replace(result, layers=replace(result.layers, communes=communes))
