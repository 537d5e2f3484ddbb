"""From a file of measurements to a fit for every service that it speaks of."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from phusong.coverage.evidence.calibrate import Fit, calibrate
from phusong.coverage.evidence.compare_points import pair_samples, predict_measured, radio_services
from phusong.coverage.evidence.thinning import DAY_S, thin
from phusong.coverage.evidence.validate import NO_SERVICE
from phusong.coverage.prediction import ShareDone
from phusong.data.language import Text
from phusong.layers.faults import ExpectedError
from phusong.layers.inventory import Layers
from phusong.layers.measurements import Reading, read_measurements
from phusong.layers.project.schema import RangeService

NO_LEVELS = Text(
    "Dịch vụ {name} dùng mô hình range (vòng tròn), không dự báo mức thu nên không hiệu chỉnh được.",
    "The service {name} uses circles (range), which predict no level: there is nothing to calibrate.",
)
NO_SUCH = Text(
    "Dự án không có dịch vụ vô tuyến '{name}' cho công nghệ đã đo. Có: {known}.",
    "The project has no radio service '{name}' of a measured technology. It has: {known}.",
)


def calibrate_project(
    layers: Layers, measured: Path, *, service: str | None = None, reading: Reading | None = None,
    square_m: float | None = None, seconds: int = DAY_S, workers: int = 0, progress: ShareDone | None = None,
) -> dict[str, Fit]:
    """Fit corrections to every service of a measured technology, or to one.

    The model is asked as it is, without any calibration that the project names already: a new fit replaces
    an old one and is not laid on top of it.

    Parameters
    ----------
    layers : Layers
    measured : Path
    service : str, optional
    reading : Reading, optional
    square_m, seconds
        Of thinning; see `phusong.coverage.evidence.thinning.thin`.
    workers : int
    progress : callable, optional

    Returns
    -------
    dict of service to Fit
    """
    found = read_measurements(measured, layers, reading)
    technologies = {str(t) for t in found.samples["technology"]} - {""}
    services = dict(radio_services(layers, technologies))
    if not services:
        raise ExpectedError(NO_SERVICE, found=", ".join(sorted(technologies)) or "–")
    if service is not None:
        if service not in services:
            raise ExpectedError(NO_SUCH, name=service, known=", ".join(services))
        services = {service: services[service]}
    plain = {n: s for n, s in services.items() if not isinstance(s, RangeService)}
    if not plain:
        raise ExpectedError(NO_LEVELS, name=next(iter(services)))
    plain = {n: s.model_copy(update={"calibration": None}) for n, s in plain.items()}
    project = layers.project.model_copy(update={"services": {**layers.project.services, **plain}})
    layers = dataclasses.replace(layers, project=project, calibrations={})
    predictions = predict_measured(layers, plain, workers=workers, progress=progress)
    thinned = thin(found.samples, layers.grid, side_m=square_m, seconds=seconds, by_cell=True)
    return {
        name: calibrate(
            pair_samples(layers, name, settings, predictions[name], thinned), service=name,
            model=settings.model, file=found.file, sha256=found.sha256,
        )
        for name, settings in plain.items()
    }
