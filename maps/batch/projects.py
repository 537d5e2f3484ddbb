"""The projects of a batch: which can be read, what each costs, and whether what is there will do."""

from __future__ import annotations

import json
import logging
import tomllib
from collections.abc import Iterable
from pathlib import Path

from phusong.data.language import Language, Text
from phusong.layers.faults import ExpectedError
from phusong.layers.project.file import FILE_NAME, read_project
from phusong.layers.project.schema import FlatService, Project, ProvinceTable, TerrainService
from phusong.maps.batch.child import SHOWN, figures_of, messages_of, outline_of
from phusong.maps.batch.job import Job, ProvinceRun

NOT_READ = Text("Không đọc được '{path}': {reason}.", "Cannot read '{path}': {reason}.")
SAME_CODE = Text(
    "Nhiều dự án cùng mã tỉnh {code}: {paths}. Mỗi tỉnh chỉ được một dự án trong một lần chạy, nên không dự "
    "án nào trong số đó được tính.",
    "Several projects have the province code {code}: {paths}. A run takes one project per province, so none "
    "of them is computed.",
)
log = logging.getLogger(__name__)


def read_all(projects: Iterable[Path], lang: Language) -> tuple[dict[Path, Project], dict[Path, ProvinceRun]]:
    """Read the project files; those that cannot be read are failed provinces, not a failed batch.

    Of several of one province none can be told to be the right one, so all of them failed.
    """
    read: dict[Path, Project] = {}
    unread: dict[Path, ProvinceRun] = {}
    for path in projects:
        try:
            read[path] = read_project(path)
        except ExpectedError as error:
            unread[path] = _unread(path, messages_of(error, lang)[:SHOWN])
        except Exception as error:  # one file that nobody thought of must not cost the night
            log.info("project %s", path, exc_info=True)
            reason = (error.strerror if isinstance(error, OSError) else None) or f"{type(error).__name__}"
            unread[path] = _unread(path, [NOT_READ.say(lang, path=str(path), reason=reason)])
    by_code: dict[str, list[Path]] = {}
    for path, project in read.items():
        # Folders of codes that differ in case only are one folder on many systems.
        by_code.setdefault(project.province.code.casefold(), []).append(path)
    for paths in by_code.values():
        for path in paths if len(paths) > 1 else ():
            code, listed = read[path].province.code, ", ".join(map(str, paths))
            unread[path] = _unread(path, [SAME_CODE.say(lang, code=code, paths=listed)])
            del read[path]
    return read, unread


def each_once(projects: Iterable[Path]) -> list[Path]:
    """Return the paths without those that name the file of an earlier one: itself, a link, its folder."""
    found: dict[Path, Path] = {}
    for path in projects:
        file = path / FILE_NAME if path.is_dir() else path
        try:
            found.setdefault(file.resolve(), path)
        except (OSError, RuntimeError):  # links in a circle: its reader says so
            found.setdefault(file, path)
    return list(found.values())


def _unread(path: Path, messages: list[str]) -> ProvinceRun:
    return ProvinceRun(*_called(path), str(path), "failed", tuple(messages), blame="data", attempts=0)


def _called(path: Path) -> tuple[str, str]:
    """Return code and name from a project file that has faults, or the name of its folder."""
    folder = path.parent.name or path.name
    try:
        file = path.resolve() / FILE_NAME if path.is_dir() else path.resolve()
        folder = file.parent.name or path.name
        table = tomllib.loads(file.read_text(encoding="utf-8-sig"))["province"]
        return ProvinceTable(**table).code, ProvinceTable(**table).name
    except (OSError, ValueError, LookupError, TypeError, RuntimeError):
        return folder, folder


def current_run(project: Project, job: Job, lang: Language, given: Path) -> ProvinceRun | None:
    """Return the province as skipped, if its output was made from the same inputs by the same program."""
    folder = Path(job.folder)
    try:
        if not _is_current(project, folder, lang):
            return None
        return ProvinceRun(
            job.code, job.name, str(given), "skipped", folder=folder.name, indicators=figures_of(folder),
            outline=outline_of(folder), attempts=0,
        )
    except Exception:  # an output of which not even the reading ends well is none
        log.info("the output %s is not what this program writes", folder, exc_info=True)
        return None


def _is_current(project: Project, folder: Path, lang: Language) -> bool:
    from phusong.layers.read import file_sha256
    from phusong.maps.manifest import read_manifest, sha256
    from phusong.maps.tables import version

    manifest = read_manifest(folder)
    return (
        manifest is not None
        and manifest["generator"]["version"] == version()
        and manifest["language"] == lang
        and not manifest.get("public", False)
        and manifest["project"] == json.loads(project.model_dump_json())
        and all(
            file_sha256(project.file.parent / entry["path"]) == entry["sha256"]
            for entry in manifest["inputs"]
        )
        and all(sha256(folder / entry["path"]) == entry["sha256"] for entry in manifest["outputs"])
    )


def predicts(project: Project) -> bool:
    """Tell whether a project has predictions, which can be cut into shares."""
    return any(isinstance(s, FlatService | TerrainService) for s in project.services.values())


def mostly_kept(project: Project, job: Job) -> bool:
    """Tell whether the parts of an earlier run will do but for some groups: each share would read for little.

    So where that run had the same parameters and the same ground; its stations may have been others.
    """
    from phusong.layers.read import file_sha256
    from phusong.maps.manifest import read_manifest

    manifest = read_manifest(Path(job.folder))
    try:
        return (
            manifest is not None
            and Path(job.store).is_dir()
            and manifest["project"]["services"] == json.loads(project.model_dump_json())["services"]
            and all(
                file_sha256(project.file.parent / entry["path"]) == entry["sha256"]
                for entry in manifest["inputs"]
                if entry["layer"] in ("communes", "terrain", "clutter")
            )
        )
    except (OSError, KeyError, TypeError, ValueError, AttributeError):
        return False


def cost(project: Project) -> float:
    """Return about how long a province takes beside others: by the size of its list of stations."""
    weight = {FlatService: 1.0, TerrainService: 10.0}
    services = sum(weight.get(type(s), 0.1) for s in project.services.values())
    try:
        return services * float(max(project.path(project.layers.stations).stat().st_size, 1))
    except OSError:
        return services
