"""What `retouch analyse gaussian-semantics` does: checks, the run, and what is said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from retouch.cli.bar import waiting
from retouch.cli.speak import note, say
from retouch.data.training.unusable import told
from retouch.methods.gaussian.analyse.measure import RECIPES, measure, photos_of
from retouch.methods.gaussian.analyse.page import Report, check_out, write
from retouch.methods.gaussian.analyse.statistics import embed, similarity
from retouch.methods.gaussian.analyse.subject import encoder_alone, trained_model

if TYPE_CHECKING:
    from pathlib import Path

    from retouch.methods.gaussian.analyse.measure import Measured
    from retouch.methods.gaussian.analyse.statistics import Row, Similarity
    from retouch.methods.gaussian.analyse.subject import Subject


def analyse(
    photos: Path,
    out: Path,
    *,
    model: Path | None,
    encoder: str | None,
    weights: Path | None,
    limit: int,
    seed: int,
    overwrite: bool,
) -> None:
    """Take the tokens, write the files and say the mean; errors as the functions of the analysis."""
    from retouch.methods.base import Progress

    if model is not None and encoder is not None:
        raise ValueError("--encoder: stands beside --model, which has its own; accepted: one or the other")
    check_out(out, overwrite=overwrite)
    items = photos_of(photos, limit)
    subject = encoder_alone(encoder or "dinov2", weights) if model is None else trained_model(model, weights)
    with waiting("looking") as show:
        found = measure(
            items,
            subject,
            seed=seed,
            progress=None if show is None else lambda step, steps: show(Progress("look", step, steps)),
        )
    numbers = similarity(found.tokens)
    report = Report(
        _facts(subject, found, seed), numbers, embed(found.tokens, seed), tuple(_notes(subject, found, numbers))
    )
    for line in report.notes:
        note(line)
    page = write(report, out, overwrite=overwrite)
    say(f"retouch: {_summary(numbers.whole)}; look at {page}")
    if found.unusable:
        raise typer.Exit(1)


def _facts(subject: Subject, found: Measured, seed: int) -> tuple[tuple[str, str], ...]:
    model = (("model", subject.model),) if subject.model else ()
    return (
        ("encoder", subject.encode.label),
        *model,
        ("photos", f"{len(found.tokens.shares)}, centre squares at {subject.size} x {subject.size} pixels"),
        (
            "holes",
            f"{RECIPES[0]} to {RECIPES[-1]}, 5 to 95 % of the photo, one a photo, as many of each tenth; seed {seed}",
        ),
    )


def _notes(subject: Subject, found: Measured, numbers: Similarity) -> list[str]:
    notes = []
    if subject.encode.name != "dinov2":
        notes.append(f"{subject.encode.name} stands in for DINOv2: this is no result of the paper's method")
    if subject.model is not None and subject.adapt is None:
        notes.append("the model was trained without adaptation MLP: nothing is mapped")
    if empty := [f"{100 * row.low:.0f}-{100 * row.high:.0f} %" for row in numbers.rows if not row.photos]:
        notes.append(f"no hole of {', '.join(empty)}: too few photos could be used, or the holes did not get there")
    if found.unusable:
        notes.append(told(found.unusable))
    return notes


def _summary(whole: Row) -> str:
    parts = [f"{name} {each.mean:.3f}" for name, each in (("masked", whole.masked), ("mapped", whole.mapped)) if each]
    return f"cosine to the clean token over {whole.photos} photos: {', '.join(parts)}"
