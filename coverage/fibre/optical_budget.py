"""The optical budget of a passive network: how far light gets, computed for every path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from phusong.coverage.fibre.fibre_graph import DROP, FibreNetwork
from phusong.coverage.fibre.road_reach import multi_source
from phusong.coverage.result import ANY
from phusong.data.fibre_tables import Level, optical_losses
from phusong.layers.grid import FloatArray

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Optics:
    """What a passive network is built of; losses are of the table ``data/optical_losses.csv``.

    Attributes
    ----------
    optical_class : str
        ``B+`` or ``C+``.
    splitters : tuple of str
        Stages one after the other: ``("1:32",)`` or ``("1:4", "1:8")``.
    wavelength_nm : int
        1310 (upstream, the worst), 1490 (downstream) or 1550 (video).
    level : {"low", "base", "high"}
        Which end of the table's losses; all ``high`` at once is the worst that can be built.
    connectors : int, optional
        Mated pairs on the path; by default the table's.
    splices_per_km, margin_db : float, optional
        By default the table's.
    own : mapping of (kind, key) to float
        Losses of the project's own that win over the table, as ``("fibre_db_per_km", "1310"): 0.36``.
    """

    optical_class: str = "B+"
    splitters: tuple[str, ...] = ("1:32",)
    wavelength_nm: int = 1310
    level: Level = "base"
    connectors: int | None = None
    splices_per_km: float | None = None
    margin_db: float | None = None
    own: Mapping[tuple[str, str], float] | None = None

    def figure(self, kind: str, key: str = "each") -> float:
        """Return one term of the budget.

        Raises
        ------
        ValueError
            The table does not have it.
        """
        if self.own and (kind, key) in self.own:
            return float(self.own[kind, key])
        table = optical_losses()
        if (kind, key) not in table:
            known = ", ".join(k for found, k in table if found == kind)
            raise ValueError(f"no {kind} for {key!r}; there is {known}")
        return table[kind, key].at(self.level)

    @property
    def fixed_db(self) -> float:
        """Loss of the path whatever its length: splitters and connectors, the margin not."""
        pairs = self.figure("connectors") if self.connectors is None else self.connectors
        return sum(self.figure("splitter_db", s) for s in self.splitters) + pairs * self.figure(
            "connector_db"
        )

    @property
    def db_per_km(self) -> float:
        """Loss of a kilometre of cable: fibre and splices."""
        splices = self.figure("splices_per_km") if self.splices_per_km is None else self.splices_per_km
        return self.figure("fibre_db_per_km", str(self.wavelength_nm)) + splices * self.figure("splice_db")

    @property
    def kept_db(self) -> float:
        """Margin that is kept for ageing and repairs."""
        return self.figure("margin_db") if self.margin_db is None else self.margin_db


def path_loss_db(length_m: FloatArray | float, optics: Optics) -> FloatArray:
    """Return the loss between OLT and home.

    ``A = sum(splitters) + n_connectors a_connector + L (alpha + n_splices a_splice)`` with L in km.

    The form is that of ITU-T G.652 (2016), Appendix I, clause I.2 (attenuation of a link from those of
    fibre, splices and connectors), with the branching components of ITU-T G.671 added.

    Parameters
    ----------
    length_m : float or array
        Cable from the OLT to the home, in metres, not negative.
    optics : Optics

    Returns
    -------
    array of float64
        dB, without margin.

    Examples
    --------
    >>> float(path_loss_db(10_000.0, Optics(splices_per_km=0.0)))  # 17 + 4 x 0.5 + 10 x 0.35
    22.5
    """
    length = np.asarray(length_m, dtype=np.float64)
    return np.asarray(optics.fixed_db + length / 1000.0 * optics.db_per_km)


def margin_left_db(length_m: FloatArray | float, optics: Optics) -> FloatArray:
    """Return what the class bears beyond loss and margin: below zero, the path is too long.

    Classes B+ (13 to 28 dB) and C+ (17 to 32 dB): ITU-T G.984.2, Amendments 1 and 2.
    """
    bears = optics.figure("class_max_db", optics.optical_class)
    return np.asarray(bears - optics.kept_db - path_loss_db(length_m, optics))


def too_bright_db(length_m: FloatArray | float, optics: Optics) -> FloatArray:
    """Return by how much the loss falls short of the least that the class asks for: an attenuator is due.

    Above zero the receiver may be overloaded (ITU-T G.984.2: least attenuation 13 dB for B+, 17 for C+).
    """
    least = optics.figure("class_min_db", optics.optical_class)
    return np.asarray(least - path_loss_db(length_m, optics))


def max_reach_m(optics: Optics) -> float:
    """Return the longest path from OLT to home, in metres; 0 where the splitters leave nothing.

    ``L = (A_max - margin - fixed) / (alpha + n_splices a_splice)``, and never beyond the logical reach of
    60 km (ITU-T G.984.1). With B+, 17.5 dB for 1:32, 2 dB of connectors, 3 dB of margin and 0.35 dB/km
    without splices that is 15.7 km; with 21 dB for 1:64, 5.7 km.
    """
    room_db = float(margin_left_db(0.0, optics))
    logical_m = 1000.0 * optics.figure("logical_reach_km")
    return float(min(max(room_db, 0.0) / optics.db_per_km * 1000.0, logical_m))


def reach_table(*, level: Level = "base") -> pd.DataFrame:
    """Return the longest path by class, splitter and wavelength.

    Returns
    -------
    DataFrame
        ``optical_class splitter wavelength_nm fixed_db db_per_km margin_db reach_m``.
    """
    import pandas as pd

    table = optical_losses()
    rows = []
    for optical_class in (key for kind, key in table if kind == "class_max_db"):
        for splitter in (key for kind, key in table if kind == "splitter_db"):
            for nm in (key for kind, key in table if kind == "fibre_db_per_km"):
                optics = Optics(optical_class, (splitter,), int(nm), level)
                rows.append(
                    {
                        "optical_class": optical_class, "splitter": splitter, "wavelength_nm": int(nm),
                        "fixed_db": optics.fixed_db, "db_per_km": optics.db_per_km,
                        "margin_db": optics.kept_db, "reach_m": max_reach_m(optics),
                    }
                )  # fmt: skip
    return pd.DataFrame(rows)


def cable_from_olt(network: FibreNetwork, operator: str = ANY) -> FloatArray:
    """Return the cable between each fibre node and the nearest OLT or aggregation point.

    Parameters
    ----------
    network : FibreNetwork
        Of the fibre alone, or with roads; only cables in operation and links to nodes count as way.
    operator : str
        Whose cables and aggregation points.

    Returns
    -------
    array of float64, shape (f,)
        Metres by row of the fibre nodes, infinite where no cable leads to one.
    """
    way = network.cable(operator) | (network.kind == DROP)
    graph = network.graph.take(way)
    roots = network.node[network.fibre_nodes(operator, roles=("aggregation",))]
    distance, _ = multi_source(graph.csr(), roots)
    return np.asarray(distance[network.node])


def optical_paths(network: FibreNetwork, optics: Optics, operator: str = ANY) -> pd.DataFrame:
    """Return the budget of every operational access point of an operator.

    Returns
    -------
    DataFrame
        ``row operator kind cable_m loss_db margin_left_db reach_left_m ok``: ``row`` of the fibre nodes;
        ``reach_left_m`` is the cable that may still follow, drop included; NaN where no cable leads to an
        OLT.
    """
    import pandas as pd

    rows = network.fibre_nodes(operator)
    cable = cable_from_olt(network, operator)[rows]
    known = np.isfinite(cable)
    cable = np.where(known, cable, np.nan)
    left = margin_left_db(cable, optics)
    room = np.where(known, np.maximum(max_reach_m(optics) - cable, 0.0), np.nan)
    return pd.DataFrame(
        {
            "row": rows, "operator": network.node_operator[rows], "kind": network.node_kind[rows],
            "cable_m": cable, "loss_db": path_loss_db(cable, optics), "margin_left_db": left,
            "reach_left_m": room, "ok": known & (left >= 0.0) & (cable <= max_reach_m(optics)),
        }
    )  # fmt: skip


def head_start_m(cable_m: FloatArray, optics: Optics, reach_m: float, drop_m: float) -> FloatArray:
    """Return by how much the optical budget shortens the reach of each access point.

    An access point ``cable_m`` from its OLT may serve homes up to the longest path less that cable and the
    drop; where this is less than ``reach_m``, the difference counts as used up. Infinite where nothing is
    left, and where no cable leads to an OLT.
    """
    room = max_reach_m(optics) - cable_m - drop_m
    return np.where(room > 0.0, reach_m - np.minimum(room, reach_m), np.inf)
