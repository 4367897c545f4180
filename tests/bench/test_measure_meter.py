"""One image's values and features."""

import math

import numpy as np
import pytest

import retouch.features
from retouch.bench import metrics
from retouch.bench.measure import Choice, Meter
from retouch.bench.protocols import protocol
from tests.bench.samples import box, image

PLAIN = ("psnr", "psnr-hole", "ssim", "l1", "l1-hole", "gradient-at-edge", "seam-colour-offset", "texture-ratio")


def choice(images=PLAIN, protocol_="psm-places-512", extractor=None):
    return Choice(tuple(images), (), protocol(protocol_).conventions, extractor, None, "cpu")


def pair():
    photo, hole = image(), box()
    return photo, np.where(hole[..., None], image(seed=1) // 2, photo), hole


class Colours:
    """An extractor whose features are an image's mean colours."""

    def __call__(self, images):
        return np.stack([x.mean((0, 1)) for x in images]).astype(np.float32)  # [N, 3]


@pytest.fixture
def colours(monkeypatch):
    asked = []

    def load(name, weights=None, device="cpu"):
        asked.append((name, device))
        return Colours()

    monkeypatch.setattr(retouch.features, "load", load)
    return asked


@pytest.mark.parametrize(
    ("name", "psnr", "ssim"),
    [("psm-places-512", "mat", "mat"), ("lama-places-512", "mat", "lama"), ("asuka-misato-512", "asuka", "asuka")],
)
def test_values_are_those_of_the_metrics(name, psnr, ssim):
    photo, filled, hole = pair()
    assert Meter(choice(protocol_=name))(photo, filled, hole) == {
        "psnr": metrics.psnr(photo, filled, convention=psnr),
        "psnr-hole": metrics.psnr(photo, filled, mask=hole, convention=psnr),
        "ssim": metrics.ssim(photo, filled, convention=ssim),
        "l1": metrics.l1(photo, filled),
        "l1-hole": metrics.l1(photo, filled, mask=hole),
        "gradient-at-edge": metrics.gradient_at_edge(filled, photo, hole),
        "seam-colour-offset": metrics.seam_colour_offset(filled, hole),
        "texture-ratio": metrics.texture_ratio(filled, hole),
    }


def test_only_what_is_chosen_is_measured():
    assert list(Meter(choice(["l1", "psnr"]))(*pair())) == ["l1", "psnr"]


def test_metrics_without_truth_do_not_look_at_the_photo():
    photo, filled, hole = pair()
    meter = Meter(choice(["seam-colour-offset", "texture-ratio"], "removal"))
    assert meter(photo, filled, hole) == meter(image(seed=9), filled, hole)


def test_values_that_do_not_exist_are_left_out():
    photo, _, hole = pair()
    flat = np.full_like(photo, 90)
    assert "texture-ratio" not in Meter(choice())(flat, flat, hole)  # 0 / 0
    noise = np.where(hole[..., None], photo, flat)
    assert "texture-ratio" not in Meter(choice())(flat, noise, hole)  # x / 0
    assert "texture-ratio" in Meter(choice())(photo, flat // 2 + photo // 2, hole)
    everywhere = Meter(choice())(photo, flat, hole | True)
    assert not {"seam-colour-offset", "texture-ratio"} & everywhere.keys()
    assert everywhere["psnr"] == everywhere["psnr-hole"]


def test_an_image_smaller_than_a_window_has_the_other_values():
    photo, filled, hole = (x[10:20, 13:30] for x in pair())
    values = Meter(choice())(photo, filled, hole)
    assert values.keys() == set(PLAIN) - {"ssim"}


def test_psnr_of_equal_images_is_infinite():
    photo, _, hole = pair()
    values = Meter(choice())(photo, photo, hole)
    assert (values["psnr"], values["psnr-hole"], values["l1"], values["ssim"]) == (math.inf, math.inf, 0, 1)
    assert Meter(choice(protocol_="asuka-misato-512"))(photo, photo, hole)["psnr"] == pytest.approx(70)


def test_bad_images_are_refused():
    photo, filled, hole = pair()
    meter = Meter(choice([]))
    for given, message in (
        ((photo / 255, filled, hole), "a: is float64"),
        ((photo, filled[1:], hole), "b: is "),
        ((photo, filled, hole.astype(int)), "mask: is int64"),
        ((photo, filled, hole & False), "mask: has no hole"),
    ):
        with pytest.raises(ValueError, match=message):
            meter(*given)


def test_features_are_the_extractor_s(colours):
    photo, filled, _ = pair()
    meter = Meter(choice(["l1"], extractor="vgg16-relu5_3"))
    assert colours == [("vgg16-relu5_3", "cpu")]
    for x in (photo, filled):
        row = meter.features(x)
        assert (row.shape, row.dtype) == ((3,), np.float32)
        assert (row == Colours()([x])[0]).all()


def test_no_extractor_no_features(colours):
    meter = Meter(choice())
    assert meter.features(image()) is None
    assert colours == []


def test_clip_sees_the_hole_only(colours):
    photo, filled, hole = pair()
    inside = [metrics.only_hole(x, hole) for x in (photo, filled)]
    one, two = Colours()(inside).astype(np.float64)
    value = Meter(choice(["clip"]))(photo, filled, hole)["clip"]
    assert value == pytest.approx(one @ two / np.linalg.norm(one) / np.linalg.norm(two), abs=1e-12)
    assert value == Meter(choice(["clip"]))(np.where(hole[..., None], photo, 0).astype(np.uint8), filled, hole)["clip"]


@pytest.mark.parametrize(
    ("name", "net", "reading"),
    [
        ("psm-places-512", "alex", "signed"),
        ("2dgs-celebahq", "alex", "unit"),
        ("lama-places-512", "vgg", "signed"),
    ],
)
def test_lpips_as_the_protocol_has_it(monkeypatch, name, net, reading):
    torch = pytest.importorskip("torch")
    from retouch.features import loaders
    from retouch.features.lpips import Lpips

    with torch.random.fork_rng():
        torch.manual_seed(0)
        networks = {net: Lpips(net)}
    monkeypatch.setattr(loaders, "load_lpips", lambda net, weights=None, device="cpu": networks[net])
    photo, filled, hole = pair()
    values = Meter(choice(["lpips", "l1"], name))(photo, filled, hole)
    assert values["lpips"] == metrics.lpips(photo, filled, networks[net], reading=reading) != 0
    small = slice(12, 28)
    assert list(Meter(choice(["lpips", "l1"], name))(photo[small], filled[small], hole[small])) == ["l1"]


def test_an_unknown_metric_is_refused():
    with pytest.raises(ValueError, match="metric 'lpisp' is none of one image; known: psnr, "):
        Meter(choice(["lpisp"]))
