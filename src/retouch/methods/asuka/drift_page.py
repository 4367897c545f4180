"""Fig. 5 as files: a page with both plots, the numbers, and what becomes of a photo."""

from __future__ import annotations

import csv
import io
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from retouch.atomic import atomic
from retouch.files.targets import check_into
from retouch.markup.svg import Series, plot
from retouch.markup.tags import Html, join, tag
from retouch.methods.asuka.drift import EDGES

if TYPE_CHECKING:
    from retouch.methods.asuka.drift import Drift

PAGE, TABLE, STRIP = "index.html", "drift.csv", "passes.png"
SHOWN = 6  # pictures of the strip
STYLE = """
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; font: 16px/1.5 system-ui, sans-serif; color: #1c1d1f; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; } dt { color: #5d6066; } dd { margin: 0; }
img { max-width: 100%; } .plots { display: flex; flex-wrap: wrap; gap: 1.5rem; } figure { margin: 0; width: 24rem; }
svg { width: 100%; height: auto; } text { font: 11px system-ui, sans-serif; fill: #444; } .grid { stroke: #ddd; }
.line { fill: none; stroke-width: 1.5; } .s0 { color: #1d6fb8; } .s1 { color: #c8540a; } .s2 { color: #2f7d32; }
.line, .mark { stroke: currentColor; } .mark { fill: currentColor; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .7rem; text-align: right; border-top: 1px solid #dcdde0; }
"""


def check_out(out: Path, *, overwrite: bool) -> None:
    """Refuse a folder that the files could not be written into; errors as `check_into`."""
    check_into(out, (PAGE, TABLE, STRIP), overwrite=overwrite)


def write(found: Drift, facts: tuple[tuple[str, str], ...], out: Path, *, overwrite: bool = False) -> Path:
    """Write drift.csv, passes.png and index.html into `out`, which is made; returns the page.

    Args:
        found: what was measured.
        facts: name and value of what was done, in order.
        out: the folder.
        overwrite: files there may be replaced.

    Raises:
        OSError: as `check_out`, or the disk is full.
    """
    check_out(out, overwrite=overwrite)
    out.mkdir(exist_ok=True)
    with atomic(out / TABLE, "w", overwrite=overwrite) as file:
        file.write(table(found))
    with atomic(out / STRIP, overwrite=overwrite) as picture:
        strip(found).save(picture, "PNG")
    with atomic(out / PAGE, "w", overwrite=overwrite, errors="backslashreplace") as file:
        file.write(page(found, facts))
    return out / PAGE


def table(found: Drift) -> str:
    """The numbers as CSV, a row a pass."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["pass", "hue_degrees", "error_levels", *(f"error {name}" for name in bands())])
    for k, each in enumerate(found.passes, start=1):
        rows.writerow([k, *(f"{x:.4f}" for x in (each.hue, each.error, *each.bands))])
    return text.getvalue()


def bands() -> list[str]:
    """Names of the octaves, in cycles per pixel."""
    inner = [f"1/{round(1 / edge)}" for edge in EDGES[1:-1]]
    ends = zip(["0", *inner], [*inner, "up"], strict=True)
    return [f"{low} to {high}" for low, high in ends]


def strip(found: Drift) -> Image.Image:
    """The first photo and what became of it, side by side: as it was, then after passes from the first to the last."""
    chosen = sorted({round(k) for k in np.linspace(0, len(found.strip) - 1, min(SHOWN, len(found.strip)))})
    row = np.concatenate([found.strip[k] for k in chosen], axis=1)  # [H, n W, 3]
    return Image.fromarray(np.rint(255 * np.clip(row, 0, 1)).astype(np.uint8))


def page(found: Drift, facts: tuple[tuple[str, str], ...]) -> str:
    """The page; it shows passes.png beside it."""
    listed = [part for name, value in facts for part in (tag("dt", name), tag("dd", value))]
    title = "What an autoencoder loses"
    body = [
        tag("h1", title),
        tag("dl", *listed),
        tag("img", src=STRIP, alt="The first photo as it was, then after more and more passes"),
        tag("div", _hue(found), _bands(found), class_="plots"),
        _table(found),
        tag("p", _READ),
    ]
    meta = Html('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">')
    head = tag("head", meta, tag("title", title), tag("style", Html(STYLE)))
    return f"<!doctype html>\n{tag('html', head, tag('body', *body), lang='en')}\n"


_READ = (
    "Hue: mean turn, each pixel weighted with its colourfulness. Errors: root mean square in 8-bit levels; the squares "
    "of the octaves add up to that of the whole. The lowest octave holds the mean colour."
)


def _hue(found: Drift) -> Html:
    points = tuple((float(k), each.hue) for k, each in enumerate(found.passes, start=1))
    return plot("Turn of the hue", [Series("hue", 0, points)], x="passes", y="hue is off by (degrees)", style="line")


def _bands(found: Drift) -> Html:
    last = len(found.passes)
    middles = [1 / 96, *(float(np.sqrt(a * b)) for a, b in pairwise(EDGES[1:-1])), 3 / 8]
    series = [
        Series(f"{k} passes", number, tuple(zip(middles, found.passes[k - 1].bands, strict=True)))
        for number, k in enumerate(sorted({1, (last + 1) // 2, last}))
    ]
    names = ", ".join(each.name for each in series)
    return plot(
        "Error by frequency", series, x="cycles per pixel", y=f"error (levels): {names}", style="line", log_x=True
    )


def _table(found: Drift) -> Html:
    head = tag("tr", *(tag("th", text, scope="col") for text in ("pass", "hue (°)", "error", *bands())))
    rows = [
        tag("tr", tag("th", str(k), scope="row"), *(tag("td", f"{x:.2f}") for x in (each.hue, each.error, *each.bands)))
        for k, each in enumerate(found.passes, start=1)
    ]
    return tag("table", tag("thead", head), tag("tbody", join(rows)))
