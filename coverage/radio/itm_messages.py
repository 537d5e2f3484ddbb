"""What the return codes and warning bits of the Irregular Terrain Model mean, in both languages."""

from __future__ import annotations

from phusong.coverage.radio import itm, itm_terms
from phusong.data.language import Text

WARNINGS: dict[int, Text] = {
    itm_terms.WARN_TX_HEIGHT: Text(
        "độ cao anten phát gần giới hạn của mô hình (1–1000 m)",
        "transmitter height near the model's limits (1 to 1000 m)",
    ),
    itm_terms.WARN_RX_HEIGHT: Text(
        "độ cao anten thu gần giới hạn của mô hình (1–1000 m)",
        "receiver height near the model's limits (1 to 1000 m)",
    ),
    itm_terms.WARN_FREQUENCY: Text(
        "tần số gần giới hạn của mô hình (40 MHz–10 GHz)",
        "frequency near the model's limits (40 MHz to 10 GHz)",
    ),
    itm_terms.WARN_DISTANCE_LARGE: Text("đường truyền dài hơn 1000 km", "path longer than 1000 km"),
    itm_terms.WARN_DISTANCE_VERY_LARGE: Text("đường truyền dài hơn 2000 km", "path longer than 2000 km"),
    itm_terms.WARN_DISTANCE_SMALL: Text(
        "đường truyền quá ngắn so với chênh lệch độ cao hai anten",
        "path short for the difference between the antenna heights",
    ),
    itm_terms.WARN_DISTANCE_VERY_SMALL: Text("đường truyền ngắn hơn 1 km", "path shorter than 1 km"),
    itm_terms.WARN_TX_HORIZON_ANGLE: Text(
        "góc chân trời phía phát lớn hơn 0,2 rad", "transmitter's horizon angle above 0.2 rad"
    ),
    itm_terms.WARN_RX_HORIZON_ANGLE: Text(
        "góc chân trời phía thu lớn hơn 0,2 rad", "receiver's horizon angle above 0.2 rad"
    ),
    itm_terms.WARN_TX_HORIZON_NEAR: Text(
        "chân trời phía phát gần hơn 1/10 chân trời mặt đất nhẵn",
        "transmitter's horizon nearer than a tenth of that over smooth earth",
    ),
    itm_terms.WARN_RX_HORIZON_NEAR: Text(
        "chân trời phía thu gần hơn 1/10 chân trời mặt đất nhẵn",
        "receiver's horizon nearer than a tenth of that over smooth earth",
    ),
    itm_terms.WARN_TX_HORIZON_FAR: Text(
        "chân trời phía phát xa hơn 3 lần chân trời mặt đất nhẵn",
        "transmitter's horizon farther than three times that over smooth earth",
    ),
    itm_terms.WARN_RX_HORIZON_FAR: Text(
        "chân trời phía thu xa hơn 3 lần chân trời mặt đất nhẵn",
        "receiver's horizon farther than three times that over smooth earth",
    ),
    itm_terms.WARN_EXTREME_VARIABILITY: Text(
        "phần trăm thời gian, vị trí hoặc tình huống ở rất xa đuôi phân bố",
        "a percentage of time, location or situation far in the tail of its distribution",
    ),
    itm_terms.WARN_REFRACTIVITY: Text(
        "chiết suất bề mặt nhỏ hơn 250 đơn vị N", "surface refractivity below 250 N-units"
    ),
}
"""Meaning of each warning bit."""

ERRORS: dict[int, Text] = {
    itm.ERROR_TX_HEIGHT: Text(
        "độ cao anten phát ngoài 0,5–3000 m", "transmitter height outside 0.5 to 3000 m"
    ),
    itm.ERROR_RX_HEIGHT: Text("độ cao anten thu ngoài 0,5–3000 m", "receiver height outside 0.5 to 3000 m"),
    itm.ERROR_CLIMATE: Text("mã khí hậu ngoài 1–7", "climate outside 1 to 7"),
    itm.ERROR_TIME: Text("phần trăm thời gian ngoài 0–100", "time outside 0 to 100 per cent"),
    itm.ERROR_LOCATION: Text("phần trăm vị trí ngoài 0–100", "location outside 0 to 100 per cent"),
    itm.ERROR_SITUATION: Text("phần trăm tình huống ngoài 0–100", "situation outside 0 to 100 per cent"),
    itm.ERROR_CONFIDENCE: Text("độ tin cậy ngoài 0–100%", "confidence outside 0 to 100 per cent"),
    itm.ERROR_RELIABILITY: Text("độ sẵn sàng ngoài 0–100%", "reliability outside 0 to 100 per cent"),
    itm.ERROR_N0: Text("chiết suất N0 ngoài 250–400 đơn vị N", "refractivity N0 outside 250 to 400 N-units"),
    itm.ERROR_FREQUENCY: Text("tần số ngoài 20 MHz–20 GHz", "frequency outside 20 MHz to 20 GHz"),
    itm.ERROR_POLARISATION: Text(
        "phân cực phải là 0 (ngang) hoặc 1 (đứng)", "polarisation must be 0 (horizontal) or 1 (vertical)"
    ),
    itm.ERROR_EPSILON: Text("hằng số điện môi nhỏ hơn 1", "relative permittivity below 1"),
    itm.ERROR_SIGMA: Text("độ dẫn điện không dương", "conductivity not above 0"),
    itm_terms.ERROR_GROUND_IMPEDANCE: Text(
        "trở kháng mặt đất: phần ảo lớn hơn phần thực",
        "ground impedance with an imaginary part above its real part",
    ),
    itm.ERROR_MDVAR: Text("chế độ biến động (mdvar) không hợp lệ", "mode of variability (mdvar) unknown"),
    itm_terms.ERROR_EFFECTIVE_EARTH: Text(
        "bán kính Trái Đất hiệu dụng ngoài 4000–13333 km", "effective earth radius outside 4000 to 13333 km"
    ),
    itm.ERROR_DISTANCE: Text("khoảng cách không dương", "distance not above 0"),
    itm.ERROR_DELTA_H: Text("độ gồ ghề địa hình âm", "terrain irregularity below 0"),
    itm.ERROR_TX_SITING: Text("tiêu chí chọn vị trí phát ngoài 0–2", "transmitter siting outside 0 to 2"),
    itm.ERROR_RX_SITING: Text("tiêu chí chọn vị trí thu ngoài 0–2", "receiver siting outside 0 to 2"),
    itm_terms.ERROR_REFRACTIVITY_SMALL: Text(
        "chiết suất bề mặt nhỏ hơn 150 đơn vị N", "surface refractivity below 150 N-units"
    ),
    itm_terms.ERROR_REFRACTIVITY_LARGE: Text(
        "chiết suất bề mặt lớn hơn 400 đơn vị N", "surface refractivity above 400 N-units"
    ),
}
"""Meaning of each return code from 1000 upwards."""


def warning_texts(bits: int) -> list[Text]:
    """Return the sentences of the warnings that are set, in the order of their bits."""
    return [text for bit, text in WARNINGS.items() if bits & bit]
