"""Whatever is done to a file, the answer is a list of faults or a reading, never another exception."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import small
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from phusong.layers.faults import InputError
from phusong.layers.project.file import read_project
from phusong.layers.read import read_layers

FILES = ("phusong.toml", "communes.geojson", "stations.csv", "population.tif")
JUNK = (b"", b"\0", b"\n", b'"', b",", b"nan", b"-1", b"{", b"[", b"null", b"1e400", b"\xff", b"=")


def damage(data: bytes, rng: random.Random) -> bytes:
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(data) + 1)
        length = rng.choice([0, 1, 5, 40])
        data = data[:at] + rng.choice(JUNK) + data[at + length :]
    return data if rng.random() < 0.9 else data[: rng.randrange(len(data) + 1)]


@pytest.mark.slow
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), name=st.sampled_from(FILES))
def test_damage_is_told(tmp_path: Path, seed: int, name: str) -> None:
    for old in tmp_path.iterdir():
        old.unlink()  # GDAL looks at a damaged file before it writes over it
    project = small.write_province(tmp_path)
    path = tmp_path / name
    path.write_bytes(damage(path.read_bytes(), random.Random(seed)))
    try:
        faults = read_layers(read_project(project)).faults
    except InputError as exception:
        faults = exception.faults
        assert any(f.severity == "error" for f in faults)
    for fault in faults:
        for lang in ("vi", "en"):
            assert fault.say(lang)  # every field of every message is given
