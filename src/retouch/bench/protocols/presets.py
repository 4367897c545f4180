"""Every protocol as data."""

from __future__ import annotations

from retouch.bench.protocols.protocol import Holes, Protocol
from retouch.catalogue import nearest

INCEPTION = "inception-2015-12-05"
IMAGENET_INCEPTION = "inception-imagenet1k-v1"
MAT_METRICS = ("fid", "p-ids", "u-ids", "lpips")
MAT_CONVENTIONS = ("fid: covariance divided by n", "lpips: AlexNet, inputs in [-1, 1]")
NUMPY_CONVENTIONS = ("fid: covariance divided by n - 1", "lpips: AlexNet, inputs in [-1, 1]")
LAMA_CONVENTIONS = (
    "fid: covariance divided by n - 1",
    "lpips: VGG16, inputs in [-1, 1]",
    "ssim: lama",
    "results per tenth of hole area",
)
ASUKA_CONVENTIONS = (*NUMPY_CONVENTIONS, "psnr: asuka", "ssim: asuka")
DGS_CONVENTIONS = ("fid: covariance divided by n - 1", "lpips: AlexNet, inputs in [0, 1] as the official script has it")

FIXED_MASKS = "the paper's masks are fixed PNG files that cannot be had; ours are of the same distribution"
ASUKA_SCRIPT = "the official script takes features of an ImageNet Inception, so FID and IDS differ from everyone else's"
ASUKA_PCA = "the official script reduces features by a random PCA before IDS; ours does not"
DGS_LPIPS = "the official script gives LPIPS inputs in [0, 1]: its LPIPS is lower than that of others"
DGS_RATIO = "the official generator's shares are nominal; 2dgs-small-exact and 2dgs-large-exact hold them"
WHICH_MAT = "CelebA-HQ at 512 comes ready-made there; how it was scaled from 1024 is not said, ours is bicubic"
OBJECTS = "object shapes are made-up blobs unless a source of real ones is given"


def _mat(side: int, shown: int | None = None, only: tuple[str, ...] = ("small", "large")) -> tuple[Holes, ...]:
    return tuple(Holes(name, f"mat-{side}-{name}", f"{shown or side}, {name}") for name in only)


def _lama(side: int, places: bool) -> tuple[Holes, ...]:
    tail = "places" if places and side == 512 else "test"
    return tuple(Holes(kind, f"lama-{kind}-{side}-{tail}", f"{side}, {kind}") for kind in ("thin", "medium", "thick"))


PSM = (
    Protocol(
        name="psm-places-512",
        paper="PSM (as MAT)",
        dataset="places365-val",
        split="all",
        n=36500,
        size=512,
        crop="centre-crop-reflect",
        run_at=512,
        holes=_mat(512),
        metrics=MAT_METRICS,
        extractor=INCEPTION,
        conventions=MAT_CONVENTIONS,
        tables=(("psm", "Table 3"), ("psm", "Table C.2"), ("mat", "README")),
        reported_dataset="places365-val",
        differences=(FIXED_MASKS,),
    ),
    Protocol(
        name="psm-celebahq-512",
        paper="PSM (as MAT)",
        dataset="celebahq",
        split="mat",
        n=2993,
        size=512,
        crop="resize-bicubic",
        run_at=512,
        holes=_mat(512),
        metrics=MAT_METRICS,
        extractor=INCEPTION,
        conventions=MAT_CONVENTIONS,
        tables=(("psm", "Table 3"), ("psm", "Table C.2")),
        reported_dataset="celebahq",
        differences=(FIXED_MASKS, WHICH_MAT),
    ),
    Protocol(
        name="psm-celebahq-256",
        paper="PSM (as MAT)",
        dataset="celebahq",
        split="mat",
        n=2993,
        size=256,
        crop="resize-bicubic",
        run_at=256,
        holes=_mat(256),
        metrics=MAT_METRICS,
        extractor=INCEPTION,
        conventions=MAT_CONVENTIONS,
        tables=(("psm", "Table D.3"),),
        reported_dataset="celebahq",
        differences=(FIXED_MASKS, WHICH_MAT.replace("512", "256")),
    ),
    Protocol(
        name="psm-ablation",
        paper="PSM",
        dataset="places365-val",
        split="all",
        n=36500,
        size=256,
        crop="centre-crop-reflect",
        run_at=256,
        holes=(Holes("large", "mat-256-large", "256, ablation"),),
        metrics=("fid",),
        extractor=INCEPTION,
        conventions=MAT_CONVENTIONS[:1],
        tables=(("psm", "Table 1"), ("psm", "Table 2"), ("psm", "Table 4")),
        reported_dataset="places365-val",
        differences=(
            FIXED_MASKS,
            "the size of the holes is not said; ours are the large ones, as in training",
            "models are trained on 6 M images with three iterations",
        ),
    ),
    Protocol(
        name="psm-places-1024",
        paper="PSM",
        dataset="places365-val-high",
        split="all",
        n=36500,
        size=1024,
        crop="centre-crop-reflect",
        run_at=1024,
        holes=_mat(512, 1024, ("large",)),
        metrics=MAT_METRICS[:3],
        extractor=INCEPTION,
        conventions=MAT_CONVENTIONS[:1],
        tables=(("psm", "Table B.1"),),
        reported_dataset="places365-val",
        differences=(FIXED_MASKS, "how the masks were made at 1024 is not said; ours are drawn at that size"),
    ),
    Protocol(
        name="psm-repaint-places",
        paper="PSM",
        dataset="places365-val",
        split="first-10k",
        n=10000,
        size=256,
        crop="centre-crop-reflect",
        run_at=256,
        holes=(Holes("large", "mat-256-large", "256"),),
        metrics=MAT_METRICS[:3],
        extractor=INCEPTION,
        conventions=MAT_CONVENTIONS[:1],
        tables=(("psm", "Table E.4"),),
        reported_dataset="places365-val-10k",
        differences=(FIXED_MASKS, "the size of the holes is not said; on CelebA-HQ they are the large ones"),
    ),
    Protocol(
        name="psm-repaint-celebahq",
        paper="PSM",
        dataset="celebahq",
        split="mat",
        n=2993,
        size=256,
        crop="resize-bicubic",
        run_at=256,
        holes=(Holes("large", "mat-256-large", "256"),),
        metrics=MAT_METRICS[:3],
        extractor=INCEPTION,
        conventions=MAT_CONVENTIONS[:1],
        tables=(("psm", "Table E.4"),),
        reported_dataset="celebahq",
        differences=(FIXED_MASKS, "the size of the holes is not said; PSM's row is that of large ones"),
    ),
    Protocol(
        name="psm-fidelity",
        paper="PSM",
        dataset="places365-val",
        split="all",
        n=36500,
        size=512,
        crop="centre-crop-reflect",
        run_at=512,
        holes=_mat(512, only=("large",)),
        metrics=("fid", "precision", "recall"),
        extractor="vgg16-fc2",
        conventions=(*MAT_CONVENTIONS[:1], "precision, recall: k = 3; FID with " + INCEPTION),
        tables=(("psm", "Table F.5"),),
        reported_dataset="places365-val",
        differences=(FIXED_MASKS, "the official code rounds features to 16 bits; ours does not"),
    ),
)

