"""What counts as covered, in words: the same wherever a figure stands."""

from __future__ import annotations

from phusong.data.language import Text, format_number
from phusong.layers.project.schema import FibreService, FlatService, RangeService, TerrainService

AnyService = RangeService | FlatService | TerrainService | FibreService

PLACES_OF_PENETRATION = {
    "outdoor": Text("ngoài trời", "outdoors"),
    "in-car": Text("trong xe", "in a car"),
    "indoor": Text("trong nhà", "indoors"),
}


def technology_of(name: str, service: AnyService) -> str:
    """Return the technology whose stations serve; the service's name where it says none."""
    return getattr(service, "technology", None) or name


def describe(service: AnyService) -> Text:
    """Return the criterion of a service as a clause: ``RSRP ≥ -110 dBm với xác suất ≥ 90 % …``."""
    if isinstance(service, RangeService):
        return Text(
            f"dự báo: cách trạm gần nhất không quá {format_number(service.radius_m, 'vi')} m",
            f"predicted: within {format_number(service.radius_m, 'en')} m of the nearest site",
        )
    if isinstance(service, FibreService) and service.reach == "roads":
        return _along_roads(service)
    if isinstance(service, FibreService):
        return Text(
            f"tính toán: cách tuyến hoặc điểm cáp quang đang khai thác không quá "
            f"{format_number(service.reach_m, 'vi')} m",
            f"computed: within {format_number(service.reach_m, 'en')} m of an operational fibre line or node",
        )
    where = PLACES_OF_PENETRATION[service.penetration]
    level = format_number(service.threshold_dbm, "en")
    share = Text(
        format_number(100 * service.probability, "vi"), format_number(100 * service.probability, "en")
    )
    return Text(
        f"dự báo theo mô hình {service.model}: RSRP ≥ {level} dBm {where.vi} với xác suất "
        f"tại điểm ≥ {share.vi}%",
        f"predicted with {service.model}: RSRP ≥ {level} dBm {where.en} with a location probability "
        f"≥ {share.en}%",
    )


def _along_roads(service: FibreService) -> Text:
    """Return the criterion of fibre along roads."""
    drop = {"vi": format_number(service.drop_m, "vi"), "en": format_number(service.drop_m, "en")}
    reach = {"vi": format_number(service.reach_m, "vi"), "en": format_number(service.reach_m, "en")}
    optics = Text("", "")
    if service.optics is not None:
        stages = " + ".join(service.splitters)
        optics = Text(
            f", trong quỹ công suất quang lớp {service.optics} với bộ chia {stages}",
            f", within the optical budget of class {service.optics} with splitters {stages}",
        )
    return Text(
        f"tính toán: cách đường không quá {drop['vi']} m, rồi theo đường đến điểm đấu nối cáp quang "
        f"đang khai thác không quá {reach['vi']} m{optics.vi}",
        f"computed: within {drop['en']} m of a road, then within {reach['en']} m along roads of an "
        f"operational access point of fibre{optics.en}",
    )


REPORTED = Text("số liệu doanh nghiệp báo cáo", "reported by the operators")
COUNTED = Text("đếm trong danh sách trạm", "counted in the station inventory")
PRESENCE = Text(
    "xã có ít nhất một tuyến hoặc điểm cáp quang đang khai thác",
    "communes with at least one operational fibre route or node",
)
