"""PixelHacker as a pipeline of diffusers, for programs that are built around those. Needs the extra `diffusion`.

Its fills are those of `retouch.fill`: only what is around the hole is sampled, known pixels stay. `preset="official"`
does what the released script does instead, to compare with it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import PIL.Image
import torch
from torch import Tensor

from retouch.catalogue import find
from retouch.filler import Filler
from retouch.methods.base import Progress
from retouch.methods.pixelhacker import official
from retouch.methods.pixelhacker.config import Network
from retouch.methods.pixelhacker.method import fill
from retouch.methods.pixelhacker.network import LcgModel
from retouch.methods.pixelhacker.options import NEEDS, PixelHackerOptions
from retouch.methods.pixelhacker.release import FOLDERS, fetch, load_denoiser, load_vae
from retouch.methods.pixelhacker.sample import Draws, draw, sample
from retouch.methods.torch_method import TorchMethod
from retouch.ops.codec import TILE, Vae
from retouch.settings import checked

if TYPE_CHECKING:
    from PIL.Image import Image

_diffusers: Any = importlib.import_module("diffusers")  # by name: type checkers need not have the extra
_settings: Any = importlib.import_module("diffusers.configuration_utils")
ModelMixin: Any = _diffusers.ModelMixin  # under this name diffusers looks for it here when it loads a component


OFFICIAL_SIZE = 512  # of the short side
NAMES = {"num_inference_steps": "iterations", "guidance_scale": "guidance"}  # arguments that diffusers calls otherwise


class PixelHackerNetwork(ModelMixin, _diffusers.ConfigMixin):  # type: ignore[misc]
    """The network as diffusers saves, loads and moves it; `network` holds the fields of `config.Network`."""

    @_settings.register_to_config  # type: ignore[untyped-decorator]
    def __init__(self, network: dict[str, Any]) -> None:
        super().__init__()
        self.lcg = LcgModel(Network.model_validate(network))

    def forward(self, x: Tensor, timesteps: Tensor, ids: Tensor) -> Tensor:
        """The noise [B, c, h, w] in x [B, 2c + 1, h, w], for the embedding's rows `ids` [B, n]."""
        noise: Tensor = self.lcg(x.to(self.dtype), timesteps, ids).float()
        return noise


class _Called:
    """The network as `sample.Denoiser`. It is always called whole, as diffusers' offloading watches calls."""

    def __init__(self, network: PixelHackerNetwork) -> None:
        self.network, self.config = network, network.lcg.config

    def context(self, ids: Tensor) -> Tensor:
        return ids

    def denoise(self, x: Tensor, timesteps: Tensor, context: Tensor) -> Tensor:
        noise: Tensor = self.network(x, timesteps, context)
        return noise


