"""PixelHacker's sampling: from noise to the latent of the filled photo, guided from one category towards the other.

    z_T    = noise, or the latent of the masked photo (as released, of the whole one; or smoothly filled) with noise
    eps    = eps_other + guidance * (eps_wanted - eps_other),     eps_c = network([z_t, mask, z_masked], t, c)
    z_t-1  = DDIM or DPM-Solver++ (z_t, eps, t)

Photos lie in [-1, 1] here; holes are 1 = hole. No photo of a batch influences another one, and nothing random is drawn
in between: all that is random comes in as `Draws`.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, get_args

from retouch.ops.draws import seeded_normal

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from retouch.methods.pixelhacker.config import Category, Network, Prediction
    from retouch.ops.codec import Codec

Task: TypeAlias = Literal["remove", "foreground"]
Start: TypeAlias = Literal["masked", "noise", "image", "smooth"]
Solver: TypeAlias = Literal["ddim", "dpm++"]
LatentMask: TypeAlias = Literal["any", "nearest"]
Spacing: TypeAlias = Literal["trailing", "leading"]

# The noise of the released training, 1,000 steps; DDIM's timesteps are those of the released sampler.
BETAS = {"num_train_timesteps": 1000, "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
TIMESTEPS = 1000


class Denoiser(Protocol):
    """The network, as `network.LcgModel` has it."""

    @property
    def config(self) -> Network:
        """What it is made of."""
        ...

    def context(self, ids: Tensor) -> Tensor:
        """Tokens [B, n, D] of the embedding's rows `ids` [B, n]."""
        ...

    def denoise(self, x: Tensor, timesteps: Tensor, context: Tensor) -> Tensor:
        """The noise [B, c, h, w] in x [B, 2c + 1, h, w] at `timesteps` [1] or [B]; v with `config.prediction` so."""
        ...


@dataclass(frozen=True)
class Sampling:
    """How a fill is sampled, whatever the network.

    Attributes:
        steps: of the solver, 1 to 1000.
        guidance: 1: the wanted category alone, at half the time; above, away from the other one, too. The paper's
            best is 2 (Table 8).
        task: "remove": the hole becomes background; "foreground": it becomes an object.
        start: "masked": the masked photo's latent with noise; "noise": noise alone; "image": the whole photo's latent
            with noise, as released, through which a trace of what the hole hides gets into the fill; "smooth": that
            of the photo with its hole filled smoothly. Noise at the first timestep leaves a trace of what it is added
            to, and a network has learnt to believe it: grey with "masked", the surroundings' colours with "smooth".
        solver: "ddim", or "dpm++", DPM-Solver++ (Lu et al. 2022) of second order, which needs fewer steps.
        spacing: of ddim's timesteps: "trailing": from the last one, all noise, or a little below where the steps do
            not divide 1,000; "leading": down to 0, as released, so that few steps begin where there is little noise,
            and leave what the noise was added to in the hole.
        strength: share of the steps that are done, the last ones; the first ones are left out.
        noise_offset: standard deviation of noise that is the same for a whole channel, added to the first noise.
        latent_mask: which pixels of the latent's mask are hole: "any": those that a hole touches; "nearest": those
            whose first pixel is in a hole, as released, so that a thin hole can vanish.
    """

    steps: int = 20
    guidance: float = 2.0
    task: Task = "remove"
    start: Start = "masked"
    solver: Solver = "ddim"
    spacing: Spacing = "trailing"
    strength: float = 1.0
    noise_offset: float = 0.0357
    latent_mask: LatentMask = "any"

    def __post_init__(self) -> None:
        if not 1 <= self.steps <= TIMESTEPS:
            raise ValueError(f"steps: is {self.steps}; accepted: 1 to {TIMESTEPS}")
        if not 1 <= self.guidance < float("inf"):
            raise ValueError(f"guidance: is {self.guidance}; accepted: 1 or more")
        if not 0 < self.strength <= 1:
            raise ValueError(f"strength: is {self.strength}; accepted: above 0, at most 1")
        if not 0 <= self.noise_offset < float("inf"):
            raise ValueError(f"noise_offset: is {self.noise_offset}; accepted: 0 or more")
        for name, names in (
            ("task", Task),
            ("start", Start),
            ("solver", Solver),
            ("spacing", Spacing),
            ("latent_mask", LatentMask),
        ):
            if (given := getattr(self, name)) not in get_args(names):
                raise ValueError(f"{name}: is {given!r}; accepted: {', '.join(get_args(names))}")


