"""What provinces say of themselves, as figures: residential areas, villages, key locations, fibre, masts.

================================ ====================================================================
indicator                        numerator over denominator
================================ ====================================================================
``settlements``                  residential areas served over all
``trang``                        villages without signal at the centre over all villages
``lom``                          villages with a cluster left out over those that are not *trắng*
``trang_households`` …           households of these villages over those of all (of all not *trắng*)
``trang_no_power`` …             of these villages, those without grid power
``trang_disadvantaged`` …        of these villages, the disadvantaged ones
``villages_disadvantaged``       disadvantaged villages with signal at the centre over all such villages
``key_locations``                key locations served over those of the registers
``population_urban``, ``_rural`` people covered over people, in urban and in other communes
``population_disadvantaged``     the same in communes that are marked so
``households_urban``, ``_rural`` households with fibre (reported) over households
``households_disadvantaged``     the same in communes that are marked so
``households_reachable``         households within reach of fibre over households
``population_fibre``             people in households with fibre (as reported) over people
``communes_with:<layer>``        communes with at least one place of the layer over communes
``shared_sites``                 masts with two or more operators over masts
================================ ====================================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.criterion import REPORTED, describe
from phusong.coverage.result import ANY, Reach
from phusong.coverage.settlements import Settlements, describe_settlements
from phusong.coverage.tidy import ALL, Figure, as_of, by_commune, fibre_service, inputs_of
from phusong.coverage.villages import LOM, TRANG, describe_lom, describe_trang
from phusong.coverage.zonal import CommuneShares
from phusong.data.language import Text
from phusong.layers.grid import FloatArray
from phusong.layers.inventory import Layers
from phusong.layers.project.schema import FibreService, Project
from phusong.layers.rules import fold
from phusong.layers.tables.flags import read_flags

if TYPE_CHECKING:
    import pandas as pd

REACHABLE_HOMES = Text(
    "ước tính: số hộ của xã nhân tỷ lệ dân số trong tầm kéo cáp quang",
    "estimated: the households of the commune by the share of its people within reach of fibre",
)
PEOPLE_WITH_FIBRE = Text(
    "ước tính: dân số của xã nhân tỷ lệ hộ có cáp quang do doanh nghiệp báo cáo",
    "estimated: the people of the commune by the share of households with fibre, as operators report",
)
LISTED = Text("đếm trong danh sách điểm", "counted in the list of places")
SHARED = Text(
    "đếm trong danh sách trạm: vị trí có từ hai nhà mạng trở lên",
    "counted in the station inventory: sites with two or more operators",
)
_URBAN = ("phuong", "thitran", "urban", "dothi", "thanhthi")
_RURAL = ("xa", "dackhu", "rural", "nongthon")
INDICATORS = (
    "settlements", "trang", "lom", "trang_households", "lom_households", "trang_no_power", "lom_no_power",
    "trang_disadvantaged", "lom_disadvantaged", "villages_disadvantaged", "key_locations",
    "population_urban", "population_rural", "population_disadvantaged", "households_urban",
    "households_rural", "households_disadvantaged", "households_reachable", "population_fibre",
    "shared_sites",
)


def official_figures(
    layers: Layers,
    shares: CommuneShares,
    reaches: Mapping[tuple[str, str], Reach],
    commune_of_place: Mapping[str, NDArray[np.int64]],
    commune_of_station: NDArray[np.int64],
    settlements: Settlements | None,
    villages: pd.DataFrame | None,
) -> Iterator[Figure]:
    """Yield the figures of this module; those whose inputs are missing are left out.

    Parameters are those of `phusong.coverage.indicators.indicator_table`.
    """
    if settlements is not None and len(settlements):
        yield from _settlements(layers, reaches, settlements)
    if villages is not None and len(villages):
        yield from _villages(layers, villages)
    yield from _key_locations(layers, reaches, commune_of_place)
    yield from _communes_with(layers, commune_of_place)
    yield from _split(layers, shares, reaches)
    yield from _fibre(layers, shares, reaches)
    if len(layers.stations):
        yield from _shared(layers, commune_of_station)


def criteria(project: Project) -> list[Text]:
    """Return the criteria of these figures in both languages."""
    found = [REACHABLE_HOMES, PEOPLE_WITH_FIBRE, SHARED, LISTED]
    for service in project.services.values():
        own = describe(service)
        found.append(_settled(project, own))
        found += [describe_trang(own), describe_lom(project.villages, own)]
    return found


def _settled(project: Project, own: Text) -> Text:
    rule = describe_settlements(project.settlements)
    return Text(f"{rule.vi} ({own.vi})", f"{rule.en} ({own.en})")


def _settlements(
    layers: Layers, reaches: Mapping[tuple[str, str], Reach], found: Settlements
) -> Iterator[Figure]:
    n = len(layers.communes)
    total = by_commune(found.commune, np.ones(len(found)), n)
    for (service, operator), reach in reaches.items():
        served = by_commune(found.commune, found.served(reach.covered).astype(np.float64), n)
        criterion = _settled(layers.project, describe(layers.project.services[service])).en
        date = as_of(layers, "population", *inputs_of(layers, service))
        yield Figure(service, operator, "settlements", served, total, "settlements", criterion, date)


def _villages(layers: Layers, table: pd.DataFrame) -> Iterator[Figure]:
    n = len(layers.communes)
    position = {code: k for k, code in enumerate(layers.communes["commune_code"])}
    for (service, operator), mine in table.groupby(["service", "operator"], sort=False):
        commune = np.array([position.get(c, -1) for c in mine["commune_code"]], dtype=np.int64)
        state = mine["state"].to_numpy(dtype=object)
        homes = mine["households"].to_numpy(np.float64)
        power = mine["has_grid_power"].to_numpy(np.float64)
        poor = mine["disadvantaged"].to_numpy(np.float64)
        own = describe(layers.project.services[str(service)])
        date = as_of(layers, f"places.{layers.project.villages.layer}", *inputs_of(layers, str(service)))
        head = (str(service), str(operator))

        def figure(
            name: str, num: FloatArray, den: FloatArray, unit: str, criterion: Text,
            head: tuple[str, str] = head, commune: NDArray[np.int64] = commune, date: object = date,
        ) -> Figure:  # fmt: skip
            """Return one figure, summed by commune."""
            sums = [by_commune(commune, np.asarray(v, dtype=np.float64), n) for v in (num, den)]
            return Figure(*head, name, sums[0], sums[1], unit, criterion.en, date)  # type: ignore[arg-type]

        every = np.ones(len(mine), dtype=bool)
        for kind, among, criterion in (
            (TRANG, every, describe_trang(own)),
            (LOM, state != TRANG, describe_lom(layers.project.villages, own)),
        ):
            hit = state == kind
            yield figure(kind, hit, among, "villages", criterion)
            if np.isfinite(homes).any():
                known = np.nan_to_num(homes)
                yield figure(f"{kind}_households", hit * known, among * known, "households", criterion)
            if np.isfinite(power).any():
                yield figure(f"{kind}_no_power", hit & (power == 0), hit & np.isfinite(power), "villages",
                             criterion)  # fmt: skip
            if np.isfinite(poor).any():
                yield figure(f"{kind}_disadvantaged", hit & (poor == 1), hit & np.isfinite(poor), "villages",
                             criterion)  # fmt: skip
        if (poor == 1).any():
            yield figure("villages_disadvantaged", (poor == 1) & (state != TRANG), poor == 1, "villages", own)


def _key_locations(
    layers: Layers,
    reaches: Mapping[tuple[str, str], Reach],
    commune_of_place: Mapping[str, NDArray[np.int64]],
) -> Iterator[Figure]:
    chosen = key_rows(layers)
    if not chosen:
        return
    n = len(layers.communes)
    commune = np.concatenate([commune_of_place[name][rows] for name, rows in chosen.items()])
    points = [layers.places[name].geometry.iloc[rows] for name, rows in chosen.items()]
    x = np.concatenate([p.x.to_numpy() for p in points])
    y = np.concatenate([p.y.to_numpy() for p in points])
    total = by_commune(commune, np.ones(len(x)), n)
    for (service, operator), reach in reaches.items():
        served = by_commune(commune, reach.covered.at(x, y, False).astype(np.float64), n)
        date = as_of(layers, *(f"places.{name}" for name in chosen), *inputs_of(layers, service))
        own = describe(layers.project.services[service]).en
        yield Figure(service, operator, "key_locations", served, total, "places", own, date)


def key_rows(layers: Layers) -> dict[str, NDArray[np.int64]]:
    """Return the rows of each layer of places that are key locations: its register, or marked ``key``."""
    found = {}
    for name, places in layers.places.items():
        if name in layers.project.official.key:
            rows = np.arange(len(places), dtype=np.int64)
        elif "key" in places:
            flags = read_flags(places["key"].tolist())
            rows = np.flatnonzero(flags.values & flags.known).astype(np.int64)
        else:
            continue
        if len(rows):
            found[name] = rows
    return found


def _communes_with(layers: Layers, commune_of_place: Mapping[str, NDArray[np.int64]]) -> Iterator[Figure]:
    n = len(layers.communes)
    for name, commune in commune_of_place.items():
        if name != layers.project.villages.layer and len(commune):
            there = (by_commune(commune, np.ones(len(commune)), n)[:n] > 0.0).astype(np.float64)
            yield Figure(
                ALL, ANY, f"communes_with:{name}", there, np.ones(n), "communes", LISTED.en,
                as_of(layers, f"places.{name}"),
            )


def urban_communes(layers: Layers) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which communes are urban and which are rural.

    By the column ``kind`` of the communes where there is one, else by the kind in front of the name:
    *phường* and *thị trấn* are urban, *xã* and *đặc khu* rural. What says neither is neither.
    """
    communes = layers.communes
    said = communes["kind"] if "kind" in communes else communes["commune_name"]
    words = [fold(str(text)) if "kind" in communes else _first_words(str(text)) for text in said]
    urban = np.array([word.startswith(_URBAN) for word in words], dtype=bool)
    rural = np.array([word.startswith(_RURAL) for word in words], dtype=bool) & ~urban
    return urban, rural


