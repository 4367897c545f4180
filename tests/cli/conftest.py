"""A small photo with its mask on disk, and the command line called in this process."""

import io
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import retouch
from retouch.cli import main


@dataclass(frozen=True)
class Answer:
    """What one call of the command line gave."""

    code: int
    content: bytes
    err: str

    @property
    def out(self):
        return self.content.decode()


@pytest.fixture
def folder(tmp_path, monkeypatch, photo, hole):
    """The working directory, with photo.png and mask.png (120 x 90)."""
    monkeypatch.chdir(tmp_path)
    Image.fromarray(photo).save("photo.png")
    Image.fromarray(hole).save("mask.png")
    return tmp_path


@pytest.fixture
def cli(capfdbinary, monkeypatch):
    """cli("fill", ..., stdin=b"") -> Answer"""

    def call(*words, stdin=b""):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capfdbinary.readouterr()
        code = main([str(word) for word in words])
        content, err = capfdbinary.readouterr()
        return Answer(code, content, err.decode())

    return call


@pytest.fixture
def refused(cli, folder):
    """Call, and check that it is refused as it should be: code 2, one line, nothing written, nothing changed."""

    def call(*words, stdin=b"", saying):
        before = contents(folder)
        answer = cli(*words, stdin=stdin)
        assert answer.code == 2, answer
        assert answer.content == b""
        lines = answer.err.splitlines()
        assert len(lines) == 1, answer.err
        assert lines[0].startswith("retouch: error: ")
        assert saying in lines[0]
        assert contents(folder) == before
        return lines[0]

    return call


def environment():
    """For other processes: they find retouch from every working directory."""
    source = str(Path(retouch.__file__).parents[1])
    return os.environ | {"PYTHONPATH": os.pathsep.join([source, *sys.path])}


def names_in(folder):
    """The names of all files and folders in a folder, hidden ones too, sorted."""
    return sorted(path.name for path in Path(folder).iterdir())


def contents(folder: Path):
    """Every file below the folder with its bytes, hidden ones too."""
    return {path: path.read_bytes() if path.is_file() else None for path in sorted(folder.rglob("*"))}


def pixels(path):
    """[H, W, C] of a file."""
    with Image.open(path) as image:
        return np.asarray(image)
