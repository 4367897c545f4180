"""The list of models, as data, and `load`, which turns a card into a method."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retouch.methods.asuka import options as asuka
from retouch.methods.base import Needs, NoOptions
from retouch.methods.options import PatchMatchOptions, RadiusOptions
from retouch.methods.pixelhacker.options import NEEDS as PIXELHACKER_NEEDS

if TYPE_CHECKING:
    from retouch.methods.base import Method

DEFAULT_MODEL = "patchmatch"
DEVICES = ("auto", "cpu", "cuda", "mps", "xpu")


@dataclass(frozen=True)
class Card:
    """One model a user can name.

    Attributes:
        name: `method` or `method/weights`.
        summary: what it does, in one line.
        good_at: where it does well.
        bad_at: where it fails.
        licence: of the code and the weights that run.
        needs: what it asks of its caller.
        build: "module:function" that makes the method from (needs, device), or (needs, device, weights) if it has any.
        size_mb: megabytes to download; 0: nothing.
        extra: the extra of this package it needs, or None.
        imports: the modules that extra brings and this model uses.
        devices: devices it runs on.
        weights: card of the export with its weights, or None.
        pull: "module:function" that gets the weights of the card of this name and gives the files, or None.
        harmonises: it does not fill, but adapts fills: `build` makes a `retouch.methods.base.Harmoniser`.
    """

    name: str
    summary: str
    good_at: str
    bad_at: str
    licence: str
    needs: Needs
    build: str
    size_mb: float = 0.0
    extra: str | None = None
    imports: tuple[str, ...] = ()
    devices: tuple[str, ...] = ("cpu",)
    weights: Path | None = None
    pull: str | None = None
    harmonises: bool = False

    @property
    def installed(self) -> bool:
        """Whether everything the card needs can be imported."""
        return all(importlib.util.find_spec(module) is not None for module in self.imports)


def _pixelhacker(weights: str, summary: str, good_at: str, bad_at: str) -> Card:
    """One of PixelHacker's four released sets of weights."""
    return Card(
        name=f"pixelhacker/{weights}",
        summary=f"PixelHacker (Xu et al. 2025), a latent diffusion model, {summary}",
        good_at=good_at,
        bad_at=bad_at,
        licence="MIT (weights; their SHA-256 is not published), Apache-2.0 (code)",
        needs=PIXELHACKER_NEEDS,
        build=f"retouch.methods.pixelhacker.method:{weights}",
        size_mb=3617,
        extra="diffusion",
        imports=("torch", "diffusers"),
        devices=("cpu", "cuda", "mps", "xpu"),
        pull="retouch.methods.pixelhacker.release:pull",
    )


def _on_sd15(name: str, needs: Needs, build: str, summary: str, good_at: str, bad_at: str) -> Card:
    """ASUKA, or a competitor of it, over Stable Diffusion 1.5's inpainting."""
    return Card(
        name=name,
        summary=summary,
        good_at=good_at,
        bad_at=bad_at,
        licence="CreativeML OpenRAIL-M (base), Apache-2.0 (code)",
        needs=needs,
        build=f"retouch.methods.asuka.method:{build}",
        size_mb=4270,
        extra="diffusion",
        imports=("torch", "diffusers", "transformers"),
        devices=("cpu", "cuda", "mps", "xpu"),
        pull="retouch.methods.asuka.release:pull",
    )


