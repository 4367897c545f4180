"""One image's values."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from retouch.bench import metrics
from retouch.bench.measure.conventions import interpret
from retouch.bench.measure.networks import load_extractor, load_lpips
from retouch.bench.metrics.check import check_image_pair, check_mask

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.bench.measure.choice import Choice

    Image: TypeAlias = NDArray[np.uint8]
    Mask: TypeAlias = NDArray[np.bool_]
    Measure: TypeAlias = Callable[[Image, Image, Mask], float]


class Meter:
    """Measures fills as `choice` says; made once per process, for it loads the networks.

    Raises:
        WeightsMissing: weights that `choose` found are gone.
        ImportError: an extra that `choose` found is gone.
        ValueError: an unknown metric, extractor or convention, or a weights file with another content.
    """

    def __init__(self, choice: Choice) -> None:
        self._measures = _measures(choice)
        self._extractor = None
        if choice.extractor is not None:
            self._extractor = load_extractor(choice.extractor, choice.weights, choice.device)

    def __call__(self, photo: Image, filled: Image, hole: Mask) -> dict[str, float]:
        """Values by metric.

        Left out are values that do not exist: NaN and infinite ratios (a flat photo has no texture to compare with; a
        hole that is the whole image has no seam), and metrics that the image is too small for. Means over images
        would not survive them. PSNR of equal images is infinite by definition and stays.

        Args:
            photo: uint8 [H, W, 3], the truth; without one (removal) the photo as it was.
            filled: uint8 [H, W, 3].
            hole: bool [H, W], True = hole.

        Raises:
            ValueError: another type or size, or an empty hole.
        """
        check_image_pair(photo, filled)
        check_mask(hole, photo)
        values = {}
        for name, measure in self._measures.items():
            try:
                value = measure(photo, filled, hole)
            except ValueError:  # after the checks above: the image is smaller than the metric's window
                continue
            if not math.isnan(value):
                values[name] = value
        return values

    def features(self, image: Image) -> NDArray[np.float32] | None:
        """The image's features [d]; None where no metric of sets is measured.

        Raises:
            ValueError: it is not uint8 [H, W, 3].
        """
        return None if self._extractor is None else self._extractor([image])[0]


def _measures(choice: Choice) -> dict[str, Measure]:
    """The chosen functions of (photo, filled, hole)."""
    how = interpret(choice.conventions)
    table: dict[str, Measure] = {
        "psnr": lambda photo, filled, _: metrics.psnr(photo, filled, convention=how.psnr),
        "psnr-hole": lambda photo, filled, hole: metrics.psnr(photo, filled, mask=hole, convention=how.psnr),
        "ssim": lambda photo, filled, _: metrics.ssim(photo, filled, convention=how.ssim),
        "l1": lambda photo, filled, _: metrics.l1(photo, filled),
        "l1-hole": lambda photo, filled, hole: metrics.l1(photo, filled, mask=hole),
        "gradient-at-edge": lambda photo, filled, hole: metrics.gradient_at_edge(filled, photo, hole),
        "seam-colour-offset": lambda _, filled, hole: metrics.seam_colour_offset(filled, hole),
        "texture-ratio": lambda _, filled, hole: _finite(metrics.texture_ratio(filled, hole)),
    }
    if "lpips" in choice.images:
        lpips = load_lpips(how.lpips_net, choice.weights, choice.device)
        table["lpips"] = lambda photo, filled, _: metrics.lpips(photo, filled, lpips, reading=how.lpips_reading)
    if "clip" in choice.images:
        table["clip"] = _clip(choice)
    for name in choice.images:
        if name not in table:
            raise ValueError(f"metric {name!r} is none of one image; known: {', '.join(table)}")
    return {name: table[name] for name in choice.images}


def _clip(choice: Choice) -> Measure:
    extractor = load_extractor("clip", choice.weights, choice.device)

    def similarity(photo: Image, filled: Image, hole: Mask) -> float:
        rows = extractor([metrics.only_hole(image, hole) for image in (photo, filled)])  # [2, d]
        return metrics.clip_similarity(rows[:1], rows[1:])

    return similarity


def _finite(value: float) -> float:
    return value if math.isfinite(value) else math.nan
