"""The experiments of ablation.py: what is trained, what is changed in each row, and what the paper orders."""

from __future__ import annotations

from dataclasses import dataclass

COMMON = (
    "train.batch=8",
    "train.clip=1.0",
    "train.precision=bf16",
    "train.channels_last=true",
    "data.holes=mat-256-large",
)


@dataclass(frozen=True)
class Row:
    """One model: its name in files, its label in tables, and `--set` words beside those of the experiment."""

    name: str
    label: str
    changes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Experiment:
    """A table of a paper at toy scale.

    Attributes:
        title: of the table that is written.
        method, variant: as `retouch train` names them.
        base: `--set` words of all rows.
        rows: the first one is what all others are compared with.
        orders: (better, worse) names of rows, as the paper has them.
        curves: rows whose quality over the steps is drawn.
        size: side of the photos in pixels.
    """

    title: str
    method: str
    variant: str
    base: tuple[str, ...]
    rows: tuple[Row, ...]
    orders: tuple[tuple[str, str], ...]
    curves: tuple[str, ...]
    size: int = 64

    def row(self, name: str) -> Row:
        """The row called `name`; ValueError for another one."""
        known = {row.name: row for row in self.rows}
        if name not in known:
            raise ValueError(f"rows: is {name!r}; accepted: {', '.join(known)}")
        return known[name]


# Chosen by measuring, so that a cell learns something in a minute of one slow core: L1 alone (with the alignment), and
# one group in the normalisations, for in short trials with two channels a group the network stayed grey longer.
# The paper has one Gaussian for each rendered pixel; its 100 and 196 of 324 are 31 % and 60 %, 9 and 25 of 36 here.
GAUSSIAN = (
    *COMMON,
    "method.network.patch=8",
    "method.network.gaussians=36",
    "method.network.width=16",
    "method.network.blocks=3",
    "method.network.groups=1",
    "method.network.semantics=vgg16",
    "method.loss.perceptual=0",
    "method.loss.adversarial=0",
    "method.optimisation.rate=1e-3",
)

PSM = (
    *COMMON,
    "train.precision=fp32",
    "method.size=64",
    "method.network.channels=[16,24,32,48,64,64]",
    "method.network.latent=64",
    "method.network.feature=64",
    "method.network.bias_channels=16",
    "method.network.heads=4",
    "method.training.judge=vgg16",
    "method.training.judge_scale=0.5",
    "method.training.discriminator=0.125",
)

# For pairs, with the network of the reduced model that both tables go on from (`--start`). The average forgets half in
# 25 steps: after 120, a thirtieth is left in it of the start, which all rows share.
PIXELHACKER = (
    "train.batch=8",
    "train.precision=bf16",
    "train.channels_last=true",
    'train.schedule={"kind":"cosine","warm_up":10,"final":0.02}',
    'train.ema={"half_life":200,"ramp":null}',
    "method.size=32",
    "method.steps=5",
    "method.network.block_out_channels=[32,64,128]",
    "method.network.heads=2",
    "method.training.rate=3e-4",
)


