"""Samples follow from (seed, epoch, place) alone; crops, flips and what cannot be used."""

import re

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from retouch.data import Item, Photos, SampleSettings, TrainingSet, fixed_samples, photos_in, told
from retouch.data.square import centre_square
from retouch.data.training import samples as module
from retouch.data.training.crops import Crop, draw_crop
from retouch.data.training.decode import cut, upright
from retouch.data.training.order import generator
from retouch.holes import draw, item_rng
from tests.data.layouts_for_tests import picture, save
from tests.data.photos_for_tests import SMALL, folder_of, same, stream

WHOLE = Crop(area=1, aspect=1, x=0, y=0, mirrored=False)


def item(path):
    return Item(0, path.stem, path)


def test_a_sample_is_bytes_and_a_hole(tmp_path):
    sample = stream(folder_of(tmp_path))[0]
    assert (sample.photo.shape, sample.photo.dtype) == ((32, 32, 3), np.uint8)
    assert (sample.hole.shape, sample.hole.dtype) == ((32, 32), np.bool_)
    assert 0 < sample.hole.mean() < 1
    assert 0 <= sample.seed < 1 << 63


def test_polarity_is_that_of_the_recipe(tmp_path):
    sample = stream(folder_of(tmp_path), SampleSettings(size=32, holes="centre"))[0]
    assert sample.hole[16, 16]
    assert not sample.hole[0, 0]


def test_the_photo_under_the_hole_is_whole(tmp_path):
    save(Image.new("RGB", (40, 40), (9, 200, 90)), tmp_path / "a.png")
    assert (stream(tmp_path)[0].photo == (9, 200, 90)).all()


def test_the_stream_is_the_same_in_any_order_and_object(tmp_path):
    folder_of(tmp_path)
    one, other = stream(tmp_path), stream(tmp_path)
    forward = [one[p] for p in range(12)]
    backward = [other[p] for p in reversed(range(12))][::-1]
    assert all(same(a, b) for a, b in zip(forward, backward, strict=True))


def test_other_seeds_and_epochs_give_other_samples(tmp_path):
    folder_of(tmp_path, n=1)
    samples = [stream(tmp_path)[0], stream(tmp_path)[1], stream(tmp_path, seed=1)[0]]
    assert len({sample.seed for sample in samples}) == 3
    assert len({sample.photo.tobytes() for sample in samples}) == 3
    assert len({sample.hole.tobytes() for sample in samples}) == 3


def test_every_epoch_has_every_photo_once_in_another_order(tmp_path):
    samples = stream(folder_of(tmp_path, n=6))
    epochs = [[samples[6 * epoch + place].name for place in range(6)] for epoch in range(4)]
    assert all(sorted(names) == [f"photo{k}" for k in range(6)] for names in epochs)
    assert len(set(map(tuple, epochs))) > 1


def test_negative_positions_are_refused(tmp_path):
    with pytest.raises(IndexError, match="position: is -1; accepted: from 0 up"):
        stream(folder_of(tmp_path))[-1]


def test_crops_cover_the_range_of_scales_and_aspects():
    settings = SampleSettings(scale=(0.3, 1.0), aspect=(0.75, 4 / 3))
    crops = [draw_crop(generator(0, k), settings) for k in range(2000)]
    areas, aspects = np.array([crop.area for crop in crops]), np.array([crop.aspect for crop in crops])
    assert areas.min() == pytest.approx(0.3, abs=0.01)
    assert areas.max() == pytest.approx(1, abs=0.01)
    assert np.quantile(areas, (0.25, 0.5, 0.75)) == pytest.approx((0.475, 0.65, 0.825), abs=0.03)
    assert np.quantile(np.log(aspects), (0, 0.5, 1)) == pytest.approx((np.log(0.75), 0, np.log(4 / 3)), abs=0.03)
    assert np.mean([crop.mirrored for crop in crops]) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("size", [(100, 100), (400, 37), (37, 400), (1, 1)])
def test_boxes_lie_inside_and_reach_every_edge(size):
    width, height = size
    crops = [draw_crop(generator(1, k), SampleSettings()) for k in range(500)]
    boxes = np.array([crop.box(width, height) for crop in crops])  # [500, 4]
    assert (boxes[:, :2].min(axis=0) == 0).all()
    assert (boxes[:, 2:] <= size).all()
    assert (np.array(size) - boxes[:, 2:].max(axis=0) < 3).all()
    assert (boxes[:, 2:] > boxes[:, :2]).all()
    shares = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]) / min(size) ** 2
    assert min(size) == 1 or (0.2 < shares.min() < 0.45 and 0.85 < shares.max() <= 4 / 3)


