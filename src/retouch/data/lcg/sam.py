"""Masks by Segment Anything (Kirillov et al. 2023), through the transformers package (extra `diffusion`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from retouch.data.lcg.pretrained import from_folder, normalised
from retouch.data.lcg.select import distinct
from retouch.features.vgg import IMAGENET_DEVIATION, IMAGENET_MEAN

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from torch import Tensor

    from retouch.methods.base import Masks

WHERE = "https://huggingface.co/facebook/sam-vit-huge, sam-vit-large or sam-vit-base"


@dataclass(frozen=True)
class Grid:
    """How masks are asked for without boxes; all but the number of points as SAM's own mask generator does.

    Attributes:
        points: along each side of the grid, as the authors of AlphaCLIP label images.
        quality: least intersection over union that SAM expects of a mask.
        stability: least intersection over union between the mask at a higher and at a lower threshold.
        offset: of these thresholds from 0, in logits.
        overlap: largest intersection over union with a surer mask.
        batch: points or boxes at a time.
    """

    points: int = 16
    quality: float = 0.88
    stability: float = 0.95
    offset: float = 1.0
    overlap: float = 0.7
    batch: int = 64


@dataclass(frozen=True, eq=False)
class _Seen:
    """An encoded image: its embedding [1, C, h, w], the zoom to SAM's size, and (height, width) there and before."""

    embedding: Tensor
    zoom: float
    inside: tuple[int, int]
    size: tuple[int, int]


class SamSegmenter:
    """SAM as a `Segmenter`.

    Args:
        model: a SamModel of the transformers package.
        grid: how masks are asked for without boxes.
    """

    name = "sam"

    def __init__(self, model: Any, grid: Grid | None = None) -> None:
        self.model, self.grid = model, grid or Grid()

    def propose(self, image: NDArray[np.uint8], boxes: NDArray[np.float64] | None = None) -> list[Masks]:
        """As `Segmenter.propose`: a grid of points gives up to three masks each, a box one."""
        import torch

        with torch.inference_mode():
            seen = self._see(image)
            if boxes is not None:
                return [_mask(logits, seen) for logits in self._of_boxes(seen, boxes)]
            return [_mask(logits, seen) for logits in self._of_grid(seen)]

    def _see(self, image: NDArray[np.uint8]) -> _Seen:
        import torch

        side = int(self.model.config.vision_config.image_size)
        height, width = image.shape[:2]
        zoom = side / max(height, width)
        inside = (int(height * zoom + 0.5), int(width * zoom + 0.5))
        pixels = normalised(image, inside, IMAGENET_MEAN, IMAGENET_DEVIATION, Image.Resampling.BILINEAR)  # [3, h, w]
        padded = torch.zeros(1, 3, side, side)  # [1, 3, S, S]
        padded[0, :, : inside[0], : inside[1]] = pixels
        embedding = self.model.get_image_embeddings(padded.to(self.model.device))  # [1, C, h, w]
        return _Seen(embedding, zoom, inside, (height, width))

    def _of_boxes(self, seen: _Seen, boxes: NDArray[np.float64]) -> Iterator[Tensor]:
        """Logits [S, S] for each box."""
        import torch

        scaled = torch.from_numpy(boxes * seen.zoom).float().to(self.model.device)  # [n, 4]
        for some in torch.split(scaled, self.grid.batch):
            answer = self.model(image_embeddings=seen.embedding, input_boxes=some[None], multimask_output=False)
            yield from self._upright(answer.pred_masks[0, :, 0])  # [n, s, s]

    def _of_grid(self, seen: _Seen) -> Iterator[Tensor]:
        """Logits [S, S] of the masks that are good and stable enough and repeat no surer one, the surest first."""
        import torch

        places = (np.arange(self.grid.points) + 0.5) / self.grid.points  # [g]
        x, y = np.meshgrid(places * seen.inside[1], places * seen.inside[0])  # [g, g], [g, g]
        points = torch.from_numpy(np.stack([x.ravel(), y.ravel()], 1)).float().to(self.model.device)  # [g g, 2]
        kept: list[Tensor] = []
        sure: list[float] = []
        for some in torch.split(points, self.grid.batch):
            answer = self.model(image_embeddings=seen.embedding, input_points=some[None, :, None])
            logits, quality = answer.pred_masks[0].flatten(0, 1), answer.iou_scores[0].flatten()  # [3 n, s, s], [3 n]
            good = (quality >= self.grid.quality) & (_stability(logits, self.grid.offset) >= self.grid.stability)
            kept += list(logits[good])
            sure += quality[good].tolist()
        order = np.argsort([-value for value in sure], kind="stable").tolist()
        masks = [(kept[k] > 0).cpu().numpy() for k in order]
        for k in distinct(masks, self.grid.overlap):
            yield from self._upright(kept[order[k]][None])

    def _upright(self, logits: Tensor) -> Iterator[Tensor]:
        """Logits [n, s, s] one by one at SAM's own size [S, S]."""
        from torch.nn.functional import interpolate

        side = int(self.model.config.vision_config.image_size)
        for each in logits:
            yield interpolate(each[None, None].float(), (side, side), mode="bilinear", align_corners=False)[0, 0]


def load_sam(folder: str | os.PathLike[str], device: str = "cpu", grid: Grid | None = None) -> SamSegmenter:
    """SAM from a folder with config.json and model.safetensors, as its repositories hold them.

    Raises:
        ImportError: the extra is missing.
        WeightsMissing, ValueError: the folder does not hold SAM.
    """
    return SamSegmenter(from_folder("SamModel", folder, WHERE, device), grid)


def _stability(logits: Tensor, offset: float) -> Tensor:
    """[n] area above `offset` / area above -`offset`: their intersection over union, as one holds the other."""
    high, low = (logits > offset).sum((1, 2)), (logits > -offset).sum((1, 2))  # [n], [n]
    return high / low.clamp(min=1)


def _mask(logits: Tensor, seen: _Seen) -> Masks:
    """[H, W] bool of logits [S, S]: the padding goes, the rest is scaled back."""
    from torch.nn.functional import interpolate

    inside = logits[None, None, : seen.inside[0], : seen.inside[1]]  # [1, 1, h, w]
    whole = interpolate(inside, seen.size, mode="bilinear", align_corners=False)[0, 0]  # [H, W]
    mask: Masks = (whole > 0).cpu().numpy()
    return mask
