"""benchmarks/asuka_study.py and asuka_blank.py: judging, comparing, reading, and a chain of toy networks."""

import argparse
import dataclasses
import importlib
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from PIL import Image  # noqa: E402

from retouch.data.training.samples import Drawn  # noqa: E402
from retouch.methods.asuka.config import MaeConfig  # noqa: E402
from retouch.methods.asuka.decoder_config import DecoderConfig  # noqa: E402
from retouch.methods.asuka.recipe_decoder import DecoderRecipe  # noqa: E402
from retouch.methods.asuka.recipe_mae import MaeRecipe  # noqa: E402
from retouch.train.seeds import seeded  # noqa: E402

from .tiny_decoder import TINY as DECODER  # noqa: E402
from .tiny_files import align_recipe, save, write_base  # noqa: E402
from .tiny_mae import TINY as MAE  # noqa: E402

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


@pytest.fixture
def module(monkeypatch):
    """Modules of benchmarks/ by name; LPIPS is a number that tells images apart."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    judged = importlib.import_module("asuka_judged")
    monkeypatch.setattr(judged, "lpips", lambda a, b, _: float(np.abs(a.astype(float) - b).mean()))
    return importlib.import_module


@pytest.fixture
def samples():
    rng = np.random.default_rng(0)
    found = []
    for place in range(3):
        photo = rng.integers(100, 120, (32, 32, 3), np.uint8)
        hole = np.zeros((32, 32), bool)
        hole[8 + place : 24, 6:20] = True
        found.append(Drawn(photo, hole, place, f"{place}.png"))
    return found


def filled(sample, colour):
    return np.where(sample.hole[..., None], np.uint8(colour), sample.photo)


def test_errors_are_those_of_the_hole_alone(module, samples):
    judged, sample = module("asuka_judged").judged, samples[0]
    other = np.where(sample.hole[..., None], sample.photo + np.uint8(51), sample.photo)
    found = judged(sample, other, sample.photo, None)
    assert found.mse == pytest.approx(40)  # 1000 (51 / 255)^2
    assert found.psnr == pytest.approx(13.98, abs=0.01)
    assert judged(sample, sample.photo, sample.photo, None).mse == 0


def test_rough_fills_count_as_invented_and_smooth_ones_do_not(module, samples):
    judged, sample = module("asuka_judged").judged, samples[0]
    noise = np.where(
        sample.hole[..., None], np.random.default_rng(1).integers(0, 255, (32, 32, 3), np.uint8), sample.photo
    )
    assert [
        judged(sample, fill, sample.photo, None).invented for fill in (noise, sample.photo, filled(sample, 110))
    ] == [
        1,
        0,
        0,
    ]


def test_differences_are_photo_by_photo_with_their_interval(module, samples):
    tool = module("asuka_judged")
    fills = {"first": [filled(s, 0) for s in samples], "second": [s.photo for s in samples]}
    found = tool.judge_all(samples, fills, [s.photo for s in samples], None)
    text = tool.compare("Title", found, ("mse", "lpips"), "first")
    rows = [line for line in text.splitlines() if line.startswith("| second")]
    assert rows[0].startswith("| second | 0.00 | 0.0000 |")
    assert rows[1].startswith("| second minus first | -")
    assert rows[1].count("±") == 2


def test_a_sheet_has_a_column_for_every_fill(module, samples, tmp_path):
    tool = module("asuka_judged")
    tool.save_sheet(tmp_path / "a.png", samples, {"zero": [filled(s, 0) for s in samples]})
    with Image.open(tmp_path / "a.png") as sheet:
        assert sheet.size == (3 * (tool.TILE + 4) - 4, 24 + 3 * (tool.TILE + 4))


def test_the_mean_colour_is_that_of_what_is_known(module, samples):
    sample = samples[0]
    found = module("asuka_study").mean_colour(sample)
    assert np.array_equal(found[~sample.hole], sample.photo[~sample.hole])
    assert np.abs(found[sample.hole] - sample.photo[~sample.hole].mean(0)).max() <= 0.5


def test_named_cards(module):
    named = module("asuka_study").named
    assert named("p = 1=runs/a.json") == ("p = 1", Path("runs/a.json"))
    with pytest.raises(argparse.ArgumentTypeError, match=r"accepted: NAME=CARD\.json"):
        named("a.json")


def write_list(tmp_path, *rows):
    Image.fromarray(np.full((40, 48, 3), 90, np.uint8)).save(tmp_path / "a.png")
    (tmp_path / "list.csv").write_text("\n".join(("file,x0,y0,x1,y1", *rows)) + "\n")
    return tmp_path / "list.csv"


def test_boxes_of_a_list_become_holes(module, tmp_path):
    (sample,) = module("asuka_blank").read_list(write_list(tmp_path, "a.png,0.25,0.5,0.75,1"), tmp_path, 32)
    assert sample.photo.shape == (32, 32, 3)
    assert sample.hole.sum() == 16 * 16
    assert sample.hole[16:, 8:24].all()


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (("a.png,0.5,0.5,0.25,1",), "row 1 of .* has no box in 0 to 1"),
        (("a.png,0.5,0.5,1.25,1",), "row 1 of .* has no box in 0 to 1"),
        (("a.png,0.5,0.5",), "accepted: file, x0, y0, x1, y1"),
        (("a.png,a,b,c,d",), "accepted: file, x0, y0, x1, y1"),
        (("a.png,0.5,0.5,0.501,0.501",), "a box below a pixel"),
        ((), "has no row"),
    ],
)
def test_lists_that_are_none_are_refused(module, tmp_path, rows, said):
    with pytest.raises(ValueError, match=said):
        module("asuka_blank").read_list(write_list(tmp_path, *rows), tmp_path, 32)


def test_the_same_latents_by_several_decoders(module, samples, tmp_path):
    tool = module("asuka_chain")
    chain = tool.read_chain(str(write_base(tmp_path / "base")), 2)
    with seeded(5):
        mae = save(MaeRecipe(MaeConfig(network=MAE), "toy"), tmp_path / "mae.json")
        right = DECODER.model_copy(update={"scaling": chain.vae.config.scaling_factor})
        own = save(DecoderRecipe(DecoderConfig(network=right), "toy"), tmp_path / "own.json")
        other = save(DecoderRecipe(DecoderConfig(network=DECODER), "toy"), tmp_path / "other.json")
    pipeline = chain.with_prior(mae, save(align_recipe(), tmp_path / "align.json"))
    told = chain.sampled(samples, pipeline.describe)
    assert torch.equal(told, chain.sampled(samples, pipeline.describe))
    assert not torch.equal(told, chain.sampled(samples, chain.nothing))
    blank = chain.sampled(samples, module("asuka_blank").tell(pipeline, "blank"))
    assert not torch.equal(told, blank)
    plain, conditioned = (tool.decoded(codec, told, samples) for codec in (chain.plain, chain.conditioned(own)))
    for sample, a, b in zip(samples, plain, conditioned, strict=True):
        assert np.array_equal(a[~sample.hole], sample.photo[~sample.hole])
        assert np.array_equal(b[~sample.hole], sample.photo[~sample.hole])
        assert not np.array_equal(a[sample.hole], b[sample.hole])
    with pytest.raises(ValueError, match=r"decoder: .*other\.json has network\.scaling 1; accepted: 0\.18215"):
        chain.conditioned(other)
    cut = [dataclasses.replace(each, photo=each.photo[:30], hole=each.hole[:30]) for each in samples]
    for measure in (chain.encoded, lambda some: chain.sampled(some, chain.nothing)):
        with pytest.raises(ValueError, match=r"image: is 30 x \d+ pixels; accepted: multiples of 8"):
            measure(cut)
