"""SSIM (Wang et al. 2004), in the three conventions that papers use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from retouch.bench.metrics.check import check_image_pair, choose

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.bench.metrics.check import Image

    Plane = NDArray[np.float64]

_GREY = (0.2989, 0.587, 0.114)


def ssim(a: Image, b: Image, *, convention: Literal["mat", "lama", "asuka"] = "mat") -> float:
    """Structural similarity, 1 for equal images.

    Args:
        a: uint8 [H, W, 3].
        b: uint8 [H, W, 3].
        convention: "mat": 11 x 11 Gaussian of sigma 1.5, where the window fits, mean over RGB. "lama": the same
            window everywhere, zeros around the image. "asuka": grey (0.2989, 0.587, 0.114), 7 x 7 uniform where it
            fits, sample covariance.

    Raises:
        ValueError: another type, size or convention, or an image smaller than the window.
    """
    check_image_pair(a, b)
    choose(convention, ("mat", "lama", "asuka"), "convention")
    side = 7 if convention == "asuka" else 11
    if min(a.shape[:2]) < side and convention != "lama":
        raise ValueError(f"a: is {list(a.shape)}; accepted: sides of at least {side} for convention {convention!r}")
    if convention == "asuka":
        window = np.full(side, 1 / side)  # [7]
        # Sample covariance: n / (n - 1) of the population's, over 49 pixels.
        return _mean_ssim(_grey(a), _grey(b), window, spread=49 / 48)
    place = np.arange(side) - side // 2  # [11]
    window = np.exp(-(place**2) / (2 * 1.5**2))  # [11]
    window /= window.sum()
    around = side // 2 if convention == "lama" else 0
    planes = [[np.pad(x[..., k] / 255.0, around) for x in (a, b)] for k in range(3)]
    return float(np.mean([_mean_ssim(x, y, window) for x, y in planes]))


def _mean_ssim(x: Plane, y: Plane, window: Plane, spread: float = 1.0) -> float:
    """Mean over all places where the separable `window` fits; x, y [H, W] in [0, 1]."""
    mean_x, mean_y = _filter(x, window), _filter(y, window)  # [h, w]
    var_x = (_filter(x * x, window) - mean_x**2) * spread  # [h, w]
    var_y = (_filter(y * y, window) - mean_y**2) * spread  # [h, w]
    both = (_filter(x * y, window) - mean_x * mean_y) * spread  # [h, w]
    c1, c2 = 0.01**2, 0.03**2
    value = (2 * mean_x * mean_y + c1) * (2 * both + c2)  # [h, w]
    value /= (mean_x**2 + mean_y**2 + c1) * (var_x + var_y + c2)
    return float(value.mean())


def _filter(x: Plane, window: Plane) -> Plane:
    n = len(window)
    down = np.zeros((x.shape[0] - n + 1, x.shape[1]))  # [h, W]
    for k, w in enumerate(window):
        down += w * x[k : k + len(down)]
    out = np.zeros((len(down), x.shape[1] - n + 1))  # [h, w]
    for k, w in enumerate(window):
        out += w * down[:, k : k + out.shape[1]]
    return out


def _grey(x: Image) -> Plane:
    return x @ np.array(_GREY) / 255.0  # type: ignore[no-any-return]
