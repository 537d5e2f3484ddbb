"""Everything that the map page draws, as one compact structure for its script."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from phusong.coverage.criterion import technology_of
from phusong.coverage.result import ANY, Result
from phusong.data.language import Language, format_number
from phusong.layers.project.schema import FibreService
from phusong.maps import colours
from phusong.maps.figures import Figures, layer_label, operator_label
from phusong.maps.geometry import pack_lines, pack_polygons, simplify_coverage, to_degrees
from phusong.maps.overlay import (
    hillshade_overlay,
    land_mask,
    mercator_frame,
    signal_breaks,
    signal_overlay,
)
from phusong.maps.page_words import MAP_WORDS, words
from phusong.maps.safe import shorten
from phusong.maps.words import cause_sentence

if TYPE_CHECKING:
    import geopandas as gpd

    from phusong.coverage.store import Store

OUTLINE_M = 60.0
LINE_M = 60.0
MAX_GAPS = 300
"""Gaps of a service on the page; all of them are in ``gaps.gpkg``."""
NAME_LENGTH = 120


def map_data(result: Result, lang: Language, store: Store | None = None) -> dict[str, Any]:
    """Return what the script draws: see ``assets/map.js``.

    Pairs of service and operator are written ``service|operator`` by position; coordinates are packed
    by `phusong.maps.geometry.pack`. With a ``store``, images are kept there between runs.
    """
    figures = Figures(result)
    layers = result.layers
    return {
        "lang": lang,
        "marks": [",", "."] if lang == "vi" else [".", ","],
        "words": words(MAP_WORDS, lang),
        "province": {
            "name": layers.project.province.name,
            "asOf": figures.as_of(lang),
            "bounds": _bounds(layers.communes),
        },
        "public": result.public,
        "services": [_service(figures, name, lang) for name in figures.services],
        "operators": [operator_label(o, lang) for o in figures.operators],
        "breaks": colours.PERCENT_BREAKS,
        "colours": {
            "percent": [colours.css(c) for c in colours.PERCENT_COLOURS],
            "signal": [colours.css(c) for c in colours.SIGNAL_COLOURS],
            "weak": colours.css(colours.WEAK_COLOUR),
            "missing": colours.css(colours.MISSING_COLOUR),
        },
        "communes": _communes(layers.communes),
        "figures": _figures(figures, lang),
        "places": _places(figures, lang),
        "sites": _sites(figures),
        "fibre": _fibre(result),
        "roads": _lines(layers.roads),
        "zones": _zones(result),
        **_images(figures, store),
        "gaps": _gaps(figures, lang),
        "scattered": {k: round(v, 1) for k, v in result.scattered.items()},
    }


def _bounds(communes: gpd.GeoDataFrame) -> list[float]:
    west, south, east, north = communes.to_crs(4326).total_bounds
    return [round(float(v), 5) for v in (south, west, north, east)]


def _service(figures: Figures, name: str, lang: Language) -> dict[str, Any]:
    reach = figures.result.reaches[name, ANY]
    edge = figures.criterion_value(name)
    breaks = signal_breaks(reach, edge)
    unit = "dBm" if reach.unit == "dBm" else "m"

    def number(value: float) -> str:
        """Return a number as it is written."""
        return format_number(value, lang)

    if unit == "dBm":
        lows = (edge, *breaks)
        legend = [f"{number(a)} … {number(b)} dBm" for a, b in pairwise(lows)]
        legend.append(f"≥ {number(lows[-1])} dBm")
    else:
        highs = (edge, *breaks, 0.0)
        legend = [f"{number(b)} – {number(a)} m" for a, b in pairwise(highs)]
    service = figures.service(name)
    return {
        "id": name,
        "label": figures.label(name, lang),
        "criterion": figures.criterion(name, lang),
        "unit": unit,
        "legend": legend,
        "technology": "" if isinstance(service, FibreService) else technology_of(name, service),
    }


def _communes(communes: gpd.GeoDataFrame) -> dict[str, Any]:
    simple = simplify_coverage(communes, OUTLINE_M).to_crs(4326)
    return {
        "code": [str(c) for c in communes["commune_code"]],
        "name": [shorten(str(n), NAME_LENGTH) for n in communes["commune_name"]],
        "shape": [pack_polygons(g) for g in simple.geometry],
    }


def _pair(figures: Figures, service: str, operator: str) -> str:
    return f"{figures.services.index(service)}|{figures.operators.index(operator)}"


def _number(value: float) -> float | int:
    value = round(float(value), 2)
    return int(value) if value.is_integer() else value


def _figures(figures: Figures, lang: Language) -> list[dict[str, Any]]:
    """Return numerators and denominators per indicator and pair; the province comes first."""
    blocks = []
    wanted = (
        "population",
        "area",
        *figures.indicators("places:"),
        *figures.indicators("zones:"),
        "households",
        "communes",
    )
    for indicator in wanted:
        numerators: dict[str, list[float | int]] = {}
        totals: list[float | int] = []
        for service in figures.services:
            for operator in figures.operators:
                rows = [
                    figures.province(service, indicator, operator),
                    *(figures.commune(c, service, indicator, operator) for c in figures.codes),
                ]
                if rows[0] is None:
                    continue
                numerators[_pair(figures, service, operator)] = [
                    _number(r.numerator) if r else 0 for r in rows
                ]
                totals = totals or [_number(r.denominator) if r else 0 for r in rows]
        if numerators:
            label = layer_label(indicator, lang) if ":" in indicator else ""
            blocks.append({"id": indicator, "label": label, "n": numerators, "of": totals})
    return blocks


def _places(figures: Figures, lang: Language) -> list[dict[str, Any]]:
    table = figures.result.places
    row_of = {code: k for k, code in enumerate(figures.codes)}
    found = []
    for layer in dict.fromkeys(table["layer"]):
        mine = table[table["layer"] == layer]
        served = {
            _pair(figures, str(s), str(o)): "".join("1" if v else "0" for v in part["served"])
            for (s, o), part in mine.groupby(["service", "operator"], sort=False)
        }
        one = mine[(mine["service"] == figures.services[0]) & (mine["operator"] == ANY)]
        found.append(
            {
                "layer": layer,
                "label": layer_label(f"places:{layer}", lang),
                "name": [shorten(str(n), NAME_LENGTH) for n in one["name"]],
                "commune": [row_of.get(str(c), -1) for c in one["commune_code"]],
                "at": pack_points(one[["lon", "lat"]].to_numpy(np.float64)),
                "served": served,
            }
        )
    return found


def pack_points(lonlat: np.ndarray[Any, np.dtype[np.float64]]) -> list[int]:
    """Pack points as `pack` does, but keep repeated ones, so that positions match other lists."""
    points = np.rint(lonlat * 1e5).astype(np.int64)
    return [int(v) for v in np.diff(points, axis=0, prepend=np.zeros((1, 2), dtype=np.int64)).ravel()]


def _sites(figures: Figures) -> dict[str, Any]:
    stations = figures.result.layers.stations
    counted = stations.groupby(["site_id", "operator", "technology"], sort=True).size()
    combos: dict[str, list[tuple[str, str, int]]] = {}
    for (site, operator, technology), cells in counted.items():
        combos.setdefault(str(site), []).append((str(operator), str(technology), int(cells)))
    first = stations.drop_duplicates("site_id")
    known: dict[tuple[tuple[str, str, int], ...], int] = {}
    index = [known.setdefault(tuple(combos.get(str(s), [])), len(known)) for s in first["site_id"]]
    height = first["antenna_height_m"].to_numpy(np.float64)
    return {
        "id": [shorten(str(s), 60) for s in first["site_id"]],
        "at": pack_points(first[["lon", "lat"]].to_numpy(np.float64)),
        "kind": index,
        "kinds": [list(k) for k in known],
        "height": [round(h) if np.isfinite(h) else 0 for h in height],
    }


def _lines(frame: gpd.GeoDataFrame | None) -> list[Any]:
    if frame is None or not len(frame):
        return []
    return [line for lines in pack_lines(frame.geometry, frame.crs, LINE_M, 200.0) for line in lines]


def _fibre(result: Result) -> dict[str, Any]:
    routes, nodes = result.layers.fibre_routes, result.layers.fibre_nodes
    found: dict[str, Any] = {"routes": [], "nodes": []}
    if routes is not None and len(routes):
        lines = pack_lines(routes.geometry, routes.crs, LINE_M / 2)
        for packed, operator, status in zip(lines, routes["operator"], routes["status"], strict=True):
            if packed:
                found["routes"].append([_word(operator), _live(status), packed])
    if nodes is not None and len(nodes):
        points = shapely.get_coordinates(shapely.centroid(nodes.geometry.to_numpy()))
        lonlat = to_degrees(nodes.crs)(points)
        found["nodes"] = [
            [round(float(x), 5), round(float(y), 5), _word(operator), _word(kind)]
            for (x, y), operator, kind in zip(lonlat, nodes["operator"], nodes["kind"], strict=True)
        ]
    return found


def _word(value: object) -> str:
    return shorten(value, 60) if isinstance(value, str) else ""


def _live(status: object) -> int:
    return 1 if not isinstance(status, str) or not status or status.casefold() == "operational" else 0


def _zones(result: Result) -> list[Any]:
    return [
        [shorten(str(name), NAME_LENGTH), pack_polygons(shape)]
        for zones in result.layers.zones.values()
        for name, shape in zip(zones["name"], zones.geometry.simplify(20.0).to_crs(4326), strict=True)
    ]


def _images(figures: Figures, store: Store | None) -> dict[str, Any]:
    layers = figures.result.layers
    frame, land = mercator_frame(layers.grid), land_mask(layers.grid, layers.communes)
    drawn = {
        _pair(figures, service, operator): signal_overlay(
            reach,
            frame,
            land=land,
            people=layers.population.people,
            min_people_per_km2=layers.project.gaps.min_people_per_km2,
            criterion_value=figures.criterion_value(service),
            store=store,
        ).uri
        for (service, operator), reach in figures.result.reaches.items()
        if not (figures.result.public and np.isnan(reach.signal.values).all())
    }
    relief = None
    if layers.terrain is not None:
        water = _water(figures.result)
        relief = hillshade_overlay(layers.terrain, frame, land=land, water=water, store=store).uri
    return {"overlays": drawn, "relief": relief, "frame": [round(v, 6) for v in frame.bounds]}


def _water(result: Result) -> np.ndarray[Any, np.dtype[np.bool_]] | None:
    if result.layers.clutter is None:
        return None
    from phusong.layers.rasters.clutter import CLASSES

    return np.asarray(result.layers.clutter.values == CLASSES["water"])


def _gaps(figures: Figures, lang: Language) -> list[dict[str, Any]]:
    gaps = figures.result.gaps
    row_of = {code: k for k, code in enumerate(figures.codes)}
    tolerance = 0.8 * figures.result.layers.grid.cell_m / 111_320.0
    found = []
    for service in figures.services:
        mine = gaps[gaps["service"] == service].sort_values("rank")
        shown = mine.head(MAX_GAPS)
        rows = []
        for gap, shape in zip(shown.itertuples(index=False), shown.geometry.simplify(tolerance), strict=True):
            rows.append(
                [
                    figures.operators.index(str(gap.operator)),
                    int(gap.rank),
                    _number(gap.people),
                    _number(gap.area_km2),
                    [row_of[c] for c in str(gap.commune_codes).split("; ") if c in row_of],
                    round(float(gap.lon), 5),
                    round(float(gap.lat), 5),
                    cause_sentence(gap._asdict(), lang),
                    _word(gap.nearest_site_id),
                    _metres(gap.nearest_site_m),
                    _metres(gap.nearest_fibre_m),
                    shorten(str(gap.places), 300),
                    pack_polygons(shape),
                ]
            )
        found.append({"total": len(mine), "rows": rows})
    return found


def _metres(value: float) -> int | None:
    return round(float(value)) if np.isfinite(value) else None
