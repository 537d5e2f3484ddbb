"""What may be wrong with a file of measurements, and words for 'nothing was heard here'."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from phusong.data.language import Text
from phusong.layers.faults import Fault, Faults
from phusong.layers.rules import error, fold, warning

LOWEST_DBM, HIGHEST_DBM = -156.0, -25.0
"""Widest range that phones report: from -156 dBm (RSRP, SS-RSRP: 3GPP TS 36.133, table 9.1.4-1, and TS
38.133, table 10.1.6.1-1) to -25 dBm (RSCP of 3G: TS 25.133, table 9.1.1.3)."""
UNAVAILABLE = frozenset(("2147483647", "2147483647.0", "-2147483648"))
"""What Android puts where it has no value (``CellInfo.UNAVAILABLE``)."""
SILENCE = frozenset(
    fold(word)
    for word in (
        "no service", "no signal", "no coverage", "out of service", "oos", "none available", "emergency only",
        "emergency calls only", "not served", "mất sóng", "không có sóng", "không sóng", "trắng sóng",
        "mất tín hiệu", "không có tín hiệu", "không tín hiệu", "không thu được", "không có dịch vụ",
        "chỉ gọi khẩn cấp", "lost",
    )
)
"""Words by which a cell says that the phone heard nothing, folded."""

NO_LEVEL_COLUMN = error(
    "missing-columns",
    "Không có cột mức thu (RSRP).", "There is no column of levels (RSRP).",
    "Tệp có các cột: {has}. Nếu cột mang tên khác: --column rsrp_dbm=\"tên cột\".",
    "The file has: {has}. If it has another name: --column rsrp_dbm=\"its name\".",
)
NO_TECHNOLOGY_COLUMN = error(
    "no-technology",
    "Không có cột công nghệ (2G, 3G, 4G, 5G).", "There is no column of the technology (2G, 3G, 4G, 5G).",
    "Nếu cả tệp cùng một công nghệ: --technology 4G; nếu cột mang tên khác: --column technology=\"tên cột\".",
    "If all rows are of one: --technology 4G; if the column has another name: "
    "--column technology=\"its name\".",
)
POSITIVE = error(
    "positive-level",
    "Mức thu phải là số âm (dBm).", "A level is a negative number (dBm).",
    "Nếu tệp bỏ dấu trừ, thêm dấu trừ; nếu là ASU của LTE, RSRP = ASU - 140; bỏ dòng nếu không có giá trị.",
    "If the minus was left off, put it back; of LTE's ASU, RSRP = ASU - 140; delete rows without a value.",
)
IMPOSSIBLE = error(
    "impossible-level",
    "Mức thu ngoài khoảng mà máy đo ghi được ({low:.0f} đến {high:.0f} dBm).",
    "The level is beyond what a phone reports ({low:.0f} to {high:.0f} dBm).",
    "Kiểm tra cột có đúng là RSRP không; bỏ dòng nếu không có giá trị.",
    "Check that the column is RSRP; delete rows without a value.",
)
WRONG_TIME = error(
    "not-a-time",
    "Không phải là thời điểm.", "This is no moment.",
    "Ghi dạng 2026-06-30 14:05:33 hoặc 30/06/2026 14:05.", "Write 2026-06-30 14:05:33 or 30/06/2026 14:05.",
)
NO_OPERATOR = warning(
    "no-operator",
    "{n} mẫu không ghi nhà mạng: chỉ đối chiếu với 'bất kỳ nhà mạng nào'.",
    "{n} samples name no operator: they are held against 'any operator' only.",
    "Điền cột nhà mạng, hoặc --operator TÊN nếu cả tệp của một nhà mạng.",
    "Fill in the operator, or --operator NAME if all rows are of one.",
)
OTHER_OPERATOR = warning(
    "unknown-operator",
    "{n} mẫu của nhà mạng '{name}' không có trong danh sách trạm: không đối chiếu.{near}",
    "{n} samples are of the operator '{name}', which has no station here: not compared.{near}",
)
BY_NETWORK_CODE = warning(
    "operator-by-code",
    "{n} mẫu ghi mã mạng '{code}': hiểu là {name}.",
    "{n} samples give the network code '{code}': it is {name}.",
)
REPEATED = warning(
    "repeated-sample",
    "Trùng hoàn toàn với dòng {first} (thời điểm, vị trí, nhà mạng, mức thu): chỉ tính một lần.",
    "The same as row {first} (time, place, operator, level): counted once.",
)
TWO_PLACES = warning(
    "one-time-two-places",
    "Cùng thời điểm, nhà mạng và công nghệ nhưng cách dòng {first} {m:.0f} m: hai máy đo, hoặc sai đồng hồ.",
    "At the same moment as row {first}, of the same operator and technology, but {m:.0f} m away: two phones, "
    "or a wrong clock.",
    "Nếu là hai máy, bỏ qua; nếu không, kiểm tra cột thời gian.",
    "With two phones, ignore this; else check the column of times.",
)
SWAP_COLUMNS = Text(
    'Đổi hai cột: --column lon="{lat}" --column lat="{lon}".',
    'Swap the two columns: --column lon="{lat}" --column lat="{lon}".',
)
"""What to do about swapped coordinates where no project file names the columns."""
NO_FIX = warning(
    "no-position", "{n} mẫu không có tọa độ: bỏ qua.", "{n} samples have no position: left out."
)
OUTSIDE = warning(
    "outside-province",
    "Từ dòng này, {n} mẫu nằm ngoài tỉnh: bỏ qua.",
    "From this row on, {n} samples lie outside the province: left out.",
)
NO_VALUE = warning(
    "no-level",
    "{n} mẫu không có mức thu và không ghi mất sóng: bỏ qua.",
    "{n} samples have neither a level nor a word that there was no signal: left out.",
    "Nếu ô trống nghĩa là mất sóng: --empty-is-silence.", "If empty means no signal: --empty-is-silence.",
)
SILENT = warning(
    "silent-samples", "{n} mẫu ghi không thu được sóng.", "{n} samples say that nothing was heard."
)
CELLS_UNKNOWN = warning(
    "unknown-cells",
    "{n} mẫu ghi mã cell không có trong danh sách trạm, ví dụ '{example}': đối chiếu với cell dự báo "
    "mạnh nhất.",
    "{n} samples name cells that the inventory lacks, such as '{example}': held against the strongest "
    "predicted cell.",
)
NO_DAY = warning(
    "no-day",
    "Cột '{name}' chỉ ghi giờ, không ghi ngày: coi như không có thời điểm.",
    "Column '{name}' has the time of day without a day: taken as no time at all.",
    "Thêm cột ngày nếu tệp gồm nhiều ngày đo.",
    "Add a column of days if the file has more than one.",
)
_SO_MANY = Text(" Cả thảy {alike} dòng như vậy.", " {alike} rows are like this.")


def one_of_each(faults: Iterable[Fault]) -> Faults:
    """Return one fault of every code and column, the first, with the number of rows that are like it.

    A log of a hundred thousand rows repeats its faults; one sentence with a row says as much.
    """
    first: dict[tuple[str, str, str], Fault] = {}
    count: dict[tuple[str, str, str], int] = {}
    for fault in faults:
        key = (str(fault.severity), fault.code, fault.column)
        more = fault.values.get("n") if "code" in fault.values and not fault.row else None
        first.setdefault(key, fault)
        count[key] = count.get(key, 0) + (int(more) if isinstance(more, int | float) else 1)
    found = Faults()
    for key, fault in first.items():
        if count[key] > 1 and fault.row:
            text = Text(fault.text.vi + _SO_MANY.vi, fault.text.en + _SO_MANY.en)
            fault = replace(fault, text=text, values={**fault.values, "alike": count[key]})
        found.add(fault)
    return found
