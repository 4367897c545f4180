"""A segmenter and a scorer that were not learned: so that all of it runs without weights. They know no objects.

The segmenter gives regions of even colour (Felzenszwalb and Huttenlocher 2004), through scikit-image (extra `cv`). The
scorer guesses from colour and place: what reaches the photo's border widely is background, the rest foreground.
"""

from __future__ import annotations

import colorsys
import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from retouch.data.categories import category

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from retouch.methods.base import Masks


@dataclass(frozen=True)
class Regions:
    """Regions of even colour at several scales; boxes get the regions that lie mostly inside.

    Attributes:
        scales: larger ones give larger regions.
        side: of the longer side, in pixels, to which photos are scaled down before.
    """

    scales: tuple[float, ...] = (100.0, 400.0)
    side: int = 256
    name: str = "regions"

    def propose(self, image: NDArray[np.uint8], boxes: NDArray[np.float64] | None = None) -> list[Masks]:
        """As `Segmenter.propose`; without boxes the largest regions first.

        Raises:
            ImportError: scikit-image is missing; the message names the extra.
        """
        if boxes is not None:
            return [_in_box(self._numbers(image, min(self.scales)), box) for box in boxes]
        found: list[Masks] = []
        for scale in self.scales:
            numbers = self._numbers(image, scale)  # [H, W]
            found += [numbers == number for number in np.unique(numbers)]
        return sorted(found, key=lambda mask: -int(mask.sum()))

    def _numbers(self, image: NDArray[np.uint8], scale: float) -> NDArray[np.int32]:
        """[H, W] region numbers."""
        zoom = min(1.0, self.side / max(image.shape[:2]))
        height, width = (max(1, round(length * zoom)) for length in image.shape[:2])
        small = np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BOX))  # [h, w, 3]
        numbers = _skimage().felzenszwalb(small, scale=scale, sigma=0.8, min_size=60)  # [h, w]
        picture = Image.fromarray(numbers.astype(np.int32), mode="I")
        large = picture.resize((image.shape[1], image.shape[0]), Image.Resampling.NEAREST)
        return np.asarray(large)  # [H, W]


@dataclass(frozen=True)
class ColourAndPlace:
    """Guesses one of eight categories from a region's colour and from how much of the photo's border it covers.

    Attributes:
        border: share of the photo's border from which a region is background; at a quarter of it or less it is surely
            foreground, at four times it surely background.
    """

    border: float = 0.06
    name: str = "colour and place"

    def score(self, image: NDArray[np.uint8], mask: Masks, names: Sequence[str]) -> NDArray[np.float64]:
        """As `Scorer.score`: the guess gets 0.5 to 1, the others share the rest; without it among `names` all alike."""
        edge = np.concatenate([mask[0], mask[-1], mask[1:-1, 0], mask[1:-1, -1]])  # [2 (H + W) - 4]
        reach = max(float(edge.mean()), 1e-6)
        guess = _background(image, mask) if reach >= self.border else _foreground(image, mask)
        sure = 0.5 + 0.5 * min(abs(np.log(reach / self.border)) / np.log(4), 1.0)
        words = category(guess).words
        n = len(names)
        if words not in names or n == 1:
            return np.full(n, 1 / n)  # [n]
        rest = (1 - sure) / (n - 1)
        return np.array([sure if name == words else rest for name in names])  # [n]


def _background(image: NDArray[np.uint8], mask: Masks) -> str:
    hue, saturation, value = _colour(image, mask)
    top, bottom = bool(mask[0].any()), bool(mask[-1].any())
    if top and not bottom and value > 0.5:
        return "sky-other-merged"
    if 70 <= hue <= 170 and saturation > 0.15:
        return "grass-merged"
    if bottom and not top:
        return "floor-other-merged"
    return "wall-other-merged"


def _foreground(image: NDArray[np.uint8], mask: Masks) -> str:
    hue, saturation, value = _colour(image, mask)
    if value < 0.25:
        return "shadow"
    if 70 <= hue <= 170 and saturation > 0.15:
        return "tree-merged"
    return "flower" if saturation > 0.45 else "rock-merged"


def _colour(image: NDArray[np.uint8], mask: Masks) -> tuple[float, float, float]:
    """Hue in degrees, saturation and value of the mean colour."""
    red, green, blue = (image[mask].mean(axis=0) / 255).tolist()
    hue, saturation, value = colorsys.rgb_to_hsv(red, green, blue)
    return hue * 360, saturation, value


def _in_box(numbers: NDArray[np.int32], box: NDArray[np.float64]) -> Masks:
    """The regions of which more than half lies in the box, as far as they lie in it; without any, the whole box."""
    x0, y0 = np.floor(box[:2]).astype(int).tolist()
    x1, y1 = np.ceil(box[2:]).astype(int).tolist()
    inside = np.zeros(numbers.shape, bool)  # [H, W]
    inside[y0:y1, x0:x1] = True
    n = int(numbers.max()) + 1
    total, within = np.bincount(numbers.ravel(), minlength=n), np.bincount(numbers[inside], minlength=n)  # [n], [n]
    mask: Masks = inside & (2 * within > total)[numbers]  # [H, W]
    return mask if mask.any() else inside


def _skimage() -> Any:
    try:
        return importlib.import_module("skimage.segmentation")
    except ImportError as error:
        raise ImportError("regions: needs the extra 'cv': pip install 'retouch[cv]'") from error
