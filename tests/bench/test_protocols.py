"""Protocols against a literal table, and their samples, end to end on twelve photos laid out as the data set is."""

import hashlib
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import retouch
from retouch.bench.metrics import l1, psnr, seam_colour_offset, ssim, texture_ratio
from retouch.bench.protocols import CROPS, PROTOCOLS, Failed, Sample, protocol, protocols, sample, samples
from retouch.bench.reported import reported
from retouch.data import Item, dataset, layout
from retouch.holes import recipe
from tests.data.layouts_for_tests import lay_out, picture, shard

MAT = ("mat-512-small", "mat-512-large")
DGS = ("2dgs-small", "2dgs-large")
RESIZE, CROP = "resize-bicubic", "centre-crop-reflect"

# name: data set, split, n, size, crop, recipes, metrics, how many reported numbers stand beside a run
TABLE = {
    "psm-places-512": ("places365-val", "all", 36500, 512, CROP, MAT, "fid p-ids u-ids lpips", 94),
    "psm-celebahq-512": ("celebahq", "mat", 2993, 512, RESIZE, MAT, "fid p-ids u-ids lpips", 72),
    "psm-celebahq-256": (
        *("celebahq", "mat", 2993, 256, RESIZE, ("mat-256-small", "mat-256-large"), "fid p-ids u-ids lpips", 48),
    ),
    "psm-ablation": ("places365-val", "all", 36500, 256, CROP, ("mat-256-large",), "fid", 25),
    "psm-places-1024": ("places365-val-high", "all", 36500, 1024, CROP, MAT[1:], "fid p-ids u-ids", 9),
    "psm-repaint-places": (
        *("places365-val", "first-10k", 10000, 256, CROP, ("mat-256-large",), "fid p-ids u-ids", 6),
    ),
    "psm-repaint-celebahq": ("celebahq", "mat", 2993, 256, RESIZE, ("mat-256-large",), "fid p-ids u-ids", 6),
    "psm-fidelity": ("places365-val", "all", 36500, 512, CROP, MAT[1:], "fid precision recall", 9),
    "pixelhacker-1": ("places365-test", "10k", 10000, 512, CROP, ("lama-thick-512",), "fid lpips", 22),
    "pixelhacker-2": ("places365-val", "all", 36500, 512, CROP, MAT, "fid p-ids u-ids lpips", 80),
    "pixelhacker-3-256": ("places365-val-high", "all", 36500, 256, RESIZE, ("comodgan",), "fid lpips", 20),
    "pixelhacker-3-512": ("places365-val-high", "all", 36500, 512, RESIZE, ("comodgan",), "fid lpips", 20),
    "pixelhacker-celebahq": ("celebahq", "mat", 2993, 512, RESIZE, MAT[1:], "fid lpips", 32),
    "pixelhacker-ffhq": ("ffhq", "val-10k", 10000, 256, RESIZE, ("lama-thick-256",), "fid lpips", 12),
    "asuka-misato-512": (
        *("misato-512", "all", 2000, 512, "as-it-is", (None,)),
        *("lpips fid u-ids p-ids psnr ssim gradient-at-edge clip", 52),
    ),
    "asuka-misato-1024": (
        *("misato-1024", "all", 1500, 1024, "as-it-is", (None,)),
        *("lpips fid u-ids p-ids psnr ssim gradient-at-edge clip", 0),
    ),
    "asuka-ablation": ("misato-512", "all", 2000, 512, "as-it-is", (None,), "lpips fid u-ids p-ids", 40),
    "asuka-places": ("places365-val", "all", 36500, 512, CROP, ("asuka",), "lpips fid u-ids p-ids", 36),
    "2dgs-celebahq": ("celebahq", "2dgs", 2000, 256, "resize-lanczos", (*DGS, "2dgs-regular"), "fid lpips", 36),
    "2dgs-places": ("places365-val", "all", 36500, 256, "resize-lanczos", DGS, "fid lpips", 28),
    "2dgs-ablation": ("imagenet-100", "val", 5000, 256, "resize-lanczos", DGS, "fid lpips", 32),
    "lama-places-256": (
        *("places365-val", "30k", 30000, 256, "short-side-random-crop"),
        *(("lama-thin-256-test", "lama-medium-256-test", "lama-thick-256-test"), "fid lpips ssim", 0),
    ),
    "lama-places-512": (
        *("places365-val", "30k", 30000, 512, "short-side-random-crop"),
        *(("lama-thin-512-places", "lama-medium-512-places", "lama-thick-512-places"), "fid lpips ssim", 0),
    ),
    "lama-celebahq-256": (
        *("celebahq", "2dgs", 2000, 256, "short-side-random-crop"),
        *(("lama-thin-256-test", "lama-medium-256-test", "lama-thick-256-test"), "fid lpips ssim", 0),
    ),
    "removal": ("folder", "all", None, 512, "centre-square", (None,), "seam-colour-offset texture-ratio", 0),
    "val-256": ("folder", "all", None, 256, "small-top-left", ("objects",), "lpips psnr ssim fid u-ids p-ids", 0),
}
NO_NETWORK = {
    "psnr": lambda truth, filled, hole: psnr(truth, filled, mask=hole),
    "ssim": lambda truth, filled, hole: ssim(truth, filled),
    "l1": lambda truth, filled, hole: l1(truth, filled),
    "seam-colour-offset": lambda truth, filled, hole: seam_colour_offset(filled, hole),
    "texture-ratio": lambda truth, filled, hole: texture_ratio(filled, hole),
}


