"""``fetch`` as a user calls it, where no publisher answers."""

import pytest

pytest.importorskip("osmium")
pytest.importorskip("pooch")


def test_an_unknown_province_names_the_nearest(phusong):
    answer = phusong("--lang", "en", "fetch", "Gia Lay")
    assert answer.code == 2
    assert "Gia Lai" in answer.err


def test_the_list_has_licences(phusong):
    answer = phusong("fetch", "--list")
    assert answer.code == 0
    assert "population=worldpop-100m" in answer.out
    assert "ODbL-1.0" in answer.out


def test_a_source_that_cannot_be_had_is_named_with_what_can_be_used_instead(phusong, tmp_path):
    words = ["fetch", "52", "--into", tmp_path / "t", "--cache", tmp_path / "c", "--offline"]
    answer = phusong("--lang", "en", *words, "--only", "terrain")
    assert answer.code == 2
    assert "Copernicus DEM GLO-30" in answer.err
    assert "--source terrain=nasadem" in answer.err
    assert not (tmp_path / "t" / "phusong.toml").exists()


@pytest.mark.parametrize("words", ["--only forest", "--source population", "--source population=x"])
def test_what_is_not_in_the_catalogue_is_told(phusong, tmp_path, words):
    answer = phusong("fetch", "52", "--into", tmp_path, "--cache", tmp_path, "--offline", *words.split())
    assert answer.code == 2
    assert answer.err


def test_a_province_must_be_named(phusong):
    assert phusong("fetch").code == 2


def test_init_with_fetch_touches_no_project_that_is_there(phusong, tmp_path):
    (tmp_path / "phusong.toml").write_text("mine")
    answer = phusong("init", tmp_path, "--province", "52", "--fetch", "--offline", "--cache", tmp_path / "c")
    assert answer.code == 2
    assert (tmp_path / "phusong.toml").read_text() == "mine"


@pytest.mark.parametrize("option", ["--into", "--cache"])
def test_a_folder_that_cannot_be_made_is_named(phusong, tmp_path, option):
    (tmp_path / "file").write_text("x")
    folders = {"--into": tmp_path / "t", "--cache": tmp_path / "c", option: tmp_path / "file" / "below"}
    words = [word for pair in folders.items() for word in pair]
    answer = phusong("fetch", "52", *words, "--only", "terrain", "--offline")
    assert answer.code == 2
    assert str(tmp_path / "file") in answer.err