def parts_of(layers: Layers) -> dict[str, NDArray[np.bool_]]:
    """Return which communes are ``urban``, ``rural`` and ``disadvantaged``; parts without any are absent.

    Town and country are told apart only where there are both.
    """
    urban, rural = urban_communes(layers)
    parts = {"urban": urban, "rural": rural} if urban.any() and rural.any() else {}
    if "disadvantaged" in layers.communes:
        flags = read_flags(layers.communes["disadvantaged"].tolist())
        parts["disadvantaged"] = flags.values & flags.known
    return {part: mask for part, mask in parts.items() if mask.any()}


def _first_words(name: str) -> str:
    """Return the kind of unit in front of a name, folded; nothing where there is none."""
    words = [fold(word) for word in name.split()]
    pair = "".join(words[:2])
    if len(words) > 2 and (pair in _URBAN or pair in _RURAL):
        return pair
    return words[0] if words and len(words) > 1 and words[0] in (*_URBAN, *_RURAL) else ""


def _split(
    layers: Layers, shares: CommuneShares, reaches: Mapping[tuple[str, str], Reach]
) -> Iterator[Figure]:
    people = np.asarray(shares.people.sum(axis=1), dtype=np.float64).ravel()
    parts = parts_of(layers)
    for (service, operator), reach in reaches.items():
        covered = shares.sum_people(reach.covered)
        for part, mask in parts.items():
            yield Figure(
                service, operator, f"population_{part}", covered * mask, people * mask, "people",
                describe(layers.project.services[service]).en, as_of(layers, *inputs_of(layers, service)),
            )
    if layers.households is None or not parts:
        return
    total, fibre = reported_homes(layers)
    for part, mask in parts.items():
        yield Figure(
            fibre_service(layers), ANY, f"households_{part}", fibre * mask, total * mask, "households",
            REPORTED.en, as_of(layers, "households"),
        )


