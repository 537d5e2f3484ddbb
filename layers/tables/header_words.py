"""Words by which tables call their columns, Vietnamese and English, without marks and in small letters.

The last column names of each table below are not ours: they are known so that they are not mistaken for
ours (the height of a mast is no antenna height, a transmitter's power is no EIRP), and are carried along.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, get_args

LayerKind = Literal[
    "stations", "places", "zones", "communes", "households", "fibre_nodes", "fibre_routes", "measurements",
    "field_reports", "declared",
]
LAYER_KINDS: tuple[LayerKind, ...] = get_args(LayerKind)

_POSITION = {
    "lon": "kinh do|longitude|long|lon|lng|kd|toa do kinh do|kinh do wgs84|lon wgs84|kinh do dong|kinh do e",
    "lat": "vi do|latitude|lat|vd|toa do vi do|vi do wgs84|lat wgs84|vi do bac|vi do n",
    "lonlat": "toa do|toa do gps|toa do vi tri|kinh do vi do|kinh vi do|vi do kinh do|lat long|lat lon|"
              "long lat|lon lat|coordinates|coordinate|gps|toa do wgs84",
    "x": "x|toa do x|x vn2000|x vn 2000|toa do x vn2000|x m|x coordinate",
    "y": "y|toa do y|y vn2000|y vn 2000|toa do y vn2000|y m|y coordinate",
    "northing_m": "northing|tung do|toa do bac",
    "easting_m": "easting|hoanh do|toa do dong",
}
_UNIT = {
    "commune_code": "ma xa|ma xa phuong|ma phuong xa|ma phuong|ma dvhc|ma don vi hanh chinh|ma hanh chinh|"
                    "ma gso|"
                    "ma dvhc cap xa|ma dia ban|commune code|ward code|gso code|ma dia phuong",
    "commune_name": "xa phuong|phuong xa|xa|phuong|ten xa|ten phuong|ten xa phuong|xa phuong thi tran|"
                    "xa phuong dac khu|ten don vi hanh chinh|don vi hanh chinh|commune|ward|commune name|"
                    "ward name|dia ban xa|thuoc xa|thuoc xa phuong|xa thi tran|x p|ten dvhc|dvhc",
    "district": "huyen|quan huyen|huyen thi xa thanh pho|quan|district|tp tx huyen|ten huyen|"
                "quan huyen thi xa",
    "province": "tinh|tinh thanh pho|tinh tp|province|ten tinh",
    "province_code": "ma tinh|province code",
}
_COMMON = {
    "row_number": "stt|so tt|so thu tu|tt|no|order",
    "note": "ghi chu|note|notes|remarks|remark|dien giai",
    "address": "dia chi|dia diem|vi tri lap dat|address|dia diem lap dat|dia chi lap dat|noi lap dat",
    **_UNIT,
}
_OPERATOR = (
    "nha mang|doanh nghiep|doanh nghiep vien thong|nha cung cap|mang|operator|mang di dong|"
    "nha mang quan ly|ten doanh nghiep|don vi khai thac|dn"
)
_TECHNOLOGY = (
    "cong nghe|the he|technology|tech|rat|loai cong nghe|cong nghe phat song|the he mang|cong nghe mang|"
    "loai mang|mang the he"
)
_STATUS = "trang thai|tinh trang|status|hien trang|tinh trang hoat dong|trang thai hoat dong|tt hoat dong"
_POPULATION = (
    "dan so|so khau|nhan khau|so nhan khau|so dan|population|tong dan so|khau|dan so trung binh|pop|so nguoi"
)
_HOUSEHOLDS = "so ho|tong so ho|ho|ho dan|so ho dan|so ho gia dinh|ho gia dinh|households|tong so ho gia dinh"

_WORDS: dict[str, dict[str, str]] = {
    "stations": {
        **_POSITION,
        "site_id": "ma tram|ma vi tri|ma nha tram|site id|siteid|ma site|site|ma bts|ma tram bts|id tram|"
                   "ma diem|"
                   "ma csht|ma tram goc|site code|ma so tram|ma cot|ky hieu tram|so hieu tram",
        "cell_id": "ma cell|cell id|cellid|cell|cell name|ten cell|ma o|sector id|eci|ma sector|cellname",
        "operator": _OPERATOR + "|don vi quan ly|don vi so huu",
        "technology": "cong nghe|the he|technology|tech|rat|loai cong nghe|cong nghe phat song|the he mang|"
                      "cong nghe mang|loai mang|mang the he",
        "frequency_mhz": "bang tan|tan so|frequency|freq|band|bang tan so|dai tan|tan so phat|frequency band",
        "antenna_height_m": "do cao anten|chieu cao anten|do cao ang ten|chieu cao ang ten|do cao an ten|"
                            "chieu cao an ten|do cao treo anten|chieu cao treo anten|cao do anten|"
                            "antenna height|ant height|h anten|height",
        "azimuth_deg": "goc phuong vi|phuong vi|azimuth|azimut|azi|huong phat|goc huong|goc azimuth|"
                       "huong anten|"
                       "goc phuong vi anten|huong",
        "tilt_deg": "goc nghieng|goc cup|tilt|downtilt|down tilt|do nghieng|cup|goc cup tong|total tilt|"
                    "goc nghieng cup|goc ngang tilt|do cup|goc tilt",
        "beamwidth_deg": "do rong bup song|goc mo|beamwidth|be rong bup song|goc mo anten|hbw|do rong bup|"
                         "horizontal beamwidth|goc nua cong suat",
        "eirp_dbm": "eirp|cong suat buc xa|cong suat eirp|cong suat buc xa dang huong tuong duong|"
                    "cong suat phat xa dang huong tuong duong",
        "bandwidth_mhz": "bang thong|do rong kenh|bandwidth|do rong bang tan|do rong bang thong|bw|"
                         "bang thong kenh",
        "status": _STATUS,
        "site_name": "ten tram|ten vi tri|site name|ten nha tram|ten site|ten bts|ten diem|ten tram bts",
        "mast_height_m": "do cao cot|chieu cao cot|mast height|tower height|do cao cot anten|"
                         "chieu cao cot anten|"
                         "do cao than cot|cao cot|h cot|chieu cao cot ang ten|do cao cot ang ten",
        "mast_type": "loai cot|kieu cot|loai cot anten|mast type|tower type|chung loai cot",
        "tx_power": "cong suat|cong suat phat|power|tx power|cong suat may phat|p phat|cong suat dau ra",
        "shared": "dung chung|su dung chung|chia se|dung chung ha tang|co dung chung|shared|sharing|"
                  "dung chung csht",
        "tilt_mechanical_deg": "goc cup co|tilt co|mechanical tilt|m tilt|mtilt|cup co",
        "tilt_electrical_deg": "goc cup dien|tilt dien|electrical tilt|e tilt|etilt|cup dien",
        "on_air": "ngay phat song|ngay hoat dong|thoi gian phat song|on air|nam phat song|"
                  "thoi diem phat song",
        "station_type": "loai tram|kieu tram|station type|loai hinh tram",
        **_COMMON,
    },
    "places": {
        **_POSITION,
        "place_id": "ma thon|ma diem|id|place id|village id|ma thon ban|ma thon lang|ma truong|ma khu dan cu",
        "name": "ten thon|thon|thon lang|thon ban|thon to dan pho|thon buon|buon|ban|lang|to dan pho|"
                "ten diem|"
                "thon lang ban buon to dan pho|thon ban to dan pho|ten thon ban|village|village name|name|"
                "khu dan cu|ten khu dan cu|khom ap|ap|ten|thon lang to dan pho|ten thon lang|tdp|thon tdp|"
                "ten thon to dan pho|ten truong|ten tram y te|place name|ten dia diem",
        "households": _HOUSEHOLDS,
        "population": _POPULATION,
        "kind": "loai|loai hinh|kind|type|phan loai",
        "has_grid_power": "co dien|co dien luoi|dien luoi|da co dien|dien luoi quoc gia",
        "disadvantaged": "dac biet kho khan|dbkk|kho khan|thon dac biet kho khan|thon dbkk|thuoc khu vuc",
        **_COMMON,
    },
    "zones": {
        "zone_id": "ma khu|id|zone id|ma kcn|ma ccn",
        "name": "ten khu|ten khu cong nghiep|khu cong nghiep|kcn|ten kcn|cum cong nghiep|ten cum cong nghiep|"
                "zone|zone name|name|ten|ten khu chuc nang",
        "area_ha": "dien tich|area|quy mo|dien tich quy hoach",
        **_COMMON,
    },
    "communes": {
        **_COMMON,
        "population": _POPULATION,
        "area_km2": "dien tich|dien tich tu nhien|area|dt tu nhien|dt",
        "households": _HOUSEHOLDS,
        "kind": "loai|loai hinh|loai don vi|kind|type|phan loai",
        "commune_disadvantaged": "dac biet kho khan|dbkk|kho khan|xa dac biet kho khan|xa kho khan|xa dbkk",
    },
    "households": {
        **_COMMON,
        "households": _HOUSEHOLDS,
        "households_with_fibre": "ho co cap quang|so ho co cap quang|ho su dung cap quang|"
                                 "ho ket noi cap quang|"
                                 "so ho su dung cap quang|ho co internet cap quang|so ho ket noi cap quang|"
                                 "so ho su dung internet cap quang|households with fibre|fibre households|"
                                 "ho co internet bang rong cap quang|ho dung cap quang|"
                                 "so ho co duong cap quang",
        "as_of": "ngay|thoi diem|ngay cap nhat|ngay bao cao|den ngay|as of|tinh den ngay|ngay so lieu|"
                 "thoi diem bao cao|date|ngay thang|thoi diem so lieu",
        "fibre_subscribers": "thue bao cap quang|so thue bao cap quang|thue bao internet cap quang|"
                             "so thue bao ftth|thue bao ftth",
        "fibre_percent": "ty le ho co cap quang|ti le ho co cap quang|ty le cap quang|"
                         "ty le ho su dung cap quang",
        "population": _POPULATION,
    },
    "fibre_nodes": {
        **_POSITION,
        "id": "ma nut|id|node id|ma diem|ma tu|ma hop|ma",
        "kind": "loai nut|loai thiet bi|kind|type|loai|loai diem",
        "operator": _OPERATOR,
        "status": _STATUS,
        "name": "ten nut|ten|name|ten diem",
        **_COMMON,
    },
    "fibre_routes": {
        "id": "ma tuyen|id|route id|ma cap|ma tuyen cap",
        "operator": _OPERATOR,
        "status": _STATUS,
        "fibre_count": "so soi|dung luong|dung luong soi|so soi quang|fibre count|so soi cap|dung luong cap",
        "name": "ten tuyen|ten tuyen cap|route name|name",
        "length_km": "chieu dai|do dai|length|chieu dai tuyen|cu ly",
        **_COMMON,
    },
    "measurements": {
        **_POSITION,
        "rsrp_dbm": "rsrp|muc thu|cuong do tin hieu|cuong do truong|muc tin hieu|muc thu tin hieu|tin hieu|"
                    "signal strength|signal|signal level|ss rsrp|lte rsrp|nr rsrp|nr ss rsrp|serving rsrp|"
                    "cong suat thu|cuong do song|muc thu rsrp|rscp|rxlev|rx level|rsrp serving|"
                    "serving cell rsrp|level|cell rsrp|rsrp a",
        "technology": _TECHNOLOGY + "|network type|kieu mang|network technology|networktype|"
                      "data network type|networktech|network tech|radio|radio type|system|event tech|"
                      "eventtech|all rat|serving rat|serving system|active cell type|cell type|"
                      "technologie|he thong",
        "operator": _OPERATOR + "|carrier|network operator|operator name|plmn|mcc mnc|mccmnc|network name|"
                    "ten nha mang|nha khai thac|provider",
        "mcc": "mcc|mobile country code|ma quoc gia",
        "mnc": "mnc|net|mobile network code|ma mang",
        "cell_id": "ma cell|cell id|cellid|cell|cell name|ten cell|eci|ci|cid|nci|ecgi|serving cell|"
                   "cell phuc vu|ma cell phuc vu|serving cell id|serving cell name|cellname",
        "time": "thoi gian|thoi diem|time|timestamp|time stamp|date time|datetime|ngay gio|thoi gian do|"
                "thoi diem do|measured at|gps time|utc time|local time|recorded at|ngay gio do|"
                "measured|ts result|test date",
        "day": "ngay|date|ngay do|ngay thang|measurement date",
        "clock": "gio|gio do|hour|clock",
        "rsrq_db": "rsrq|ss rsrq|lte rsrq",
        "sinr_db": "sinr|snr|rssnr|ss sinr|rs sinr",
        "rssi_dbm": "rssi",
        "pci": "pci|physical cell id",
        "channel": "earfcn|arfcn|nrarfcn|channel|kenh",
        "area_code": "tac|lac|tracking area",
        "speed": "toc do|speed|van toc",
        "accuracy_m": "do chinh xac|accuracy|gps accuracy|sai so",
        "altitude_m": "do cao|altitude|alt",
        "device": "thiet bi|may do|device|dien thoai|phone|model",
        **_COMMON,
    },
    "field_reports": {
        "place_id": "ma thon|ma diem|id|place id|village id|ma thon ban|ma thon lang|ma khu dan cu",
        "name": "ten thon|thon|thon lang|thon ban|thon to dan pho|thon buon|buon|ban|lang|to dan pho|"
                "thon lang ban buon to dan pho|ten thon ban|village|village name|ten|name|khu dan cu|"
                "thon lang to dan pho|ten thon lang|ten thon to dan pho|place name",
        "operator": _OPERATOR,
        "technology": _TECHNOLOGY,
        "bars": "so vach|vach song|so vach song|bars|signal bars|vach|muc song|chat luong song|"
                "tinh trang song|signal",
        "rsrp_dbm": "rsrp|muc thu|muc thu do duoc|gia tri do|muc tin hieu|cuong do tin hieu|"
                    "measured value",
        "day": "ngay|ngay do|ngay ghi|ngay bao cao|date|ngay kiem tra|thoi gian|thoi diem",
        "indoors": "noi do|vi tri do|trong nha|ngoai troi|trong nha ngoai troi|where|indoors",
        "reporter": "nguoi bao|nguoi ghi|nguoi bao cao|can bo|reporter|reported by|thanh vien|ho ten|"
                    "nguoi do",
        **_COMMON,
    },
    "declared": {
        "operator": _OPERATOR,
        "technology": _TECHNOLOGY,
        "name": "ten|ten vung|name|ten vung phu",
        **_COMMON,
    },
}

KNOWN_OTHERS = frozenset(
    ("row_number", "note", "address", "district", "province", "province_code", "site_name", "mast_height_m",
     "mast_type", "tx_power", "shared", "tilt_mechanical_deg", "tilt_electrical_deg", "on_air",
     "station_type",
     "fibre_subscribers", "fibre_percent", "length_km", "area_ha", "has_grid_power", "disadvantaged",
     "rsrq_db", "sinr_db", "rssi_dbm", "pci", "channel", "area_code", "speed", "accuracy_m", "altitude_m",
     "device")
)
"""Columns that are known and are none of ours."""


def words_of(kind: LayerKind) -> Mapping[str, tuple[str, ...]]:
    """Return the phrases of each column of a layer."""
    return MappingProxyType({name: tuple(text.split("|")) for name, text in _WORDS[kind].items()})
