"""A prediction confronted with what was measured, declared and reported: everything put together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.criterion import technology_of
from phusong.coverage.evidence import availability as counting
from phusong.coverage.evidence.censoring import Censoring, censoring
from phusong.coverage.evidence.challenge import challenges
from phusong.coverage.evidence.compare_points import (
    DISTANCE_BREAKS_M,
    RadioService,
    pair_samples,
    predict_measured,
    radio_services,
    threshold_dbm,
)
from phusong.coverage.evidence.field_reports import LEAST_BARS, ReportAgreement, compare_reports
from phusong.coverage.evidence.polygons import Matrix, agreement_matrices
from phusong.coverage.evidence.statistics import Agreement, ErrorStats, agreement, error_stats
from phusong.coverage.evidence.thinning import DAY_S, thin
from phusong.coverage.prediction import Prediction
from phusong.coverage.zonal import share_communes
from phusong.data.language import Text
from phusong.layers.faults import ExpectedError, Fault
from phusong.layers.inventory import Layers
from phusong.layers.measurements import Measurements, Reading, read_measurements

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from phusong.coverage.analyse import Progress

READING = Text("Đọc dữ liệu", "Reading")
PREDICTING = Text("Tính dự báo", "Predicting")
COMPARING = Text("Đối chiếu", "Comparing")

NOTHING_ASKED = Text(
    "Cần ít nhất một tệp: kết quả đo, --polygons hoặc --reports.",
    "Give at least one file: measurements, --polygons or --reports.",
)
NO_SERVICE = Text(
    "Tệp có công nghệ {found}, nhưng dự án không có dịch vụ vô tuyến nào dùng công nghệ đó.",
    "The file has the technologies {found}; the project has no radio service of any of them.",
)
NO_PAIRS = Text(
    "Không có mẫu nào đối chiếu được: kiểm tra nhà mạng ({operators}) và công nghệ của tệp.",
    "No sample can be compared: check the operators ({operators}) and technologies of the file.",
)
GROUPS = ("all", "strong", "distance", "clutter", "sight", "operator", "band", "known")
"""``strong``: records predicted so strong that hardly one like them goes unheard; what was heard of weaker
ones is the better part, and flatters."""
_STRONG_SIGMAS = 2.0


@dataclass(frozen=True)
class Options:
    """How to compare.

    Attributes
    ----------
    reading : Reading
    square_m : float, optional
        Of thinning; by default the grid's cell.
    seconds : int
        Span of thinning.
    rule : phusong.coverage.evidence.availability.Rule
    least_bars : int
    workers : int
    """

    reading: Reading = field(default_factory=Reading)
    square_m: float | None = None
    seconds: int = DAY_S
    rule: counting.Rule = field(default_factory=counting.Rule)
    least_bars: int = LEAST_BARS
    workers: int = 0


@dataclass(frozen=True)
class ErrorGroup:
    """Errors of one part of the samples.

    Attributes
    ----------
    service : str
    group : str
        One of `GROUPS`.
    value : str
        ``0-500`` metres and so on; a class of clutter; ``clear`` or ``ridge``; an operator; MHz; ``yes``.
    stats : ErrorStats
    """

    service: str
    group: str
    value: str
    stats: ErrorStats


@dataclass(frozen=True)
class ClaimGroup:
    """Claims against measurement for one service and operator (all of them: ``all``).

    Attributes
    ----------
    service, operator : str
    figures : Agreement
        A claim is 'covered' on the map: the threshold at the location probability of the service.
    median : Agreement
        A claim is a predicted median at or above the threshold, as likely as not.
    """

    service: str
    operator: str
    figures: Agreement
    median: Agreement


@dataclass(frozen=True)
class Validation:
    """Everything that was found.

    Attributes
    ----------
    layers : Layers
    options : Options
    measurements : Measurements or None
    thinned : GeoDataFrame or None
        One record per square, span, operator and technology.
    pairs : DataFrame
        `phusong.coverage.evidence.compare_points.PAIR_COLUMNS` of the thinned records.
    errors : tuple of ErrorGroup
        Records that name different cells are held apart here.
    claims : tuple of ClaimGroup
    availability : tuple of Availability
    censoring : mapping of service to Censoring
    challenges : DataFrame or None
    matrices : tuple of Matrix
    reports : DataFrame or None
    report_figures : tuple of ReportAgreement
    predictions : mapping of service to Prediction
    declared : GeoDataFrame or None
    faults : tuple of Fault
        Warnings of all files.
    """

    layers: Layers
    options: Options
    measurements: Measurements | None
    thinned: gpd.GeoDataFrame | None
    pairs: pd.DataFrame | None
    errors: tuple[ErrorGroup, ...]
    claims: tuple[ClaimGroup, ...]
    availability: tuple[counting.Availability, ...]
    censoring: Mapping[str, Censoring]
    challenges: pd.DataFrame | None
    matrices: tuple[Matrix, ...]
    reports: pd.DataFrame | None
    report_figures: tuple[ReportAgreement, ...]
    predictions: Mapping[str, Prediction]
    declared: gpd.GeoDataFrame | None
    faults: tuple[Fault, ...]


def validate(
    layers: Layers, measured: Path | None = None, *, polygons: Path | None = None,
    reports: Path | None = None, options: Options | None = None, progress: Progress | None = None,
) -> Validation:
    """Confront the prediction of a province with files from outside.

    Parameters
    ----------
    layers : Layers
        Of the project, as a run reads them.
    measured, polygons, reports : Path, optional
        At least one.
    options : Options, optional
    progress : callable, optional

    Raises
    ------
    InputError
        A file has faults.
    ExpectedError
        No file, or nothing in it that can be compared.
    """
    from phusong.layers.declared import read_declared
    from phusong.layers.field_reports import read_field_reports

    if measured is None and polygons is None and reports is None:
        raise ExpectedError(NOTHING_ASKED)
    options = options or Options()
    tell = progress or (lambda stage, share: None)
    tell(READING, 0.0)
    samples = None if measured is None else read_measurements(measured, layers, options.reading)
    declared = None if polygons is None else read_declared(polygons, layers, _polygon_reading(options))
    told = None if reports is None else read_field_reports(reports, layers)
    tell(READING, 1.0)
    technologies = _technologies(layers, samples, declared, None if told is None else told.reports)
    services = radio_services(layers, technologies)
    if not services:
        raise ExpectedError(NO_SERVICE, found=", ".join(sorted(technologies)) or "–")
    predictions = predict_measured(
        layers, services, workers=options.workers, progress=lambda share: tell(PREDICTING, share)
    )
    tell(COMPARING, 0.0)
    found = _Measured.of(layers, samples, services, predictions, options)
    matrices: list[Matrix] = []
    if declared is not None:
        shares = share_communes(
            layers.communes, layers.population.people, overlaps=layers.topology.overlaps,
            holes=layers.topology.holes,
        )
        matrices = agreement_matrices(layers, shares, predictions, declared, found.pairs)
    table, report_figures = (None, []) if told is None else compare_reports(
        layers, predictions, told.reports, least_bars=options.least_bars
    )
    tell(COMPARING, 1.0)
    faults = [*(samples.faults if samples else ()), *(told.faults if told else ())]
    faults += [f for p in predictions.values() for f in p.faults]
    return Validation(
        layers, options, samples, found.thinned, found.pairs, found.errors, found.claims, found.availability,
        found.censoring, found.challenges, tuple(matrices), table, tuple(report_figures), predictions,
        declared, tuple(faults),
    )


def _polygon_reading(options: Options) -> Reading:
    """Return what is said of the measurements' columns that polygons have too."""
    both = ("operator", "technology")
    return Reading(defaults={k: v for k, v in options.reading.defaults.items() if k in both})


