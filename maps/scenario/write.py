"""Files and sheets that a scenario adds to an output."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from phusong.coverage.result import Result
from phusong.coverage.scenario import CHANGE_COLUMNS, PLACE_CHANGE_COLUMNS, REPAIR_COLUMNS, WhatIf
from phusong.data.language import Language, Text
from phusong.maps.before_after import before_after_writers
from phusong.maps.figures import Figures, operator_label
from phusong.maps.safe import ascii_keys, shorten
from phusong.maps.scenario.words import KINDS, WORDS, say, step_rows
from phusong.maps.sheet import Column
from phusong.maps.tables import frame_csv, json_bytes, plain_value, version
from phusong.maps.words import indicator_name, service_name, unit_name

Writer = Callable[[Path], None]
SCHEMA_VERSION = "1.0"
"""Of ``scenario.json``: the first number changes when a reader of the old form would break."""


def scenario_writers(base: Result | Path, result: Result, lang: Language) -> dict[str, Writer]:
    """Return what writes each further file of a scenario's output, by its name.

    Parameters
    ----------
    base : Result or Path
        A result, or an earlier output: then the pages of both folders are joined, so that these writers must
        run after those of the pages.
    result : Result
        With ``what_if``.
    lang : {"vi", "en"}
    """
    what_if = result.what_if
    assert what_if is not None
    jobs: dict[str, Writer] = {
        "scenario.json": lambda p: _write(p, _json(what_if)),
        "scenario.csv": lambda p: _write(p, frame_csv(what_if.changes, CHANGE_COLUMNS)),
        "scenario_places.csv": lambda p: _write(p, frame_csv(what_if.places, PLACE_CHANGE_COLUMNS)),
    }
    repair = what_if.repair
    if repair is not None:
        jobs["repair.csv"] = lambda p: _write(p, frame_csv(repair.table, REPAIR_COLUMNS))
    names = say("base", lang), shorten(say("side", lang, name=what_if.name), 80)
    if isinstance(base, Result):
        return {**jobs, **before_after_writers(base, result, lang, names=names)}
    found: dict[str, Writer] = {}

    def joined(name: str, path: Path) -> None:
        """Write one file of before and after; all are made ready at the first."""
        if not found:
            found.update(before_after_writers(base, path.parent, lang, names=names))
        found[name](path)

    keys = ascii_keys(Figures(result).services).values()
    drawn = [f"map_before_after_{key}.{kind}" for key in keys for kind in ("png", "svg")]
    return {**jobs, **{name: partial(joined, name) for name in ("before_after.html", *drawn)}}


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def _json(what_if: WhatIf) -> bytes:
    return json_bytes(document(what_if), "changes", what_if.changes[list(CHANGE_COLUMNS)])


def document(what_if: WhatIf) -> dict[str, Any]:
    """Return the content of ``scenario.json`` besides its changes."""
    applied, repair = what_if.applied, what_if.repair
    return {
        "schema": "phusong.scenario",
        "version": SCHEMA_VERSION,
        "generator": {"name": "phusong", "version": version()},
        "name": what_if.name,
        "note": what_if.note,
        "steps": [
            {"kind": s.kind, "entry": s.place, "label": s.label, "sites": s.counts.sites,
             "stations": s.counts.stations, "cells": s.counts.cells, "objects": s.objects}
            for s in applied.steps
        ],
        "network": {
            side: {"sites": c.sites, "stations": c.stations, "cells": c.cells}
            for side, c in (("base", applied.before), ("scenario", applied.after))
        },
        "repair": None if repair is None else {
            "service": repair.service, "operator": repair.operator, "sites": len(repair.table),
            "people": plain_value(repair.lost), "people_hours": plain_value(repair.people_hours),
            "people_hours_by_id": plain_value(repair.people_hours_by_id), "hours_known": repair.hours_known,
        },
    }  # fmt: skip


def scenario_sheets(result: Result, lang: Language) -> list[tuple[Text, Sequence[Column]]]:
    """Return the sheets of a scenario, for `phusong.maps.workbook.book.write_workbook`."""
    what_if = result.what_if
    if what_if is None:
        return []
    figures = Figures(result)
    steps = list(step_rows(what_if, lang))
    sheets: list[tuple[Text, Sequence[Column]]] = [
        (WORDS["sheet"], [
            Column(say("entry", lang), "text", [s[0] for s in steps]),
            Column(say("action", lang), "text", [s[1] for s in steps]),
            Column(say("sites", lang), "count", [s[2].sites for s in steps]),
            Column(say("stations", lang), "count", [s[2].stations for s in steps]),
            Column(say("cells", lang), "count", [s[2].cells for s in steps]),
            Column(say("objects", lang), "count", [s[3] for s in steps]),
        ]),
        (WORDS["changesSheet"], _change_columns(what_if, figures, lang)),
        (WORDS["placesSheet"], _place_columns(what_if, figures, lang)),
    ]  # fmt: skip
    if what_if.repair is not None:
        sheets.append((WORDS["repairSheet"], _repair_columns(what_if.repair.table, lang)))
    return sheets


def _change_columns(what_if: WhatIf, figures: Figures, lang: Language) -> list[Column]:
    t = what_if.changes
    of = t["scenario_denominator"].to_numpy(float)

    def shares(side: str) -> list[float | None]:
        """Return the shares of one side, None where there is nobody."""
        pairs = zip(t[side].tolist(), t[f"{side}_denominator"].tolist(), strict=True)
        return [n / d if d and d > 0.0 else None for n, d in pairs]

    return [
        Column(say("code", lang), "text", t["code"].astype(str).tolist()),
        Column(say("commune", lang), "text", t["name"].astype(str).tolist()),
        Column(say("service", lang), "text", [service_name(figures, s, lang) for s in t["service"]]),
        Column(say("operator", lang), "text", [operator_label(o, lang) for o in t["operator"]]),
        Column(say("indicator", lang), "text", [indicator_name(i, lang) for i in t["indicator"]]),
        Column(say("baseValue", lang), "number", t["base"].tolist()),
        Column(say("lostValue", lang), "number", t["lost"].tolist()),
        Column(say("gainedValue", lang), "number", t["gained"].tolist()),
        Column(say("nowValue", lang), "number", t["scenario"].tolist()),
        Column(say("of", lang), "number", of.tolist()),
        Column(say("shareBefore", lang), "percent", shares("base")),
        Column(say("shareAfter", lang), "percent", shares("scenario")),
        Column(say("unit", lang), "text", [unit_name(str(u), lang) for u in t["unit"]]),
    ]


def _place_columns(what_if: WhatIf, figures: Figures, lang: Language) -> list[Column]:
    t = what_if.places
    return [
        Column(say("place", lang), "text", t["name"].astype(str).tolist()),
        Column(say("change", lang), "text", [KINDS[c].say(lang) for c in t["change"]]),
        Column(say("service", lang), "text", [service_name(figures, s, lang) for s in t["service"]]),
        Column(say("operator", lang), "text", [operator_label(o, lang) for o in t["operator"]]),
        Column(say("kind", lang), "text", [indicator_name(f"places:{x}", lang) for x in t["layer"]]),
        Column(say("code", lang), "text", t["commune_code"].astype(str).tolist()),
        Column(say("commune", lang), "text", t["commune_name"].astype(str).tolist()),
        Column(say("lon", lang), "degrees", t["lon"].astype(float).tolist()),
        Column(say("lat", lang), "degrees", t["lat"].astype(float).tolist()),
    ]


def _repair_columns(t: Any, lang: Language) -> list[Column]:
    said = (
        ("step", "count", "step"), ("site", "text", "site_id"), ("operator", "text", "operators"),
        ("technologies", "text", "technologies"), ("cells", "count", "cells"),
        ("code", "text", "commune_code"), ("commune", "text", "commune_name"), ("lon", "degrees", "lon"),
        ("lat", "degrees", "lat"), ("hours", "number", "hours"), ("hoursTotal", "number", "hours_total"),
        ("returned", "number", "people_returned"), ("total", "number", "people_total"),
        ("share", "percent", "share"), ("waiting", "number", "people_waiting"),
    )  # fmt: skip
    return [Column(say(key, lang), kind, t[column].tolist()) for key, kind, column in said]  # type: ignore[arg-type]
