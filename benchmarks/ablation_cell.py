"""One cell of an ablation: one row trained with one seed by retouch's own loop, exported, and judged."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import torch
from ablation_experiments import Experiment, Row
from ablation_table import Cell
from numpy.typing import NDArray
from torch import Tensor, nn

from retouch.bench.metrics.perceptual import lpips
from retouch.bench.metrics.signal import psnr
from retouch.bench.metrics.structural import ssim
from retouch.data.training.fixed import fixed_samples
from retouch.data.training.photos import photos_in
from retouch.data.training.samples import Drawn
from retouch.features import load
from retouch.features.loaders import load_lpips
from retouch.features.lpips import Lpips
from retouch.train.batch import Batch
from retouch.train.catalogue import find_trainable
from retouch.train.events import Event
from retouch.train.export import export, start_from
from retouch.train.fixed import fill_samples
from retouch.train.log import Log
from retouch.train.loop import train
from retouch.train.reading import read_settings
from retouch.train.recipe import Data, Recipe
from retouch.train.session import open_session

# 20 to 40 % and 40 to 60 % of the photo, as the papers' small and large; their sizes follow the photo's.
HOLES = {"small": "comodgan-h1", "large": "comodgan-h2"}
POINTS = 8  # of a curve


@dataclass(frozen=True)
class Scale:
    """What all cells share: where things are, size, steps, photos that judge the end and the way, the machine.

    `start` is the card of an export that every training goes on from, with fresh optimisers; None: fresh weights.
    """

    data: tuple[Path, ...]
    held_out: Path
    weights: Path
    out: Path
    size: int
    steps: int
    photos: int | None
    curve_photos: int
    device: str = "cpu"
    workers: int = 0
    start: Path | None = None


class Tokens:
    """The stand-in for DINOv2: VGG16's relu5_3, averaged, of the photo at its own size; kept for all rows of a seed.

    The method's own `semantic_encoder` enlarges to 224 x 224, which at toy size costs many times the training and
    shows nothing more. Equal samples have equal tokens, and all rows of a seed see the same samples.
    """

    def __init__(self, weights: Path, device: str) -> None:
        self.feature = load("vgg16-relu5_3", weights, device).feature
        self.known: dict[bytes, NDArray[np.float32]] = {}

    def __call__(self, images: Tensor) -> Tensor:
        """Images [B, 3, H, W] in [0, 1] to tokens [B, 512], without gradient."""
        keys = [
            hashlib.blake2b(image.numpy().tobytes(), digest_size=16).digest() for image in images.cpu().contiguous()
        ]
        missing = [k for k, key in enumerate(keys) if key not in self.known]
        if missing:
            with torch.no_grad(), torch.autocast(images.device.type, torch.bfloat16):
                tokens = self.feature(255 * images[missing])  # [b, 512]
            # As arrays: what validation makes in inference mode could not be trained with.
            self.known |= {keys[k]: token.float().cpu().numpy() for k, token in zip(missing, tokens, strict=True)}
        return torch.from_numpy(np.stack([self.known[key] for key in keys])).to(images.device)  # [B, 512]


class Kept:
    """Training data whose batches are made once: rows of a seed that have the same settings see the very same."""

    def __init__(self, data: Data, steps: int) -> None:
        self.data, self.steps = data, steps
        self.fingerprint, self.description = data.fingerprint, data.description
        self.made: list[Batch] = []

    def batches(self, first: int, **share: int) -> Iterator[Batch]:
        """As `retouch.train.recipe.Data`, up to the last step."""
        if not self.made:
            self.made = list(islice(self.data.batches(0, **share), self.steps))
        return iter(self.made[first:])


@dataclass(frozen=True, eq=False)
class Bench:
    """What all cells share: LPIPS, the held-out samples by kind of hole, tokens, training data by seed and settings."""

    network: Lpips
    samples: Mapping[str, tuple[Drawn, ...]]
    tokens: Tokens
    data: dict[tuple[int, str], Kept] = field(default_factory=dict)


def open_bench(scale: Scale) -> Bench:
    """Read the held-out photos and draw their holes; errors as `fixed_samples` and `load`."""
    photos = photos_in(scale.held_out)
    samples = {
        kind: fixed_samples(photos, size=scale.size, holes=recipe, limit=scale.photos).samples
        for kind, recipe in HOLES.items()
    }
    return Bench(load_lpips("alex", scale.weights, device=scale.device), samples, Tokens(scale.weights, scale.device))


def judge(
    recipe: Recipe, networks: Mapping[str, nn.Module], samples: Sequence[Drawn], network: Lpips
) -> dict[str, float]:
    """Means of LPIPS, PSNR (whole photo, dB) and SSIM."""
    filled = fill_samples(recipe, networks, samples)
    pairs = [(sample.photo, fill) for sample, fill in zip(samples, filled, strict=True)]
    return {
        "lpips": fmean(lpips(photo, fill, network) for photo, fill in pairs),
        "psnr": fmean(psnr(photo, fill) for photo, fill in pairs),
        "ssim": fmean(ssim(photo, fill) for photo, fill in pairs),
    }


def settings_of(experiment: Experiment, row: Row, seed: int, scale: Scale) -> Any:
    """The settings of one training; errors as `read_settings`."""
    words = [f"variant={experiment.variant}", *experiment.base, *row.changes]
    if scale.start is not None:
        words.append(f"method.start={scale.start}")
    validation = max(1, scale.steps // POINTS) if row.name in experiment.curves else 0
    given = {
        "data.photos": scale.data,
        "data.size": scale.size,
        "train.seed": seed,
        "train.steps": scale.steps,
        "train.out": scale.out / f"{row.name}-{seed}",
        "train.device": scale.device,
        "train.workers": scale.workers,
        "train.every": {"log": 50, "checkpoint": 0, "sheet": 0, "validation": validation},
        "weights": scale.weights,
    }
    return read_settings(find_trainable(experiment.method), None, words, given)


def run_cell(experiment: Experiment, row: Row, seed: int, scale: Scale, bench: Bench) -> list[Cell]:
    """Train, export and judge; a training that was cut short begins again."""
    started = time.process_time()
    settings = settings_of(experiment, row, seed, scale)
    session = open_session(settings)
    recipe, out = session.recipe, settings.train.out
    if getattr(recipe, "encode", None) is not None:
        recipe.encode = bench.tokens  # type: ignore[attr-defined]
    data = bench.data.setdefault((seed, session.data.fingerprint), Kept(session.data, scale.steps))
    trained = train(recipe, data, settings.train, on_event=_Curve(recipe, scale, bench, out))
    export(trained, recipe, out / "model.json", data=data.description, licence="for measuring only", overwrite=True)
    shutil.rmtree(trained.checkpoint)  # optimisers and all: not needed beside the export
    start_from(recipe, out / "model.json")
    networks = {name: network.eval() for name, network in recipe.networks.items()}
    parameters = sum(p.numel() for name in recipe.ema for p in networks[name].parameters())
    seconds = round(time.process_time() - started, 1)
    return [
        Cell(
            row.name, seed, kind, scale.size, scale.steps, len(samples), parameters, seconds,
            **judge(recipe, networks, samples, bench.network),
        )
        for kind, samples in bench.samples.items()
    ]  # fmt: skip


class _Curve:
    """Writes validation.csv while a cell trains."""

    def __init__(self, recipe: Recipe, scale: Scale, bench: Bench, out: Path) -> None:
        self.recipe, self.network, self.file = recipe, bench.network, out / "validation.csv"
        count = scale.curve_photos
        self.samples = {kind: found[:: max(1, len(found) // count)][:count] for kind, found in bench.samples.items()}

    def __call__(self, event: Event) -> None:
        if event.kind == "start":
            self.log = Log(self.file, event.step)
        elif event.kind == "validation":
            values: dict[str, float] = {}
            for kind, samples in self.samples.items():
                found = judge(self.recipe, event.networks, samples, self.network)
                values |= {f"{name} {kind}": value for name, value in found.items()}
            self.log.append(event.step, event.images, values)
