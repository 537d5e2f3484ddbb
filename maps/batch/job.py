"""What a batch hands to a process and gets back, as plain JSON: it crosses processes and machines."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal

from phusong.data.language import Language

Status = Literal["done", "skipped", "failed"]
Blame = Literal["", "data", "machine", "program"]
"""Whose fault a failure is: of the inputs, of the machine (worth another try), of this program."""


@dataclass(frozen=True)
class ProvinceRun:
    """What became of one province of a batch.

    Attributes
    ----------
    code, name : str
        Of the province; the project's folder where the project file does not even tell these.
    project : str
        Path of the project file as it was given.
    status : {"done", "skipped", "failed"}
        ``skipped``: inputs, parameters and version are those of the output that is there.
    messages : tuple of str
        In the user's language: why it failed, the first of many.
    seconds : float
    peak_mb : float
        Largest resident memory of the province's process, as far as it was seen; NaN where it was not.
    folder : str
        Name of the folder of its output, below that of the batch.
    indicators : mapping of str to (numerator, denominator)
        Population of every service of any operator, by name of service.
    outline : tuple of rings
        Of the province, in degrees, coarse; empty where there is no output.
    blame : {"", "data", "machine", "program"}
        Whose fault a failure is.
    attempts : int
        Times that it was tried; 0 where nothing was begun.
    worker : str
        Host that computed it.
    """

    code: str
    name: str
    project: str
    status: Status
    messages: tuple[str, ...] = ()
    seconds: float = 0.0
    peak_mb: float = float("nan")
    folder: str = ""
    indicators: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    outline: tuple[tuple[tuple[float, float], ...], ...] = ()
    blame: Blame = ""
    attempts: int = 1
    worker: str = ""

    def to_json(self) -> str:
        """Return one line of JSON, from which `from_json` makes an equal run."""
        told = asdict(self)
        told["peak_mb"] = None if math.isnan(self.peak_mb) else self.peak_mb
        return json.dumps(told)

    @classmethod
    def from_json(cls, line: str) -> ProvinceRun:
        """Return what `to_json` wrote."""
        told: dict[str, Any] = json.loads(line)
        told["peak_mb"] = float("nan") if told["peak_mb"] is None else told["peak_mb"]
        told["messages"] = tuple(told["messages"])
        told["indicators"] = {name: (n, of) for name, (n, of) in told["indicators"].items()}
        told["outline"] = tuple(tuple((x, y) for x, y in ring) for ring in told["outline"])
        return cls(**told)


@dataclass(frozen=True)
class Job:
    """One piece of work: a province, or a share of the groups of sites of its predictions.

    Attributes
    ----------
    code, name, project : str
        As of `ProvinceRun`; the project's path is absolute.
    folder : str
        Of the output, absolute. The log lies beside it.
    lang : {"vi", "en"}
    public : bool
    threads : int
    store : str
        Folder of kept parts; empty = none.
    neighbours : str
        File of the stations beyond the border; empty = none.
    part, parts : int
        Which share of the predictions, of how many, is to be put into the store; 0 parts: the province.
    memory_mb : float
        Resident memory at which the process is stopped; 0 = none.
    minutes : float
        Time after which it is stopped; 0 = never.
    retries : int
        Further tries where the fault is the machine's.
    inventory : str
        Where to write the province's own stations for its neighbours, instead of all else.
    program : str
        Which program asks, as `phusong.maps.batch.process.program` tells; empty = any.
    mark : str
        File in the folder of the batch by which a worker on another machine knows that it sees it.
    """

    code: str
    name: str
    project: str
    folder: str
    lang: Language
    public: bool = False
    threads: int = 1
    store: str = ""
    neighbours: str = ""
    part: int = 0
    parts: int = 0
    memory_mb: float = 0.0
    minutes: float = 0.0
    retries: int = 1
    inventory: str = ""
    mark: str = ""
    program: str = ""

    def to_json(self) -> str:
        """Return one line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, line: str) -> Job:
        """Return what `to_json` wrote; what another version of this program knows besides is left out."""
        known = {f.name for f in fields(cls)}
        return cls(**{name: value for name, value in json.loads(line).items() if name in known})

    def share(self, part: int, parts: int) -> Job:
        """Return the job of one share of this province's predictions."""
        return replace(self, part=part, parts=parts)

    @property
    def kind(self) -> Literal["province", "share", "inventory"]:
        """What kind of work it is."""
        return "inventory" if self.inventory else "share" if self.parts else "province"

    def failed(self, *messages: str, blame: Blame, seconds: float = 0.0) -> ProvinceRun:
        """Return a failed run of this job."""
        return ProvinceRun(
            self.code, self.name, self.project, "failed", messages, seconds=seconds, blame=blame
        )
