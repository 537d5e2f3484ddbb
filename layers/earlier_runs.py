"""Earlier outputs of the program, from which trends are told."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from phusong.layers.faults import Faults
from phusong.layers.project.schema import Project
from phusong.layers.rules import Report, error

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("code", "service", "operator", "indicator", "numerator", "denominator", "percent", "as_of")
NO_RUN = error(
    "no-earlier-run",
    "Không đọc được kết quả lần chạy trước ở {path}.", "There is no readable earlier output at {path}.",
    "Ghi đường dẫn đến thư mục kết quả, hoặc tệp indicators.csv trong đó.",
    "Give the folder of an output, or its indicators.csv.",
)


def read_earlier(project: Project, faults: Faults) -> tuple[pd.DataFrame, ...]:
    """Read the provincial figures of the outputs of ``[history] runs``, the oldest first.

    Those of another province code are read too: before the merger it had another one.
    """
    import pandas as pd

    report = Report("history", project.file.name, faults)
    found = []
    for given in project.history.runs:
        path = project.file.parent / given
        path = path / "indicators.csv" if path.is_dir() else path
        try:
            table = pd.read_csv(path, dtype={"code": str}, encoding="utf-8-sig")
            table = table[table["level"] == "province"][list(COLUMNS)]
            table = table.assign(as_of=pd.to_datetime(table["as_of"], format="ISO8601").dt.date)
        except (OSError, ValueError, KeyError):
            shown = Path(given).as_posix()
            report.once(NO_RUN, column="history.runs", value=shown, path=shown)
            continue
        if len(table):
            found.append(table.reset_index(drop=True))
    return tuple(sorted(found, key=lambda t: t["as_of"].max()))
