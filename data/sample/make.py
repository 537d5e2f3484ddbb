"""One call that makes the sample province and writes it as a project."""

from __future__ import annotations

from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from phusong.data.sample.unit import Unit

RANGES = {"communes": (1, 400), "sites": (1, 20_000), "villages": (0, 20_000), "seed": (0, 2**63 - 1)}
PROJECT_FILE = "phusong.toml"


def _check(**values: int) -> None:
    for name, value in values.items():
        low, high = RANGES[name]
        if isinstance(value, bool) or not isinstance(value, Integral):
            raise ValueError(f"{name} is {value!r}, but must be a whole number from {low} to {high}")
        if not low <= value <= high:
            raise ValueError(f"{name} is {value}, but must be from {low} to {high}")


def check_folder(folder: Path, *, force: bool) -> None:
    """Raise `FileExistsError` where a province must not be written, as `make_sample` says."""
    if folder.exists() and not folder.is_dir():
        raise FileExistsError(f"folder is {folder}, but that is a file")
    if folder.is_dir() and any(folder.iterdir()) and not force:
        raise FileExistsError(f"folder is {folder}, which is not empty; give force=True to write into it")


def make_sample(
    folder: Path,
    *,
    communes: int = 40,
    sites: int = 400,
    villages: int = 300,
    seed: int = 1,
    coast: bool = True,
    force: bool = False,
) -> Path:
    """Write the sample province into ``folder`` and return the path of its project file.

    The province is invented: relief, communes, people, roads, fibre, base stations of three operators,
    villages and other places. Its area grows with the number of communes; the same arguments give the
    same files, byte for byte, with the same versions of the libraries.

    Parameters
    ----------
    folder : Path
        Made if it does not exist; written whole or not at all.
    communes : int
        1 to 400.
    sites : int
        Masts, 1 to 20,000; there are about 2.8 base stations (mast, technology, operator) on each.
    villages : int
        0 to 20,000.
    seed : int
        0 or more.
    coast : bool
        Whether there is sea in the east.
    force : bool
        Write even into a folder that is not empty: files of the same names are replaced, others kept.

    Returns
    -------
    Path
        ``folder / "phusong.toml"``.

    Raises
    ------
    ValueError
        An argument is out of its range.
    FileExistsError
        ``folder`` is a file, or not empty and ``force`` is not set.
    """
    _check(communes=communes, sites=sites, villages=villages, seed=seed)
    folder = Path(folder)
    check_folder(folder, force=force)
    from phusong.data.sample.unit import SAMPLE

    return write_province(
        folder, SAMPLE, communes=communes, sites=sites, villages=villages, seed=seed, coast=coast
    )


def write_province(
    folder: Path, unit: Unit, *, communes: int, sites: int, villages: int, seed: int, coast: bool
) -> Path:
    """Make a province and write it into ``folder``, as `make_sample` says; nothing is asked before."""
    from phusong.data.sample.files import write_files
    from phusong.data.sample.project import project_text
    from phusong.data.sample.province import make_province
    from phusong.data.sample.write import write_folder

    province = make_province(
        communes=communes, sites=sites, villages=villages, seed=seed, coast=coast, unit=unit
    )

    def fill(target: Path) -> None:
        """Write all files into a folder."""
        write_files(province, target)
        text = project_text(
            unit, communes=communes, sites=sites, villages=villages, seed=seed, coast=coast
        )
        (target / PROJECT_FILE).write_text(text, encoding="utf-8")

    write_folder(folder, fill)
    return folder / PROJECT_FILE
