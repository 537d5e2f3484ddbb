"""What the draft report says, in both languages."""

from __future__ import annotations

from phusong.data.language import Text

WORDS = {
    "country": Text("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "SOCIALIST REPUBLIC OF VIET NAM"),
    "motto": Text("Độc lập - Tự do - Hạnh phúc", "Independence - Freedom - Happiness"),
    "committee": Text("ỦY BAN NHÂN DÂN", "PEOPLE'S COMMITTEE"),
    "agency": Text("[TÊN CƠ QUAN, ĐƠN VỊ]", "[NAME OF THE AGENCY]"),
    "number": Text("Số:          /BC-", "No.:          /BC-"),
    "draft": Text("DỰ THẢO", "DRAFT"),
    "day": Text("{name}, ngày      tháng      năm {year}", "{name},                    {year}"),
    "kind": Text("BÁO CÁO", "REPORT"),
    "about": Text(
        "Về hiện trạng phủ sóng di động và cáp quang trên địa bàn {name}",
        "Mobile and fibre coverage in {name}",
    ),
    "about_scenario": Text(
        "Về kịch bản giả định phủ sóng di động và cáp quang trên địa bàn {name}",
        "A scenario of mobile and fibre coverage in {name}",
    ),
    "about_date": Text("(số liệu đến ngày {date})", "(figures as of {date})"),
    "scope": Text("1. Phạm vi, số liệu và cách tính", "1. Scope, data and method"),
    "scope_text": Text(
        "Báo cáo tính trên {communes} xã, phường, đặc khu với {people:.0f} người của lưới dân số, lưới tính "
        "{cell:.0f} m. Ô lưới được coi là được phủ khi đạt tiêu chí của dịch vụ nêu tại mục 2; dân số của "
        "mỗi "
        "xã là tổng số người trong các ô, chia theo đúng phần diện tích nằm trong xã. Mọi tỷ lệ đều ghi kèm "
        "số "
        "được phủ trên tổng số (n/N).",
        "The report covers {communes} communes with {people:.0f} people of the population raster, on a grid "
        "of "
        "{cell:.0f} m. A cell counts as covered where it meets the criterion of the service in section 2; "
        "the "
        "people of a commune are those of its cells, shared by exact area. Every share stands with its "
        "counts "
        "(n/N).",
    ),
    "forecast": Text(
        "Đây là kết quả dự báo tính toán, chưa đo kiểm tại hiện trường; không phải kết luận về chất lượng "
        "dịch "
        "vụ theo quy chuẩn kỹ thuật.",
        "These are computed predictions, not verified by measurement; they are no finding on the quality of "
        "service under a technical regulation.",
    ),
    "results": Text("2. Kết quả chung", "2. Results for the province"),
    "commune_unit": Text("xã", "communes"),
    "by_operator": Text(
        "Bảng 1. Dân số được phủ theo dịch vụ và nhà mạng", "Table 1. People covered, by service and operator"
    ),
    "communes": Text("3. Kết quả theo xã, phường, đặc khu", "3. Results by commune"),
    "communes_text": Text(
        "Bảng 2 nêu {n} xã, phường, đặc khu có tỷ lệ dân số được phủ {service} thấp nhất; toàn bộ {all} xã "
        "có trong tệp report.xlsx, bản đồ ở Phụ lục.",
        "Table 2 names the {n} communes with the lowest share of people covered by {service}; all {all} "
        "communes are in report.xlsx, maps in the annex.",
    ),
    "communes_table": Text(
        "Bảng 2. Các xã có tỷ lệ dân số được phủ thấp nhất", "Table 2. Communes with the lowest shares"
    ),
    "figure": Text(
        "Hình {k}. Tỷ lệ dân số được phủ {service} theo xã, số liệu đến ngày {date}",
        "Figure {k}. Share of people covered by {service}, by commune, as of {date}",
    ),
    "annex": Text("PHỤ LỤC", "ANNEX"),
    "annex_about": Text("Bản đồ tỷ lệ dân số được phủ theo xã", "Maps: share of people covered, by commune"),
    "annex_to": Text(
        "(Kèm theo Báo cáo số:        /BC-          ngày       tháng       năm {year})",
        "(To the report of which this is a draft, {year})",
    ),
    "gaps": Text("4. Vùng lõm", "4. Gaps"),
    "gaps_text": Text(
        "{service}: {count} vùng lõm với {people:.0f} người; ngoài ra {scattered:.0f} người chưa được phủ ở "
        "rải rác.",
        "{service}: {count} gaps with {people:.0f} people; another {scattered:.0f} people without coverage "
        "live "
        "scattered.",
    ),
    "gaps_table": Text("Bảng 3. Các vùng lõm đông dân nhất", "Table 3. Gaps with most people"),
    "places": Text("5. Điểm chưa được phủ", "5. Places not served"),
    "places_text": Text(
        "{service}: {missing:.0f}/{all:.0f} {what} chưa được phủ.",
        "{service}: {missing:.0f} of {all:.0f} {what} are not served.",
    ),
    "places_table": Text(
        "Bảng 4. {what} chưa được phủ {service} ({n}/{all} điểm, xếp theo mã xã; danh sách đầy đủ trong "
        "report.xlsx)",
        "Table 4. {what} not served by {service} ({n} of {all}, by commune code; the full list is in "
        "report.xlsx)",
    ),
    "quality": Text("{k}. Nguồn và chất lượng số liệu", "{k}. Data and their quality"),
    "people": Text(
        "Lưới dân số có {total:.0f} người trong vùng tính: {inside:.0f} người trong các xã, {outside:.0f} "
        "người "
        "ngoài ranh giới xã (không tính vào tỷ lệ). Dữ liệu đầu vào có {warnings} cảnh báo, liệt kê trong "
        "report.xlsx.",
        "The population raster has {total:.0f} people in the area: {inside:.0f} inside the communes, "
        "{outside:.0f} outside all of them (in no share). The inputs gave {warnings} warnings, listed in "
        "report.xlsx.",
    ),
    "made": Text("Lập bằng phần mềm phusong phiên bản {version}.", "Made with phusong {version}."),
    "to": Text("Nơi nhận:", "To:"),
    "archive": Text("- Lưu: VT.", "- Archive."),
    "signer": Text("QUYỀN HẠN, CHỨC VỤ CỦA NGƯỜI KÝ", "AUTHORITY AND POSITION OF THE SIGNATORY"),
    "signature": Text("(Ký, ghi rõ họ tên, đóng dấu)", "(Signature, name, seal)"),
    "any_gap": Text("Không có vùng lõm nào được đánh số.", "There are no numbered gaps."),
}
HEADERS = {
    "service": Text("Dịch vụ", "Service"), "operator": Text("Nhà mạng", "Operator"),
    "people": Text("Dân số được phủ (n/N)", "People covered (n/N)"), "share": Text("Tỷ lệ", "Share"),
    "commune": Text("Xã, phường, đặc khu", "Commune"), "code": Text("Mã", "Code"),
    "dwellers": Text("Dân số", "People"), "rank": Text("Hạng", "Rank"), "count": Text("Số dân", "People"),
    "area": Text("km²", "km²"), "reason": Text("Nguyên nhân", "Reason"),
    "site": Text("Trạm gần nhất (km)", "Nearest site (km)"), "name": Text("Tên", "Name"),
    "order": Text("TT", "No."), "layer": Text("Lớp dữ liệu", "Layer"), "file": Text("Tệp", "File"),
    "as_of": Text("Đến ngày", "As of"), "rows": Text("Số dòng, ô", "Rows, cells"),
}
