"""A form for field reports: a row for every village and operator, lists to choose from, ready to print."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from phusong.coverage.criterion import technology_of
from phusong.data.language import Language, Text
from phusong.layers.faults import ExpectedError
from phusong.layers.inventory import Layers
from phusong.layers.measurement_rules import HIGHEST_DBM, LOWEST_DBM
from phusong.layers.project.schema import FibreService
from phusong.maps.atomic import temporary_beside
from phusong.maps.safe import shorten

NO_PLACES = Text(
    "Dự án chưa có lớp thôn, làng: khai [places.villages].",
    "The project has no layer of villages: declare [places.villages].",
)
NO_LAYER = Text("Dự án không có lớp điểm '{name}'. Có: {known}.",
                "The project has no layer of places '{name}'. It has: {known}.")  # fmt: skip
NO_COMMUNE = Text("Không có thôn, làng nào trong các xã {codes}.", "No village lies in the communes {codes}.")
NOT_XLSX = Text("Phiếu phải là tệp .xlsx: '{file}'.", "The form must be an .xlsx file: '{file}'.")
TITLE = Text("PHIẾU GHI NHẬN SÓNG DI ĐỘNG – {province}", "MOBILE SIGNAL IN THE FIELD – {province}")
HOW = Text(
    "Đứng ngoài trời giữa thôn, ghi số vạch sóng (0: không có sóng; tối đa 5) của từng nhà mạng. Có máy đo "
    "thì ghi "
    "thêm RSRP (số âm, dBm). Không sửa cột mã. Đây là phản ánh, không phải đo kiểm.",
    "Stand outdoors in the middle of the village and write the bars (0: no signal; 5 at most) of each "
    "operator. "
    "With an instrument, add the RSRP (negative, dBm). Leave the codes as they are. This is a report, no "
    "measurement.",
)
HEADS: dict[str, tuple[Text, int]] = {
    "commune_code": (Text("Mã xã", "Commune code"), 9),
    "commune_name": (Text("Xã, phường", "Commune"), 22),
    "place_id": (Text("Mã thôn", "Village id"), 13),
    "name": (Text("Thôn, làng", "Village"), 24),
    "operator": (Text("Nhà mạng", "Operator"), 13),
    "technology": (Text("Công nghệ", "Technology"), 11),
    "bars": (Text("Số vạch", "Bars"), 9),
    "rsrp_dbm": (Text("RSRP (dBm)", "RSRP (dBm)"), 11),
    "day": (Text("Ngày ghi", "Date"), 12),
    "indoors": (Text("Nơi đo", "Where"), 12),
    "reporter": (Text("Người ghi", "Reporter"), 20),
    "note": (Text("Ghi chú", "Note"), 24),
}
OUTDOORS, INDOORS = Text("ngoài trời", "outdoors"), Text("trong nhà", "indoors")
SHEET = Text("Phiếu", "Form")
BAD_BARS = Text("Số vạch từ 0 đến 5.", "Bars are 0 to 5.")
BAD_LEVEL = Text("RSRP là số âm, từ -156 đến -25.", "RSRP is negative, from -156 to -25.")
BAD_DAY = Text("Ghi ngày dạng dd/mm/yyyy.", "Write a date, dd/mm/yyyy.")
BAD_CHOICE = Text("Chọn trong danh sách.", "Choose from the list.")
_HEADER_ROW = 3


def write_form(
    layers: Layers, path: Path, lang: Language, *, communes: Sequence[str] = (), places: str | None = None
) -> int:
    """Write the form and return its number of rows.

    Parameters
    ----------
    layers : Layers
    path : Path
        Replaced whole.
    lang : {"vi", "en"}
    communes : sequence of str
        Codes; by default all.
    places : str, optional
        Layer of places; by default ``villages``, else the first.

    Raises
    ------
    ExpectedError
        No such layer or commune; no ``.xlsx``.
    """
    import xlsxwriter

    if path.suffix.lower() != ".xlsx":
        raise ExpectedError(NOT_XLSX, file=str(path))
    rows = form_rows(layers, lang, communes, places)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_beside(path, ".xlsx")
    try:
        workbook = xlsxwriter.Workbook(str(temporary))
        _sheet(workbook, layers, rows, lang)
        workbook.close()
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return len(rows)


def form_rows(
    layers: Layers, lang: Language, communes: Sequence[str] = (), places: str | None = None
) -> list[tuple[str, ...]]:
    """Return what stands in the form already: commune, village, operator, technology; by commune and name."""
    if not layers.places:
        raise ExpectedError(NO_PLACES)
    name = places or ("villages" if "villages" in layers.places else next(iter(layers.places)))
    if name not in layers.places:
        raise ExpectedError(NO_LAYER, name=name, known=", ".join(layers.places))
    frame = layers.places[name]
    wards = dict(zip(layers.communes["commune_code"], layers.communes["commune_name"], strict=True))
    villages = sorted(
        (str(code), str(wards.get(code, "")), str(own), str(title))
        for code, own, title in zip(frame["commune_code"], frame["place_id"], frame["name"], strict=True)
        if not communes or str(code) in communes
    )
    if not villages:
        raise ExpectedError(NO_COMMUNE, codes=", ".join(communes))
    operators = sorted({str(o) for o in layers.stations["operator"]})
    technology = technologies(layers)[-1:] or [""]
    return [(*village, operator, technology[0]) for village in villages for operator in operators]


def technologies(layers: Layers) -> list[str]:
    """Return the radio technologies of the project's services; 4G, which people ask for, comes last."""
    services = layers.project.services.items()
    found = {technology_of(n, s) for n, s in services if not isinstance(s, FibreService)}
    return sorted(found, key=lambda t: (t == "4G", t))


