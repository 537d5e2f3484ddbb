"""Draws the figure of docs/radio.md: one site over real mountains, by three models.

python docs/figures.py TERRAIN.hgt [--out docs/images/one-site.png] [--lat 44.27 --lon -71.55]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import numpy as np
from matplotlib import pyplot
from matplotlib.colors import LightSource
from pyproj import CRS, Transformer

from phusong.coverage.radio.link_budget import reference_share_db
from phusong.coverage.radio.model import Link
from phusong.coverage.radio.models import FLAT_MODELS
from phusong.coverage.radio.sweep import P1812Field, SweepLink
from phusong.layers.faults import Faults
from phusong.layers.grid import Grid
from phusong.layers.rasters.terrain import read_terrain

RADIUS_M, CELL_M, HEIGHT_M, EIRP_DBM, MHZ = 20_000.0, 100.0, 30.0, 60.0, 900.0


def main() -> None:
    """Predict and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("terrain", type=Path)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "images" / "one-site.png")
    parser.add_argument("--lat", type=float, default=44.27)
    parser.add_argument("--lon", type=float, default=-71.55)
    options = parser.parse_args()
    utm = CRS.from_epsg(32600 + int((options.lon + 180.0) // 6.0) + 1)
    x, y = Transformer.from_crs(4326, utm, always_xy=True).transform(options.lon, options.lat)
    reach = RADIUS_M + 2.0 * CELL_M
    grid = Grid.cover((x - reach, y - reach, x + reach, y + reach), utm, CELL_M)
    terrain = read_terrain(options.terrain, grid, Faults())
    if terrain is None:
        raise SystemExit(f"{options.terrain} cannot be read")
    row, col = (grid.top_m - y) / CELL_M - 0.5, (x - grid.left_m) / CELL_M - 0.5
    swept = P1812Field(terrain.values, CELL_M).sweep(
        row, col, [SweepLink(MHZ / 1000.0, HEIGHT_M)], max_distance_m=RADIUS_M, workers=2
    )
    loss = np.full(grid.shape, np.nan)
    rows, cols = swept.loss_db.shape[1:]
    window = np.s_[swept.first_row : swept.first_row + rows, swept.first_col : swept.first_col + cols]
    loss[window] = swept.loss_db[0]
    distance = np.hypot(grid.x_m()[None, :] - x, grid.y_m()[:, None] - y)
    hata = FLAT_MODELS["hata"].loss_db(np.maximum(distance, 1.0), Link(MHZ, HEIGHT_M))
    reference = EIRP_DBM - reference_share_db("4G", 20.0, MHZ)[0]
    circle = np.where(distance <= 4000.0, -90.0, np.nan)
    panels = (
        (
            "p1812: ITU-R P.1812 over the terrain",
            np.where(reference - loss > -130.0, reference - loss, np.nan),
        ),
        ("range: a circle of 4 km", circle),
        ("hata: Okumura-Hata, rural", np.where(distance <= RADIUS_M, reference - hata, np.nan)),
    )
    shade = LightSource(315, 45).hillshade(terrain.values, vert_exag=2.0, dx=CELL_M, dy=CELL_M)
    extent = (-reach / 1000.0, reach / 1000.0, -reach / 1000.0, reach / 1000.0)
    figure, axes = pyplot.subplots(1, 3, figsize=(14, 5.4), layout="constrained", sharey=True)
    for axis, (title, rsrp) in zip(axes, panels, strict=True):
        axis.imshow(shade, cmap="gray", extent=extent, vmin=-0.3, vmax=1.2)
        shown = axis.imshow(rsrp, cmap="viridis", extent=extent, vmin=-130.0, vmax=-70.0, alpha=0.75)
        axis.plot(0, 0, marker="^", color="white", markeredgecolor="black", markersize=9)
        axis.set_title(title, loc="left", fontsize=10)
        axis.set_xlabel("km")
    figure.colorbar(shown, ax=axes, label="RSRP, dBm (4G, 20 MHz, 60 dBm EIRP, omnidirectional)", shrink=0.85)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(options.out, dpi=80)


if __name__ == "__main__":
    main()
