"""Every output of a fibre plan, written whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phusong.coverage.analyse import Progress, shares_of
from phusong.coverage.criterion import describe
from phusong.coverage.plan.fibre_plan import plan_fibre
from phusong.coverage.plan.fibre_prices import check_costs
from phusong.coverage.plan.fibre_quantities import BILL_COLUMNS, SPAN_COLUMNS
from phusong.coverage.plan.fibre_request import (
    FRONTIER_COLUMNS,
    NEED_PLAN_COLUMNS,
    PHASE_COLUMNS,
    SENSITIVITY_COLUMNS,
    FibrePlan,
    Request,
)
from phusong.data.language import Language
from phusong.layers.project.file import read_project
from phusong.layers.read import read_layers
from phusong.layers.vectors.ofds_write import to_ofds
from phusong.maps.citation import cited_sources, gpkg_metadata, member
from phusong.maps.gis import still_clock
from phusong.maps.manifest import input_record
from phusong.maps.plan_fibre.book import write_book
from phusong.maps.plan_fibre.document import write_docx
from phusong.maps.plan_fibre.page import render_plan
from phusong.maps.plan_fibre.words import sentences
from phusong.maps.tables import frame_csv, json_bytes, plain_value, version
from phusong.maps.write_folder import write_folder

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

KIND = "plan fibre"
SCHEMA_VERSION = "1.0"
"""Of ``fibre_plan.json``: the first number changes when a reader of the old form would break."""


def plan_province(
    project: Path, request: Request, *, service: str | None = None, progress: Progress | None = None
) -> FibrePlan:
    """Read a project and plan its fibre; with nothing asked for, all its layers of places are.

    Raises
    ------
    InputError, ExpectedError
        As `phusong.layers.read.read_layers` and `phusong.coverage.plan.fibre_plan.plan_fibre`.
    """
    read = read_project(project)
    wanted = request.wanted
    if not (wanted.places or wanted.communes or wanted.sites):
        request = replace(request, wanted=replace(wanted, places=tuple(read.places)))
    check_costs(read.costs, read.file.name).raise_errors()
    layers = read_layers(read)
    return plan_fibre(layers, shares_of(layers), request, service=service, progress=progress)


def write_plan(plan: FibrePlan, out: Path, lang: Language) -> Mapping[str, Path]:
    """Write page, workbook, document, GeoPackage, Open Fibre Data Standard, JSON and tables into ``out``.

    Returns
    -------
    mapping of file name to Path

    Raises
    ------
    ExpectedError
        ``out`` holds something else (see `phusong.maps.place.check_kind`), cannot be replaced or written, or
        the disk is full.
    """
    jobs: dict[str, Callable[[Path], Any]] = {
        "fibre_plan.html": lambda p: p.write_bytes(render_plan(plan, lang).encode("utf-8", "replace")),
        "fibre_plan.xlsx": partial(write_book, plan, lang=lang),
        "fibre_plan.docx": partial(write_docx, plan, lang=lang),
        "fibre_plan.gpkg": partial(write_gpkg, plan),
        "fibre_plan_ofds.json": lambda p: p.write_bytes(json_bytes(ofds(plan))),
        "fibre_plan.json": lambda p: p.write_bytes(json_bytes(document(plan))),
        "fibre_routes.csv": lambda p: p.write_bytes(frame_csv(plan.spans, SPAN_COLUMNS)),
        "fibre_points.csv": lambda p: p.write_bytes(frame_csv(plan.needs, NEED_PLAN_COLUMNS)),
        "fibre_bill.csv": lambda p: p.write_bytes(frame_csv(plan.bill, BILL_COLUMNS)),
        "fibre_frontier.csv": lambda p: p.write_bytes(frame_csv(plan.frontier, FRONTIER_COLUMNS)),
    }
    province = plan.layers.project.province
    return write_folder(
        out, jobs, lang, kind=KIND, province=(province.code, province.name, province.as_of),
        inputs=[input_record(s) for s in plan.layers.sources],
        more={
            "options": document(plan)["request"],
            "seconds": {k: round(v, 3) for k, v in plan.seconds.items()},
        },
    )  # fmt: skip


def _records(frame: pd.DataFrame, columns: tuple[str, ...]) -> list[dict[str, Any]]:
    kept = [c for c in columns if c != "geometry"]
    rows = zip(*(frame[c].tolist() for c in kept), strict=True)
    return [dict(zip(kept, map(plain_value, row), strict=True)) for row in rows]


def document(plan: FibrePlan) -> dict[str, Any]:
    """Return the content of ``fibre_plan.json``: money in VND, lengths in km or m as named, shares of 100."""
    province, request = plan.layers.project.province, plan.request
    return {
        "schema": "phusong.fibre_plan",
        "version": SCHEMA_VERSION,
        "generator": {"name": "phusong", "version": version()},
        "province": {"code": province.code, "name": province.name, "as_of": province.as_of.isoformat()},
        **member(cited_sources(plan.layers.sources)),
        "service": plan.name,
        "criterion": describe(plan.service).en,
        "request": {
            "places": list(request.wanted.places), "communes": request.wanted.communes,
            "sites": request.wanted.sites, "operator": request.wanted.operator, "mode": request.mode,
            "budget_vnd": plain_value(request.budget), "target": plain_value(request.target),
            "years": list(request.years), "year_budgets_vnd": [plain_value(b) for b in request.year_budgets],
            "laying": request.laying, "link_m": plain_value(request.link_m), "start": request.start,
        },
        "summary": {
            "cost_vnd": plain_value(plan.cost_vnd), "route_vnd": plain_value(plan.route_vnd),
            "km": plain_value(float(plan.spans["km"].sum())), "points": len(plan.needs),
            "connected": len(plan.planned), "people": plain_value(plan.people),
            "people_before": plain_value(plan.people_before), "people_after": plain_value(plan.people_after),
            "at_most_above_cheapest": plain_value(plan.gap) if plan.gap is not None else None,
            "most_people": plain_value(plan.most_people) if plan.most_people is not None else None,
            "target_met": plan.target_met, "best_percent": plain_value(plan.best_percent),
        },
        "sentences": {"vi": sentences(plan, "vi"), "en": sentences(plan, "en")},
        "checked": {
            "edges": plan.checked.edges, "needs": plan.checked.needs,
            "length_m": plain_value(plan.checked.length_m), "money_vnd": plain_value(plan.checked.money),
        },
        "prices": {level: {k: plain_value(v) for k, v in p.values.items()} for level,
        p in plan.prices.items()},
        "own_prices": sorted(plan.prices["base"].own),
        "phases": _records(plan.phases, PHASE_COLUMNS),
        "bill": _records(plan.bill, BILL_COLUMNS),
        "frontier": _records(plan.frontier, FRONTIER_COLUMNS),
        "sensitivity": _records(plan.sensitivity, SENSITIVITY_COLUMNS),
        "routes": _records(plan.spans, SPAN_COLUMNS),
        "needs": _records(plan.needs, NEED_PLAN_COLUMNS),
        "faults": [
            {"severity": f.severity, "code": f.code, "vi": f.say("vi"),
            "en": f.say("en")} for f in plan.faults
        ],
    }  # fmt: skip


def _nodes(plan: FibrePlan) -> gpd.GeoDataFrame:
    """Return the nodes of the plan: connected points, branches, and where new cable leaves what stands."""
    import geopandas as gpd
    import numpy as np
    import shapely

    operator = plan.request.wanted.operator
    owner = "" if operator == "any" else operator
    planned = plan.planned
    at = {(round(float(x), 2), round(float(y), 2)) for x, y in zip(planned["x"], planned["y"], strict=True)}
    rows = [
        (f"P-{kind}-{need}", str(name), "cabinet" if kind != "site" else "customer premises", "proposed")
        for kind, need, name in zip(planned["kind"], planned["need_id"], planned["name"], strict=True)
    ]
    xy = planned[["x", "y"]].to_numpy(np.float64).tolist()
    begins = {tuple(np.round(plan.ways.net.graph.node_xy[s], 2).tolist()) for s in plan.ways.source}
    ends = dict.fromkeys(
        (round(float(c[0]), 2), round(float(c[1]), 2))
        for g in plan.spans.geometry for c in (g.coords[0], g.coords[-1])
    )
    for k, point in enumerate((p for p in ends if p not in at), start=1):
        status = "operational" if point in begins else "proposed"
        rows.append((f"J-{k}", "", "joint", status))
        xy.append(list(point))
    columns: dict[str, Any] = {
        name: [row[k] for row in rows] for k, name in enumerate(("id", "name", "kind", "status"))
    }
    points = shapely.points(np.array(xy, dtype=np.float64).reshape(-1, 2))
    return gpd.GeoDataFrame({**columns, "operator": owner}, geometry=points, crs=plan.layers.grid.crs)


def ofds(plan: FibrePlan) -> dict[str, Any]:
    """Return the plan as a package of the Open Fibre Data Standard, all spans ``proposed``."""
    province, operator = plan.layers.project.province, plan.request.wanted.operator
    spans = plan.spans
    routes = spans[["geometry"]].assign(
        id=spans["span_id"], name="", operator="" if operator == "any" else operator, status="proposed",
        fibre_count=spans["fibre_count"],
    )  # fmt: skip
    package = to_ofds(
        _nodes(plan), routes, name=f"{province.code} {province.name}: proposed fibre",
        collected=province.as_of,
    )
    network = package["networks"][0]
    network |= member(cited_sources(plan.layers.sources))  # the standard allows fields of one's own
    by_id = {str(r["span_id"]): r for r in spans.to_dict("records")}
    years = plan.request.years
    if years and len(spans):
        network["phases"] = [{"id": str(y), "name": str(y)} for y in years]
    for span in network.get("spans", []):
        row = by_id[span["id"]]
        span["fibreLength"] = round(float(row["km"]), 3)
        span["deployment"] = ["belowGround" if row["laying"] == "buried" else "aboveGround"]
        if years:
            year = str(years[int(row["phase"])])
            span["phase"] = {"id": year, "name": year}
    return package


def write_gpkg(plan: FibrePlan, path: Path) -> None:
    """Write the layers ``routes`` and ``points`` (EPSG:4326), and ``existing``, what is built on."""
    import geopandas as gpd
    import numpy as np
    import pyogrio

    kept = [c for c in NEED_PLAN_COLUMNS if c not in ("lon", "lat")]
    points = gpd.GeoDataFrame(
        plan.needs[kept], geometry=gpd.points_from_xy(plan.needs["lon"], plan.needs["lat"]), crs=4326
    )
    graph, own = plan.ways.net.graph, np.flatnonzero(plan.ways.own)
    existing = gpd.GeoDataFrame(
        {"km": graph.length_m[own] / 1000.0}, geometry=graph.lines[own], crs=plan.layers.grid.crs
    ).to_crs(4326)
    layers = (
        ("routes", plan.spans.to_crs(4326), "LineString"), ("points", points, "Point"),
        ("existing", existing, "LineString"),
    )
    cited = cited_sources(plan.layers.sources)
    with still_clock(plan.layers.project.province.as_of):
        for n, (name, frame, kind) in enumerate(layers):
            pyogrio.write_dataframe(
                frame, path, layer=name, driver="GPKG", append=n > 0, geometry_type=kind,
                layer_options={"FID": "fid"}, **(gpkg_metadata(cited) if n == 0 else {}),
            )
