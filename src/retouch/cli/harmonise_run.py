"""The run of `retouch harmonise`: check, read, harmonise, write, tell."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from retouch import photo as photos
from retouch.cli.bar import waiting
from retouch.cli.speak import note, say
from retouch.files.targets import check_photo_suffix, check_target, format_suffix
from retouch.harmoniser import harmonise, load_harmoniser
from retouch.job import quality_notes

if TYPE_CHECKING:
    from pathlib import Path

    from retouch.cli.options import ReadingOptions, WritingOptions


def harmonise_one(
    photo: Path,
    filled: Path,
    mask: Path,
    target: Path,
    model: str,
    device: str,
    reading: ReadingOptions,
    pasting: dict[str, Any],
    writing: WritingOptions,
) -> None:
    """Harmonise one photo; nothing is computed before the output is known to be possible."""
    started = time.perf_counter()
    inputs = {"photo": photo, "filled": filled, "mask": mask}
    for name, path in inputs.items():
        if not path.is_file():
            raise FileNotFoundError(f"{name}: there is no file {str(path)!r}")
    _check_target(target, list(inputs.values()), writing)
    harmoniser = load_harmoniser(model, device)
    with waiting("harmonising") as progress:
        done = harmonise(
            photo,
            filled,
            mask,
            model=harmoniser,
            max_pixels=reading.max_pixels,
            progress=progress,
            **reading.settings() | pasting,
        )
    notes = photos.write(done, target, overwrite=writing.overwrite, format=writing.format, quality=writing.quality)
    for text in dict.fromkeys(
        (*done.notes, *notes, *quality_notes(done, target.name, writing.format, writing.quality))
    ):
        note(text)
    width, height = done.size
    say(f"retouch: wrote {target} ({width} x {height} pixels) in {time.perf_counter() - started:.1f} s")


def _check_target(target: Path, inputs: list[Path], writing: WritingOptions) -> None:
    suffix = None if writing.format is None else format_suffix(writing.format)
    if suffix is not None and target.suffix and format_suffix(target.suffix) != suffix:
        raise ValueError(f"--format: {writing.format} and the suffix of {target} do not agree")
    if target.suffix:
        check_photo_suffix(target)
    check_target(target, inputs=inputs, overwrite=writing.overwrite)