def test_every_protocol_is_in_the_table():
    assert protocols() == tuple(TABLE)
    assert len(set(protocols())) == len(PROTOCOLS)


@pytest.mark.parametrize("name", TABLE)
def test_protocols_are_as_the_table_says(name):
    dataset_, split, n, size, crop_, recipes, metrics, count = TABLE[name]
    given = protocol(name)
    assert (given.dataset, given.split, given.n, given.size, given.crop) == (dataset_, split, n, size, crop_)
    assert given.run_at == size
    assert tuple(each.recipe for each in given.holes) == recipes
    assert given.metrics == tuple(metrics.split())
    assert sum(len(given.reported(each.name)) for each in given.holes) == count


@pytest.mark.parametrize("name", TABLE)
def test_protocols_refer_to_what_there_is(name):
    given = protocol(name)
    assert layout(given.dataset).split(given.split).n == given.n
    assert set(given.crops) <= set(CROPS)
    assert [recipe(each.recipe).name for each in given.holes if each.recipe] == [
        each.recipe for each in given.holes if each.recipe
    ]
    assert given.differences


def test_which_protocols_ask_for_a_share_of_hole():
    assert {each.name: each.holes[0].ratio for each in PROTOCOLS if each.holes[0].ratio} == {
        "pixelhacker-1": (0.4, 0.5),
        "val-256": (0.05, 0.35),
    }


def test_every_table_of_quality_belongs_to_a_protocol():
    used = {pair for each in PROTOCOLS for pair in each.tables}
    left = {(row.paper, row.table) for row in reported()} - used
    assert left == {
        *(("psm", "Section 4.4"), ("psm", "Section E"), ("2dgs", "Table 4")),  # speed
        *(("pixelhacker", f"Table {k}") for k in (6, 7)),  # on data of their own
        ("asuka", "Table 2c"),  # user study
    }


