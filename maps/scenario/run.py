"""One scenario of a province, from its files to the folder of results."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from phusong.coverage.analyse import READING, Progress, analyse_layers, shares_of
from phusong.coverage.result import Result
from phusong.coverage.scenario import (
    Base,
    compare_with_base,
    one_way,
    order_repairs,
    unchanged_services,
)
from phusong.coverage.scenario_base import base_of_output, not_reused
from phusong.coverage.store import Store
from phusong.data.language import Language, Text
from phusong.layers.project.file import read_project
from phusong.layers.read import read_layers
from phusong.layers.scenario.apply import apply_scenario
from phusong.layers.scenario.asked import read_scenario
from phusong.layers.scenario.files import open_scenario
from phusong.maps.place import check
from phusong.maps.public import public_result, require_publishable
from phusong.maps.run import Outcome
from phusong.maps.scenario.write import scenario_writers
from phusong.maps.write import for_drawing, write_outputs

COMPARING = Text("So sánh với hiện trạng", "Comparing with the base")
BASE_STAGE = Text("Hiện trạng: {stage}", "Base: {stage}")


def run_scenario(
    project: Path, scenario: Path, out: Path, lang: Language, *, base: Path | None = None, workers: int = 0,
    progress: Progress | None = None, public: bool = False, store: Store | None = None,
) -> Outcome:
    """Analyse a project as it is and as a scenario would have it, and write the latter beside the former.

    Parameters
    ----------
    project, scenario, out : Path
    lang : {"vi", "en"}
    base : Path, optional
        An earlier output of the project: taken as the base if its inputs, parameters and program are the
        same, and the scenario only takes or only adds; computed anew otherwise, which a warning says.
    workers : int
    progress : callable, optional
    public, store
        As for `phusong.maps.run.run_province`: the scenario finds what it leaves alone in the base's parts.

    Raises
    ------
    InputError
        With every fault of the scenario, or of the inputs; nothing was written.
    ExpectedError
        ``out`` holds something else than results, ``base`` is no output.
    OSError
        If writing failed; what ``out`` held before is untouched.
    """
    check(out)
    table = read_scenario(scenario)
    read = read_project(project)
    if public:
        require_publishable(read)
    if progress:
        progress(READING, 0.0)
    start = time.perf_counter()
    layers = read_layers(read)
    changed, applied = apply_scenario(layers, open_scenario(table, layers))
    seconds = {"read": time.perf_counter() - start}
    if progress:
        progress(READING, 1.0)
    shares = shares_of(layers, store)
    earlier, reason = (None, None) if base is None else base_of_output(base, layers)
    if earlier is not None and (public or not one_way(applied)):
        earlier, reason = None, "public" if public else "mixed"
    before: Result | None = None
    if earlier is None:
        before = analyse_layers(
            layers, workers=workers, progress=_named(progress), shares=shares, store=store
        )
        earlier = Base.of(before)
    known = None if before is None else unchanged_services(before, applied)
    result = analyse_layers(
        changed, workers=workers, progress=progress, shares=shares, known=known, seconds=seconds, store=store
    )
    if base is not None and reason is not None:
        result = replace(result, faults=(*result.faults, not_reused(base, reason)))
    start = time.perf_counter()
    if progress:
        progress(COMPARING, 0.0)
    what_if = compare_with_base(earlier, result, applied, lambda: shares)
    what_if = order_repairs(layers, result, what_if, shares, workers=workers)
    result = replace(result, what_if=what_if)
    seconds["compare"] = time.perf_counter() - start
    if progress:
        progress(COMPARING, 1.0)
    shown = public_result(result) if public else result
    side: Result | Path = earlier.folder if earlier.folder is not None else _drawn(before, public=public)
    more = scenario_writers(side, for_drawing(shown), lang)
    return Outcome(result, write_outputs(shown, out, lang, progress=progress, more=more, store=store))


def _drawn(before: Result | None, *, public: bool) -> Result:
    assert before is not None
    return for_drawing(public_result(before) if public else before)


def _named(progress: Progress | None) -> Progress | None:
    """Return what shows the stages of the base as such."""
    if progress is None:
        return None

    def show(stage: Text, share: float) -> None:
        """Tell progress as that of the project as it is."""
        progress(Text(*(BASE_STAGE.say(lang, stage=stage) for lang in ("vi", "en"))), share)

    return show

