"""Every output of one province, written whole or not at all."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from phusong.coverage.result import Result
from phusong.coverage.store import Store
from phusong.data.language import Language, Text
from phusong.maps import gis, tables
from phusong.maps.citation import FILE as SOURCES
from phusong.maps.citation import cited_sources, write_text_file
from phusong.maps.document.content import write_document, write_pdf
from phusong.maps.geometry import simplify_coverage
from phusong.maps.manifest import MANIFEST, write_manifest
from phusong.maps.map_page.data import OUTLINE_M
from phusong.maps.map_page.page import render_map
from phusong.maps.place import replaced_whole
from phusong.maps.report import fibre as report_fibre
from phusong.maps.report import uncertainty as certainty
from phusong.maps.report.page import render_report
from phusong.maps.scenario.write import scenario_sheets
from phusong.maps.static import Drawings
from phusong.maps.workbook.book import write_workbook

if TYPE_CHECKING:
    from phusong.coverage.analyse import Progress

Writer = Callable[[Path], None]

WRITING = Text("Ghi kết quả", "Writing the results")


def _write_page(
    render: Callable[[Result, Language], str], result: Result, lang: Language, path: Path
) -> None:
    path.write_bytes(render(result, lang).encode("utf-8", "replace"))


def for_drawing(result: Result, store: Store | None = None) -> Result:
    """Return the result with communes as fine as a screen shows them, simplified once for all who draw."""
    communes = simplify_coverage(result.layers.communes, OUTLINE_M, store)
    return replace(result, layers=replace(result.layers, communes=communes))


def writers(result: Result, lang: Language, store: Store | None = None) -> dict[str, Writer]:
    """Return what writes each file of an output, by its name; the manifest comes after all."""
    jobs: dict[str, Writer] = {
        "indicators.csv": partial(tables.write_indicators_csv, result),
        "indicators.json": partial(tables.write_indicators_json, result),
        "gaps.csv": partial(tables.write_gaps_csv, result),
        "places.csv": partial(tables.write_places_csv, result),
        "communes.gpkg": partial(gis.write_communes_gpkg, result),
        "communes.geojson": partial(gis.write_communes_geojson, result),
        "gaps.gpkg": partial(gis.write_gaps_gpkg, result),
    }
    if report_fibre.assessments(result):
        jobs["fibre_areas.gpkg"] = partial(report_fibre.write_areas, result)
        jobs["fibre_spans.gpkg"] = partial(report_fibre.write_spans, result)
    if not result.public:
        jobs["stations.csv"] = partial(tables.write_stations_csv, result)
    if result.uncertainty is not None:
        jobs["uncertainty.csv"] = partial(certainty.write_uncertainty_csv, result)
        jobs["ranks.csv"] = partial(certainty.write_ranks_csv, result)
        jobs["order.csv"] = partial(certainty.write_order_csv, result)
    for service, name in gis.signal_names(result).items():
        jobs[name] = partial(gis.write_signal, result, service, store=store)
    for service, name in gis.servers_names(result).items():
        jobs[name] = partial(gis.write_servers, result, service, store=store)
    for service, name in gis.sinr_names(result).items():
        jobs[name] = partial(gis.write_sinr, result, service, store=store)
    jobs["report.xlsx"] = lambda path: write_workbook(
        result, path, lang, more=[*scenario_sheets(result, lang), *report_fibre.fibre_sheets(result, lang)]
    )
    drawn = for_drawing(result, store)
    drawings = Drawings(drawn, lang, store)
    jobs["report.docx"] = lambda path: write_document(result, path, lang, drawings=drawings)
    jobs["report.pdf"] = lambda path: write_pdf(result, path, lang, drawings=drawings)
    for name, service in drawings.names().items():
        jobs[name] = partial(drawings.write, service)
    cited = cited_sources(result.layers.sources)
    if cited:
        jobs[SOURCES] = partial(write_text_file, cited)
    jobs["map.html"] = partial(_write_page, partial(render_map, store=store), drawn, lang)
    jobs["index.html"] = partial(_write_page, render_report, drawn, lang)
    return jobs


def write_outputs(
    result: Result, out: Path, lang: Language, *, progress: Progress | None = None,
    more: Mapping[str, Writer] | None = None, store: Store | None = None,
) -> Mapping[str, Path]:
    """Write every output of ``result`` into the folder ``out``, whole or not at all.

    Parameters
    ----------
    result : Result
    out : Path
        Absent, empty, or an earlier output, which is replaced; see `phusong.maps.place`.
    lang : {"vi", "en"}
        Of pages, document and workbook; tables for other programs are the same in both.
    progress : callable, optional
        ``progress(stage, share)``, share from 0 to 1.
    more : mapping of file name to what writes it, optional
        Written after all others, which lie in the same folder then.
    store : Store, optional
        Where pictures and rasters are kept between runs, by all that they show; what is written does not
        depend on it.

    Returns
    -------
    mapping of file name to Path

    Raises
    ------
    ExpectedError
        ``out`` holds something else, cannot be replaced or written, or the disk is full.
    """
    jobs = writers(result, lang, store)
    rasters = {name: jobs.pop(name) for name in list(jobs) if name.endswith(".tif")}
    seconds: dict[str, float] = {}

    def timed(folder: Path, name: str, write: Writer) -> None:
        """Write a file and take the time."""
        begin = time.perf_counter()
        write(folder / name)
        seconds[f"write {name}"] = time.perf_counter() - begin

    # Compressing rasters is GDAL's work alone: it leaves the interpreter to the other files meanwhile.
    with replaced_whole(out) as folder, ThreadPoolExecutor(1) as aside:
        begun = [aside.submit(timed, folder, *job) for job in rasters.items()]
        for done, job in enumerate(jobs.items()):
            if progress is not None:
                progress(WRITING, done / (len(jobs) + 1))
            timed(folder, *job)
        for future in begun:
            future.result()
        for job in (more or {}).items():
            timed(folder, *job)
        jobs = {**rasters, **jobs, **(more or {})}
        write_manifest(result, [folder / name for name in jobs], folder, seconds, lang, store)
    if progress is not None:
        progress(WRITING, 1.0)
    out = out.expanduser().resolve()
    return {name: out / name for name in (*jobs, MANIFEST)}
