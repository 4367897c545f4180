"""From values and features of all images to figures."""

import math
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retouch.bench import metrics
from retouch.bench.measure import Choice, figures, sets
from retouch.bench.protocols import protocol
from retouch.bench.results import Bucket, Measured
from tests.bench.samples import features

WIDTH, COUNT = 4, 40
NAMES = ("fid", "kid", "p-ids", "u-ids", "precision", "recall")
REAL = features(COUNT, WIDTH).astype(np.float32)
FAKE = features(COUNT, WIDTH, seed=1, shift=0.3).astype(np.float32)


def choice(images=(), sets_=NAMES, protocol_="psm-places-512"):
    return Choice(tuple(images), tuple(sets_), protocol(protocol_).conventions, "inception", None, "cpu")


def measured(values, holes=None):
    return [
        Measured(k=k, name=f"p{k}", hole=0.25 if holes is None else holes[k], seconds=1, values=each)
        for k, each in enumerate(values)
    ]


def blocks(real=REAL, fake=FAKE, cuts=()):
    """Gives (real, fake) in blocks that end at `cuts`."""
    ends = [*sorted(cuts), len(real)]
    return lambda: ((real[a:b], fake[a:b]) for a, b in zip([0, *ends[:-1]], ends, strict=True))


def of_sets(real=REAL, fake=FAKE, images=None, cuts=(), **chosen):
    images = measured([{}] * (len(real) if images is None else images))
    return figures(images, blocks(real, fake, cuts), choice(**chosen))


def test_means_over_images():
    values, holes = [20.0, 23.0, 28.5], [0.05, 0.12, 0.18]
    found, left_out = figures(measured([{"psnr": v} for v in values], holes), None, choice(["psnr"], ()))
    assert left_out == {}
    figure = found["psnr"]
    assert (figure.value, figure.count) == (pytest.approx(np.mean(values)), 3)
    assert figure.std == pytest.approx(np.std(values, ddof=1))
    assert figure.buckets[:2] == (
        Bucket(low=0, high=0.1, count=1, mean=20.0),
        Bucket(low=0.1, high=0.2, count=2, mean=25.75),
    )
    assert [each.mean for each in figure.buckets[2:]] == [None] * 8


def test_a_figure_is_of_the_images_that_have_a_value():
    images = measured([{"l1": 0.2, "texture-ratio": 0.5}, {"l1": 0.4}], [0.1, 0.9])
    found, left_out = figures(images, None, choice(["l1", "texture-ratio", "clip"], ()))
    assert (found["l1"].count, found["l1"].value) == (2, pytest.approx(0.3))
    ratio = found["texture-ratio"]
    assert (ratio.count, ratio.value, ratio.std) == (1, 0.5, None)
    assert [each.count for each in ratio.buckets] == [0, 1, 0, 0, 0, 0, 0, 0, 0, 0]
    assert left_out == {"clip": "no image has a value"}


def test_an_infinite_psnr_does_not_hide_the_others():
    found, _ = figures(measured([{"psnr": math.inf}, {"psnr": 20.0}]), None, choice(["psnr"], ()))
    assert (found["psnr"].value, found["psnr"].count, found["psnr"].buckets[2].mean) == (20.0, 1, 20.0)
    found, _ = figures(measured([{"psnr": math.inf}] * 2), None, choice(["psnr"], ()))
    assert (found["psnr"].value, found["psnr"].std, found["psnr"].count) == (math.inf, None, 2)


def test_no_images_no_figures():
    found, left_out = figures([], lambda: iter(()), choice(["l1"]))
    assert found == {}
    assert left_out == {"l1": "no image has a value", **dict.fromkeys(NAMES, "of 0 images: needs at least 2")}


def test_set_values_are_those_of_the_metrics():
    found, left_out = of_sets()
    both = metrics.precision_recall(REAL, FAKE, k=3)
    assert left_out == {}
    assert {name: each.value for name, each in found.items()} == {
        "fid": metrics.fid(REAL, FAKE, divisor="n"),
        "kid": metrics.kid(REAL, FAKE),
        "p-ids": metrics.p_ids(REAL, FAKE),
        "u-ids": metrics.u_ids(REAL, FAKE),
        "precision": both.precision,
        "recall": both.recall,
    }
    assert {(each.count, each.std, each.buckets) for each in found.values()} == {(COUNT, None, ())}
    assert 0 < found["u-ids"].value <= 0.5  # per cent are for tables
    assert 0 < found["p-ids"].value < 1


def test_the_divisor_is_the_protocol_s():
    found, _ = of_sets(sets_=["fid"], protocol_="pixelhacker-1")
    assert found["fid"].value == metrics.fid(REAL, FAKE, divisor="n-1")


def test_names_over_other_features_are_kept():
    plain, _ = of_sets()
    other, left_out = of_sets(sets_=("fd-vgg", "kd-vgg", "p-ids-vgg", "u-ids-vgg", "precision-vgg", "recall-vgg"))
    assert left_out == {}
    assert [each.value for each in other.values()] == [each.value for each in plain.values()]
    assert list(other)[:2] == ["fd-vgg", "kd-vgg"]


