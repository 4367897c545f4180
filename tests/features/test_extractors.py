"""From images to features: loaders, batches, labels, the cache."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from retouch.features import NAMES, FeatureCache, extract, features, load  # noqa: E402
from retouch.features.loaders import load_lpips  # noqa: E402
from retouch.weights import WeightsMissing  # noqa: E402
from tests.bench.samples import image  # noqa: E402

WEIGHTS = Path(os.environ.get("RETOUCH_WEIGHTS") or Path(__file__).resolve().parents[2].parent / "shared" / "weights")
needs_weights = pytest.mark.skipif(
    not (WEIGHTS / "vgg16_features_fp16.safetensors").is_file(),
    reason="no VGG16 weights here (../shared/weights or RETOUCH_WEIGHTS)",
)


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    from huggingface_hub.errors import LocalEntryNotFoundError

    def download(*args, **options):
        raise LocalEntryNotFoundError("tests do not use the network")

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    monkeypatch.delenv("RETOUCH_WEIGHTS", raising=False)


def made(name):
    from retouch.features.efficientnet import EfficientNetLite0
    from retouch.features.inception import Inception
    from retouch.features.resnet import ResNet50
    from retouch.features.vgg import Vgg16

    return {
        "inception": lambda: Inception(fid=True),
        "inception-imagenet": lambda: Inception(fid=False),
        "vgg16-relu5_3": lambda: Vgg16(classifier=False),
        "resnet50": ResNet50,
        "efficientnet-lite0": EfficientNetLite0,
    }[name]()


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """Writes a file of random weights for an extractor, once."""
    folder = tmp_path_factory.mktemp("weights")

    def write(name):
        target = folder / f"{name}.pth"
        if not target.exists():
            with torch.random.fork_rng():
                torch.manual_seed(0)
                torch.save(made(name).state_dict(), target)
        return target

    return write


WIDTHS = {
    "inception": 2048,
    "inception-imagenet": 2048,
    "vgg16-relu5_3": 512,
    "resnet50": 2048,
    "efficientnet-lite0": 1280,
}


@pytest.mark.parametrize("name", WIDTHS)
def test_features_do_not_depend_on_the_batch(file, name):
    extractor = load(name, file(name))
    images = [image(40, 50, 0), image(64, 64, 1), image(33, 90, 2)]
    together = extractor(images)
    assert together.shape == (3, WIDTHS[name]) == (3, extractor.width)
    assert together.dtype == np.float32
    assert len(np.unique(together, axis=0)) == 3
    for k in range(3):
        assert (extractor(images[k : k + 1])[0] == together[k]).all()
    assert (extractor(images[::-1])[::-1] == together).all()
    assert (features(images, extractor) == together).all()


def test_nothing_is_learned_or_left_behind(file):
    weights = file("efficientnet-lite0")
    before = torch.is_grad_enabled(), torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    seed = torch.get_rng_state()
    extractor = load("efficientnet-lite0", weights)
    first, second = extractor([image()]), extractor([image()])
    assert (first == second).all()
    after = torch.is_grad_enabled(), torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    assert after == before
    assert (torch.get_rng_state() == seed).all()


def test_metrics_off_their_network_get_another_name(file):
    vgg, inception = load("vgg16-relu5_3", file("vgg16-relu5_3")), load("inception", file("inception"))
    assert [inception.label(m) for m in ("fid", "kid", "u_ids", "p_ids")] == ["fid", "kid", "u_ids", "p_ids"]
    assert [vgg.label(m) for m in ("fid", "kid", "u_ids")] == ["fd-vgg", "kd-vgg", "u_ids-vgg"]
    assert load("inception-imagenet", file("inception-imagenet")).label("fid") == "fd-inception-imagenet"


def test_unknown_names_and_bad_files_are_refused(file, tmp_path):
    with pytest.raises(ValueError, match="name: is 'inceptoin'; accepted: inception, "):
        load("inceptoin")
    with pytest.raises(ValueError, match=r"vgg16-relu5_3\.pth: \d+ keys are missing, first"):
        load("resnet50", file("vgg16-relu5_3"))
    with pytest.raises(ValueError, match="has shape"):
        load("inception-imagenet", file("inception"))
    wrong = tmp_path / "inception_v3_google-0cc3c7bd.pth"
    wrong.write_bytes(file("inception-imagenet").read_bytes())
    with pytest.raises(ValueError, match=r"SHA-256 is .*; accepted: 0cc3c7bd"):
        load("inception-imagenet", tmp_path)


@pytest.mark.parametrize("name", [n for n in NAMES if n not in ("dinov2", "clip")])
def test_missing_weights_are_said(name, tmp_path):
    for path in (None, tmp_path):
        with pytest.raises(WeightsMissing, match=r"; get .* from .*RETOUCH_WEIGHTS"):
            load(name, path)
    with pytest.raises(WeightsMissing, match=r"LPIPS|AlexNet"):
        load_lpips("alex", tmp_path)


def test_bad_images_are_refused(file):
    extractor = load("efficientnet-lite0", file("efficientnet-lite0"))
    for bad, message in (
        (image() / 255, r"images\[1\]: is float64"),
        (image()[..., :1], r"images\[1\]: is uint8 \[40, 50, 1\]"),
        (image()[:0], r"images\[1\]: is uint8 \[0, 50, 3\]"),
        ("photo.png", r"images\[1\]: is str"),
    ):
        with pytest.raises(ValueError, match=message):
            extractor([image(), bad])
        with pytest.raises(ValueError, match=message):
            features([image(), bad], extractor)


@pytest.fixture
def counting(file):
    """An extractor, and the list of what its network has seen."""
    extractor = load("efficientnet-lite0", file("efficientnet-lite0"))
    seen = []

    def feature(x):
        seen.append(x)
        return extractor.feature(x)

    return replace(extractor, feature=feature), seen


def test_cached_features_are_not_computed_again(counting, tmp_path):
    extractor, seen = counting
    cache = FeatureCache(tmp_path / "features")
    images = [image(seed=k) for k in (0, 1, 0)]
    first = features(images, extractor, cache)
    assert len(seen) == 2
    assert (features(images, extractor, cache) == first).all()
    assert len(seen) == 2
    assert (features(images, extractor) == first).all()


def test_the_cache_knows_images_and_networks_apart(counting, tmp_path):
    extractor, _ = counting
    cache = FeatureCache(tmp_path)
    keys = {
        cache.key(image(40, 50), extractor),
        cache.key(image(50, 40).reshape(40, 50, 3)[::-1], extractor),
        cache.key(np.ascontiguousarray(image(40, 50)).reshape(50, 40, 3), extractor),
        cache.key(image(40, 50), replace(extractor, identity="other weights")),
        cache.key(image(40, 50), replace(extractor, name="other layer")),
    }
    assert len(keys) == 5
    twice = np.repeat(image(40, 50), 2, axis=1)[:, ::2]
    assert cache.key(twice, extractor) == cache.key(image(40, 50), extractor)


@pytest.mark.parametrize("content", [b"", b"half a file", None])
def test_a_damaged_cache_file_is_computed_again(counting, tmp_path, content):
    extractor, seen = counting
    cache = FeatureCache(tmp_path)
    first = features([image()], extractor, cache)
    (stored,) = (p for p in tmp_path.rglob("*.npy"))
    if content is None:
        np.save(stored, np.zeros(3, np.float32))
    else:
        stored.write_bytes(content)
    assert (features([image()], extractor, cache) == first).all()
    assert len(seen) == 2
    assert (features([image()], extractor, cache) == first).all()
    assert len(seen) == 2


def test_streams_take_one_image_at_a_time(counting):
    extractor, _ = counting
    drawn = []

    def stream():
        for k in range(3):
            drawn.append(k)
            yield image(seed=k)

    rows = extract(stream(), extractor)
    next(rows)
    assert drawn == [0]
    assert len(list(rows)) == 2
    assert features([], extractor).shape == (0, 1280)


@needs_weights
def test_real_vgg_tells_blur_from_photo(photo):
    from retouch.bench.metrics import kid

    extractor = load("vgg16-relu5_3", WEIGHTS)
    assert extractor.identity.startswith("91b70d1d")
    windows = [photo[y : y + 64, x : x + 64] for y in (0, 12, 24) for x in (0, 18, 36, 54)]
    flat = [np.broadcast_to(w.mean((0, 1)).astype(np.uint8), w.shape).copy() for w in windows]
    real, smeared = extractor(windows), extractor(flat)
    assert kid(real[::2], smeared) > 10 * abs(kid(real[::2], real[1::2]))
