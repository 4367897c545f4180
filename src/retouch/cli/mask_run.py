"""The run of `retouch mask`."""

from __future__ import annotations

import io
import json as formats
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from retouch.cli.speak import note, out, say
from retouch.cli.streams import STREAM, from_stdin, to_stdout
from retouch.files.targets import check_suffix, check_target
from retouch.mask.facts import MaskFacts, facts
from retouch.mask.marks import mark, read_mask
from retouch.settings import Settings, checked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retouch.cli.options import ReadingOptions
    from retouch.mask import Mask
    from retouch.mask.marks import Marks
    from retouch.photo import Photo

_POINT = re.compile(r"\s*([+-]?\d+(?:\.\d+)?)\s*,\s*([+-]?\d+(?:\.\d+)?)\s*", re.ASCII)
_SIZE = re.compile(r"(\d{1,7})\s*[xX×,]\s*(\d{1,7})", re.ASCII)


def parse_polygon(text: str) -> tuple[tuple[float, float], ...]:
    """Read "x,y x,y x,y", at least three points in pixels.

    Raises:
        ValueError: something else.
    """
    points = [_POINT.fullmatch(part) for part in text.replace(";", " ").split()]
    if len(points) < 3 or not all(points):
        raise ValueError(f"polygon: is {text!r}; accepted: at least three points, such as '10,10 90,20 50,80'")
    return tuple((float(point.group(1)), float(point.group(2))) for point in points if point)


def parse_size(text: str) -> tuple[int, int]:
    """Read "640x480" as (width, height).

    Raises:
        ValueError: something else.
    """
    match = _SIZE.fullmatch(text.strip())
    if not match or "0" in (match.group(1).lstrip("0") or "0", match.group(2).lstrip("0") or "0"):
        raise ValueError(f"size: is {text!r}; accepted: width x height in pixels, such as 640x480")
    return int(match.group(1)), int(match.group(2))


def make(
    masks: Sequence[str],
    join: Sequence[Path],
    photo: Path | None,
    size: str | None,
    marks: Marks,
    reading: ReadingOptions,
) -> Mask:
    """The mask that is asked for.

    Raises:
        ValueError: there is nothing to make it of, or the sources do not fit each other.
    """
    from retouch.photo import DEFAULT_MAX_PIXELS

    settings = checked(Settings, reading.settings())
    most = reading.max_pixels or DEFAULT_MAX_PIXELS
    if list(masks).count(STREAM) > 1:
        raise ValueError("MASK: '-' is given twice; standard input can be read once")
    wanted, opened = _size(photo, size, marks, most)
    read = [read_mask(from_stdin(name), settings, wanted, most) for name in masks]
    added = [read_mask(path, settings, wanted or (read[0].size if read else None), most) for path in join]
    if wanted is None and (first := [*read, *added]):
        wanted = first[0].size
    if wanted is None:
        raise ValueError("size is missing: give a mask, --photo or --size")
    made = mark(read, marks, size=wanted, photo=opened)
    if made is None and not added:
        raise ValueError("mask is missing: give a mask, --box, --polygon, --key or --from-alpha")
    return added[0].join(*added[1:]) if made is None else made.join(*added)


def _size(photo: Path | None, size: str | None, marks: Marks, most: int) -> tuple[tuple[int, int] | None, Photo | None]:
    if photo is None:
        if marks.needs_photo:
            raise ValueError("photo is missing: --key and --from-alpha look at it; give --photo")
        return (None if size is None else _limited(parse_size(size), most)), None
    if size is not None:
        raise ValueError("size: is given by --photo already; give one of --photo and --size")
    from retouch import photo as photos

    opened = photos.read(photo, max_pixels=most)
    return opened.size, opened


def _limited(size: tuple[int, int], most: int) -> tuple[int, int]:
    if size[0] * size[1] > most:
        raise ValueError(f"size: {size[0]} x {size[1]} pixels are more than {most} (raise max_pixels)")
    return size


def check_out(target: Path | None, info: bool) -> None:
    """Refuse a call that would give nothing, or two things on standard output.

    Raises:
        ValueError: it would, or the mask would go to a terminal.
    """
    if target is None and not info:
        raise ValueError("-o is missing: name the new mask, or ask with --info")
    if target == Path(STREAM):
        if info:
            raise ValueError("-o: the mask and --info cannot both go to standard output; name a file with -o")
        if sys.stdout.isatty():
            raise ValueError("the mask would go to standard output, which is a terminal; use -o FILE or a pipe")


def describe(mask: Mask, target: Path | None, info: bool, json: bool, overwrite: bool, inputs: Sequence[str]) -> None:
    """Write the mask, tell about it, or both."""
    for text in mask.notes:
        note(text)
    if target == Path(STREAM):
        _print(mask)
    elif target is not None:
        check_suffix(target, (".png",), "a mask")
        check_target(target, inputs=[Path(name) for name in inputs if name != STREAM], overwrite=overwrite)
        mask.save(target, overwrite=overwrite)
        say(f"retouch: wrote {target} ({mask.size[0]} x {mask.size[1]} pixels, {mask.coverage:.2%} hole)")
    if info:
        known = facts(mask)
        out(_as_json(known) if json else _as_words(known))


def _print(mask: Mask) -> None:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(mask.hole).save(buffer, format="PNG")
    to_stdout(buffer.getbuffer())
    say(f"retouch: wrote standard output ({mask.size[0]} x {mask.size[1]} pixels, {mask.coverage:.2%} hole)")


def _as_json(known: MaskFacts) -> str:
    from dataclasses import asdict

    return formats.dumps(asdict(known), indent=1)


def _as_words(known: MaskFacts) -> str:
    width, height = known.size
    lines = [
        f"size      {width} x {height} pixels",
        f"hole      {known.coverage:.2%}",
        f"parts     {known.parts}",
        f"box       {'none' if known.box is None else ','.join(map(str, known.box))}",
        f"polarity  {'probably inverted: most of it is hole' if known.likely_inverted else 'as expected'}",
    ]
    return "\n".join(lines)
