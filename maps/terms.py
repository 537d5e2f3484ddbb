"""What the terms of a report mean, in one sentence each."""

from __future__ import annotations

from phusong.data.language import Text

DEFINITIONS: tuple[tuple[Text, Text], ...] = (
    (
        Text("Được phủ", "Covered"),
        Text(
            "Ô lưới đạt tiêu chí của dịch vụ theo tính toán; là dự báo, chưa đo kiểm tại hiện trường.",
            "A cell of the grid that meets the criterion of the service by computation; a prediction, not a "
            "measurement in the field.",
        ),
    ),
    (
        Text("Đạt (n), Tổng (N), Tỷ lệ", "Covered (n), Total (N), Share"),
        Text(
            "Tỷ lệ = n / N. Chỉ ghi 100% khi n = N.",
            "Share = n / N. It reads 100% only where n = N.",
        ),
    ),
    (
        Text("Dân số tính toán", "Computed population"),
        Text(
            "Số người trên lưới dân số, chia cho từng xã theo đúng phần diện tích ô lưới nằm trong xã.",
            "People of the population raster, shared among the communes by the exact part of each cell that "
            "lies in them.",
        ),
    ),
    (
        Text("Điểm được phủ", "Place served"),
        Text(
            "Thôn, làng, trung tâm xã hoặc điểm khác nằm trong ô lưới được phủ.",
            "A village, commune centre or other place that lies in a covered cell.",
        ),
    ),
    (
        Text("Vùng lõm", "Gap"),
        Text(
            "Vùng liền khối gồm các ô có dân nhưng không được phủ; xếp hạng theo số dân. Nơi quá ít dân "
            "không đánh số nhưng vẫn được cộng vào số dân chưa được phủ.",
            "A contiguous patch of populated cells without coverage, ranked by people. Those with very few "
            "people carry no number but count among the people without coverage.",
        ),
    ),
    (
        Text("Vị trí, trạm, cell", "Site, base station, cell"),
        Text(
            "Vị trí là một nơi có cột anten; trạm là một vị trí × một công nghệ × một nhà mạng; cell là một "
            "sector của một công nghệ trên một băng tần. Ba số này không cộng lẫn nhau.",
            "A site is a location with a mast; a base station is a site × technology × operator; a cell is a "
            "sector of one technology on one band. The three counts are never mixed.",
        ),
    ),
    (
        Text("Bất kỳ nhà mạng nào", "Any operator"),
        Text(
            "Được phủ bởi ít nhất một nhà mạng.",
            "Covered by at least one operator.",
        ),
    ),
    (
        Text("Hộ có cáp quang", "Households with fibre"),
        Text(
            "Số liệu doanh nghiệp báo cáo, không phải tính toán từ tuyến cáp.",
            "Reported by the operators, not computed from the routes.",
        ),
    ),
)
