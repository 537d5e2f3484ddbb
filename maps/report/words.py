"""Words of the report page."""

from __future__ import annotations

from collections.abc import Mapping

from phusong.data.language import Text

REPORT_WORDS: Mapping[str, Text] = {
    "title": Text("Báo cáo phủ sóng di động và cáp quang", "Mobile and fibre coverage report"),
    "skip": Text("Đến nội dung chính", "Skip to the content"),
    "contents": Text("Mục lục", "Contents"),
    "asOf": Text("Số liệu đến {date}", "Data as of {date}"),
    "summary": Text("Tóm tắt", "Summary"),
    "maps": Text("Bản đồ", "Maps"),
    "communes": Text("Các xã, phường, đặc khu", "Communes"),
    "spread": Text("Phân bố tỷ lệ phủ", "How shares are spread"),
    "spreadOf": Text("{service}: số xã và số dân theo tỷ lệ được phủ của xã",
                     "{service}: communes and people by the share covered in the commune"),
    "spreadNote": Text(
        "Thanh trên: số xã; thanh dưới: số dân của các xã đó.",
        "Upper bar: communes; lower bar: people of these communes.",
    ),
    "ranking": Text("Xếp hạng xã", "Ranking of communes"),
    "lowestOf": Text("{service}: các xã có tỷ lệ thấp nhất", "{service}: communes with the lowest share"),
    "mostLeft": Text(
        "{service}: các xã có nhiều dân chưa được phủ nhất", "{service}: communes with most people left out"
    ),
    "share": Text("Tỷ lệ dân số", "Share of people"),
    "left": Text("Chưa phủ (người)", "Not covered (people)"),
    "ladder": Text("Bậc dịch vụ từng xã", "Service ladder by commune"),
    "ladderNote": Text(
        "Mỗi ô: tỷ lệ dân số được phủ (nếu dịch vụ được tính toán) và số trạm đặt trong xã; xã không có "
        "trạm vẫn có thể được phủ từ xã bên.",
        "Each cell: the share of people covered (where the service is computed) and the base stations "
        "inside; a commune without any may still be covered from next door.",
    ),
    "ladderTable": Text(
        "2G, 3G, 4G, 5G, cáp quang: tỷ lệ phủ và số trạm theo xã",
        "2G, 3G, 4G, 5G, fibre: share covered and base stations by commune",
    ),
    "rungPresent": Text(
        "{share} xã có ít nhất một trạm {technology} ({counts} xã).",
        "{share} of communes have at least one {technology} base station ({counts}).",
    ),
    "stationsHere": Text("{n} trạm", "{n} stations"),
    "noStation": Text("không có trạm", "no station"),
    "operators": Text("Theo nhà mạng", "By operator"),
    "gaps": Text("Vùng lõm lớn nhất", "Worst gaps"),
    "places": Text("Điểm chưa được phủ", "Places not served"),
    "targets": Text("So với mục tiêu", "Against the targets"),
    "people": Text("Kiểm đếm dân số", "Account of people"),
    "sources": Text("Nguồn số liệu", "Data sources"),
    "method": Text("Tiêu chí, định nghĩa, phương pháp", "Criteria, definitions, method"),
    "faults": Text("Chất lượng dữ liệu", "Data quality"),
    "population": Text("dân số được phủ", "of the population covered"),
    "peopleUnit": Text("người", "people"),
    "notCovered": Text("Chưa phủ: {n} người", "Not covered: {n} people"),
    "criterion": Text("Tiêu chí", "Criterion"),
    "openMap": Text("Mở bản đồ tương tác", "Open the interactive map"),
    "embedMap": Text("Hiện bản đồ tương tác ngay tại đây", "Show the interactive map here"),
    "hideMap": Text("Ẩn bản đồ", "Hide the map"),
    "mapFrame": Text("Bản đồ tương tác", "Interactive map"),
    "shareByCommune": Text(
        "{service}: tỷ lệ dân số được phủ theo xã", "{service}: share of people covered, by commune"
    ),
    "gapNumbers": Text(
        "Số trong vòng tròn: thứ hạng của các vùng lõm đông dân nhất.",
        "Numbers in circles: rank of the gaps with most people.",
    ),
    "commune": Text("Xã, phường, đặc khu", "Commune"),
    "code": Text("Mã", "Code"),
    "inhabitants": Text("Dân số (tính toán)", "People (computed)"),
    "servedShare": Text("{service} (dân số)", "{service} (people)"),
    "placesLeft": Text("{places} chưa có {service}", "{places} without {service}"),
    "beyondReach": Text("báo cáo vượt tầm", "reported beyond reach"),
    "beyondReachNote": Text(
        "số hộ doanh nghiệp báo cáo vượt số hộ ước tính trong tầm cáp quang của dữ liệu quá {margin:.0f} "
        "điểm phần trăm; cần đối chiếu.",
        "the operators report more households than the estimate of those within reach of the fibre in the "
        "data, by more than {margin:.0f} percentage points; to be settled.",
    ),
    "householdsFibre": Text("Hộ có cáp quang (báo cáo)", "Households with fibre (reported)"),
    "filter": Text("Lọc theo tên hoặc mã", "Filter by name or code"),
    "filterService": Text("Chỉ xã có tỷ lệ", "Only communes with"),
    "filterBelow": Text("dưới (%)", "below (%)"),
    "shown": Text("Hiện {some}/{every} xã", "{some} of {every} communes shown"),
    "sortHint": Text("Bấm vào tên cột để sắp xếp.", "Press a column's name to sort."),
    "tableCommunes": Text("Bảng các xã theo dịch vụ", "Communes by service"),
    "operator": Text("Nhà mạng", "Operator"),
    "coverByOperator": Text("Dân số được phủ theo nhà mạng", "People covered, by operator"),
    "countsByOperator": Text(
        "Số vị trí, trạm và cell theo nhà mạng và công nghệ",
        "Sites, base stations and cells by operator and technology",
    ),
    "allTechnologies": Text("Tất cả", "All"),
    "allOperators": Text("Tất cả nhà mạng", "All operators"),
    "sites": Text("vị trí", "sites"),
    "stations": Text("trạm", "stations"),
    "cells": Text("cell", "cells"),
    "countsNote": Text(
        "Một vị trí dùng chung cho nhiều công nghệ, nhiều nhà mạng chỉ tính một lần ở dòng, cột tổng; vì vậy "
        "số vị trí không cộng dồn.",
        "A site shared by several technologies or operators counts once in the totals, so sites do not "
        "add up.",
    ),
    "rank": Text("Hạng", "Rank"),
    "gapPeople": Text("Số dân", "People"),
    "area": Text("Diện tích (km²)", "Area (km²)"),
    "reason": Text("Nguyên nhân", "Reason"),
    "nearestSite": Text("Trạm gần nhất", "Nearest site"),
    "nearestFibre": Text("Cáp quang gần nhất", "Nearest fibre"),
    "placesInside": Text("Điểm trong vùng", "Places inside"),
    "gapsOf": Text(
        "{service}: {total} vùng lõm có đánh số, {people} người; ngoài ra {scattered} người ở rải rác",
        "{service}: {total} numbered gaps with {people} people; another {scattered} live scattered",
    ),
    "gapsNone": Text(
        "{service}: không có vùng lõm nào đủ số dân để đánh số.", "{service}: no gap with enough people."
    ),
    "gapsAll": Text(
        "Toàn bộ danh sách ở trang 'Vùng lõm' của report.xlsx, ở gaps.csv và trên bản đồ.",
        "The whole list is on the sheet 'Gaps' of report.xlsx, in gaps.csv and on the map.",
    ),
    "communeUnit": Text("xã", "communes"),
    "placeUnit": Text("điểm", "places"),
    "folded": Text(
        "Bản in chỉ nêu {n} xã có tỷ lệ dân số được phủ {service} thấp nhất, hoặc {n} dòng đầu theo cách đã "
        "lọc, sắp xếp; đủ {every} xã ở trang 'Xã, phường' của report.xlsx.",
        "On paper only the {n} communes with the lowest share of people covered by {service}, or the first "
        "{n} as filtered and sorted; all {every} are on the sheet 'Communes' of report.xlsx.",
    ),
    "wholeTables": Text("In đủ các bảng dài", "Print long tables whole"),
    "placesOf": Text(
        "{service}: {n}/{total} {places} chưa được phủ", "{service}: {n} of {total} {places} not served"
    ),
    "placesAll": Text(
        "Toàn bộ danh sách ở trang 'Điểm chưa được phủ' của report.xlsx và ở places.csv.",
        "The whole list is on the sheet 'Places not served' of report.xlsx and in places.csv.",
    ),
    "noCommune": Text("Không rõ xã", "Commune unknown"),
    "service": Text("Dịch vụ", "Service"),
    "target": Text("Mục tiêu", "Target"),
    "actual": Text("Hiện tại", "Now"),
    "year": Text("Năm", "Year"),
    "document": Text("Văn bản", "Document"),
    "verdict": Text("Đánh giá", "Verdict"),
    "inside": Text("Trong các xã", "Inside communes"),
    "outside": Text("Ngoài các xã (biên giới, biển, khe hở)", "Outside communes (border, sea, holes)"),
    "total": Text("Tổng lưới dân số", "Total of the raster"),
    "overlaps": Text(
        "trong đó ở phần các xã chồng nhau (chỉ tính một lần)",
        "of these where communes overlap (counted once)",
    ),
    "holes": Text("trong đó ở khe hở giữa các xã", "of these in holes between communes"),
    "scaled": Text(
        "Số dân từng xã đã được hiệu chỉnh theo số chính thức; trước hiệu chỉnh trong các xã có {n} người.",
        "People of each commune were scaled to the official figure; before, {n} lived inside.",
    ),
    "unscaled": Text(
        "Số dân lấy từ lưới dân số, không hiệu chỉnh theo số chính thức nên có thể khác số liệu thống kê.",
        "People are those of the population raster, not scaled to the official figure, and may differ "
        "from it.",
    ),
    "item": Text("Khoản mục", "Item"),
    "source": Text("Lớp dữ liệu", "Layer"),
    "file": Text("Tệp", "File"),
    "date": Text("Ngày số liệu", "Date"),
    "rows": Text("Số dòng, ô", "Rows, cells"),
    "sha": Text("SHA-256 (12 ký tự đầu)", "SHA-256 (first 12)"),
    "noFaults": Text("Không có cảnh báo nào.", "No warnings."),
    "faultsCount": Text("{n} cảnh báo, {kinds} loại.", "{n} warnings of {kinds} kinds."),
    "faultsMore": Text("… và {n} cảnh báo khác cùng loại.", "… and {n} more of this kind."),
    "methodText": Text(
        "Lưới ô {cell} m, hệ tọa độ {crs}. Số dân của lưới gốc được chia theo diện tích, bảo toàn từng "
        "người; mỗi ô "
        "được chia cho các xã theo đúng phần diện tích. Ô được phủ khi đạt tiêu chí của dịch vụ với "
        "trạm hoặc tuyến "
        "cáp tốt nhất; vùng lõm là các ô liền nhau có từ {density} người/km², chưa được phủ, từ "
        "{people} người trở lên. "
        "Tổng các xã bằng đúng số toàn tỉnh.",
        "A grid of {cell} m cells in {crs}. People of the source raster are split by area and "
        "conserved; each cell is "
        "shared among communes by exact area. A cell is covered where the best station or cable meets "
        "the criterion; a "
        "gap is a patch of touching uncovered cells with at least {density} people per km² and {people} "
        "people in all. "
        "The communes sum exactly to the province.",
    ),
    "made": Text("Lập bằng phusong {version}", "Made with phusong {version}"),
    "theme": Text("Sáng/tối", "Light/dark"),
    "print": Text("In báo cáo", "Print"),
    "noneHere": Text("Không có.", "None."),
    "footnote": Text("Nguồn số", "Source no."),
}

