"""Warnings of a prediction: what lay outside the range of its model, counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from phusong.coverage.criterion import technology_of
from phusong.coverage.radio.cells import Cell
from phusong.coverage.radio.model import FloatArray, Limit
from phusong.coverage.radio.models import ARGUMENTS
from phusong.coverage.radio.pathloss import PathLoss
from phusong.coverage.result import Reach
from phusong.data.language import Text, after_number
from phusong.layers.faults import Fault
from phusong.layers.inventory import Layers
from phusong.layers.project.schema import FlatService, RangeService, TerrainService

if TYPE_CHECKING:
    from phusong.coverage.radio.predict import Plan

_NO_STATIONS = Text(
    "Dịch vụ '{service}': danh sách trạm không có cell {technology} nào, nên không nơi nào được phủ.",
    "Service '{service}': the stations have no {technology} cell, so nothing is covered.",
)
_CHECK_TECHNOLOGY = Text(
    "Kiểm tra cột công nghệ của trạm hoặc khóa technology của dịch vụ.",
    "Check the technology column of the stations, or the service's technology key.",
)
_LINKS_OUTSIDE = Text(
    "Dịch vụ '{service}': {argument} của {n} trên {total} cell nằm ngoài phạm vi {low}–{high}{unit} của mô "
    "hình {model}.",
    "Service '{service}': the {argument} of {n} of {total} cells lies outside the range {low}–{high}{unit} "
    "of the model {model}.",
)
_GROUND_OUTSIDE = Text(
    "Dịch vụ '{service}': {n} trên {total} ô lưới có tín hiệu cách trạm phục vụ ngoài phạm vi "
    "{low}–{high}{unit} của mô hình {model}.",
    "Service '{service}': {n} of {total} grid cells with signal are served from a distance outside the range "
    "{low}–{high}{unit} of the model {model}.",
)
_EXTRAPOLATED = Text(
    "Kết quả ở đó là ngoại suy; hãy chọn mô hình phù hợp hơn nếu phần này đáng kể.",
    "Results there are extrapolated; choose a model that fits better if they matter.",
)
_BANDWIDTH = Text(
    "Dịch vụ '{service}': {n} trên {total} cell có băng thông không có trong bảng của 3GPP; số khối tài "
    "nguyên được lấy theo tỷ lệ.",
    "Service '{service}': {n} of {total} cells have a bandwidth that 3GPP's tables do not know; their "
    "resource blocks were taken by proportion.",
)
_CHECK_BANDWIDTH = Text("Kiểm tra cột băng thông của trạm.", "Check the bandwidth column of the stations.")
_BEYOND_GRID = Text(
    "Dịch vụ '{service}': {n} trên {total} cell ở quá xa lưới nên không ảnh hưởng kết quả.",
    "Service '{service}': {n} of {total} cells stand too far from the grid to matter.",
)
_NOTHING_TO_DO = Text(
    "Không cần làm gì nếu đúng là trạm của tỉnh khác.", "Nothing to do if they are a neighbour's."
)
_NO_SINR = Text(
    "Dịch vụ '{service}': SINR chỉ được định nghĩa cho 4G và 5G; giá trị của {technology} chỉ để tham khảo.",
    "Service '{service}': SINR is defined for 4G and 5G; the figures of {technology} are only a guide.",
)


def no_stations(
    layers: Layers, name: str, service: RangeService | FlatService | TerrainService, cells: int
) -> tuple[Fault, ...]:
    """Return a warning where no cell has the technology of the service."""
    if cells:
        return ()
    values = {"service": name, "technology": technology_of(name, service)}
    return (
        Fault("warning", "services.no-stations", _NO_STATIONS, _CHECK_TECHNOLOGY, values, f"services.{name}"),
    )


def prediction_faults(
    layers: Layers,
    name: str,
    service: FlatService | TerrainService,
    path_loss: PathLoss,
    cells: Sequence[Cell],
    plans: Sequence[Plan],
    reach: Reach,
) -> tuple[Fault, ...]:
    """Return the warnings of one service.

    Frequencies and heights are counted per cell of the network; distances per cell of the grid, from
    its best server of any operator (``reach``).
    """
    if not cells:
        return no_stations(layers, name, service, 0)
    layer = f"services.{name}"
    total = len(cells)
    faults = []
    for limit in path_loss.limits:
        counted = _outside(limit, cells, service, layers, reach)
        if counted is None or not counted[0]:
            continue
        n, of, text = counted
        values = {
            "service": name,
            "model": path_loss.name,
            "argument": ARGUMENTS[limit.argument],
            "n": n,
            "total": of,
            "low": limit.low,
            "high": limit.high,
            "unit": after_number(limit.unit),
        }
        code = f"services.outside-{limit.argument.rsplit('_', 1)[0].replace('_', '-')}"
        faults.append(Fault("warning", code, text, _EXTRAPOLATED, values, layer))
    unknown = sum(not cell.known_bandwidth for cell in cells)
    if unknown:
        values = {"service": name, "n": unknown, "total": total}
        faults.append(Fault("warning", "services.bandwidth", _BANDWIDTH, _CHECK_BANDWIDTH, values, layer))
    unheard = total - sum(len(plan.cells) for plan in plans)
    if unheard:
        values = {"service": name, "n": unheard, "total": total}
        faults.append(Fault("warning", "services.beyond-grid", _BEYOND_GRID, _NOTHING_TO_DO, values, layer))
    technology = technology_of(name, service)
    if service.sinr and technology in ("2G", "3G"):
        values = {"service": name, "technology": technology}
        faults.append(Fault("warning", "services.sinr", _NO_SINR, Text("", ""), values, layer))
    return tuple(faults)


def _outside(
    limit: Limit,
    cells: Sequence[Cell],
    service: FlatService | TerrainService,
    layers: Layers,
    reach: Reach,
) -> tuple[int, int, Text] | None:
    """Return how many lie outside, of how many, and the sentence; None for what is not an argument here."""
    if limit.argument == "distance_m":
        distance = serving_distances_m(layers, reach)
        return limit.outside(distance), len(distance), _GROUND_OUTSIDE
    if limit.argument == "time_percent":
        values = np.full(len(cells), getattr(service, "time_percent", limit.low))
        return limit.outside(values), len(cells), _LINKS_OUTSIDE
    if limit.argument in ("frequency_mhz", "tx_height_m", "rx_height_m"):
        values = np.array([getattr(cell.link, limit.argument) for cell in cells])
        return limit.outside(values), len(cells), _LINKS_OUTSIDE
    return None


def serving_distances_m(layers: Layers, reach: Reach) -> FloatArray:
    """Return the distance to the best server of every grid cell that has one, in metres."""
    assert reach.best_server is not None
    best = reach.best_server.values
    row, col = np.nonzero(best >= 0)
    station = best[row, col]
    x, y = layers.stations.geometry.x.to_numpy(), layers.stations.geometry.y.to_numpy()
    grid = layers.grid
    return np.asarray(np.hypot(grid.x_m()[col] - x[station], grid.y_m()[row] - y[station]))
