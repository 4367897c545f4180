"""What an autoencoder loses when a photo passes through it again and again (the paper's Fig. 5). Needs no PyTorch.

Hues turn with every pass, and not only fine detail is lost: low frequencies, which eyes notice at a seam, are off too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.methods.base import Images

RoundTrip: TypeAlias = "Callable[[Images], Images]"
"""A photo [H, W, 3] float32 in [0, 1], encoded and decoded: the same shape."""

# Octaves in cycles per pixel; the first has the mean colour too, the last the corners beyond 1/2.
EDGES = (0.0, 1 / 64, 1 / 32, 1 / 16, 1 / 8, 1 / 4, np.inf)


@dataclass(frozen=True)
class Pass:
    """How far photos are off after some passes.

    Attributes:
        hue: mean turn of the hue, degrees from 0 to 180.
        bands: error of each octave of EDGES, root mean square in 8-bit levels; their squares add up to the whole's.
    """

    hue: float
    bands: tuple[float, ...]

    @property
    def error(self) -> float:
        """Error over all frequencies, root mean square in 8-bit levels."""
        return float(np.sqrt(np.square(self.bands).sum()))


@dataclass(frozen=True, eq=False)
class Drift:
    """What was measured.

    Attributes:
        passes: after 1, 2, ... passes, over all photos.
        strip: the first photo, and what became of it after each pass, [H, W, 3] float32 in [0, 1] each.
    """

    passes: tuple[Pass, ...]
    strip: tuple[Images, ...]


def drift(
    photos: Sequence[Images],
    round_trip: RoundTrip,
    passes: int,
    progress: Callable[[int, int], None] | None = None,
) -> Drift:
    """Encode and decode each photo `passes` times, and measure after each pass.

    Values are clamped to [0, 1] between passes and not rounded: what is lost, the autoencoder has lost.

    Args:
        photos: [H, W, 3] float32 in [0, 1] each.
        round_trip: the autoencoder.
        passes: how many.
        progress: called with (photos done, photos).

    Raises:
        ValueError: no photo or pass; the round trip gives another shape, or values that are no finite numbers.
    """
    if not photos or passes < 1:
        raise ValueError(f"photos, passes: are {len(photos)} and {passes}; accepted: at least 1 each")
    hues = np.zeros((len(photos), passes))  # [N, passes]
    squares = np.zeros((len(photos), passes, len(EDGES) - 1))  # [N, passes, bands]
    strip = [photos[0]]
    for n, photo in enumerate(photos):
        image = photo  # [H, W, 3]
        for k in range(passes):
            out = round_trip(image)
            if out.shape != photo.shape:
                raise ValueError(f"round_trip: gives {list(out.shape)}; accepted: {list(photo.shape)}, as the photo")
            if not np.isfinite(out).all():
                raise ValueError("vae: gives values that are no finite numbers; its weights are of no use")
            image = np.clip(out, 0.0, 1.0)
            hues[n, k], squares[n, k] = hue_shift(image, photo), np.square(band_errors(image, photo))
            if n == 0:
                strip.append(image)
        if progress is not None:
            progress(n + 1, len(photos))
    bands = np.sqrt(squares.mean(0))  # [passes, bands]
    found = tuple(Pass(float(hue), tuple(map(float, row))) for hue, row in zip(hues.mean(0), bands, strict=True))
    return Drift(found, tuple(strip))


def hue_shift(image: Images, truth: Images) -> float:
    """Mean |difference of hue| in degrees, each pixel weighted with its colourfulness in `truth`; 0 without colours.

    Hue is the angle, colourfulness the length, of a colour in the plane across the grey axis.

    Args:
        image: [H, W, 3].
        truth: the same shape.
    """
    ours, theirs = _across_grey(image), _across_grey(truth)  # [H, W] complex
    turn = np.abs(np.angle(ours * np.conj(theirs), deg=True))  # [H, W]
    weight = np.where(np.abs(ours) > 0, np.abs(theirs), 0.0)  # a grey has no hue
    return float((turn * weight).sum() / weight.sum()) if weight.any() else 0.0


def band_errors(image: Images, truth: Images) -> NDArray[np.float64]:
    """Root mean square of image - truth in each octave of EDGES, in 8-bit levels: [bands].

    By Parseval's theorem the mean square is sum |F|^2 / (H W)^2, so that the squares of the bands add up.

    Args:
        image: [H, W, 3] in [0, 1].
        truth: the same shape.
    """
    height, width = image.shape[:2]
    error = 255 * (image.astype(np.float64) - truth)  # [H, W, 3]
    power = np.square(np.abs(np.fft.fft2(error, axes=(0, 1)))).mean(2) / (height * width) ** 2  # [H, W]
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width))  # [H, W]
    band = np.digitize(frequency, EDGES[1:-1])  # [H, W]
    return np.sqrt(np.bincount(band.ravel(), power.ravel(), minlength=len(EDGES) - 1))


def _across_grey(image: Images) -> NDArray[np.complex128]:
    r, g, b = (image[..., k].astype(np.float64) for k in range(3))  # [H, W] each
    return (r - (g + b) / 2) + 1j * (np.sqrt(3) / 2 * (g - b))  # type: ignore[no-any-return]
