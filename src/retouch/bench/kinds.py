"""What each metric's name means to a reader: its title, which way is better, how many digits tell something."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal


@dataclass(frozen=True)
class Kind:
    """A metric as reports speak of it.

    Attributes:
        name: kebab-case key of results, such as "lpips" or "fd-vgg".
        title: how it is written in tables.
        better: "lower", "higher", or "one" where 1 is ideal and both sides of it are worse.
        over: "image": one value per image, reported as their mean; "set": one value for all images together.
        digits: behind the point.
        percent: values in [0, 1] that papers print in per cent.
    """

    name: str
    title: str
    better: Literal["lower", "higher", "one"]
    over: Literal["image", "set"]
    digits: int = 3
    percent: bool = False


KINDS: tuple[Kind, ...] = (
    Kind("lpips", "LPIPS", "lower", "image", 4),
    Kind("lpips-hole", "LPIPS in the hole", "lower", "image", 4),
    Kind("psnr", "PSNR (dB)", "higher", "image", 2),
    Kind("psnr-hole", "PSNR in the hole (dB)", "higher", "image", 2),
    Kind("ssim", "SSIM", "higher", "image", 4),
    Kind("l1", "L1", "lower", "image", 4),
    Kind("l1-hole", "L1 in the hole", "lower", "image", 4),
    Kind("gradient-at-edge", "gradient at the edge", "lower", "image", 1),
    Kind("seam-colour-offset", "seam ΔE2000", "lower", "image", 2),
    Kind("texture-ratio", "texture ratio", "one", "image", 3),
    Kind("clip", "CLIP similarity", "higher", "image", 4),
    Kind("fid", "FID", "lower", "set", 3),
    Kind("kid", "KID", "lower", "set", 5),
    Kind("p-ids", "P-IDS (%)", "higher", "set", 2, percent=True),
    Kind("u-ids", "U-IDS (%)", "higher", "set", 2, percent=True),
    Kind("precision", "precision", "higher", "set", 3),
    Kind("recall", "recall", "higher", "set", 3),
)

# Over features that a metric was not defined on it keeps its meaning, not its name: "fd-vgg", "u-ids-vgg".
_STEMS = {"fd": "fid", "kd": "kid"}


def kind(name: str) -> Kind:
    """The kind of a metric called `name`, also of one over other features, such as "fd-vgg".

    Raises:
        ValueError: no metric is called so.
    """
    for each in KINDS:
        if each.name == name:
            return each
    for each in KINDS:
        for stem in (each.name, *(short for short, long in _STEMS.items() if long == each.name)):
            if each.over == "set" and name.startswith(f"{stem}-"):
                features = name.removeprefix(f"{stem}-")
                title = stem.upper() if stem in _STEMS else each.title
                return replace(each, name=name, title=f"{title} over {features} features")
    known = ", ".join(each.name for each in KINDS)
    raise ValueError(f"metric {name!r} is unknown; known: {known}")