def reported_homes(layers: Layers) -> tuple[FloatArray, FloatArray]:
    """Return households, and households with fibre, of each commune; zero where nothing is reported."""
    assert layers.households is not None
    table = layers.households.set_index("commune_code").reindex(layers.communes["commune_code"]).fillna(
        {"households": 0.0, "households_with_fibre": 0.0}
    )
    return table["households"].to_numpy(np.float64), table["households_with_fibre"].to_numpy(np.float64)


def _fibre(
    layers: Layers, shares: CommuneShares, reaches: Mapping[tuple[str, str], Reach]
) -> Iterable[Figure]:
    if layers.households is None:
        return
    people = np.asarray(shares.people.sum(axis=1), dtype=np.float64).ravel()
    homes, fibre = reported_homes(layers)
    with np.errstate(divide="ignore", invalid="ignore"):
        reported = np.where(homes > 0.0, fibre / homes, 0.0)
    date = as_of(layers, "households", "population")
    yield Figure(
        fibre_service(layers), ANY, "population_fibre", people * reported, people * (homes > 0.0), "people",
        PEOPLE_WITH_FIBRE.en, date,
    )
    for (service, operator), reach in reaches.items():
        if isinstance(layers.project.services[service], FibreService):
            with np.errstate(divide="ignore", invalid="ignore"):
                share = np.where(people > 0.0, shares.sum_people(reach.covered) / people, 0.0)
            yield Figure(
                service, operator, "households_reachable", homes * np.minimum(share, 1.0), homes,
                "households", REACHABLE_HOMES.en, as_of(layers, "households", *inputs_of(layers, service)),
            )


