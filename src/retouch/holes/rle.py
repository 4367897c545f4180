"""COCO's run-length coding of masks: down the columns, first a run of known pixels; as numbers or as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from retouch.holes.check import checked_hole, checked_size

if TYPE_CHECKING:
    from collections.abc import Iterable

    from retouch.holes.check import Size
    from retouch.methods.base import Masks


def decode_rle(counts: Any, size: Size) -> Masks:
    """The mask of a run-length code.

    Args:
        counts: lengths of runs in turn known, hole, known, ... (a list), or their compressed form (str or bytes).
        size: (height, width) in pixels.

    Returns:
        [H, W] bool, True = object.

    Raises:
        ValueError: `counts` is neither, or does not cover the size.
    """
    height, width = checked_size(size)
    runs = decompress(counts) if isinstance(counts, str | bytes) else _runs(counts)
    total = sum(runs)
    if total != height * width:
        raise ValueError(f"counts: cover {total} pixels; {height}x{width} (height x width) has {height * width}")
    inside = np.arange(len(runs)) % 2 == 1  # [runs]
    return np.repeat(inside, runs).reshape(width, height).T.copy()  # [H, W]


def encode_rle(hole: Masks) -> list[int]:
    """The lengths of runs in turn known, hole, known, ... down the columns of `hole` [H, W] bool."""
    flat = checked_hole("hole", hole).T.ravel()  # [W * H]
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    runs = np.diff(edges, prepend=0, append=flat.size).tolist()
    return [0, *runs] if flat[0] else list(runs)


def compress(counts: Iterable[int]) -> str:
    """COCO's text form of run lengths: from the fourth on as difference to the run two before, five bits a letter."""
    runs = _runs(counts)
    letters = []
    for k, run in enumerate(runs):
        rest = run - runs[k - 2] if k > 2 else run
        while True:
            group, rest = rest & 31, rest >> 5
            done = rest == (-1 if group & 16 else 0)  # the sign is the top bit of the last letter
            letters.append(chr(48 + (group if done else group | 32)))
            if done:
                break
    return "".join(letters)


def decompress(text: str | bytes) -> list[int]:
    """The run lengths of COCO's text form.

    Raises:
        ValueError: a letter is not of the code, the text ends within a number, or a run is negative.
    """
    codes = list(text) if isinstance(text, bytes) else [ord(letter) for letter in text]
    runs: list[int] = []
    value = shift = 0
    for place, code in enumerate(codes):
        group = code - 48
        if not 0 <= group < 64:
            raise ValueError(f"counts: letter {chr(code)!r} at place {place} is not of COCO's run-length code")
        value |= (group & 31) << shift
        shift += 5
        if group & 32:
            continue
        if group & 16:
            value -= 1 << shift
        run = value + (runs[-2] if len(runs) > 2 else 0)
        if run < 0:
            raise ValueError(f"counts: run {len(runs)} is {run}; accepted: lengths from 0 up")
        runs.append(run)
        value = shift = 0
    if shift:
        raise ValueError("counts: the run-length code ends within a number")
    return runs


def _runs(counts: Any) -> list[int]:
    runs = list(counts) if isinstance(counts, list | tuple | np.ndarray) else None
    if runs is None or not all(isinstance(run, int | np.integer) and run >= 0 for run in runs):
        raise ValueError("counts: accepted is a list of run lengths from 0 up, or COCO's text of them")
    return [int(run) for run in runs]
