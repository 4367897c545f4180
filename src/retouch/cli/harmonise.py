"""`retouch harmonise`: one photo that was filled, by whatever program."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from retouch.cli.groups import grouped
from retouch.cli.options import ReadingOptions, WritingOptions

PASTING = "How it is pasted"


def _pasting(*names: str, text: str) -> Any:
    return typer.Option(*names, help=text, rich_help_panel=PASTING)


@dataclass(frozen=True)
class PastingOptions:
    """The ring around the hole."""

    dilate: Annotated[int | None, _pasting("--dilate", text="Ring in pixels; default by size.")] = None
    feather: Annotated[int | None, _pasting("--feather", text="Blending inside it; default half the ring.")] = None
    match: Annotated[bool, _pasting("--match/--no-match", text="Correct the colour offset seen on the ring.")] = True

    def settings(self) -> dict[str, Any]:
        """What was asked for, as fields of Settings."""
        asked = {"dilate": self.dilate, "feather": self.feather}
        return {"match": self.match} | {name: value for name, value in asked.items() if value is not None}


@grouped
def harmonise(
    photo: Annotated[Path, typer.Argument(help="The photo before it was filled.", metavar="PHOTO")],
    filled: Annotated[Path, typer.Argument(help="The same photo, filled.", metavar="FILLED")],
    mask: Annotated[Path, typer.Argument(help="White = hole.", metavar="MASK")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The result.", metavar="OUT")],
    model: Annotated[
        str, typer.Option("--model", "-m", help="The harmoniser: its name, or its export's path.", metavar="NAME")
    ],
    device: Annotated[str, typer.Option("--device", help="auto, cpu, cuda, mps or xpu.", metavar="NAME")] = "auto",
    *,
    pasting: PastingOptions,
    reading: ReadingOptions,
    writing: WritingOptions,
) -> None:
    """Adapt the colours of a fill to the photo around it.

    retouch harmonise photo.jpg filled.png mask.png -o out.jpg --model asuka.json

    FILLED may come from any method or program. Only the hole and a narrow ring around it change. To fill and harmonise
    at once, `retouch fill --harmonise NAME`.
    """
    from retouch.cli.harmonise_run import harmonise_one

    harmonise_one(photo, filled, mask, out, model, device, reading, pasting.settings(), writing)
