"""Weight files: which there are, where they lie, whether they are the right ones, and what is in them.

No pickles: `.safetensors` is read as it is, `.pth` and its kin only with `weights_only=True`. Nothing is fetched from
anywhere but the hub, and never when `HF_HUB_OFFLINE` is set.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retouch.atomic import atomic

if TYPE_CHECKING:
    from torch import Tensor, nn

FOLDER_VARIABLE = "RETOUCH_WEIGHTS"
CACHE_VARIABLE = "RETOUCH_CACHE"


class WeightsMissing(FileNotFoundError):
    """Weights cannot be had here; the message says which file, where it is obtained and where to put it."""


@dataclass(frozen=True)
class WeightFile:
    """One file that holds a set of weights.

    Attributes:
        name: file name, as it is looked for in a folder.
        sha256: its SHA-256 in hexadecimal; the leading digits where only those are published; None: none is published.
        url: page or address where a person gets it.
        repo: hub repository it is fetched from; None: it is not fetched.
        revision: commit of that repository; None: none is known, the newest is taken.
        remote: its name there, where it differs.
    """

    name: str
    sha256: str | None
    url: str
    repo: str | None = None
    revision: str | None = None
    remote: str | None = None


@dataclass(frozen=True)
class Weights:
    """A set of weights: `files` are alternatives of the same content, the preferred one first."""

    name: str
    files: tuple[WeightFile, ...]
    licence: str


def locate(weights: Weights, path: str | os.PathLike[str] | None = None) -> Path:
    """Find the file of `weights`: in the cache, in the folders in RETOUCH_WEIGHTS, on the hub, in this order.

    Args:
        weights: the set that is wanted.
        path: a file, or a folder that holds one of the known names; then nothing else is tried.

    Returns:
        The file. Where its name is a known one its SHA-256 has been checked.

    Raises:
        WeightsMissing: no such file; the message says where to get it and where to put it.
        ValueError: a file of a known name with another content.
    """
    if path is not None:
        given = Path(path)
        found = _in_folder(weights, given) if given.is_dir() else given
        if found is None or not found.is_file():
            raise WeightsMissing(f"{weights.name}: {given} does not exist or holds no such file; {_advice(weights)}")
    else:
        named = [Path(p) for p in os.environ.get(FOLDER_VARIABLE, "").split(os.pathsep) if p]
        folders = [cache_folder(), *named]
        hits = (_in_folder(weights, folder) for folder in folders)
        found = next((hit for hit in hits if hit is not None), None) or _from_hub(weights)
        if found is None:
            raise WeightsMissing(f"{weights.name}: not found; {_advice(weights)}")
    known = next((f for f in weights.files if found.name in (f.name, f.remote)), None)
    if known is not None and known.sha256 is not None:
        check_hash(found, known.sha256)
    return found


def cache_folder() -> Path:
    """Where converted weights are kept: the folder in RETOUCH_CACHE, or `.cache/retouch` in the user's home."""
    named = os.environ.get(CACHE_VARIABLE)
    return Path(named) if named else Path.home() / ".cache" / "retouch"


def file_hash(path: str | os.PathLike[str]) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_hash(path: str | os.PathLike[str], sha256: str) -> None:
    """Raise ValueError unless the SHA-256 of the file begins with the hexadecimal digits `sha256`."""
    found = file_hash(path)
    if not found.startswith(sha256.lower()):
        raise ValueError(f"{path}: SHA-256 is {found}; accepted: {sha256} (damaged or another file)")


def read_tensors(path: str | os.PathLike[str]) -> dict[str, Tensor]:
    """Tensors of a `.safetensors`, `.pth`, `.pt` or `.bin` file by name, on the CPU; half precision becomes float32.

    A checkpoint that wraps its tensors in `state_dict`, `model` or `params` is unwrapped.

    Raises:
        FileNotFoundError: no such file.
        ValueError: the file is damaged, no checkpoint, or would need pickled code to read.
    """
    import torch

    file = Path(path)
    if not file.is_file():
        raise FileNotFoundError(f"path: {file} does not exist; accepted: a .safetensors or .pth file")
    content = read_safetensors(file) if file.suffix == ".safetensors" else _torch(file)
    tensors = {k: v for k, v in content.items() if isinstance(v, torch.Tensor)}
    if not tensors:
        raise ValueError(f"{file}: holds no tensors; accepted: a state dict")
    return {k: v.float() if v.is_floating_point() else v for k, v in tensors.items()}


