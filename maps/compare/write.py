"""Every output of a comparison of runs, written whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phusong.coverage.evidence.changes import Comparison, compare_runs, province_effects
from phusong.coverage.evidence.history import Run, TrendPoint, read_run, run_labels, trend
from phusong.coverage.result import ANY
from phusong.data.language import LANGUAGES, Language
from phusong.maps.before_after import SLIDER, State, draw_before_after, state_of_output
from phusong.maps.citation import cited_folders, member
from phusong.maps.compare.book import write_book
from phusong.maps.compare.page import render_comparison
from phusong.maps.compare.words import note_sentence, side_names
from phusong.maps.figures import COMPLETE_WITHIN, Ratio
from phusong.maps.manifest import sha256
from phusong.maps.map_page.before import joined_pages, page_with_figures
from phusong.maps.safe import ascii_keys
from phusong.maps.static_parts import write_map
from phusong.maps.tables import csv_bytes, frame_csv, json_bytes, plain_value, version
from phusong.maps.write_folder import write_folder

if TYPE_CHECKING:
    pass

SCHEMA_VERSION = "1.0"
"""Of ``compare.json``: the first number changes when a reader of the old form would break."""
TREND_COLUMNS = ("run", "as_of", "service", "operator", "indicator", "numerator", "denominator", "percent")


def compare_folders(folders: Sequence[Path]) -> tuple[Comparison, tuple[Run, ...], tuple[TrendPoint, ...]]:
    """Read output folders, compare the first with the last, and return the trend over all.

    Raises
    ------
    ExpectedError
        One is no output folder, or the two have no commune in common.
    """
    runs = tuple(read_run(folder) for folder in folders)
    return compare_runs(runs[0], runs[-1]), runs, trend(runs)


def write_comparison(
    found: Comparison, runs: Sequence[Run], points: Sequence[TrendPoint], out: Path, lang: Language
) -> Mapping[str, Path]:
    """Write page, maps, workbook and tables into ``out``, whole or not at all.

    Returns
    -------
    mapping of file name to Path

    Raises
    ------
    ExpectedError
        ``out`` holds something else, cannot be replaced or written, or the disk is full.
    """
    drawn = {} if found.nothing else _pictures(found, lang)
    slider = "" if found.nothing else _slider(found, lang)
    page = render_comparison(found, points, drawn, SLIDER if slider else "", lang)
    jobs: dict[str, Callable[[Path], Any]] = {
        "compare.html": lambda p: p.write_bytes(page.encode("utf-8", "replace")),
        "compare.xlsx": lambda p: write_book(found, points, p, lang),
        "compare.json": lambda p: p.write_bytes(json_bytes(document(found, runs, points))),
        "changes.csv": lambda p: p.write_bytes(frame_csv(found.changed_figures)),
        "changed_places.csv": lambda p: p.write_bytes(frame_csv(found.places)),
        "trend.csv": lambda p: p.write_bytes(_trend_csv(points)),
    }
    if found.stations is not None:
        stations = found.stations
        jobs["changed_stations.csv"] = lambda p: p.write_bytes(frame_csv(stations))
    if slider:
        jobs[SLIDER] = lambda p: p.write_bytes(slider.encode("utf-8", "replace"))
    for service, key in ascii_keys(drawn).items():
        jobs[f"map_before_after_{key}.png"] = partial(_write_bytes, drawn[service])
    after = found.after
    inputs = [
        {
            "layer": "run", "path": label, "sha256": sha256(r.folder / "indicators.json"),
            "as_of": r.as_of.isoformat(), "rows": len(r.indicators),
        }
        for label, r in zip(run_labels(runs), runs, strict=True)
    ]  # fmt: skip
    province = after.province_code, after.province, after.as_of
    cited = cited_folders(run.folder for run in runs)
    return write_folder(out, jobs, lang, kind="compare", province=province, inputs=inputs, cited=cited)


def _write_bytes(content: bytes, path: Path) -> None:
    path.write_bytes(content)


def _trend_csv(points: Sequence[TrendPoint]) -> bytes:
    return csv_bytes(TREND_COLUMNS, ([getattr(p, c) for c in TREND_COLUMNS] for p in points))


def _same_communes(found: Comparison) -> bool:
    return found.carry is None and not any(n.code.startswith("communes-") for n in found.notes)


def _people(found: Comparison, side: str) -> dict[tuple[str, str], dict[str, Ratio]]:
    """Return people covered over people of one side, by the communes of the comparison."""
    own = found.figures[(found.figures["indicator"] == "population") & found.figures[f"n_{side}"].notna()]
    shares: dict[tuple[str, str], dict[str, Ratio]] = {}
    columns = ("code", "service", "operator", f"n_{side}", f"of_{side}")
    for code, service, operator, n, of in zip(*(own[c].tolist() for c in columns), strict=True):
        ratio = Ratio(of if abs(of - n) < COMPLETE_WITHIN else n, of)
        shares.setdefault((service, operator), {})[code] = ratio
    return shares


def _states(found: Comparison, lang: Language) -> tuple[State, State] | None:
    """Return what is drawn of either side; old communes' figures on the ground of the present ones."""
    names = side_names(found, lang)
    if not all((run.folder / "communes.gpkg").is_file() for run in (found.before, found.after)):
        return None
    if found.carry is None:
        before, after = (
            state_of_output(run.folder, lang, name=name)
            for run, name in zip((found.before, found.after), names, strict=True)
        )
        return before, after
    ground = found.after if found.carry.side == "before" else found.before
    state = state_of_output(ground.folder, lang)
    return (
        replace(state, name=names[0], as_of=found.before.as_of, people=_people(found, "before")),
        replace(state, name=names[1], as_of=found.after.as_of, people=_people(found, "after")),
    )


