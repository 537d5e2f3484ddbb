"""Small made-up networks, and slow ways to the same answers."""

from __future__ import annotations

from itertools import pairwise

import geopandas as gpd
import networkx as nx
import numpy as np
import shapely
from pyproj import CRS

UTM = CRS.from_epsg(32649)


def roads_of(*lines: list[tuple[float, float]], kinds: list[str] | None = None) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"road_id": range(len(lines)), "class": kinds or [""] * len(lines)},
        geometry=[shapely.LineString(line) for line in lines], crs=UTM,
    )  # fmt: skip


def routes_of(*lines: list[tuple[float, float]], operator: str = "V", status: str = "operational"):
    return gpd.GeoDataFrame(
        {"id": [f"R{n}" for n in range(len(lines))], "operator": operator, "status": status},
        geometry=[shapely.LineString(line) for line in lines], crs=UTM,
    )  # fmt: skip


def nodes_of(*rows: tuple[float, float, str, str]) -> gpd.GeoDataFrame:
    """``x y kind operator``."""
    return gpd.GeoDataFrame(
        {
            "id": [f"N{n}" for n in range(len(rows))], "kind": [r[2] for r in rows],
            "operator": [r[3] for r in rows], "status": "operational",
        },
        geometry=[shapely.Point(r[:2]) for r in rows], crs=UTM,
    )  # fmt: skip


def lattice(seed: int, side: int = 5, step: float = 400.0) -> list[list[tuple[float, float]]]:
    """Crooked streets between the points of a lattice, some of them missing."""
    rng = np.random.default_rng(seed)
    at = {
        (i, j): np.array([i, j]) * step + rng.uniform(-120, 120, 2) for i in range(side) for j in range(side)
    }
    lines = []
    for (i, j), a in at.items():
        for other in ((i + 1, j), (i, j + 1)):
            if other in at and rng.random() < 0.8:
                b = at[other]
                lines.append([tuple(a), tuple(0.5 * (a + b) + rng.normal(0, 40, 2)), tuple(b)])
    return lines


def pieces_graph(lines: list[shapely.LineString], step: float) -> nx.Graph:
    """Every line cut into pieces of ``step`` at most, for networkx to measure along."""
    graph = nx.Graph()
    for line in lines:
        for p, q in pairwise(line.coords):
            n = max(int(np.ceil(np.hypot(q[0] - p[0], q[1] - p[1]) / step)), 1)
            points = [tuple(np.round(np.add(p, np.subtract(q, p) * k / n), 6).tolist()) for k in range(n + 1)]
            for a, b in pairwise(points):
                graph.add_edge(a, b, weight=float(np.hypot(b[0] - a[0], b[1] - a[1])))
    return graph