def _technologies(
    layers: Layers, samples: Measurements | None, declared: gpd.GeoDataFrame | None,
    reports: pd.DataFrame | None,
) -> set[str]:
    found: set[str] = set()
    for frame in (samples.samples if samples else None, declared, reports):
        if frame is not None:
            found |= {str(t) for t in frame["technology"]}
    if reports is not None and "" in set(reports["technology"]):
        found |= {technology_of(n, s) for n, s in layers.project.services.items()}
    return found - {""}


@dataclass(frozen=True)
class _Measured:
    """What comes of a file of measurements; empty without one."""

    thinned: gpd.GeoDataFrame | None = None
    pairs: pd.DataFrame | None = None
    errors: tuple[ErrorGroup, ...] = ()
    claims: tuple[ClaimGroup, ...] = ()
    availability: tuple[counting.Availability, ...] = ()
    censoring: Mapping[str, Censoring] = field(default_factory=dict)
    challenges: pd.DataFrame | None = None

    @classmethod
    def of(
        cls, layers: Layers, measured: Measurements | None, services: Mapping[str, RadioService],
        predictions: dict[str, Prediction], options: Options,
    ) -> _Measured:
        """Return the measurements joined to the prediction; nothing where none were given."""
        import pandas as pd

        if measured is None:
            return cls()
        samples = measured.samples
        whole = thin(samples, layers.grid, side_m=options.square_m, seconds=options.seconds)
        by_cell = thin(samples, layers.grid, side_m=options.square_m, seconds=options.seconds, by_cell=True)
        pairs = pd.concat(
            [pair_samples(layers, n, s, predictions[n], whole) for n, s in services.items()],
            ignore_index=True,
        )
        apart = pd.concat(
            [pair_samples(layers, n, s, predictions[n], by_cell) for n, s in services.items()],
            ignore_index=True,
        )
        if not len(pairs):
            raise ExpectedError(NO_PAIRS, operators=", ".join(sorted(set(samples["operator"]))) or "–")
        seen = {
            str(n): censoring(own["rsrp_dbm"].to_numpy(np.float64), own["predicted_dbm"].to_numpy(np.float64))
            for n, own in apart.groupby("service", sort=False)
        }
        return cls(
            whole, pairs, tuple(error_groups(apart, seen)),
            tuple(claim_groups(pairs, {n: threshold_dbm(s) for n, s in services.items()})),
            tuple(counting.availabilities(samples, whole, options.rule)), seen,
            challenges(layers, pairs, predictions, samples),
        )


