"""2DGS' protocols."""

from __future__ import annotations

from retouch.bench.protocols.protocol import Holes, Protocol
from retouch.bench.protocols.words import (
    DGS_CONVENTIONS,
    DGS_LPIPS,
    DGS_RATIO,
    INCEPTION,
)

GAUSSIAN = (
    Protocol(
        name="2dgs-celebahq",
        paper="2DGS",
        dataset="celebahq",
        split="2dgs",
        n=2000,
        size=256,
        crop="resize-lanczos",
        run_at=256,
        holes=tuple(Holes(kind, f"2dgs-{kind}", f"256, {kind}") for kind in ("small", "large", "regular")),
        metrics=("fid", "lpips"),
        extractor=INCEPTION,
        conventions=DGS_CONVENTIONS,
        tables=(("2dgs", "Table 1"),),
        reported_dataset="celebahq-2k",
        differences=(DGS_LPIPS, DGS_RATIO),
    ),
    Protocol(
        name="2dgs-places",
        paper="2DGS",
        dataset="places365-val",
        split="all",
        n=36500,
        size=256,
        crop="resize-lanczos",
        run_at=256,
        holes=tuple(Holes(kind, f"2dgs-{kind}", f"256, {kind}") for kind in ("small", "large")),
        metrics=("fid", "lpips"),
        extractor=INCEPTION,
        conventions=DGS_CONVENTIONS,
        tables=(("2dgs", "Table 1"),),
        reported_dataset="places365-val",
        differences=(DGS_LPIPS, DGS_RATIO),
    ),
    Protocol(
        name="2dgs-ablation",
        paper="2DGS",
        dataset="imagenet-100",
        split="val",
        n=5000,
        size=256,
        crop="resize-lanczos",
        run_at=256,
        holes=tuple(Holes(kind, f"2dgs-{kind}", f"256, {kind}") for kind in ("small", "large")),
        metrics=("fid", "lpips"),
        extractor=INCEPTION,
        conventions=DGS_CONVENTIONS,
        tables=(("2dgs", "Table 2"),),
        reported_dataset="imagenet-100",
        differences=(DGS_LPIPS, DGS_RATIO, "which 100 classes is not said", "models are trained for 100,000 steps"),
    ),
)
