"""Places and stations that changed between two runs, and which differences of the inputs can be why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.evidence.history import Run
from phusong.data.names import fold

if TYPE_CHECKING:
    import pandas as pd

PLACE_CHANGES = (
    "layer", "place_id", "name", "commune_code", "commune_name", "lon", "lat", "service", "operator",
    "change", "served_before", "served_after", "moved_m", "causes", "station", "station_change", "station_m",
)  # fmt: skip
"""``change``: ``gained``, ``lost``, ``moved`` (service ``""``: the answer stayed), ``added``,
``removed``; ``causes`` joined by ``; ``: differences of the inputs that could be why, never more than that:
``place moved``, ``stations``, ``criterion``, ``fibre``, ``model inputs``, ``program``; ``station`` is the
changed one nearest to the place that may have done it, ``station_change`` what happened to it."""

STATION_CHANGES = (
    "change", "site_id", "cell_id", "operator", "technology", "lon", "lat", "commune_code", "what", "moved_m"
)
_LOOKED_AT = (
    "operator", "technology", "frequency_mhz", "antenna_height_m", "azimuth_deg", "tilt_deg", "beamwidth_deg",
    "eirp_dbm", "bandwidth_mhz",
)  # fmt: skip
_MOVED_M = 1.0
_SAME_PLACE_M = 300.0
"""A place whose id changed is the same where name and layer agree and it lies nearer than this."""
_MODEL_LAYERS = ("terrain", "clutter", "calibration")
_CIRCLE_SLACK_M = 500.0


class _Layer(Protocol):
    @property
    def layer(self) -> str: ...
    @property
    def status(self) -> str: ...


def distance_m(
    lon0: NDArray[np.float64], lat0: NDArray[np.float64], lon1: NDArray[np.float64], lat1: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return distances on the ellipsoid of WGS 84 in metres, element by element."""
    from pyproj import Geod

    if not len(lon0):
        return np.empty(0)
    return np.asarray(Geod(ellps="WGS84").inv(lon0, lat0, lon1, lat1)[2], dtype=np.float64)


def _numbers(frame: pd.DataFrame, column: str) -> NDArray[np.float64]:
    import pandas as pd

    return np.asarray(pd.to_numeric(frame[column], errors="coerce"), dtype=np.float64)