def _against_first(names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((names[0], name) for name in names[1:])


_TABLE_2 = (
    Row("full", "full model"),
    Row("no-map", "w/o dino map", ("method.network.adapt=false",)),
    Row("no-dino", "w/o dino", ("method.network.semantics=none",)),
    Row("cnn", "CNN decoder", ("method.network.decoder=cnn",)),
    Row("gs-9", "GS-9 (for GS-100)", ("method.network.gaussians=9",)),
    Row("gs-25", "GS-25 (for GS-196)", ("method.network.gaussians=25",)),
    Row("no-gamma", "SA-Adaln-no-γ", ("method.network.condition=adaln-no-gamma",)),
    Row("concat", "SA-Concat", ("method.network.condition=concat",)),
)

_TABLE_1 = (
    Row("A", "A, full"),
    Row("B", "B, one iteration", ("method.trained_iterations=1", "method.iterations=1")),
    Row("C", "C, two iterations", ("method.trained_iterations=2", "method.iterations=2")),
    Row("D", "D, not decoupled", ("method.training.decoupled=false",)),
    Row("E", "E, nothing sampled", ("method.training.alpha=0",)),
    Row("F", "F, attention not guided", ("method.network.guided=false",)),
    Row("G", "G, attention at 1/32 only", ("method.network.attention=[5]",)),
)

# Not a table of the paper: `small`'s own choice, at its true widths and one iteration.
PSM_CHANNELS = (
    *COMMON,
    "method.size=64",
    "method.trained_iterations=1",
    "method.iterations=1",
    "method.training.judge=vgg16",
    "method.training.discriminator=0.125",
)

_CHANNELS = (
    Row("small", "32 64 96 128 128 160"),
    Row("half", "16 32 48 64 64 80", ("method.network.channels=[16,32,48,64,64,80]",)),
    Row("late", "16 32 64 128 192 256", ("method.network.channels=[16,32,64,128,192,256]",)),
    Row("early", "48 64 64 64 64 64", ("method.network.channels=[48,64,64,64,64,64]",)),
)

_TABLE_4 = (
    Row("linear", "linear"),
    Row("sqrt", "square root", ("method.training.schedule=sqrt",)),
    Row("cosine", "cosine", ("method.training.schedule=cosine",)),
    Row("cubic", "cubic", ("method.training.schedule=cubic",)),
)

_TABLE_6 = (
    Row("all", "M_scene, M_rand, M'_obj", ("data.combine=union",)),
    Row("random", "M_scene, M_rand", ("data.combine=scene-random",)),
    Row("scene", "M_scene", ("data.combine=scene",)),
)

# 20 rows keep the start's embedding, other numbers draw theirs anew: 22 rows stand for 20 that are drawn anew.
_TABLE_7 = (
    Row("rows-20", "20"),
    Row("rows-22", "22 (as 20, drawn anew)", ("method.network.embedding_rows=22",)),
    Row("rows-64", "64", ("method.network.embedding_rows=64",)),
    Row("rows-256", "256", ("method.network.embedding_rows=256",)),
    Row("rows-1024", "1024", ("method.network.embedding_rows=1024",)),
)

EXPERIMENTS: dict[str, Experiment] = {
    "gaussian-table-2": Experiment(
        title="2DGS, Table 2 at toy scale",
        method="gaussian",
        variant="paper-imagenet100",
        base=GAUSSIAN,
        rows=_TABLE_2,
        orders=(
            *_against_first(tuple(row.name for row in _TABLE_2)),
            ("no-map", "no-dino"),
            ("gs-25", "gs-9"),
        ),
        curves=("full", "cnn"),
    ),
    "psm-table-1": Experiment(
        title="PSM, Table 1 at toy scale",
        method="psm",
        variant="paper-256",
        base=PSM,
        rows=_TABLE_1,
        orders=(*_against_first(tuple(row.name for row in _TABLE_1)), ("C", "B")),
        curves=("A", "B"),
    ),
    "psm-channels": Experiment(
        title="PSM, where small's channels are",
        method="psm",
        variant="small",
        base=PSM_CHANNELS,
        rows=_CHANNELS,
        orders=(),
        curves=("small", "late"),
    ),
    "psm-table-4": Experiment(
        title="PSM, Table 4 at toy scale",
        method="psm",
        variant="paper-256",
        base=PSM,
        rows=_TABLE_4,
        orders=(
            *_against_first(tuple(row.name for row in _TABLE_4)),
            ("sqrt", "cosine"),
            ("cosine", "cubic"),
        ),
        curves=("linear", "cubic"),
    ),
    "pixelhacker-table-6": Experiment(
        title="PixelHacker, Table 6 at toy scale",
        method="pixelhacker",
        variant="small",
        base=PIXELHACKER,
        rows=_TABLE_6,
        orders=(("all", "scene"), ("random", "scene"), ("all", "random")),  # the last by FID; by LPIPS they are equal
        curves=(),
        size=32,
    ),
    "pixelhacker-table-7": Experiment(
        title="PixelHacker, Table 7 at toy scale",
        method="pixelhacker",
        variant="small",
        base=(*PIXELHACKER, "data.combine=union"),
        rows=_TABLE_7,
        # By LPIPS, .264 of 20 rows against .257, .258, .255; the authors see no gain that matters.
        orders=tuple((f"rows-{rows}", "rows-20") for rows in (64, 256, 1024)),
        curves=(),
        size=32,
    ),
}
