"""Names of the released checkpoints' weights to ours. Nothing is dropped: they hold the network and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

# Theirs to ours, the first that fits. What follows is the same: it is Stable Diffusion's own naming.
PREFIXES: dict[str, str] = {
    "embedding_layer.": "embedding.",
    "diff_model.encoder_hid_proj.": "projection.",
    "diff_model.": "unet.",
}


def our_name(key: str) -> str:
    """Our name of one of the released weights.

    Raises:
        ValueError: an unknown name.
    """
    for theirs, ours in PREFIXES.items():
        if key.startswith(theirs):
            return ours + key.removeprefix(theirs)
    raise ValueError(f"key: {key!r} is unknown; accepted: names of a released PixelHacker, {', '.join(PREFIXES)}...")


def their_name(name: str) -> str:
    """The released name of one of our weights.

    Raises:
        ValueError: an unknown name.
    """
    for theirs, ours in PREFIXES.items():
        if name.startswith(ours):
            return theirs + name.removeprefix(ours)
    raise ValueError(f"name: {name!r} is unknown; accepted: {', '.join(PREFIXES.values())}...")


def convert(tensors: Mapping[str, Tensor], wanted: Mapping[str, Sequence[int]]) -> dict[str, Tensor]:
    """The weights of a released checkpoint under our names.

    Args:
        tensors: as read from the file.
        wanted: shapes of the network's weights, by our names.

    Raises:
        ValueError: a weight is missing, unknown or of another shape; the message names the first.
    """
    converted = {our_name(key): value for key, value in tensors.items()}
    missing = [their_name(name) for name in wanted if name not in converted]
    if missing:
        raise ValueError(f"tensors: {len(missing)} keys are missing, first {missing[0]!r}; given {len(tensors)}")
    for name, value in converted.items():
        if name not in wanted:
            raise ValueError(f"tensors: {their_name(name)!r} is unexpected; accepted: the {len(wanted)} keys released")
        if tuple(value.shape) != tuple(wanted[name]):
            shapes = f"{list(value.shape)}; accepted: {list(wanted[name])}"
            raise ValueError(f"tensors: {their_name(name)!r} has the shape {shapes}")
    return converted