def test_the_page_about_the_benchmark_lists_every_protocol():
    page = (Path(__file__).parents[2] / "docs" / "benchmark.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines() if line.startswith("| ")]
    told = {row[0]: row for row in rows if row[0] in TABLE}
    assert tuple(told) == protocols()
    for name, (_, _, data, photos, size, holes, metrics, count) in told.items():
        given = protocol(name)
        assert data == given.dataset + ("" if given.split == "all" else f" ({given.split})")
        assert photos == ("any" if given.n is None else f"{given.n:,}")
        assert size == f"{given.size}, " + (given.crop if len(given.crops) == 1 else f"{len(given.crops)} crops")
        assert [each.split(" at ")[0] for each in holes.split(", ")] == [
            each.recipe or "the data's own" for each in given.holes
        ]
        assert metrics == ", ".join(given.metrics)
        assert int(count) == sum(len(given.reported(each.name)) for each in given.holes)


def test_reported_numbers_of_one_set_of_holes():
    rows = {(row.model, row.metric): row.value for row in protocol("psm-places-512").reported("large")}
    assert rows["PSM", "fid"] == 1.68
    assert rows["PSM", "lpips"] == 0.161
    assert rows["MAT (8 M images)", "fid"] == 1.96


@pytest.mark.parametrize("name", TABLE)
def test_a_protocol_runs_end_to_end(name, tmp_path):
    given = protocol(name)
    photos = dataset(given.dataset, lay_out(given.dataset, tmp_path), split=given.split, limit=12)
    fill = retouch.load("smooth")
    for holes in given.holes:
        drawn = list(samples(given, photos, holes.name, seed=3))
        count = 12 * len(given.crops)
        assert [type(each) for each in drawn] == [Sample] * count
        assert [each.k for each in drawn] == list(range(count))
        for one in drawn[:1] if given.size > 256 else drawn[:3]:
            assert one.photo.shape == (given.size, given.size, 3)
            assert one.hole.shape == (given.size, given.size)
            filled = fill(one.photo, one.hole, dilate=0, feather=0)
            assert filled.shape == one.photo.shape
            assert np.array_equal(filled[~one.hole], one.photo[~one.hole])
            figures = {metric: NO_NETWORK[metric](one.photo, filled, one.hole) for metric in NO_NETWORK}
            assert all(math.isfinite(value) for metric, value in figures.items() if metric != "psnr")
            assert figures["psnr"] > 5


@pytest.fixture
def places(tmp_path):
    return dataset("places365-val", lay_out("places365-val", tmp_path), limit=12)


@pytest.mark.parametrize("name", ["2dgs-places", "psm-ablation"])
def test_an_item_gets_the_same_hole_whatever_the_order(name, places):
    given = protocol(name)
    holes = given.holes[0].name
    forward = {one.k: one for one in samples(given, places, holes, seed=5)}
    for item in reversed(places.items):
        alone = sample(given, item, holes, seed=5)
        assert np.array_equal(alone.hole, forward[item.k].hole)
        assert np.array_equal(alone.photo, forward[item.k].photo)
    assert len({one.hole.tobytes() for one in forward.values()}) == 12


def test_a_smaller_limit_and_shards_change_no_hole(places, tmp_path):
    given = protocol("2dgs-places")
    whole = [one.hole for one in samples(given, places, "small")]
    few = [one.hole for one in samples(given, dataset("places365-val", places.root, limit=4), "small")]
    sharded = tmp_path / "shards"
    sharded.mkdir()
    for at in (0, 6):
        files = [(f"{item.name}.png", item.image()) for item in places.items[at : at + 6]]
        shard(sharded / f"{at}.tar", files)
    tarred = [one.hole for one in samples(given, dataset("places365-val", sharded, limit=12), "small")]
    assert all(np.array_equal(a, b) for a, b in zip(whole, few, strict=False))
    assert all(np.array_equal(a, b) for a, b in zip(whole, tarred, strict=True))


def test_another_seed_gives_other_holes(places):
    given = protocol("2dgs-places")
    a, b = (sample(given, places.items[0], "small", seed=seed).hole for seed in (0, 1))
    assert not np.array_equal(a, b)


def test_unreadable_photos_are_named_and_the_others_kept(places):
    places.items[3].photo.write_bytes(b"\xff\xd8\xff nothing")
    places.items[7].photo.unlink()
    found = list(samples(protocol("2dgs-places"), places, "small"))
    failed = [each for each in found if isinstance(each, Failed)]
    assert [(each.k, each.name) for each in failed] == [(k, places.items[k].name) for k in (3, 7)]
    assert all(each.name in each.reason for each in failed)
    assert len(found) == 12


def test_another_number_of_photos_is_refused(places):
    whole = replace(places, limit=None)
    with pytest.raises(ValueError, match="has 12 photos; protocol '2dgs-places' is of 36500; pass limit="):
        samples(protocol("2dgs-places"), whole, "small")


def test_another_data_set_or_split_is_refused(places):
    with pytest.raises(ValueError, match=r"is places365-val \(all\); protocol '2dgs-celebahq' is of celebahq \(2dgs\)"):
        samples(protocol("2dgs-celebahq"), places, "small")


def test_unknown_holes_are_refused_at_once(places):
    with pytest.raises(ValueError, match="protocol '2dgs-places' has none called 'tiny'; known: small, large"):
        samples(protocol("2dgs-places"), places, "tiny")


def test_a_missing_folder_of_objects_is_refused_at_once(places):
    with pytest.raises(FileNotFoundError, match="objects"):
        samples(protocol("asuka-places"), places, "asuka", objects="nowhere")


def test_real_objects_make_other_holes(places, tmp_path):
    shape = np.zeros((40, 40), np.uint8)
    shape[10:30, 5:35] = 255
    (tmp_path / "shapes").mkdir()
    Image.fromarray(shape).save(tmp_path / "shapes" / "a.png")
    given = protocol("asuka-places")
    blobs = list(samples(given, places, "asuka"))
    real = list(samples(given, places, "asuka", objects=tmp_path / "shapes"))
    assert any(not np.array_equal(a.hole, b.hole) for a, b in zip(blobs, real, strict=True))


def test_a_mask_of_another_size_than_its_photo(tmp_path):
    lay_out("folder", tmp_path, 2)
    Image.new("L", (20, 20), 255).save(tmp_path / "photo1.mask.png")
    good, bad = samples(protocol("removal"), dataset("folder", tmp_path, limit=2), "objects")
    assert isinstance(good, Sample)
    assert "20x20 pixels; accepted: 300x260, as the photo" in bad.reason


def test_a_photo_of_another_size_where_none_is_scaled(tmp_path):
    lay_out("misato-512", tmp_path, 1)
    picture(0, (500, 512)).save(tmp_path / "512/image/0000.png")
    (bad,) = samples(protocol("asuka-misato-512"), dataset("misato-512", tmp_path, limit=1), "misato")
    assert "is 500x512 pixels; accepted: 512x512" in bad.reason


def test_an_empty_mask_is_a_failure(tmp_path):
    lay_out("folder", tmp_path, 1)
    Image.new("L", (300, 260), 0).save(tmp_path / "photo0.mask.png")
    (bad,) = samples(protocol("removal"), dataset("folder", tmp_path, limit=1), "objects")
    assert "mask: of 'photo0' is empty" in bad.reason


def test_unknown_protocol():
    with pytest.raises(ValueError, match="protocol 'psm-places512' is unknown; did you mean 'psm-places-512'"):
        protocol("psm-places512")


VAL_256 = protocol("val-256")


@pytest.fixture
def yardstick(tmp_path):
    """Three photos that are cropped and not scaled, and two object shapes."""
    (tmp_path / "photos").mkdir()
    (tmp_path / "shapes").mkdir()
    for k, size in enumerate([(300, 260), (256, 400), (390, 390)]):
        picture(k, size).save(tmp_path / "photos" / f"p{k}.png")
    y, x = np.mgrid[0:60, 0:80]
    Image.fromarray((x / 80 - 0.5) ** 2 + (y / 60 - 0.5) ** 2 < 0.25).save(tmp_path / "shapes" / "disc.png")
    Image.fromarray(x * 3 < y * 4 + 4).save(tmp_path / "shapes" / "wedge.png")
    return dataset("folder", tmp_path / "photos")


def test_the_yardstick_is_the_same_for_ever(yardstick):
    """Whoever changes this fingerprint makes all figures of val-256 measured before incomparable."""
    digest = hashlib.sha256()
    for one in samples(VAL_256, yardstick, "object", objects=yardstick.root.parent / "shapes"):
        digest.update(f"{one.k} {one.name}".encode())
        digest.update(one.photo.tobytes())
        digest.update(np.packbits(one.hole).tobytes())
    assert digest.hexdigest() == "268d1294f5975dbad92adfe70424ad3226f38287889d547374899b1ac362fa31"


def test_five_crops_of_each_photo_are_five_samples(yardstick):
    drawn = list(samples(VAL_256, yardstick, "object"))
    assert [one.k for one in drawn] == list(range(15))
    assert drawn[7].name == "p1 small-centre"
    pixels = np.asarray(yardstick.items[1].image())  # [400, 256, 3]
    tops = [0, 0, 72, 144, 144]
    assert all(np.array_equal(drawn[5 + v].photo, pixels[tops[v] : tops[v] + 256]) for v in range(5))
    assert len({one.hole.tobytes() for one in drawn}) == 15
    assert all(0.05 <= one.hole.mean() <= 0.35 for one in drawn)
    alone = sample(VAL_256, yardstick.items[1], "object", view=2)
    assert np.array_equal(alone.hole, drawn[7].hole)


def test_a_crop_that_the_protocol_does_not_have(yardstick):
    with pytest.raises(ValueError, match="view: is 5; accepted: 0 to 4, the crops of protocol 'val-256'"):
        sample(VAL_256, yardstick.items[0], "object", view=5)


def test_an_unreadable_photo_fails_in_all_its_crops(yardstick):
    yardstick.items[0].photo.write_bytes(b"nothing")
    failed = [each.k for each in samples(VAL_256, yardstick, "object") if isinstance(each, Failed)]
    assert failed == [0, 1, 2, 3, 4]


def test_items_need_no_data_set(tmp_path):
    picture(0).save(tmp_path / "x.png")
    item = Item(4, "x", tmp_path / "x.png")
    assert sample(protocol("2dgs-places"), item, "large").k == 4
