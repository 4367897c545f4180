"""LaMa's protocols, removal of real objects, which knows no truth, and our own yardstick."""

from __future__ import annotations

from retouch.bench.protocols.crops import FIVE
from retouch.bench.protocols.protocol import Holes, Protocol
from retouch.bench.protocols.words import (
    INCEPTION,
    LAMA_CONVENTIONS,
    MAT_CONVENTIONS,
    OBJECTS,
)


def _lama(side: int, places: bool) -> tuple[Holes, ...]:
    tail = "places" if places and side == 512 else "test"
    return tuple(Holes(kind, f"lama-{kind}-{side}-{tail}", f"{side}, {kind}") for kind in ("thin", "medium", "thick"))


LAMA = tuple(
    Protocol(
        name=name,
        paper="LaMa",
        dataset=dataset,
        split=split,
        n=n,
        size=side,
        crop="short-side-random-crop",
        run_at=side,
        holes=_lama(side, dataset == "places365-val"),
        metrics=("fid", "lpips", "ssim"),
        extractor=INCEPTION,
        conventions=LAMA_CONVENTIONS,
        differences=(
            "the crop is random along the long side but not tied to where the hole is",
            "no numbers of that paper are kept here",
            *extra,
        ),
    )
    for name, dataset, split, n, side, extra in (
        ("lama-places-256", "places365-val", "30k", 30000, 256, ("which 30,000 photos is not said",)),
        ("lama-places-512", "places365-val", "30k", 30000, 512, ("which 30,000 photos is not said",)),
        ("lama-celebahq-256", "celebahq", "2dgs", 2000, 256, ()),
    )
)

REMOVAL = (
    Protocol(
        name="removal",
        paper="ours",
        dataset="folder",
        split="all",
        n=None,
        size=512,
        crop="centre-square",
        run_at=512,
        holes=(Holes("objects", None, "512"),),
        metrics=("seam-colour-offset", "texture-ratio"),
        extractor="none",
        differences=(
            "what lies behind a real object is unknown: figures need no truth, and the sheet is to be looked at",
        ),
    ),
)

# The yardstick of this project: any folder of photos, the same samples for ever.
OURS = (
    Protocol(
        name="val-256",
        paper="ours",
        dataset="folder",
        split="all",
        n=None,
        size=256,
        crop=next(iter(FIVE)),
        more_crops=tuple(FIVE)[1:],
        run_at=256,
        holes=(Holes("object", "objects", "256, object", ratio=(0.05, 0.35)),),
        metrics=("lpips", "psnr", "ssim", "fid", "u-ids", "p-ids"),
        extractor=INCEPTION,
        conventions=MAT_CONVENTIONS,
        differences=("no paper's protocol: five fixed crops of each photo, one object shape each", OBJECTS),
    ),
)
