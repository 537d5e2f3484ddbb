"""Villages without signal (*trắng*), and with it at the centre but not in an outlying cluster (*lõm*)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.result import VILLAGE_COLUMNS, Reach
from phusong.coverage.store import Store, digest_of
from phusong.coverage.zonal import CommuneShares
from phusong.data.language import Text, format_number
from phusong.layers.grid import FloatArray, Raster
from phusong.layers.inventory import Layers
from phusong.layers.lands import Folded, zeros
from phusong.layers.project.schema import FibreService, VillagesTable
from phusong.layers.tables.flags import read_flags

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

SERVED, LOM, TRANG = "served", "lom", "trang"


def village_table(
    layers: Layers,
    shares: CommuneShares,
    reaches: Mapping[tuple[str, str], Reach],
    commune: NDArray[np.int64],
    store: Store | None = None,
) -> pd.DataFrame:
    """Return the state of every village for every mobile service and operator.

    Parameters
    ----------
    layers : Layers
    shares : CommuneShares
    reaches : mapping of (service, operator) to Reach
    commune : array
        Position of each village's commune, -1 for none.
    store : Store, optional
        Where the ground of the villages is kept between runs.

    Returns
    -------
    DataFrame
        `phusong.coverage.result.VILLAGE_COLUMNS`; without rows where there is no such layer of places.
    """
    import pandas as pd

    rule = layers.project.villages
    villages = layers.places.get(rule.layer)
    mobile = {k: r for k, r in reaches.items() if not isinstance(layers.project.services[k[0]], FibreService)}
    if villages is None or not len(villages) or not mobile:
        return pd.DataFrame({c: [] for c in VILLAGE_COLUMNS})
    codes = np.append(layers.communes["commune_code"].to_numpy(dtype=object), "")
    names = np.append(layers.communes["commune_name"].to_numpy(dtype=object), "")
    x, y = villages.geometry.x.to_numpy(), villages.geometry.y.to_numpy()
    cells, owner = around_villages(layers, shares, x, y, rule, store)
    people = shares.cell_people
    ground = "" if store is None else digest_of(*layers.grid.place, cells, owner, people[cells])
    same = {
        "place_id": villages["place_id"].to_numpy(dtype=object),
        "name": villages["name"].to_numpy(dtype=object),
        "commune_code": codes[commune], "commune_name": names[commune],
        "households": _numbers(villages, "households"), "has_grid_power": _flags(villages, "has_grid_power"),
        "disadvantaged": _flags(villages, "disadvantaged"),
        "lon": villages["lon"].to_numpy(np.float64), "lat": villages["lat"].to_numpy(np.float64),
    }  # fmt: skip
    blocks = []
    for (service, operator), reach in mobile.items():
        centre = np.asarray(reach.covered.at(x, y, False), dtype=bool)
        outlying = _kept_or_counted(
            store, (ground, reach.covered.cells(cells)),
            partial(outlying_people, reach.covered, people, cells, owner, len(villages)),
        )
        state = np.where(~centre, TRANG, np.where(outlying >= rule.outlying_people, LOM, SERVED))
        blocks.append(pd.DataFrame({
            **same, "service": service, "operator": operator, "state": state.astype(object),
            "outlying_people": outlying,
        }))  # fmt: skip
    return pd.concat(blocks, ignore_index=True)[list(VILLAGE_COLUMNS)]


def _kept_or_counted(
    store: Store | None, parts: tuple[object, ...], count: Callable[[], FloatArray]
) -> FloatArray:
    """Return the people of the largest uncovered patch of each village, kept by all that they depend on."""
    if store is None:
        return count()
    return store.kept(("outlying people", *parts), lambda: {"people": count()})["people"]


def around_villages(
    layers: Layers, shares: CommuneShares, x_m: FloatArray, y_m: FloatArray, rule: VillagesTable,
    store: Store | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the populated cells within reach of a village, and the nearest village of each.

    Of villages equally near the first counts.
    """
    populated = populated_cells(layers, shares, rule)
    if store is None:
        return nearest_villages(layers, populated, x_m, y_m, rule)

    def compute() -> dict[str, NDArray[np.int64]]:
        """Return both by name."""
        return dict(zip(("cells", "owner"), nearest_villages(layers, populated, x_m, y_m, rule), strict=True))

    kept = store.kept(("around villages", *layers.grid.place, populated, x_m, y_m, rule.radius_m), compute)
    return kept["cells"], kept["owner"]


