"""Corrections of a prediction that were fitted to measurements: the file, its schema, its faults."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from phusong.layers.faults import ExpectedError
from phusong.layers.grid import FloatArray
from phusong.layers.project.schema import FlatService, Project, TerrainService
from phusong.layers.rasters.clutter import CLASSES
from phusong.layers.rules import error, warning
from phusong.layers.source import Layer
from phusong.layers.tables.opening import MISSING_FILE, near_file

FORMAT = "phusong.calibration"
VERSION = 1
ALL = "all"
"""Clutter of a term that holds for every class."""
Clutter = Literal["all", "none", "water", "open", "forest", "suburban", "urban", "dense-urban"]

BAD_FILE = error(
    "bad-calibration",
    "Tệp hiệu chỉnh không đọc được: {what}", "The calibration cannot be read: {what}",
    "Tạo lại tệp bằng lệnh phusong calibrate … --write.", "Make it again: phusong calibrate … --write.",
)
OTHER_MODEL = error(
    "calibration-of-other-model",
    "Tệp hiệu chỉnh lập cho mô hình {file_model}, dịch vụ này dùng {model}.",
    "The calibration is of model {file_model}; this service uses {model}.",
    "Chạy lại phusong calibrate với dịch vụ này.", "Run phusong calibrate for this service again.",
)
BIASED = warning(
    "calibration-biased",
    "Tệp hiệu chỉnh lập từ mẫu chỉ gồm nơi thu được sóng: kết quả lạc quan ở vùng sóng yếu.",
    "The calibration comes from samples of places with signal only: it is optimistic where signals are weak.",
    "Đo lại, ghi cả mẫu mất sóng.", "Measure again, and record where there was no signal.",
)


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Term(_Table):
    """``[[terms]]``: what is added to the predicted RSRP of one band over one class of clutter.

    ``offset_db + slope_db_per_decade * log10(d / reference_m)``, d held to ``near_m`` … ``far_m``, the
    distances that were measured: no slope is drawn out beyond its samples.
    """

    clutter: Clutter
    frequency_mhz: float = Field(gt=0.0)
    offset_db: float = Field(ge=-60.0, le=60.0)
    offset_se_db: float = Field(ge=0.0)
    slope_db_per_decade: float = Field(default=0.0, ge=-60.0, le=60.0)
    slope_se_db_per_decade: float = Field(default=0.0, ge=0.0)
    reference_m: float = Field(default=1000.0, gt=0.0)
    near_m: float = Field(gt=0.0)
    far_m: float = Field(gt=0.0)
    samples: int = Field(ge=0)
    blocks: int = Field(ge=0)

    def correction_db(self, distance_m: FloatArray | NDArray[np.float32]) -> FloatArray:
        """Return what is added to the signal at each distance."""
        held = np.clip(np.asarray(distance_m, dtype=np.float64), self.near_m, self.far_m)
        return np.asarray(self.offset_db + self.slope_db_per_decade * np.log10(held / self.reference_m))

    @property
    def highest_db(self) -> float:
        """The largest correction at any distance."""
        return float(self.correction_db(np.array([self.near_m, self.far_m])).max())


class LeftOut(_Table):
    """``[test]``: how far predictions lay from measurements in blocks that were left out of the fit."""

    folds: int = Field(ge=2)
    block_m: float = Field(gt=0.0)
    samples: int = Field(ge=0)
    rmse_before_db: float = Field(ge=0.0)
    rmse_after_db: float = Field(ge=0.0)
    bias_before_db: float
    bias_after_db: float


class Credit(_Table):
    """``[[attribution]]``: whom the licences of the data behind the corrections ask to name."""

    attribution: str
    licence: str = ""
    layers: tuple[str, ...] = ()
    indicative: bool = False
    forbids: tuple[str, ...] = ()


class Calibration(_Table):
    """A whole file.

    Attributes
    ----------
    service, model : str
        For which it was fitted.
    measured_sha256 : str
        Of the file of measurements.
    biased : bool
        Whether the samples were found to leave out places without signal.
    attribution : tuple of Credit
        The public sources behind the prediction that was corrected.
    """

    format: Literal["phusong.calibration"] = "phusong.calibration"
    version: Literal[1] = 1
    service: str
    model: str
    measured_file: str = ""
    measured_sha256: str = ""
    biased: bool = False
    terms: tuple[Term, ...] = Field(min_length=1)
    test: LeftOut | None = None
    attribution: tuple[Credit, ...] = ()

    def term_of(self, clutter: str, frequency_mhz: float) -> Term | None:
        """Return the term of a class and band: its own, else that of all classes; None for other bands."""
        mine = [t for t in self.terms if abs(t.frequency_mhz - frequency_mhz) < 0.5]
        own = [t for t in mine if t.clutter == clutter] or [t for t in mine if t.clutter == ALL]
        return own[0] if own else None

    def correction_db(
        self, frequency_mhz: float, clutter: NDArray[np.uint8] | None, distance_m: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Return what is added to the signal over arrays of clutter codes and distances.

        Parameters
        ----------
        frequency_mhz : float
        clutter : array of uint8, or None
            Codes of `phusong.layers.rasters.clutter.CLASSES`; None where the project has no clutter.
        distance_m : array of the same shape
        """
        found = np.zeros(distance_m.shape, dtype=np.float32)
        codes = np.zeros(distance_m.shape, dtype=np.uint8) if clutter is None else clutter
        for name, code in {"none": 0, **CLASSES}.items():
            here = codes == code
            if here.any():
                term = self.term_of(name, frequency_mhz)
                if term is not None:
                    found[here] = term.correction_db(distance_m[here])
        return found

    def highest_db(self, frequency_mhz: float) -> float:
        """Return the largest correction of a band anywhere, at least 0: bounds of reach rest on it."""
        mine = [t.highest_db for t in self.terms if abs(t.frequency_mhz - frequency_mhz) < 0.5]
        return max([0.0, *mine])


def calibration_files(project: Project) -> Iterator[tuple[str, str]]:
    """Give the services with a calibration, and its path; a file named twice comes once."""
    seen = set()
    for name, service in project.services.items():
        if isinstance(service, FlatService | TerrainService) and service.calibration is not None:
            path = service.calibration.as_posix()
            if path not in seen:
                seen.add(path)
                yield name, path


def calibration_of(
    calibrations: Mapping[str, Calibration], service: FlatService | TerrainService
) -> Calibration | None:
    """Return the calibration that a service names, among those that were read.

    Raises
    ------
    ExpectedError
        It is of another model.
    """
    found = None if service.calibration is None else calibrations.get(service.calibration.as_posix())
    if found is None:
        return None
    if found.model != service.model:
        raise ExpectedError(OTHER_MODEL.text, file_model=found.model, model=service.model)
    return found


def read_calibration(layer: Layer) -> Calibration | None:
    """Read a file of corrections; None after a fault."""
    report = layer.report
    if not layer.path.is_file():
        report.once(MISSING_FILE, path=report.file, near=near_file(layer.path))
        return None
    try:
        found = Calibration.model_validate(tomllib.loads(layer.path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exception:
        report.once(BAD_FILE, what=str(exception).splitlines()[0])
        return None
    except ValidationError as exception:
        first = exception.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        report.once(BAD_FILE, column=where, value=str(first.get("input", ""))[:60], what=first["msg"])
        return None
    report.rows_read = len(found.terms)
    if found.biased:
        report.once(BIASED)
    return found
