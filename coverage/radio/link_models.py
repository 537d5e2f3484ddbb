"""The models over terrain asked for one path, with every term of the loss by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from phusong.coverage.radio.p1812 import Atmosphere, P1812Result, path_loss
from phusong.coverage.radio.profile import (
    PathProfile,
    bilinear,
    median_earth_radius_km,
    middle_latitude_deg,
)
from phusong.coverage.radio.terminal import terminal_losses_db
from phusong.data.language import Text
from phusong.layers.inventory import Layers
from phusong.layers.rasters.clutter import clutter_heights_m


@dataclass(frozen=True)
class Term:
    """One line of the table: a quantity with its symbol, what it is, its value and unit."""

    symbol: str
    text: Text
    value: float
    unit: str


@dataclass(frozen=True)
class Path:
    """What a model is asked: a profile, the clutter on it (None = bare ground), and both antennas."""

    profile: PathProfile
    clutter_m: np.ndarray[tuple[int], np.dtype[np.float64]] | None
    frequency_mhz: float
    tx_height_m: float
    rx_height_m: float


Answer = tuple[float, float, tuple[Term, ...]]
"""Basic transmission loss, free space, all terms."""


def _atmosphere(layers: Layers, settings: object) -> Atmosphere:
    radio = layers.project.radio
    return Atmosphere(
        time_percent=getattr(settings, "time_percent", 50.0),
        delta_n=radio.delta_n,
        n0=radio.n0,
        latitude_deg=middle_latitude_deg(layers.grid),
    )


def _p1812(layers: Layers, settings: object, path: Path) -> Answer:
    r: P1812Result = path_loss(
        path.profile.distance_m / 1000.0,
        path.profile.ground_m,
        path.clutter_m,
        frequency_ghz=path.frequency_mhz / 1000.0,
        tx_height_m=max(path.tx_height_m, 1.0),
        rx_height_m=max(path.rx_height_m, 1.0),
        atmosphere=_atmosphere(layers, settings),
    )
    terms = (
        Term("Lbfs", Text("Không gian tự do", "Free space"), r.lbfs_db, "dB"),
        Term("Lb0p", Text("Tầm nhìn thẳng, kể cả đa đường", "Line of sight with multipath"), r.lb0p_db, "dB"),
        Term(
            "Lbulla",
            Text("Nhiễu xạ Bullington, mặt cắt thật", "Bullington, actual profile"),
            r.lbulla_db,
            "dB",
        ),
        Term(
            "Lbulls",
            Text("Nhiễu xạ Bullington, mặt đất nhẵn", "Bullington, smooth profile"),
            r.lbulls_db,
            "dB",
        ),
        Term("Ldsph", Text("Nhiễu xạ trái đất cầu", "Spherical-earth diffraction"), r.ldsph_db, "dB"),
        Term("Ld50", Text("Nhiễu xạ, trung vị", "Diffraction, median"), r.ld50_db, "dB"),
        Term(
            "Ldp",
            Text("Nhiễu xạ ở phần trăm thời gian đã chọn", "Diffraction at the chosen time"),
            r.ldp_db,
            "dB",
        ),
        Term("Lbd", Text("Suy hao kể cả nhiễu xạ", "Loss with diffraction"), r.lbd_db, "dB"),
        Term("Lba", Text("Ống dẫn sóng và phản xạ lớp", "Ducting and layer reflection"), r.lba_db, "dB"),
        Term("Lbs", Text("Tán xạ tầng đối lưu", "Troposcatter"), r.lbs_db, "dB"),
        Term("Lbc", Text("Suy hao trung vị theo vị trí", "Loss, median of locations"), r.lbc_db, "dB"),
        Term("Lb", Text("Suy hao truyền dẫn cơ bản", "Basic transmission loss"), r.loss_db, "dB"),
        Term("theta_t", Text("Góc chân trời phía trạm", "Horizon angle at the site"), r.theta_t_mrad, "mrad"),
        Term("theta_r", Text("Góc chân trời phía máy", "Horizon angle at the phone"), r.theta_r_mrad, "mrad"),
        Term("ae", Text("Bán kính trái đất hiệu dụng", "Effective earth radius"), r.ae_km, "km"),
    )
    return r.loss_db, r.lbfs_db, terms


def _p526(layers: Layers, settings: object, path: Path) -> Answer:
    from phusong.coverage.radio.p526 import path_diffraction

    r = path_diffraction(
        path.profile.distance_m / 1000.0,
        path.profile.ground_m,
        frequency_mhz=path.frequency_mhz,
        tx_height_m=path.tx_height_m,
        rx_height_m=path.rx_height_m,
        clutter_m=path.clutter_m,
        effective_radius_km=median_earth_radius_km(layers.project.radio.delta_n),
    )
    free = r.basic_loss_db - r.loss_db
    terms = (
        Term("Lbf", Text("Không gian tự do", "Free space"), free, "dB"),
        Term(
            "Lba",
            Text("Nhiễu xạ Bullington, mặt cắt thật", "Bullington, actual profile"),
            r.bullington_db,
            "dB",
        ),
        Term(
            "Lbs", Text("Nhiễu xạ Bullington, mặt đất nhẵn", "Bullington, smooth profile"), r.smooth_db, "dB"
        ),
        Term("Lsph", Text("Nhiễu xạ trái đất cầu", "Spherical-earth diffraction"), r.spherical_db, "dB"),
        Term("Ld", Text("Nhiễu xạ delta-Bullington", "Delta-Bullington diffraction"), r.loss_db, "dB"),
        Term("Lb", Text("Suy hao truyền dẫn cơ bản", "Basic transmission loss"), r.basic_loss_db, "dB"),
    )
    return r.basic_loss_db, free, terms


def _itm(layers: Layers, settings: object, path: Path) -> Answer:
    from phusong.coverage.radio.itm import Parameters, point_to_point

    assert layers.terrain is not None
    profile = path.profile
    # The model wants equal steps all the way, and knows bare ground only.
    steps = max(round(profile.length_m / layers.grid.cell_m), 2)
    x = np.linspace(profile.x_m[0], profile.x_m[-1], steps + 1)
    y = np.linspace(profile.y_m[0], profile.y_m[-1], steps + 1)
    terminal = 0.0
    if path.clutter_m is not None and layers.clutter is not None:
        heights = clutter_heights_m(layers.project.layers.clutter)
        by_class = terminal_losses_db(path.frequency_mhz, path.rx_height_m, heights, layers.grid.cell_m)
        terminal = float(by_class[layers.clutter.at(x[-1:], y[-1:], 0)][0])
    r = point_to_point(
        bilinear(layers.terrain.values, layers.grid, x, y),
        profile.length_m / steps,
        Parameters(
            path.frequency_mhz,
            path.tx_height_m,
            path.rx_height_m,
            n0=layers.project.radio.n0,
            time=getattr(settings, "time_percent", 50.0),
        ),
    )
    terms = (
        Term("A_fs", Text("Không gian tự do", "Free space"), r.free_space_db, "dB"),
        Term("A_ref", Text("Suy hao so với không gian tự do", "Reference attenuation"), r.reference_db, "dB"),
        Term("A_t", Text("Vật che phủ quanh máy", "Clutter at the phone"), terminal, "dB"),
        Term("A", Text("Suy hao truyền dẫn cơ bản", "Basic transmission loss"), r.loss_db + terminal, "dB"),
        Term(
            "mode",
            Text("Cơ chế (1 thẳng, 2 nhiễu xạ, 3 tán xạ)", "Mode (1 in sight, 2 diffraction, 3 scatter)"),
            float(r.mode),
            "",
        ),
        Term("delta_h", Text("Độ gồ ghề địa hình", "Terrain irregularity"), r.delta_h_m, "m"),
        Term("N_s", Text("Chiết suất mặt đất", "Surface refractivity"), r.n_s, "N"),
        Term(
            "h_e_tx",
            Text("Độ cao hiệu dụng phía trạm", "Effective height, site"),
            r.effective_height_m[0],
            "m",
        ),
        Term(
            "h_e_rx",
            Text("Độ cao hiệu dụng phía máy", "Effective height, phone"),
            r.effective_height_m[1],
            "m",
        ),
        Term("warnings", Text("Cờ cảnh báo", "Warning bits"), float(r.warnings), ""),
    )
    return r.loss_db + terminal, r.free_space_db, terms


MODELS: Mapping[str, Callable[[Layers, object, Path], Answer]] = MappingProxyType(
    {"p1812": _p1812, "itm": _itm, "p526": _p526}
)
