"""The recipe: how PSM's network learns (sections 3.1 to 3.3 of the paper).

In every iteration of the spread the mean, pasted into the hole, is judged by a discriminator and a perceptual loss,
and its error shapes the variance by likelihood. What enters the next iteration is detached, so each iteration goes
backward on its own, in the memory of one; the generator is updated after the last. Then the discriminator learns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from retouch.methods.psm.judge import Judge, find_judge
from retouch.methods.psm.network import Generator
from retouch.methods.psm.spread import SpreadSettings
from retouch.methods.psm.spread_torch import Step, spread
from retouch.ops.draws import seeded_normal
from retouch.train.discriminators.stylegan2 import StyleGan2Discriminator
from retouch.train.losses.adversarial import non_saturating_discriminator, non_saturating_generator
from retouch.train.losses.augment import Ada, augment
from retouch.train.losses.likelihood import gaussian_nll
from retouch.train.losses.penalties import lazy_adam, r1
from retouch.train.losses.pixel import mean_in
from retouch.train.recipe import Phase, frozen
from retouch.train.seeds import normal

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from retouch.methods.psm.config import PsmConfig
    from retouch.train.batch import Batch
    from retouch.train.recipe import Value

BETAS = (0.0, 0.99)  # of Adam


def build(config: PsmConfig, variant: str, weights: Path | None) -> PsmRecipe:
    """Make the recipe; `weights` is the folder of ResNet-50 or VGG16.

    Raises:
        WeightsMissing: there are none, though the perceptual loss has a weight; the message says where to get them.
    """
    training = config.training
    judge = find_judge(training.judge, weights, training.judge_scale) if training.perceptual else None
    return PsmRecipe(config, variant, judge)


class PsmRecipe:
    """adversarial + 2 * perceptual + 1e-4 * likelihood, summed over the iterations (Eq. 10), against a discriminator.

    Args:
        config: of everything.
        variant: its name, for the card.
        judge: the perceptual loss; None: none.
    """

    ema = ("generator",)

    def __init__(self, config: PsmConfig, variant: str = "", judge: Judge | None = None) -> None:
        training = config.training
        self.config, self.variant, self.judge = config, variant, judge
        self.generator = Generator(config.network)
        self.discriminator = StyleGan2Discriminator(config.size, training.discriminator)
        self.networks = {"generator": self.generator, "discriminator": self.discriminator}
        self.ada = Ada(training.ada_target, kimg=training.ada_kimg) if training.ada else None

    def optimisers(self) -> dict[str, Optimizer]:
        """Adam for both; the discriminator's makes up for the penalty's own steps."""
        training = self.config.training
        rate, betas = lazy_adam(training.rate, BETAS, training.r1_every) if training.r1 else (training.rate, BETAS)
        return {
            "generator": torch.optim.Adam(self.generator.parameters(), lr=training.rate, betas=BETAS),
            "discriminator": torch.optim.Adam(self.discriminator.parameters(), lr=rate, betas=betas),
        }

    def step(self, batch: Batch, k: int) -> Iterator[Phase]:
        """One phase of the generator for each iteration, one of the discriminator, at times one of its penalty."""
        self._check(batch)
        training = self.config.training
        if self.ada is not None:
            self.ada.adapt(k)
        fakes = []
        for step in self._spread(batch):
            fake = self._fake(batch, step)  # [B, 3, H, W]
            fakes.append(fake.detach())
            yield self._judged(batch, step, fake)
        yield self._discriminated(batch, fakes)
        if training.r1 and k % training.r1_every == 0:
            yield self._penalised(batch)

    def fill(self, networks: Mapping[str, nn.Module], photos: Tensor, holes: Tensor, seeds: Tensor) -> Tensor:
        """What `Psm` fills with these seeds, after `iterations` iterations."""
        training = self.config.training

        def draw(t: int, shape: tuple[int, ...]) -> Tensor:
            return torch.from_numpy(seeded_normal(seeds.tolist(), t, shape)).to(photos.device)

        generator, latents = networks["generator"], draw(0, (self.config.network.latent,))  # [B, latent]
        known = holes < 0.5  # [B, 1, H, W], the paper's polarity
        settings = SpreadSettings(self.config.iterations, training.alpha, training.schedule)
        steps = spread(
            lambda x, m0, m, u, tau: generator(x, m0, m, u, tau, latents),
            photos * 2 - 1,
            known,
            lambda t: draw(t, tuple(photos.shape[1:])),
            settings,
        )
        *_, last = steps
        return torch.where(known, photos, ((last.image + 1) / 2).clamp(0, 1))

    def describe(self) -> dict[str, Any]:
        """For an export's card; it names the judge that was found."""
        config = self.config.model_dump(mode="json")
        if self.judge is not None:
            config["training"]["judge"] = self.judge.name
        return {"method": "psm", "variant": self.variant, "config": config}

    def state_dict(self) -> dict[str, Value]:
        """That of the augmentation, where there is one."""
        return {} if self.ada is None else dict(self.ada.state_dict())

    def load_state_dict(self, state: Mapping[str, Value]) -> None:
        """Take it back; nothing where augmentation was off before."""
        if self.ada is not None and state:
            self.ada.load_state_dict(state)

    def _check(self, batch: Batch) -> None:
        size, (height, width) = self.config.size, batch.photos.shape[2:]
        if (height, width) != (size, size):
            raise ValueError(f"photos: are {width}x{height} pixels; accepted: {size}x{size} (method.size, data.size)")

    def _spread(self, batch: Batch) -> Iterator[Step]:
        """The iterations of a training step; the next forward pass runs when the next one is asked for."""
        config = self.config
        latents = normal(batch.seeds, (config.network.latent,), "latents").to(batch.photos.device)  # [B, latent]
        settings = SpreadSettings(config.trained_iterations, config.training.alpha, config.training.schedule)
        return spread(
            lambda x, m0, m, u, tau: self.generator(x, m0, m, u, tau, latents),
            batch.photos * 2 - 1,
            batch.holes < 0.5,  # [B, 1, H, W], the paper's polarity
            lambda t: _noise(batch, t),
            settings,
        )

    def _fake(self, batch: Batch, step: Step) -> Tensor:
        """The image to judge, [B, 3, H, W] in [-1, 1]: the mean (model D: the sample) in the whole hole."""
        filled = step.mean  # [B, 3, H, W]
        if not self.config.training.decoupled:
            filled = filled + self.config.training.alpha * torch.exp(step.log_variance / 2) * _noise(batch, step.t)
        return torch.where(batch.holes > 0.5, filled, batch.photos * 2 - 1)

    def _judged(self, batch: Batch, step: Step, fake: Tensor) -> Phase:
        """The generator's losses in one iteration (Eq. 10)."""
        training = self.config.training
        with frozen(self.discriminator):
            parts = {"adversarial": non_saturating_generator(self._logits(fake, batch, f"generator {step.t}"))}
        loss = training.adversarial * parts["adversarial"]
        if self.judge is not None:
            parts[f"perceptual {self.judge.name}"] = judged = self.judge.distance((fake + 1) / 2, batch.photos)
            loss = loss + training.perceptual * judged
        if training.absolute:
            error = (fake - (batch.photos * 2 - 1)).abs()  # [B, 3, H, W], 0 where known
            parts["absolute"] = away = mean_in(error, batch.holes)
            loss = loss + training.absolute * away
        if training.decoupled:
            hole = (batch.holes > 0.5).double()  # [B, 1, H, W]
            nll = gaussian_nll(step.mean, step.log_variance, batch.photos * 2 - 1, hole)
            loss = loss + training.likelihood * nll
            parts["likelihood"] = nll  # nats a photo
        parts["sigma"] = mean_in(torch.exp(step.log_variance.detach() / 2), batch.holes)
        log = {f"{name}/{step.t}": value.detach() for name, value in parts.items()}
        return Phase("generator", loss, log, step=step.t == self.config.trained_iterations)

    def _discriminated(self, batch: Batch, fakes: list[Tensor]) -> Phase:
        """The discriminator's loss (Eq. 8): real photos against the fakes of all iterations, their mean."""
        real = self._logits(batch.photos * 2 - 1, batch, "real")  # [B, 1]
        if self.ada is not None:
            self.ada.observe(real)
        # One call each: a mini-batch's deviation is between photos, or between fakes of one iteration.
        each = [self._logits(fake, batch, f"fake {t}") for t, fake in enumerate(fakes, start=1)]
        fake = torch.cat(each)  # [T * B, 1]
        log: dict[str, Tensor | float] = {"logit/real": real.detach().mean(), "logit/fake": fake.detach().mean()}
        if self.ada is not None:
            log["ada"] = self.ada.p
        return Phase("discriminator", non_saturating_discriminator(real, fake), log)

    def _penalised(self, batch: Batch) -> Phase:
        """R1 on real photos, as many times as there are steps without."""
        training = self.config.training
        with torch.autocast(batch.photos.device.type, enabled=False):  # squares of small slopes
            images = (batch.photos * 2 - 1).detach().requires_grad_()  # [B, 3, H, W]
            penalty = r1(self._logits(images, batch, "penalty"), images, training.r1)
        return Phase("discriminator", training.r1_every * penalty, {"r1": penalty.detach()})

    def _logits(self, images: Tensor, batch: Batch, stream: str) -> Tensor:
        """What the discriminator says, [B, 1], of images [B, 3, H, W] in [-1, 1], augmented where that is on."""
        holes = batch.holes
        if self.ada is not None:
            images, holes = augment(images, holes, batch.seeds, self.ada.p, stream)
        logits: Tensor = self.discriminator(images, holes)
        return logits


def _noise(batch: Batch, t: int) -> Tensor:
    """Standard normal values [B, 3, H, W] of iteration t."""
    return normal(batch.seeds, batch.photos.shape[1:], f"noise {t}").to(batch.photos.device)
