"""ASUKA's protocols."""

from __future__ import annotations

from retouch.bench.protocols.protocol import Holes, Protocol
from retouch.bench.protocols.words import (
    ASUKA_CONVENTIONS,
    ASUKA_PCA,
    ASUKA_SCRIPT,
    IMAGENET_INCEPTION,
    OBJECTS,
)

ASUKA = (
    *(
        Protocol(
            name=f"asuka-misato-{side}",
            paper="ASUKA",
            dataset=f"misato-{side}",
            split="all",
            n=n,
            size=side,
            crop="as-it-is",
            run_at=side,
            holes=(Holes("misato", None, f"{side}"),),
            metrics=("lpips", "fid", "u-ids", "p-ids", "psnr", "ssim", "gradient-at-edge", "clip"),
            extractor=IMAGENET_INCEPTION,
            conventions=ASUKA_CONVENTIONS,
            tables=(("asuka", "Table 1"), ("asuka", "README")) if side == 512 else (),
            reported_dataset="misato",
            differences=(
                ASUKA_SCRIPT,
                ASUKA_PCA,
                *(("the papers report nothing at 1024",) if side == 1024 else ()),
            ),
        )
        for side, n in ((512, 2000), (1024, 1500))
    ),
    Protocol(
        name="asuka-ablation",
        paper="ASUKA",
        dataset="misato-512",
        split="all",
        n=2000,
        size=512,
        crop="as-it-is",
        run_at=512,
        holes=(Holes("misato", None, "512"),),
        metrics=("lpips", "fid", "u-ids", "p-ids"),
        extractor=IMAGENET_INCEPTION,
        conventions=ASUKA_CONVENTIONS[:2],
        tables=(("asuka", "Table 2a"), ("asuka", "Table 2b"), ("asuka", "Table 2d")),
        reported_dataset="misato",
        differences=(ASUKA_SCRIPT, ASUKA_PCA, "the data set is not said; the full model's row is that of MISATO"),
    ),
    Protocol(
        name="asuka-places",
        paper="ASUKA",
        dataset="places365-val",
        split="all",
        n=36500,
        size=512,
        crop="centre-crop-reflect",
        run_at=512,
        holes=(Holes("asuka", "asuka", "512"),),
        metrics=("lpips", "fid", "u-ids", "p-ids"),
        extractor=IMAGENET_INCEPTION,
        conventions=ASUKA_CONVENTIONS[:2],
        tables=(("asuka", "Table 1"),),
        reported_dataset="places365-val",
        differences=(ASUKA_SCRIPT, ASUKA_PCA, OBJECTS, "how photos were cropped is not said; ours as MAT"),
    ),
)
