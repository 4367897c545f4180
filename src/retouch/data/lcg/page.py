"""One HTML page to judge pairs by: counts of every category, what was left out, and some masks of each."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from retouch.atomic import atomic
from retouch.data.categories import CATEGORIES, ROLES
from retouch.data.items import Item
from retouch.data.lcg.statistics import Row, spread, statistics
from retouch.data.training.decode import upright
from retouch.holes.objects import scaled
from retouch.markup.tags import Html, join, tag
from retouch.mask.morphology import erode

if TYPE_CHECKING:
    from retouch.data.lcg.pairs import Pairs
    from retouch.data.lcg.record import Told

SIDE = 168  # of a picture's longer side, in pixels
TINT = {"background": (30, 110, 235), "foreground": (235, 70, 20)}
STYLE = (
    "body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:1180px;padding:0 1rem;color:#222}"
    "table{border-collapse:collapse}td,th{padding:.15rem .8rem .15rem 0;text-align:left;font-weight:normal}"
    "td.n{text-align:right;font-variant-numeric:tabular-nums}th{color:#666;border-bottom:1px solid #ccc}"
    ".strip{display:flex;flex-wrap:wrap;gap:.6rem}figure{margin:0}figcaption{font-size:12px;color:#666;max-width:168px;"
    "overflow:hidden;text-overflow:ellipsis;white-space:nowrap}h3{margin:1.4rem 0 .4rem}small{color:#666}"
    ".background{color:#1e6eeb}.foreground{color:#d0400f}.two{display:flex;gap:3rem;flex-wrap:wrap}"
)


def write_page(pairs: Pairs, told: Told, path: Path, title: str, each: int = 6) -> None:
    """Write the page; it needs no network and no other file.

    Args:
        pairs: what it is about.
        told: what became of the photos.
        path: of the page; replaced if it is there.
        title: its heading.
        each: masks shown of a category, evenly spread over its pairs.

    Raises:
        OSError: it cannot be written, or a shard is gone.
        ValueError: a pair is damaged.
    """
    rows = statistics(pairs)
    parts = [tag("h1", title), _summary(pairs, told), _left_out(told)]
    for role in ROLES:
        of_role = [row for row in rows if row.category.role == role]
        parts.append(tag("h2", f"{role.capitalize()}: {len(of_role)} categories", class_=role))
        parts += [_table(of_role), *(_samples(pairs, row, each) for row in of_role)]
    missing = [one.name for one in CATEGORIES if one not in {row.category for row in rows}]
    parts.append(tag("p", f"Without pairs: {', '.join(missing) or 'none'}."))
    head = join([Html('<meta charset="utf-8">'), tag("title", title), tag("style", Html(STYLE))])
    page = tag("html", tag("head", head), tag("body", *parts), lang="en")
    with atomic(path, "w", overwrite=True, errors="backslashreplace") as file:
        file.write(f"<!doctype html>\n{page}\n")


def _summary(pairs: Pairs, told: Told) -> Html:
    counts = [len(pairs.of(role)) for role in ROLES]
    shares = ", ".join(f"{n:,} {role}" for n, role in zip(counts, ROLES, strict=True))
    return tag("p", f"{told.photos:,} photos gave {len(pairs):,} pairs of photo and mask: {shares}.")


def _left_out(told: Told) -> Html:
    dropped = sorted(told.dropped.items(), key=lambda item: -item[1])
    masks = [tag("li", f"{count:,} {reason}") for reason, count in dropped if count]
    shown = [tag("li", f"{name}: {reason}") for name, reason in told.problems[:20]]
    more = len(told.problems) - len(shown)
    parts = [tag("div", tag("h3", "Masks left out"), tag("ul", *masks) if masks else tag("p", "None."))]
    if shown:
        rest = tag("li", f"and {more:,} more") if more else Html("")
        parts.append(tag("div", tag("h3", f"Problems: {len(told.problems):,}"), tag("ul", *shown, rest)))
    return tag("div", *parts, class_="two")


def _table(rows: list[Row]) -> Html:
    head = tag("tr", *(tag("th", word) for word in ("category", "pairs", "mean area", "mean score")))
    body = [
        tag(
            "tr",
            tag("td", row.category.name),
            *(tag("td", text, class_="n") for text in (f"{len(row.pairs):,}", f"{row.area:.1%}", f"{row.score:.2f}")),
        )
        for row in rows
    ]
    return tag("table", head, *body)


def _samples(pairs: Pairs, row: Row, each: int) -> Html:
    figures = [_figure(pairs, k) for k in spread(row.pairs, each)]
    return tag("section", tag("h3", row.category.name), tag("div", *figures, class_="strip"))


def _figure(pairs: Pairs, k: int) -> Html:
    pair = pairs[k]
    caption = tag("figcaption", f"{pair.score:.2f} {pair.image}")
    try:
        photo = upright(Item(k, pair.image, pairs.photo(k, pair)))
    except (OSError, ValueError):
        return tag("figure", tag("p", "The photo is missing."), caption)
    zoom = SIDE / max(photo.size)
    size = max(1, round(photo.height * zoom)), max(1, round(photo.width * zoom))
    pixels = np.asarray(photo.resize(size[::-1], Image.Resampling.BICUBIC)).astype(np.float32)  # [h, w, 3]
    mask = scaled(pair.mask(), size)  # [h, w]
    edge = mask & ~erode(mask, 1)
    tint = np.array(TINT[pair.category.role], np.float32)  # [3]
    pixels[mask] = 0.55 * pixels[mask] + 0.45 * tint
    pixels[edge] = tint
    stream = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(stream, "WEBP", quality=80)
    uri = f"data:image/webp;base64,{base64.b64encode(stream.getvalue()).decode()}"
    return tag(
        "figure",
        tag("img", src=uri, alt=f"{pair.category.name} in {pair.image}", width=size[1], height=size[0]),
        caption,
    )