def _sheet(workbook: Any, layers: Layers, rows: Sequence[tuple[str, ...]], lang: Language) -> None:
    province = layers.project.province
    sheet = workbook.add_worksheet(SHEET.say(lang))
    head = workbook.add_format({"bold": True, "text_wrap": True, "align": "center", "valign": "vcenter",
                                "border": 1, "bg_color": "#1F3A5F", "font_color": "#FFFFFF"})  # fmt: skip
    fixed = workbook.add_format({"border": 1, "bg_color": "#EEF1F4", "num_format": "@"})
    blank = workbook.add_format({"border": 1})
    date = workbook.add_format({"border": 1, "num_format": "dd/mm/yyyy"})
    title = workbook.add_format({"bold": True, "font_size": 14})
    wrap = workbook.add_format({"text_wrap": True, "valign": "top", "italic": True})
    sheet.write_string(0, 0, TITLE.say(lang, province=province.name), title)
    sheet.merge_range(1, 0, 1, len(HEADS) - 1, HOW.say(lang), wrap)
    sheet.set_row(1, 34)
    for col, (text, width) in enumerate(HEADS.values()):
        sheet.write_string(_HEADER_ROW, col, text.say(lang), head)
        sheet.set_column(col, col, width)
    for n, row in enumerate(rows, start=_HEADER_ROW + 1):
        for col, value in enumerate(row):
            sheet.write_string(n, col, shorten(value, 200), fixed if col < 5 else blank)
        for col in range(len(row), len(HEADS)):
            sheet.write_blank(n, col, None, date if col == 8 else blank)
    _choices(sheet, layers, len(rows), lang)
    sheet.freeze_panes(_HEADER_ROW + 1, 4)
    sheet.autofilter(_HEADER_ROW, 0, _HEADER_ROW + len(rows), len(HEADS) - 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(_HEADER_ROW)
    sheet.set_footer("&C&P/&N")
    codes = [row[0] for row in rows]
    breaks = [n for n in range(1, len(codes)) if codes[n] != codes[n - 1]]
    sheet.set_h_pagebreaks([_HEADER_ROW + 1 + n for n in breaks][:1000])


def _choices(sheet: Any, layers: Layers, rows: int, lang: Language) -> None:
    """Let cells take what they should hold, and nothing else."""
    import datetime

    first, last = _HEADER_ROW + 1, _HEADER_ROW + rows
    operators = sorted({str(o) for o in layers.stations["operator"]})
    column = {name: n for n, name in enumerate(HEADS)}

    def allow(name: str, rule: dict[str, Any], message: Text) -> None:
        """Allow only some values in a column, with a message for others."""
        sheet.data_validation(
            first, column[name], last, column[name],
            {**rule, "error_message": message.say(lang), "ignore_blank": True},
        )

    lists = {
        "operator": operators, "technology": technologies(layers),
        "indoors": [OUTDOORS.say(lang), INDOORS.say(lang)],
    }
    for name, words in lists.items():
        if words and sum(len(w) + 1 for w in words) < 255:  # what Excel takes in one rule
            allow(name, {"validate": "list", "source": words}, BAD_CHOICE)
    allow("bars", {"validate": "list", "source": [0, 1, 2, 3, 4, 5]}, BAD_BARS)
    between = {"validate": "decimal", "criteria": "between", "minimum": LOWEST_DBM, "maximum": HIGHEST_DBM}
    allow("rsrp_dbm", between, BAD_LEVEL)
    since = datetime.date(2020, 1, 1)
    allow("day", {"validate": "date", "criteria": ">=", "value": since}, BAD_DAY)
