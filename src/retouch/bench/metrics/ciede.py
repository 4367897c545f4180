"""Colour differences as people see them: sRGB to CIELAB, and CIEDE2000 (Sharma, Wu and Dalal 2005)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_TO_XYZ = np.array(
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]]
)  # fmt: skip
_WHITE = np.array([0.95047, 1.0, 1.08883])  # D65, two degrees


def srgb_to_lab(image: NDArray[np.uint8]) -> Floats:
    """CIELAB [..., 3] (L 0 to 100; a, b about -128 to 127) of sRGB uint8 [..., 3]; white is D65.

    Raises:
        ValueError: another type, or not three channels.
    """
    if image.dtype != np.uint8 or image.ndim == 0 or image.shape[-1] != 3:
        raise ValueError(f"image: is {image.dtype} {list(image.shape)}; accepted: a uint8 array [..., 3]")
    value = image / 255.0  # [..., 3]
    linear = np.where(value > 0.04045, ((value + 0.055) / 1.055) ** 2.4, value / 12.92)  # [..., 3]
    relative = linear @ _TO_XYZ.T / _WHITE  # [..., 3]
    bent = np.where(relative > 0.008856, np.cbrt(relative), 7.787 * relative + 16 / 116)  # [..., 3]
    x, y, z = bent[..., 0], bent[..., 1], bent[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1)


def ciede2000(one: Floats, two: Floats) -> Floats:
    """Colour difference [...] of CIELAB colours [..., 3]; 1 is about what can just be seen. Symmetric.

    Raises:
        ValueError: not three channels, or shapes that do not fit.
    """
    one, two = np.asarray(one, np.float64), np.asarray(two, np.float64)
    if one.shape[-1:] != (3,) or one.shape != two.shape:
        raise ValueError(f"one, two: are {list(one.shape)} and {list(two.shape)}; accepted: both [..., 3]")
    mean_chroma = (np.hypot(one[..., 1], one[..., 2]) + np.hypot(two[..., 1], two[..., 2])) / 2
    lift = 1.5 - 0.5 * np.sqrt(mean_chroma**7 / (mean_chroma**7 + 25.0**7))  # 1 + G
    chroma1, hue1 = _polar(lift * one[..., 1], one[..., 2])
    chroma2, hue2 = _polar(lift * two[..., 1], two[..., 2])
    turn = np.where(chroma1 * chroma2 == 0, 0.0, (hue2 - hue1 + 180) % 360 - 180)
    # Exactly opposite hues turn by +180 degrees where the second is larger; the remainder gives -180.
    turn = np.where((turn == -180) & (hue2 > hue1), 180.0, turn)
    light, chroma = (one[..., 0] + two[..., 0]) / 2, (chroma1 + chroma2) / 2
    hue = _mean_hue(hue1, hue2, chroma1 * chroma2 == 0)
    scale_light = 1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2)
    scale_chroma, scale_hue = 1 + 0.045 * chroma, 1 + 0.015 * chroma * _weight(hue)
    in_light = (two[..., 0] - one[..., 0]) / scale_light
    in_chroma = (chroma2 - chroma1) / scale_chroma
    in_hue = 2 * np.sqrt(chroma1 * chroma2) * np.sin(np.radians(turn / 2)) / scale_hue
    blue = -np.sin(np.radians(60 * np.exp(-(((hue - 275) / 25) ** 2))))
    blue = blue * 2 * np.sqrt(chroma**7 / (chroma**7 + 25.0**7))
    squared = in_light**2 + in_chroma**2 + in_hue**2 + blue * in_chroma * in_hue
    difference: Floats = np.sqrt(np.maximum(squared, 0))
    return difference


def _polar(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    return np.hypot(a, b), np.degrees(np.arctan2(b, a)) % 360


def _mean_hue(one: Floats, two: Floats, grey: NDArray[np.bool_]) -> Floats:
    """The middle of two hues in degrees, on the shorter way; of a grey, which has none, the other's."""
    total = one + two
    far = np.abs(one - two) > 180
    middle = np.where(far, np.where(total < 360, total + 360, total - 360), total) / 2
    return np.where(grey, total, middle)


def _weight(hue: Floats) -> Floats:
    def cosine(times: int, offset: float) -> Floats:
        return np.cos(np.radians(times * hue + offset))

    return 1 - 0.17 * cosine(1, -30) + 0.24 * cosine(2, 0) + 0.32 * cosine(3, 6) - 0.20 * cosine(4, -63)
