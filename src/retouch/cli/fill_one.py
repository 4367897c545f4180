"""The run of `retouch fill`: check, read, fill, write, tell."""

from __future__ import annotations

import io
import json
import os
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retouch import __version__
from retouch import photo as photos
from retouch.catalogue import find
from retouch.cli.bar import waiting
from retouch.cli.speak import note, out, say
from retouch.cli.streams import STREAM, check_streams, from_stdin, to_stdout
from retouch.files import sidefiles
from retouch.files.animation import Recorder, save_animation
from retouch.files.targets import (
    PICTURES,
    check_distinct,
    check_photo_suffix,
    check_suffix,
    check_target,
    format_suffix,
    numbered,
    photo_suffix,
)
from retouch.filler import MAX_SAMPLES, load
from retouch.job import all_notes, open_photo, quality_notes, run
from retouch.mask import Mask

if TYPE_CHECKING:
    from retouch.catalogue import Card
    from retouch.cli.fill import SideOptions
    from retouch.cli.options import WritingOptions
    from retouch.filler import Filler, Result
    from retouch.job import Job, Opened


@dataclass(frozen=True)
class Written:
    """One result, for the report."""

    path: str
    seed: int
    width: int
    height: int
    windows: list[list[int]]
    seconds: dict[str, float]
    notes: list[str]


@dataclass(frozen=True)
class Outputs:
    """Where everything of one run goes; `out` None: standard output; `named`: the user chose its name."""

    out: Path | None
    named: bool
    samples: int
    writing: WritingOptions
    sides: SideOptions

    def sample(self, path: Path | None, k: int) -> Path | None:
        """The name of `path` for sample k."""
        return None if path is None else numbered(path, k, self.samples)


def fill_one(
    job: Job,
    photo: str,
    mask: str | None,
    target: str | None,
    samples: int,
    writing: WritingOptions,
    sides: SideOptions,
) -> None:
    """Fill one photo; nothing is computed before every output is known to be possible, and OUT is written last."""
    started = time.perf_counter()
    check_streams(photo, mask, target, samples, MAX_SAMPLES)
    paths = _inputs(photo, mask, job)
    outputs = Outputs(_target(photo, target, writing), target is not None, samples, writing, sides)
    _check(outputs, paths)
    _check_model(find(job.model), sides)
    filler = load(job.model, job.device, job.harmonise)
    loaded = time.perf_counter()
    opened = open_photo(job, from_stdin(photo), [] if mask is None else [from_stdin(mask)])
    reading = time.perf_counter() - loaded
    written = _fill_samples(filler, job, opened, outputs)
    first = replace(written[0], seconds=written[0].seconds | {"read": round(reading, 4)})
    _report(job, photo, mask, opened, [first, *written[1:]], outputs, time.perf_counter() - started)


def _inputs(photo: str, mask: str | None, job: Job) -> list[Path]:
    """The files that are read; an error where one of them cannot be."""
    given = {"photo": photo, "mask": mask, "avoid": None if job.avoid is None else os.fspath(job.avoid)}
    named = {name: text for name, text in given.items() if text is not None and text != STREAM}
    for name, text in named.items():
        path = Path(text)
        if not text or not path.exists():
            raise FileNotFoundError(f"{name}: there is no file {text!r}")
        if path.is_dir():
            raise IsADirectoryError(f"{name}: {text!r} is a folder; accepted: a file")
    return [Path(text) for text in named.values()]


def _target(photo: str, target: str | None, writing: WritingOptions) -> Path | None:
    """OUT, or by default PHOTO.filled.SUFFIX beside the photo; a photo from standard input goes to standard output."""
    suffix = None if writing.format is None else format_suffix(writing.format)
    if target == STREAM or (target is None and photo == STREAM):
        return None
    if target is None:
        given = Path(photo)
        return given.with_name(f"{given.stem}.filled{suffix or photo_suffix(given)}")
    path = Path(target)
    if not path.name:
        raise IsADirectoryError(f"-o: {target!r} is no file name")
    if suffix is not None and path.suffix and format_suffix(path.suffix) != suffix:
        raise ValueError(f"--format: {writing.format} and the suffix of {target} do not agree")
    return path


def _check_model(card: Card, sides: SideOptions) -> None:
    if sides.uncertainty is not None and not card.needs.uncertainty:
        raise ValueError(f"--uncertainty: model {card.name!r} does not tell its uncertainty")
    if sides.animate is not None and card.needs.steps is None:
        raise ValueError(f"--animate: model {card.name!r} does not fill step by step, so there is nothing to show")


def _check(outputs: Outputs, inputs: list[Path]) -> None:
    sides, overwrite = outputs.sides, outputs.writing.overwrite
    for path, accepted, what in (
        (sides.compare, PICTURES, "a comparison"),
        (sides.save_mask, (".png",), "a mask"),
        (sides.layer, (".png",), "a layer"),
        (sides.uncertainty, (".png",), "the uncertainty"),
        (sides.animate, (".webp",), "an animation"),
    ):
        if path is not None:
            check_suffix(path, accepted, what)
    if outputs.named and outputs.out is not None and outputs.out.suffix:
        check_photo_suffix(outputs.out)
    for_each = [outputs.out, sides.layer, sides.uncertainty, sides.animate]
    once = [sides.compare, sides.save_mask, None if sides.json == Path(STREAM) else sides.json]
    paths = [outputs.sample(path, k) for path in for_each for k in range(outputs.samples)] + once
    files = [path for path in paths if path is not None]
    for path in files:
        check_target(path, inputs=inputs, overwrite=overwrite)
    check_distinct(files)