def test_a_crop_is_what_it_says(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (48, 60, 3), np.uint8)
    save(Image.fromarray(pixels), tmp_path / "a.png")
    got = cut(item(tmp_path / "a.png"), Crop(area=0.25, aspect=1, x=0.999, y=0, mirrored=False), 24)
    assert np.array_equal(got, pixels[:24, -24:])


def test_flips_really_happen(tmp_path):
    save(picture(3, (40, 40)), tmp_path / "a.png")
    whole = np.asarray(picture(3, (40, 40)))
    settings = SampleSettings(size=40, scale=(1, 1), aspect=(1, 1), holes="box")
    mirrored = [np.array_equal(stream(tmp_path, settings)[p].photo, whole[:, ::-1]) for p in range(20)]
    straight = [np.array_equal(stream(tmp_path, settings)[p].photo, whole) for p in range(20)]
    assert [not turn for turn in mirrored] == straight
    assert 3 < sum(mirrored) < 17
    never = settings.model_copy(update={"flip": 0.0})
    assert all(np.array_equal(stream(tmp_path, never)[p].photo, whole) for p in range(20))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_photos_are_cut_as_displayed(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture(1, (96, 64)).save(tmp_path / "a.jpg", exif=exif, quality=95)
    path = item(tmp_path / "a.jpg")
    shown = np.asarray(path.image())
    assert np.array_equal(np.asarray(upright(path)), shown)
    assert np.array_equal(cut(path, WHOLE, 64), shown[:64, :64])


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "LA", "CMYK", "I;16", "1"])
def test_every_kind_of_photo_is_cut(tmp_path, mode):
    suffix = "tiff" if mode == "CMYK" else "png"
    grey = picture(2, (50, 50)).convert("L")
    ramp = np.asarray(grey).astype(np.uint16) * 257
    image = Image.fromarray(ramp) if mode == "I;16" else picture(2, (50, 50)).convert(mode)
    image.save(tmp_path / f"a.{suffix}")
    path = item(tmp_path / f"a.{suffix}")
    assert np.array_equal(cut(path, WHOLE, 50), np.asarray(path.image()))


