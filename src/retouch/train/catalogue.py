"""The literal list of what can be trained."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retouch.catalogue import nearest

if TYPE_CHECKING:
    from pydantic import BaseModel

    from retouch.train.recipe import Recipe


CARD = "train.start_from"  # the setting of every method; it takes cards of exports only


@dataclass(frozen=True)
class Trainable:
    """A method that `retouch train` knows.

    Attributes:
        name: of the method.
        summary: what is trained, in one line.
        variants: "module:NAME" of a mapping from variant to config (a frozen pydantic model), the default one first;
            the module needs no torch.
        build: "module:function" that makes the recipe from (config, variant, weights), where `weights` is the folder
            of the networks that judge, or None.
        defaults: "module:function" from a config to what a run of it is like: values by dotted key of the settings,
            such as {"train.steps": 60_000}; a user's own win. None: the loop's defaults.
        start: the setting that `--from` stands for: where its weights start.
        imports: modules that training it needs besides torch and accelerate.
        extra: the extra of this package that brings all of them.
    """

    name: str
    summary: str
    variants: str
    build: str
    defaults: str | None = None
    start: str = CARD
    imports: tuple[str, ...] = ()
    extra: str = "train"

    def configs(self) -> Mapping[str, BaseModel]:
        """Configs by variant."""
        found: Mapping[str, BaseModel] = _named(self.variants)
        return found

    def run_defaults(self, config: BaseModel) -> Mapping[str, Any]:
        """What a run with this config is like unless its user says otherwise, by dotted key."""
        found: Mapping[str, Any] = {} if self.defaults is None else _named(self.defaults)(config)
        return found

    def recipe(self, config: BaseModel, variant: str, weights: Path | None) -> Recipe:
        """Make the recipe; its weights are drawn from torch's generator (`retouch.train.seeds.seeded`).

        Raises:
            ImportError: an extra is missing; the message says which.
            FileNotFoundError: the weights of a network that judges are missing.
        """
        check_installed(self)
        build: Callable[[Any, str, Path | None], Recipe] = _named(self.build)
        return build(config, variant, weights)


TRAINABLE: tuple[Trainable, ...] = (
    Trainable(
        name="unet",
        summary="a small U-Net that predicts the hole in one pass: minutes on a laptop, and the example of a recipe",
        variants="retouch.train.unet.config:VARIANTS",
        build="retouch.train.unet.recipe:build",
    ),
    Trainable(
        name="gaussian",
        summary="2D Gaussian splatting: every patch a sum of Gaussians, adversarial and perceptual losses",
        variants="retouch.methods.gaussian.config:VARIANTS",
        build="retouch.methods.gaussian.recipe:build",
        defaults="retouch.methods.gaussian.config:run_defaults",
    ),
    Trainable(
        name="blend",
        summary="a small network that chooses between patchmatch's fills, pixel by pixel, and corrects them",
        variants="retouch.methods.blend.config:VARIANTS",
        build="retouch.methods.blend.recipe:build",
        defaults="retouch.methods.blend.config:run_defaults",
    ),
    Trainable(
        name="psm",
        summary="the pixel spread model: a few iterations, the surest pixels first, against a discriminator",
        variants="retouch.methods.psm.config:VARIANTS",
        build="retouch.methods.psm.recipe:build",
        defaults="retouch.methods.psm.config:run_defaults",
    ),
    Trainable(
        name="pixelhacker",
        summary="PixelHacker: diffusion with linear attention, told whether the hole is background or an object",
        variants="retouch.methods.pixelhacker.config:VARIANTS",
        build="retouch.methods.pixelhacker.recipe:build",
        defaults="retouch.methods.pixelhacker.config:run_defaults",
        start="method.start",
        imports=("diffusers",),
        extra="diffusion",
    ),
    Trainable(
        name="asuka-mae",
        summary="ASUKA's prior: a masked autoencoder that guesses the hole coarsely, by squared error",
        variants="retouch.methods.asuka.config:MAE_VARIANTS",
        build="retouch.methods.asuka.recipe_mae:build",
        defaults="retouch.methods.asuka.config:mae_run_defaults",
    ),
    Trainable(
        name="asuka-align",
        summary="ASUKA's alignment, from the prior to what a frozen denoiser takes for a text; or learnt tokens",
        variants="retouch.methods.asuka.align_config:ALIGN_VARIANTS",
        build="retouch.methods.asuka.recipe_align:build",
        defaults="retouch.methods.asuka.align_config:run_defaults",
        imports=("diffusers",),
        extra="diffusion",
    ),
    Trainable(
        name="asuka-denoiser",
        summary="a small inpainting denoiser over asuka-vae's latents, for the alignment to be tried on",
        variants="retouch.methods.asuka.denoiser_config:DENOISER_VARIANTS",
        build="retouch.methods.asuka.recipe_denoiser:build",
        defaults="retouch.methods.asuka.denoiser_config:run_defaults",
        imports=("diffusers",),
        extra="diffusion",
    ),
    Trainable(
        name="asuka-vae",
        summary="a small autoencoder of photos, for ASUKA's small decoder to go on from",
        variants="retouch.methods.asuka.decoder_config:VAE_VARIANTS",
        build="retouch.methods.asuka.recipe_vae:build",
        defaults="retouch.methods.asuka.decoder_config:run_defaults",
        imports=("diffusers",),
        extra="diffusion",
    ),
    Trainable(
        name="asuka-decoder",
        summary="ASUKA's harmonising decoder: from spoilt latents and the known pixels to clean photos",
        variants="retouch.methods.asuka.decoder_config:DECODER_VARIANTS",
        build="retouch.methods.asuka.recipe_decoder:build",
        defaults="retouch.methods.asuka.decoder_config:run_defaults",
        imports=("diffusers",),
        extra="diffusion",
    ),
)


def find_trainable(name: str) -> Trainable:
    """The method called `name`; raises ValueError that suggests the nearest."""
    for each in TRAINABLE:
        if each.name == name:
            return each
    known = [each.name for each in TRAINABLE]
    raise ValueError(f"method {name!r} cannot be trained{nearest(name, known)}; accepted: {', '.join(known)}")


def check_installed(method: Trainable) -> None:
    """Raise ImportError that names the extra to install where something is missing."""
    for module in ("torch", "accelerate", *method.imports):
        if importlib.util.find_spec(module) is None:
            extra = method.extra
            raise ImportError(f"training {method.name!r} needs the extra {extra!r}: pip install 'retouch[{extra}]'")


def _named(place: str) -> Any:
    module, name = place.split(":")
    return getattr(importlib.import_module(module), name)