HOUSE = Sampling()
OFFICIAL = Sampling(guidance=4.5, start="image", spacing="leading", strength=0.999, latent_mask="nearest")


@dataclass(frozen=True, eq=False)
class Draws:
    """All that is random in a fill, standard normal: three latents [B, c, h, w], and `offset` [B, c, 1, 1].

    `image` and `masked` pick the latents of the whole and the masked photo, `base` and `offset` make the first noise.
    """

    image: Tensor
    masked: Tensor
    base: Tensor
    offset: Tensor


def draw(seeds: Sequence[int], shape: tuple[int, int, int], device: torch.device | str = "cpu") -> Draws:
    """The draws for latents of `shape` (c, h, w); those of photo i follow from seeds[i], so a batch equals a loop."""
    import torch

    def normal(which: int, size: tuple[int, int, int]) -> Tensor:
        return torch.from_numpy(seeded_normal(seeds, which, size)).to(device)  # [B, *size]

    return Draws(normal(0, shape), normal(1, shape), normal(2, shape), normal(3, (shape[0], 1, 1)))


@dataclass(frozen=True, eq=False)
class Step:
    """What step `k` (from 1) of `steps` left.

    Attributes:
        timestep: t, of what went in.
        latents: [B, c, h, w], what comes out; the result after the last step.
        clean: [B, c, h, w], the result as it is foreseen now.
    """

    k: int
    steps: int
    timestep: int
    latents: Tensor
    clean: Tensor


def sample(
    denoiser: Denoiser, codec: Codec, photos: Tensor, holes: Tensor, draws: Draws, sampling: Sampling = HOUSE
) -> Iterator[Step]:
    """Yield each step; `codec.decode(step.latents)` of the last one is the filled photo.

    Args:
        denoiser: the network.
        codec: the way to its latents.
        photos: [B, 3, H, W] in [-1, 1]; what lies in a hole is read with the start "image" only.
        holes: [B, 1, H, W], 1 = hole, 0 = known.
        draws: as `draw` gives them.
        sampling: how.

    Raises:
        ValueError: shapes that do not fit.
    """
    import torch

    from retouch.ops.latents import clean, shrink_mask

    check(photos, holes, codec)
    mask = shrink_mask(holes, codec.factor, sampling.latent_mask)  # [B, 1, h, w]
    masked = codec.encode(photos * (1 - holes), draws.masked)  # [B, c, h, w]: holes are mid grey
    kind = denoiser.config.prediction
    scheduler, timesteps = schedule(sampling, photos.device, kind)
    below = before_noise(codec, photos, holes, masked, draws, sampling)  # [B, c, h, w]
    latents = first(below, draws, sampling, scheduler, timesteps[:1])  # [B, c, h, w]
    context = categories(denoiser, sampling, len(photos), photos.device)  # [G * B, n, D], G = 2, or 1 without guidance
    groups = len(context) // len(photos)
    known = torch.cat([mask, masked], 1).repeat(groups, 1, 1, 1)  # [G * B, 1 + c, h, w]
    for k, t in enumerate(timesteps, start=1):
        x = torch.cat([latents.repeat(groups, 1, 1, 1), known], 1)  # [G * B, 2c + 1, h, w]
        out = guide(denoiser.denoise(x, t[None], context), sampling.guidance, groups)  # [B, c, h, w]
        foreseen = clean(latents, out, scheduler.alphas_cumprod[t], kind)  # [B, c, h, w]
        latents = scheduler.step(out, t, latents, return_dict=False)[0]  # [B, c, h, w]
        yield Step(k, len(timesteps), int(t), latents, foreseen)


