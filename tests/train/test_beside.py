"""Another version of each photo beside it: the same crops, in any order, from any step on."""

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from retouch.data.training.photos import photos_in  # noqa: E402
from retouch.data.training.settings import SampleSettings  # noqa: E402
from retouch.train.beside import BesideLoader, beside  # noqa: E402

SETTINGS = SampleSettings(size=32, holes="mat-256-large", draft=False)
PLACE = {"batch": 4, "seed": 3}


@pytest.fixture
def folders(tmp_path):
    """Photos, and their negatives under the same names with another suffix; one more that nobody asked for."""
    for name in ("photos", "negatives"):
        (tmp_path / name).mkdir()
    for k in range(5):
        photo = np.random.default_rng(k).integers(0, 256, (40 + 8 * k, 70, 3), np.uint8)
        Image.fromarray(photo).save(tmp_path / "photos" / f"{k}.png")
        Image.fromarray(255 - photo).save(tmp_path / "negatives" / f"{k}.bmp")
    Image.new("RGB", (50, 50)).save(tmp_path / "negatives" / "2b.png")
    return tmp_path


def loader(folders):
    return BesideLoader(photos_in(folders / "photos"), folders / "negatives", SETTINGS)


def take(made, first, count):
    batches = made.batches(first, **PLACE)
    found = [next(batches) for _ in range(count)]
    batches.close()
    return found


def test_labels_are_the_same_crops(folders):
    for batch in take(loader(folders), 0, 4):
        assert batch.labels.shape == batch.photos.shape
        # Cropping and scaling of a negative is the negative, but for rounding.
        assert (batch.photos + batch.labels - 1).abs().max() < 2.5 / 255


def test_it_can_be_entered_at_any_step(folders):
    late, whole = take(loader(folders), 2, 1)[0], take(loader(folders), 0, 3)[2]
    assert torch.equal(late.labels, whole.labels)
    assert torch.equal(late.photos, whole.photos)


def test_the_stream_is_another_one_than_without(folders):
    made = loader(folders)
    assert made.fingerprint != made.other.fingerprint
    assert made.fingerprint == loader(folders).fingerprint


def test_a_photo_that_is_missing_is_named(folders):
    (folders / "negatives" / "3.bmp").unlink()
    with pytest.raises(ValueError, match=r"data\.beside: .*negatives lacks 1 photos, first '3'; accepted: all"):
        beside(photos_in(folders / "photos"), folders / "negatives")
    with pytest.raises(FileNotFoundError, match=r"data\.beside: "):
        beside(photos_in(folders / "photos"), folders / "none")


def test_a_photo_that_only_one_folder_can_use_is_named(folders):
    (folders / "negatives" / "3.bmp").write_bytes(b"damaged")
    with pytest.raises(ValueError, match=r"data\.beside: '3' can be used in one folder only; accepted: in both"):
        take(loader(folders), 0, 3)