def _pictures(found: Comparison, lang: Language) -> dict[str, bytes]:
    """Return the maps before and after as PNG, by service."""
    states = _states(found, lang)
    if states is None:
        return {}
    drawn = {}
    for service in found.services:
        if all((service, ANY) in state.people for state in states):
            content = BytesIO()
            _draw(states, service, lang, content)
            drawn[service] = content.getvalue()
    return drawn


def _draw(states: tuple[State, State], service: str, lang: Language, content: BytesIO) -> None:
    import tempfile

    with tempfile.TemporaryDirectory(prefix=".phusong-") as folder:
        path = Path(folder) / "map.png"
        write_map(draw_before_after(*states, service, lang), path, states[1].as_of)
        content.write(path.read_bytes())


def _slider(found: Comparison, lang: Language) -> str:
    """Return the map with the slider; empty where a folder has no map page of this version."""
    names = side_names(found, lang)
    pages = found.before.folder / "map.html", found.after.folder / "map.html"
    backwards = found.carry is not None and found.carry.side == "after"
    try:
        if _same_communes(found):
            return joined_pages(*pages, names)
        if backwards:  # the later run has the old communes: no page of the present ones shows it
            return ""
        shares = {
            key: {code: (r.numerator, r.denominator) for code, r in people.items()}
            for key, people in _people(found, "before").items()
        }
        return page_with_figures(pages[1], shares, names)
    except (OSError, ValueError, KeyError, StopIteration):
        return ""


def document(found: Comparison, runs: Sequence[Run], points: Sequence[TrendPoint]) -> dict[str, Any]:
    """Return the content of ``compare.json``."""
    return {
        "schema": "phusong.compare",
        "version": SCHEMA_VERSION,
        "generator": {"name": "phusong", "version": version()},
        **member(cited_folders(run.folder for run in runs)),
        "same": found.nothing,
        "runs": [
            {
                "name": label, "province": {"code": r.province_code, "name": r.province},
                "code_vintage": r.vintage, "as_of": r.as_of.isoformat(), "program": r.program,
                "public": r.public,
            }
            for label, r in zip(run_labels(runs), runs, strict=True)
        ],
        "notes": [
            {"code": n.code, "text": {k: note_sentence(found, n, k) for k in LANGUAGES}} for n in found.notes
        ],
        "inputs": [vars(i) for i in found.inputs],
        "parameters": [
            {"key": p.key, "before": p.before, "after": p.after} for p in found.parameters
        ],
        "carried": None if found.carry is None else {
            "side": found.carry.side, "units": found.carry.units, "divided": list(found.carry.divided),
            "basis": found.carry.basis.en, "left": list(found.carry.left),
            "people_before": found.carry.people_before, "people_after": found.carry.people_after,
            "people_left": found.carry.people_left,
        },
        "province": [_figure(found, r) for r in _province_rows(found)],
        "communes": [_record(r) for r in found.changed_figures.to_dict("records") if r["level"] == "commune"],
        "places": [_record(r) for r in found.places.to_dict("records")],
        "stations": None if found.stations is None else [
            _record(r) for r in found.stations.to_dict("records")
        ],
        "trend": [{c: plain_value(getattr(p, c)) for c in TREND_COLUMNS} for p in points],
    }  # fmt: skip


def _province_rows(found: Comparison) -> list[dict[str, Any]]:
    rows = found.figures[found.figures["level"] == "province"].to_dict("records")
    return [{str(k): v for k, v in r.items()} for r in rows]


def _record(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(k): plain_value(v) for k, v in row.items()}


def _figure(found: Comparison, row: Mapping[str, Any]) -> dict[str, Any]:
    figure = _record(row)
    if row["indicator"] == "population" and row["service"] in found.services:
        _, reach, people = province_effects(found, row["service"], row["operator"])
        figure |= {"by_reach": plain_value(reach), "by_people": plain_value(people)}
    return figure