def populated_cells(layers: Layers, shares: CommuneShares, rule: VillagesTable) -> NDArray[np.int64]:
    """Return the cells that count as populated around villages."""
    least = rule.min_people_per_km2 * layers.grid.cell_km2
    return np.flatnonzero(shares.cell_people >= least).astype(np.int64)


def nearest_villages(
    layers: Layers, cells: NDArray[np.int64], x_m: FloatArray, y_m: FloatArray, rule: VillagesTable
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which of the cells are within reach of a village, and the nearest village of each."""
    from scipy.spatial import cKDTree

    grid = layers.grid
    row, col = np.divmod(cells, grid.shape[1])
    at = np.column_stack([grid.x_m()[col], grid.y_m()[row]])
    found = cKDTree(np.column_stack([x_m, y_m])).query(at, distance_upper_bound=rule.radius_m)
    near = np.isfinite(np.asarray(found[0]))
    return cells[near], np.asarray(found[1], dtype=np.int64)[near]


def outlying_people(
    covered: Raster[np.bool_],
    people: FloatArray,
    cells: NDArray[np.int64],
    owner: NDArray[np.int64],
    villages: int,
) -> FloatArray:
    """Return the people of the largest uncovered patch of each village's ground.

    A patch is a set of touching uncovered cells of ``cells``, as far as the village owns it.
    """
    grid, left = covered.grid, ~covered.cells(cells)
    mine = zeros(grid, np.bool_)
    mine.reshape(-1)[cells[left]] = True
    fold = Folded.of(grid)
    patch, _ = fold.label(fold.lay(Raster(mine, grid)))
    key = fold.spread(patch).ravel()[cells[left]].astype(np.int64) * villages + owner[left]
    keys, part = np.unique(key, return_inverse=True)
    size = np.bincount(part, weights=people[cells[left]], minlength=len(keys))
    largest = np.zeros(villages)
    np.maximum.at(largest, keys % villages, size)
    return largest


def _numbers(villages: gpd.GeoDataFrame, column: str) -> FloatArray:
    import pandas as pd

    if column not in villages:
        return np.full(len(villages), np.nan)
    return np.asarray(pd.to_numeric(villages[column], errors="coerce"), dtype=np.float64)


def _flags(villages: gpd.GeoDataFrame, column: str) -> FloatArray:
    """Return 1 for yes, 0 for no, NaN where nothing is said."""
    if column not in villages:
        return np.full(len(villages), np.nan)
    found = read_flags(villages[column].tolist())
    return np.where(found.known, found.values.astype(np.float64), np.nan)


def describe_trang(service: Text) -> Text:
    """Return what *trắng* means, as a clause."""
    return Text(f"không có sóng tại trung tâm thôn ({service.vi})",
                f"no signal at the village centre ({service.en})")  # fmt: skip


def describe_lom(rule: VillagesTable, service: Text) -> Text:
    """Return what *lõm* means, as a clause."""
    vi = [format_number(v, "vi") for v in (rule.outlying_people, rule.radius_m)]
    en = [format_number(v, "en") for v in (rule.outlying_people, rule.radius_m)]
    return Text(
        f"trung tâm thôn có sóng nhưng một cụm dân cư từ {vi[0]} người trong bán kính {vi[1]} m không có "
        f"sóng; tính trên các thôn không trắng sóng ({service.vi})",
        f"the village centre is served, but a cluster of at least {en[0]} people within {en[1]} m is not; "
        f"counted over villages with signal at the centre ({service.en})",
    )
