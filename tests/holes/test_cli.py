"""`retouch holes`."""

import subprocess
import sys

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from retouch.cli.holes import holes
from retouch.cli.holes_run import parse_ratio, parse_size
from retouch.holes import RECIPES, share
from retouch.holes.objects import read_shape


def run(*words):
    app = typer.Typer()
    app.command()(holes)
    return CliRunner().invoke(app, [str(word) for word in words])


def shares(folder):
    return [share(read_shape(path)) for path in sorted(folder.glob("0*.png"))]


def size_of(path):
    with Image.open(path) as image:
        return image.size


def test_writes_masks_and_sheet(tmp_path):
    result = run("2dgs-small", tmp_path / "out", "--size", "224x160", "--count", 3, "--seed", 1, "--ratio", ".2-.4")
    assert result.exit_code == 0
    assert "3 masks drawn" in result.stderr
    assert (tmp_path / "out" / "sheet.png").is_file()
    assert size_of(tmp_path / "out" / "000002.png") == (224, 160)
    assert all(0.2 <= part <= 0.4 for part in shares(tmp_path / "out"))
    again = run("2dgs-small", tmp_path / "out", "--size", "224x160", "--count", 4, "--seed", 1, "--ratio", ".2-.4")
    assert "1 masks drawn" in again.stderr
    assert "3 were there already" in again.stderr


def test_size_defaults_to_the_recipes(tmp_path):
    assert run("2dgs-regular", tmp_path, "--count", 1).exit_code == 0
    assert size_of(tmp_path / "000000.png") == (256, 256)


def test_refuses_other_settings_without_overwrite(tmp_path):
    assert run("centre", tmp_path, "--count", 1, "--size", 32).exit_code == 0
    result = run("centre", tmp_path, "--count", 1, "--size", 64)
    assert isinstance(result.exception, FileExistsError)
    assert size_of(tmp_path / "000000.png") == (32, 32)
    assert run("centre", tmp_path, "--count", 1, "--size", 64, "--overwrite").exit_code == 0
    assert size_of(tmp_path / "000000.png") == (64, 64)


def test_says_that_blobs_are_made_up(tmp_path):
    assert "made-up blobs" in run("objects", tmp_path / "a", "--count", 1, "--size", 64).stderr
    Image.fromarray(np.ones((9, 9), bool)).save(tmp_path / "shape.png")
    result = run("objects", tmp_path / "b", "--count", 1, "--size", 64, "--objects", tmp_path / "shape.png")
    assert isinstance(result.exception, ValueError)
    (tmp_path / "shapes").mkdir()
    (tmp_path / "shape.png").rename(tmp_path / "shapes" / "shape.png")
    result = run("objects", tmp_path / "b", "--count", 1, "--size", 64, "--objects", tmp_path / "shapes")
    assert result.exit_code == 0
    assert "made-up" not in result.stderr


def test_list_shows_every_recipe_with_source_and_statistics():
    result = run("--list")
    assert result.exit_code == 0
    for each in RECIPES:
        (line,) = [line for line in result.stdout.splitlines() if line.split() and line.split()[0] == each.name]
        assert each.source in line
        assert "±" in line


def test_words_are_needed():
    for words in ((), ("comodgan",)):
        result = run(*words)
        assert result.exit_code == 2
        assert "RECIPE and OUT are needed" in result.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("comodgam",), "did you mean 'comodgan'"),
        (("comodgan", "--size", "5x"), "--size: is '5x'; accepted"),
        (("comodgan", "--ratio", "20-40"), "ratio: is"),
        (("comodgan", "--ratio", ".4"), "--ratio: is '.4'; accepted"),
        (("centre", "--ratio", ".9-1", "--size", "64"), "gave no hole"),
    ],
)
def test_bad_words_write_nothing(tmp_path, words, message):
    name, *options = words
    result = run(name, tmp_path / "out", *options)
    assert isinstance(result.exception, ValueError)
    assert message in str(result.exception)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("text", "size"), [("512", (512, 512)), ("683x512", (512, 683)), (" 10X20 ", (20, 10))])
def test_sizes(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "x", "512x", "-5", "5.5", "1x2x3", "1234567"])
def test_bad_sizes(text):
    with pytest.raises(ValueError, match="--size: is"):
        parse_size(text)


@pytest.mark.parametrize(("text", "ratio"), [(".2-.4", (0.2, 0.4)), ("0-1", (0.0, 1.0)), ("0.25-1.", (0.25, 1.0))])
def test_ratios(text, ratio):
    assert parse_ratio(text) == ratio


@pytest.mark.parametrize("text", ["", ".2", ".2-", "a-b", "-.2-.4", ".2-.4-.6", "1e3-2"])
def test_bad_ratios(text):
    with pytest.raises(ValueError, match="--ratio: is"):
        parse_ratio(text)


def test_the_command_imports_nothing_heavy():
    code = "import sys, retouch.cli.holes; print([m for m in ('numpy', 'PIL', 'pydantic') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
