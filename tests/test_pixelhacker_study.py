"""The tables of benchmarks/pixelhacker_study.py, and what it shares with psm_study.py."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("diffusers")

from retouch.catalogue import find
from retouch.data.training.samples import Drawn
from retouch.methods.base import Filled, NoOptions
from retouch.methods.pixelhacker.options import PixelHackerOptions

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def module(monkeypatch):
    """Modules of benchmarks/ by name; LPIPS, whose weights are not here, is the mean difference of colours."""
    monkeypatch.syspath_prepend(BENCHMARKS)

    def distance(a, b, *_):
        return float(np.abs(a.astype(float) - b).mean() / 255)

    monkeypatch.setattr(importlib.import_module("study_quality"), "lpips", distance)
    monkeypatch.setattr(importlib.import_module("pixelhacker_study"), "lpips_in_hole", distance)
    return importlib.import_module


def sample(seed, grey=100):
    photo = np.full((32, 32, 3), grey, np.uint8)
    hole = np.zeros((32, 32), bool)
    hole[8:24, 8:24] = True
    return Drawn(photo, hole, seed, f"photo{seed}")


class Grey:
    """A method whose fills have one grey, a function of options and seed; counts its calls."""

    def __init__(self, grey):
        self.grey, self.calls = grey, []

    def __call__(self, images, masks, options, *, seeds, **_):
        self.calls.append((images, options, seeds))
        return Filled(np.full(images.shape, self.grey(options, seeds[0]) / 255, np.float32))


@pytest.fixture
def study(module):
    def make(grey, greys=(100, 102)):
        samples = tuple(sample(k, grey) for k, grey in enumerate(greys))
        own = PixelHackerOptions(guidance=2, iterations=20, solver="ddim")
        return module("pixelhacker_fills").Study(Grey(grey), samples, None, own)

    return make


def rows(text):
    """Cells of a Markdown table, without head."""
    lines = [line for line in text.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_guidance_is_compared_with_the_best_photo_by_photo(module, study):
    table = rows(module("pixelhacker_study").guidance(study(lambda options, _: 102 + 10 * abs(options.guidance - 2.5))))
    assert [row[0] for row in table] == ["1", "1.5", "2", "2.5", "3", "3.5", "4"]
    assert table[3][-2:] == ["", ""]
    # A quarter of the photo is 15 grey levels off, for photos of 100 and 102 alike: no difference differs.
    assert table[0][-2] == f"{15 / 255 / 4:+.4f} ± 0.0000"
    assert table[0][3] == f"{16 / 255:.4f}"  # L1 in the hole: 17 and 15 levels


def test_a_category_without_effect_has_no_excess(module, study):
    def by_seed(_, seed):
        return 50 + 20 * (seed % 2)

    for row in rows(module("pixelhacker_study").categories(study(by_seed))):
        assert row[2] == "0.0000"
        assert float(row[3]) == float(row[4]) > 0
        assert row[5] == "+0.0000 ± 0.0000"


def test_a_category_with_an_effect_exceeds_the_seeds(module, study):
    def by_both(options, seed):
        return 50 + 20 * (seed % 2) + 60 * (options.task == "foreground")

    found = study(by_both)
    table = rows(module("pixelhacker_study").categories(found))
    assert [row[:2] for row in table] == [["1", "LPIPS"], ["1", "L1"], ["2", "LPIPS"], ["2", "L1"]]
    level = {name: f"{grey / 255:.4f}" for name, grey in (("same", 60), ("seeds", 20), ("both", 60))}
    assert table[1][2:5] == [level["same"], level["seeds"], level["both"]]
    assert table[1][5] == f"{40 / 255:+.4f} ± 0.0000"
    assert {options.guidance for _, options, _ in found.method.calls} == {1, 2}


def test_steps_and_peers_do_not_repeat_what_is_done(module, study):
    pytest.importorskip("cv2")
    found, own = study(lambda options, _: 102 + options.iterations), module("pixelhacker_study")
    table = rows(own.steps(found))
    assert [row[:2] for row in table] == [[f"`{s}`", str(n)] for s in ("ddim", "dpm++") for n in (1, 2, 5, 10, 20, 50)]
    assert [row[-2:] == ["", ""] for row in table] == [k == 4 for k in range(12)]
    assert table[0][-2].startswith("-")  # nearer than with 20 steps
    assert len(found.method.calls) == 12 * 2
    names = [row[0] for row in rows(own.peers(found))]
    assert names == ["PixelHacker", "`telea`", "`smooth`", "`patchmatch`"]
    assert len(found.method.calls) == 12 * 2


def test_starts_are_compared_with_the_usual_one(module, study):
    def by_start(options, _):
        return 110 + 10 * (options.start == "smooth") * (options.strength or 1)

    found = study(by_start)
    table = rows(module("pixelhacker_study").starts(found))
    assert [row[:2] for row in table[:3]] == [["`masked`", "1"], ["`noise`", "1"], ["`smooth`", "1"]]
    assert [row[1] for row in table[3:]] == ["0.7", "0.5", "0.3"]
    assert table[0][-2:] == ["", ""]
    assert [float(row[4]) for row in table[1:]] == pytest.approx([each / 255 for each in (9, 19, 16, 14, 12)], abs=6e-5)
    assert {(options.iterations, options.guidance) for _, options, _ in found.method.calls} == {(20, 2)}


def test_fills_are_blank_where_the_hole_is_and_keep_what_is_known(module):
    method, one = Grey(lambda options, seed: 7), sample(3)
    filled = module("pixelhacker_fills").fill(method, one, NoOptions(), 5)
    images, _, seeds = method.calls[0]
    assert seeds == [5]
    assert (images[0][one.hole] == 0).all()
    assert (images[0][~one.hole] == np.float32(100) / np.float32(255)).all()
    assert (filled[one.hole] == 7).all()
    assert (filled[~one.hole] == 100).all()


def test_differences_are_the_first_minus_the_second(module):
    quality = module("study_quality")
    some = [quality.Quality(k, 0.3, 20.0 + k, 0.1) for k in range(3)]
    others = [quality.Quality(k, 0.1, 21.0, 0.1) for k in range(3)]
    assert quality.apart(some, others) == "+0.2000 ± 0.0000"
    assert quality.apart(some, others, "psnr") == "+0.00 ± 2.48"  # Student's t with 2 degrees of freedom, s = 1
    assert quality.apart(some[:1], others[:1]) == "+0.2000"
    assert quality.means(some, ("lpips", "psnr", "l1")) == ["0.3000", "21.00", "0.1000"]


def test_what_is_done_is_written_before_the_next_part(module, tmp_path, capsys):
    def parts():
        yield "one"
        raise RuntimeError("two")

    with pytest.raises(RuntimeError, match="two"):
        module("study_quality").write_as_done(tmp_path / "s.md", "head\n", parts())
    assert (tmp_path / "s.md").read_text() == "head\none\n"
    assert capsys.readouterr().out == "one\n"


def test_a_model_of_another_method_is_refused(module, monkeypatch):
    own = module("pixelhacker_study")
    monkeypatch.setattr(own, "exported", lambda name: find("telea"))
    monkeypatch.setattr(sys, "argv", ["study", "--model", "psm.json", "--photos", "p", "-o", "s.md"])
    with pytest.raises(SystemExit, match=r"--model: psm\.json is no PixelHacker; accepted: an export of pixelhacker"):
        own.main()
