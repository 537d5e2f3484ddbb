"""The table ``[uncertainty]`` of the project file: what is not known, and how many draws tell."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class UncertaintyTable(BaseModel):
    """``[uncertainty]``: with it, every percentage of a run has a low and a high.

    The defaults of ``residual_db`` and ``bias_db`` are a planner's for a model that was not calibrated here;
    `phusong validate` measures both. ``correlation_m``: the decorrelation distance of shadowing in suburbs,
    from 0.82 at 100 m (M. Gudmundson, Electronics Letters 27 (1991) 2145). ``common``: half of the variance
    is shared by all sites (3GPP TR 36.814 V9.2.0, table A.2.1.1-2). ``circle_slope_db``: Hata's loss a decade
    of distance under an antenna of 30 m, 44.9 - 6.55 log10(30) (IEEE Trans. Veh. Technol. 29 (1980) 317).
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, str_strip_whitespace=True, allow_inf_nan=False
    )

    draws: int = Field(default=100, ge=20, le=5000)
    seed: int = Field(default=1, ge=0)
    level: float = Field(default=0.9, ge=0.5, le=0.99)
    """Share of the draws between low and high."""
    residual_db: float = Field(default=6.0, ge=0.0, le=30.0)
    """Spread of the local median about the model's, from place to place."""
    residual_correlation_m: float = Field(default=2000.0, ge=50.0, le=50000.0)
    bias_db: float = Field(default=2.0, ge=0.0, le=20.0)
    """Spread of the model's error over the province as a whole."""
    correlation_m: float = Field(default=500.0, ge=10.0, le=10000.0)
    """Over which the location variability stays alike."""
    common: float = Field(default=0.5, ge=0.0, le=1.0)
    """Part of the variance that all sites share at a place; the rest is each site's own."""
    circle_slope_db: float = Field(default=35.2, ge=0.0, le=100.0)
    """By which errors in dB move the edge of a circle (``range``); 0: circles are exact."""
    second_population: Path | None = None
    """Another raster of people, which could as well be true."""
    second_population_crs: str | None = None
