"""The project file of fetched data: one that runs at once, and says what is only indicative."""

from __future__ import annotations

import csv
import datetime
import os
from collections.abc import Mapping
from pathlib import Path

from phusong.data.language import Language, Text
from phusong.data.source_table import public_sources
from phusong.data.tables import Province
from phusong.layers.provenance import Provenance, read_sources

PROJECT_FILE = "phusong.toml"
NEEDED = ("communes", "population", "stations")

HEAD = Text(
    """# Dự án phusong của {kind} {name} (mã {code}), từ dữ liệu công khai tải ngày {day}.
# Nguồn, giấy phép và ghi chú từng tệp: sources.json (giữ cạnh các tệp: báo cáo ghi công từ đó).
# Kiểm tra:  phusong check phusong.toml     Chạy:  phusong run phusong.toml --out ket-qua

[province]
code = "{code}"
name = "{name}"
as_of = {as_of}            # ngày chốt số liệu

[grid]
cell_m = 100
""",
    """# phusong project of {kind} {name} (code {code}), from public data fetched on {day}.
# Source, licence and remarks of every file: sources.json (keep it beside them: outputs cite it).
# Check it:  phusong check phusong.toml     Run it:  phusong run phusong.toml --out results

[province]
code = "{code}"
name = "{name}"
as_of = {as_of}            # the day for which the data stand

[grid]
cell_m = 100
""",
)
INDICATIVE = Text(
    "CHỈ THAM KHẢO: thay bằng dữ liệu của đơn vị quản lý khi có", "INDICATIVE ONLY: replace it when you can"
)
SPREAD = Text(
    "# dasymetric = \"landcover\"     # dồn dân vào đất ở (cần [layers.clutter]), hoặc \"buildings\"",
    "# dasymetric = \"landcover\"     # put people where land is built up, or \"buildings\"",
)
SPREAD_WHY = Text(
    "# ô dân số quá thô: dồn dân vào nơi có nhà", "# cells are coarse: people are put where homes are"
)
COARSE_M = 250.0
"""From this size of its cells on, a population raster is spread to where people live."""
SCALE = Text(
    "# scale = \"official\"           # khớp dân số chính thức: điền cột population của lớp xã",
    "# scale = \"official\"           # to official totals: fill the communes' column population",
)
LACKING = Text("# Chưa có: cần tệp này mới chạy được.", "# Not there yet: a run needs it.")
SERVICES = Text(
    """
[services.4G]
model = "range"               # vòng tròn quanh vị trí; khi có danh sách trạm thật xem: phusong models
radius_m = 4000
""",
    """
[services.4G]
model = "range"               # circles round sites; with a true inventory see: phusong models
radius_m = 4000
""",
)
FIVE_G = """
[services.5G]
model = "range"
radius_m = 500
"""


def write_project(folder: Path, province: Province, lang: Language) -> Path:
    """Write ``phusong.toml`` for the fetched files of a folder.

    Returns
    -------
    Path

    Raises
    ------
    FileExistsError
        There is one already; it is not touched.
    """
    path = folder / PROJECT_FILE
    if path.exists():
        raise FileExistsError(str(path))
    found = {entry.layer: entry for entry in read_sources(folder).values()}
    today = datetime.date.today()
    shown = today.strftime("%d/%m/%Y") if lang == "vi" else today.isoformat()
    parts = [
        HEAD.say(
            lang, kind=province.kind, name=province.name, code=province.code, day=shown,
            as_of=today.isoformat(),
        )
    ]
    for layer in NEEDED:
        if layer not in found:
            file = {"communes": "communes.gpkg", "population": "population.tif"}.get(layer, "stations.csv")
            parts.append(f'{LACKING.say(lang)}\n[layers.{layer}]\npath = "{file}"\n')
    parts += [_table(entry, found, lang) for _, entry in sorted(found.items(), key=_order)]
    parts.append(SERVICES.say(lang).lstrip("\n"))
    if _has_5g(folder):
        parts.append(FIVE_G.lstrip("\n"))
    part = path.with_name(path.name + ".part")
    part.write_text("\n".join(parts), encoding="utf-8")
    os.replace(part, path)
    return path


def _order(item: tuple[str, Provenance]) -> tuple[int, str]:
    layer = item[0]
    return (NEEDED.index(layer) if layer in NEEDED else 9 if "." in layer else 5, layer)


def _table(entry: Provenance, found: Mapping[str, Provenance], lang: Language) -> str:
    table = entry.layer if "." in entry.layer else f"layers.{entry.layer}"
    remark = f"  # {INDICATIVE.say(lang)}" if entry.indicative else ""
    lines = [f"# {entry.name}, {entry.licence}", f"[{table}]{remark}", f'path = "{entry.file}"']
    if entry.vintage[:4].isdigit() and entry.layer in ("population", "clutter"):
        lines.append(f"as_of = {entry.vintage[-4:]}-12-31")
    if entry.layer == "population":
        lines += [_spread(entry, found, lang), SCALE.say(lang)]
    if entry.layer == "terrain":
        datum = "EGM2008" if entry.source.startswith("copernicus") else "EGM96"
        lines += ["fill_voids = true", f'vertical_datum = "{datum}"']
    return "\n".join(lines) + "\n"


def _spread(entry: Provenance, found: Mapping[str, Provenance], lang: Language) -> str:
    """Return the line that puts people where they live: at work where cells are coarse, else as a hint."""
    metres = {s.id: s.resolution_m or 0.0 for s in public_sources()}.get(entry.source, 0.0)
    by = "buildings" if "buildings" in found else "landcover" if "clutter" in found else ""
    if metres < COARSE_M or not by:
        return SPREAD.say(lang)
    return f'dasymetric = "{by}"    {SPREAD_WHY.say(lang)}'


def _has_5g(folder: Path) -> bool:
    path = folder / "stations.csv"
    if not path.is_file():
        return False
    with path.open(encoding="utf-8-sig", newline="") as file:
        return any(row.get("technology") == "5G" or row.get("radio") == "NR" for row in csv.DictReader(file))