CARDS: tuple[Card, ...] = (
    Card(
        name="patchmatch",
        summary="builds the hole from patches of the same photo (Barnes et al. 2009)",
        good_at="real texture: grass, rock, water, foliage, walls; any resolution",
        bad_at="structure it cannot find elsewhere in the photo: faces, text, half-hidden objects",
        licence="MIT (pypatchmatch)",
        needs=Needs(multiple=1, smallest=16, native=768, stochastic=True, bits=8, options=PatchMatchOptions),
        build="retouch.methods.patchmatch:build",
    ),
    Card(
        name="smooth",
        summary="smooth colours from the hole's edge (pull-push pyramid)",
        good_at="dust, scratches, plain skies; instant",
        bad_at="any texture",
        licence="Apache-2.0",
        needs=Needs(multiple=1, native=None),
        build="retouch.methods.smooth:build",
    ),
    Card(
        name="telea",
        summary="fast marching from the edge inwards (Telea 2004), for comparison",
        good_at="thin scratches",
        bad_at="anything wider: smeared rays",
        licence="Apache-2.0 (OpenCV)",
        needs=Needs(multiple=1, smallest=16, native=1024, bits=8, options=RadiusOptions),
        build="retouch.methods.classical:build_telea",
        extra="cv",
        imports=("cv2",),
    ),
    Card(
        name="ns",
        summary="continues lines of equal brightness (Bertalmio et al. 2001), for comparison",
        good_at="thin scratches",
        bad_at="anything wider: blur",
        licence="Apache-2.0 (OpenCV)",
        needs=Needs(multiple=1, smallest=16, native=1024, bits=8, options=RadiusOptions),
        build="retouch.methods.classical:build_ns",
        extra="cv",
        imports=("cv2",),
    ),
    Card(
        name="biharmonic",
        summary="solves the biharmonic equation in the hole, for comparison",
        good_at="small holes in smooth areas",
        bad_at="texture; overshoots in large holes",
        licence="BSD-3-Clause (scikit-image)",
        needs=Needs(multiple=1, smallest=5, native=512, options=NoOptions),
        build="retouch.methods.classical:build_biharmonic",
        extra="cv",
        imports=("skimage",),
    ),
    _pixelhacker(
        "pretrained",
        "as trained on 14 million photos",
        good_at="removing objects, large holes; new objects with -O task=foreground",
        bad_at="speed: minutes a photo without a GPU; sizes far from 512 pixels",
    ),
    _pixelhacker(
        "places2",
        "fine-tuned on Places2",
        good_at="scenes: rooms, streets, landscapes; large holes",
        bad_at="speed: minutes a photo without a GPU; anything but scenes",
    ),
    _pixelhacker(
        "celebahq",
        "fine-tuned on CelebA-HQ",
        good_at="aligned portraits",
        bad_at="anything else; speed: minutes a photo without a GPU",
    ),
    _pixelhacker(
        "ffhq",
        "fine-tuned on FFHQ",
        good_at="aligned faces, more diverse ones",
        bad_at="anything else; speed: minutes a photo without a GPU",
    ),
    _on_sd15(
        "asuka/sd15",
        asuka.ASUKA,
        "sd15",
        "ASUKA (Wang et al. 2023) on Stable Diffusion 1.5; its own weights were never released: see docs/asuka.md",
        good_at="removing objects without new ones in their place",
        bad_at="photos full of like objects (-O prior=blank helps); speed without a GPU",
    ),
    Card(
        name="asuka/flux-fill",
        summary="ASUKA (Wang et al. 2023) on FLUX.1-Fill, with the authors' weights",
        good_at="removing objects without new ones in their place, in fine detail",
        bad_at="photos full of like objects (-O prior=blank helps); needs a large GPU",
        licence="FLUX.1 [dev] Non-Commercial (base), CC-BY-NC-4.0 (autoencoder): no commercial use",
        needs=asuka.FLUX,
        build="retouch.methods.asuka.method:flux_fill",
        size_mb=29_000,
        extra="diffusion",
        imports=("torch", "diffusers"),
        devices=("cpu", "cuda", "mps", "xpu"),
        pull="retouch.methods.asuka.release:pull",
    ),
    _on_sd15(
        "sd15/plain",
        asuka.PLAIN,
        "competitor",
        "Stable Diffusion 1.5's inpainting, told nothing, for comparison",
        good_at="detail in large holes",
        bad_at="invents objects; colours are off",
    ),
    _on_sd15(
        "sd15/text",
        asuka.TEXT,
        "competitor",
        'the same, told "background" or another text, for comparison',
        good_at="a fill that words can describe",
        bad_at="invents objects; colours are off",
    ),
    _on_sd15(
        "sd15/prompt",
        asuka.PROMPT,
        "competitor",
        "the same, told learnt tokens (retouch train asuka-align), for comparison",
        good_at="fewer invented objects than told nothing",
        bad_at="colours are off",
    ),
    _on_sd15(
        "sd15/repaint",
        asuka.REPAINT,
        "competitor",
        "the same, sampled by RePaint (Lugmayr et al. 2022), for comparison",
        good_at="known pixels weigh in at every step",
        bad_at="speed: ten times the steps; invents objects",
    ),
)


