"""One province from its project file to its folder of results."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from phusong.coverage.analyse import Progress, analyse
from phusong.coverage.result import Result
from phusong.coverage.store import Store
from phusong.data.language import Language, Text
from phusong.layers.faults import ExpectedError
from phusong.layers.project.file import read_project
from phusong.layers.project.schema import FlatService, LayerTable, Project, TerrainService
from phusong.maps.place import check
from phusong.maps.public import public_result, require_publishable
from phusong.maps.write import write_outputs

CHANGED = Text(
    "Tệp '{path}' thay đổi trong khi đang tính. Kết quả cũ (nếu có) vẫn giữ nguyên; hãy chạy lại.",
    "The file '{path}' changed during the run. An earlier output is left as it was; run again.",
)


class InputChangedError(ExpectedError):
    """An input is not the one any more that was read."""

    passing = True
    """Whether another try may help."""


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
    store: Store | None = None,
    neighbours: Path | None = None,
) -> Outcome:
    """Analyse a project and write its results into ``out``, whole or not at all.

    With ``public``, what is written is what `phusong.maps.public.public_result` leaves; the result
    returned is the whole one. With a ``store``, parts of predictions are kept there and found again; what
    is written does not depend on it. ``neighbours`` stands for the project's layer of that name.

    Raises
    ------
    InputChangedError
        If an input was changed between reading and writing; nothing was written.
    InputError
        With every fault of the inputs; nothing was written.
    ExpectedError
        If ``out`` holds something else than results.
    OSError
        If writing failed; what ``out`` held before is untouched.
    """
    # A folder that must not be replaced is refused now, not after the analysis.
    check(out)
    read = beside(read_project(project), neighbours)
    if public:
        require_publishable(read)
    result = analyse(read, workers=workers, progress=progress, store=store)
    require_unchanged(result)
    shown = public_result(result) if public else result
    return Outcome(result, write_outputs(shown, out, lang, progress=progress, store=store))


def fill_province(
    project: Path,
    store: Store,
    share: tuple[int, int],
    *,
    workers: int = 0,
    neighbours: Path | None = None,
) -> int:
    """Compute one share (part, parts) of a project's radio predictions into a store, for `run_province`.

    Returns
    -------
    int
        Groups of sites that were not there.

    Raises
    ------
    InputError
        With every fault of the inputs.
    """
    from phusong.coverage.radio.predict import fill_store
    from phusong.layers.read import read_layers

    # What a prediction does not look at need not be read.
    read = beside(read_project(project), neighbours)
    layers = read_layers(read, only={"terrain", "clutter", "neighbours"}).with_neighbours()
    return sum(
        fill_store(layers, name, service, store, share, workers=workers)
        for name, service in read.services.items()
        if isinstance(service, FlatService | TerrainService)
    )


def beside(project: Project, neighbours: Path | None) -> Project:
    """Return a project with the stations of its neighbours, where a file of them is given."""
    if neighbours is None:
        return project
    try:
        path = Path(os.path.relpath(neighbours.resolve(), project.file.parent))
    except ValueError:  # on another drive
        path = neighbours.resolve()
    layer = LayerTable(path=path)
    return project.model_copy(update={"layers": project.layers.model_copy(update={"neighbours": layer})})


def require_unchanged(result: Result) -> None:
    """Raise `InputChangedError` unless every input file still is the one that was read."""
    from phusong.layers.read import file_sha256

    folder = result.layers.project.file.parent
    for source in result.layers.sources:
        if not source.sha256 or "://" in source.path:
            continue
        path = folder / source.path
        if not path.exists() or file_sha256(path) != source.sha256:
            raise InputChangedError(CHANGED, path=source.path)
