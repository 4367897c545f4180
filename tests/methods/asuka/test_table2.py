"""The paper's ablations as the settings that docs/asuka.md gives for them."""

import re
from pathlib import Path

import pytest

from retouch.train.catalogue import find_trainable
from retouch.train.reading import read_settings

PAGE = Path(__file__).parents[3] / "docs" / "asuka.md"
ROW = re.compile(r"\| ([abd]) \| (.+?) \| `(asuka-\w+)` \| (.+) \|")


def rows():
    """(table, row) to the method and its words, as they stand in the page."""
    section = PAGE.read_text().split("## Table 2 as settings")[1].split("\n## ")[0]
    found = (ROW.fullmatch(line) for line in section.splitlines())
    return {(row[1], row[2]): (row[3], re.findall(r"`([^`]+=[^`]+)`", row[4])) for row in found if row}


def config(table, row, variant="paper"):
    name, words = rows()[table, row]
    given = {"train.out": "out", "data.photos": "album"}
    return read_settings(find_trainable(name), None, [f"variant={variant}", *words], given)


def test_the_page_has_the_rows_of_the_paper():
    assert [*rows()] == [
        *(("a", "p.t. MAE"), ("a", "f.t. MAE")),
        *(("b", "linear"), ("b", "attn"), ("b", "ASUKA")),
        *(("d", "+ cond."), ("d", "+ color"), ("d", "Ours")),
    ]


@pytest.mark.parametrize("variant", ["paper", "small"])
@pytest.mark.parametrize(("row", "blocks"), [("linear", 0), ("attn", 1), ("ASUKA", 4)])
def test_alignments(row, blocks, variant):
    assert config("b", row, variant).method.alignment.blocks == blocks


def test_autoencoders():
    assert config("a", "p.t. MAE").method.mae == Path("vit-mae-base/model.safetensors")
    assert config("a", "f.t. MAE").method.mae == Path("mae.json")


@pytest.mark.parametrize(
    ("row", "jitter", "augmented", "beside"),
    [("+ cond.", False, 0, None), ("+ color", True, 0, None), ("Ours", True, 1, Path("photos-latents"))],
)
@pytest.mark.parametrize("variant", ["paper", "flux"])
def test_decoders(row, jitter, augmented, beside, variant):
    settings = config("d", row, variant)
    assert (settings.method.task.jitter is not None) == jitter
    assert settings.method.task.augmented == augmented
    assert settings.data.beside == beside


def test_what_is_written_as_default_is_the_default():
    plain = read_settings(find_trainable("asuka-align"), None, [], {"train.out": "out", "data.photos": "album"})
    assert plain.method.alignment == config("b", "ASUKA").method.alignment
