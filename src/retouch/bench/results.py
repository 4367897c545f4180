"""What a benchmark run found, as one JSON document.

Results ─┬─ outcomes: one per model and set of holes ─┬─ images: every image's values
         │                                            ├─ figures: their means, and metrics of the whole set
         │                                            └─ failed: images that have no result, and why
         └─ pictures: of some images, in files beside the document
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from retouch.atomic import atomic
from retouch.bench.documents import read_document

if TYPE_CHECKING:
    import os

FORMAT: Final = "retouch-bench-1"
FILE = "results.json"


class _Part(BaseModel):
    # A PSNR of equal images is infinite, which JSON has no number for.
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")


class Measured(_Part):
    """One image's values.

    Attributes:
        k: its place among the samples.
        name: of the photo.
        hole: share of the image that the hole covers, 0 to 1.
        seconds: that the fill took.
        values: by metric; what could not be computed is absent.
    """

    k: int
    name: str
    hole: float
    seconds: float
    values: dict[str, float]


class Missing(_Part):
    """An image without a result, and why."""

    k: int
    name: str
    reason: str


class Bucket(_Part):
    """Images whose hole covers `low` to `high` of their area, and the metric's mean over them (None: no images)."""

    low: float
    high: float
    count: int
    mean: float | None


class Figure(_Part):
    """One metric of one outcome.

    Attributes:
        value: the mean over images, or the value of the whole set.
        count: images it is of.
        std: standard deviation over images (n - 1); None for metrics of a set, and of one image.
        buckets: per tenth of hole area; empty for metrics of a set.
    """

    value: float
    count: int
    std: float | None = None
    buckets: tuple[Bucket, ...] = ()


class Outcome(_Part):
    """One model on one set of holes.

    Attributes:
        model: name of its card.
        holes: name of the protocol's set of holes.
        figures: by metric; those that do not hold for so few images are absent and named in `left_out`.
        images: in order of k.
        failed: in order of k.
        left_out: metrics of the protocol without a figure here, and why.
        memory: megabytes by which a process grew at most in a fill, loading the model included; None: unknown.
    """

    model: str
    holes: str
    figures: dict[str, Figure]
    images: tuple[Measured, ...]
    failed: tuple[Missing, ...] = ()
    left_out: dict[str, str] = {}
    memory: float | None = None


class Picture(_Part):
    """Files that show one image: names relative to the document's folder, "/" between folders."""

    k: int
    holes: str
    name: str
    photo: str
    hole: str
    filled: dict[str, str]


class Results(_Part):
    """A whole run.

    Attributes:
        protocol: its name.
        dataset, split: which photos.
        size: side in pixels.
        count: samples of each set of holes that were asked for.
        limit: the run was cut to this many photos on purpose; None: it was whole.
        seed: of holes and fills.
        models: names, in the order asked for.
        holes: names of the sets of holes, in the order of the protocol.
        extractor: whose features metrics of sets are computed from; None: none was to be had.
        left_out: metrics of the protocol that no outcome has, and why.
        differences: what of the paper's protocol this run does not do.
        device: what the models ran on.
        machine: processor and number of cores.
        versions: of this package and of those that change numbers.
        finished: UTC, ISO 8601.
        seconds: of computing, over all processes.
        outcomes: for every model and set of holes.
        pictures: of some images.
    """

    format: Literal["retouch-bench-1"] = FORMAT
    protocol: str
    dataset: str
    split: str
    size: int
    count: int
    limit: int | None
    seed: Annotated[int, Field(ge=0)]
    models: tuple[str, ...]
    holes: tuple[str, ...]
    extractor: str | None
    left_out: dict[str, str] = {}
    differences: tuple[str, ...] = ()
    device: str
    machine: str
    versions: dict[str, str]
    finished: str
    seconds: float
    outcomes: tuple[Outcome, ...]
    pictures: tuple[Picture, ...] = ()

    def outcome(self, model: str, holes: str) -> Outcome:
        """That of one model on one set of holes; ValueError where there is none."""
        for each in self.outcomes:
            if (each.model, each.holes) == (model, holes):
                return each
        raise ValueError(f"outcome: none of model {model!r} on holes {holes!r}; models: {', '.join(self.models)}")

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Write results.json in `folder`, whole or not at all, in place of an older one; returns its path."""
        path = Path(folder) / FILE
        with atomic(path, "w", overwrite=True) as file:
            file.write(self.model_dump_json(indent=1))
        return path

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Results:
        """Read what `save` wrote, from the file or from its folder.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: it is not such a document; the message names file and place in it.
        """
        file = Path(path) / FILE if Path(path).is_dir() else Path(path)
        return read_document(cls, file, "results", "what `bench run` wrote")
