"""The project file of the sample province."""

from __future__ import annotations

from phusong.data.sample.places import AS_OF
from phusong.data.sample.unit import SAMPLE, Unit

PROJECT = f"""\
# {{name}}: tỉnh giả định do `phusong sample` sinh ra để dùng thử và kiểm thử.
# Mọi địa danh, mã, ranh giới và số liệu trong thư mục này đều là bịa; không có đơn vị nào như vậy.
# Sinh với: {{parameters}}

[province]
code = "{{code}}"        # không tỉnh nào mang mã này
name = "{{name}}"
as_of = {AS_OF.isoformat()}

[grid]
crs = "{{crs}}"  # múi UTM; bỏ dòng này thì chương trình tự chọn múi theo vị trí các xã
cell_m = 100        # cạnh ô lưới, mét

# --- Lớp dữ liệu: đường dẫn tính từ tệp này ---

[layers.communes]
path = "communes.gpkg"
# cột: commune_code, commune_name, population (dân số công bố)

[layers.population]
path = "population.tif"
# scale = "official"  # bỏ dấu # để nhân dân số raster cho khớp số công bố của từng xã

[layers.stations]
path = "stations.csv"
# mỗi dòng một cell; azimuth_deg để trống là anten vô hướng

[layers.fibre_routes]
path = "fibre_routes.geojson"

[layers.fibre_nodes]
path = "fibre_nodes.geojson"

[layers.households]
path = "households.csv"

[layers.roads]
path = "roads.gpkg"

[layers.terrain]
path = "terrain.tif"
vertical_datum = "EGM2008"

[layers.clutter]
path = "clutter.tif"
classes = {{ 1 = "water", 2 = "open", 3 = "forest", 4 = "urban" }}

# --- Điểm cần phục vụ ---

[places.villages]
path = "villages.csv"
columns = {{ place_id = "village_id", name = "village_name" }}

[places.centres]
path = "centres.csv"

[places.key_locations]
path = "key_locations.csv"

# --- Vùng cần phục vụ ---

[zones.industrial]
path = "zones.geojson"

# --- Dịch vụ: công nghệ, cách tính và tiêu chí được coi là phủ ---

[services.4G]
model = "p1812"         # khuyến nghị ITU-R P.1812 trên địa hình và lớp phủ; xem `phusong models`
threshold_dbm = -110    # RSRP tối thiểu
probability = 0.9       # xác suất đạt ngưỡng tại một vị trí
max_distance_m = 15000

[services.5G]
model = "p1812"
threshold_dbm = -110    # SS-RSRP tối thiểu
probability = 0.9
max_distance_m = 10000

[services.fibre]
model = "route-distance"
reach_m = 500           # cách tuyến hoặc nút đang khai thác không quá chừng này

# --- Mục tiêu để so sánh (minh họa) ---

[targets.4G-dan-so]
service = "4G"
indicator = "population"
percent = 99
year = 2026
document = "Mục tiêu minh họa"

[targets.5G-dan-so-2030]
service = "5G"
indicator = "population"
percent = 99
year = 2030
document = "Quyết định số 1132/QĐ-TTg"
"""


def project_text(unit: Unit = SAMPLE, **parameters: object) -> str:
    """Return the project file, with the parameters of the generator in its head."""
    shown = ", ".join(f"{name}={value}" for name, value in parameters.items())
    text = PROJECT
    for mark, value in (("parameters", shown), ("code", unit.code), ("name", unit.name), ("crs", unit.crs)):
        text = text.replace("{" + mark + "}", value)
    return text
