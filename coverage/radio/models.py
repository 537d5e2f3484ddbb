"""All models of the program by name: what each one is, where it holds, and how to call it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from phusong.coverage.radio.cost231 import COST231
from phusong.coverage.radio.freespace import FREE_SPACE
from phusong.coverage.radio.hata import HATA
from phusong.coverage.radio.model import FlatModel, Limit
from phusong.coverage.radio.pathloss import FlatPathLoss, PathLoss
from phusong.coverage.radio.tr38901 import RMA, UMA, UMI
from phusong.data.language import Text
from phusong.layers.faults import ExpectedError
from phusong.layers.inventory import Layers
from phusong.layers.project.schema import FlatService, TerrainService

FLAT_MODELS: Mapping[str, FlatModel] = MappingProxyType(
    {model.name: model for model in (FREE_SPACE, HATA, COST231, RMA, UMA, UMI)}
)
"""Formulas of distance by name. ``free-space`` is a yardstick and no service may name it."""


def _p1812(layers: Layers, service: TerrainService) -> PathLoss:
    from phusong.coverage.radio.over_terrain import P1812PathLoss

    return P1812PathLoss(layers, service)


def _itm(layers: Layers, service: TerrainService) -> PathLoss:
    from phusong.coverage.radio.over_terrain import ItmPathLoss

    return ItmPathLoss(layers, service)


def _p526(layers: Layers, service: TerrainService) -> PathLoss:
    from phusong.coverage.radio.over_terrain import P526PathLoss

    return P526PathLoss(layers, service)


TERRAIN_PATH_LOSSES: Mapping[str, Callable[[Layers, TerrainService], PathLoss]] = MappingProxyType(
    {"p1812": _p1812, "itm": _itm, "p526": _p526}
)
"""What makes the path loss of a model over terrain, by name."""

ARGUMENTS: Mapping[str, Text] = MappingProxyType(
    {
        "distance_m": Text("khoảng cách", "distance"),
        "frequency_mhz": Text("tần số", "frequency"),
        "tx_height_m": Text("độ cao anten phát", "height of the transmitting antenna"),
        "rx_height_m": Text("độ cao máy thu", "height of the receiver"),
        "time_percent": Text("phần trăm thời gian", "percentage of time"),
    }
)
"""What the arguments of the limits are called."""


@dataclass(frozen=True)
class ModelInfo:
    """One line of ``phusong models``.

    Attributes
    ----------
    name : str
        As written in the project file.
    kind : {"distance", "flat", "terrain"}
        From positions alone, from a formula of distance, or over terrain profiles.
    text : Text
        What it is for.
    limits : tuple of Limit
        Where it holds; beyond, results come with a counted warning.
    source : str
    """

    name: str
    kind: Literal["distance", "flat", "terrain"]
    text: Text
    limits: tuple[Limit, ...]
    source: str


_FLAT_TEXTS: Mapping[str, Text] = MappingProxyType(
    {
        "free-space": Text(
            "Không gian tự do: tổn hao nhỏ nhất có thể có, dùng để đối chiếu, không dùng cho dịch vụ",
            "Free space: the least loss there can be, a yardstick that no service may name",
        ),
        "hata": Text(
            "Okumura-Hata: cell lớn 150–1500 MHz (2G, 3G, 4G băng 900) trên đất bằng",
            "Okumura-Hata: macro cells at 150–1500 MHz (2G, 3G, 4G in band 900) over flat ground",
        ),
        "cost231": Text(
            "COST231-Hata: cell lớn 1500–2000 MHz (băng 1800) trên đất bằng",
            "COST231-Hata: macro cells at 1500–2000 MHz (band 1800) over flat ground",
        ),
        "tr38901-rma": Text(
            "3GPP cell lớn nông thôn (RMa), có và không có tầm nhìn thẳng; 4G và 5G",
            "3GPP rural macro cells (RMa), with and without line of sight; 4G and 5G",
        ),
        "tr38901-uma": Text(
            "3GPP cell lớn đô thị (UMa), anten 25 m, có và không có tầm nhìn thẳng; 4G và 5G",
            "3GPP urban macro cells (UMa), antenna at 25 m, with and without line of sight; 4G and 5G",
        ),
        "tr38901-umi": Text(
            "3GPP cell nhỏ đường phố (UMi), anten 10 m dưới mái nhà; 4G và 5G",
            "3GPP street canyon micro cells (UMi), antenna at 10 m below the roofs; 4G and 5G",
        ),
    }
)

_BEFORE: tuple[ModelInfo, ...] = (
    ModelInfo(
        "range",
        "distance",
        Text(
            "Vòng tròn bán kính cố định quanh mỗi vị trí: khi chỉ biết tọa độ trạm",
            "A circle of fixed radius round every site: when nothing but positions is known",
        ),
        (Limit("distance_m", 0.0, 100_000.0, "m"),),
        "Radius set in the project",
    ),
    ModelInfo(
        "route-distance",
        "distance",
        Text(
            "Khoảng cách đến tuyến hoặc điểm cáp quang đang khai thác gần nhất",
            "Distance to the nearest operational fibre route or node",
        ),
        (Limit("distance_m", 0.0, 50_000.0, "m"),),
        "Reach set in the project",
    ),
)
_TERRAIN: tuple[ModelInfo, ...] = (
    ModelInfo(
        "p1812",
        "terrain",
        Text(
            "Khuyến nghị ITU-R P.1812 trên mặt cắt địa hình và lớp phủ: nhiễu xạ, tán xạ đối lưu, ống dẫn "
            "sóng, biến động theo vị trí; mô hình nên dùng khi có địa hình",
            "Rec. ITU-R P.1812 over profiles of terrain and clutter: diffraction, troposcatter, ducting, "
            "variability with location; the one to use where there is terrain",
        ),
        (
            Limit("distance_m", 250.0, 3_000_000.0, "m"),
            Limit("frequency_mhz", 30.0, 6000.0, "MHz"),
            Limit("tx_height_m", 1.0, 3000.0, "m"),
            Limit("rx_height_m", 1.0, 3000.0, "m"),
            Limit("time_percent", 1.0, 50.0, "%"),
        ),
        "Rec. ITU-R P.1812-7 (2023)",
    ),
    ModelInfo(
        "itm",
        "terrain",
        Text(
            "Mô hình địa hình không đều Longley-Rice (ITM), từ điểm đến điểm",
            "The irregular terrain model of Longley and Rice (ITM), point to point",
        ),
        (
            Limit("distance_m", 1000.0, 2_000_000.0, "m"),
            Limit("frequency_mhz", 20.0, 20_000.0, "MHz"),
            Limit("tx_height_m", 0.5, 3000.0, "m"),
            Limit("rx_height_m", 0.5, 3000.0, "m"),
        ),
        "A. G. Longley and P. L. Rice, ESSA ERL 79-ITS 67 (1968); G. A. Hufford, The ITS Irregular Terrain "
        "Model, version 1.2.2: the algorithm (1995)",
    ),
    ModelInfo(
        "p526",
        "terrain",
        Text(
            "Khuyến nghị ITU-R P.526, riêng nhiễu xạ delta-Bullington: địa hình che khuất bao nhiêu",
            "Rec. ITU-R P.526, diffraction by delta-Bullington alone: how much the terrain shadows",
        ),
        (Limit("frequency_mhz", 30.0, 100_000.0, "MHz"),),
        "Rec. ITU-R P.526-15 (2019), section 4.5",
    ),
)

MODEL_TABLE: Mapping[str, ModelInfo] = MappingProxyType(
    {
        info.name: info
        for info in (
            *_BEFORE,
            *(
                ModelInfo(name, "flat", _FLAT_TEXTS[name], model.limits, model.source)
                for name, model in FLAT_MODELS.items()
            ),
            *_TERRAIN,
        )
    }
)
"""Every model of the program, from the plainest to the fullest."""


def path_loss_of(layers: Layers, service: FlatService | TerrainService) -> PathLoss:
    """Return the path loss of the model that a service names, ready for the grid, calibrated if it says so.

    Raises
    ------
    ExpectedError
        The model needs terrain and there is none, or this installation has no such model.
    """
    from phusong.coverage.radio.calibrated import calibrated

    return calibrated(layers, service, _plain_path_loss(layers, service))


def _plain_path_loss(layers: Layers, service: FlatService | TerrainService) -> PathLoss:
    if isinstance(service, FlatService):
        return FlatPathLoss(FLAT_MODELS[service.model], layers.grid)
    if service.model not in TERRAIN_PATH_LOSSES:
        raise ExpectedError(
            Text("Bản cài đặt này không có mô hình {model}.", "This installation has no model {model}."),
            model=service.model,
        )
    if layers.terrain is None:
        raise ExpectedError(
            Text(
                "Mô hình {model} cần lớp địa hình: khai báo [layers.terrain] trong tệp dự án.",
                "Model {model} needs terrain: declare [layers.terrain] in the project file.",
            ),
            model=service.model,
        )
    return TERRAIN_PATH_LOSSES[service.model](layers, service)
