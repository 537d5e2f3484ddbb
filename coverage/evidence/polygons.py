"""Declared coverage beside predicted: the ground and the people on which both agree, and do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.criterion import technology_of
from phusong.coverage.evidence.statistics import Agreement, agreement, block_numbers
from phusong.coverage.prediction import Prediction
from phusong.coverage.zonal import CommuneShares, cell_shares
from phusong.layers.inventory import Layers

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd


@dataclass(frozen=True)
class Matrix:
    """Declared against predicted coverage of one service and operator, within the communes.

    Attributes
    ----------
    service, operator : str
    both, declared_only, predicted_only, neither : (float, float)
        Square kilometres and people; the four sum to the province.
    measured : Agreement or None
        Samples against the declaration; None without samples of this operator and technology.
    """

    service: str
    operator: str
    both: tuple[float, float]
    declared_only: tuple[float, float]
    predicted_only: tuple[float, float]
    neither: tuple[float, float]
    measured: Agreement | None = None

    @property
    def area_agreement(self) -> float:
        """Share of the area on which both say the same."""
        whole = sum(p[0] for p in (self.both, self.declared_only, self.predicted_only, self.neither))
        return (self.both[0] + self.neither[0]) / whole if whole else float("nan")

    @property
    def people_agreement(self) -> float:
        """Share of the people for whom both say the same."""
        whole = sum(p[1] for p in (self.both, self.declared_only, self.predicted_only, self.neither))
        return (self.both[1] + self.neither[1]) / whole if whole else float("nan")


def declared_share(layers: Layers, shapes: gpd.GeoSeries) -> NDArray[np.float64]:
    """Return the exact part of every cell of the grid that polygons together cover, shape (cells,)."""
    import geopandas as gpd
    import shapely

    if not len(shapes):
        return np.zeros(layers.grid.size)
    whole = gpd.GeoSeries([shapely.union_all(shapes.to_numpy())], crs=layers.grid.crs)
    return np.asarray(cell_shares(whole, layers.grid).toarray()).reshape(-1)


def agreement_matrices(
    layers: Layers, shares: CommuneShares, predictions: dict[str, Prediction], declared: gpd.GeoDataFrame,
    pairs: pd.DataFrame | None = None,
) -> list[Matrix]:
    """Compare polygons with the prediction of every service of their technology.

    A cell that a polygon covers in part counts by that part, its people likewise; ground of several
    communes and none counts as `phusong.coverage.zonal` has it.

    Parameters
    ----------
    layers : Layers
    shares : CommuneShares
    predictions : mapping of service to Prediction
    declared : GeoDataFrame
        As `phusong.layers.declared.read_declared` returns it.
    pairs : DataFrame, optional
        Samples, as `phusong.coverage.evidence.compare_points.PAIR_COLUMNS`.
    """
    area = np.asarray(shares.area.sum(axis=0)).reshape(-1) * layers.grid.cell_km2
    people = shares.cell_people
    found = []
    for service, prediction in predictions.items():
        technology = technology_of(service, layers.project.services[service])
        mine = declared[declared["technology"] == technology]
        operators = {r.operator for r in prediction.reaches}
        for operator in sorted(set(mine["operator"]) & operators):
            shapes = mine.geometry[mine["operator"] == operator]
            part = declared_share(layers, shapes)
            covered = prediction.of(operator).covered.values.ravel()
            sums = [
                (float((area * p).sum()), float((people * p).sum()))
                for own in (part, 1.0 - part)
                for p in (own * covered, own * ~covered)
            ]
            measured = _measured(pairs, service, operator, shapes)
            found.append(Matrix(service, operator, sums[0], sums[1], sums[2], sums[3], measured))
    return found


def _measured(
    pairs: pd.DataFrame | None, service: str, operator: str, shapes: gpd.GeoSeries
) -> Agreement | None:
    import shapely

    if pairs is None:
        return None
    own = pairs[(pairs["service"] == service) & (pairs["operator"] == operator)]
    if not len(own):
        return None
    x, y = own["x_m"].to_numpy(np.float64), own["y_m"].to_numpy(np.float64)
    inside = np.zeros(len(own), dtype=bool)
    tree = shapely.STRtree(np.atleast_1d(np.asarray(shapely.points(x, y), dtype=object)))
    inside[np.unique(tree.query(shapes.to_numpy(), predicate="intersects")[1])] = True
    return agreement(inside, own["measured"].to_numpy(bool), block_numbers(x, y))
