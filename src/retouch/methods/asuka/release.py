"""Where the weights of ASUKA's models lie, and what is told where they do not.

asuka/sd15/       mae.json or mae_300.pth; alignment.json; decoder.json        own exports: none was released
asuka/flux-fill/  mae_300.pth, asuka_alignment_clip.pt, ...                    as released
sd15/base/        the base in diffusers' layout, unless one is named or the hub is at hand
flux-fill/base/   as above; from the hub only where its licence is accepted
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from retouch.weights import FOLDER_VARIABLE, WeightsMissing, cache_folder

LICENCE_VARIABLE = "RETOUCH_ACCEPT_LICENCE"
RELEASE = "https://huggingface.co/yikaiwang/ASUKA-FLUX.1-Fill"


@dataclass(frozen=True)
class Base:
    """A diffusion model that fills are made with.

    Attributes:
        folder: where it may lie, below the folders of weights.
        repository: on the hub.
        denoiser: its subfolder with the network that predicts.
        parts: its subfolders that are used.
        licence: a word to accept it by, where it must be accepted; None: it is fetched without.
        terms: what is accepted, for people.
    """

    folder: str
    repository: str
    denoiser: str
    parts: tuple[str, ...]
    licence: str | None = None
    terms: str = ""

    @property
    def page(self) -> str:
        """Where a person finds it."""
        return f"https://huggingface.co/{self.repository}"


SD15 = Base(
    "sd15/base",
    "stable-diffusion-v1-5/stable-diffusion-inpainting",
    "unet",
    ("unet", "vae", "scheduler", "text_encoder", "tokenizer"),
)
FLUX = Base(
    "flux-fill/base",
    "black-forest-labs/FLUX.1-Fill-dev",
    "transformer",
    ("transformer", "vae", "scheduler"),
    "flux-1-dev",
    "the FLUX.1 [dev] Non-Commercial License: no commercial use of the model",
)


def needing(base: Base, parts: Sequence[str]) -> Base:
    """The same base, of which only these parts are used."""
    return replace(base, parts=tuple(parts))


UNTOLD = needing(SD15, ("unet", "vae", "scheduler"))  # where tokens take the place of a text
EMPTY = "empty.safetensors"  # in a base: the tokens that it knows for no text, so that it needs no text encoder

# Each line: alternatives of the same content, the preferred one first.
SD15_FILES = (("mae.json", "mae_300.pth"), ("alignment.json",), ("decoder.json",))
FLUX_FILES = (
    ("mae_300.pth", "mae.json"),
    ("asuka_alignment_t5.pt",),
    ("asuka_alignment_clip.pt",),
    ("asuka_decoder.ckpt",),
    ("txt_256.pt",),
    ("vec.pt",),
)


def find_files(model: str, folder: str, wanted: Sequence[Sequence[str]], source: str) -> list[Path]:
    """The files of a model, one for each line of alternatives.

    Args:
        model: its name, for the message.
        folder: where they lie, below the folders of weights.
        wanted: lines of alternatives.
        source: where they are obtained, for the message.

    Raises:
        WeightsMissing: some are missing; the message names all of them, and where to put them.
    """
    found = [next((path for name in names if (path := _find(f"{folder}/{name}"))), None) for names in wanted]
    missing = [" or ".join(names) for names, path in zip(wanted, found, strict=True) if path is None]
    if missing:
        where = f"put them into DIR/{folder} and DIR into {FOLDER_VARIABLE}"
        raise WeightsMissing(f"model {model!r}: missing {', '.join(missing)}: {source}; {where}")
    return [path for path in found if path is not None]


def find_base(base: Base, named: str | None = None) -> Path:
    """The folder of a base: the one that is named, one in the folders of weights, or from the hub.

    Raises:
        WeightsMissing: it is not to be had; the message says where to put it.
        FileNotFoundError: a named folder that lacks a part.
        ValueError: its licence is not accepted.
    """
    if named is not None and Path(named).is_dir():
        return _checked(base, Path(named))
    if named is None and (found := _find(base.folder)) is not None:
        return _checked(base, found)
    repository = named or base.repository
    if "/" not in repository or repository.startswith((".", "/")):
        raise FileNotFoundError(f"base: {named} is no folder; accepted: a folder in diffusers' layout, or OWNER/NAME")
    offline = base.licence is not None and not accepted(base.licence)
    fetched = _from_hub(repository, base.parts, offline)
    if fetched is not None:
        return _checked(base, fetched)
    if offline:
        check_licence(base)
    where = f"put its {', '.join(base.parts)} into DIR/{base.folder} and DIR into {FOLDER_VARIABLE}, or name it as base"
    raise WeightsMissing(f"base: https://huggingface.co/{repository} is not here and cannot be fetched; {where}")


def find_told_nothing(named: str | None = None) -> Path:
    """A base of Stable Diffusion's kind that is told no text; one with `EMPTY` needs no text encoder. Errors as above.

    `parts.told_nothing` reads what it is told.
    """
    folder = _find(SD15.folder) if named is None else Path(named)
    own = folder is not None and (folder / EMPTY).is_file()
    return find_base(UNTOLD if own else SD15, named)


def pull(name: str) -> tuple[Path, ...]:
    """Get what the hub has of the model `name`, for `retouch pull`, and find the rest.

    Raises:
        WeightsMissing: something is not to be had; the message says where to put it.
        ValueError: a licence that must be accepted is not.
    """
    if name == "asuka/flux-fill":
        check_licence(FLUX)
        return (find_base(FLUX), *find_files(name, name, FLUX_FILES, f"get them from {RELEASE}"))
    if name == "asuka/sd15":
        return (find_base(SD15), *asuka_sd15())
    return (find_base(SD15), *([prompt_file()] if name == "sd15/prompt" else []))


def asuka_sd15(decoder: bool = True) -> list[Path]:
    """Autoencoder, alignment and, where it is wanted, decoder of asuka/sd15; errors as `find_files`."""
    source = "none was released, train them with retouch train asuka-mae, asuka-align, asuka-decoder"
    return find_files("asuka/sd15", "asuka/sd15", SD15_FILES if decoder else SD15_FILES[:2], source)


def asuka_flux(decoder: bool = True) -> list[Path]:
    """Autoencoder, alignments, decoder where it is wanted, and an empty text's embeddings of asuka/flux-fill."""
    wanted = FLUX_FILES if decoder else (*FLUX_FILES[:3], *FLUX_FILES[4:])
    return find_files("asuka/flux-fill", "asuka/flux-fill", wanted, f"get them from {RELEASE}")


