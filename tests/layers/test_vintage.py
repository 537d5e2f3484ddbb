"""Communes of both vintages: never confused, and people are carried whole."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from phusong.data.names import fold
from phusong.layers.boundaries.carry import Rule, convert_table, overlay_weights, tell_carried, to_districts
from phusong.layers.boundaries.crosswalk import crosswalk, province_meanings, province_vintage
from phusong.layers.boundaries.vintage import tell_vintage, vintage_of
from phusong.layers.faults import Faults
from phusong.layers.rules import Report

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
real = pytest.mark.skipif(not (DATA / "vietnam").is_dir(), reason="no ../shared beside the project")
WALK = crosswalk()
OLD = sorted(WALK.old)
DIVIDED = [c for c in OLD if len(WALK.heirs[c]) > 1]


def old_table(codes: list[str], people: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"ma_xa": codes, "dan_so": people})


def test_every_old_unit_has_heirs_and_every_new_one_parts() -> None:
    assert len(WALK.old) == 10_040
    assert len(WALK.new) == 3_321
    assert set(WALK.heirs) == set(WALK.old)
    assert set(WALK.parts) == set(WALK.new)
    assert all(k.whole == (len(WALK.heirs[k.old]) == 1) for links in WALK.heirs.values() for k in links)
    pairs = {k for links in WALK.heirs.values() for k in links}
    assert pairs == {k for links in WALK.parts.values() for k in links}


def test_codes_of_provinces_have_two_meanings() -> None:
    assert province_meanings("52") == {"2024": "Tỉnh Bình Định", "2025": "Tỉnh Gia Lai"}
    assert province_meanings("64") == {"2024": "Tỉnh Gia Lai"}
    assert province_vintage("52", "Gia Lai") == "2025"
    assert province_vintage("52", "tỉnh Bình Định") == "2024"
    assert province_vintage("64", "Gia Lai") == "2024"
    assert province_vintage("01", "Hà Nội") is None, "the same in both"
    assert province_vintage("52", "Lâm Đồng") is None


@real
def test_the_independent_crosswalk_agrees() -> None:
    with (DATA / "vietnam" / "crosswalk_old_new.csv").open(encoding="utf-8") as file:
        theirs = {(r["old_code"], r["new_code"]) for r in csv.DictReader(file)}
    ours = {(k.old, k.new) for links in WALK.heirs.values() for k in links}
    assert len(ours & theirs) / len(ours | theirs) > 0.99
    assert {old for old, _ in theirs} >= set(WALK.old) - {o for o, _ in ours - theirs}


def test_names_are_found_in_any_spelling() -> None:
    (pleiku,) = WALK.find("phuong pleiku", "2025")
    assert pleiku.province == "Tỉnh Gia Lai"
    assert len(WALK.find("Quang Trung", "2024")) > 5
    (ward,) = WALK.find("Quang Trung", "2024", province="Bình Định")
    assert ward.district == "Thành phố Quy Nhơn"
    assert WALK.find("Thị trấn Không Có", "2024") == ()


def test_codes_of_one_list_decide() -> None:
    only_old = [c for c in OLD if c not in WALK.new][:5]
    both = [c for c in OLD if c in WALK.new][:5]
    assert vintage_of(only_old + both).vintage == "2024"
    only_new = [c for c in WALK.new if c not in WALK.old]
    assert vintage_of(only_new + both).vintage == "2025"
    mixed = vintage_of(only_new + only_old)
    assert (mixed.vintage, mixed.reason) == (None, "mixed")


def test_codes_of_both_lists_need_names() -> None:
    both = [c for c in OLD if c in WALK.new and fold(WALK.old[c].name) != fold(WALK.new[c].name)][:8]
    answer = vintage_of(both)
    assert (answer.vintage, answer.reason) == (None, "undecided")
    faults = Faults()
    tell_vintage(Report("households", "a.csv", faults), "Mã xã", answer, range(2, 10))
    (fault,) = faults.errors
    assert WALK.old[answer.example].name in fault.say("vi")
    assert WALK.new[answer.example].name in fault.say("en")
    assert vintage_of(both, [WALK.old[c].name for c in both]).vintage == "2024"
    assert vintage_of(both, [WALK.new[c].name.upper() for c in both]).vintage == "2025"
    half = [WALK.old[c].name for c in both[:4]] + [WALK.new[c].name for c in both[4:]]
    assert vintage_of(both, half).reason == "mixed"
    assert vintage_of(both, declared="2024").vintage == "2024"


def test_the_same_code_and_name_says_nothing() -> None:
    same = [c for c in OLD if c in WALK.new and WALK.old[c].name == WALK.new[c].name][:8]
    assert vintage_of(same, [WALK.old[c].name for c in same]).vintage is None


def test_a_whole_province_speaks_for_itself() -> None:
    gia_lai = [c for c, u in WALK.new.items() if u.province_code == "52"]
    assert vintage_of(gia_lai).vintage == "2025"
    assert vintage_of(gia_lai[:-1]).vintage is None or any(c not in WALK.old for c in gia_lai)
    old_binh_dinh = [c for c, u in WALK.old.items() if u.province_code == "52"]
    assert vintage_of(old_binh_dinh).vintage == "2024"


def test_unknown_codes_are_counted() -> None:
    answer = vintage_of(["99999", "", "88888"])
    assert (answer.vintage, answer.reason, answer.unknown) == (None, "nothing", 2)


def test_two_vintages_in_one_table_are_told() -> None:
    old = [c for c in OLD if c not in WALK.new][:3]
    new = [c for c in WALK.new if c not in WALK.old][:2]
    faults = Faults()
    tell_vintage(Report("households", "a.csv", faults), "Mã", vintage_of(old + new), range(2, 7))
    assert [f.code for f in faults.errors] == ["households.vintage-mixed"]
    faults = Faults()
    tell_vintage(Report("households", "a.csv", faults), "Mã", vintage_of(old), range(2, 7))
    assert [f.code for f in faults.warnings] == ["households.vintage-old"]


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.sampled_from(OLD), min_size=1, max_size=60), st.sampled_from(["equal", "main", "refuse"]),
    st.integers(0, 2**31), st.booleans(),
)
def test_people_are_conserved(codes: list[str], rule: Rule, seed: int, weighted: bool) -> None:
    generator = np.random.default_rng(seed)
    people = generator.uniform(0, 30_000, len(codes)).tolist()
    weights = None
    if weighted:
        weights = {(k.old, k.new): float(generator.uniform(0, 5)) for c in codes for k in WALK.heirs[c]}
    done = convert_table(old_table(codes, people), "ma_xa", ["dan_so"], weights=weights, rule=rule)
    total = math.fsum(people)
    assert done.before["dan_so"] == pytest.approx(total, rel=1e-12)
    assert done.after["dan_so"] + done.left["dan_so"] == pytest.approx(total, rel=1e-9)
    assert math.fsum(done.table["dan_so"]) == pytest.approx(done.after["dan_so"], rel=1e-9)
    assert set(done.table["code"]) <= set(WALK.new)
    assert set(done.table["vintage"]) <= {"2025"}
    if not set(codes) & set(DIVIDED):
        assert done.complete
        assert set(done.table["basis"]) == {"whole"}
    if rule != "refuse" or weighted:
        assert done.complete
    shares = done.moves.groupby("source")["share"].sum()
    np.testing.assert_allclose(shares, 1.0, rtol=1e-12)


def test_the_country_is_carried_whole() -> None:
    people = np.random.default_rng(1).uniform(0, 20_000, len(OLD))
    done = convert_table(old_table(OLD, people.tolist()), "ma_xa", ["dan_so"], rule="equal")
    assert done.complete
    assert len(done.table) == 3_321
    assert done.after["dan_so"] == pytest.approx(people.sum(), rel=1e-9)
    assert set(done.by_rule) == set(DIVIDED)


def test_divided_communes_without_weights_are_left_and_told() -> None:
    code = DIVIDED[0]
    whole = next(c for c in OLD if len(WALK.heirs[c]) == 1)
    table = old_table([code, whole, "99999"], [100.0, 50.0, 7.0])
    done = convert_table(table, "ma_xa", ["dan_so"])
    assert (done.undivided, done.unknown) == ((code,), ("99999",))
    assert done.left["dan_so"] == 107.0
    assert done.after["dan_so"] == 50.0
    faults = Faults()
    tell_carried(Report("households", "a.csv", faults), "Mã xã", done, "2024", "refuse")
    assert [f.code for f in faults.errors] == ["households.carry-unknown-code", "households.carry-divided"]
    assert code in faults.errors[1].say("vi")
    placed = convert_table(table, "ma_xa", ["dan_so"], rule="main")
    faults = Faults()
    tell_carried(Report("households", "a.csv", faults), "Mã xã", placed, "2024", "main")
    assert [f.code for f in faults.warnings] == ["households.carry-by-rule"]


def test_weights_divide_as_they_say() -> None:
    code = next(c for c in DIVIDED if len(WALK.heirs[c]) == 2)
    one, two = WALK.heirs[code]
    weights = {(code, one.new): 3.0, (code, two.new): 1.0}
    done = convert_table(old_table([code], [100.0]), "ma_xa", ["dan_so"], weights=weights)
    amounts = dict(zip(done.table["code"], done.table["dan_so"], strict=True))
    assert amounts == {one.new: 75.0, two.new: 25.0}
    assert set(done.table["basis"]) == {"weights"}


def test_an_unknown_amount_is_not_zero() -> None:
    heir = next(n for n, links in WALK.parts.items() if len(links) > 2 and all(k.whole for k in links))
    parts = [k.old for k in WALK.parts[heir]]
    done = convert_table(old_table(parts, [1.0, math.nan, *[2.0] * (len(parts) - 2)]), "ma_xa", ["dan_so"])
    assert done.missing == {"dan_so": (heir,)}
    assert done.table["dan_so"].tolist() == [1.0 + 2.0 * (len(parts) - 2)]
    nothing = convert_table(old_table(parts, [math.nan] * len(parts)), "ma_xa", ["dan_so"])
    assert nothing.table["dan_so"].isna().all()


def test_old_communes_go_to_their_district() -> None:
    people = np.random.default_rng(2).uniform(0, 20_000, len(OLD))
    done = to_districts(old_table(OLD, people.tolist()), "ma_xa", ["dan_so"], vintage="2024")
    assert done.after["dan_so"] == pytest.approx(people.sum(), rel=1e-9)
    assert done.table["code"].str.len().eq(3).all()
    by_hand = sum(p for c, p in zip(OLD, people, strict=True) if WALK.old[c].district_code == "540")
    (quy_nhon,) = done.table.loc[done.table["code"] == "540", "dan_so"]
    assert quy_nhon == pytest.approx(by_hand)


def test_there_and_back_is_the_same_districts() -> None:
    """Old communes to new ones, then to old districts by the same people: as if summed at once."""
    codes = [c for c in OLD if WALK.old[c].province_code in ("52", "64")]
    people = dict(zip(codes, np.random.default_rng(3).uniform(100, 20_000, len(codes)).tolist(), strict=True))
    there = convert_table(old_table(codes, list(people.values())), "ma_xa", ["dan_so"], rule="equal")
    back = to_districts(there.table, "code", ["dan_so"], vintage="2025", amounts=people)
    direct = to_districts(old_table(codes, list(people.values())), "ma_xa", ["dan_so"], vintage="2024")
    assert back.complete
    assert back.after["dan_so"] == pytest.approx(math.fsum(people.values()), rel=1e-9)
    merged = direct.table.merge(back.table, on="code", how="outer", suffixes=("", "_back"))
    np.testing.assert_allclose(merged["dan_so_back"], merged["dan_so"], rtol=1e-9)


def test_new_communes_of_two_districts_need_people() -> None:
    several = next(
        n for n, links in WALK.parts.items() if len({WALK.old[k.old].district_code for k in links}) > 1
    )
    table = pd.DataFrame({"code": [several], "n": [90.0]})
    assert to_districts(table, "code", ["n"], vintage="2025").undivided == (several,)
    rules: tuple[Rule, ...] = ("equal", "main")
    for rule in rules:
        done = to_districts(table, "code", ["n"], vintage="2025", rule=rule)
        assert done.after["n"] == pytest.approx(90.0)
        assert done.by_rule == (several,)
    assert to_districts(pd.DataFrame({"code": ["99999"], "n": [1.0]}), "code", ["n"], vintage="2025").unknown


def test_overlays_weigh_by_people_then_by_area() -> None:
    code = next(c for c in DIVIDED if len(WALK.heirs[c]) == 2)
    one, two = (k.new for k in WALK.heirs[code])
    old = np.array([shapely.box(0, 0, 10, 10)], dtype=object)
    new = np.array([shapely.box(0, 0, 4, 10), shapely.box(4, 0, 10, 10)], dtype=object)
    by_area = overlay_weights([code], old, [one, two], new)
    assert by_area == {(code, one): 40.0, (code, two): 60.0}
    at = np.array([1.0, 2.0, 6.0, 50.0])
    people = (at, at, np.array([5.0, 5.0, 30.0, 99.0]))
    by_people = overlay_weights([code], old, [one, two], new, people=people)
    assert by_people == {(code, one): 10.0, (code, two): 30.0}
    assert overlay_weights([code], old, [one], new[:1]) == {}


@real
@pytest.mark.slow
def test_old_communes_land_where_their_polygon_lies() -> None:
    import geopandas as gpd

    new = gpd.read_file(DATA / "gia-lai" / "communes.gpkg").to_crs(32649)
    files = sorted((DATA / "vietnam" / "communes_2009").glob("*.geojson"))
    frames = [gpd.read_file(f).to_crs(32649) for f in files]
    old = pd.concat(frames, ignore_index=True)
    old = old[old["gso_code"].isin(WALK.old)]
    assert len(old) > 330
    shapes = np.asarray(new.geometry.make_valid().array, dtype=object)
    tree = shapely.STRtree(shapes)
    elsewhere = []
    for code, name, shape in zip(old["gso_code"], old["commune_vn"], old.geometry.make_valid(), strict=True):
        near = tree.query(shape, predicate="intersects")
        areas = {new["ward_code"].iloc[i]: shape.intersection(shapes[i]).area for i in near}
        heirs = {k.new for k in WALK.heirs[code]}
        if not areas or max(areas, key=areas.__getitem__) not in heirs:
            elsewhere.append((code, name, sorted(heirs), max(areas, key=areas.__getitem__, default="")))
    print(f"{len(elsewhere)} of {len(old)} lie elsewhere: {elsewhere}")
    assert len(elsewhere) <= 0.05 * len(old)
