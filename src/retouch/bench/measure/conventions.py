"""What the sentences of a protocol's conventions mean to the metrics."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

from retouch.catalogue import nearest


@dataclass(frozen=True)
class Conventions:
    """How metrics with several conventions are computed; the defaults hold where a protocol says nothing.

    Attributes:
        divisor: of FID's covariance.
        lpips_net: network of LPIPS.
        lpips_reading: how LPIPS reads pixel values.
        psnr: convention of PSNR.
        ssim: convention of SSIM.
        neighbours: k of precision and recall.
        fid_over: extractor that FID is of where it is another than the protocol's; None: the same.
    """

    divisor: Literal["n", "n-1"] = "n"
    lpips_net: Literal["alex", "vgg"] = "alex"
    lpips_reading: Literal["signed", "unit"] = "signed"
    psnr: Literal["mat", "asuka"] = "mat"
    ssim: Literal["mat", "lama", "asuka"] = "mat"
    neighbours: int = 3
    fid_over: str | None = None


# Word for word: a sentence that protocols say and this table lacks is an error, so that the two cannot drift apart.
_MEANING: dict[str, dict[str, Any]] = {
    "fid: covariance divided by n": {"divisor": "n"},
    "fid: covariance divided by n - 1": {"divisor": "n-1"},
    "lpips: AlexNet, inputs in [-1, 1]": {"lpips_net": "alex", "lpips_reading": "signed"},
    "lpips: AlexNet, inputs in [0, 1] as the official script has it": {"lpips_net": "alex", "lpips_reading": "unit"},
    "lpips: VGG16, inputs in [-1, 1]": {"lpips_net": "vgg", "lpips_reading": "signed"},
    "psnr: asuka": {"psnr": "asuka"},
    "ssim: asuka": {"ssim": "asuka"},
    "ssim: lama": {"ssim": "lama"},
    "precision, recall: k = 3; FID with inception-2015-12-05": {"neighbours": 3, "fid_over": "inception"},
    "results per tenth of hole area": {},  # every result is given so
}


def interpret(sentences: Iterable[str]) -> Conventions:
    """The conventions that a protocol's `sentences` prescribe.

    Raises:
        ValueError: a sentence is unknown.
    """
    found = Conventions()
    for sentence in sentences:
        if sentence not in _MEANING:
            near = nearest(sentence, list(_MEANING)) or f"; known: {', '.join(map(repr, _MEANING))}"
            raise ValueError(f"convention {sentence!r} is unknown{near}")
        found = replace(found, **_MEANING[sentence])
    return found