def schedule(
    sampling: Sampling, device: torch.device | str = "cpu", prediction: Prediction = "epsilon"
) -> tuple[Any, Tensor]:
    """The solver, a scheduler of diffusers, and its timesteps [n] int64, from noise to photo.

    Raises:
        ModuleNotFoundError: diffusers is not installed.
    """
    diffusers = importlib.import_module("diffusers")  # not typed, and an extra
    noise = BETAS | {"prediction_type": prediction}
    if sampling.solver == "ddim":
        # Not diffusers' own "trailing": unless the steps divide 1,000, its last step leaves noise.
        offset = 0 if sampling.spacing == "leading" else TIMESTEPS // sampling.steps - 1
        ours = {"clip_sample": False, "set_alpha_to_one": True, "steps_offset": offset}
        scheduler = diffusers.DDIMScheduler(**noise, **ours)
    else:
        # Steps even in the logarithm of the signal-to-noise ratio: with steps even in time nothing is gained.
        even = {"algorithm_type": "dpmsolver++", "solver_order": 2, "use_lu_lambdas": True}
        scheduler = diffusers.DPMSolverMultistepScheduler(**noise, **even)
    scheduler.set_timesteps(sampling.steps, device=device)
    done = max(1, min(int(sampling.steps * sampling.strength), sampling.steps))
    if sampling.solver == "dpm++":
        # Many steps repeat timesteps, so the first one's place cannot be told from its timestep.
        scheduler.set_begin_index(sampling.steps - done)
    return scheduler, scheduler.timesteps[-done:]


def before_noise(
    codec: Codec, photos: Tensor, holes: Tensor, masked: Tensor, draws: Draws, sampling: Sampling
) -> Tensor | None:
    """The latent [B, c, h, w] that the first noise is added to; None: noise alone. Arguments as of `sample`."""
    if sampling.start == "noise":
        return None
    if sampling.start == "masked":
        return masked
    return codec.encode(smooth(photos, holes) if sampling.start == "smooth" else photos, draws.image)


def smooth(photos: Tensor, holes: Tensor) -> Tensor:
    """Photos [B, 3, H, W] with what `holes` [B, 1, H, W] cover interpolated from around it."""
    import torch

    from retouch.methods.smooth import pull_push

    pairs = zip(photos.permute(0, 2, 3, 1).cpu().numpy(), holes[:, 0].cpu().numpy() > 0, strict=True)
    filled = [torch.from_numpy(pull_push(photo, hole)) for photo, hole in pairs]  # [H, W, 3] each
    return torch.stack(filled).permute(0, 3, 1, 2).to(photos)


def first(below: Tensor | None, draws: Draws, sampling: Sampling, scheduler: Any, timestep: Tensor) -> Tensor:
    """z_T [B, c, h, w], at `timestep` [1], with noise over `below`."""
    noise = draws.base + sampling.noise_offset * draws.offset  # [B, c, h, w]
    if below is None:
        return noise
    started: Tensor = scheduler.add_noise(below, noise, timestep)
    return started


def categories(denoiser: Denoiser, sampling: Sampling, count: int, device: torch.device | str) -> Tensor:
    """Tokens [G * count, n, D]: first the unwanted category for all photos, then the wanted one; this alone at 1."""
    import torch

    pair: tuple[Category, Category] = ("foreground", "background")
    unwanted, wanted = pair if sampling.task == "remove" else pair[::-1]
    used = (wanted,) if sampling.guidance == 1 else (unwanted, wanted)
    ids = torch.tensor([denoiser.config.ids(category) for category in used], device=device)  # [G, n]
    return denoiser.context(ids).repeat_interleave(count, 0)


def guide(out: Tensor, guidance: float, groups: int) -> Tensor:
    """Classifier-free guidance between categories: [G * B, c, h, w] to eps_0 + guidance * (eps_1 - eps_0)."""
    if groups == 1:
        return out
    unwanted, wanted = out.chunk(2)  # [B, c, h, w] each
    return unwanted + guidance * (wanted - unwanted)


def check(photos: Tensor, holes: Tensor, codec: Codec) -> None:
    """Refuse with a ValueError shapes that do not fit."""
    if photos.ndim != 4 or photos.shape[1] != 3:
        raise ValueError(f"photos: has the shape {list(photos.shape)}; accepted: [B, 3, H, W]")
    wanted = (len(photos), 1, *photos.shape[2:])
    if tuple(holes.shape) != wanted:
        raise ValueError(f"holes: has the shape {list(holes.shape)}; accepted: {list(wanted)}, as the photos")
    if any(side % codec.factor for side in photos.shape[2:]):
        sides = " x ".join(str(side) for side in photos.shape[2:])
        raise ValueError(f"photos: are {sides} pixels; accepted: multiples of {codec.factor}")
