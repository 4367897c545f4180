"""The options that commands share, with their words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from retouch.mask.marks import Marks

FILLING = "How to fill"
HOLE = "Where the hole is"
READING = "How masks are read"
WRITING = "What is written"


def _option(*names: str, panel: str, text: str, **more: Any) -> Any:
    return typer.Option(*names, help=text, rich_help_panel=panel, **more)


@dataclass(frozen=True)
class HoleOptions:
    """Sources of the hole besides mask files, and what is done to their union."""

    box: Annotated[
        list[str] | None,
        _option("--box", panel=HOLE, text="A box x,y,w,h in pixels; repeatable.", metavar="X,Y,W,H"),
    ] = None
    key: Annotated[
        str | None, _option("--key", panel=HOLE, text="A colour that marks the hole: '#ff00ff'.", metavar="COLOUR")
    ] = None
    key_tolerance: Annotated[
        int, _option("--key-tolerance", panel=HOLE, text="How far each channel may be off that colour.", min=0, max=255)
    ] = 0
    from_alpha: Annotated[
        bool, _option("--from-alpha", panel=HOLE, text="Transparent pixels of the photo; they become opaque.")
    ] = False
    grow: Annotated[int, _option("--grow", panel=HOLE, text="Pixels to add around the hole.", min=0)] = 0
    shrink: Annotated[int, _option("--shrink", panel=HOLE, text="Pixels to take off around it.", min=0)] = 0
    invert: Annotated[bool, _option("--invert", panel=HOLE, text="Swap hole and known.")] = False

    def marks(self, polygons: tuple[tuple[tuple[float, float], ...], ...] = ()) -> Marks:
        """The options as the library takes them."""
        from retouch.mask import parse_box, parse_colour
        from retouch.mask.marks import Marks

        if self.key is not None:
            parse_colour(self.key)
        return Marks(
            boxes=tuple(parse_box(text) for text in self.box or ()),
            polygons=polygons,
            key=self.key,
            key_tolerance=self.key_tolerance,
            from_alpha=self.from_alpha,
            grow=self.grow,
            shrink=self.shrink,
            invert=self.invert,
        )


@dataclass(frozen=True)
class ReadingOptions:
    """How mask files are read."""

    convention: Annotated[
        str,
        _option("--convention", panel=READING, text="What marks the hole: white, black or alpha.", metavar="WORD"),
    ] = "white"
    threshold: Annotated[
        float, _option("--threshold", panel=READING, text="Share of white from which a pixel is hole, 0 to 1.")
    ] = 0.5
    any_coverage: Annotated[
        bool, _option("--any-coverage", panel=READING, text="Every pixel that is not wholly black is hole.")
    ] = False
    resize_mask: Annotated[
        bool, _option("--resize-mask", panel=READING, text="Scale a mask of another size to the photo.")
    ] = False
    max_pixels: Annotated[
        int | None,
        _option("--max-pixels", panel=READING, text="Larger photos and masks are refused; default 250 million."),
    ] = None

    def settings(self) -> dict[str, Any]:
        """The options as fields of Settings."""
        return {
            "convention": self.convention,
            "threshold": self.threshold,
            "any_coverage": self.any_coverage,
            "resize_mask": self.resize_mask,
        }


@dataclass(frozen=True)
class FillOptions:
    """How holes are filled."""

    model: Annotated[
        str, _option("--model", "-m", panel=FILLING, text="The model; 'retouch models' lists them.", metavar="NAME")
    ] = "auto"
    device: Annotated[str, _option("--device", panel=FILLING, text="auto, cpu, cuda, mps or xpu.", metavar="NAME")] = (
        "auto"
    )
    harmonise: Annotated[
        str | None,
        _option("--harmonise", panel=FILLING, text="Adapt the fill's colours with this harmoniser.", metavar="NAME"),
    ] = None
    seed: Annotated[int, _option("--seed", panel=FILLING, text="Of everything random.")] = 0
    samples: Annotated[
        int,
        _option("--samples", panel=FILLING, text="Several results (seed, seed + 1, ...), named _1, _2, ...", min=1),
    ] = 1
    dilate: Annotated[
        int | None, _option("--dilate", panel=FILLING, text="Ring around the hole in pixels; default by size.")
    ] = None
    feather: Annotated[
        int | None, _option("--feather", panel=FILLING, text="Blending inside the ring; default half the ring.")
    ] = None
    match: Annotated[
        bool, _option("--match/--no-match", panel=FILLING, text="Correct the colour offset seen on the ring.")
    ] = True
    detail: Annotated[
        bool | None,
        _option("--detail/--no-detail", panel=FILLING, text="Second pass in large holes; default where it helps."),
    ] = None
    expand: Annotated[
        str | None,
        _option(
            "--expand", panel=FILLING, text="Paint outwards: pixels or percent, or one for all.", metavar="L,T,R,B"
        ),
    ] = None
    avoid: Annotated[
        Path | None,
        _option("--avoid", panel=FILLING, text="Mask of what must not be copied from.", metavar="MASK"),
    ] = None
    iterations: Annotated[
        int | None,
        _option("--iterations", panel=FILLING, text="Steps of a model that iterates; default its own.", min=1),
    ] = None
    noise: Annotated[
        float | None,
        _option("--noise", panel=FILLING, text="Of a model that samples: share of its uncertainty, 0 to 1.", min=0),
    ] = None
    option: Annotated[
        list[str] | None,
        _option(
            *("--option", "-O"),
            panel=FILLING,
            text="One of the model's own options, or a setting of retouch.fill; repeatable.",
            metavar="NAME=VALUE",
        ),
    ] = None

    def settings(self) -> dict[str, Any]:
        """What was asked for, as fields of Settings and the model's own options."""
        from retouch.catalogue import find
        from retouch.settings import parse_expand, split

        asked: dict[str, Any] = {"match": self.match}
        for name in ("dilate", "feather", "detail", "iterations", "noise"):
            if (value := getattr(self, name)) is not None:
                asked[name] = value
        if self.expand is not None:
            asked["expand"] = parse_expand(self.expand)
        own = dict(_assignment(text) for text in self.option or ())
        if own:  # names such as seed, which are arguments of the library but no settings, are unknown here
            card = find(self.model)
            split(own, card.needs.options, card.name)
        if twice := sorted(own.keys() & asked.keys() - {"match"}):
            raise ValueError(f"option {twice[0]!r} is given twice, by -O and by --{twice[0]}")
        return asked | own


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise ValueError(f"-O: is {text!r}; accepted: name=value, such as patch_size=5")
    return name.strip().replace("-", "_"), value.strip()


@dataclass(frozen=True)
class WritingOptions:
    """How results are written."""

    overwrite: Annotated[bool, _option("--overwrite", panel=WRITING, text="Replace files that exist.")] = False
    quality: Annotated[
        int | None,
        _option("--quality", panel=WRITING, text="Of lossy formats; default as the photo was.", min=1, max=100),
    ] = None
    format: Annotated[
        str | None,
        _option("--format", panel=WRITING, text="Format of the results; default as the photo.", metavar="SUFFIX"),
    ] = None