NAVIGATION: Mapping[str, Text] = {
    "summary": Text("Tóm tắt", "Summary"),
    "scenario": Text("Kịch bản", "Scenario"),
    "maps": Text("Bản đồ", "Maps"),
    "spread": Text("Phân bố", "Spread"),
    "ranking": Text("Xếp hạng", "Ranking"),
    "communes": Text("Các xã", "Communes"),
    "ladder": Text("Bậc dịch vụ", "Service ladder"),
    "operators": Text("Nhà mạng", "Operators"),
    "fibre": Text("Cáp quang dọc đường", "Fibre along roads"),
    "gaps": Text("Vùng lõm", "Gaps"),
    "places": Text("Điểm chưa phủ", "Places not served"),
    "official": Text("Mẫu câu báo cáo", "As reported"),
    "villages": Text("Thôn trắng, lõm", "Villages"),
    "targets": Text("Mục tiêu", "Targets"),
    "definitions": Text("Các định nghĩa", "Definitions"),
    "evidence": Text("DTI, DII", "DTI, DII"),
    "uncertainty": Text("Độ tin cậy", "Certainty"),
    "form": Text("Phiếu ghi sóng", "Form for villages"),
    "method": Text("Phương pháp", "Method"),
    "people": Text("Kiểm đếm", "Account"),
    "sources": Text("Nguồn", "Sources"),
    "faults": Text("Chất lượng dữ liệu", "Data quality"),
}