def write_tensors(
    tensors: Mapping[str, Tensor], file: Path, about: Mapping[str, str] | None = None, *, overwrite: bool = False
) -> None:
    """Write a `.safetensors` file whole or not at all, with the texts `about` it; its folder is made.

    Raises:
        FileExistsError: the file exists and `overwrite` is False.
        OSError: it could not be written.
    """
    from safetensors.torch import save_file

    file.parent.mkdir(parents=True, exist_ok=True)
    with atomic(file, overwrite=overwrite) as out:
        save_file(dict(tensors), out.name, dict(about or {}))


def fill_module(module: nn.Module, tensors: Mapping[str, Tensor], path: str | os.PathLike[str]) -> None:
    """Copy `tensors` into `module`, which must have exactly these names and shapes.

    Raises:
        ValueError: as `check_fit`.
    """
    check_fit(module, tensors, path)
    module.load_state_dict({k: v for k, v in tensors.items() if not _is_counter(k)}, strict=False)


def check_fit(module: nn.Module, tensors: Mapping[str, Tensor], path: str | os.PathLike[str]) -> None:
    """Refuse tensors that are not exactly the module's by name and shape; it may be on the device "meta".

    Raises:
        ValueError: a name is missing or unexpected, or a shape differs; the message names the first and the file.
    """
    own = module.state_dict()
    needed = {k for k in own if not _is_counter(k)}
    given = {k for k in tensors if not _is_counter(k)}
    missing, unexpected = sorted(needed - given), sorted(given - needed)
    if missing:
        raise ValueError(f"{path}: {len(missing)} keys are missing, first {missing[0]!r}; given {len(given)}")
    if unexpected:
        raise ValueError(f"{path}: {len(unexpected)} keys are unexpected, first {unexpected[0]!r}")
    for key in sorted(needed):
        if own[key].shape != tensors[key].shape:
            shapes = f"{tuple(tensors[key].shape)}; accepted: {tuple(own[key].shape)}"
            raise ValueError(f"{path}: {key!r} has shape {shapes}")


def _is_counter(key: str) -> bool:
    """Counters of training batches are of no use here and older files lack them."""
    return key.endswith("num_batches_tracked")


def _in_folder(weights: Weights, folder: Path) -> Path | None:
    return next((folder / f.name for f in weights.files if (folder / f.name).is_file()), None)


def _from_hub(weights: Weights) -> Path | None:
    import huggingface_hub
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    for file in weights.files:
        if file.repo is None:
            continue
        try:
            name = file.remote or file.name
            return Path(huggingface_hub.hf_hub_download(file.repo, name, revision=file.revision))
        except (LocalEntryNotFoundError, HfHubHTTPError, OSError):
            continue  # offline, or no access: the caller is told where the file is obtained
    return None


def _advice(weights: Weights) -> str:
    choices = " or ".join(f"{f.name} from {f.url}" for f in weights.files)
    return f"get {choices}, and name the file, or put it into a folder named by {FOLDER_VARIABLE}"


def read_safetensors(file: Path) -> Mapping[str, Any]:
    """Tensors by name, on the CPU; ValueError where the file is damaged or something else."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(file)
    except SafetensorError as error:
        raise ValueError(f"{file}: is not a readable safetensors file ({error})") from error


def read_pickled(file: Path) -> Any:
    """What torch has saved, tensors and plain containers, on the CPU; ValueError where it is damaged or holds more."""
    import torch

    try:
        return torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # torch names a dozen kinds of damage, and advises to run the code
        why = "it is damaged, or holds more than tensors"
        raise ValueError(f"{file}: is no checkpoint that can be read without running code: {why}") from error


def _torch(file: Path) -> Mapping[str, Any]:
    content = read_pickled(file)
    for wrapper in ("state_dict", "model", "params"):
        if isinstance(content, Mapping) and isinstance(content.get(wrapper), Mapping):
            content = content[wrapper]
    if not isinstance(content, Mapping):
        raise ValueError(f"{file}: holds a {type(content).__name__}; accepted: a state dict")
    return content