@given(st.lists(st.integers(1, COUNT - 1), max_size=6))
def test_blocks_change_no_digit(cuts):
    assert of_sets(cuts=cuts) == of_sets()


def test_blocks_change_no_digit_of_many_rows():
    real, fake = (features(1500, 3, seed=k).astype(np.float32) for k in range(2))
    whole = of_sets(real, fake, sets_=["fid"])
    assert whole == of_sets(real, fake, sets_=["fid"], cuts=(1, 511, 512, 513, 1400))
    assert whole[0]["fid"].value == metrics.fid(real, fake)


def test_kid_of_many_rows_is_the_mean_of_subsets(monkeypatch):
    monkeypatch.setattr(sets, "_SUBSET", 20)
    found, _ = of_sets(sets_=["kid"])
    assert found["kid"].value == metrics.kid_subsets(REAL, FAKE, size=20).mean != metrics.kid(REAL, FAKE)


def test_too_few_images_leave_out_what_does_not_hold():
    found, left_out = of_sets(REAL[:4], FAKE[:4])
    assert left_out == {"fid": "of 4 images over 4 features: needs more than 4"}
    assert "kid" in found
    found, left_out = of_sets(REAL[:2], FAKE[:2])
    assert left_out["u-ids"] == left_out["p-ids"] == "of 2 images over 4 features: needs more than 2"
    assert left_out["precision"] == left_out["recall"] == "real: has 2 rows; accepted: at least 4"
    assert list(found) == ["kid"]
    assert of_sets(REAL[:1], FAKE[:1]) == ({}, dict.fromkeys(NAMES, "of 1 images: needs at least 2"))


@pytest.mark.parametrize("chosen", [("fid",), ("kid",), NAMES])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_features_that_are_no_numbers_name_the_image(value, chosen):
    fake = FAKE.copy()
    fake[13, 1] = value
    images = measured([{"l1": 0.5}] * COUNT)
    found, left_out = figures(images, blocks(REAL, fake, (10,)), choice(["l1"], chosen))
    assert left_out == dict.fromkeys(chosen, "features: of the fill of 'p13' are NaN or infinite")
    assert found["l1"].value == 0.5


def test_features_of_other_images_than_measured():
    reasons = of_sets(images=COUNT + 1)[1]
    assert reasons == dict.fromkeys(NAMES, "features: are of 40 images; accepted: of all 41")
    reasons = of_sets(images=COUNT - 1, cuts=(30,))[1]
    assert set(reasons.values()) == {"features: are of more than 39 images"}
    for odd, shape in ((FAKE[:, :3], [40, 3]), (FAKE[1:], [39, 4])):
        reasons = of_sets(fake=odd)[1]
        assert set(reasons.values()) == {f"features: a block is {shape}; accepted: [40, 4]"}


def test_features_that_cannot_be_read_cost_only_the_sets():
    def broken():
        yield REAL[:10], FAKE[:10]
        raise OSError("features.bin: damaged")

    found, left_out = figures(measured([{"l1": 0.5}] * COUNT), broken, choice(["l1"]))
    assert list(found) == ["l1"]
    assert left_out == dict.fromkeys(NAMES, "features.bin: damaged")


def test_features_are_not_read_for_nothing():
    def unread():
        raise AssertionError("no metric of sets is measured")

    found, left_out = figures(measured([{"l1": 0.5}] * 3), unread, choice(["l1"], ()))
    assert (list(found), left_out) == (["l1"], {})


def test_without_features():
    assert figures(measured([{}]), None, choice()) == ({}, dict.fromkeys(NAMES, "no features were computed"))


def test_a_solver_that_gives_up_does_not_touch_the_others(monkeypatch):
    from retouch.bench.metrics.svm import NotConverged

    def never(*args, **options):
        raise NotConverged("the separating plane was not found")

    monkeypatch.setattr(sets, "ids", never)
    found, left_out = of_sets()
    assert left_out == dict.fromkeys(("p-ids", "u-ids"), "the separating plane was not found")
    assert found.keys() == set(NAMES) - {"p-ids", "u-ids"}


def test_fid_keeps_no_rows():
    seen, alive = [], []

    def stream():
        for k in range(8):
            rows = features(5, WIDTH, seed=k).astype(np.float32)
            seen.append(weakref.ref(rows))
            yield rows, rows.copy()
            alive.append(sum(ref() is not None for ref in seen))
            del rows

    names = [f"p{k}" for k in range(40)]
    assert sets._gather(stream, names, choice(sets_=["fd-vgg"])).rows is None
    assert max(alive) <= 3
    assert sets._gather(blocks(), names, choice(sets_=["fid", "kid"])).rows is not None


def test_the_same_again_is_the_same():
    images = measured([{"psnr": 20.0 + k} for k in range(COUNT)])
    assert figures(images, blocks(), choice(["psnr"])) == figures(images, blocks(), choice(["psnr"]))
