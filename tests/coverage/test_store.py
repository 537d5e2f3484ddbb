"""What is kept is found by its content alone: never out of date, never half, never without bound."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from pyproj import CRS
from shapely.geometry import box

from phusong.coverage import store as kept_parts
from phusong.coverage.store import Answers, Store, program_digest
from phusong.coverage.zonal import cell_shares
from phusong.layers.grid import Grid

UTM = CRS.from_epsg(32649)
GRID = Grid(UTM, 0.0, 1000.0, 100.0, (10, 10))


class Counted:
    """Computes a number, and counts how often."""

    def __init__(self, value: float) -> None:
        self.value, self.times = value, 0

    def part(self) -> dict[str, np.ndarray]:
        self.times += 1
        return {"x": np.array([self.value])}

    def answer(self) -> np.ndarray:
        self.times += 1
        return np.array([self.value, np.nan])


def test_a_part_is_computed_once_for_each_content(tmp_path: Path) -> None:
    one, other = Counted(1.0), Counted(2.0)
    for _ in range(2):
        assert Store(tmp_path).kept(("a", np.arange(3), 0.1), one.part)["x"] == 1.0
        assert Store(tmp_path).kept(("a", np.arange(3), 0.1 + 1e-16), other.part)["x"] == 2.0
        assert Store(tmp_path).kept(("a", np.arange(3.0), 0.1), other.part)["x"] == 2.0
    assert (one.times, other.times) == (1, 2)


@pytest.mark.parametrize("damage", ["half", "flipped", "empty", "text"])
def test_a_damaged_part_is_computed_anew(tmp_path: Path, damage: str) -> None:
    counted = Counted(3.0)
    Store(tmp_path).kept(("a",), counted.part)
    (file,) = tmp_path.glob("*/*.npz")
    whole = file.read_bytes()
    flipped = bytearray(whole)
    flipped[whole.index(np.array([3.0]).tobytes())] ^= 1
    torn = {"half": whole[: len(whole) // 2], "flipped": bytes(flipped), "empty": b"", "text": b"not a part"}
    file.write_bytes(torn[damage])
    for _ in range(2):
        assert Store(tmp_path).kept(("a",), counted.part)["x"] == 3.0
    assert counted.times == 2
    assert file.read_bytes() == whole


def test_another_program_finds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Counted(1.0)
    Store(tmp_path).kept(("a",), counted.part)
    monkeypatch.setattr(kept_parts, "program_digest", lambda only="": "another")
    Store(tmp_path).kept(("a",), counted.part)
    assert counted.times == 2


def test_the_whole_program_is_more_than_its_predictions(monkeypatch: pytest.MonkeyPatch) -> None:
    read = Path.read_bytes
    plain = program_digest(), program_digest("")
    for name, changes in (("reasons.py", (False, True)), ("population.py", (False, True)),
                          ("p1812.py", (True, True)), ("bands.csv", (True, True))):  # fmt: skip
        with monkeypatch.context() as patch:
            patch.setattr(Path, "read_bytes", lambda p, n=name: read(p) + b" " * (p.name == n))
            program_digest.cache_clear()
            now = program_digest(), program_digest("")
        program_digest.cache_clear()
        assert (now[0] != plain[0], now[1] != plain[1]) == changes, name


def test_writers_at_the_same_time_leave_one_whole_part(tmp_path: Path) -> None:
    values = np.random.default_rng(1).normal(size=200_000)

    def write(_: int) -> bool:
        store = Store(tmp_path)
        store.put("ab" * 32, {"x": values})
        found = store.get("ab" * 32)
        return found is not None and found["x"].tobytes() == values.tobytes()

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(write, range(24)))
    assert [p.suffix for p in tmp_path.glob("*/*")] == [".npz"]


def test_parts_are_bounded_and_those_asked_for_last_stay(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for n in range(6):
        store.put(f"{n:02}" * 32, {"x": np.zeros(10_000)})
        os.utime(store.path(f"{n:02}" * 32), (1e9 + n, 1e9 + n))
    size = store.path("00" * 32).stat().st_size
    assert store.get("00" * 32) is not None  # asked for just now
    freed = store.prune(days=1e6, most_bytes=3.5 * size)
    assert freed == 3 * size
    assert [n for n in range(6) if store.has(f"{n:02}" * 32)] == [0, 4, 5]
    assert store.prune(days=1e6) == 0


def test_what_somebody_else_keeps_in_the_folder_stays(tmp_path: Path) -> None:
    """A folder that is given for the cache may hold years of other work."""
    theirs = ["run1/field.npz", "aa/field.npz", "aa/.draft.tmp", "results/" + "ab" * 32 + ".npz", "ab.npz"]
    for name in theirs:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x" * 100_000)
    store = Store(tmp_path)
    store.put("aa" * 32, {"x": np.zeros(10)})
    store.path("aa" * 32).with_name(f".{'aa' * 8}-host-1-{'0' * 8}.tmp").write_bytes(b"half")
    for path in tmp_path.rglob("*"):
        os.utime(path, (1e9, 1e9))
    assert store.prune(most_bytes=0.0) > 0
    left_over = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()}
    assert left_over == set(theirs)


def test_a_part_under_a_name_that_is_not_its_own_is_computed_anew(tmp_path: Path) -> None:
    """As a copy by hand, or a disk that mixed up two files, leaves it: sound by itself, and wrong."""
    store, (one, other) = Store(tmp_path), ("aa" * 32, "ab" * 32)
    store.put(one, {"x": np.zeros(3)})
    store.put(other, {"x": np.ones((2, 2), np.int8)})
    store.path(one).write_bytes(store.path(other).read_bytes())
    assert store.get(one) is None
    found = store.get(other)
    assert found is not None
    assert list(found) == ["x"]
    store.path(other).unlink()
    store.path(other).mkdir()
    assert store.get(other) is None
    assert not store.put(other, {"x": np.ones(3)})
    assert list(store.path(other).parent.iterdir()) == [store.path(other)]


def test_answers_come_back_and_those_not_asked_for_go(tmp_path: Path) -> None:
    def run(names: str) -> list[int]:
        """Ask for some answers, and return how often each was computed."""
        answers = Answers(Store(tmp_path), "letters", width=2)
        counted = [Counted(float(ord(c))) for c in names]
        for letter, count in zip(names, counted, strict=True):
            for _ in range(2):
                found = answers.ask((letter, 1), count.answer)
                assert found.tobytes() == np.array([ord(letter), np.nan]).tobytes()
        answers.save()
        return [c.times for c in counted]

    assert run("abc") == [1, 1, 1]
    assert run("abcd") == [0, 0, 0, 1]
    assert run("ade") == [0, 0, 1]
    assert run("abc") == [0, 1, 1]
    assert len(list(tmp_path.glob("*/*.npz"))) == 1
    (file,) = tmp_path.glob("*/*.npz")
    file.write_bytes(file.read_bytes()[:-9])
    assert run("a") == [1]


def test_without_a_store_every_answer_is_computed() -> None:
    counted, answers = Counted(1.0), Answers(None, "letters", width=2)
    for _ in range(2):
        answers.ask(("a",), counted.answer)
    answers.save()
    assert counted.times == 2


def test_shares_of_cells_follow_the_shapes_and_the_grid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path)
    shapes = gpd.GeoSeries([box(35, 20, 970, 955), box(0, 0, 50, 1000)], crs=UTM)
    moved = gpd.GeoSeries([box(35, 20, 970.001, 955), shapes[1]], crs=UTM)
    wider = Grid(UTM, 0.0, 1000.0, 50.0, (20, 20))
    plain = [cell_shares(s, g) for s, g in ((shapes, GRID), (moved, GRID), (shapes, wider))]
    for s, g in ((shapes, GRID), (moved, GRID), (shapes, wider)):
        cell_shares(s, g, store)
    monkeypatch.setattr("phusong.coverage.zonal._extract", None)  # nothing is computed any more
    again = [cell_shares(s, g, store) for s, g in ((shapes, GRID), (moved, GRID), (shapes, wider))]
    for one, other in zip(plain, again, strict=True):
        assert one.shape == other.shape
        for name in ("data", "indices", "indptr"):
            assert getattr(one, name).tobytes() == getattr(other, name).tobytes()
    assert (plain[0] != plain[1]).nnz > 0
    assert cell_shares(shapes[:0], GRID, store).shape == (0, 100)
