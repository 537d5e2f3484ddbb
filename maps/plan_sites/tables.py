"""A plan of sites for other programs: CSV, JSON, GeoPackage, and stations that a run can take."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from phusong.coverage.plan.site_plan import SitePlan, curve, served_percent
from phusong.coverage.plan.site_steps import Step
from phusong.data.language import Text
from phusong.data.site_cost_table import vnd_per_usd
from phusong.layers.stations import FRAME
from phusong.maps.citation import cited_sources, gpkg_metadata, member
from phusong.maps.gis import still_clock
from phusong.maps.plan_sites.why import rate_unit
from phusong.maps.plan_sites.words import target_standings
from phusong.maps.tables import csv_bytes, json_bytes, plain_value, version

if TYPE_CHECKING:
    import geopandas as gpd

SCHEMA_VERSION = "1.1"
"""Of ``plan.json``: the first number changes when a reader of the old form would break."""
COLUMNS = (
    "order",
    "year",
    "site_id",
    "name",
    "kind",
    "operator",
    "owner",
    "commune_code",
    "commune_name",
    "lon",
    "lat",
    "antenna_height_m",
    "ground_m",
    "slope_percent",
    "road_m",
    "power_km",
    "power",
    "backhaul",
    "backhaul_to",
    "fibre_m",
    "mast_million_vnd",
    "equipment_million_vnd",
    "power_million_vnd",
    "access_million_vnd",
    "fibre_million_vnd",
    "microwave_million_vnd",
    "cost_million_vnd",
    "running_million_vnd",
    "yearly_million_vnd",
    "people_gained",
    "villages_gained",
    "key_gained",
    "zones_gained_km2",
    "villages",
    "funding",
    "goal_per_billion_vnd",
    "next_goal_per_billion_vnd",
    "people_lost_without",
    "villages_lost_without",
    "masts_near",
    "substitute",
    "substitute_extra_million_vnd",
    "mast_substitute",
    "mast_substitute_extra_million_vnd",
)
"""Of ``plan_sites.csv`` and of the layer ``sites``."""


def step_values(found: SitePlan, step: Step) -> tuple[Any, ...]:
    """Return a step in the order of `COLUMNS`."""
    power = "mast" if step.kind == "mast" else "solar" if step.sun else "grid"
    return (
        step.order,
        step.year,
        step.site_id,
        step.name,
        step.kind,
        step.operator,
        step.owner,
        step.commune_code,
        step.commune_name,
        step.lon,
        step.lat,
        step.height_m,
        step.ground_m,
        step.slope_percent,
        step.road_m,
        step.power_km,
        power,
        step.backhaul,
        step.backhaul_to,
        step.fibre_m,
        *(step.costs[k] for k in ("mast", "equipment", "power", "access", "fibre", "microwave")),
        step.cost,
        step.spent,
        step.per_year,
        *(step.gained.get(k) for k in ("people", "villages", "key", "zones")),
        "; ".join(step.villages),
        step.funding.vi,
        step.turn.rate,
        step.turn.next_rate if step.turn.next >= 0 else None,
        step.lost["people"],
        step.lost.get("villages"),
        *_instead(found, step),
    )


def _instead(found: SitePlan, step: Step) -> tuple[Any, ...]:
    """Return how many masts are near, and the sites that could stand in for one, with what they cost more."""
    other = step.substitute
    if other is None:
        return (None,) * 5
    ids = found.candidates.site_id
    best, mast = (str(ids[i]) if i >= 0 else "" for i in (other.candidate, other.mast))
    return (
        other.masts_near, best, other.extra if best else None, mast, other.mast_extra if mast else None
    )


def phase_table(steps: Sequence[Step]) -> list[tuple[str, Text, list[Step]]]:
    """Return the steps of each year and source of money."""
    found = []
    for year in sorted({s.year for s in steps}):
        for fund in dict.fromkeys(s.funding for s in steps):
            mine = [s for s in steps if s.year == year and s.funding == fund]
            if mine:
                found.append((str(year), fund, mine))
    return found


def sites_csv(found: SitePlan, steps: Sequence[Step]) -> bytes:
    """Return ``plan_sites.csv``."""
    return csv_bytes(COLUMNS, (step_values(found, s) for s in steps))


def candidates_csv(found: SitePlan) -> bytes:
    """Return ``candidates.csv``: every candidate of use, its price alone, and whether it was chosen."""
    c = found.candidates
    price = sum(found.costs.values(), start=np.zeros(len(c)))
    people = np.asarray(found.reach.astype(np.float64) @ found.aims["people"].weights)
    chosen = np.zeros(len(c), dtype=bool)
    chosen[found.plan.chosen] = True
    columns = (
        "site_id",
        "name",
        "kind",
        "operator",
        "lon",
        "lat",
        "antenna_height_m",
        "road_m",
        "slope_percent",
        "people_alone",
        "cost_without_backhaul_million_vnd",
        "chosen",
    )
    rows = zip(
        c.site_id,
        c.name,
        c.kind,
        c.operator,
        c.lon.tolist(),
        c.lat.tolist(),
        c.height_m.tolist(),
        c.road_m.tolist(),
        c.slope_percent.tolist(),
        people.tolist(),
        price.tolist(),
        chosen.tolist(),
        strict=True,
    )
    return csv_bytes(columns, rows)


def stations_csv(found: SitePlan) -> bytes:
    """Return ``stations_added.csv``: the new cells in our columns, to be appended or named by a scenario."""
    frame = found.added
    return csv_bytes(
        [*FRAME, "status"],
        ((*row, "operational") for row in zip(*(frame[c].tolist() for c in FRAME), strict=True)),
    )


def scenario_toml(found: SitePlan) -> str:
    """Return a scenario for ``phusong run --scenario`` with the new stations."""
    name = f"{found.question.service}: {len(found.plan.chosen)} +"
    return f'name = "{name}"\nstations_added = "stations_added.csv"\n'


def document(found: SitePlan, steps: Sequence[Step]) -> dict[str, Any]:
    """Return the content of ``plan.json``; money in million dong, shares in per cent."""
    question, project = found.question, found.layers.project
    province, plan = project.province, found.plan
    sums = {
        name: {
            "total": plain_value(aim.total),
            "served_before": plain_value(aim.served),
            "served_after": plain_value(aim.served + float(found.gained(name).sum())),
            "percent_before": plain_value(served_percent(found, name)[0]),
            "percent_after": plain_value(served_percent(found, name)[1]),
        }
        for name, aim in found.aims.items()
    }
    first = question.objectives[0]
    money, share = curve(found, first)
    return {
        "schema": "phusong.plan_sites",
        "version": SCHEMA_VERSION,
        "generator": {"name": "phusong", "version": version()},
        **member(cited_sources(found.layers.sources)),
        "province": {"code": province.code, "name": province.name, "as_of": province.as_of.isoformat()},
        "question": {
            "service": question.service,
            "operator": question.operator,
            "weights": dict(question.weights),
            "targets_percent": dict(question.targets),
            "budget_million_vnd": question.budget,
            "count": question.count,
            "fixed": list(question.fixed),
            "forbidden": list(question.forbidden),
            "min_gain": question.least,
            "price_level": question.level,
        },
        "ranked_by": rate_unit(found).en,
        "candidates": len(found.candidates),
        "money": {
            "total_million_vnd": plain_value(plan.cost),
            "sites_million_vnd": plain_value(plan.site_cost),
            "backhaul_million_vnd": plain_value(plan.backhaul_cost),
            "vnd_per_usd": vnd_per_usd(),
        },
        "proof": {
            "of": "cost" if question.targets else "gain",
            "value": plain_value(found.proof.value),
            "bound": plain_value(found.proof.bound),
            "gap_percent": plain_value(100.0 * found.proof.gap),
        },
        "sites_first": {
            "sites": len(found.rival.chosen),
            "total_million_vnd": plain_value(found.rival.cost),
            "gains": [plain_value(v) for v in found.rival.weight],
        },
        "objectives": sums,
        "targets": [
            {
                "target": s.wanted.key, "document": s.wanted.document, "year": s.wanted.year,
                "indicator": s.wanted.indicator, "operator": s.wanted.operator, "level": s.wanted.level,
                "wanted_percent": s.wanted.percent, "percent_before": plain_value(s.percent),
                "percent_after": plain_value(s.planned), "state_before": s.state,
                "state_after": s.planned_state,
            }
            for s in target_standings(found)
        ],
        "curve": {
            "objective": first,
            "million_vnd": [plain_value(v) for v in money],
            "percent": [plain_value(v) for v in share],
        },
        "prices_million_vnd": {k: plain_value(v) for k, v in found.prices.values.items()},
        "steps": [
            {key: plain_value(value) for key, value in zip(COLUMNS, step_values(found, step), strict=True)}
            for step in steps
        ],
    }


def plan_json(found: SitePlan, steps: Sequence[Step]) -> bytes:
    """Return ``plan.json``, one step a line."""
    return json_bytes(document(found, steps), records="steps")


def write_gpkg(found: SitePlan, steps: Sequence[Step], path: Path) -> None:
    """Write the layers ``sites``, ``backhaul`` and ``cells`` (EPSG:4326)."""
    import geopandas as gpd
    import pandas as pd
    import pyogrio

    table = pd.DataFrame([step_values(found, s) for s in steps], columns=list(COLUMNS))
    sites = gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(table["lon"], table["lat"]), crs=4326)
    cells = found.added.set_geometry(gpd.points_from_xy(found.added["lon"], found.added["lat"])).set_crs(
        4326, allow_override=True
    )
    layers = (
        ("sites", sites, "Point"),
        ("backhaul", backhaul_lines(found, steps), "LineString"),
        ("cells", cells, "Point"),
    )
    with still_clock(found.layers.project.province.as_of):
        for n, (layer, frame, kind) in enumerate(layers):
            pyogrio.write_dataframe(
                frame,
                path,
                layer=layer,
                driver="GPKG",
                append=n > 0,
                geometry_type=kind,
                layer_options={"FID": "fid"},
                **(gpkg_metadata(cited_sources(found.layers.sources)) if n == 0 else {}),
            )


def backhaul_lines(found: SitePlan, steps: Sequence[Step]) -> gpd.GeoDataFrame:
    """Return new cable and links as lines in EPSG:4326: ``order site_id kind cost_million_vnd length_m``."""
    import geopandas as gpd
    import shapely

    rows, shapes = [], []
    position = {str(s): i for i, s in enumerate(found.candidates.site_id)}
    stations = found.layers.stations
    for step, link in zip(steps, found.plan.connections, strict=True):
        for edge in link.edges.tolist():
            metres = float(found.ways.metres[edge])
            rows.append((step.order, step.site_id, "fibre", float(found.ways.graph.length[edge]), metres))
            shapes.append(found.ways.lines[edge])
        if link.kind == "microwave" and step.backhaul_to:
            here = (found.candidates.x_m[step.candidate], found.candidates.y_m[step.candidate])
            at = position.get(step.backhaul_to) if link.to >= 0 else None
            if at is not None:
                there = (found.candidates.x_m[at], found.candidates.y_m[at])
            else:
                row = stations[stations["site_id"].astype(str) == step.backhaul_to].iloc[0]
                there = (row.geometry.x, row.geometry.y)
            line = shapely.LineString([here, there])
            rows.append((step.order, step.site_id, "microwave", link.cost, float(line.length)))
            shapes.append(line)
    names = ("order", "site_id", "kind", "cost_million_vnd", "length_m")
    table = {name: [row[k] for row in rows] for k, name in enumerate(names)}
    return gpd.GeoDataFrame(table, geometry=shapes, crs=found.layers.grid.crs).to_crs(4326)