# Cards of harmonisers, "asuka/harmonise-..."; so far none ships, and they are found by the path of an export.
HARMONISERS: tuple[Card, ...] = ()


def models() -> tuple[Card, ...]:
    """All model cards, in the order in which they are recommended."""
    return CARDS


def find(name: str) -> Card:
    """The card called `name`; "auto" is the default.

    Args:
        name: of a card, or the path of an export that `retouch train` wrote: its .json, or a folder that holds one.

    Raises:
        ValueError: an unknown name, the message suggests the nearest; or a file that is no export of a known method.
        FileNotFoundError: a path without an export.
    """
    if not isinstance(name, str):
        raise ValueError(f"model must be a name (str), got {type(name).__name__}")
    wanted = DEFAULT_MODEL if name == "auto" else name
    for card in CARDS:
        if card.name == wanted:
            return card
    from retouch import exported  # it makes cards itself

    if exported.is_path(name):
        found = exported.exported(name)
        if found.harmonises:
            raise ValueError(f"model: {found.name} is a harmoniser, which does not fill; accepted: as harmonise=")
        return found
    known = [card.name for card in CARDS]
    raise ValueError(f"model {name!r} is unknown{nearest(name, known)}; known: {', '.join(known)}")


def find_harmoniser(name: str) -> Card:
    """The card of a harmoniser, by name or by the path of an export.

    Raises:
        ValueError: an unknown name, or a model that fills.
        FileNotFoundError: a path without an export.
    """
    if not isinstance(name, str):
        raise ValueError(f"harmonise must be a name or path (str), got {type(name).__name__}")
    for card in HARMONISERS:
        if card.name == name:
            return card
    from retouch import exported

    if exported.is_path(name):
        try:
            found = exported.exported(name)
        except (FileNotFoundError, ValueError) as error:  # it speaks of the argument "model"
            raise type(error)(f"harmonise: {str(error).removeprefix('model: ')}") from error
        if not found.harmonises:
            raise ValueError(f"harmonise: {found.name} is a model that fills; accepted: exports of asuka-decoder")
        return found
    known = ", ".join([*(card.name for card in HARMONISERS), "the path of an export of asuka-decoder"])
    raise ValueError(f"harmonise: {name!r} is unknown; accepted: {known}")


def nearest(name: str, known: list[str]) -> str:
    """'; did you mean X?' for an unknown name, or nothing where none is near."""
    close = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else ""


def load_method(card: Card, device: str = "auto") -> Method:
    """Make the method of a card.

    Raises:
        ValueError: the device is unknown, or the card does not run there; weights that are not the card's.
        FileNotFoundError: its weights are missing.
        ImportError: the extra it needs is not installed; the message says which.
    """
    if device not in DEVICES:
        raise ValueError(f"device {device!r} is unknown{nearest(device, list(DEVICES))}; known: {', '.join(DEVICES)}")
    if device != "auto" and device not in card.devices:
        raise ValueError(f"device: model {card.name!r} runs on {', '.join(card.devices)}, not on {device!r}")
    _check_installed(card)
    arguments = (card.needs, device) if card.weights is None else (card.needs, device, card.weights)
    method: Method = _named(card.build)(*arguments)
    return method


def pull(card: Card) -> tuple[Path, ...]:
    """Get the weights of a card, so that it can be loaded without the hub; what is here already is not fetched again.

    Returns:
        The files; none where the model needs no download.

    Raises:
        FileNotFoundError: they are not to be had; the message says which file to put where.
        ValueError: a file is damaged.
        ImportError: the extra the card needs is not installed; the message says which.
    """
    if card.pull is None:
        return ()
    _check_installed(card)
    files: tuple[Path, ...] = _named(card.pull)(card.name)
    return files


def _check_installed(card: Card) -> None:
    if not card.installed:
        raise ImportError(f"model {card.name!r} needs the extra {card.extra!r}: pip install 'retouch[{card.extra}]'")


def _named(place: str) -> Callable[..., Any]:
    module, name = place.split(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return found
