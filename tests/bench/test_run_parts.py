"""The parts of a run: one fill, the choice of pictures, the table, the costs."""

import numpy as np
import pytest
from PIL import Image

import retouch
from retouch.bench.protocols import Sample
from retouch.bench.results import Measured, Missing, Outcome, Results
from retouch.bench.run.filling import fill_sample
from retouch.bench.run.pictures import choose_samples
from retouch.catalogue import find


@pytest.fixture
def one(photo, hole):
    return Sample(3, "x", photo[:90, :90].copy(), hole[:90, 15:105].copy())


PATCHMATCH = find("patchmatch").needs.options()
HOWS = [{}, PATCHMATCH]  # in windows, and the bare model


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("run_at", [90, 64, 128])
def test_known_pixels_stay_and_the_hole_changes(one, run_at, how):
    filled, seconds = fill_sample(retouch.load("patchmatch"), one, how, seed=0, run_at=run_at)
    assert (filled.shape, filled.dtype) == ((90, 90, 3), np.uint8)
    assert np.array_equal(filled[~one.hole], one.photo[~one.hole])
    assert (filled[one.hole] != one.photo[one.hole]).any()
    assert seconds > 0


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("run_at", [90, 64, 128])
def test_nothing_under_the_hole_reaches_the_fill(one, run_at, how):
    noise = np.random.default_rng(1).integers(0, 256, one.photo.shape, np.uint8)
    other = Sample(3, "x", np.where(one.hole[..., None], noise, one.photo), one.hole)
    filler = retouch.load("patchmatch")
    a, b = (fill_sample(filler, each, how, seed=0, run_at=run_at)[0] for each in (one, other))
    assert np.array_equal(a, b)


def test_seeds_differ_between_samples_and_runs(one):
    filler = retouch.load("patchmatch")
    again = Sample(4, "y", one.photo, one.hole)
    fills = [fill_sample(filler, each, {}, seed=s, run_at=90)[0] for each, s in ((one, 0), (again, 0), (one, 1))]
    assert len({each.tobytes() for each in fills}) == 3
    assert np.array_equal(fills[0], fill_sample(filler, one, {}, seed=0, run_at=90)[0])


def test_direct_hands_over_the_whole_padded_photo(one):
    filler = retouch.load("smooth")
    seen = []

    class Spy:
        needs = filler.method.needs

        def __call__(self, images, masks, options, **how):
            seen.append((images.copy(), masks.copy()))
            return filler.method(images, masks, options, **how)

    fill_sample(retouch.filler.Filler(filler.card, Spy()), one, filler.method.needs.options(), seed=0, run_at=90)
    ((images, masks),) = seen
    assert images.shape == (1, 90, 90, 3)
    assert np.array_equal(masks[0], one.hole)
    assert (images[0][one.hole] == 0).all()


def test_a_fill_of_no_numbers_is_an_error(one):
    filler = retouch.load("smooth")

    class Broken:
        needs = filler.method.needs

        def __call__(self, images, masks, options, **how):
            found = filler.method(images, masks, options, **how)
            found.images[0, 45, 45] = np.nan
            return found

    with pytest.raises(ValueError, match="fill: the model gave colours that are no numbers"):
        fill_sample(retouch.filler.Filler(filler.card, Broken()), one, filler.method.needs.options(), seed=0, run_at=90)


def results(values, failed=(), figures=None, models=("a",), **more):
    """Results with one value per sample and model."""
    images = tuple(Measured(k=k, name=str(k), hole=0.1, seconds=1.0, values=each) for k, each in values.items())
    lost = tuple(Missing(k=k, name=str(k), reason="no") for k in failed)
    outcomes = tuple(
        Outcome(model=model, holes="small", figures=figures or {}, images=images, failed=lost) for model in models
    )
    given = {"protocol": "psm-places-512", "dataset": "places365-val", "split": "all", "size": 512, "seed": 0}
    given |= {"limit": None, "holes": ("small",), "extractor": None, "device": "cpu", "machine": "", "versions": {}}
    given |= {"finished": "", "seconds": 0.0, "count": len(images) + len(lost)}
    return Results(models=models, outcomes=outcomes, **(given | more))


def test_pictures_of_the_worst_the_best_and_others():
    found = choose_samples(results({k: {"lpips": abs(k - 10) / 10, "psnr": 20.0} for k in range(20)}), "small", 6)
    assert {9, 10} <= set(found)  # the best
    assert {0, 1} & set(found)  # among the worst
    assert found == sorted(set(found))
    assert len(found) == 6


def test_pictures_by_psnr_without_lpips():
    found = choose_samples(results({k: {"psnr": float(k * 7 % 20)} for k in range(20)}), "small", 3)
    assert {k * 7 % 20 for k in found} >= {0, 19}


def test_pictures_without_truth_are_evenly_spaced():
    assert choose_samples(results({k: {"texture-ratio": 1.0} for k in range(21)}), "small", 3) == [0, 10, 20]


def test_more_pictures_than_samples_and_none():
    few = results({k: {"psnr": 1.0} for k in (1, 4)}, failed=[2])
    assert choose_samples(few, "small", 12) == [1, 4]
    assert choose_samples(few, "small", 0) == []
    assert choose_samples(results({}, failed=[0, 1]), "small", 5) == []


def test_the_photos_of_the_package_are_whole():
    from retouch.bench.run.quick import SHIPPED

    photos = sorted((SHIPPED / "photos").iterdir())
    shapes = sorted((SHIPPED / "shapes").iterdir())
    assert [path.stem for path in photos] == [path.stem for path in shapes]
    assert len(photos) == 9
    assert sum(path.stat().st_size for path in photos + shapes) < 700_000
    readme = (SHIPPED / "README.md").read_text()
    for path in photos:
        assert f"| {path.name} |" in readme
        with Image.open(path) as image:
            assert min(image.size) == 400
    for path in shapes:
        with Image.open(path) as image:
            edges = np.asarray(image)
            assert image.mode == "1"
            assert all(side.any() for side in (edges[0], edges[-1], edges[:, 0], edges[:, -1]))
