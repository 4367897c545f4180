"""`retouch fill`: comparison, mask, layer and uncertainty."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageCms

from retouch.files.sidefiles import GAP, OUTLINE
from retouch.methods.base import Filled
from tests.cli.conftest import pixels

FAST = ("-m", "smooth")


def test_compare_shows_before_hole_and_after(cli, folder, photo, hole):
    assert cli("fill", "photo.png", "mask.png", "-o", "out.png", "--compare", "c.png", *FAST).code == 0
    sheet = pixels("c.png")
    assert sheet.shape == (90, 3 * 120 + 2 * GAP, 3)
    before, outlined, after = (sheet[:, start : start + 120] for start in (0, 120 + GAP, 240 + 2 * GAP))
    assert np.array_equal(before, photo)
    assert np.array_equal(after, pixels("out.png"))
    line = (outlined == OUTLINE).all(axis=2)
    assert line.any()
    assert not (line & hole).any()
    assert np.array_equal(outlined[~line], photo[~line])


def test_compare_of_a_large_photo_is_reduced(cli, folder):
    Image.fromarray(np.full((1000, 3000, 3), (10, 200, 30), np.uint8)).save("photo.png")
    words = ("--box", "1000,400,300,100", "-o", "out.png", "--compare", "c.jpg", "--samples", "2")
    assert cli("fill", "photo.png", *words, *FAST).code == 0
    sheet = pixels("c.jpg")
    assert max(sheet.shape) <= 2000
    assert sheet.shape[1] > 1200
    assert np.abs(sheet[2:-2, 2:100].astype(int) - (10, 200, 30)).max() < 4


def test_compare_of_an_expanded_photo(cli, folder, photo):
    words = ("--expand", "10", "-o", "out.png", "--compare", "c.png")
    assert cli("fill", "photo.png", *words, *FAST).code == 0
    sheet = pixels("c.png")
    assert sheet.shape == (110, 3 * 140 + 2 * GAP, 3)
    assert np.array_equal(sheet[10:100, 10:130], photo)
    assert np.array_equal(sheet[:, -140:], pixels("out.png"))


def test_save_mask_is_the_hole(cli, folder, hole):
    assert cli("fill", "photo.png", "mask.png", "-o", "out.png", "--save-mask", "hole.png", *FAST).code == 0
    with Image.open("hole.png") as image:
        assert image.mode == "1"
    assert np.array_equal(pixels("hole.png"), hole)


def test_layer_over_the_photo_is_the_result(cli, folder, photo, hole):
    assert cli("fill", "photo.png", "mask.png", "-o", "out.png", "--layer", "layer.png", *FAST).code == 0
    layer, filled = pixels("layer.png"), pixels("out.png")
    assert layer.shape == (90, 120, 4)
    opaque = layer[..., 3] == 255
    assert (layer[..., 3][~opaque] == 0).all()
    assert (layer[~opaque] == 0).all()
    assert opaque[hole].all()
    assert np.array_equal(np.where(opaque[..., None], layer[..., :3], photo), filled)


def test_layer_keeps_the_profile(cli, folder, photo):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(photo).save("photo.png", icc_profile=profile)
    assert cli("fill", "photo.png", "mask.png", "-o", "out.png", "--layer", "layer.png", *FAST).code == 0
    with Image.open("layer.png") as image:
        assert image.info["icc_profile"] == profile


@pytest.mark.parametrize("mode", ["L", "CMYK", "P", "LA", "I;16"])
def test_layer_of_other_modes_is_rgba(cli, folder, photo, mode):
    image = Image.fromarray(photo)
    name = "photo.tif" if mode == "CMYK" else "photo.png"
    deep = Image.fromarray(photo[..., 0].astype(np.uint16) * 257)
    (deep if mode == "I;16" else image.convert(mode)).save(name)
    assert cli("fill", name, "mask.png", "--layer", "layer.png", *FAST).code == 0
    with Image.open("layer.png") as layer:
        assert layer.mode == "RGBA"


def test_layer_is_numbered_like_the_samples(cli, folder):
    words = ("-o", "out.png", "--samples", "2", "--layer", "layer.png")
    assert cli("fill", "photo.png", "mask.png", *words, *FAST).code == 0
    assert (folder / "layer_1.png").exists()
    assert (folder / "layer_2.png").exists()


def test_uncertainty_is_refused_where_the_model_has_none(refused):
    refused(
        *("fill", "photo.png", "mask.png", "-o", "out.png", "--uncertainty", "u.png", *FAST),
        saying="--uncertainty: model 'smooth' does not tell its uncertainty",
    )


def test_uncertainty_of_a_model_that_has_one(cli, folder, monkeypatch, hole):
    from retouch import catalogue
    from retouch.methods.base import PerImage

    cards = [replace(card, needs=replace(card.needs, uncertainty=True)) for card in catalogue.CARDS]
    monkeypatch.setattr("retouch.catalogue.CARDS", cards)
    plain = PerImage.__call__

    def unsure(self, images, masks, options, **more):
        return Filled(plain(self, images, masks, options, **more).images, masks.astype(np.float32))

    monkeypatch.setattr(PerImage, "__call__", unsure)
    assert cli("fill", "photo.png", "mask.png", "-o", "out.png", "--uncertainty", "u.png", *FAST).code == 0
    assert (pixels("u.png")[hole] == 255).all()
    assert pixels("u.png")[0, 0] == 0


@pytest.mark.parametrize(
    ("option", "name"),
    [("--compare", "c.webp"), ("--save-mask", "m.jpg"), ("--layer", "l.tif"), ("--uncertainty", "u")],
)
def test_side_files_have_their_formats(refused, option, name):
    refused("fill", "photo.png", "mask.png", "-o", "out.png", option, name, saying=f"{name}: ")


@pytest.mark.parametrize("option", ["--compare", "--save-mask", "--layer", "--uncertainty", "--json"])
def test_existing_side_files_stay(refused, folder, option):
    (folder / "side.png").write_bytes(b"mine")
    refused("fill", "photo.png", "mask.png", "-o", "out.png", option, "side.png", saying="side.png: exists already")


def test_one_file_for_two_outputs(refused):
    refused("fill", "photo.png", "mask.png", "-o", "out.png", "--layer", "./out.png", saying="asked for twice")
