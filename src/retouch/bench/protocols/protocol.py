"""What a protocol is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from retouch.bench.reported import Reported
    from retouch.holes.check import Ratio


@dataclass(frozen=True)
class Holes:
    """One set of holes of a protocol.

    Attributes:
        name: such as "large"; results are reported per set.
        recipe: of `retouch.holes`; None: the data set brings its own masks.
        ratio: shares of hole that are accepted by rejection; None: all that come.
        setting: under which the papers' numbers for these holes are found.
    """

    name: str
    recipe: str | None
    setting: str
    ratio: Ratio | None = None


@dataclass(frozen=True)
class Protocol:
    """How a paper measures, so that a run can do the same and print its numbers beside ours.

    Hole k is drawn with `item_rng(seed, k)`, k being the sample's number, whatever the order. That is the photo's place
    in the data set; with c crops of each photo it is the photo's place * c + the crop's place.

    Attributes:
        name: kebab-case.
        paper: whose protocol it is.
        dataset: of `retouch.data`.
        split: which photos of it.
        n: how many photos; another number is refused. None: any.
        size: side in pixels of photos and holes.
        crop: of CROPS: how a photo is brought to that size.
        run_at: side in pixels at which models run.
        holes: the sets of holes.
        metrics: as `retouch.bench.metrics` calls them, in kebab-case.
        extractor: whose features FID, P-IDS and U-IDS are computed from.
        more_crops: of CROPS too: further samples that are made of every photo.
        conventions: of each metric with several.
        tables: (paper, table) of the reported numbers.
        reported_dataset: what the reported numbers call the data set.
        differences: what of the paper's protocol cannot be had, or is our reading.
    """

    name: str
    paper: str
    dataset: str
    split: str
    n: int | None
    size: int
    crop: str
    run_at: int
    holes: tuple[Holes, ...]
    metrics: tuple[str, ...]
    extractor: str
    more_crops: tuple[str, ...] = ()
    conventions: tuple[str, ...] = ()
    tables: tuple[tuple[str, str], ...] = ()
    reported_dataset: str = ""
    differences: tuple[str, ...] = ()

    @property
    def crops(self) -> tuple[str, ...]:
        """The crops of each photo, each a sample of its own."""
        return (self.crop, *self.more_crops)

    def holes_called(self, name: str) -> Holes:
        """The set of holes of that name; ValueError that lists the names for another."""
        for each in self.holes:
            if each.name == name:
                return each
        known = ", ".join(each.name for each in self.holes)
        raise ValueError(f"holes: protocol {self.name!r} has none called {name!r}; known: {known}")

    def reported(self, name: str) -> tuple[Reported, ...]:
        """The papers' numbers for the set of holes called `name`; ValueError as `holes_called`."""
        from retouch.bench.reported import reported

        setting = self.holes_called(name).setting
        return tuple(
            row
            for paper, table in self.tables
            for row in reported(paper, table=table)
            if row.setting == setting and row.dataset == self.reported_dataset
        )
