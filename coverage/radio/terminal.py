"""What stands round a phone, for models that know only the ground: a loss for every class of clutter."""

from __future__ import annotations

import numpy as np

from phusong.coverage.radio.model import FloatArray
from phusong.coverage.radio.p2108 import height_gain_loss_db, statistical_loss_db
from phusong.coverage.radio.vegetation import woodland_loss_db
from phusong.layers.rasters.clutter import CLASSES

HEIGHT_GAIN_MAX_MHZ = 3000.0
"""End of the range of Rec. ITU-R P.2108, section 3.1; above it section 3.2, the statistical model."""
STATISTICAL_DISTANCE_KM = 2.0
"""From here on the statistical loss no longer grows with distance."""
_BUILT = {"suburban": "suburban", "urban": "urban", "dense-urban": "dense_urban"}


def terminal_losses_db(
    frequency_mhz: float, rx_height_m: float, heights_m: FloatArray, cell_m: float
) -> FloatArray:
    """Return the median loss at a phone in each class of clutter.

    Among buildings Rec. ITU-R P.2108-1, section 3.1 (height gain) up to 3 GHz and section 3.2 at half of
    the locations above; in forest Rec. ITU-R P.833-10, section 2, at a depth of half a cell; none in the
    open. Not for P.1812, whose profiles hold the clutter themselves.

    Parameters
    ----------
    frequency_mhz : float
    rx_height_m : float
        Above ground.
    heights_m : array, shape (7,)
        Of the classes by code: `phusong.layers.rasters.clutter.clutter_heights_m`.
    cell_m : float

    Returns
    -------
    array of float64, shape (7,)
        Index it with the codes of the clutter raster.
    """
    losses = np.zeros(len(heights_m))
    for name, code in CLASSES.items():
        if rx_height_m >= heights_m[code]:
            continue
        if name == "forest":
            losses[code] = float(woodland_loss_db(frequency_mhz, 0.5 * cell_m, "tropical"))
        elif name in _BUILT and frequency_mhz <= HEIGHT_GAIN_MAX_MHZ:
            losses[code] = float(
                height_gain_loss_db(
                    frequency_mhz / 1000.0,
                    rx_height_m,
                    _BUILT[name],  # type: ignore[arg-type]
                    clutter_height_m=float(heights_m[code]),
                )
            )
        elif name in _BUILT:
            losses[code] = float(statistical_loss_db(frequency_mhz / 1000.0, STATISTICAL_DISTANCE_KM, 50.0))
    return losses
