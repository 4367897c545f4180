"""What is measured in one process: the cases, the scene, the calls."""

import numpy as np
import pytest
from PIL import Image

from retouch import catalogue
from retouch.bench.speed import cases, measure
from retouch.bench.speed.scene import box, noise, scene
from retouch.methods.base import Filled, Needs

CALLS = []


class Counting:
    """Fills with grey and keeps what it was called with."""

    parameters = 1234

    def __init__(self, needs):
        self.needs = needs

    def __call__(self, images, masks, options, *, seeds=None, scale=1, progress=None, cancel=None):
        CALLS.append((images, masks, list(seeds)))
        return Filled(np.full_like(images, 0.5))


def build(needs, device):
    return Counting(needs)


@pytest.fixture
def counting(monkeypatch):
    """A model "counting" whose calls are kept in CALLS."""
    text = dict.fromkeys(("summary", "good_at", "bad_at", "licence"), "")
    needs = Needs(multiple=8, smallest=32)
    card = catalogue.Card(name="counting", **text, needs=needs, build="tests.bench.test_speed:build")
    far = catalogue.Card(name="far", **text, needs=needs, build="", devices=("cpu", "cuda"))
    lacking = catalogue.Card(name="lacking", **text, needs=needs, build="", extra="cv", imports=("no_such_module",))
    monkeypatch.setattr(catalogue, "CARDS", (*catalogue.CARDS, card, far, lacking))
    CALLS.clear()
    return card


def test_every_model_size_and_batch_is_a_case():
    found = cases(["smooth", "patchmatch", "smooth"], [(32, 48), (64, 64)], batches=(1, 3, 1), hole=0.1, repeats=2)
    assert [(each.model, each.width, each.height, each.batch) for each in found] == [
        (model, width, height, batch)
        for model in ("smooth", "patchmatch")
        for width, height in ((48, 32), (64, 64))
        for batch in (1, 3)
    ]
    assert {(each.hole, each.repeats, each.photo) for each in found} == {(0.1, 2, None)}


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"models": ["smoth"]}, "model 'smoth' is unknown; did you mean 'smooth'"),
        ({"models": []}, "model: none is given"),
        ({"sizes": []}, "size: none is given"),
        ({"sizes": [(24, 64)]}, "size: is 64x24; accepted for model 'counting': sides from 32"),
        ({"sizes": [(64, 70)]}, "size: is 70x64; accepted for model 'counting': multiples of 8"),
        ({"sizes": [(8, 64)], "through": "fill"}, "sides from 16"),
        ({"batches": (1, 0)}, "batch: is 0; accepted: 1 or more"),
        ({"batches": ()}, "batch: is 0; accepted: 1 or more"),
        ({"batches": (1, 2), "through": "fill"}, "batch: is 2; accepted through fill: 1"),
        ({"hole": 0.0}, "hole: is 0; accepted: a share above 0 and up to 0.9"),
        ({"hole": 0.91}, "hole: is 0.91"),
        ({"hole": float("nan")}, "hole: is nan"),
        ({"repeats": 0}, "repeats: is 0; accepted: 1 or more"),
        ({"warm_up": -1}, "warm-up: is -1; accepted: 0 or more"),
        ({"through": "window"}, "through: is 'window'; accepted: method, fill"),
        ({"device": "cudda"}, "device 'cudda' is unknown; did you mean 'cuda'"),
        ({"device": "cuda"}, "device: model 'counting' runs on cpu, not on 'cuda'"),
    ],
)
def test_bad_cases_are_refused(counting, given, text):
    with pytest.raises(ValueError, match=text):
        cases(**({"models": ["counting"], "sizes": [(64, 64)]} | given))


