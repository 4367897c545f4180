"""Tiny studies, and answers to them, for the tests of `bench study`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

from retouch.bench.study.documents import Answer, Answers, Key, Trial

METHODS = ("zebrafill", "quokkafill", "narwhalfill")
SIZE = (24, 16)  # width, height


def write_photo(path: Path, seed: int, size: tuple[int, int] = SIZE, **saved: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)
    Image.fromarray(pixels).save(path, **saved)


def write_mask(path: Path, size: tuple[int, int] = SIZE) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    hole = np.zeros((size[1], size[0]), np.uint8)
    hole[4:10, 6:15] = 255
    Image.fromarray(hole).save(path)


def write_folders(root: Path, images: int = 5, methods: tuple[str, ...] = METHODS) -> list[Path]:
    """root/photos, root/masks and a folder of fills per method; every picture differs from every other."""
    for k in range(images):
        write_photo(root / "photos" / f"scene{k}.png", k)
        write_mask(root / "masks" / f"scene{k}.png")
        for number, method in enumerate(methods):
            write_photo(root / method / f"scene{k}.png", 1000 * (number + 1) + k)
    return [root / method for method in methods]


def make_key(**changes: object) -> Key:
    """Two images of three methods; codes are readable: "t0-a" is image 0 by method a."""
    trials = tuple(
        Trial(photo=f"t{k}", name=f"scene{k}", options={f"t{k}-{method}": method for method in "abc"}) for k in range(2)
    )
    key = Key(study="s1", mode="best", tie=False, seed=0, questions=("q1",), methods=("a", "b", "c"), trials=trials)
    return key.model_copy(update=changes)


def make_pairs_key() -> Key:
    trials = tuple(Trial(photo=f"t{k}", name=f"n{k}", options={f"t{k}-a": "a", f"t{k}-b": "b"}) for k in range(4))
    return make_key(mode="pairs", tie=True, methods=("a", "b"), trials=trials)


def answer(key: Key, trial: int, choice: str, *, question: str = "q1", repeat: bool = False) -> Answer:
    """The choice of a method, or of "tie"."""
    one = key.trials[trial]
    code = choice if choice == "tie" else f"{one.photo}-{choice}"
    order = tuple(one.options)
    return Answer(question=question, trial=one.photo, repeat=repeat, order=order, choice=code, seconds=1.5)


def answers(participant: str, *given: Answer, finished: str = "2026-01-01T00:00:00Z", study: str = "s1") -> Answers:
    return Answers(
        study=study, participant=participant, seed=1, started="2026-01-01T00:00:00Z", finished=finished, answers=given
    )


def page_data(page: Path) -> dict:
    text = (page / "data.js").read_text(encoding="utf-8")
    return json.loads(text.removeprefix("const STUDY = ").removesuffix(";\n"))
