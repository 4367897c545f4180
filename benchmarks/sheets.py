"""Make the pictures of docs/: the contact sheet of the examples, and one pass against two.

    python benchmarks/sheets.py

Needs the extra `cv`. Prints the seconds of each fill.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

import retouch
from retouch.mask import bounding_box
from retouch.window.plan import grown

ROOT = Path(__file__).parent.parent
MODELS = ("patchmatch", "smooth", "telea", "ns", "biharmonic")
TILE = 240


def close_up(image: Image.Image, box: tuple[int, int, int, int], side: int = TILE) -> Image.Image:
    """The part around the hole, as a square of `side` pixels."""
    x0, y0, x1, y1 = box
    longest = max(x1 - x0, y1 - y0)
    x, y = (x0 + x1 - longest) / 2, (y0 + y1 - longest) / 2
    x, y = min(max(x, 0), max(image.width - longest, 0)), min(max(y, 0), max(image.height - longest, 0))
    part = image.convert("RGB").crop((round(x), round(y), round(x) + longest, round(y) + longest))
    return part.resize((side, side), Image.Resampling.LANCZOS)


def with_hole(image: Image.Image, hole: np.ndarray) -> Image.Image:
    """The photo with its hole in magenta."""
    marked = np.asarray(image.convert("RGB")).copy()
    marked[hole] = (255, 0, 200)
    return Image.fromarray(marked)


def grid(rows: list[list[Image.Image]], heads: list[str]) -> Image.Image:
    """Pictures in a grid with a word above each column."""
    side = rows[0][0].size[0]
    sheet = Image.new("RGB", (len(heads) * (side + 4) - 4, 24 + len(rows) * (side + 4)), "white")
    draw = ImageDraw.Draw(sheet)
    for column, head in enumerate(heads):
        draw.text((column * (side + 4) + 4, 4), head, fill="black", font_size=15)
        for row, pictures in enumerate(rows):
            sheet.paste(pictures[column], (column * (side + 4), 24 + row * (side + 4)))
    return sheet


def contact_sheet() -> Image.Image:
    """Every example: before, hole, and what each model makes of it."""
    rows = []
    for mask_path in sorted(ROOT.glob("examples/*.mask.png")):
        path = next(p for p in mask_path.parent.glob(mask_path.name.split(".")[0] + ".*") if p != mask_path)
        mask = retouch.Mask.from_any(mask_path)
        row = []
        for model in MODELS:
            result = retouch.load(model).run(path, mask)
            print(f"{path.name} {model}: {sum(result.seconds.values()):.1f} s", flush=True)
            row.append(result.photo.pil())
        photo = Image.open(path)
        core = bounding_box(mask.hole)
        assert core is not None
        box = grown(core, (0, 0, *photo.size))
        pictures = [photo, with_hole(photo, mask.hole), *row]
        rows.append([close_up(picture, box) for picture in pictures])
    return grid(rows, ["before", "hole", *MODELS])


def two_passes() -> Image.Image:
    """The 20 MP example with a hole of 30 % of the photo: one pass against two, at full resolution."""
    path = ROOT / "examples" / "bird.jpg"
    with Image.open(path) as photo:
        width, height = photo.size
    hole = np.zeros((height, width), bool)
    side_y, side_x = round(height * 0.3**0.5), round(width * 0.3**0.5)
    top, left = (height - side_y) // 2, (width - side_x) // 4
    hole[top : top + side_y, left : left + side_x] = True
    place = (round(width * 0.22), round(height * 0.45), round(width * 0.22) + 700, round(height * 0.45) + 700)
    pictures, whole = [], []
    for detail in (False, True):
        result = retouch.load().run(path, hole, detail=detail)
        print(f"{'two passes' if detail else 'one pass'}: {sum(result.seconds.values()):.1f} s", flush=True)
        image = result.photo.pil()
        pictures.append(close_up(image, place, 560))
        whole.append(image.convert("RGB").resize((560, 560)))
    return grid([[*pictures, whole[1]]], ["one pass, 100 %", "two passes, 100 %", "whole photo, two passes"])


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    contact_sheet().save(ROOT / "docs" / "contact-sheet.jpg", quality=82)
    two_passes().save(ROOT / "docs" / "two-pass.jpg", quality=82)


if __name__ == "__main__":
    from script import run_main

    run_main(main)
