"""What `retouch train --dry-run` prints."""

from __future__ import annotations

import os
from statistics import fmean
from typing import TYPE_CHECKING

from retouch.data.training.loader import Loader
from retouch.data.training.unusable import told
from retouch.train.checkpoints import newest
from retouch.train.dry_run import estimate
from retouch.train.validate import find_lpips

if TYPE_CHECKING:
    from retouch.train.dry_run import Estimate
    from retouch.train.session import Session

LOOKED_AT = 32  # samples drawn to see holes and photos


def plan(session: Session) -> str:
    """Networks, memory, and what the run will do, as lines; errors as `estimate`."""
    settings = session.settings
    rows = [("training", f"{settings.name}/{settings.variant}, seed {settings.train.seed}")]
    rows += _data(session)
    rows += _steps(session)
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    found = estimate(session.recipe, session.data, settings.train, processes)
    rows += _networks(found)
    rows += _memory(found, processes)
    return "\n".join(f"{name:12}{text}".rstrip() for name, text in rows)


def _data(session: Session) -> list[tuple[str, str]]:
    data = session.settings.data
    drawn = session.data.first(LOOKED_AT, session.settings.train.seed)
    shares = [float(sample.hole.mean()) for sample in drawn]
    unusable = told(photo for sample in drawn for photo in sample.unusable)
    objects = "" if data.objects is None else f" with shapes of {data.objects}"
    kind = f"{data.holes}{objects}" if isinstance(session.data, Loader) else "those of the data"
    rows = [
        ("photos", f"{session.data.description}, as samples of {data.size} x {data.size} pixels"),
        ("holes", f"{kind}: {fmean(shares):.2f} of the sample, {min(shares):.2f} to {max(shares):.2f}"),
    ]
    return rows + ([("", f"{unusable} (of the first {LOOKED_AT} samples)")] if unusable else [])


def _steps(session: Session) -> list[tuple[str, str]]:
    settings, train = session.settings, session.settings.train
    images = train.steps * train.batch
    epochs = images / len(session.data)
    rows = [("steps", f"{train.steps} of {train.batch} samples: {images} images, {epochs:.3g} epochs")]
    every = train.every
    if session.held_out and every.validation:
        names = ["lpips"] if find_lpips(settings.weights) is not None else []
        names += ["psnr-hole", "l1-hole"]
        holes = settings.validation.holes or settings.data.holes
        photos = f"{len(session.held_out)} photos with fixed holes ({holes})"
        rows.append(("validation", f"{photos}: {', '.join(names)}; every {every.validation} steps"))
    else:
        rows.append(("validation", "none"))
    saved = f"a checkpoint every {every.checkpoint} steps, {train.keep} kept; a sheet every {every.sheet}"
    rows.append(("writes", f"{train.out}: {saved}"))
    if (last := newest(train.out)) is not None:
        rows.append(("goes on", f"from {last}"))
    return rows


def _networks(found: Estimate) -> list[tuple[str, str]]:
    return [
        (
            "network",
            f"{each.name}: {each.parameters} parameters, {each.trainable} learn{', averaged' if each.averaged else ''}",
        )
        for each in found.networks
    ]


def _memory(found: Estimate, processes: int) -> list[tuple[str, str]]:
    parts = {
        "weights": found.weights,
        "gradients": found.gradients,
        "optimisers": found.optimisers,
        "averages": found.averages,
        f"activations of {found.micro_batch} samples": found.activations,
    }
    text = " + ".join(f"{name} {size / 1e6:.1f}" for name, size in parts.items())
    each = "" if processes == 1 else f" on each of {processes} processes"
    micro = "" if found.accumulate == 1 else f", {found.accumulate} micro-batches a step"
    return [
        (
            "memory",
            f"at least {found.total / 1e6:.0f} MB{each}{micro}, besides PyTorch and what operations hold meanwhile",
        ),
        ("", f"= {text}"),
    ]