def prompt_file(named: str | None = None) -> Path:
    """The learnt tokens of sd15/prompt; errors as `find_files`, FileNotFoundError for a named file."""
    if named is None:
        return find_files(
            "sd15/prompt",
            "sd15",
            [["prompt.json"]],
            "train it with retouch train asuka-align --set method.training.learn=prompt",
        )[0]
    if not Path(named).is_file():
        raise FileNotFoundError(f"tokens: {named} does not exist; accepted: the .json of an export of asuka-align")
    return Path(named)


def check_licence(base: Base) -> None:
    """Raise ValueError unless the base's licence, where it must be accepted, is."""
    if base.licence is not None and not accepted(base.licence):
        how = f"read and accept it at {base.page}, then set {LICENCE_VARIABLE}={base.licence}"
        raise ValueError(f"licence: {base.repository} is under {base.terms}; {how}")


def accepted(licence: str) -> bool:
    """Whether the user has accepted a licence, by its word in RETOUCH_ACCEPT_LICENCE."""
    return licence in os.environ.get(LICENCE_VARIABLE, "").replace(",", " ").split()


def _find(name: str) -> Path | None:
    named = [Path(p) for p in os.environ.get(FOLDER_VARIABLE, "").split(os.pathsep) if p]
    return next((folder / name for folder in (cache_folder(), *named) if (folder / name).exists()), None)


def _checked(base: Base, folder: Path) -> Path:
    for part in base.parts:
        if not (folder / part).is_dir():
            needed = f"a folder in diffusers' layout with {', '.join(base.parts)}"
            raise FileNotFoundError(f"base: {folder} has no {part}; accepted: {needed}")
    return folder


def _from_hub(repository: str, parts: Sequence[str], offline: bool) -> Path | None:
    import huggingface_hub
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    wanted = [f"{part}/*.{kind}" for part in parts for kind in ("json", "safetensors", "txt", "model")]
    other = ["*.fp16.*", "*.non_ema*"]  # the same weights, rounded or for training
    try:
        folder = huggingface_hub.snapshot_download(
            repository, allow_patterns=wanted, ignore_patterns=other, local_files_only=offline
        )
    except (LocalEntryNotFoundError, HfHubHTTPError, HFValidationError, OSError):
        return None
    return Path(folder)
