"""Worst and best cases of every model, and the pictures one can look at."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from retouch.bench.kinds import Kind, kind
from retouch.bench.report.tables import badness, outcomes_of, shown
from retouch.markup.tags import Html, tag

if TYPE_CHECKING:
    from retouch.bench.report.pictures import Card
    from retouch.bench.results import Measured, Outcome, Results

EXTREMES = 3
JUDGES = ("lpips", "lpips-hole", "psnr-hole", "psnr")  # the first that all images of a model have


def extremes(results: Results, holes: str, pictured: set[int]) -> Html:
    """A table of each model's worst and best images; those with a picture on the page are links to it."""
    rows = []
    for outcome in outcomes_of(results, holes):
        judge = _judge(outcome)
        if judge is not None:
            ranked = rank(outcome, judge)
            few = min(EXTREMES, len(ranked) // 2) or 1
            worst, best = list(reversed(ranked[-few:])), ranked[:few]
            cells = [_listed(some, holes, judge, pictured) for some in (worst, best)]
            rows.append(tag("tr", tag("th", outcome.model, scope="row"), tag("td", judge.title), *cells))
    if not rows:
        return Html("")
    head = [tag("th", name, scope="col") for name in ("model", "by", "worst", "best")]
    made = tag("table", tag("thead", tag("tr", *head)), tag("tbody", *rows), class_="cases")
    return tag("section", tag("h3", "Worst and best cases"), tag("div", made, class_="wide"))


def rank(outcome: Outcome, judge: Kind) -> list[Measured]:
    """The outcome's images from best to worst; equally good ones by number."""
    some = [each for each in outcome.images if not math.isnan(each.values[judge.name])]
    return sorted(some, key=lambda each: (badness(judge, each.values[judge.name]), each.k))


def _judge(outcome: Outcome) -> Kind | None:
    for name in JUDGES:
        if outcome.images and all(name in each.values for each in outcome.images):
            return kind(name)
    return None


def _listed(images: list[Measured], holes: str, judge: Kind, pictured: set[int]) -> Html:
    items = []
    for each in images:
        name = tag("a", each.name, href=f"#{anchor(holes, each.k)}") if each.k in pictured else each.name
        items.append(tag("li", name, f" {shown(judge, each.values[judge.name])}"))
    return tag("td", tag("ul", *items, class_="plain"))


def anchor(holes: str, k: int) -> str:
    """The id of a sample's pictures: letters, digits and hyphens only."""
    return f"p-{holes.encode('utf-8', 'backslashreplace').hex()}-{k}"


def gallery(results: Results, holes: str, cards: list[Card]) -> Html:
    """The pictures of these holes."""
    if not cards:
        return Html("")
    outcomes = outcomes_of(results, holes)
    hint = "Drag the line, or use the arrow keys, to compare the two pictures chosen above it."
    shown_cards = [_card(card, outcomes) for card in cards]
    return tag("section", tag("h3", "Pictures"), tag("p", hint, class_="note script"), *shown_cards)


def _card(card: Card, outcomes: list[Outcome]) -> Html:
    picture = card.picture
    own = {each.model: _measured(each, picture.k) for each in outcomes}
    hole = next((each.hole for each in own.values() if each is not None), None)
    area = "" if hole is None else f", hole {hole:.1%} of the image"
    photo = _figure(card, "photo", card.photo, "photo", "")
    fills = [
        _figure(card, model, uri, f"filled by {model}", _values(own.get(model))) for model, uri in card.filled.items()
    ]
    missing = [tag("p", f"Missing or unreadable: {', '.join(card.missing)}.", class_="note")] if card.missing else []
    title = tag("h4", picture.name, tag("small", f" number {picture.k}{area}"))
    strip = tag("div", photo, *fills, class_="strip")
    return tag("article", title, strip, *missing, id=anchor(picture.holes, picture.k), class_="card")


def _figure(card: Card, name: str, uri: str, what: str, values: str) -> Html:
    alt = f"{card.picture.name}: {what}"
    layers = [tag("img", src=uri, alt=alt, width=card.width, height=card.height, loading="lazy")]
    if card.outline is not None and name == "photo":
        layers.append(tag("img", src=card.outline, alt="", class_="outline"))
    caption = tag("figcaption", tag("b", name), tag("small", values))
    return tag("figure", tag("div", *layers, class_="stack"), caption, data_name=name)


def _measured(outcome: Outcome, k: int) -> Measured | None:
    return next((each for each in outcome.images if each.k == k), None)


def _values(measured: Measured | None) -> str:
    if measured is None:
        return ""
    units = {"lpips": ("LPIPS", ""), "psnr": ("PSNR", " dB")}
    known = [name for name in units if name in measured.values]
    return ", ".join(f"{units[name][0]} {shown(kind(name), measured.values[name])}{units[name][1]}" for name in known)
