"""ASUKA and what it is compared with as Methods: weights are loaded at the first fill, for its options.

    card ─▶ build ─▶ TorchMethod ─ fill(photos, holes, options) ─▶ Loader.at(options) ─▶ AsukaPipeline ─▶ photos

PyTorch and diffusers are imported when weights are loaded, not before.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeAlias

from retouch.methods.asuka import options as known
from retouch.methods.asuka.options import AsukaOptions, DiffusionOptions, FluxOptions, PriorOptions, Sd15Options
from retouch.methods.asuka.release import (
    FLUX,
    SD15,
    UNTOLD,
    asuka_flux,
    asuka_sd15,
    find_base,
    find_told_nothing,
    prompt_file,
)
from retouch.methods.asuka.sampling import FluxSampling
from retouch.methods.base import Progress, check_cancel

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from retouch.methods.asuka.pipeline import AsukaPipeline
    from retouch.methods.asuka.prior import Embedding
    from retouch.methods.asuka.release import Base
    from retouch.methods.asuka.sampling import Sampling
    from retouch.methods.base import Images, Needs
    from retouch.methods.torch_method import Call, TorchMethod

    Loaded: TypeAlias = tuple[AsukaPipeline, Embedding | None]
    Load: TypeAlias = Callable[[DiffusionOptions], Loaded]


def build(load: Load, needs: Needs, device: str) -> TorchMethod:
    """The method of a card; its weights are loaded at the first fill, for they depend on the options.

    Args:
        load: from options to a pipeline on the CPU and, where there is no prior, an embedding.
        needs: as the card has them.
        device: "auto", or one by name.

    Raises:
        ValueError: a device that is not there.
    """
    from retouch.methods.torch_method import TorchMethod, find_device

    place = find_device(device)
    return TorchMethod(partial(fill, Loader(load, place), needs.steps or 1), [], needs, place)


class Loader:
    """The pipeline for the options last asked for. Threads may share it: who has got a pipeline keeps it."""

    def __init__(self, load: Load, device: torch.device) -> None:
        self._load, self._device, self._lock = load, device, Lock()
        self._asked: DiffusionOptions | None = None
        self._now: Loaded | None = None

    def at(self, options: DiffusionOptions) -> Loaded:
        """The pipeline, on the device, and the embedding that it is told, or None.

        Raises:
            WeightsMissing: files are not here; the message names them and where to put them.
            ValueError: a file is damaged or of another network; the processor does not compute so.
        """
        check_processor(options, self._device)
        # What changes from fill to fill needs no other weights.
        same = ("iterations", "solver", "guidance", "strength", "prior", "jump", "times")
        key = options.model_copy(update={name: None for name in same if name in type(options).model_fields})
        with self._lock:
            if self._now is None or self._asked != key:
                self._now = None  # frees its memory first
                pipeline, embedding = self._load(options)
                self._now = (_placed(pipeline, options, self._device), embedding)
                self._asked = key
            return self._now


def fill(loader: Loader, default: int, photos: Tensor, holes: Tensor, call: Call) -> Tensor:
    """Photos [N, 3, H, W] in [0, 1], filled where `holes` [N, 1, H, W] are 1; `default` steps unless asked.

    Raises:
        MemoryError: the device has too little; the message names the options that help.
    """
    options = call.options
    assert isinstance(options, DiffusionOptions)
    with memory_told():
        pipeline, embedding = loader.at(options)
        embedding = _embedding(pipeline, embedding, photos, holes, options)
        starts = isinstance(options, AsukaOptions) and options.prior_use == "init"
        painted = pipeline.prior.paint(photos, holes) if starts else None  # [N, 3, H, W]
        sampling = _sampling(options, default)
        repaint = options.repaint() if isinstance(options, known.RepaintOptions) else None
        steps = pipeline.steps(photos, holes, call.seeds, embedding, sampling, painted=painted, repaint=repaint)

        def shown(latents: Tensor) -> Images:
            from retouch.methods.torch_method import to_array

            return to_array(holes * pipeline.show(latents, photos, holes) + (1 - holes) * photos)

        for step in steps:
            if call.progress is not None:
                call.progress(Progress("step", step.k, step.steps, partial(shown, step.clean)))
            check_cancel(call.cancel)
        return pipeline.show(step.latents, photos, holes)


def check_processor(options: DiffusionOptions, device: torch.device) -> None:
    """Refuse with a ValueError what does not work on the processor."""
    if device.type != "cpu":
        return
    if options.dtype == "fp16":
        raise ValueError("dtype: a processor does not compute this in 'fp16'; accepted there: 'fp32', 'bf16'")
    if options.offload:
        raise ValueError("offload: the model runs on the processor, whose memory it is in; accepted: on a GPU")


@contextlib.contextmanager
def memory_told() -> Iterator[None]:
    """Out of memory becomes a MemoryError that says in one line what helps."""
    import torch

    try:
        yield
    except (torch.OutOfMemoryError, RuntimeError) as error:
        if not isinstance(error, torch.OutOfMemoryError) and "can't allocate memory" not in str(error):
            raise
        helps = "-O dtype=bf16 (or fp16), -O offload=true on a GPU, and -O tiling=true need less; or --device cpu"
        message = f"out of memory: {helps}"
        raise MemoryError(message) from error


def _load_asuka_sd15(options: DiffusionOptions) -> Loaded:
    assert isinstance(options, AsukaOptions)
    mae, alignment, *decoder = asuka_sd15(options.decoder)
    starts = options.prior_use == "init"
    folder = find_told_nothing(options.base) if starts else find_base(UNTOLD, options.base)
    from retouch.methods.asuka.parts import read_alignment, read_decoder, read_mae, read_vae, told_nothing
    from retouch.methods.asuka.prior import make_prior

    prior = make_prior(read_mae(mae), read_alignment(alignment, "sd15"))
    vae = read_decoder(decoder[0], folder / "vae", 4) if decoder else read_vae(folder)
    return _assembled(SD15, folder, vae, options, prior), told_nothing(folder) if starts else None


def _load_asuka_flux(options: DiffusionOptions) -> Loaded:
    assert isinstance(options, FluxOptions)
    mae, tokens, pooled, *decoder, empty_tokens, empty_pooled = asuka_flux(options.decoder)
    folder = find_base(FLUX, options.base)
    from retouch.methods.asuka.parts import read_alignment, read_decoder, read_empty, read_mae, read_vae
    from retouch.methods.asuka.prior import make_prior

    empty = read_empty(empty_tokens, empty_pooled)
    alignments = read_alignment(tokens, "flux-t5"), read_alignment(pooled, "flux-clip")
    prior = make_prior(read_mae(mae), *alignments, empty, options.weight)
    vae = read_decoder(decoder[0], folder / "vae", 16) if decoder else read_vae(folder)
    return _assembled(FLUX, folder, vae, options, prior), None


def _load_sd15(options: DiffusionOptions) -> Loaded:
    """Stable Diffusion, told a text, or learnt tokens."""
    from retouch.methods.asuka.parts import read_tokens, read_vae, text_embedding, told_nothing

    if isinstance(options, known.PromptOptions):
        tokens = prompt_file(options.tokens)
        folder = find_base(UNTOLD, options.base)
        told = read_tokens(tokens)
    elif isinstance(options, known.TextOptions):
        folder = find_base(SD15, options.base)
        told = text_embedding(folder, options.text)
    else:
        folder = find_told_nothing(options.base)
        told = told_nothing(folder)
    return _assembled(SD15, folder, read_vae(folder), options), told


def _assembled(base: Base, folder: Path, vae: Any, options: DiffusionOptions, prior: Any = None) -> AsukaPipeline:
    import torch

    from retouch.methods.asuka.parts import read_denoiser, read_scheduler
    from retouch.methods.asuka.pipeline import AsukaPipeline

    dtype = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[options.dtype]
    prior = None if prior is None else prior.rounded(dtype)
    return AsukaPipeline(read_denoiser(base, folder, dtype), vae, read_scheduler(base, folder), prior)


def _placed(pipeline: AsukaPipeline, options: DiffusionOptions, device: torch.device) -> AsukaPipeline:
    pipeline.set_progress_bar_config(disable=True)  # type: ignore[no-untyped-call,unused-ignore]
    if options.tiling:
        pipeline.vae.enable_tiling()
    if options.offload:
        pipeline.enable_model_cpu_offload(device=device)
    else:
        pipeline.to(device)
    return pipeline


def _embedding(
    pipeline: AsukaPipeline, told: Embedding | None, photos: Tensor, holes: Tensor, options: DiffusionOptions
) -> Embedding:
    if told is not None:
        return told.to(photos.device)
    assert isinstance(options, PriorOptions)
    return pipeline.describe(photos, holes, prior_image(options.prior, photos))


def prior_image(prior: str, photos: Tensor) -> Tensor | None:
    """What the prior is of besides the photos, [1, 3, h, w] in [0, 1]: white paper, or the image of a path.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no image.
    """
    import torch

    if prior == "photo":
        return None
    if prior == "blank":
        return photos.new_ones(1, 3, *photos.shape[2:])
    from retouch import photo as files

    if not Path(prior).is_file():
        raise FileNotFoundError(f"prior: {prior} does not exist; accepted: photo, blank, or the path of an image")
    try:
        opened, _ = files.wrap(prior)
    except ValueError as error:
        raise ValueError(f"prior: {str(error).removeprefix('photo: ')}") from error
    rgb = files.window_rgb(opened, (0, 0, *opened.size))  # [h, w, 3]
    return torch.from_numpy(rgb.copy()).permute(2, 0, 1)[None].to(photos)  # [1, 3, h, w]


def _sampling(options: DiffusionOptions, default: int) -> Sampling | FluxSampling:
    if isinstance(options, FluxOptions):
        return FluxSampling(options.iterations or default, options.guidance)
    assert isinstance(options, Sd15Options)
    return options.sampling(default)


sd15 = partial(build, _load_asuka_sd15)
flux_fill = partial(build, _load_asuka_flux)
competitor = partial(build, _load_sd15)
