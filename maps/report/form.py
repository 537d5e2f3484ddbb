"""The form for villages on the report page: choose a commune, print an A4 sheet."""

from __future__ import annotations

import re

from phusong.data.language import Text
from phusong.layers.inventory import Layers
from phusong.maps.field_form import technologies
from phusong.maps.inline import escape
from phusong.maps.report.section import Section
from phusong.maps.safe import shorten

BARS = 5
"""Boxes to tick: 0 to 4 bars."""
OPERATORS_WIDE = 4
"""So many operators stand beside each other on A4 upright; more of them take a second table."""
BLANK_OPERATORS = 3
"""Columns whose operator is written by hand, where the report names none."""

NAME = Text("Phiếu ghi sóng tại thôn, làng", "Form for villages")
WHAT = Text(
    "Chọn xã, phường rồi in: chỉ phiếu được in (khổ A4), mỗi thôn, làng một dòng, "
    "để tổ công nghệ số cộng đồng ghi tay tại chỗ.",
    "Choose a commune and print: only the form is printed (A4), a row for each village, for the community "
    "digital team to fill in by hand on the spot.",
)
NO_SCRIPT = Text(
    "Trang đang mở không chạy được tập lệnh nên không in được phiếu; lệnh phusong field-form lập phiếu "
    "thành tệp Excel.",
    "This page runs without its script and cannot print the form; the command phusong field-form writes "
    "it as a workbook.",
)
COMMUNE, PRINT = Text("Xã, phường", "Commune"), Text("In phiếu", "Print the form")
PROVINCE = Text("Tỉnh, thành phố", "Province")
DAY = Text("Ngày ghi: ……… / ……… / 20………", "Date: ……… / ……… / 20………")
TECHNOLOGY = Text("Công nghệ (đánh dấu một)", "Technology (tick one)")
HOW = Text(
    "Đứng ngoài trời giữa thôn, đánh dấu số vạch sóng của từng nhà mạng (0: không có sóng; "
    "máy hiện 5 vạch thì đánh dấu 4). Có máy đo thì ghi thêm RSRP (số âm, dBm). "
    "Nhà mạng nào không thử thì để trống. Đây là phản ánh, không phải đo kiểm.",
    "Stand outdoors in the middle of the village and tick the bars of each operator (0: no signal; "
    "where the phone shows 5, tick 4). With an instrument, add the RSRP (negative, dBm). "
    "Leave empty the operators that you did not try. This is a report, no measurement.",
)
NUMBER, VILLAGE = Text("TT", "No."), Text("Thôn, làng (mã)", "Village (id)")
OPERATOR = Text("Nhà mạng: …………", "Operator: …………")
REPORTER = Text("Người ghi (ký, ghi rõ họ tên, đơn vị)", "Reporter (signature, full name, team)")


def villages_by_commune(layers: Layers) -> dict[str, list[tuple[str, str]]]:
    """Return id and name of the villages of each commune, by commune code; none without the layer.

    The layer is that of ``[villages] layer``; no other one stands in for it, so that a public report whose
    villages are confidential has no form.
    """
    frame = layers.places.get(layers.project.villages.layer)
    found: dict[str, list[tuple[str, str]]] = {}
    if frame is None:
        return found
    for code, own, name in zip(frame["commune_code"], frame["place_id"], frame["name"], strict=True):
        found.setdefault(str(code), []).append((shorten(str(own), 40), shorten(str(name), 80)))
    return {code: sorted(rows, key=_natural) for code, rows in sorted(found.items())}


def _natural(village: tuple[str, str]) -> tuple[list[tuple[int, str]], str]:
    """Sort 'Thôn 2' before 'Thôn 10'."""
    own, name = village
    return [(len(part) if part.isdigit() else 0, part) for part in re.split(r"([0-9]+)", name)], own


def form(s: Section) -> str:
    """Offer the form; nothing where the report has no villages."""
    layers = s.figures.result.layers
    villages = villages_by_commune(layers)
    if not villages:
        return ""
    wards = dict(zip(layers.communes["commune_code"], layers.communes["commune_name"], strict=True))
    # A line for each village, id and name parted by a tab: names are one line, so neither occurs in them.
    options = "".join(
        f'<option value="{escape(code)}" data-villages="{_lines(rows)}">'
        f"{escape(shorten(str(wards.get(code) or code or '–'), 120))}</option>"
        for code, rows in villages.items()
    )
    return "".join([
        f'<section id="form" aria-labelledby="h-form"><h2 id="h-form">{_say(s, NAME)}</h2>',
        f"<p>{_say(s, WHAT)}</p>",
        f'<noscript><p class="quiet">{_say(s, NO_SCRIPT)}</p></noscript>',
        f'<div class="filters" id="form-tools" hidden><label>{_say(s, COMMUNE)}'
        f'<select id="form-commune" autocomplete="off">{options}</select></label>'
        f'<button type="button" id="form-print">{_say(s, PRINT)}</button></div>',
        _sheet(s, layers),
        "</section>",
    ])  # fmt: skip


def _say(s: Section, text: Text) -> str:
    return escape(text.say(s.lang))


def _lines(rows: list[tuple[str, str]]) -> str:
    return "\n".join(f"{escape(own)}\t{escape(name)}" for own, name in rows)


def _sheet(s: Section, layers: Layers) -> str:
    """Write the sheet, which stands on paper only; the script writes its rows."""
    operators = [escape(shorten(o, 24)) for o in sorted({str(o) for o in layers.stations["operator"]})]
    operators = operators or [_say(s, OPERATOR)] * BLANK_OPERATORS
    boxes = " ".join(f'<span class="tick"></span>{escape(t)}' for t in sorted(technologies(layers)))
    return "".join([
        f'<div class="sheet" id="sheet"><p class="heading">{_say(s, NAME)}</p>',
        f"<p>{_say(s, PROVINCE)}: <b>{escape(layers.project.province.name)}</b></p>",
        f'<p>{_say(s, COMMUNE)}: <b id="sheet-commune"></b></p>',
        f"<p>{_say(s, DAY)}</p>",
        f"<p>{_say(s, TECHNOLOGY)}: {boxes}</p>" if boxes else "",
        f'<p class="how">{_say(s, HOW)}</p>',
        *(_table(s, operators[k : k + OPERATORS_WIDE]) for k in range(0, len(operators), OPERATORS_WIDE)),
        f'<p class="sign">{_say(s, REPORTER)}</p></div>',
    ])  # fmt: skip


def _table(s: Section, operators: list[str]) -> str:
    columns = ('<col class="box">' * BARS + '<col class="level">') * len(operators)
    heads = "".join(f'<th scope="colgroup" colspan="{BARS + 1}">{o}</th>' for o in operators)
    boxes = "".join(f'<th scope="col">{k}</th>' for k in range(BARS)) + '<th scope="col">dBm</th>'
    return (
        f'<table data-cells="{len(operators) * (BARS + 1)}"><caption class="sr">{_say(s, NAME)}</caption>'
        f'<colgroup><col class="no"><col>'
        f'{columns}</colgroup><thead><tr><th scope="col" rowspan="2">{_say(s, NUMBER)}</th>'
        f'<th scope="col" rowspan="2">{_say(s, VILLAGE)}</th>'
        f"{heads}</tr><tr>{boxes * len(operators)}</tr></thead><tbody></tbody></table>"
    )
