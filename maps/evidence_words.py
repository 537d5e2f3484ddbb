"""Words of the parts of outputs that make figures stand: sentences, villages, definitions, targets."""

from __future__ import annotations

from phusong.data.language import Text

EVIDENCE_WORDS = {
    "official": Text("Số liệu theo mẫu câu báo cáo", "Figures as provinces report them"),
    "officialOf": Text("Toàn tỉnh", "The province"),
    "villages": Text("Thôn trắng sóng, lõm sóng", "Villages without signal or with a cluster left out"),
    "villagesTable": Text(
        "Thôn trắng sóng, lõm sóng theo dịch vụ và nhà mạng",
        "Villages without signal, and with a cluster left out, by service and operator",
    ),
    "trang": Text("Trắng sóng", "No signal"),
    "lom": Text("Lõm sóng (trên thôn không trắng)", "Cluster left out (of those with signal)"),
    "homes": Text("Số hộ", "Households"),
    "noPower": Text("Chưa có điện lưới", "No grid power"),
    "poor": Text("Đặc biệt khó khăn", "Disadvantaged"),
    "villagesNote": Text(
        "Trắng: không có sóng tại trung tâm thôn. Lõm: trung tâm có sóng, một cụm dân cư từ {people} "
        "người trong bán "
        "kính {radius} m không có sóng. Tiêu chí chính thức chưa được công bố; sửa tại [villages] của "
        "tệp dự án. Danh "
        "sách đầy đủ ở trang 'Thôn trắng, lõm' của report.xlsx.",
        "Without signal: none at the village centre. Cluster left out: the centre is served, a cluster "
        "of at least "
        "{people} people within {radius} m is not. The official criteria are not public; set them in "
        "[villages] of "
        "the project file. The whole list is on the sheet 'Villages' of report.xlsx.",
    ),
    "definitions": Text("Các định nghĩa đặt cạnh nhau", "Definitions side by side"),
    "definitionsNote": Text(
        "Cùng một kết quả tính, khác tiêu chí thì khác tỷ lệ. Đây là dự báo tính toán, chưa đo kiểm; "
        "không phải kết "
        "luận theo quy chuẩn.",
        "One computation, several criteria, several shares. These are computed predictions, not "
        "measured, and no "
        "finding under a regulation.",
    ),
    "definitionsOf": Text("{service}: tỷ lệ dân số theo từng định nghĩa",
                          "{service}: share of people under each definition"),
    "definition": Text("Định nghĩa", "Definition"),
    "difference": Text("Chênh (điểm %)", "Difference (points)"),
    "moved": Text("Xã đổi hạng", "Communes that change rank"),
    "moversOf": Text("{service}: các xã đổi hạng nhiều nhất", "{service}: communes that change rank most"),
    "ownShare": Text("Tiêu chí của dự án", "The project's criterion"),
    "thatShare": Text("Theo định nghĩa này", "Under this definition"),
    "rankChange": Text("Hạng: trước → sau", "Rank: before → after"),
    "definitionsAll": Text(
        "Từng xã theo từng định nghĩa: trang 'Các định nghĩa' của report.xlsx.",
        "Every commune under every definition: sheet 'Definitions compared' of report.xlsx.",
    ),
    "gap": Text("Còn thiếu", "Missing"),
    "trend": Text("Xu hướng", "Trend"),
    "evidence": Text("Minh chứng chỉ số DTI, DII", "Evidence for DTI and DII"),
    "evidenceNote": Text(
        "'Tính toán' là kết quả của phần mềm từ danh sách trạm, tuyến cáp; 'báo cáo' là số doanh nghiệp "
        "nêu; 'nguồn "
        "khác' chỉ chép lại. Tên tiêu chí là cách gọi chung: đối chiếu với bộ chỉ số của năm.",
        "'Computed' comes from the inventory by this program, 'reported' is what operators state, 'from "
        "elsewhere' is "
        "copied. Criteria are named in general terms: hold them against the year's list.",
    ),
    "index": Text("Chỉ số", "Index"),
    "indexCriterion": Text("Tiêu chí", "Criterion"),
    "origin": Text("Cách có số", "How it is known"),
    "value": Text("Giá trị", "Value"),
    "how": Text("Cách tính", "Computed as"),
    "asOf": Text("Đến ngày", "As of"),
}