def _shared(layers: Layers, commune: NDArray[np.int64]) -> Iterator[Figure]:
    import pandas as pd

    mast, where = masts(layers, commune)
    stations = pd.DataFrame({"mast": mast, "operator": layers.stations["operator"].to_numpy(dtype=object)})
    stations = stations.dropna().drop_duplicates()
    tenants = stations.groupby("mast").size().reindex(np.arange(len(where)), fill_value=0).to_numpy()
    n, date = len(layers.communes), as_of(layers, "stations")
    named = sorted(stations["operator"].unique())
    # Of masts with one name on every station, whether they are shared cannot be told apart from theirs.
    for operator in (ANY, *named):
        mine = np.ones(len(where), dtype=bool)
        if operator != ANY:
            mine = np.zeros(len(where), dtype=bool)
            mine[stations.loc[stations["operator"] == operator, "mast"].to_numpy()] = True
        shared = by_commune(where[mine], (tenants[mine] >= 2).astype(np.float64), n)
        total = by_commune(where[mine], np.ones(int(mine.sum())), n)
        yield Figure(ALL, str(operator), "shared_sites", shared, total, "sites", SHARED.en, date)


def masts(layers: Layers, commune: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the mast of each row of the stations, and the commune of each mast.

    Rows with one site id, or nearer than ``[official] same_mast_m`` (at least at one position), share one.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    stations = layers.stations
    _, site = np.unique(stations["site_id"].astype(str).to_numpy(dtype=str), return_inverse=True)
    points = np.column_stack([stations.geometry.x, stations.geometry.y])
    spots, at = np.unique(points, axis=0, return_inverse=True)
    at = at.reshape(-1)
    near = cKDTree(spots).query_pairs(layers.project.official.same_mast_m, output_type="ndarray")
    left = np.concatenate([site, near[:, 0] + site.max() + 1])
    right = np.concatenate([at + site.max() + 1, near[:, 1] + site.max() + 1])
    size = int(site.max()) + 1 + len(spots)
    _, part = connected_components(coo_array((np.ones(len(left)), (left, right)), shape=(size, size)), False)
    _, mast = np.unique(part[site], return_inverse=True)
    _, first = np.unique(mast, return_index=True)
    return mast.astype(np.int64), commune[first]
