"""Checkpoints: folders `step-000100` that are complete or not there.

A checkpoint is written into `.step-000100.part`, flushed to the disk, and renamed. Tensors are safetensors files, the
rest is one JSON document; nothing is pickled.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from retouch.atomic import new_file_mode

if TYPE_CHECKING:
    from torch import Tensor

DOCUMENT = "state.json"
FILES = ("networks", "ema", "optimisers", "recipe")  # of tensors


class State(BaseModel):
    """What a checkpoint knows besides tensors.

    Attributes:
        format: of the checkpoint; another number is not read.
        step: steps done; the next one has this number.
        images: images seen, the position in the stream of data.
        seed, batch, data: what shapes the stream, with the data's fingerprint.
        config: settings of the run, for people.
        parameters: SHA-256 of all parameters.
        window: sums and counts of what was logged since the last row.
        optimisers: plain values in the optimisers' state.
        scalers: the loss scales of fp16.
        recipe: plain values in the recipe's state.
        versions: of the programs that wrote it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = 1
    step: int
    images: int
    seed: int
    batch: int
    data: str
    config: dict[str, Any]
    parameters: str
    window: dict[str, tuple[float, int]]
    optimisers: dict[str, dict[str, float | int | bool | str | None]]
    scalers: dict[str, dict[str, float | int]]
    recipe: dict[str, float | int | bool | str]
    versions: dict[str, str]


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """What is saved: the document, and tensors by file ("networks", "ema", "optimisers", "recipe") and name."""

    state: State
    tensors: Mapping[str, Mapping[str, Tensor]]


def write_checkpoint(out: Path, checkpoint: Checkpoint, keep: int) -> Path:
    """Write a checkpoint whole or not at all, then remove all but the newest `keep`; returns its folder.

    Raises:
        OSError: it could not be written, a full disk included; older checkpoints are as they were. The message names
            the newest of them.
    """
    target = folder_of(out, checkpoint.state.step)
    part = out / f".{target.name}.part"
    try:
        _remove(part)
        part.mkdir()
        for stem, tensors in checkpoint.tensors.items():
            save_tensors(part / f"{stem}.safetensors", tensors)
        text = json.dumps(checkpoint.state.model_dump(mode="json"), indent=1)
        (part / DOCUMENT).write_text(text, encoding="utf-8")
        _flush(part / DOCUMENT)
        _flush(part)
        _remove(target)
        part.rename(target)
        _flush(out)
    except OSError as error:
        with contextlib.suppress(OSError):
            _remove(part)
        last = newest(out)
        reason = f"checkpoint could not be written: {os.strerror(error.errno) if error.errno else error}"
        raise OSError(
            error.errno or errno.EIO, f"{reason}; the last good one is {last or 'none'}", str(target)
        ) from error
    for old in all_checkpoints(out)[:-keep]:
        _remove(old)
    return target


def read_checkpoint(folder: Path) -> Checkpoint:
    """Read a checkpoint; tensors lie on the CPU.

    Raises:
        ValueError: it is damaged or of another format.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        state = State.model_validate(json.loads((folder / DOCUMENT).read_text(encoding="utf-8")))
        tensors = {stem: load_file(folder / f"{stem}.safetensors") for stem in FILES}
    except (ValueError, SafetensorError, FileNotFoundError) as error:  # of JSON, UTF-8 and the document
        reason = f"is damaged or no checkpoint ({str(error).splitlines()[0]})"
        raise ValueError(f"{folder}: {reason}; remove it to go on from the one before") from error
    if state.format != 1:
        raise ValueError(f"{folder}: has format {state.format}; accepted: 1")
    return Checkpoint(state, tensors)


def folder_of(out: Path, step: int) -> Path:
    """Where the checkpoint after `step` steps lies."""
    return out / f"step-{step:06d}"


def all_checkpoints(out: Path) -> list[Path]:
    """Complete checkpoints in `out`, the oldest first."""
    found = [p for p in out.glob("step-*") if re.fullmatch(r"step-\d{6,}", p.name) and p.is_dir()]
    return sorted(found, key=lambda p: int(p.name.removeprefix("step-")))


def newest(out: Path) -> Path | None:
    """The newest complete checkpoint in `out`; None: there is none."""
    return next(reversed(all_checkpoints(out)), None)


def remove_unfinished(out: Path) -> None:
    """Remove what a killed run left: checkpoints half written or half removed, a log that was being replaced."""
    for file in out.glob(".log.csv.*.part"):
        file.unlink()
    for part in out.glob(".step-*.part"):
        shutil.rmtree(part)


def save_tensors(file: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write tensors as safetensors and flush them to the disk.

    Raises:
        OSError: it could not be written.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    # Tied weights share memory, which the format refuses, hence the clones.
    plain = {name: t.detach().cpu().clone().contiguous() for name, t in tensors.items()}
    try:
        save_file(plain, file)
    except SafetensorError as error:
        code = re.search(r"os error (\d+)", str(error))
        number = int(code[1]) if code else errno.EIO
        raise OSError(number, os.strerror(number) if code else str(error), str(file)) from error
    file.chmod(new_file_mode())  # others of a shared folder go on with it too
    _flush(file)


def _remove(folder: Path) -> None:
    # A folder loses its name first: one that is half removed must not look complete.
    if folder.exists():
        doomed = folder if folder.name.startswith(".") else folder.with_name(f".{folder.name}.old.part")
        if doomed != folder:
            folder.rename(doomed)
        shutil.rmtree(doomed)


def _flush(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
