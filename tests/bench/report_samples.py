"""Made-up results for the tests of reports, and a reader of the pages made from them."""

from __future__ import annotations

import math
from html.parser import HTMLParser

import numpy as np
from PIL import Image

from retouch.bench.results import Bucket, Figure, Measured, Outcome, Picture, Results


def outcome(model, values, *, holes="object", metric="psnr", names=None, failed=(), figures=None):
    """An outcome whose images have these values of one metric."""
    names = names or [f"photo {k}" for k in range(len(values))]
    images = tuple(
        Measured(k=k, name=name, hole=0.15, seconds=0.5, values={metric: value})
        for k, (name, value) in enumerate(zip(names, values, strict=True))
    )
    found = {}
    if values:
        mean = math.fsum(values) / len(values)
        bucket = Bucket(low=0.1, high=0.2, count=len(values), mean=mean)
        found = {metric: Figure(value=mean, count=len(values), buckets=(bucket,))}
    return Outcome(model=model, holes=holes, figures=found | (figures or {}), images=images, failed=tuple(failed))


def results(*outcomes, **changes):
    """A run of these outcomes."""
    whole = Results(
        protocol="lama-places-256",
        dataset="folder",
        split="all",
        size=256,
        count=4,
        limit=None,
        seed=7,
        models=tuple(dict.fromkeys(each.model for each in outcomes)),
        holes=tuple(dict.fromkeys(each.holes for each in outcomes)) or ("object",),
        extractor=None,
        device="cpu",
        machine="2 cores",
        versions={"retouch": "0"},
        finished="2026-01-01T00:00:00Z",
        seconds=2.0,
        outcomes=outcomes,
    )
    return whole.model_copy(update=changes)


def write_pictures(folder, models, *, count=1, side=32, holes="object", seed=0):
    """Pictures of noise in `folder`, the hole a box."""
    generator = np.random.default_rng(seed)
    made = []
    for k in range(count):
        names = {name: f"{k}-{place}.png" for place, name in enumerate(("photo", "hole", *models))}
        for name, file in names.items():
            pixels = generator.integers(0, 256, (side, side, 3), np.uint8)
            if name == "hole":
                pixels[:] = 0
                pixels[side // 4 : side // 2, side // 4 : side // 2] = 255
            Image.fromarray(pixels).save(folder / file)
        photo, hole = names.pop("photo"), names.pop("hole")
        made.append(Picture(k=k, holes=holes, name=f"photo {k}", photo=photo, hole=hole, filled=names))
    return tuple(made)


class Page(HTMLParser):
    """What stands on a page: elements as (tag, attributes, text), in order of their ends."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements = []
        self._open = []
        self.feed(text)
        self.close()
        assert not self._open, f"not closed: {[each[0] for each in self._open]}"

    def handle_starttag(self, tag, attrs):
        if tag in ("img", "input", "meta", "br"):
            self.elements.append((tag, dict(attrs), ""))
        else:
            self._open.append((tag, dict(attrs), []))

    def handle_endtag(self, tag):
        name, attributes, parts = self._open.pop()
        assert name == tag
        self.elements.append((tag, attributes, "".join(parts)))

    def handle_data(self, data):
        for each in self._open:
            each[2].append(data)

    def all(self, tag, **wanted):
        """The texts of all elements of that name whose attributes are as wanted."""
        return [
            text for name, attributes, text in self.elements if name == tag and wanted.items() <= attributes.items()
        ]

    def attributes(self, tag):
        """The attributes of all elements of that name."""
        return [attributes for name, attributes, _ in self.elements if name == tag]
