"""What stands on the sheets of the workbook: their names and the heads of their columns."""

from __future__ import annotations

from phusong.data.language import Text

TITLE = Text("Phủ sóng viễn thông {name}", "Telecommunications coverage of {name}")
AS_OF = Text("Số liệu đến ngày {date}", "Figures as of {date}")

SHEETS = {
    "summary": Text("Tóm tắt", "Summary"),
    "communes": Text("Xã, phường", "Communes"),
    "operators": Text("Nhà mạng", "Operators"),
    "unserved": Text("Điểm chưa được phủ", "Places not served"),
    "gaps": Text("Vùng lõm", "Gaps"),
    "all": Text("Chỉ tiêu", "Indicators"),
    "definitions": Text("Định nghĩa", "Definitions"),
    "sources": Text("Nguồn dữ liệu", "Data sources"),
    "faults": Text("Cảnh báo", "Warnings"),
}

HEADERS = {
    "code": Text("Mã", "Code"), "name": Text("Tên", "Name"), "level": Text("Cấp", "Level"),
    "commune_code": Text("Mã xã", "Commune code"), "commune": Text("Xã, phường, đặc khu", "Commune"),
    "official": Text("Dân số chính thức", "Official population"),
    "people": Text("Dân số tính toán", "Computed population"), "area": Text("Diện tích (km²)", "Area (km²)"),
    "covered": Text("{service}: dân số được phủ", "{service}: people covered"),
    "share": Text("{service}: % dân số", "{service}: % of people"),
    "served": Text("{service}: {what} được phủ", "{service}: {what} served"),
    "of": Text("Tổng số {what}", "All {what}"),
    "fibre_homes": Text("Hộ có cáp quang (báo cáo)", "Households with fibre (reported)"),
    "homes": Text("Tổng số hộ", "All households"), "homes_share": Text("% hộ có cáp quang", "% with fibre"),
    "reach_homes": Text("Hộ trong tầm cáp quang (ước tính)", "Households within reach (estimated)"),
    "beyond": Text(
        "Báo cáo vượt tầm quá {margin:.0f} điểm %", "Reported beyond reach by over {margin:.0f} points"
    ),
    "stations": Text("Trạm {technology}", "{technology} base stations"),
    "indicator": Text("Chỉ tiêu", "Indicator"), "service": Text("Dịch vụ", "Service"),
    "operator": Text("Nhà mạng", "Operator"), "n": Text("Đạt (n)", "Covered (n)"),
    "N": Text("Tổng (N)", "Total (N)"), "percent": Text("Tỷ lệ", "Share"), "unit": Text("Đơn vị", "Unit"),
    "criterion": Text("Tiêu chí", "Criterion"), "as_of": Text("Số liệu đến ngày", "As of"),
    "sites": Text("Vị trí", "Sites"), "all_stations": Text("Trạm", "Base stations"),
    "cells": Text("Cell", "Cells"), "layer": Text("Loại điểm", "Kind"),
    "place_id": Text("Mã điểm", "Place id"),
    "lon": Text("Kinh độ", "Longitude"), "lat": Text("Vĩ độ", "Latitude"),
    "signal": Text("Tín hiệu hoặc khoảng cách", "Signal or distance"),
    "rank": Text("Thứ hạng", "Rank"), "gap_people": Text("Số dân", "People"),
    "communes": Text("Xã, phường, đặc khu", "Communes"), "site": Text("Trạm gần nhất", "Nearest site"),
    "site_m": Text("Cách trạm gần nhất (m)", "To the nearest site (m)"),
    "fibre_m": Text("Cách cáp quang gần nhất (m)", "To the nearest fibre (m)"),
    "places": Text("Thôn, làng, điểm bên trong", "Places inside"), "reason": Text("Nguyên nhân", "Reason"),
    "low": Text("Cận dưới", "Low"), "high": Text("Cận trên", "High"),
    "cause": Text("Diễn giải", "In detail"), "short": Text("Thiếu (dB)", "Short by (dB)"),
    "term": Text("Khái niệm", "Term"), "meaning": Text("Ý nghĩa, cách tính", "Meaning, how it is computed"),
    "input": Text("Lớp dữ liệu", "Layer"), "file": Text("Tệp", "File"),
    "attribution": Text("Ghi công", "Attribution"),
    "rows": Text("Số dòng, số ô", "Rows or cells"), "severity": Text("Mức", "Severity"),
    "fault": Text("Mã cảnh báo", "Code"), "message": Text("Nội dung", "Message"),
}

BEYOND = Text("vượt tầm", "beyond reach")