def test_a_missing_accelerator_is_said(counting, monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match="device: this machine has no 'cuda'"):
        cases(["far"], [(64, 64)], device="cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert cases(["far"], [(64, 64)], device="cuda")[0].device == "cuda"


def test_a_missing_extra_is_said(counting):
    with pytest.raises(ImportError, match=r"needs the extra 'cv'"):
        cases(["lacking"], [(64, 64)])


def test_a_missing_photo_is_said(tmp_path):
    with pytest.raises(FileNotFoundError, match="photo: there is no file"):
        cases(["smooth"], [(64, 64)], photo=tmp_path / "none.png")


def test_the_method_is_called_as_often_as_said(counting):
    (case,) = cases(["counting"], [(64, 96)], batches=(3,), repeats=4, warm_up=2)
    timing = measure(case)
    assert len(CALLS) == 1 + 2 + 4
    for images, masks, seeds in CALLS:
        assert images.shape == (3, 64, 96, 3)
        assert images.dtype == np.float32
        assert masks.shape == (3, 64, 96)
        assert not images[masks].any()
        assert seeds == [0, 1, 2]
    assert (timing.device, timing.parameters, timing.device_memory_mb) == ("cpu", 1234, None)
    assert timing.low_ms <= timing.ms <= timing.high_ms
    assert min(timing.load_s, timing.first_ms, timing.low_ms, timing.cores, timing.threads) > 0
    assert timing.memory_mb is None or timing.memory_mb > 1


def test_an_accelerator_is_waited_for(counting, monkeypatch):
    torch = pytest.importorskip("torch")
    waited = []
    monkeypatch.setattr(Counting, "device", torch.device("cuda:0"), raising=False)
    monkeypatch.setattr(torch.accelerator, "synchronize", lambda: waited.append(len(CALLS)))
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device: 3 * 2**20)
    (case,) = cases(["counting"], [(32, 32)], repeats=2, warm_up=1)
    timing = measure(case)
    # After the first call, after the warm-up, and after each timed call.
    assert waited == [1, 2, 3, 4]
    assert (timing.device, timing.device_memory_mb) == ("cuda:0", 3.0)


def test_through_fill_the_windows_are_timed_too(counting):
    (case,) = cases(["counting"], [(50, 70)], through="fill", repeats=2, warm_up=0)
    measure(case)
    assert len(CALLS) == 3
    # Windows are padded to what the method takes.
    assert all(side % 8 == 0 for images, _, _ in CALLS for side in images.shape[1:3])


def test_a_model_that_tells_no_parameters_has_none():
    (case,) = cases(["smooth"], [(32, 32)], repeats=1, warm_up=0)
    assert measure(case).parameters is None


@pytest.mark.parametrize("share", [0.01, 0.25, 0.9])
@pytest.mark.parametrize(("height", "width"), [(256, 256), (200, 333)])
def test_the_hole_covers_the_share_asked_for(height, width, share):
    mask = box(height, width, share)
    assert mask.mean() == pytest.approx(share, abs=0.01)
    assert abs(int(mask[:, : width // 2].sum()) - int(mask[:, -(width // 2) :].sum())) <= height


def test_the_smallest_hole_is_a_pixel_and_the_largest_leaves_some():
    assert box(16, 16, 1e-6).sum() == 1
    assert not box(16, 16, 0.9).all()


def test_noise_has_the_spectrum_of_photos():
    image = noise(256, 256, 0)
    assert (image.min() >= 0, image.max() <= 1, image.dtype) == (True, True, np.float32)
    assert image.std() > 0.1
    power = np.abs(np.fft.rfft2(image[..., 1])[:128, :128]) ** 2  # [128, 128]
    frequency = np.hypot(*np.mgrid[:128, :128])
    bands = [power[(frequency >= low) & (frequency < 2 * low)].mean() for low in (4, 8, 16, 32)]
    # Amplitude 1/f: the power falls to a quarter with each doubling.
    np.testing.assert_allclose(np.divide(bands[1:], bands[:-1]), 0.25, rtol=0.4)


def test_the_scene_is_the_same_every_time_and_its_images_differ():
    (case,) = cases(["smooth"], [(40, 32)], batches=(2,))
    first, again = scene(case)[0], scene(case)[0]
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first[0], first[1])


def test_a_photo_is_scaled_to_the_size(tmp_path):
    file = tmp_path / "red.png"
    Image.new("RGB", (90, 50), (255, 0, 0)).save(file)
    (case,) = cases(["smooth"], [(32, 48)], batches=(2,), photo=file)
    images, masks = scene(case)
    assert images.shape == (2, 32, 48, 3)
    np.testing.assert_array_equal(np.unique(images[~masks], axis=0), [[1, 0, 0]])
