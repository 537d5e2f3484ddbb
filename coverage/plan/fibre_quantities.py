"""What a plan is made of: spans, cable sizes and the bill of quantities."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.plan.fibre_prices import Prices
from phusong.coverage.plan.fibre_tree import Rooted, behind
from phusong.coverage.plan.fibre_ways import Ways
from phusong.data.fibre_prices import CABLE_SIZES, PORTS_PER_OLT
from phusong.layers.grid import FloatArray

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

FIBRES_PER_SITE = 2
SPAN_COLUMNS = (
    "span_id", "phase", "road_class", "laying", "km", "cost_vnd", "fibre_count", "homes", "people", "places",
    "sites", "vnd_per_person", "geometry",
)
"""Columns of the spans: ``homes people places sites`` are those who hang on the span, behind it."""
BILL_COLUMNS = ("phase", "item", "detail", "unit", "quantity", "unit_vnd", "amount_vnd")
"""Columns of the bill. ``item``: ``aerial buried`` (km by class of road), ``cable`` (km by fibres, within
the price of a km), ``point splitter port olt``; ``drop`` is paid when homes subscribe, not in the total."""


def equipment(needs: pd.DataFrame, homes: FloatArray, prices: Prices, ratio: int) -> dict[str, FloatArray]:
    """Return splitters, ports, fibres and the cost (VND) of equipping each need.

    A place has a point and as many splitters, each on a port and a fibre of its own, as its subscribers
    (homes times take-up) fill; at least one. A base station has a point and two fibres.

    Parameters
    ----------
    needs : DataFrame
    homes : array, shape (needs,)
    prices : Prices
    ratio : int
        Homes per splitter.
    """
    site = (needs["kind"] == "site").to_numpy()
    filled = np.maximum(np.ceil(homes * prices["take_up"] / ratio), 1.0)
    splitters = np.where(site, 0.0, filled)
    fibres = np.where(site, float(FIBRES_PER_SITE), splitters)
    fixed = prices["point"] + splitters * (prices["splitter"] + prices.port_vnd)
    return {"splitters": splitters, "ports": splitters.copy(), "fibres": fibres, "fixed_vnd": fixed}


def cable_size(fibres: FloatArray, spare: float) -> NDArray[np.int64]:
    """Return the size of cable for each number of fibres in use: the next that is sold, spare included."""
    wanted = np.ceil(np.asarray(fibres, dtype=np.float64) * (1.0 + spare) - 1e-9)
    place = np.searchsorted(CABLE_SIZES, wanted)
    most = CABLE_SIZES[-1]
    sizes = np.array([*CABLE_SIZES, most])[np.minimum(place, len(CABLE_SIZES))]
    # More fibres than the largest cable has: several of them.
    return np.where(wanted > most, np.ceil(wanted / most) * most, sizes).astype(np.int64)


def make_spans(
    ways: Ways, tree: Rooted, phase: NDArray[np.int64], needs: pd.DataFrame, chosen: NDArray[np.int64],
    prices: Prices, crs: Any,
) -> gpd.GeoDataFrame:
    """Return the spans of a plan: edges one after the other with nothing joining between, as one line.

    Parameters
    ----------
    ways : Ways
    tree : Rooted
    phase : array of int, shape (e,)
        Of each edge of the tree.
    needs : DataFrame
        With ``people homes fibres``.
    chosen : array of int
        Connected needs.
    prices : Prices
    crs : CRS
    """
    import geopandas as gpd
    import shapely

    picked = needs.iloc[chosen]
    kind = picked["kind"].to_numpy()
    values = np.column_stack(
        [picked["people"], picked["homes"], picked["fibres"], kind != "site", kind == "site"]
    ).astype(np.float64)
    held = behind(tree, ways, chosen, values)
    size = cable_size(held[:, 2], prices["spare"])
    graph = ways.net.graph
    joined = _joined(ways, tree, phase, chosen)
    rows, shapes = [], []
    for n, members in enumerate(joined, start=1):
        lines = [_directed(graph, int(tree.edges[k]), int(tree.near[k])) for k in members]
        xy = np.vstack([lines[0], *(line[1:] for line in lines[1:])])
        own = tree.edges[members]
        km = float(graph.length_m[own].sum()) / 1000.0
        cost = float(ways.money[own].sum())
        longest = members[int(np.argmax(graph.length_m[own]))]
        people = float(held[members[0], 0])
        rows.append(
            {
                "span_id": f"S{n:04d}", "phase": int(phase[members[0]]),
                "road_class": str(ways.road_class[tree.edges[longest]]),
                "laying": "buried" if ways.buried[own[0]] else "aerial", "km": km, "cost_vnd": cost,
                "fibre_count": int(size[members[0]]), "homes": float(held[members[0], 1]), "people": people,
                "places": int(held[members[0], 3]), "sites": int(held[members[0], 4]),
                "vnd_per_person": cost / people if people > 0 else float("nan"),
            }
        )  # fmt: skip
        shapes.append(shapely.LineString(xy))
    columns = [c for c in SPAN_COLUMNS if c != "geometry"]
    table: dict[str, Any] = {c: [r[c] for r in rows] for c in columns}
    return gpd.GeoDataFrame(table, geometry=shapes, crs=crs)


def _directed(graph: Any, edge: int, near: int) -> FloatArray:
    xy = graph.xy[graph.start[edge] : graph.start[edge + 1]]
    return np.asarray(xy if int(graph.tail[edge]) == near else xy[::-1], dtype=np.float64)


def _joined(
    ways: Ways, tree: Rooted, phase: NDArray[np.int64], chosen: NDArray[np.int64]
) -> list[list[int]]:
    """Return the edges of each span: a span ends where cable branches, a need is, phase or laying change."""
    children = np.zeros(len(tree.edges), dtype=np.int64)
    only = np.full(len(tree.edges), -1, dtype=np.int64)
    for k, parent in enumerate(tree.parent.tolist()):
        if parent >= 0:
            children[parent] += 1
            only[parent] = k
    stops = set(ways.node[chosen].tolist())
    buried = ways.buried[tree.edges]
    found: list[list[int]] = []
    begun = np.zeros(len(tree.edges), dtype=np.bool_)
    for k in range(len(tree.edges)):
        if begun[k]:
            continue
        members = [k]
        begun[k] = True
        while True:
            last = members[-1]
            after = int(only[last])
            if children[last] != 1 or int(tree.far[last]) in stops:
                break
            if phase[after] != phase[last] or buried[after] != buried[last]:
                break
            members.append(after)
            begun[after] = True
        found.append(members)
    return found


def make_bill(
    ways: Ways, tree: Rooted, phase: NDArray[np.int64], spans: gpd.GeoDataFrame, needs: pd.DataFrame,
    chosen: NDArray[np.int64], prices: Prices, phases: int,
) -> pd.DataFrame:
    """Return the bill of quantities by phase; OLTs are counted whole over the phases together.

    Parameters
    ----------
    ways, tree, phase, spans, needs, chosen, prices
        As in `make_spans`; ``needs`` with ``phase splitters ports homes``.
    phases : int
        Number of phases.
    """
    import pandas as pd

    rows: list[tuple[Any, ...]] = []
    lengths = ways.net.graph.length_m[tree.edges] / 1000.0
    money, buried = ways.money[tree.edges], ways.buried[tree.edges]
    classes = ways.road_class[tree.edges].astype(str)
    picked = needs.iloc[chosen]
    ports_before = 0.0
    for n in range(phases):
        mine = phase == n
        for item, side in (("aerial", ~buried), ("buried", buried)):
            for key in sorted(set(classes[mine & side])):
                of = mine & side & (classes == key)
                km, amount = float(lengths[of].sum()), float(money[of].sum())
                rows.append((n, item, key, "km", km, amount / km if km > 0 else math.nan, amount))
        own = spans[spans["phase"] == n]
        for size, km in own.groupby("fibre_count")["km"].sum().items():
            rows.append((n, "cable", f"{size} FO", "km", float(km), math.nan, math.nan))
        here = picked[picked["phase"] == n]
        counts = {
            "point": float(len(here)), "splitter": float(here["splitters"].sum()),
            "port": float(here["ports"].sum()),
        }
        ports = ports_before + counts["port"]
        counts["olt"] = float(math.ceil(ports / PORTS_PER_OLT) - math.ceil(ports_before / PORTS_PER_OLT))
        ports_before = ports
        counts["drop"] = float(np.ceil(here["homes"].to_numpy() * prices["take_up"]).sum())
        rows += [
            (n, item, "", "each", count, prices[item], count * prices[item])
            for item, count in counts.items() if count > 0
        ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(BILL_COLUMNS))


def bill_total(bill: pd.DataFrame) -> float:
    """Return what a bill costs, VND: all but drops, which are paid when homes subscribe."""
    return float(bill[bill["item"] != "drop"]["amount_vnd"].sum())
