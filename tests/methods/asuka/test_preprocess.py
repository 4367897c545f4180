"""What the autoencoder sees: nothing of the hole, every stroke, and OpenCV's areas."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from retouch.methods.asuka.preprocess import (  # noqa: E402
    area,
    denormalise,
    normalise,
    official_preprocess,
    preprocess,
)

SIZES = [(64, 64), (128, 192), (101, 147), (300, 421), (20, 50), (64, 31)]


def photo(height, width, seed=0):
    """[1, 3, H, W] of 8 bits, in [0, 1]."""
    values = torch.randint(0, 256, (1, 3, height, width), generator=torch.Generator().manual_seed(seed))
    return values.float() / 255


def blob(height, width):
    hole = torch.zeros(1, 1, height, width)
    hole[:, :, height // 3 : height // 2 + 1, width // 4 : width // 2 + 1] = 1
    return hole


@pytest.mark.parametrize("size", SIZES)
def test_nothing_of_the_hole_is_seen(size):
    hole = blob(*size)
    mine, mask = preprocess(photo(*size), hole, 64)
    other, _ = preprocess(torch.where(hole > 0, photo(*size, seed=1), photo(*size)), hole, 64)
    assert torch.equal(mine, other)
    assert (mine * mask == 0).all()
    assert 0 < mask.mean() < 1


def test_the_official_way_shows_some_of_it():
    hole = torch.zeros(1, 1, 128, 128)
    hole[:, :, 41:80, 41:80] = 1  # an odd border
    white = torch.where(hole > 0, torch.ones(1), torch.zeros(1, 3, 128, 128))
    black, _ = official_preprocess(torch.zeros(1, 3, 128, 128), hole, 64)
    seen, _ = official_preprocess(white, hole, 64)
    assert not torch.equal(black, seen)
    assert torch.equal(*(preprocess(x, hole, 64)[0] for x in (torch.zeros(1, 3, 128, 128), white)))


@pytest.mark.parametrize("size", [(256, 256), (500, 350), (65, 64), (30, 40)])
def test_a_stroke_of_one_pixel_is_seen_wherever_it_is(size):
    height, width = size
    for at in range(0, width, 13):
        hole = torch.zeros(1, 1, height, width)
        hole[..., at] = 1
        mask = preprocess(torch.zeros(1, 3, height, width), hole, 64)[1]
        assert mask.amax(3).min() == 1  # it runs from the upper edge to the lower


def test_the_official_way_loses_strokes():
    hole = torch.zeros(1, 1, 256, 256)
    hole[..., 101] = 1
    assert official_preprocess(torch.zeros(1, 3, 256, 256), hole, 64)[1].sum() == 0
    assert preprocess(torch.zeros(1, 3, 256, 256), hole, 64)[1].sum() == 64


def test_known_areas_are_normalised_means():
    x = photo(128, 128)
    ours, mask = preprocess(x, torch.zeros(1, 1, 128, 128), 64)
    mean = x.reshape(1, 3, 64, 2, 64, 2).mean((3, 5))
    expected = (mean - torch.tensor([0.485, 0.456, 0.406])[:, None, None]) / torch.tensor([0.229, 0.224, 0.225])[
        :, None, None
    ]
    torch.testing.assert_close(ours, expected)
    assert mask.sum() == 0
    torch.testing.assert_close(denormalise(normalise(x)), x)


def test_a_photo_that_is_all_hole_is_blank():
    ours, mask = preprocess(photo(70, 90), torch.ones(1, 1, 70, 90), 64)
    assert (ours == 0).all()
    assert (mask == 1).all()


def test_a_hole_with_soft_edges_counts_wholly():
    hole = 0.01 * blob(64, 64)
    assert torch.equal(preprocess(photo(64, 64), hole, 64)[1], blob(64, 64))


@pytest.mark.parametrize("size", [(24, 36), (31, 47), (5, 20)])
def test_areas_weigh_every_pixel_by_what_lies_in_them(size):
    x = photo(*size).double()
    fine = x.repeat_interleave(12, 2).repeat_interleave(12, 3)  # then areas are whole
    expected = fine.reshape(1, 3, 12, size[0], 12, size[1]).mean((3, 5))
    torch.testing.assert_close(area(x, 12), expected)


@pytest.mark.parametrize("size", [(128, 128), (256, 256), (192, 320), (101, 147), (421, 300)])
def test_the_official_way_is_opencvs(size):
    cv2 = pytest.importorskip("cv2")
    x, hole = photo(*size), blob(*size)
    ours, mask = official_preprocess(x, hole, 64)
    image = (x[0].permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)
    small = cv2.resize(image, (64, 64), interpolation=cv2.INTER_AREA)
    nearest = cv2.resize(hole[0, 0].numpy(), (64, 64), interpolation=cv2.INTER_NEAREST)
    assert np.array_equal(mask[0, 0].numpy(), nearest)
    eight = (denormalise(ours) * 255).round() * (1 - mask)
    difference = np.abs(eight[0].permute(1, 2, 0).numpy() - small * (1 - nearest)[..., None])
    # Sums that end on a half may round either way: OpenCV adds in single precision.
    assert difference.max() <= 1
    assert (difference > 0).mean() < 1e-3


@pytest.mark.parametrize("make", [preprocess, official_preprocess])
@pytest.mark.parametrize(
    ("photos", "holes", "message"),
    [
        (torch.zeros(3, 8, 8), torch.zeros(1, 1, 8, 8), r"photos: is \[3, 8, 8\]"),
        (torch.zeros(1, 4, 8, 8), torch.zeros(1, 1, 8, 8), r"photos: is \[1, 4, 8, 8\]"),
        (torch.zeros(1, 3, 8, 8, dtype=torch.uint8), torch.zeros(1, 1, 8, 8), "torch.uint8; accepted: .* floats"),
        (torch.zeros(2, 3, 8, 8), torch.zeros(1, 1, 8, 8), r"holes: is \[1, 1, 8, 8\]; accepted: \[2, 1, 8, 8\]"),
        (torch.zeros(1, 3, 8, 8), torch.zeros(1, 1, 8, 9), r"holes: is \[1, 1, 8, 9\]; accepted: \[1, 1, 8, 8\]"),
    ],
)
def test_other_shapes_are_refused(make, photos, holes, message):
    with pytest.raises(ValueError, match=message):
        make(photos, holes, 4)