def change_of_stations(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Return the cells that came, went or changed.

    Cells are told by their id, and by site, technology, operator and bearing where they have none or share
    it. ``what`` names the columns that differ; ``position`` where it moved by more than a metre.
    """
    import pandas as pd

    frames = [f.set_index(pd.Index(_cell_keys(f), name="key")) for f in (before, after)]
    old, new = frames
    gone, come = old[~old.index.isin(new.index)], new[~new.index.isin(old.index)]
    shared = old.index[old.index.isin(new.index)]
    a, b = old.loc[shared], new.loc[shared]
    moved = distance_m(_numbers(a, "lon"), _numbers(a, "lat"), _numbers(b, "lon"), _numbers(b, "lat"))
    differs = {"position": moved > _MOVED_M}
    for column in _LOOKED_AT:
        if column in a and column in b:
            differs[column] = np.asarray(a[column].to_numpy() != b[column].to_numpy(), dtype=bool)
    names = list(differs)
    table = np.zeros((0, len(names)), dtype=bool)
    if len(shared):
        table = np.column_stack(list(differs.values()))
    changed = table.any(axis=1)
    what = ["; ".join(n for n, d in zip(names, row, strict=True) if d) for row in table[changed].tolist()]
    far = np.where(moved > _MOVED_M, moved, np.nan)
    parts = [
        come.assign(change="added", what="", moved_m=np.nan),
        gone.assign(change="removed", what="", moved_m=np.nan),
        b[changed].assign(change="changed", what=what, moved_m=far[changed]),
    ]
    found = pd.concat(parts, ignore_index=True)
    own: pd.DataFrame = found[[c for c in STATION_CHANGES if c in found]]
    return own


def _cell_keys(frame: pd.DataFrame) -> list[str]:
    ids = frame["cell_id"].tolist() if "cell_id" in frame else [""] * len(frame)
    names = [c for c in ("site_id", "technology", "operator", "azimuth_deg", "frequency_mhz") if c in frame]
    rest = list(zip(*(frame[c].tolist() for c in names), strict=True))
    count: dict[str, int] = {}
    for i in ids:
        count[i] = count.get(i, 0) + 1
    keys: list[str] = []
    seen: dict[tuple[str, ...], int] = {}
    for i, other in zip(ids, rest, strict=True):
        key = (i,) if i and count[i] == 1 else ("", i, *other)
        number = seen[key] = seen.get(key, 0) + 1
        keys.append("\x1f".join((*key, str(number))))
    return keys


def blame(
    before: Run, after: Run, services: Sequence[str], inputs: Sequence[_Layer], stations: pd.DataFrame | None
) -> pd.DataFrame:
    """Return the places that came, went, moved, gained or lost, with what may be why."""
    import pandas as pd

    if before.places is None or after.places is None:
        return pd.DataFrame(columns=list(PLACE_CHANGES))
    pairs = _match(before.places, after.places)
    rows: list[dict[str, Any]] = list(_unmatched(before.places, after.places, pairs))
    old, new = (_served(p, k) for p, k in ((before.places, 0), (after.places, 1)))
    keys, sides = ["key1", "service", "operator"], ("_before", "_after")
    both = pairs.merge(old, on="key0").merge(new, on=keys, suffixes=sides)
    both = both[both["service"].isin(list(services))]
    ends = [_numbers(both, f"{c}_{side}") for side in ("before", "after") for c in ("lon", "lat")]
    both = both.assign(moved_m=distance_m(*ends))
    turned = both[both["served_before"] != both["served_after"]]
    changed = {i.layer for i in inputs if i.status != "same"}
    for service, operator in dict.fromkeys(zip(turned["service"], turned["operator"], strict=True)):
        mine = turned[(turned["service"] == service) & (turned["operator"] == operator)]
        rows += _turned(mine, before, after, service, operator, changed, stations)
    stayed = both[(both["moved_m"] > _MOVED_M)].drop_duplicates("key1")
    stayed = stayed[~stayed["key1"].isin(set(turned["key1"]))]
    rows += [{**_head(r, "", "", "moved"), "moved_m": r["moved_m"]} for r in stayed.to_dict("records")]
    frame = pd.DataFrame(rows, columns=list(PLACE_CHANGES))
    order = {"lost": 0, "gained": 1, "moved": 2, "removed": 3, "added": 4}
    frame["_order"] = frame["change"].map(order)
    frame["_any"] = (frame["operator"] != "any").astype(int)
    keys = ["_order", "_any", "service", "operator", "layer", "place_id"]
    return frame.sort_values(keys, kind="stable", ignore_index=True)[list(PLACE_CHANGES)]


def _key(frame: pd.DataFrame) -> pd.Series[str]:
    return frame["layer"].astype(str) + "\x1f" + frame["place_id"].astype(str)


def _one_each(places: pd.DataFrame) -> pd.DataFrame:
    return places.assign(key=_key(places)).drop_duplicates("key")


def _match(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Pair places by layer and id, the rest by layer and folded name where both are near each other."""
    import pandas as pd

    old, new = _one_each(before), _one_each(after)
    shared = sorted(set(old["key"]) & set(new["key"]))
    pairs = [(k, k) for k in shared]
    rest_old, rest_new = (f[~f["key"].isin(shared)] for f in (old, new))
    by_name: dict[tuple[str, str], list[Any]] = {}
    for row in rest_new.itertuples():
        by_name.setdefault((str(row.layer), fold(str(row.name))), []).append(row)
    for row in rest_old.itertuples():
        near = by_name.get((str(row.layer), fold(str(row.name))), [])
        if not near:
            continue
        far = distance_m(
            np.full(len(near), float(str(row.lon))), np.full(len(near), float(str(row.lat))),
            np.array([float(n.lon) for n in near]), np.array([float(n.lat) for n in near]),
        )  # fmt: skip
        best = int(far.argmin())
        if far[best] <= _SAME_PLACE_M:
            pairs.append((row.key, near.pop(best).key))
    return pd.DataFrame(pairs, columns=["key0", "key1"])


def _served(places: pd.DataFrame, side: int) -> pd.DataFrame:
    columns = ["service", "operator", "served", "lon", "lat"]
    if side:
        columns += ["layer", "place_id", "name", "commune_code", "commune_name"]
    frame = places[columns].assign(**{f"key{side}": _key(places)})
    return frame.assign(served=frame["served"].astype(str) == "1")


def _unmatched(before: pd.DataFrame, after: pd.DataFrame, pairs: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for places, column, change in ((before, "key0", "removed"), (after, "key1", "added")):
        keyed = places.assign(key=_key(places))
        lone = keyed[~keyed["key"].isin(set(pairs[column]))]
        for _, rows in lone.groupby("key", sort=False):
            mine = rows[(rows["operator"] == "any") & (rows["served"].astype(str) == "1")]
            served = mine["service"].tolist()
            first = rows.iloc[0].to_dict()
            yield {
                **{c: first[c] for c in ("layer", "place_id", "name", "commune_code", "commune_name")},
                "lon": float(first["lon"]), "lat": float(first["lat"]), "service": "; ".join(served),
                "operator": "", "change": change, "causes": "",
            }  # fmt: skip


def _head(row: Mapping[Any, Any], service: str, operator: str, change: str) -> dict[str, Any]:
    return {
        **{c: row[c] for c in ("layer", "place_id", "name", "commune_code", "commune_name")},
        "lon": float(row["lon_after"]), "lat": float(row["lat_after"]), "service": service,
        "operator": operator, "change": change, "causes": "", "station": "", "station_change": "",
    }  # fmt: skip


def _turned(
    rows: pd.DataFrame, before: Run, after: Run, service: str, operator: str, changed: set[str],
    stations: pd.DataFrame | None,
) -> list[dict[str, Any]]:
    """Return the places of one service and operator whose answer turned, with what may be why."""
    of_service = after.services[service]
    fibre = "reach_m" in of_service
    found = []
    for gained in (False, True):
        mine = rows[rows["served_after"] == gained]
        always = _general_causes(before, after, service, changed, gained)
        masts = None if fibre else stations
        near = _nearest_change(mine, service, operator, gained, before, after, masts)
        unknown = not fibre and stations is None and "stations" in changed
        for row, (station, what, far) in zip(mine.to_dict("records"), near, strict=True):
            causes = ["place moved"] if row["moved_m"] > _MOVED_M else []
            causes += ["stations"] if station or unknown else []
            found.append({
                **_head(row, service, operator, "gained" if gained else "lost"),
                "served_before": int(row["served_before"]), "served_after": int(row["served_after"]),
                "moved_m": row["moved_m"] if row["moved_m"] > _MOVED_M else np.nan,
                "causes": "; ".join([*causes, *always]), "station": station, "station_change": what,
                "station_m": far,
            })  # fmt: skip
    return found


def _general_causes(before: Run, after: Run, service: str, changed: set[str], gained: bool) -> list[str]:
    """Return differences that can turn any place this way."""
    fibre = "reach_m" in after.services[service]
    old, new = (run.services[service] for run in (before, after))
    causes = ["criterion"] if gained in _criterion_ways(old, new) else []
    if fibre and changed & {"fibre_routes", "fibre_nodes", "roads", "water", "protected"}:
        causes.append("fibre")
    radio = any(before.parameters.get(k) != after.parameters.get(k) for k in
                ("radio.delta_n", "radio.n0", "radio.sea_zones"))  # fmt: skip
    layers = any(c.split(".")[0].startswith(_MODEL_LAYERS) for c in changed)
    if dict(before.grid) != dict(after.grid) or (not fibre and (layers or radio)):
        causes.append("model inputs")
    if before.program != after.program:
        causes.append("program")
    return causes


_WIDER = ("radius_m", "reach_m", "drop_m", "max_distance_m")
_STRICTER = ("threshold_dbm", "probability", "penetration_db")


def _criterion_ways(old: Mapping[str, Any], new: Mapping[str, Any]) -> set[bool]:
    """Return whether a change of a service's parameters can make places gain (True), lose (False)."""
    ways: set[bool] = set()
    for key in {*old, *new} - {"operators", "criterion"}:
        a, b = old.get(key), new.get(key)
        if a == b:
            continue
        if not isinstance(a, int | float) or not isinstance(b, int | float):
            ways |= {True, False}
        elif key in _WIDER:
            ways.add(b > a)
        elif key in _STRICTER:
            ways.add(b < a)
        else:
            ways |= {True, False}
    return ways


def _nearest_change(
    rows: pd.DataFrame, service: str, operator: str, gained: bool, before: Run, after: Run,
    stations: pd.DataFrame | None,
) -> list[tuple[str, str, float]]:
    """Return the changed cell nearest to each place that can have turned it, what became of it, how far.

    A new one cannot take signal away, nor one that went give it; one that changed may do either. Beyond what
    the service hears at all, none can.
    """
    nothing = ("", "", float("nan"))
    if stations is None or not len(stations) or not len(rows):
        return [nothing] * len(rows)
    technology = str(after.services[service].get("technology") or service)
    fits = (stations["technology"] == technology) & stations["change"].isin(
        ["added" if gained else "removed", "changed"]
    )
    if operator != "any":
        fits &= stations["operator"] == operator
    mine = stations[fits]
    if not len(mine):
        return [nothing] * len(rows)
    from scipy.spatial import cKDTree

    lon, lat = _numbers(mine, "lon"), _numbers(mine, "lat")
    middle = float(np.cos(np.radians(lat.mean())))
    at_lon, at_lat = _numbers(rows, "lon_after"), _numbers(rows, "lat_after")
    tree = cKDTree(np.column_stack([lon * middle, lat]))
    nearest = np.asarray(tree.query(np.column_stack([at_lon * middle, at_lat]))[1])
    far = distance_m(at_lon, at_lat, lon[nearest], lat[nearest])
    reach = max(_reach_m(run.services[service]) for run in (before, after))
    sites, what = mine["site_id"].tolist(), mine["change"].tolist()
    return [
        (str(sites[k]), str(what[k]), float(d)) if d <= reach else nothing
        for k, d in zip(nearest.tolist(), far.tolist(), strict=True)
    ]


def _reach_m(service: Mapping[str, Any]) -> float:
    """Return how far a cell of the service can matter; circles are tested at the centres of cells."""
    return float(service.get("radius_m") or service.get("max_distance_m") or 15000.0) + _CIRCLE_SLACK_M
