"""Figures on the quality of the stations: repetitions, neighbours, angles, heights, defaults."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from phusong.data.language import Text
from phusong.layers.inventory import Layers
from phusong.layers.project.schema import FibreService
from phusong.layers.quality.figures import SHOWN, Criterion, Figure, Suspect, distance_text, filled

NEAR_M = 30.0
"""Two sites of one operator nearer than this are mostly one mast with two codes."""
OMNI_ALLOWED = 0.2
DEFAULTS_ALLOWED = 0.05
LAYER = "stations"

REPEATED_ID = Criterion(
    "repeated-cell-id", "cells",
    Text("Cell trùng mã", "Cells whose id stands twice"),
    Text("Mã cell đã có ở một dòng trước.", "The id of the cell stands in an earlier row."),
    Text("Xóa dòng lặp hoặc sửa mã.", "Delete the repetition, or mend the id."),
)
REPEATED = Criterion(
    "repeated-cell", "cells",
    Text("Cell giống hệt một cell khác", "Cells that repeat another cell"),
    Text(
        "Cùng nhà mạng, công nghệ, tọa độ, tần số, độ cao, góc phương vị, góc nghiêng và băng thông với một "
        "dòng trước.",
        "Operator, technology, position, frequency, height, azimuth, tilt and bandwidth are those of an "
        "earlier row.",
    ),
    Text("Xóa dòng lặp, hoặc bổ sung thông số phân biệt hai cell.",
         "Delete the repetition, or give what tells the two cells apart."),
)
NEAR = Criterion(
    "near-sites", "sites",
    Text("Vị trí của cùng một nhà mạng cách nhau không quá {m} m", "Sites of one operator within {m} m"),
    Text("Hai mã vị trí khác nhau của một nhà mạng, cách nhau không quá {m} m.",
         "Two site ids of one operator, at most {m} m apart."),
    Text("Nếu là cùng một cột thì dùng chung một mã vị trí; nếu không, kiểm tra tọa độ.",
         "If it is one mast, give it one site id; else check the coordinates."),
)
AZIMUTH = Criterion(
    "azimuth-range", "cells",
    Text("Góc phương vị ngoài 0–360°", "Azimuths outside 0–360°"),
    Text("Góc nhỏ hơn 0 hoặc lớn hơn 360, trên các cell có ghi góc.",
         "Below 0 or above 360, of the cells that have one."),
    Text("Sửa góc: 0 là hướng bắc, tính theo chiều kim đồng hồ.", "Mend it: 0 is north, clockwise."),
)
NO_AZIMUTH = Criterion(
    "azimuth-missing", "cells",
    Text("Cell không ghi góc phương vị", "Cells without an azimuth"),
    Text("Được tính như anten vô hướng; trên {share}% thì bản đồ sai hướng phủ.",
         "They are taken as omnidirectional; above {share}% the map is wrong in direction."),
    Text("Điền góc phương vị từ hồ sơ trạm.", "Fill in the azimuths from the sites' records."),
    OMNI_ALLOWED,
)
HEIGHT = Criterion(
    "height-zero", "cells",
    Text("Độ cao anten bằng 0", "Antenna heights of 0"),
    Text("Độ cao bằng 0 hoặc âm.", "Nought or negative."),
    Text("Điền độ cao thật, hoặc để trống để dùng giá trị mặc định.",
         "Give the true height, or leave it empty for the default."),
)
NO_CELLS = Criterion(
    "technology-without-cells", "technologies",
    Text("Công nghệ cần tính nhưng không có cell nào", "Technologies without cells"),
    Text("Công nghệ của một dịch vụ trong dự án mà tệp trạm không có cell đang hoạt động.",
         "A service of the project asks for it, and the stations have no operational cell of it."),
    Text("Thiếu: {names}. Xin nhà mạng bổ sung, hoặc bỏ dịch vụ đó.",
         "Missing: {names}. Ask the operators for them, or leave the service out."),
)
DEFAULTED = Criterion(
    "default-taken", "cells",
    Text("Thiếu {name}: lấy mặc định", "Without {name}: the default is taken"),
    Text("Ô trống, được thay bằng giá trị mặc định theo công nghệ; không quá {share}%.",
         "Empty, so that the default of the technology stands in; at most {share}%."),
    Text("Bổ sung từ hồ sơ trạm: mặc định chỉ đúng trung bình.",
         "Take them from the sites' records: a default is right on average only."),
    DEFAULTS_ALLOWED,
)
NAMES = {
    "frequency_mhz": Text("tần số", "frequency"),
    "antenna_height_m": Text("độ cao anten", "antenna height"),
    "tilt_deg": Text("góc nghiêng", "tilt"),
    "beamwidth_deg": Text("độ rộng búp sóng", "beamwidth"),
    "eirp_dbm": Text("công suất phát (EIRP)", "power (EIRP)"),
    "bandwidth_mhz": Text("băng thông", "bandwidth"),
}
ALWAYS = ("frequency_mhz", "antenna_height_m")
"""Columns whose defaults are told even where none was taken."""


def station_figures(layers: Layers) -> Iterator[Figure]:
    """Return the figures of the stations."""
    frame = layers.stations
    n = len(frame)
    if n:
        twice = frame["cell_id"].duplicated().to_numpy() & (frame["cell_id"] != "").to_numpy()
        yield REPEATED_ID.figure(LAYER, twice.sum(), n, _cells(frame, twice, "cell_id", "cell_id"))
        same = repeated_cells(frame)
        yield REPEATED.figure(LAYER, same.sum(), n, _cells(frame, same, "cell_id", "site_id"))
        yield near_sites(frame)
        azimuth, height = frame["azimuth_deg"].to_numpy(), frame["antenna_height_m"].to_numpy()
        wrong = (azimuth < 0.0) | (azimuth > 360.0)
        suspects = _cells(frame, wrong, "cell_id", "azimuth_deg")
        yield AZIMUTH.figure(LAYER, wrong.sum(), np.isfinite(azimuth).sum(), suspects)
        share = {"share": 100.0 * OMNI_ALLOWED}
        yield NO_AZIMUTH.figure(LAYER, np.isnan(azimuth).sum(), n, values=share)
        low = height <= 0.0
        yield HEIGHT.figure(LAYER, low.sum(), n, _cells(frame, low, "cell_id", "antenna_height_m"))
    yield technologies_without_cells(layers)
    yield from defaults_taken(layers)


def _cells(frame: Any, wrong: NDArray[np.bool_], key: str, column: str) -> list[Suspect]:
    note = Text("", "")
    return [Suspect(LAYER, key, str(v), column, note) for v in frame[key].to_numpy()[wrong][:SHOWN]]


def repeated_cells(stations: pd.DataFrame) -> NDArray[np.bool_]:
    """Tell the cells that are, but for their ids, those of an earlier row.

    Positions are compared to 1e-6 degree (0.1 m).
    """
    columns = ["operator", "technology", "frequency_mhz", "antenna_height_m", "azimuth_deg", "tilt_deg",
               "beamwidth_deg", "eirp_dbm", "bandwidth_mhz"]  # fmt: skip
    plain = pd.DataFrame({c: stations[c].to_numpy() for c in columns})
    for axis in ("lon", "lat"):
        plain[axis] = np.round(stations[axis].to_numpy(), 6)
    placed = plain[["lon", "lat"]].notna().all(axis=1)
    return (plain.duplicated() & placed).to_numpy()


def near_sites(stations: Any) -> Figure:
    """Count sites that have another site of the same operator within `NEAR_M`.

    A site stands where its first row puts it.
    """
    points = stations.geometry
    sites = pd.DataFrame({
        "operator": stations["operator"].to_numpy(), "site_id": stations["site_id"].to_numpy(),
        "x": points.x.to_numpy(), "y": points.y.to_numpy(),
    })  # fmt: skip
    sites = sites[np.isfinite(sites["x"]) & np.isfinite(sites["y"]) & (sites["site_id"] != "")]
    sites = sites.drop_duplicates(["operator", "site_id"], ignore_index=True)
    distance, other = np.full(len(sites), np.inf), np.full(len(sites), -1)
    for rows in sites.groupby("operator", sort=False).indices.values():
        d, k = _nearest(sites[["x", "y"]].to_numpy()[rows])
        distance[rows], other[rows] = d, np.where(k >= 0, rows[k], -1)
    near = np.flatnonzero(distance <= NEAR_M)
    names = sites["site_id"].to_numpy()
    said = Text("cách {other} {far}", "{far} from {other}")
    suspects = [
        Suspect(LAYER, "site_id", str(names[i]), "site_id",
                filled(said, other=str(names[other[i]]), far=distance_text(float(distance[i]))))
        for i in near[np.argsort(distance[near], kind="stable")][:SHOWN]
    ]  # fmt: skip
    return NEAR.figure(LAYER, len(near), len(sites), suspects, {"m": NEAR_M})


def _nearest(xy: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return distance and position of the nearest other point, infinity and -1 beyond `NEAR_M`.

    Points that coincide are put together first: a tree of thousands of equal points has no leaves.
    """
    distance, other = np.full(len(xy), np.inf), np.full(len(xy), -1, dtype=np.int64)
    if len(xy) < 2:
        return distance, other
    unique, first, back, count = np.unique(
        xy, axis=0, return_index=True, return_inverse=True, return_counts=True
    )
    back = back.reshape(-1)
    if len(unique) > 1:
        limit = np.nextafter(NEAR_M, np.inf)
        tree: Any = cKDTree(unique)
        d, k = tree.query(unique, k=2, distance_upper_bound=limit)
        found = np.isfinite(d[:, 1])
        distance = np.where(found, d[:, 1], np.inf)[back]
        other = np.where(found, first[np.where(found, k[:, 1], 0)], -1)[back]
    together = count[back] > 1
    distance[together] = 0.0
    order = np.argsort(back, kind="stable")
    group = back[order]
    # Of a group of equal points each one's other is the next, the last one's the first.
    start = np.searchsorted(group, group, side="left")
    end = np.searchsorted(group, group, side="right")
    after = np.where(np.arange(len(xy)) + 1 < end, np.arange(len(xy)) + 1, start)
    following = np.empty(len(xy), dtype=np.int64)
    following[order] = order[after]
    other[together] = following[together]
    return distance, other


def technologies_without_cells(layers: Layers) -> Figure:
    """Count the technologies of the project's services that no cell has."""
    wanted = dict.fromkeys(
        service.technology or name
        for name, service in layers.project.services.items() if not isinstance(service, FibreService)
    )
    there = set(layers.stations["technology"].tolist())
    missing = [name for name in wanted if name not in there]
    values = {"names": ", ".join(missing) or "–"}
    return NO_CELLS.figure(LAYER, len(missing), len(wanted), values=values)


def defaults_taken(layers: Layers) -> Iterator[Figure]:
    """Count the rows for which a default stands, by column, as the reading told them."""
    rows = next((s.rows for s in layers.sources if s.layer == LAYER), 0)
    taken = {
        str(f.values["name"]): int(f.values["n"]) for f in layers.faults if f.code == "stations.default-used"
    }
    for name, said in NAMES.items():
        n = taken.get(name, 0)
        if n or name in ALWAYS:
            share = 100.0 * DEFAULTS_ALLOWED
            yield DEFAULTED.figure(LAYER, n, max(rows, n), values={"name": said, "share": share})