class PixelHackerPipeline(_diffusers.DiffusionPipeline):  # type: ignore[misc]
    """Fills holes: `PixelHackerPipeline.from_pretrained("pixelhacker/pretrained")(image, mask_image).images`."""

    model_cpu_offload_seq = "denoiser->vae"

    def __init__(self, denoiser: PixelHackerNetwork, vae: Any) -> None:
        super().__init__()
        self.register_modules(denoiser=denoiser, vae=vae)

    @classmethod
    def from_pretrained(cls, name: Any, **options: Any) -> PixelHackerPipeline:
        """The pipeline with the weights of one of our cards, or of a folder that `save_pretrained` wrote.

        Args:
            name: such as "pixelhacker/pretrained", or a folder or repository as diffusers takes it.
            options: for a folder, those of diffusers.

        Raises:
            WeightsMissing, ValueError: a card's weights are not here, or damaged.
        """
        if name not in FOLDERS:
            pipeline: PixelHackerPipeline = super().from_pretrained(name, **options)
            return pipeline
        if options:
            raise ValueError(f"{next(iter(options))}: is for folders; accepted with {name!r}: nothing more")
        files = fetch(name)
        lcg = load_denoiser(files.network)
        with torch.device("meta"):
            denoiser = PixelHackerNetwork(lcg.config.model_dump(mode="json"))
        denoiser.lcg = lcg
        return cls(denoiser, load_vae(files.vae, files.vae_config))

    def __call__(
        self,
        image: Image | Sequence[Image],
        mask_image: Image | Sequence[Image],
        num_inference_steps: int = 20,
        guidance_scale: float | None = None,
        *,
        task: str = "remove",
        start: str | None = None,
        strength: float | None = None,
        solver: str | None = None,
        preset: str | None = None,
        seed: int = 0,
        image_size: int | None = None,
        paste: bool = False,
        compensate: bool = False,
        progress: Callable[[Progress], Any] | None = None,
        return_dict: bool = True,
    ) -> Any:
        """Fill `image` where `mask_image` is white.

        Args:
            image: one PIL image, or several of any sizes.
            mask_image: of the same size; as many.
            num_inference_steps: 1 to 1000.
            guidance_scale, task, start, strength, solver: as `options.PixelHackerOptions` has them.
            preset: None, or "official": resized and pasted as by the released script.
            seed: of photo k: seed + k.
            image_size: with the preset only: the short side is scaled to it, in pixels; None: 512.
            paste, compensate: with the preset only: known pixels come from the photo, the fill's colours are shifted.
            progress: called after every step; not with the preset.
            return_dict: an ImagePipelineOutput, or a tuple.

        Returns:
            The filled photos as PIL images, in `images`.

        Raises:
            ValueError: an argument out of its range, or of no use; other sizes, or not as many masks as photos.
        """
        options = _checked_options(
            num_inference_steps=num_inference_steps,
            guidance_scale=guidance_scale,
            task=task,
            start=start,
            strength=strength,
            solver=solver,
            preset=preset,
        )
        _refuse_unused(preset, image_size=image_size, paste=paste, compensate=compensate, progress=progress)
        if not isinstance(seed, (int, np.integer)):
            raise ValueError(f"seed: is {seed!r}; accepted: an integer")
        photos, masks = _list("image", image), _list("mask_image", mask_image)
        if len(photos) != len(masks):
            raise ValueError(f"mask_image: has {len(masks)} masks for {len(photos)} photos; accepted: as many")
        done = []
        for k, (photo, mask) in enumerate(zip(photos, masks, strict=True)):
            if preset is None:
                done.append(self._filler().run(photo, mask, seed=seed + k, progress=progress, **_own(options)).image)
            else:
                draws = partial(draw, [seed + k])
                size = OFFICIAL_SIZE if image_size is None else image_size
                done.append(self.official(photo, mask, options, draws, size, paste, compensate))
        return _diffusers.ImagePipelineOutput(images=done) if return_dict else (done,)

    def _filler(self) -> Filler:
        """What `retouch.load` gives for a card, over this pipeline's networks."""

        def network(_dtype: str, _offload: bool) -> _Called:
            return _Called(self.denoiser)

        steps = NEEDS.steps or 1
        method = TorchMethod(partial(fill, network, Vae(self.vae, tile=TILE), steps), [], NEEDS, self._execution_device)
        return Filler(find("pixelhacker/pretrained"), method)

    def official(
        self,
        image: Image,
        mask: Image,
        options: PixelHackerOptions,
        draws: Callable[[tuple[int, int, int], torch.device], Draws],
        size: int = OFFICIAL_SIZE,
        paste: bool = False,
        compensate: bool = False,
    ) -> Image:
        """What the released script makes of a photo: arguments as `__call__`; `draws` gives what is random."""
        pixels, hole = official.prepare(image, mask, size)  # [H, W, 3] in [-1, 1], [H, W]
        place, codec = self._execution_device, Vae(self.vae, tile=TILE)
        photos = torch.from_numpy(pixels.transpose(2, 0, 1)[None]).to(place)  # [1, 3, H, W]
        holes = torch.from_numpy(hole[None, None].astype(np.float32)).to(place)  # [1, 1, H, W]
        shape = (codec.channels, hole.shape[0] // codec.factor, hole.shape[1] // codec.factor)
        with torch.inference_mode():
            *_, last = sample(_Called(self.denoiser), codec, photos, holes, draws(shape, place), options.sampling())
            filled = codec.decode(last.latents)[0].permute(1, 2, 0).cpu().numpy()  # [H, W, 3]
        return official.finish(filled, image, mask, paste, compensate)


def draw_official(generator: torch.Generator, shape: tuple[int, int, int]) -> Draws:
    """Draws as the released script makes them from torch's generator: with seed 0 on the processor, the very same."""
    size = (1, *shape)
    image, masked, base = (torch.randn(size, generator=generator) for _ in range(3))
    return Draws(image, masked, base, torch.randn((1, shape[0], 1, 1), generator=generator))


def register() -> None:
    """Let `diffusers.AutoPipelineForInpainting.from_pretrained` know folders that this pipeline has saved."""
    known = importlib.import_module("diffusers.pipelines.auto_pipeline").AUTO_INPAINT_PIPELINES_MAPPING
    known["pixelhacker"] = PixelHackerPipeline


def _checked_options(**given: Any) -> PixelHackerOptions:
    """The options that arguments of the call stand for; a ValueError of one line names the argument."""
    try:
        return checked(PixelHackerOptions, {NAMES.get(name, name): value for name, value in given.items()})
    except ValueError as error:
        option, _, reason = str(error).partition(": ")
        name = next((name for name, other in NAMES.items() if other == option), option)
        raise ValueError(f"{name}: {reason}") from None


def _refuse_unused(preset: str | None, *, progress: Any, **official_only: Any) -> None:
    """Refuse arguments that this way of sampling has no use for: what they ask for would not be done."""
    if preset is not None and progress is not None:
        raise ValueError("progress: is of no use with a preset; accepted: without one")
    for name, value in official_only.items():
        if preset is None and value is not None and value is not False:
            raise ValueError(f"{name}: is of no use without a preset; accepted: with preset='official'")


def _list(name: str, images: Any) -> list[Image]:
    many = list(images) if isinstance(images, Sequence) else [images]
    for each in many:
        if not isinstance(each, PIL.Image.Image):
            raise ValueError(f"{name}: is a {type(each).__name__}; accepted: a PIL image, or a list of them")
    return many


def _own(options: PixelHackerOptions) -> dict[str, Any]:
    return {name: value for name, value in options.model_dump().items() if value is not None}
