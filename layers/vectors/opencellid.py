"""Cells of OpenCelliD: where phones heard a cell, not where its mast stands."""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections import Counter
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from phusong.data.networks import mobile_networks
from phusong.layers.rules import Report, warning
from phusong.layers.tables.opening import RawTable

HEADER = (
    "radio", "mcc", "net", "area", "cell", "unit", "lon", "lat", "range", "samples", "changeable",
    "created", "updated", "averageSignal",
)
"""Columns of a download, which come without a header in the files of one country."""
TECHNOLOGIES = {"GSM": "2G", "UMTS": "3G", "LTE": "4G", "NR": "5G"}
MAX_BYTES = 4 << 30

INDICATIVE = warning(
    "opencellid-indicative",
    "{n} cell lấy từ OpenCelliD: vị trí là nơi điện thoại thu được sóng, chỉ để tham khảo, không phải vị trí "
    "trạm do nhà mạng báo cáo.",
    "{n} cells are from OpenCelliD: their positions are where phones heard them, indicative only, and not "
    "those of stations as operators report them.",
    "Dùng danh sách trạm của nhà mạng khi có.", "Use the operators' inventory where there is one.",
)
LEFT_OUT = warning(
    "opencellid-left-out",
    "{n} cell công nghệ '{radio}' không được dùng.", "{n} cells of the technology '{radio}' are left out.",
)
UNKNOWN_NETWORK = warning(
    "unknown-network-code",
    "{n} cell có mã mạng {code} không có trong danh mục: giữ mã làm tên nhà mạng.",
    "{n} cells have the network code {code}, which is not in the list: it stands for the operator's name.",
)
_ROW = re.compile(r"(?:GSM|UMTS|LTE|NR|CDMA)(?:,-?\d*){5},-?\d+(?:\.\d+)?,-?\d+(?:\.\d+)?,")


def is_opencellid(path: Path) -> bool:
    """Tell from its first line whether a ``.csv`` or ``.csv.gz`` is a download of OpenCelliD."""
    if not path.name.lower().endswith((".csv", ".csv.gz")):
        return False
    try:
        with _open(path) as stream:
            first = stream.read(300).partition(b"\n")[0].decode("utf-8-sig", "ignore").strip()
    except (OSError, EOFError):
        return False
    return first.lower().replace('"', "").startswith("radio,mcc,net,area,cell,") or bool(_ROW.match(first))


def _open(path: Path) -> Any:
    return gzip.open(path, "rb") if path.suffix.lower() == ".gz" else path.open("rb")


def read_opencellid(path: Path, report: Report) -> RawTable | None:
    """Read the cells under the project's own column names.

    Returns
    -------
    RawTable
        ``site_id cell_id operator technology lon lat range_m samples updated``. A site of LTE is an eNodeB
        (the cell identity without its last eight bits, 3GPP TS 36.413, 9.2.1.37); for other technologies,
        whose sites the identity does not tell, every cell is one.
    """
    with _open(path) as stream:
        data = stream.read(MAX_BYTES)
    records = list(csv.reader(io.StringIO(data.decode("utf-8-sig", "replace"), newline="")))
    titled = records[0][0].strip().lower() == "radio"
    names = [n.strip() for n in records[0]] if titled else list(HEADER)
    rows = np.array([i for i, r in enumerate(records, 1) if len(r) >= 9 and i > titled], dtype=np.int64)
    body = [records[i - 1] for i in rows]
    columns = {n: np.array([_cell(r, j) for r in body], dtype=object) for j, n in enumerate(names)}
    technology = np.array([TECHNOLOGIES.get(r.upper(), "") for r in columns["radio"]], dtype=object)
    for radio, n in sorted(Counter(columns["radio"][technology == ""].tolist()).items()):
        report.once(LEFT_OUT, n=n, radio=radio)
    keep = technology != ""
    kept = {n: c[keep] for n, c in columns.items()}
    cells: dict[str, Any] = {
        **_names(kept, technology[keep]),
        "operator": _operators(kept, report),
        "technology": technology[keep],
        "lon": kept["lon"],
        "lat": kept["lat"],
        "range_m": kept["range"],
        **{n: kept[n] for n in ("samples", "updated") if n in kept},
    }
    report.once(INDICATIVE, n=int(keep.sum()))
    return RawTable(MappingProxyType(cells), rows[keep])


def _cell(record: list[str], j: int) -> str:
    return record[j].strip() if j < len(record) else ""


def _names(columns: dict[str, Any], technology: Any) -> dict[str, Any]:
    sites, cells = [], []
    keys = zip(columns["mcc"], columns["net"], columns["area"], columns["cell"], technology, strict=True)
    for mcc, net, area, cell, kind in keys:
        network = f"{mcc}-{net.zfill(2)}"
        own = f"{network}-{kind}-{area}-{cell}"
        cells.append(own)
        sites.append(f"{network}-eNB{int(cell) >> 8}" if kind == "4G" and cell.isdigit() else own)
    return {"site_id": np.array(sites, dtype=object), "cell_id": np.array(cells, dtype=object)}


def _operators(columns: dict[str, Any], report: Report) -> Any:
    known = mobile_networks()
    codes = [(m, n.zfill(2)) for m, n in zip(columns["mcc"], columns["net"], strict=True)]
    for (mcc, mnc), n in sorted(Counter(c for c in codes if c not in known).items()):
        report.once(UNKNOWN_NETWORK, n=n, code=f"{mcc}-{mnc}")
    return np.array([known.get(c, "-".join(c)) for c in codes], dtype=object)