def _fill_samples(filler: Filler, job: Job, opened: Opened, outputs: Outputs) -> list[Written]:
    written, panels = [], []
    factor = 1
    for k in range(outputs.samples):
        with waiting(f"filling with {job.model}") as progress:
            recorder = Recorder(progress) if outputs.sides.animate is not None else None
            result = run(filler, job, opened, seed=job.seed + k, progress=recorder or progress)
        if outputs.sides.compare is not None:
            factor = sidefiles.reduction(result.photo.size, outputs.samples + 2)
            panels.append(sidefiles.panel(result.photo, factor))
        if k == outputs.samples - 1 and outputs.sides.compare is not None:
            before = sidefiles.panel(photos.enlarge(opened.photo, *job.settings.borders(opened.photo.size)), factor)
            row = [before, sidefiles.outlined(before, result.hole, factor), *panels]
            sidefiles.save_picture(sidefiles.side_by_side(row), outputs.sides.compare, outputs.writing.overwrite)
        _write_sides(result, outputs, k)
        if recorder is not None:
            _write_animation(recorder, result, outputs, k)
        written.append(_write(result, outputs, k))
    return written


def _write_sides(result: Result, outputs: Outputs, k: int) -> None:
    sides, overwrite = outputs.sides, outputs.writing.overwrite
    uncertainty, layer = outputs.sample(sides.uncertainty, k), outputs.sample(sides.layer, k)
    if uncertainty is not None:
        sidefiles.save_picture(sidefiles.uncertainty_picture(result), uncertainty, overwrite)
    if layer is not None:
        sidefiles.layer(result).save(layer, overwrite=overwrite)
    if sides.save_mask is not None and k == 0:
        Mask(result.hole).save(sides.save_mask, overwrite=overwrite)


def _write_animation(recorder: Recorder, result: Result, outputs: Outputs, k: int) -> None:
    path = outputs.sample(outputs.sides.animate, k)
    assert path is not None
    if not result.windows:
        note("--animate: nothing was filled, so there is no animation")
        return
    if len(result.windows) > 1:
        note(f"--animate shows the first of {len(result.windows)} windows")
    save_animation(recorder.frames, result.windows[0].size, path, outputs.writing.overwrite)


def _write(result: Result, outputs: Outputs, k: int) -> Written:
    path, writing = outputs.sample(outputs.out, k), outputs.writing
    started = time.perf_counter()
    if path is None:
        buffer = io.BytesIO()
        notes = photos.write(result.photo, buffer, format=writing.format, quality=writing.quality)
        to_stdout(buffer.getbuffer())
    else:
        notes = photos.write(
            result.photo, path, overwrite=writing.overwrite, format=writing.format, quality=writing.quality
        )
    notes += quality_notes(result.photo, "" if path is None else path.name, writing.format, writing.quality)
    seconds = result.seconds | {"write": time.perf_counter() - started}
    return Written(
        path=STREAM if path is None else str(path),
        seed=result.seed,
        width=result.photo.size[0],
        height=result.photo.size[1],
        windows=[[*window.box, *window.size] for window in result.windows],
        seconds={stage: round(value, 4) for stage, value in seconds.items()},
        notes=list(all_notes(result, notes)),
    )


def _report(
    job: Job,
    photo: str,
    mask: str | None,
    opened: Opened,
    written: list[Written],
    outputs: Outputs,
    seconds: float,
) -> None:
    for text in dict.fromkeys(text for one in written for text in one.notes):
        note(text)
    if outputs.sides.json is not None:
        report: dict[str, Any] = {
            "retouch": __version__,
            "photo": photo,
            "mask": mask,
            "size": list(opened.photo.size),
            "hole": 0.0 if opened.mask is None else round(opened.mask.coverage, 6),
            "model": job.model,
            "harmonise": job.harmonise,
            "seconds": round(seconds, 4),
            "results": [asdict(one) for one in written],
        }
        _write_json(json.dumps(report, indent=1), outputs)
    what = written[0].path if len(written) == 1 else f"{written[0].path} to {written[-1].path}"
    what = "standard output" if outputs.out is None else what
    say(f"retouch: wrote {what} ({written[0].width} x {written[0].height} pixels) in {seconds:.1f} s")


def _write_json(text: str, outputs: Outputs) -> None:
    path = outputs.sides.json
    if path != Path(STREAM):
        from retouch.atomic import atomic

        assert path is not None
        with atomic(path, "w", overwrite=outputs.writing.overwrite) as file:
            file.write(text + "\n")
    elif outputs.out is None:
        print(text, file=sys.stderr, flush=True)
    else:
        out(text)
