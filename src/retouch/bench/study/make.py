"""Making a study: a page for the people, and the key for whoever counts."""

from __future__ import annotations

import errno
import json
import os
import secrets
import shutil
import tempfile
from dataclasses import asdict, dataclass
from importlib.resources import files
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from retouch.bench.study.documents import KEY_FILE, Key, Mode, Trial
from retouch.bench.study.pictures import pictures
from retouch.bench.study.questions import QUESTIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from retouch.bench.study.material import Item, Material

PAGE = "page"
_SHIPPED = ("index.html", "study.css", "plan.js", "study.js")


@dataclass(frozen=True)
class Design:
    """How a study asks.

    Attributes:
        mode: "best": the best of all methods is chosen, as in ASUKA's study; "pairs": the better of two, and every
            image shows one pair, all pairs equally often.
        images: how many, chosen at random.
        repeats: how many of them each person sees a second time for the same question, to measure consistency.
        tie: "no difference" may be answered; in pairs only.
        seed: images, their order and their pairs depend on it. Codes do not: nobody can compute them again.

    Raises ValueError where a number is out of range or `tie` stands with "best".
    """

    mode: Mode = "best"
    images: int = 40
    repeats: int = 4
    tie: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        if self.mode not in QUESTIONS:
            raise ValueError(f'mode: is {self.mode!r}; accepted: "best" and "pairs"')
        if self.images < 1:
            raise ValueError(f"images: is {self.images}; accepted: 1 or more")
        if not 0 <= self.repeats <= self.images:
            raise ValueError(f"repeats: is {self.repeats}; accepted: 0 to the number of images, {self.images}")
        if self.tie and self.mode != "pairs":
            raise ValueError('tie: stands with mode "best"; accepted: with "pairs" only')
        if self.seed < 0:
            raise ValueError(f"seed: is {self.seed}; accepted: 0 or more")


@dataclass(frozen=True)
class Made:
    """What was written: the folder to give to people, the key to keep, the number of screens a person sees."""

    page: Path
    key: Path
    screens: int


def make(
    material: Material,
    out: str | os.PathLike[str],
    design: Design | None = None,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Made:
    """Write OUT/page, which works from a disk without server and names no method, and OUT/key.json, which does.

    Args:
        material: the pictures.
        out: a folder that does not exist yet; it appears whole or not at all.
        design: how to ask; default: as ASUKA's study.
        progress: called with (images done, images).

    Raises:
        FileExistsError, FileNotFoundError: `out` exists already, or its parent folder does not.
        ValueError: fewer images than asked for, pictures of different sizes, empty holes.
        OSError: a picture is unreadable, or the disk is full.
    """
    design = design or Design()
    target = Path(out)
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, "out: exists already; accepted: the name of a new folder", str(target))
    if not target.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "out: its parent folder does not exist", str(target))
    if len(material.items) < design.images:
        raise ValueError(
            f"images: {design.images} are asked for and {len(material.items)} are there; "
            f"accepted: up to {len(material.items)}"
        )
    building = Path(tempfile.mkdtemp(dir=target.parent, prefix=".study.", suffix=".part"))
    try:
        key = _build(material, design, building, progress)
        building.chmod(0o755)  # a temporary folder is its owner's alone, a page is to be served
        building.rename(target)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    screens = len(key.questions) * (design.images + design.repeats)
    return Made(target / PAGE, target / KEY_FILE, screens)


def _build(material: Material, design: Design, folder: Path, progress: Callable[[int, int], None] | None) -> Key:
    images = folder / PAGE / "images"
    images.mkdir(parents=True)
    rng = np.random.default_rng(design.seed)
    chosen = rng.permutation(len(material.items))[: design.images]  # [images]
    shown = _shown(len(material.methods), design, rng)
    trials, sizes = [], []
    for done, (index, methods) in enumerate(zip(chosen, shown, strict=True), 1):
        item = material.items[index]
        trial, size = _write_trial(item, {number: material.methods[number] for number in methods}, images)
        trials.append(trial)
        sizes.append(size)
        if progress is not None:
            progress(done, design.images)
    key = Key(
        study=secrets.token_hex(6),
        mode=design.mode,
        tie=design.tie,
        seed=design.seed,
        questions=tuple(question.name for question in QUESTIONS[design.mode]),
        methods=material.methods,
        trials=tuple(trials),
    )
    (folder / KEY_FILE).write_text(key.model_dump_json(indent=1), encoding="utf-8")
    for name in _SHIPPED:
        (folder / PAGE / name).write_bytes(files(__package__).joinpath("page", name).read_bytes())
    (folder / PAGE / "data.js").write_text(_data(key, design, sizes), encoding="utf-8")
    return key


def _shown(methods: int, design: Design, rng: np.random.Generator) -> list[tuple[int, ...]]:
    """Which methods each image shows: all of them, or one pair, every pair as often as every other (within 1)."""
    if design.mode == "best":
        return [tuple(range(methods))] * design.images
    pairs = list(combinations(range(methods), 2))
    rounds = -(-design.images // len(pairs))
    order = [pairs[k] for _ in range(rounds) for k in rng.permutation(len(pairs))]
    return order[: design.images]


def _write_trial(item: Item, methods: dict[int, str], folder: Path) -> tuple[Trial, tuple[int, int]]:
    """Write the pictures of an image under random names; `methods` are those to show, by their place in the item."""
    part = type(item)(item.name, item.photo, item.mask, tuple(item.fills[number] for number in methods))
    shown = pictures(part)
    codes = [secrets.token_hex(8) for _ in shown]
    # In the order of codes, so that neither time nor place on the disk tells the order of the methods.
    for code, content in sorted(zip(codes, shown, strict=True)):
        (folder / f"{code}.png").write_bytes(content)
    options = dict(sorted(zip(codes[1:], methods.values(), strict=True)))
    # Width and height stand at a fixed place in every PNG.
    size = (int.from_bytes(shown[0][16:20], "big"), int.from_bytes(shown[0][20:24], "big"))
    return Trial(photo=codes[0], name=item.name, options=options), size


def _data(key: Key, design: Design, sizes: list[tuple[int, int]]) -> str:
    """What the page knows, as a script: a page opened from a disk may not read other files."""
    known = {
        "study": key.study,
        "mode": key.mode,
        "tie": key.tie,
        "repeats": design.repeats,
        "questions": [asdict(question) for question in QUESTIONS[design.mode]],
        "trials": [
            {"photo": trial.photo, "options": list(trial.options), "width": width, "height": height}
            for trial, (width, height) in zip(key.trials, sizes, strict=True)
        ],
    }
    return f"const STUDY = {json.dumps(known, indent=1)};\n"
