"""SAM as a segmenter: a tiny one with random weights, and one whose answers are known."""

from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from retouch.data.lcg.sam import Grid, SamSegmenter, load_sam  # noqa: E402
from retouch.weights import WeightsMissing  # noqa: E402
from tests.data.lcg.models_for_tests import tiny_clip, tiny_sam  # noqa: E402
from tests.data.lcg.pairs_for_tests import box_mask  # noqa: E402

SIDE, LOW = 64, 16  # of the model's images and of its logits
SIZE = (48, 96)


class Known:
    """Answers like SAM: a point gives a disc around it of radius 8, 4 and 24; a box gives itself. In SAM's pixels."""

    config = SimpleNamespace(vision_config=SimpleNamespace(image_size=SIDE))
    device = torch.device("cpu")
    quality = (0.95, 0.9, 0.5)

    def get_image_embeddings(self, pixels):
        self.seen = pixels
        return torch.zeros(1, 4, 8, 8)

    def __call__(self, image_embeddings, input_points=None, input_boxes=None, multimask_output=True):
        places = (torch.arange(LOW) + 0.5) * SIDE / LOW
        y, x = torch.meshgrid(places, places, indexing="ij")
        if input_boxes is not None:
            x0, y0, x1, y1 = (input_boxes[0, :, k, None, None] for k in range(4))
            masks = torch.minimum(torch.minimum(x - x0, x1 - x), torch.minimum(y - y0, y1 - y))[None, :, None]
            return SimpleNamespace(pred_masks=10 * masks, iou_scores=torch.ones(1, len(masks[0]), 1))
        points = input_points[0, :, 0]  # [n, 2]
        distance = torch.hypot(x - points[:, 0, None, None], y - points[:, 1, None, None])  # [n, s, s]
        masks = torch.stack([radius - distance for radius in (8, 4, 24)], 1)[None]  # [1, n, 3, s, s]
        return SimpleNamespace(pred_masks=10 * masks, iou_scores=torch.tensor([[self.quality] * len(points)]))


def iou(a, b):
    return (a & b).sum() / (a | b).sum()


def test_a_box_gives_its_mask_in_the_photos_own_pixels():
    boxes = np.array([[12.0, 6.0, 60.0, 42.0], [48.0, 0.0, 96.0, 24.0]])
    model = Known()
    masks = SamSegmenter(model).propose(np.full((*SIZE, 3), 128, np.uint8), boxes)
    for mask, box in zip(masks, boxes.astype(int).tolist(), strict=True):
        assert mask.shape == SIZE
        assert iou(mask, box_mask(SIZE, *box)) > 0.85
    assert model.seen.shape == (1, 3, SIDE, SIDE)
    assert (model.seen[0, :, :32] != 0).all()  # 48 x 96 becomes 32 x 64
    assert (model.seen[0, :, 32:] == 0).all()


def test_points_lie_on_a_grid_and_bad_masks_go():
    masks = SamSegmenter(Known(), Grid(points=2, stability=0.5)).propose(np.zeros((*SIZE, 3), np.uint8))
    assert len(masks) == 8  # quality of the third of each point is too low
    y, x = np.mgrid[: SIZE[0], : SIZE[1]] + 0.5
    for k, (cx, cy) in enumerate([(24, 12), (72, 12), (24, 36), (72, 36)]):
        disc = np.hypot(x - cx, y - cy) < 12  # 8 pixels of SAM's are 12 of the photo's
        assert iou(masks[k], disc) > 0.8  # the surest first


def test_unstable_and_repeated_masks_go():
    image = np.zeros((*SIZE, 3), np.uint8)
    assert SamSegmenter(Known(), Grid(points=2, stability=1.1)).propose(image) == []
    assert SamSegmenter(Known(), Grid(points=2, quality=0.96)).propose(image) == []
    close = SamSegmenter(Known(), Grid(points=24, stability=0.5, overlap=0.5)).propose(image)
    assert 8 < len(close) < 24 * 24
    assert all(iou(a, b) < 0.75 for k, a in enumerate(close) for b in close[:k])  # measured before scaling up


def test_batches_of_points_change_nothing():
    image = np.random.default_rng(0).integers(0, 255, (*SIZE, 3), np.uint8)
    grids = (Grid(points=3, stability=0.5, batch=batch) for batch in (2, 64))
    one, two = (SamSegmenter(Known(), grid).propose(image) for grid in grids)
    assert len(one) == len(two) > 0
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))


def test_the_real_model_runs(tmp_path):
    pytest.importorskip("transformers")
    tiny_sam().save_pretrained(tmp_path)
    grid = Grid(points=2, quality=-100, stability=0)
    segmenter = load_sam(tmp_path, grid=grid)
    image = np.random.default_rng(0).integers(0, 255, (*SIZE, 3), np.uint8)
    boxes = np.array([[12.0, 6.0, 60.0, 42.0], [48.0, 0.0, 96.0, 24.0], [1.0, 1.0, 5.0, 5.0]])
    masks = segmenter.propose(image, boxes)
    assert [mask.shape for mask in masks] == [SIZE] * 3
    assert [mask.dtype for mask in masks] == [np.bool_] * 3
    again = SamSegmenter(tiny_sam(), Grid(batch=1)).propose(image, boxes)
    assert all((a == b).mean() > 0.99 for a, b in zip(masks, again, strict=True))
    assert segmenter.propose(image)


def test_folders_without_sam(tmp_path):
    pytest.importorskip("transformers")
    with pytest.raises(WeightsMissing, match=r"SamModel: .* lacks config.json or model.safetensors; get them from"):
        load_sam(tmp_path)
    tiny_sam().save_pretrained(tmp_path / "sam")
    (tmp_path / "sam/model.safetensors").write_bytes(b"torn")
    with pytest.raises(ValueError, match=r"SamModel: .* cannot be read"):
        load_sam(tmp_path / "sam")
    tiny_clip().save_pretrained(tmp_path / "clip")
    with pytest.raises(ValueError, match=r"SamModel: .*clip"):
        load_sam(tmp_path / "clip")