def distance_class(distance_m: NDArray[np.float64]) -> NDArray[np.object_]:
    """Return the class of each distance, ``0-500`` to ``8000-``; empty where it is not known."""
    names = [f"{a:.0f}-{'' if np.isinf(b) else f'{b:.0f}'}" for a, b in pairwise(DISTANCE_BREAKS_M)]
    number = np.searchsorted(DISTANCE_BREAKS_M, distance_m, side="right") - 1
    known = np.isfinite(distance_m)
    return np.where(known, np.array(names, dtype=object)[np.clip(number, 0, len(names) - 1)], "")


def error_groups(pairs: pd.DataFrame, seen: Mapping[str, Censoring] | None = None) -> list[ErrorGroup]:
    """Return the errors of each service, as a whole and by the conditions of its samples.

    ``seen`` tells the floor under which samples of a service fall silent.
    """
    used = pairs[pairs["heard"] & pairs["predicted_dbm"].notna()].reset_index(drop=True)
    keys = {
        "all": np.full(len(used), "all", dtype=object),
        "strong": np.where(_strong(used, seen or {}), "yes", "").astype(object),
        "distance": distance_class(used["distance_m"].to_numpy(np.float64)),
        "clutter": used["clutter"].to_numpy(dtype=object), "sight": used["sight"].to_numpy(dtype=object),
        "operator": used["operator"].to_numpy(dtype=object),
        "band": np.array([f"{f:g}" if np.isfinite(f) else "" for f in used["frequency_mhz"]], dtype=object),
        "known": np.where(used["known_cell"], "yes", "no").astype(object),
    }
    residual, block = used["residual_db"].to_numpy(np.float64), used["block"].to_numpy(np.int64)
    found = []
    for service in dict.fromkeys(used["service"]):
        mine = (used["service"] == service).to_numpy()
        for group, values in keys.items():
            for value in sorted({v for v in values[mine].tolist() if v}, key=_in_order):
                here = mine & (values == value)
                found.append(ErrorGroup(str(service), group, value, error_stats(residual[here], block[here])))
    return found


def _strong(used: pd.DataFrame, seen: Mapping[str, Censoring]) -> NDArray[np.bool_]:
    least = np.full(len(used), np.inf)
    for service, end in seen.items():
        if end.tested:
            mine = (used["service"] == service).to_numpy()
            least[mine] = end.floor_dbm + _STRONG_SIGMAS * end.spread_db - end.bias_db
    return np.asarray(used["predicted_dbm"].to_numpy(np.float64) >= least, dtype=bool)


def _in_order(value: str) -> tuple[float, str]:
    head = value.partition("-")[0]
    return (float(head), value) if head.replace(".", "").isdigit() else (-1.0, value)


def claim_groups(pairs: pd.DataFrame, limits: Mapping[str, float]) -> list[ClaimGroup]:
    """Return agreement of claims and measurement, for each service and operator.

    ``limits`` are the thresholds of the services in dBm.
    """
    found = []
    for service in dict.fromkeys(pairs["service"]):
        own = pairs[pairs["service"] == service]
        for operator in ["all", *sorted(set(own["operator"]))]:
            part = own if operator == "all" else own[own["operator"] == operator]
            measured, block = part["measured"].to_numpy(bool), part["block"].to_numpy(np.int64)
            figures = agreement(part["claimed"].to_numpy(bool), measured, block)
            likely = part["predicted_dbm"].fillna(-np.inf).to_numpy(np.float64) >= limits[str(service)]
            median = figures if part["predicted_dbm"].isna().all() else agreement(likely, measured, block)
            found.append(ClaimGroup(str(service), operator, figures, median))
    return found
