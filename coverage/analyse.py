"""The whole analysis of a province: layers in, result out."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.definitions import definition_table
from phusong.coverage.fibre.reported import beyond_reach_faults
from phusong.coverage.gaps import find_gaps
from phusong.coverage.indicators import indicator_table
from phusong.coverage.result import ANY, PLACE_COLUMNS, PeopleAccount, Reach, Result
from phusong.coverage.settlements import Settlements, find_settlements, settlement_table
from phusong.coverage.spreading import effect_of_spreading
from phusong.coverage.store import Store
from phusong.coverage.villages import village_table
from phusong.coverage.zonal import CommuneShares, share_communes
from phusong.data.language import Text
from phusong.layers.faults import Fault
from phusong.layers.inventory import Layers
from phusong.layers.keeping import computed
from phusong.layers.project.schema import FibreService, Project

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from phusong.coverage.fibre.assessment import FibreAssessment

log = logging.getLogger(__name__)

Progress = Callable[[Text, float], None]
"""``progress(stage, share)``: called often, with the share of the stage that is done, 0 to 1."""

Known = Callable[[Layers, str], "tuple[tuple[Reach, ...], tuple[Fault, ...]] | None"]
"""``known(layers, service)``: its reaches and warnings where they need no prediction, else None."""

READING = Text("Đọc và kiểm tra dữ liệu", "Reading and checking")
SHARING = Text("Chia dân số theo xã", "Sharing people among communes")
REACHING = Text("Tính vùng phủ {service}", "Predicting {service}")
COUNTING = Text("Tính chỉ tiêu", "Computing indicators")
DRAWING = Text("Ước lượng độ tin cậy", "Drawing what is not known")
GAPPING = Text("Tìm vùng lõm", "Finding gaps")


def analyse(
    project: Project,
    *,
    workers: int = 0,
    progress: Progress | None = None,
    store: Store | None = None,
) -> Result:
    """Read a project and answer who is covered, who is not and why.

    Parameters
    ----------
    project : Project
    workers : int
        Threads of the prediction; 0 = one per core. The result does not depend on it.
    progress : callable, optional
    store : Store, optional
        Where what takes long is kept between runs, by all that it depends on; the result does not
        depend on it.

    Returns
    -------
    Result

    Raises
    ------
    InputError
        With every fault of every layer, if one of them is an error.
    """
    from phusong.layers.read import read_layers

    seconds: dict[str, float] = {}
    with _timed("read", READING, seconds, progress):
        layers = read_layers(project, keep=store.kept if store is not None else computed)
    return analyse_layers(layers, workers=workers, progress=progress, seconds=seconds, store=store)


def analyse_layers(
    layers: Layers,
    *,
    workers: int = 0,
    progress: Progress | None = None,
    seconds: dict[str, float] | None = None,
    shares: CommuneShares | None = None,
    known: Known | None = None,
    store: Store | None = None,
) -> Result:
    """Analyse layers that were read already; see `analyse`.

    ``shares`` may be given where they were made of the same communes and people before; ``known`` may know
    what a service reaches without predicting it: then it must be the same to the bit.
    """
    seconds = {} if seconds is None else seconds
    faults = list(layers.faults)
    with _timed("people", SHARING, seconds, progress):
        shares = shares_of(layers, store) if shares is None else shares
        people = _account(layers, shares)
    heard = layers.with_neighbours()
    reaches: dict[tuple[str, str], Reach] = {}
    fibre: dict[str, FibreAssessment] = {}
    for name in layers.project.services:
        with _timed(f"reach {name}", REACHING, seconds, progress, service=name):
            before = known(layers, name) if known is not None else None
            if before is None and (assessed := _along_roads(heard, shares, name, workers)) is not None:
                fibre[name] = assessed
                before = tuple(r.reach for r in assessed.reaches.values()), assessed.faults
            found, warnings = before or _predict(heard, name, workers, progress, store)
            reaches.update({(reach.service, reach.operator): reach for reach in found})
            faults.extend(warnings)
    with _timed("indicators", COUNTING, seconds, progress):
        commune_of_place = {name: _communes_of_places(layers, p) for name, p in layers.places.items()}
        commune_of_station = _commune_at(layers, layers.stations)
        areas = find_settlements(layers.grid, shares, layers.project.settlements)
        of_villages = commune_of_place.get(layers.project.villages.layer, np.empty(0, dtype=np.int64))
        villages = village_table(layers, shares, reaches, of_villages, store)
        indicators = indicator_table(
            layers, shares, reaches, commune_of_place, commune_of_station, areas, villages
        )
        places = _place_table(layers, reaches, commune_of_place)
        settlements = _settlement_table(layers, reaches, areas)
        definitions = definition_table(heard, shares, reaches)
        faults.extend(effect_of_spreading(layers, shares, reaches))
        named = next((s.path for s in layers.sources if s.layer == "households"), "")
        faults.extend(beyond_reach_faults(indicators, named))
    ranges = None
    if layers.project.uncertainty is not None:
        from phusong.coverage.evidence.uncertainty import uncertainty_of, with_ranges

        with _timed("uncertainty", DRAWING, seconds, progress):
            found_ranges = uncertainty_of(
                layers, shares, reaches, commune_of_place, layers.project.uncertainty, areas=areas,
                villages=villages, workers=workers,
            )  # fmt: skip
            indicators, ranges = with_ranges(indicators, found_ranges)
    with _timed("gaps", GAPPING, seconds, progress):
        gaps = find_gaps(heard, shares, reaches, store=store)
    return Result(
        layers, reaches, indicators, gaps.table, places, people, gaps.scattered, tuple(faults), seconds,
        villages=villages, settlements=settlements, definitions=definitions, uncertainty=ranges,
        fibre=fibre or None,
    )


def _along_roads(
    layers: Layers, shares: CommuneShares, name: str, workers: int
) -> FibreAssessment | None:
    """Assess a fibre service that reaches along roads; None for all others."""
    service = layers.project.services[name]
    if not isinstance(service, FibreService) or service.reach != "roads":
        return None
    from phusong.coverage.fibre.assessment import assess_fibre

    return assess_fibre(layers, shares, name, service, workers=workers)


def shares_of(layers: Layers, store: Store | None = None) -> CommuneShares:
    """Return how the cells of the grid and their people are shared among the communes.

    With a ``store``, the parts of cells are kept there.
    """
    return share_communes(
        layers.communes,
        layers.population.people,
        overlaps=layers.topology.overlaps,
        holes=layers.topology.holes,
        official=_official(layers),
        store=store,
    )


@contextmanager
def _timed(
    name: str, stage: Text, seconds: dict[str, float], progress: Progress | None, **values: str
) -> Iterator[None]:
    shown = Text(stage.vi.format(**values), stage.en.format(**values))
    if progress:
        progress(shown, 0.0)
    start = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - start
    log.info("%s: %.2f s", name, seconds[name])
    if progress:
        progress(shown, 1.0)


def _official(layers: Layers) -> dict[str, float] | None:
    if layers.project.layers.population.scale != "official":
        return None
    return dict(zip(layers.communes["commune_code"], layers.communes["population"], strict=True))


def _account(layers: Layers, shares: CommuneShares) -> PeopleAccount:
    population = layers.population
    on_grid = float(population.people.values.sum())
    inside = float(shares.cell_people.sum())
    return PeopleAccount(
        total=population.total,
        inside=inside,
        outside=on_grid - shares.raster_inside + population.beyond_grid,
        in_overlaps=shares.in_overlaps,
        in_holes=shares.in_holes,
        scaled=layers.project.layers.population.scale == "official",
        raster_inside=shares.raster_inside,
    )


def _predict(
    layers: Layers, name: str, workers: int, progress: Progress | None, store: Store | None = None
) -> tuple[tuple[Reach, ...], tuple[Fault, ...]]:
    service = layers.project.services[name]
    if isinstance(service, FibreService):
        from phusong.coverage.fibre.reach import predict_fibre

        return tuple(predict_fibre(layers, name, service)), ()
    from phusong.coverage.radio.predict import predict_service

    stage = Text(REACHING.vi.format(service=name), REACHING.en.format(service=name))
    shown = None if progress is None else lambda share: progress(stage, share)
    prediction = predict_service(
        layers, name, service, workers=workers, progress=shown, store=store
    )
    return tuple(prediction.reaches), tuple(prediction.faults)


def _commune_at(layers: Layers, points: gpd.GeoDataFrame) -> NDArray[np.int64]:
    """Return the position of the commune that holds each point (the first of several), -1 for none."""
    found = np.full(len(points), -1, dtype=np.int64)
    # Asked from the communes: shapely prepares the shape that asks, and a commune has many corners.
    commune, point = points.sindex.query(layers.communes.geometry, predicate="intersects")
    order = np.lexsort((-commune, point))
    found[point[order]] = commune[order]
    return found


def _communes_of_places(layers: Layers, places: gpd.GeoDataFrame) -> NDArray[np.int64]:
    """Return the declared commune of each place, or the one that holds it where none is declared."""
    position = {code: n for n, code in enumerate(layers.communes["commune_code"])}
    declared = np.array([position.get(code, -1) for code in places["commune_code"]], dtype=np.int64)
    return np.where(declared >= 0, declared, _commune_at(layers, places))


def _settlement_table(
    layers: Layers, reaches: dict[tuple[str, str], Reach], areas: Settlements
) -> pd.DataFrame:
    covered = {k: reach.covered for k, reach in reaches.items() if k[1] == ANY}
    communes = layers.communes
    names = [str(name) for name in communes["commune_name"]]
    return settlement_table(layers.grid, areas, covered, communes["commune_code"].tolist(), names)


def _place_table(
    layers: Layers,
    reaches: dict[tuple[str, str], Reach],
    commune_of_place: dict[str, NDArray[np.int64]],
) -> pd.DataFrame:
    import pandas as pd

    blocks = []
    codes = np.append(layers.communes["commune_code"].to_numpy(dtype=object), "")
    names = np.append(layers.communes["commune_name"].to_numpy(dtype=object), "")
    for layer, places in layers.places.items():
        x, y = places.geometry.x.to_numpy(), places.geometry.y.to_numpy()
        commune = commune_of_place[layer]
        for (service, operator), reach in reaches.items():
            block = pd.DataFrame(
                {
                    "layer": layer,
                    "place_id": places["place_id"].to_numpy(dtype=object),
                    "name": places["name"].to_numpy(dtype=object),
                    "commune_code": codes[commune],
                    "commune_name": names[commune],
                    "lon": places["lon"].to_numpy(np.float64),
                    "lat": places["lat"].to_numpy(np.float64),
                    "service": service,
                    "operator": operator,
                    "served": reach.covered.at(x, y, False),
                    "signal": reach.signal.at(x, y, np.nan),
                }
            )
            blocks.append(block)
    if not blocks:
        return pd.DataFrame({column: [] for column in PLACE_COLUMNS})
    return pd.concat(blocks, ignore_index=True)[list(PLACE_COLUMNS)]
