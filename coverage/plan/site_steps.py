"""A plan of sites step by step: what each is, costs, gains, who pays and how it looks towards its village."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.plan.backhaul import FIBRE
from phusong.coverage.plan.joint_order import Turn
from phusong.coverage.plan.site_aims import marked, village_layer
from phusong.coverage.plan.site_costs import ITEMS, runs_on_sun
from phusong.coverage.plan.site_plan import SitePlan
from phusong.coverage.plan.site_swaps import Substitute
from phusong.coverage.radio.profile import Clearance, PathProfile, clearance, straight_profile
from phusong.data.language import Text
from phusong.layers.project.plan import FundingRule

if TYPE_CHECKING:
    import geopandas as gpd

FUND = Text("Quỹ Dịch vụ viễn thông công ích", "Public-utility telecommunications fund")
OPERATOR_PAYS = Text("Doanh nghiệp", "Operator")
DEFAULT_RULE = FundingRule(source="fund", disadvantaged=True, has_grid_power=True)
"""Disadvantaged villages with grid power: the fund's programme; everything else is the operators'."""
EARTH_4_3_KM = 8500.0


@dataclass(frozen=True)
class Step:
    """One site of a plan; money in million dong.

    Attributes
    ----------
    order, year : int
    candidate : int
        Row of the candidates.
    site_id, name, kind, operator, owner : str
    commune_code, commune_name : str
    lon, lat, height_m, ground_m, slope_percent, road_m, power_km : float
    sun : bool
        Power from the sun.
    costs : mapping of str to float
        `ITEMS`, then ``fibre`` and ``microwave`` (or satellite).
    cost, spent : float
        Of the step, and of all until then.
    per_year : float
        Operation or rent a year, which the budget does not hold.
    backhaul : str
        `phusong.coverage.plan.backhaul` kinds.
    backhaul_to : str
        Site at the other end of a link.
    fibre_m : float
        Cable to be laid for this step.
    gained : mapping of str to float
        By objective.
    village_rows : array of int64
        Rows of the villages that are newly served.
    villages : tuple of str
        Their names, with commune.
    funding : Text
    turn : Turn
        Why it stands where it stands.
    lost : mapping of str to float
        What the plan would lose without it, by objective: what no other of its sites covers.
    substitute : Substitute or None
        What could stand in for it; None where that was not looked at.
    """

    order: int
    year: int
    candidate: int
    site_id: str
    name: str
    kind: str
    operator: str
    owner: str
    commune_code: str
    commune_name: str
    lon: float
    lat: float
    height_m: float
    ground_m: float
    slope_percent: float
    road_m: float
    power_km: float
    sun: bool
    costs: Mapping[str, float]
    cost: float
    spent: float
    per_year: float
    backhaul: str
    backhaul_to: str
    fibre_m: float
    gained: Mapping[str, float]
    village_rows: NDArray[np.int64]
    villages: tuple[str, ...]
    funding: Text
    turn: Turn
    lost: Mapping[str, float]
    substitute: Substitute | None


def steps_of(found: SitePlan) -> tuple[Step, ...]:
    """Return the steps of a plan in their order."""
    candidates, plan = found.candidates, found.plan
    communes = found.layers.communes
    gained = {name: found.gained(name) for name in found.aims}
    new_villages = found.villages_gained()
    times = np.zeros(found.reach.shape[1], dtype=np.int64)
    for i in plan.chosen.tolist():
        times[found.cells_of(i)] += 1
    spent = np.cumsum(found.step_cost)
    villages = village_layer(found.layers)
    sun = runs_on_sun(candidates, found.prices, found.layers.project.plan.sites)
    steps = []
    for k, (i, link) in enumerate(zip(plan.chosen.tolist(), plan.connections, strict=True)):
        at = int(candidates.commune[i])
        rows = new_villages[k]
        costs = {item: float(found.costs[item][i]) for item in ITEMS}
        costs["fibre"] = link.cost if link.kind == FIBRE else 0.0
        costs["microwave"] = link.cost if link.kind != FIBRE else 0.0
        shared = candidates.kind[i] == "mast"
        alone = found.cells_of(i)
        alone = alone[times[alone] == 1]
        steps.append(
            Step(
                k + 1,
                int(found.year[k]),
                i,
                str(candidates.site_id[i]),
                str(candidates.name[i]),
                str(candidates.kind[i]),
                str(candidates.operator[i]),
                str(candidates.owner[i]),
                str(communes["commune_code"].iloc[at]) if at >= 0 else "",
                str(communes["commune_name"].iloc[at]) if at >= 0 else "",
                float(candidates.lon[i]),
                float(candidates.lat[i]),
                float(candidates.height_m[i]),
                float(candidates.ground_m[i]),
                float(candidates.slope_percent[i]),
                float(candidates.road_m[i]),
                float(candidates.power_km[i]),
                bool(sun[i]),
                costs,
                float(found.step_cost[k]),
                float(spent[k]),
                found.prices["year_shared" if shared else "year_new"],
                link.kind,
                _other_end(found, i, link.to),
                float(found.ways.metres[link.edges].sum()),
                {n: float(g[k]) for n, g in gained.items()},
                rows,
                _named(found, villages, rows),
                _funding(found, villages, rows),
                plan.turns[k],
                {n: float(aim.weights[alone].sum()) for n, aim in found.aims.items()},
                found.substitutes.get(i),
            )
        )
    return tuple(steps)


def _other_end(found: SitePlan, candidate: int, to: int) -> str:
    if to >= 0:
        return str(found.candidates.site_id[to])
    mast = int(found.ways.to_mast[candidate])
    return str(found.ways.masts[mast]) if mast >= 0 else ""


def _named(found: SitePlan, villages: gpd.GeoDataFrame | None, rows: NDArray[np.int64]) -> tuple[str, ...]:
    if villages is None:
        return ()
    known = dict(
        zip(found.layers.communes["commune_code"], found.layers.communes["commune_name"], strict=True)
    )
    pairs = zip(villages["name"].iloc[rows], villages["commune_code"].iloc[rows], strict=True)
    return tuple(f"{name} ({known[code]})" if code in known else str(name) for name, code in pairs)


def _funding(found: SitePlan, villages: gpd.GeoDataFrame | None, rows: NDArray[np.int64]) -> Text:
    """Return who pays by the first rule that fits one of the villages newly served."""
    rules = found.layers.project.plan.sites.funding or (DEFAULT_RULE,)
    flags = (
        {}
        if villages is None
        else {key: marked(villages.iloc[rows], key) for key in ("disadvantaged", "has_grid_power")}
    )
    for rule in rules:
        wanted = {k: v for k in ("disadvantaged", "has_grid_power") if (v := getattr(rule, k)) is not None}
        fits = np.ones(len(rows), dtype=bool)
        for key, value in wanted.items():
            fits &= flags[key] == int(value) if key in flags else False
        if fits.any() or not wanted:
            return FUND if rule is DEFAULT_RULE else Text(rule.source, rule.source)
    return OPERATOR_PAYS


def profile_of(found: SitePlan, step: Step) -> tuple[PathProfile, Clearance, str] | None:
    """Return the profile from a site's antenna to whom it serves: a village, else the fullest new cell.

    Returns
    -------
    profile, clearance, name
        None without terrain, or where the site serves nobody new. The name is empty for a cell.
    """
    layers = found.layers
    if layers.terrain is None:
        return None
    villages = village_layer(layers)
    name = ""
    here = (float(found.candidates.x_m[step.candidate]), float(found.candidates.y_m[step.candidate]))
    if villages is not None and len(step.village_rows):
        points = villages.geometry.iloc[step.village_rows]
        far = np.hypot(points.x.to_numpy() - here[0], points.y.to_numpy() - here[1])
        at = int(np.argmax(far))
        there, name = (float(points.x.iloc[at]), float(points.y.iloc[at])), step.villages[at]
    else:
        cells = found.cells_of(step.candidate)
        if not len(cells):
            return None
        best = int(cells[np.argmax(found.aims["people"].weights[cells])])
        there = (float(found.universe.x_m[best]), float(found.universe.y_m[best]))
    if np.hypot(there[0] - here[0], there[1] - here[1]) < 2.0 * layers.grid.cell_m:
        return None
    profile = straight_profile(layers, here, there)
    if not np.isfinite(profile.ground_m).all():
        return None
    added = found.added
    frequency = float(added.loc[added["site_id"] == step.site_id, "frequency_mhz"].iloc[0])
    receiver = getattr(layers.project.services[found.question.service], "receiver_height_m", 1.5)
    clear = clearance(
        profile,
        frequency_mhz=frequency,
        tx_height_m=step.height_m,
        rx_height_m=receiver,
        earth_radius_km=EARTH_4_3_KM,
    )
    return profile, clear, name