@pytest.mark.parametrize("orientation", [1, 6])
def test_drafts_are_near_full_decoding_and_only_where_the_crop_stays_large(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture(4, (800, 640)).save(tmp_path / "a.jpg", exif=exif, quality=95)
    path = item(tmp_path / "a.jpg")
    crop = Crop(area=0.7, aspect=1.2, x=0.9, y=0.2, mirrored=False)
    full, draft = cut(path, crop, 64, draft=False).astype(int), cut(path, crop, 64).astype(int)
    assert 0 < np.abs(full - draft).mean() < 3
    assert np.array_equal(cut(path, WHOLE, 400, draft=False), cut(path, WHOLE, 400))


def test_of_photos_with_several_pictures_the_first_is_cut(tmp_path):
    picture(1, (400, 300)).save(tmp_path / "a.jpg", format="MPO", save_all=True, append_images=[picture(2, (400, 300))])
    path = item(tmp_path / "a.jpg")
    assert np.array_equal(cut(path, WHOLE, 300), np.asarray(path.image())[:, :300])
    assert not np.array_equal(cut(path, WHOLE, 100), cut(path, WHOLE, 100, draft=False))


def test_moving_pictures_are_not_photos(tmp_path):
    picture(1, (40, 40)).save(tmp_path / "a.webp", save_all=True, append_images=[picture(2, (40, 40))])
    with pytest.raises(ValueError, match=r"none of 1 photos in a row can be used; .*animation"):
        stream(tmp_path)[0]


def test_what_cannot_be_used_is_passed_over_and_named(tmp_path):
    folder_of(tmp_path, n=3)
    (tmp_path / "photo3.png").write_bytes(b"no photo")
    save(picture(4, (60, 20)), tmp_path / "photo4.png")
    whole = (tmp_path / "photo0.png").read_bytes()
    (tmp_path / "photo5.png").write_bytes(whole[: len(whole) // 2])
    samples = [stream(tmp_path)[p] for p in range(6)]
    met = {unusable.name: unusable.reason for sample in samples for unusable in sample.unusable}
    assert set(met) == {"photo3", "photo4", "photo5"}
    assert met["photo3"].startswith("photo 'photo3': ")
    assert "is not a photo that can be read" in met["photo3"]
    assert met["photo4"] == "photo 'photo4': is 60x20 pixels; accepted: a shorter side of at least 32"
    assert "cut or damaged" in met["photo5"]
    assert {sample.name for sample in samples} == {"photo0", "photo1", "photo2"}
    assert all(same(stream(tmp_path)[p], samples[p]) for p in range(6))


def test_the_next_usable_photo_gets_the_same_crop_hole_and_seed(tmp_path):
    folder_of(tmp_path, n=2)
    before = {sample.name: sample for sample in (stream(tmp_path)[p] for p in range(2))}
    (tmp_path / "photo0.png").write_bytes(b"")
    after = [stream(tmp_path)[p] for p in range(2)]
    assert [sample.name for sample in after] == ["photo1", "photo1"]
    assert {sample.seed for sample in after} == {sample.seed for sample in before.values()}
    kept = next(sample for sample in after if not sample.unusable)
    assert same(kept, before["photo1"])


def test_small_photos_are_accepted_on_request(tmp_path):
    folder_of(tmp_path, n=1, size=(24, 20))
    with pytest.raises(ValueError, match="none of 1 photos in a row can be used; the first: photo 'photo0': is 24x20"):
        stream(tmp_path)[0]
    assert stream(tmp_path, SMALL.model_copy(update={"smallest": 20}))[0].photo.shape == (32, 32, 3)


def test_patience_ends(tmp_path, monkeypatch):
    folder_of(tmp_path, n=8, size=(8, 8))
    monkeypatch.setattr(module, "PATIENCE", 5)
    with pytest.raises(ValueError, match="none of 5 photos in a row can be used"):
        stream(tmp_path)[0]


def test_told_counts_and_names_the_first_few(tmp_path):
    folder_of(tmp_path, n=5, size=(20, 20))
    save(picture(0, (40, 40)), tmp_path / "good.png")
    line = told(fixed_samples(photos_in(tmp_path), size=32, holes="box").unusable)
    assert line.startswith("5 photos cannot be used: photo 'photo0': is 20x20")
    assert line.endswith("; and 2 more")
    assert told(()) == ""
    assert "\n" not in line


def test_weights_say_how_often(tmp_path):
    items = photos_in(folder_of(tmp_path, n=4)).items
    samples = TrainingSet(Photos(items, np.array([1.0, 0, 3, 4])), SMALL)
    names = [samples[p].name for p in range(80)]
    assert [names.count(f"photo{k}") for k in range(4)] == [pytest.approx(10, abs=5), 0, pytest.approx(30, abs=7), 40]
    assert len({samples[p].photo.tobytes() for p in range(4)}) == 4  # the same photo twice, not the same crop


@pytest.mark.parametrize(("weights", "message"), [([1.0], "shape (1,)"), ([0.0, 0], "above 0"), ([1, -1.0], "0 up")])
def test_bad_weights(tmp_path, weights, message):
    items = photos_in(folder_of(tmp_path, n=2)).items
    with pytest.raises(ValueError, match=f"weights: .*{re.escape(message)}"):
        Photos(items, np.array(weights))


def test_no_photo_at_all():
    with pytest.raises(ValueError, match="data: has no photo"):
        Photos(())


@pytest.mark.parametrize(
    "given",
    [{"size": 8}, {"scale": (0.0, 1)}, {"scale": (0.9, 0.3)}, {"aspect": (2, 1)}, {"flip": 2}, {"sise": 64}],
)
def test_bad_settings_are_refused(given):
    with pytest.raises(ValidationError, match=next(iter(given))):
        SampleSettings(**given)


def test_validation_samples_are_those_of_the_bench(tmp_path):
    folder_of(tmp_path, n=4)
    (tmp_path / "photo1.png").write_bytes(b"")
    fixed = fixed_samples(photos_in(tmp_path), size=40, holes="mat-256-small", seed=7)
    assert [sample.name for sample in fixed.samples] == ["photo0", "photo2", "photo3"]
    assert [unusable.name for unusable in fixed.unusable] == ["photo1"]
    for sample, k in zip(fixed.samples, (0, 2, 3), strict=True):
        assert np.array_equal(sample.hole, draw("mat-256-small", (40, 40), item_rng(7, k)))
        assert np.array_equal(sample.photo, np.asarray(centre_square(picture(k, (60, 48)), 40)))


def test_a_limit_spreads_over_all_and_keeps_holes(tmp_path):
    photos = photos_in(folder_of(tmp_path, n=9))
    few, every = (fixed_samples(photos, size=32, holes="box", limit=limit).samples for limit in (3, None))
    assert [sample.name for sample in few] == ["photo0", "photo3", "photo6"]
    assert all(same(sample, every[k]) for sample, k in zip(few, (0, 3, 6), strict=True))


def test_a_validation_set_without_a_usable_photo(tmp_path):
    with pytest.raises(ValueError, match="validation: none of 2 photos can be used; the first: photo 'photo0'"):
        fixed_samples(photos_in(folder_of(tmp_path, n=2, size=(16, 16))), size=32)
