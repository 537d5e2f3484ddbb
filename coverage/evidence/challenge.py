"""Where a claim of coverage should be asked about: measured and not found, or never measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from phusong.coverage.criterion import technology_of
from phusong.coverage.prediction import Prediction
from phusong.coverage.result import ANY
from phusong.layers.grid import FloatArray
from phusong.layers.inventory import Layers

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

NOT_FOUND, UNMEASURED, UNCLAIMED = "claimed-not-measured", "claimed-unmeasured", "measured-not-claimed"
CHALLENGE_COLUMNS = (
    "kind", "service", "operator", "records", "share", "rsrp_dbm", "predicted_dbm", "shortfall_db", "people",
    "commune_code", "commune_name", "place_id", "place_name", "place_m", "lon", "lat", "x_m", "y_m",
)
"""``kind``: see the module's three names. ``records`` thinned samples of which ``share`` contradict the map;
medians ``rsrp_dbm`` (silence as NaN) and ``predicted_dbm``; ``shortfall_db`` what the median lacks of the
threshold; ``people`` of the squares where samples contradict, or of the place; the nearest place and its
distance. Sorted by kind, then people, most first."""

JOIN_M = 400.0
"""Samples no farther apart belong to one place."""
LEAST_RECORDS = 3
FAR_M = 1000.0
"""A place is unmeasured where no sample lies this near."""


def challenges(
    layers: Layers, pairs: pd.DataFrame, predictions: dict[str, Prediction], samples: gpd.GeoDataFrame
) -> pd.DataFrame:
    """Return the places to ask about, one row each.

    Samples that contradict the map are gathered where they lie within `JOIN_M` of each other; a gathering
    of `LEAST_RECORDS` or more, of which half or more contradict among all samples near, is a row. Places
    (villages and others) that the map covers for an operator and technology that was measured, without any
    sample within `FAR_M`, are rows of their own.

    Parameters
    ----------
    layers : Layers
    pairs : DataFrame
        Thinned, without regard to cells.
    predictions : mapping of service to Prediction
    samples : GeoDataFrame
        All that were read.
    """
    import pandas as pd

    rows: list[dict[str, object]] = []
    for _, own in pairs.groupby(["service", "operator"], sort=True):
        for kind, wrong in (
            (NOT_FOUND, own["claimed"] & ~own["measured"]), (UNCLAIMED, ~own["claimed"] & own["measured"]),
        ):
            rows += _gathered(layers, own.reset_index(drop=True), wrong.to_numpy(), kind)
    rows += _unmeasured(layers, pairs, predictions, samples)
    frame = pd.DataFrame(rows, columns=list(CHALLENGE_COLUMNS))
    order = {NOT_FOUND: 0, UNCLAIMED: 1, UNMEASURED: 2}
    rank = frame["kind"].map(order)
    frame = frame.assign(_rank=rank, _people=-frame["people"].astype(float).fillna(0.0))
    keys = ["_rank", "_people", "service", "operator", "x_m", "y_m"]
    return frame.sort_values(keys, kind="stable").drop(columns=["_rank", "_people"]).reset_index(drop=True)


def _gathered(
    layers: Layers, own: pd.DataFrame, wrong: NDArray[np.bool_], kind: str
) -> list[dict[str, object]]:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    at = np.flatnonzero(wrong)
    if len(at) < LEAST_RECORDS:
        return []
    xy = own[["x_m", "y_m"]].to_numpy(np.float64)
    near = cKDTree(xy[at]).query_pairs(JOIN_M, output_type="ndarray")
    links = coo_array((np.ones(len(near)), (near[:, 0], near[:, 1])), shape=(len(at), len(at)))
    label = connected_components(links, directed=False)[1]
    everyone = cKDTree(xy)
    found = []
    for k in range(int(label.max()) + 1):
        members = at[label == k]
        if len(members) < LEAST_RECORDS:
            continue
        around = np.unique(np.concatenate(everyone.query_ball_point(xy[members], JOIN_M / 2.0)))
        share = float(wrong[around.astype(np.int64)].mean())
        if share >= 0.5:
            found.append(_row(layers, own.iloc[members], kind, share, xy[members]))
    return found


def _row(layers: Layers, own: pd.DataFrame, kind: str, share: float, xy: FloatArray) -> dict[str, object]:
    level = np.where(own["heard"], own["rsrp_dbm"], -np.inf)
    middle = float(np.median(level))
    service = layers.project.services[str(own["service"].iloc[0])]
    limit = float(getattr(service, "threshold_dbm", -110.0))
    centre = xy[np.argmin(((xy - xy.mean(axis=0)) ** 2).sum(axis=1))]
    row, col = layers.grid.index(xy[:, 0], xy[:, 1])
    cells = np.unique(np.column_stack([row, col]), axis=0)
    inside = layers.grid.holds(cells[:, 0], cells[:, 1])
    people = float(layers.population.people.values[cells[inside, 0], cells[inside, 1]].sum())
    codes = own["commune_code"].astype(str)
    return {
        "kind": kind, "service": own["service"].iloc[0], "operator": own["operator"].iloc[0],
        "records": len(own), "share": share, "rsrp_dbm": middle if np.isfinite(middle) else np.nan,
        "predicted_dbm": float(np.nanmedian(own["predicted_dbm"])) if own["predicted_dbm"].notna().any()
        else np.nan,
        "shortfall_db": limit - middle if np.isfinite(middle) else np.nan, "people": people,
        **_named(layers, codes.mode().iloc[0], centre), "x_m": centre[0], "y_m": centre[1],
    }  # fmt: skip


def _commune_names(layers: Layers) -> dict[str, str]:
    communes = layers.communes
    return dict(zip(communes["commune_code"].astype(str), communes["commune_name"].astype(str), strict=True))


def _named(layers: Layers, code: str, at: FloatArray) -> dict[str, object]:
    """Return commune and nearest place of a point, with its longitude and latitude."""
    from pyproj import Transformer

    names = _commune_names(layers)
    lon, lat = Transformer.from_crs(layers.grid.crs, 4326, always_xy=True).transform(at[0], at[1])
    best: tuple[float, str, str] = (np.inf, "", "")
    for places in layers.places.values():
        away = np.hypot(places.geometry.x.to_numpy() - at[0], places.geometry.y.to_numpy() - at[1])
        if len(away) and np.nanmin(away) < best[0]:
            n = int(np.nanargmin(away))
            best = (float(away[n]), str(places["place_id"].iloc[n]), str(places["name"].iloc[n]))
    return {
        "commune_code": code, "commune_name": str(names.get(code, "")), "place_id": best[1],
        "place_name": best[2], "place_m": best[0] if np.isfinite(best[0]) else np.nan,
        "lon": float(lon), "lat": float(lat),
    }


def _unmeasured(
    layers: Layers, pairs: pd.DataFrame, predictions: dict[str, Prediction], samples: gpd.GeoDataFrame
) -> list[dict[str, object]]:
    names = _commune_names(layers)
    found: list[dict[str, object]] = []
    for service, operator in sorted(set(zip(pairs["service"], pairs["operator"], strict=True))):
        technology = technology_of(service, layers.project.services[service])
        mine = samples["technology"].isin([technology, ""])
        if operator != ANY:
            mine &= samples["operator"] == operator
        tree = cKDTree(np.column_stack([samples.geometry.x[mine], samples.geometry.y[mine]]))
        reach = predictions[service].of(operator)
        for places in layers.places.values():
            x, y = places.geometry.x.to_numpy(), places.geometry.y.to_numpy()
            here = np.isfinite(x) & np.isfinite(y) & reach.covered.at(x, y, False)
            away = np.full(len(x), np.inf)
            if mine.any() and here.any():
                away[here] = tree.query(np.column_stack([x[here], y[here]]))[0]
            signal = reach.signal.at(x, y, np.nan) if reach.unit == "dBm" else np.full(len(x), np.nan)
            people = _people_of(places)
            for n in np.flatnonzero(here & (away > FAR_M)):
                place = places.iloc[n]
                code = str(place["commune_code"])
                found.append(
                    {
                        "kind": UNMEASURED, "service": service, "operator": operator, "records": 0,
                        "share": np.nan, "rsrp_dbm": np.nan, "predicted_dbm": float(signal[n]),
                        "shortfall_db": np.nan, "people": people[n], "commune_code": code,
                        "commune_name": str(names.get(code, "")), "place_id": str(place["place_id"]),
                        "place_name": str(place["name"]), "place_m": 0.0, "lon": float(place["lon"]),
                        "lat": float(place["lat"]), "x_m": x[n], "y_m": y[n],
                    }
                )
    return found


def _people_of(places: gpd.GeoDataFrame) -> FloatArray:
    """Return the people that a layer of places gives, else NaN: a grid's cell is no village."""
    import pandas as pd

    if "population" not in places:
        return np.full(len(places), np.nan)
    return np.asarray(pd.to_numeric(places["population"], errors="coerce").to_numpy(np.float64))