PIXELHACKER = (
    Protocol(
        name="pixelhacker-1",
        paper="PixelHacker (as PowerPaint, LDM)",
        dataset="places365-test",
        split="10k",
        n=10000,
        size=512,
        crop="centre-crop-reflect",
        run_at=512,
        holes=(Holes("40-50", "lama-thick-512", "512, 40-50 %", (0.4, 0.5)),),
        metrics=("fid", "lpips"),
        extractor=INCEPTION,
        conventions=NUMPY_CONVENTIONS,
        tables=(("pixelhacker", "Table 1"),),
        reported_dataset="places365-test",
        differences=(
            "which 10,000 photos is not said; ours are those of test_10k.txt, else the first in order",
            "the mask generator is not named; ours is LaMa's thick one, kept where 40 to 50 % is hole",
        ),
    ),
    Protocol(
        name="pixelhacker-2",
        paper="PixelHacker (as MAT)",
        dataset="places365-val",
        split="all",
        n=36500,
        size=512,
        crop="centre-crop-reflect",
        run_at=512,
        holes=_mat(512),
        metrics=MAT_METRICS,
        extractor=INCEPTION,
        conventions=MAT_CONVENTIONS,
        tables=(("pixelhacker", "Table 2"),),
        reported_dataset="places365-val",
        differences=(FIXED_MASKS,),
    ),
    *(
        Protocol(
            name=f"pixelhacker-3-{side}",
            paper="PixelHacker (as MI-GAN)",
            dataset="places365-val-high",
            split="all",
            n=36500,
            size=side,
            crop="resize-bicubic",
            run_at=side,
            holes=(Holes("comodgan", "comodgan", f"{side}"),),
            metrics=("fid", "lpips"),
            extractor=INCEPTION,
            conventions=NUMPY_CONVENTIONS,
            tables=(("pixelhacker", "Table 3"),),
            reported_dataset="places365-val-high",
            differences=(
                "the official masks come one after another from seed 0; ours depend on each photo's place only",
                *(("whether PixelHacker ran at 256 or at 512 and was scaled is not said",) if side == 256 else ()),
            ),
        )
        for side in (256, 512)
    ),
    Protocol(
        name="pixelhacker-celebahq",
        paper="PixelHacker (as MAT)",
        dataset="celebahq",
        split="mat",
        n=2993,
        size=512,
        crop="resize-bicubic",
        run_at=512,
        holes=_mat(512, only=("large",)),
        metrics=("fid", "lpips"),
        extractor=INCEPTION,
        conventions=MAT_CONVENTIONS,
        tables=(("pixelhacker", "Table 4"),),
        reported_dataset="celebahq",
        differences=(FIXED_MASKS, WHICH_MAT, "the size of the holes is not said; the rows of others are of large ones"),
    ),
    Protocol(
        name="pixelhacker-ffhq",
        paper="PixelHacker",
        dataset="ffhq",
        split="val-10k",
        n=10000,
        size=256,
        crop="resize-bicubic",
        run_at=256,
        holes=(Holes("thick", "lama-thick-256", "256"),),
        metrics=("fid", "lpips"),
        extractor=INCEPTION,
        conventions=NUMPY_CONVENTIONS,
        tables=(("pixelhacker", "Table 5"),),
        reported_dataset="ffhq",
        differences=(
            "which 10,000 photos is not said; ours are those of val_10k.txt, else the last in order",
            "which of LaMa's generators is not said; ours is the thick one",
        ),
    ),
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
            tables=(("asuka", "Table 1"), ("asuka", "README")),
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

PROTOCOLS: tuple[Protocol, ...] = (*PSM, *PIXELHACKER, *ASUKA, *GAUSSIAN, *LAMA, *REMOVAL)


def protocols() -> tuple[str, ...]:
    """The names of all protocols."""
    return tuple(each.name for each in PROTOCOLS)


def protocol(name: str) -> Protocol:
    """The protocol called `name`; ValueError that suggests the nearest name for another one."""
    for each in PROTOCOLS:
        if each.name == name:
            return each
    near = nearest(str(name), list(protocols())) or f"; known: {', '.join(protocols())}"
    raise ValueError(f"protocol {name!r} is unknown{near}")
