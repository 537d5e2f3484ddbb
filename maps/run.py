"""One province from its project file to its folder of results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from phusong.coverage.analyse import Progress, analyse
from phusong.coverage.result import Result
from phusong.data.language import Language
from phusong.layers.project_file import read_project
from phusong.maps.place import check
from phusong.maps.public import public_result, require_publishable
from phusong.maps.write import write_outputs


@dataclass(frozen=True)
class Outcome:
    """What a run made.

    Attributes
    ----------
    result : Result
    files : mapping of name to Path
        Every file written, by its name in the folder.
    """

    result: Result
    files: Mapping[str, Path]


def run_province(
    project: Path,
    out: Path,
    lang: Language,
    *,
    workers: int = 0,
    progress: Progress | None = None,
    public: bool = False,
) -> Outcome:
    """Analyse a project and write its results into ``out``, whole or not at all.

    With ``public``, what is written is what `phusong.maps.public.public_result` leaves; the result
    returned is the whole one.

    Raises
    ------
    InputError
        With every fault of the inputs; nothing was written.
    ExpectedError
        If ``out`` holds something else than results.
    OSError
        If writing failed; what ``out`` held before is untouched.
    """
    # A folder that must not be replaced is refused now, not after the analysis.
    check(out)
    read = read_project(project)
    if public:
        require_publishable(read)
    result = analyse(read, workers=workers, progress=progress)
    shown = public_result(result) if public else result
    return Outcome(result, write_outputs(shown, out, lang, progress=progress))
